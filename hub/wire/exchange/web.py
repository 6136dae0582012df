"""The transport over the web: documents at addresses, read when they have changed, put or posted under a key."""

from __future__ import annotations

from collections.abc import Iterator

from hub.contract import Context, DocumentSpec, Finding, Health, Outbound, Page, Receipt
from hub.model.document import Direction
from hub.wire.exchange import names
from hub.wire.exchange.checkup import Checkup
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.settings import ExchangeSettings, Upload
from hub.wire.exchange.web_door import GONE, WebDoor
from hub.wire.exchange.web_in import WebInbox
from hub.wire.exchange.web_out import WebOutbox
from hub.wire.http import Call, Effect


class WebTransport:
    """Documents of a web server. Nothing there is claimed: one connection of one hub reads a folder."""

    def __init__(
        self, settings: ExchangeSettings, listed: DocumentFiles, context: Context, *, partner: str, page_size: int
    ) -> None:
        self._settings, self._listed = settings, listed
        self._partner, self._page_size = partner, page_size
        self._door = WebDoor(settings, context)

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield what is new or changed; with `after = "delete"` it is deleted when the next page is asked for."""
        return WebInbox(self._door, self._settings, self._listed.files(document)).pages(cursor, self._page_size)

    def send(self, outbound: Outbound) -> Receipt:
        """Put or post the document in one request; OutcomeUnknown when its reply was lost."""
        return WebOutbox(self._door, self._settings).send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier request was carried out, as far as the server shows."""
        return WebOutbox(self._door, self._settings).find(outbound)

    def check(self, *, read_only: bool) -> Health:
        """Ask for every document that is read; put and delete a tiny one where documents are put."""
        checkup = Checkup(self._partner)
        folders = set()
        for document in self._listed.documents():
            pattern = self._listed.files(document.name)
            if document.direction is Direction.IN:
                path = self._settings.path(pattern)
                right = f"the right to read {path}"
                checkup.step(lambda each=document: self._look(each), point="folders", right=right)  # type: ignore[misc]
            else:
                folders.add(names.split(self._settings.path(pattern))[0])
        for folder in sorted(folders):
            self._try_to_write(checkup, folder, read_only=read_only)
        return checkup.health()

    def close(self) -> None:
        """Let go of every socket."""
        self._door.close()

    def _look(self, document: DocumentSpec) -> str:
        pattern = self._listed.files(document.name)
        waiting = WebInbox(self._door, self._settings, pattern).waiting()
        if names.split(pattern)[1] == names.split(waiting[0])[1] if waiting else False:
            return f"{document.name}: {self._standing(waiting[0])} at {self._door.origin}{waiting[0]}"
        return f"{document.name}: {len(waiting)} at {self._door.origin}{self._settings.path(pattern)}"

    def _standing(self, path: str) -> str:
        """Ask only for the head where the server knows that, or else for the document."""
        call = Call("HEAD", self._door.address(path), Effect.READ, also=(405, 501, *GONE))
        reply = self._door.call(call)
        if reply.status in (405, 501):
            reply = self._door.get(self._door.address(path))
        return "nothing stands" if reply.status in GONE else "a document stands"

    def _try_to_write(self, checkup: Checkup, folder: str, *, read_only: bool) -> None:
        if read_only or self._settings.upload is Upload.POST:
            checkup.works.append(f"whether documents are taken at {folder} was not tried")
            checkup.note("test document", checkup.works[-1], ok=None)
            return
        path = names.join(folder, f"crossdock-connection-check{names.PART}")
        address = self._door.address(path)
        content = b"Crossdock looks whether it may write here. This document may be deleted.\n"

        def written() -> str:
            self._door.call(Call("PUT", address, Effect.REPEATABLE, content=content))
            return f"can write in {folder}"

        def deleted() -> str:
            self._door.delete(path)
            return ""

        if checkup.step(written, point="test document", right=f"write permission in {folder}"):
            checkup.step(deleted, point="test document", right=f"permission to delete in {folder}: {path} is left")
