"""The transport for accounts with folders: SFTP, FTPS, and a folder of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.files.inbox import Inbox
from connectors.files.outbox import Outbox
from connectors.files.probe import probe
from connectors.files.settings import FilesSettings
from hub.contract import Context, Finding, Health, Outbound, Page, Receipt, Translator
from hub.wire.files import RemoteFiles


class FolderTransport:
    """Files are claimed by renaming them, and uploads become visible by one rename."""

    def __init__(
        self,
        session: RemoteFiles,
        settings: FilesSettings,
        translator: Translator,
        context: Context,
        *,
        partner: str,
        page_size: int,
    ) -> None:
        self._session, self._settings, self._translator, self._context = session, settings, translator, context
        self._partner, self._page_size = partner, page_size

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of the files that wait; they are archived or deleted when the next page is asked for."""
        inbox = Inbox(self._session, self._settings, self._context, self._translator.files(document))
        return inbox.pages(cursor, self._page_size)

    def send(self, outbound: Outbound) -> Receipt:
        """Upload the file and give it its name; OutcomeUnknown when the answer to that was lost."""
        return Outbox(self._session, self._settings, self._context).send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier upload got its name, as far as the folders show it."""
        return Outbox(self._session, self._settings, self._context).find(outbound)

    def check(self, *, read_only: bool) -> Health:
        """Log in, look into the folders we read, and write a probe where we write."""
        return probe(self._session, self._settings, self._translator, self._partner, read_only=read_only)

    def close(self) -> None:
        """Hang up."""
        self._session.close()
