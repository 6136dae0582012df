"""The edi connector: the contract's verbs over one X12 mailbox and one partner's mapping file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.edi import cut
from connectors.edi.reading import Reading
from connectors.edi.settings import Acknowledge, EdiSettings
from connectors.edi.writing import Writing
from hub.contract import (
    About,
    BadRecord,
    Connector,
    Context,
    DocumentSpec,
    Finding,
    Health,
    Mode,
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

#: So many bytes are handed over at a time.
_PIECE = 1 << 20

_ABOUT = About(
    name="edi",
    summary="X12 interchanges in a mailbox, read and written as the partner's mapping file says.",
    settings=EdiSettings,
    reads=frozenset(
        {
            Kind.SALES_ORDER,
            Kind.SALES_ORDER_CHANGE,
            Kind.STOCK_LEVEL,
            Kind.STOCK_ADJUSTMENT,
            Kind.EXPECTED_RECEIPT,
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
            Kind.STOCK_PUSH,
            Kind.FULFILMENT,
            Kind.ACKNOWLEDGEMENT,
            Kind.SHIPMENT,
            Kind.INVOICE,
            Kind.FUNCTIONAL_ACKNOWLEDGEMENT,
        }
    ),
    page_size=100,
    keep_idle=900,
)


class EdiConnector:
    """One partner's mailbox; opens its line at the first verb that needs it."""

    def __init__(self, settings: EdiSettings, translator: Documents, context: Context, profile: Profile) -> None:
        self._settings, self._translator = settings, translator
        partner = profile.partner
        mailbox = Mailbox(settings.inbox, settings.outbox)
        self._transport = transport_for(settings, mailbox, context, partner=partner.code, page_size=_ABOUT.page_size)
        acknowledges = settings.acknowledge is not Acknowledge.NONE
        self._documents = tuple(with_mailbox(translator.documents(), acknowledges=acknowledges))
        self._sorting = _Sorting(translator)
        self._reading = Reading(settings, translator, self._sorting)
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
        """Yield pages of interchanges with what is in them; files are put away when all that they hold was handed over.

        So a page of many files, or of a large one, is handed over in pieces; the cursor moves with the last of them.
        """
        for page in self._transport.fetch(document, cursor):
            piece: list[RawItem] = []
            held = 0
            for each in (each for file in page.items for each in self.cut(document, file)):
                if held >= _PIECE:
                    yield Page(tuple(piece), more=bool(each.part_of))
                    piece, held = [], 0
                piece.append(each)
                held += len(each.content)
            yield replace(page, items=tuple(piece))

    def cut(self, document: str, item: RawItem) -> Iterator[RawItem]:  # noqa: ARG002 - there is one mailbox
        """Yield the interchanges of a file, each with what is in it; of one that was kept earlier just the same."""
        return cut.items(item, self._settings, self._sorting)

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield what an interchange or one of its documents says."""
        if (bad := refused(item.content, item.name)) is not None:
            return iter((bad,))
        if document == MAILBOX.name:
            return self._reading.interchange(item.content)
        if document == VERDICTS.name:
            return self._reading.answers(item.content)
        return self._reading.document(document, item.content)

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:
        """Return the interchange for a record, under the next control number."""
        if isinstance(record, FunctionalAcknowledgement):
            return self._writing.acknowledgement(record, numbers)
        return self._writing.document(document, record, numbers)

    def send(self, outbound: Outbound) -> Receipt:
        """Put the interchange into the partner's mailbox."""
        return self._transport.send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether it lies in the mailbox; CannotTell when the partner may have taken it away already."""
        return self._transport.find(outbound)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


class _Sorting:
    """Implements `cut.Sorting` for the documents of a mapping file."""

    def __init__(self, translator: Documents) -> None:
        self._by_code: dict[str, tuple[str, ...]] = dict.fromkeys((*cut.ACKNOWLEDGEMENTS, cut.NOTE), (VERDICTS.name,))
        self._snapshots: set[str] = set()
        for each in translator.documents():
            if each.direction is Direction.IN:
                code = translator.root(each.name)
                self._by_code[code] = (*self._by_code.get(code, ()), each.name)
                if each.mode is Mode.SNAPSHOT:
                    self._snapshots.add(each.name)

    def documents_of(self, code: str) -> tuple[str, ...]:
        return self._by_code.get(code, ())

    def is_snapshot(self, document: str) -> bool:
        return document in self._snapshots


class EdiPlugin:
    """Opens X12 connections."""

    @property
    def about(self) -> About:
        """What it is and can do."""
        return _ABOUT

    def open(self, profile: Profile, context: Context) -> Connector:
        """Return a connection; no I/O happens before its first verb."""
        if not isinstance(profile.settings, EdiSettings) or not isinstance(profile.translator, Documents):
            raise TypeError(f"{profile.partner.code}: the edi connector needs EdiSettings and a mapping file")
        return EdiConnector(profile.settings, profile.translator, context, profile)


PLUGIN = EdiPlugin()
