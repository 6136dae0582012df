"""Sending documents to a web server: one request each, which names the delivery, and honesty about lost replies.

A PUT asks the server to write only where nothing stands (`If-None-Match: *`). A document that was sent and cannot be
seen may have been taken, so it goes again only where the partner promises to take it once under its key.
"""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

from hub.contract import (
    Absent,
    AccessDenied,
    CannotTell,
    Finding,
    Found,
    Outbound,
    Receipt,
    Rejected,
    TemporaryFailure,
)
from hub.wire.exchange import names
from hub.wire.exchange.settings import ExchangeSettings, Upload
from hub.wire.exchange.web_door import GONE, LEAVING, WebDoor
from hub.wire.http import TOO_LARGE, Call, Effect

_TAKEN = 412


class WebOutbox:
    """Where our documents go."""

    def __init__(self, door: WebDoor, settings: ExchangeSettings) -> None:
        self._door, self._settings = door, settings

    def send(self, outbound: Outbound) -> Receipt:
        """Put or post the document; a document of ours that stands there already counts as sent."""
        path = self._path(outbound)
        with self._door.sending(outbound.key):
            reply = self._door.call(self._request(outbound, path))
        if reply.status == _TAKEN:
            return self._taken(outbound, path)
        posted = self._settings.upload is Upload.POST
        words = f"{reply.status} {reply.text()[:300]}".rstrip()
        return Receipt(reference=reply.headers.get("location") or path, reply=words, confirmed=posted)

    def find(self, outbound: Outbound) -> Finding:
        """Look at the document's own address, and where a partner shows what it has taken."""
        if not (outbound.note or "").startswith(LEAVING):
            return Absent()
        path = self._path(outbound)
        if self._settings.upload is Upload.PUT:
            same = self._same(path, outbound.content)
            if same is False:
                return CannotTell(f"{self._door.origin}{path} exists and holds something else")
            seen = [path] if same else [each for each in self._elsewhere(path) if self._same(each, outbound.content)]
            if seen:
                return Found(Receipt(reference=seen[0], reply=f"stands at {seen[0]}"))
        if self._settings.repeatable:
            return Absent()  # or there already, which the partner knows by the key
        return CannotTell(
            f"{self._door.origin}{path} was sent, the reply was lost, and it is not to be seen: "
            "the partner may have taken it; its answer will tell"
        )

    def _request(self, outbound: Outbound, path: str) -> Call:
        effect = Effect.REPEATABLE if self._settings.repeatable else Effect.ONCE
        folder, name = names.split(path)
        headers = {"Content-Type": _content_type(name), self._settings.idempotency_header: outbound.key}
        if self._settings.upload is Upload.POST:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
            return Call("POST", self._door.address(folder), effect, content=outbound.content, headers=headers)
        headers["If-None-Match"] = "*"
        address = self._door.address(path)
        return Call("PUT", address, effect, content=outbound.content, headers=headers, also=(_TAKEN,))

    def _taken(self, outbound: Outbound, path: str) -> Receipt:
        if self._same(path, outbound.content):
            return Receipt(reference=path, reply=f"stood at {path} already")
        raise Rejected(
            f"{self._door.origin}{path} exists already and holds something else; it was not overwritten",
            todo="look at both documents; have the partner move theirs and send again, or close this delivery",
            code="web name taken",
        )

    def _same(self, path: str, content: bytes) -> bool | None:
        """Whether the document there is this one; None when there is none, or we may not look."""
        try:
            reply = self._door.get(self._door.address(path))
        except (AccessDenied, Rejected):  # an address that may be written and not read
            return None
        except TemporaryFailure as error:
            if error.code == TOO_LARGE:
                return False
            raise
        return None if reply.status in GONE else reply.body == content

    def _path(self, outbound: Outbound) -> str:
        folder, name = names.split(outbound.name)
        if not name or name in (".", "..") or ".." in folder.split("/") or not outbound.name.isprintable():
            raise Rejected(f"{outbound.name!r} is no name for a document", todo="correct `files` of this document")
        return self._settings.path(outbound.name)

    def _elsewhere(self, path: str) -> list[str]:
        name = names.split(path)[1]
        return [names.join(self._settings.path(folder), name) for folder in self._settings.visible]


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
