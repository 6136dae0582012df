"""The sap connector: the contract's verbs over the folders of one SAP partner and its mapping file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.sap import cut
from connectors.sap.reading import Reading
from connectors.sap.settings import Acknowledge, SapSettings
from connectors.sap.writing import Writing
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
)
from hub.mapping.translator import Documents
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.transmission import FunctionalAcknowledgement
from hub.wire.exchange.mailbox import MAILBOX, VERDICTS, Mailbox, with_mailbox
from hub.wire.exchange.refusal import refused
from hub.wire.exchange.transports import transport_for

_ABOUT = About(
    name="sap",
    summary="IDocs as files, flat or XML, read and written as the partner's mapping file says.",
    settings=SapSettings,
    reads=frozenset(
        {
            Kind.SALES_ORDER,
            Kind.SALES_ORDER_CHANGE,
            Kind.STOCK_LEVEL,
            Kind.STOCK_ADJUSTMENT,
            Kind.CATALOGUE_ENTRY,
            Kind.ACKNOWLEDGEMENT,
            Kind.SHIPMENT,
            Kind.INVOICE,
            Kind.INTERCHANGE,
            Kind.FUNCTIONAL_ACKNOWLEDGEMENT,
        }
    ),
    writes=frozenset(
        {
            Kind.PURCHASE_ORDER,
            Kind.PURCHASE_ORDER_CHANGE,
            Kind.SHIP_ORDER,
            Kind.ACKNOWLEDGEMENT,
            Kind.SHIPMENT,
            Kind.INVOICE,
            Kind.STOCK_PUSH,
            Kind.FULFILMENT,
            Kind.FUNCTIONAL_ACKNOWLEDGEMENT,
        }
    ),
    page_size=100,
    keep_idle=900,
)


class SapConnector:
    """One SAP partner; opens its line at the first verb that needs it."""

    def __init__(self, settings: SapSettings, translator: Documents, context: Context, profile: Profile) -> None:
        self._settings, self._translator = settings, translator
        partner = profile.partner
        mailbox = Mailbox(settings.inbox, settings.outbox)
        self._transport = transport_for(settings, mailbox, context, partner=partner.code, page_size=_ABOUT.page_size)
        acknowledges = settings.acknowledge is not Acknowledge.NONE
        self._documents = tuple(with_mailbox(translator.documents(), acknowledges=acknowledges))
        self._by_code = {
            translator.root(each.name): each.name for each in translator.documents() if each.direction is Direction.IN
        }
        self._reading = Reading(settings, translator, self._document_of)
        self._writing = Writing(settings, translator, partner.timezone)

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the mailbox, the documents of the mapping file that come and go with it, and the acknowledgements."""
        return self._documents

    def check(self) -> Health:
        """Log in, look into the mailbox, and write a tiny file where we write."""
        return self._transport.check(read_only=False)

    def look(self) -> Health:
        """Check as much as can be without leaving a trace at the partner."""
        return self._transport.check(read_only=True)

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of files with the IDocs in them; the files are put away when the next is asked for."""
        for page in self._transport.fetch(document, cursor):
            yield replace(page, items=tuple(each for file in page.items for each in self.cut(document, file)))

    def cut(self, document: str, item: RawItem) -> Iterator[RawItem]:  # noqa: ARG002 - there is one mailbox
        """Yield the interchanges of a file, each with what is in it; of one that was kept earlier just the same."""
        return cut.items(item, self._settings, self._document_of)

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield what a file or one of its IDocs says."""
        if (bad := refused(item.content, item.name)) is not None:
            return iter((bad,))
        if document == MAILBOX.name:
            return self._reading.file(item.content)
        if document == VERDICTS.name:
            return self._reading.answers(item.content)
        return self._reading.document(document, item.content)

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:
        """Return the IDoc for a record, under the next number."""
        if isinstance(record, FunctionalAcknowledgement):
            return self._writing.acknowledgement(record, numbers)
        return self._writing.document(document, record, numbers)

    def send(self, outbound: Outbound) -> Receipt:
        """Put the IDoc into the partner's folder."""
        return self._transport.send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether it lies in the mailbox; CannotTell when the partner may have taken it away already."""
        return self._transport.find(outbound)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def _document_of(self, code: str) -> str | None:
        if code in cut.ACKNOWLEDGEMENTS:
            return VERDICTS.name
        return self._by_code.get(code)


class SapPlugin:
    """Opens connections to SAP."""

    @property
    def about(self) -> About:
        """What it is and can do."""
        return _ABOUT

    def open(self, profile: Profile, context: Context) -> Connector:
        """Return a connection; no I/O happens before its first verb."""
        if not isinstance(profile.settings, SapSettings) or not isinstance(profile.translator, Documents):
            raise TypeError(f"{profile.partner.code}: the sap connector needs SapSettings and a mapping file")
        return SapConnector(profile.settings, profile.translator, context, profile)


PLUGIN = SapPlugin()
