"""The files connector: the contract's verbs over one SFTP account and one partner's mapping file."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.files.inbox import Inbox
from connectors.files.outbox import Outbox
from connectors.files.probe import probe
from connectors.files.refusal import refused
from connectors.files.settings import FilesSettings
from hub.contract import (
    About,
    BadRecord,
    Connector,
    Context,
    DocumentSpec,
    Finding,
    Health,
    Numbers,
    Outbound,
    Page,
    Profile,
    RawItem,
    Receipt,
    Rendered,
    Translator,
)
from hub.model.base import Record
from hub.model.document import Kind
from hub.wire.sftp import SftpSession

_ABOUT = About(
    name="files",
    summary="Files over SFTP, read and written as the partner's mapping file says.",
    settings=FilesSettings,
    reads=frozenset(
        {
            Kind.SALES_ORDER,
            Kind.STOCK_LEVEL,
            Kind.CATALOGUE_ENTRY,
            Kind.ACKNOWLEDGEMENT,
            Kind.SHIPMENT,
            Kind.INVOICE,
        }
    ),
    writes=frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER, Kind.STOCK_PUSH, Kind.FULFILMENT, Kind.INVOICE}),
    page_size=100,
    maps_files=True,
)


class FilesConnector:
    """One partner's folders; opens its line at the first verb that needs it."""

    def __init__(self, settings: FilesSettings, translator: Translator, context: Context) -> None:
        self._settings = settings
        self._translator = translator
        self._context = context
        self._session = SftpSession(settings.endpoint())

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that the mapping file declares."""
        return self._translator.documents()

    def check(self) -> Health:
        """Log in, look into the folders we read, write a probe where we write."""
        return probe(self._session, self._settings, self._translator)

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of the files that wait; they are archived or deleted when the next page is asked for."""
        pattern = self._translator.files(document)
        inbox = Inbox(self._session, self._settings, self._context, pattern)
        return inbox.pages(cursor, _ABOUT.page_size)

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield the records of a file; one that was too large to be read is a bad record that says so."""
        if (bad := refused(item.content, item.name)) is not None:
            yield bad
        else:
            yield from self._translator.parse(document, item.content)

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:  # noqa: ARG002 - files take no numbers
        """Return the file for a record and its name below the url."""
        content = self._translator.render(document, record)
        return Rendered(content=content, name=self._translator.file_name(document, record))

    def send(self, outbound: Outbound) -> Receipt:
        """Upload the file and give it its name; OutcomeUnknown when the answer to that was lost."""
        return Outbox(self._session, self._settings, self._context).send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier upload got its name, as far as the folders show it."""
        return Outbox(self._session, self._settings, self._context).find(outbound)

    def close(self) -> None:
        """Hang up."""
        self._session.close()


class FilesPlugin:
    """The kind of connector that moves files."""

    @property
    def about(self) -> About:
        """What it is and can do."""
        return _ABOUT

    def open(self, profile: Profile, context: Context) -> Connector:
        """Return a connection to the partner of this profile; nothing is sent before its first verb."""
        if not isinstance(profile.settings, FilesSettings) or profile.translator is None:
            raise TypeError(f"{profile.partner.code}: the files connector needs FilesSettings and a mapping file")
        return FilesConnector(profile.settings, profile.translator, context)


PLUGIN = FilesPlugin()
