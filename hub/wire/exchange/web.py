"""The transport over the web: documents at addresses, read when they have changed, put or posted under a key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from urllib.parse import quote

from hub.contract import (
    Absent,
    AccessDenied,
    CannotTell,
    Context,
    Finding,
    Found,
    Health,
    Outbound,
    OutcomeUnknown,
    Page,
    RawItem,
    Receipt,
    Rejected,
)
from hub.wire.exchange import names
from hub.wire.exchange.checkup import Checkup
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.refusal import refusal
from hub.wire.exchange.settings import AUTHORIZATION, After, ExchangeSettings, Upload
from hub.wire.exchange.web_check import look_around
from hub.wire.exchange.web_listing import names_in
from hub.wire.exchange.web_seen import Seen, Version
from hub.wire.http import Call, Effect, HttpSession, Limits, Reply, ReplyTooLarge
from hub.wire.http_verdict import verdict

#: What is noted, durably, before the first byte of a document leaves.
LEAVING = "leaving"
#: A page holds no more bytes than this, but always one document.
PAGE_BYTES = 32 * 2**20
_GONE = (404, 410)
_SAME = 304
_TAKEN = 412


class WebTransport:
    """Documents of a web server. Nothing there is claimed: one connection of one hub reads a folder."""

    def __init__(
        self, settings: ExchangeSettings, listed: DocumentFiles, context: Context, *, partner: str, page_size: int
    ) -> None:
        self._settings, self._listed, self._context = settings, listed, context
        self._partner, self._page_size = partner, page_size
        place = settings.place
        self._origin = f"https://{place.host}:{place.port}"
        timeouts = settings.timeouts
        self._session = HttpSession(
            clock=context.clock,
            checkpoint=context.checkpoint,
            headers={"Accept": "*/*", "User-Agent": "Crossdock", **_credentials(settings)},
            secrets=settings.secrets(),
            limits=Limits(timeouts.connect, timeouts.reply, 300.0, settings.max_file_bytes),
            trust=settings.trust,
        )

    # --- in ---

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield what is new or changed; with `after = "delete"` it is deleted when the next page is asked for."""
        seen = Seen(cursor)
        for path in seen.to_delete:  # a crash came between storing and deleting
            self._delete(path)
        seen.to_delete = []
        items: list[RawItem] = []
        size = 0
        for path in self._waiting(document, seen):
            item = self._take(path, seen)
            if item is None:
                continue
            items.append(item)
            size += len(item.content)
            if len(items) >= self._page_size or size >= PAGE_BYTES:
                yield from self._page(items, seen)
                items, size = [], 0
        yield from self._page(items, seen)

    def _page(self, items: list[RawItem], seen: Seen) -> Iterator[Page]:
        if items or seen.changed:
            yield Page(tuple(items), seen.cursor())
            for path in seen.to_delete:
                self._delete(path)
            seen.to_delete = []

    def _waiting(self, document: str, seen: Seen) -> list[str]:
        path = self._settings.path(self._listed.files(document))
        folder, pattern = names.split(path)
        if not any(each in pattern for each in "*?["):
            return [path]
        found = [f"{folder}/{name}" for name in self._names(folder) if fnmatchcase(name, pattern)]
        seen.keep_only(found, folder)
        return found

    def _names(self, folder: str) -> list[str]:
        address = f"{self._address(folder)}/"
        return names_in(self._get(address, {}), address)

    def _take(self, path: str, seen: Seen) -> RawItem | None:
        last = seen.version(path)
        try:
            reply = self._get(self._address(path), last.conditions() if last else {})
        except ReplyTooLarge as error:
            return self._refused(path, str(error), seen)
        if reply.status in (_SAME, *_GONE):
            return None
        version = seen.news(path, reply)
        if version is None:
            return None
        if self._settings.after is After.DELETE:
            seen.to_delete.append(path)
        return self._item(path, version, reply.body)

    def _item(self, path: str, version: Version, content: bytes) -> RawItem:
        key = f"{path}:{version.stamp()}:{version.digest}"
        return RawItem(key, content, names.split(path)[1], _moment(version.modified))

    def _refused(self, path: str, why: str, seen: Seen) -> RawItem | None:
        sentence = f"{self._origin}{path} was not read: {why} (max_file_bytes)"
        reply = Reply(200, {}, refusal(sentence))
        version = seen.news(path, reply)
        return None if version is None else self._item(path, version, reply.body)

    def _delete(self, path: str) -> None:
        self._ask(Call("DELETE", self._address(path), Effect.REPEATABLE), *_GONE)

    # --- out ---

    def send(self, outbound: Outbound) -> Receipt:
        """Put or post the document in one request that names its key."""
        call = self._upload(outbound)
        self._context.note(outbound.key, LEAVING)
        reply = self._ask(call, _TAKEN)
        if reply.status == _TAKEN:
            return self._taken(outbound)
        reference = reply.headers.get("location") or self._path(outbound)
        posted = self._settings.upload is Upload.POST
        return Receipt(reference=reference, reply=f"{reply.status} {reply.text()[:300]}".rstrip(), confirmed=posted)

    def find(self, outbound: Outbound) -> Finding:
        """Look at the document's own address; one that the partner took is found only where it can be seen."""
        if not (outbound.note or "").startswith(LEAVING):
            return Absent()
        if self._settings.upload is Upload.PUT:
            for path in (self._path(outbound), *self._visible(outbound)):
                same = self._same(path, outbound.content)
                if same:
                    return Found(Receipt(reference=path, reply=f"stands at {path}"))
                if same is False and path == self._path(outbound):
                    return CannotTell(f"{self._origin}{path} exists and holds something else")
        if self._settings.repeatable:
            return Absent()  # or there already: the partner takes it once under this key
        return CannotTell(
            f"{self._origin}{self._path(outbound)} was sent, the reply was lost and it is not to be seen: "
            "the partner may have taken it; its answer will tell"
        )

    def _upload(self, outbound: Outbound) -> Call:
        path = self._path(outbound)
        effect = Effect.REPEATABLE if self._settings.repeatable else Effect.ONCE
        folder, name = names.split(path)
        headers = {"Content-Type": _content_type(name), self._settings.idempotency_header: outbound.key}
        if self._settings.upload is Upload.POST:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
            return Call("POST", self._address(folder), effect, content=outbound.content, headers=headers)
        headers["If-None-Match"] = "*"
        return Call("PUT", self._address(path), effect, content=outbound.content, headers=headers)

    def _taken(self, outbound: Outbound) -> Receipt:
        path = self._path(outbound)
        if self._same(path, outbound.content):
            return Receipt(reference=path, reply=f"stood at {path} already")
        raise Rejected(
            f"{self._origin}{path} exists already and holds something else; it was not overwritten",
            todo="look at both documents; have the partner move theirs and send again, or close this delivery",
            code="web name taken",
        )

    def _same(self, path: str, content: bytes) -> bool | None:
        """Whether the document there is this one; None when there is none, or we may not look."""
        try:
            reply = self._get(self._address(path), {})
        except AccessDenied:
            return None
        except ReplyTooLarge:
            return False
        return None if reply.status in _GONE else reply.body == content

    def _path(self, outbound: Outbound) -> str:
        folder, name = names.split(outbound.name)
        if not name or name in (".", "..") or ".." in folder.split("/") or not outbound.name.isprintable():
            raise Rejected(f"{outbound.name!r} is no name for a document", todo="correct `files` of this document")
        return self._settings.path(outbound.name)

    def _visible(self, outbound: Outbound) -> list[str]:
        name = names.split(outbound.name)[1]
        return [names.join(self._settings.path(folder), name) for folder in self._settings.visible]

    # --- both ---

    def check(self, *, read_only: bool) -> Health:
        """Ask for every document that is read; put and delete a tiny one where documents are put."""
        checkup = Checkup(self._partner)
        look_around(checkup, self, self._settings, self._listed, read_only=read_only)
        return checkup.health()

    def close(self) -> None:
        """Let go of every socket."""
        self._session.close()

    def _get(self, address: str, headers: dict[str, str] | object) -> Reply:
        raise NotImplementedError
