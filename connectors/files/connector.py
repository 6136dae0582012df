"""The files connector: the contract's verbs over one transport and one partner's mapping file."""

from __future__ import annotations

from collections.abc import Iterator

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
from hub.wire.exchange.refusal import refused
from hub.wire.exchange.transports import transport_for

_ABOUT = About(
    name="files",
    summary="Files over SFTP, FTPS, HTTPS, mail or a local folder, as the partner's mapping file says.",
    settings=FilesSettings,
    reads=frozenset(
        {
            Kind.SALES_ORDER,
            Kind.SALES_ORDER_CHANGE,
            Kind.STOCK_LEVEL,
            Kind.CATALOGUE_ENTRY,
            Kind.EXPECTED_RECEIPT,
            Kind.ACKNOWLEDGEMENT,
            Kind.SHIPMENT,
            Kind.INVOICE,
        }
    ),
    writes=frozenset(
        {
            Kind.PURCHASE_ORDER,
            Kind.PURCHASE_ORDER_CHANGE,
            Kind.SHIP_ORDER,
            Kind.STOCK_PUSH,
            Kind.FULFILMENT,
            Kind.ACKNOWLEDGEMENT,
            Kind.SHIPMENT,
            Kind.INVOICE,
        }
    ),
    page_size=100,
    keep_idle=900,  # most of a poll that finds nothing is the key exchange of a new session
)


class FilesConnector:
    """One partner's folders; opens its line at the first verb that needs it."""

    def __init__(self, settings: FilesSettings, translator: Translator, context: Context, partner: str) -> None:
        self._translator = translator
        self._transport = transport_for(settings, translator, context, partner=partner, page_size=_ABOUT.page_size)

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that the mapping file declares."""
        return self._translator.documents()

    def check(self) -> Health:
        """Log in, look at what we read, and write a tiny file where we write."""
        return self._transport.check(read_only=False)

    def look(self) -> Health:
        """Check as much as can be without leaving a trace at the partner."""
        return self._transport.check(read_only=True)

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of what waits; it is put away when the next page is asked for."""
        return self._transport.fetch(document, cursor)

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
        """Send the document whole; OutcomeUnknown when the answer was lost."""
        return self._transport.send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send arrived, as far as the partner's side shows it."""
        return self._transport.find(outbound)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


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
        return FilesConnector(profile.settings, profile.translator, context, profile.partner.code)


PLUGIN = FilesPlugin()
