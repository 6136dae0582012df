"""The transport for accounts with folders: SFTP, FTPS, and a folder of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from hub.contract import Context, Finding, Health, Outbound, Page, Receipt
from hub.wire.exchange.inbox import Inbox
from hub.wire.exchange.outbox import Outbox
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.probe import probe
from hub.wire.exchange.settings import ExchangeSettings
from hub.wire.files import RemoteFiles


class FolderTransport:
    """Files are claimed by renaming them, and uploads become visible by one rename."""

    def __init__(
        self,
        session: RemoteFiles,
        settings: ExchangeSettings,
        listed: DocumentFiles,
        context: Context,
        *,
        partner: str,
        page_size: int,
    ) -> None:
        self._session, self._settings, self._listed, self._context = session, settings, listed, context
        self._partner, self._page_size = partner, page_size

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of the files that wait; they are archived or deleted when the next page is asked for."""
        inbox = Inbox(self._session, self._settings, self._context, self._listed.files(document))
        return inbox.pages(cursor, self._page_size)

    def send(self, outbound: Outbound) -> Receipt:
        """Upload the file and give it its name; OutcomeUnknown when the answer to that was lost."""
        return Outbox(self._session, self._settings, self._context).send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier upload got its name, as far as the folders show it."""
        return Outbox(self._session, self._settings, self._context).find(outbound)

    def check(self, *, read_only: bool) -> Health:
        """Log in, look into the folders we read, and write a probe where we write."""
        now = self._context.clock.now()
        return probe(self._session, self._settings, self._listed, self._partner, now, read_only=read_only)

    def close(self) -> None:
        """Hang up."""
        self._session.close()
