"""One NetSuite account as a connector: places, stock, items, orders in; orders and what follows them out."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from connectors.netsuite.drafts import Drafting
from connectors.netsuite.gate import Gate, Gates
from connectors.netsuite.gateway import Gateway, Reader
from connectors.netsuite.health import Doctor
from connectors.netsuite.posting import Posting
from connectors.netsuite.reading import Reading
from connectors.netsuite.schema import Schemas
from connectors.netsuite.settings import Flow, NetSuiteSettings
from connectors.netsuite.soap import SoapGateway
from connectors.netsuite.soap_reader import SoapReader
from connectors.netsuite.translate import Translation
from connectors.netsuite.wire import Shared, SoapWire
from hub.contract import (
    About,
    BadRecord,
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
    Rejected,
    Rendered,
)
from hub.model.base import Record
from hub.model.document import Direction, Kind

_KINDS = {
    Flow.LOCATIONS: (Direction.IN, Kind.NODE),
    Flow.VENDORS: (Direction.IN, Kind.NODE),
    Flow.STOCK: (Direction.IN, Kind.STOCK_LEVEL),
    Flow.ITEMS: (Direction.IN, Kind.CATALOGUE_ENTRY),
    Flow.TRANSFERS: (Direction.IN, Kind.EXPECTED_RECEIPT),
    Flow.ORDERS: (Direction.IN, Kind.SALES_ORDER),
    Flow.DROP_SHIP_ORDERS: (Direction.IN, Kind.ACKNOWLEDGEMENT),
    Flow.SHIPMENTS: (Direction.IN, Kind.SHIPMENT),
    Flow.SHIP_ORDERS: (Direction.OUT, Kind.SHIP_ORDER),
    Flow.SALES_ORDERS: (Direction.OUT, Kind.SALES_ORDER),
    Flow.PURCHASE_ORDERS: (Direction.OUT, Kind.PURCHASE_ORDER),
    Flow.SUPPLIER_ORDERS: (Direction.OUT, Kind.PURCHASE_ORDER),
    Flow.FULFILMENTS: (Direction.OUT, Kind.FULFILMENT),
    Flow.RECEIPTS: (Direction.OUT, Kind.SHIPMENT),
    Flow.BILLS: (Direction.OUT, Kind.INVOICE),
    Flow.ADJUSTMENTS: (Direction.OUT, Kind.STOCK_ADJUSTMENT),
    Flow.TRANSFER_ORDERS: (Direction.OUT, Kind.TRANSFER_ORDER),
}
SPECS = {flow: DocumentSpec(flow.value, *kinds) for flow, kinds in _KINDS.items()}
_WRITES = frozenset(kind for direction, kind in _KINDS.values() if direction is Direction.OUT)

ABOUT = About(
    name="netsuite",
    summary="A NetSuite account over SOAP: places, stock, orders and shipments in; orders, bills and more out.",
    settings=NetSuiteSettings,
    reads=frozenset(kind for direction, kind in _KINDS.values() if direction is Direction.IN),
    writes=_WRITES,
    idempotent=_WRITES,  # everything we make has an external id of ours, which NetSuite keeps unique
    page_size=200,
)


class NetSuiteConnector:
    """An open connection to one account; one thread at a time uses it."""

    def __init__(self, profile: Profile, context: Context, gate: Gate, gateway: Gateway, reader: Reader) -> None:
        settings, partner = settings_of(profile), profile.partner
        self._gateway, self._flows = gateway, settings.documents
        self._reading = Reading(gateway, reader, settings, context)
        self._translation = Translation(reader, settings, partner.code, partner.currency)
        self._drafting = Drafting(settings, partner.code, partner.currency)
        self._posting = Posting(gateway, reader, settings, context)
        self._doctor = Doctor(gateway, reader, settings, gate, context.clock)

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that the partner file asks for."""
        return tuple(SPECS[flow] for flow in Flow if flow in self._flows)

    def check(self) -> Health:
        """Say whether we can log in and work, and what to do about what cannot."""
        return self._doctor.check()

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of what changed since the cursor."""
        yield from self._reading.pages(_flow(document, Direction.IN), cursor)
        self._doctor.learn_limits()  # after what went well: a login that is refused must not be tried more often

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of a raw item, or why it cannot be read."""
        return self._translation.parse(_flow(document, Direction.IN), item)

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:  # noqa: ARG002 - external ids are our own numbers
        """Return a neutral document; what NetSuite calls things is looked up when it is sent."""
        return Rendered(self._drafting.draft(_flow(document, Direction.OUT), record).write())

    def send(self, outbound: Outbound) -> Receipt:
        """Send the document once."""
        return self._posting.send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send arrived."""
        return self._posting.find(outbound)

    def close(self) -> None:
        """Let go of every socket."""
        self._gateway.close()


class NetSuitePlugin:
    """The kind of connector that the entry point names; its connections to one account share one gate."""

    about = ABOUT

    def __init__(self) -> None:
        self._gates, self._schemas, self._counting = Gates(), Schemas(), threading.Lock()

    def open(self, profile: Profile, context: Context) -> NetSuiteConnector:
        """Return a connection over SOAP; nothing is called and no WSDL is read before its first verb."""
        settings = settings_of(profile)
        gate = self._gates.of(settings.account, settings.concurrency)
        shared = Shared(gate, lambda: self._schemas.at(settings.wsdl), self._counting)
        gateway = SoapGateway(SoapWire(settings, context, shared))
        return NetSuiteConnector(profile, context, gate, gateway, SoapReader())


PLUGIN = NetSuitePlugin()


def settings_of(profile: Profile) -> NetSuiteSettings:
    """Return what the partner file says of the account; TypeError for another connector's settings."""
    if not isinstance(profile.settings, NetSuiteSettings):
        raise TypeError(f"the settings of {profile.partner.code} are not NetSuite's: {type(profile.settings).__name__}")
    return profile.settings


def _flow(document: str, direction: Direction) -> Flow:
    try:
        flow = Flow(document)
    except ValueError:
        flow = None
    if flow is None or _KINDS[flow][0] is not direction:
        raise Rejected(f"NetSuite has no document {document!r} in this direction", code="document")
    return flow
