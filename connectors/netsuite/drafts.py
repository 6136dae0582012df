"""What leaves, as a neutral document: which record, under which external id, made of what.

Items stand in it by SKU and sources by their own id; what NetSuite calls them is looked up when it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from connectors.netsuite.countries import OUTWARD
from connectors.netsuite.settings import Flow, NetSuiteSettings
from hub.contract import Rejected
from hub.model.base import Record
from hub.model.order import SalesOrder
from hub.model.place import Address
from hub.model.purchase import FulfillmentOrder, Invoice, PurchaseLine, PurchaseOrder
from hub.model.shipment import Fulfilment, Shipment


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an item by SKU, or a line of the source by number; numbers are exact text."""

    quantity: str
    sku: str = ""
    order_line: str = ""
    rate: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to be made; with a source it is made from that one, as NetSuite itself would."""

    type: str
    external_id: str
    fields: Mapping[str, object]
    lines: tuple[Line, ...]
    location: str = ""
    source_type: str = ""
    source: str = ""
    source_is_ours: bool = False  # the source is named by our external id
    packages: tuple[str, ...] = field(default_factory=tuple)

    def write(self) -> bytes:
        """Return the document as bytes."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def read(cls, content: bytes) -> Draft:
        """Return the document that `write` wrote."""
        tree = json.loads(content)
        lines = tuple(Line(**each) for each in tree.pop("lines"))
        return cls(**{**tree, "lines": lines, "packages": tuple(tree["packages"])})


class Drafting:
    """Canonical records as drafts for one account."""

    def __init__(self, settings: NetSuiteSettings) -> None:
        self._settings = settings

    def draft(self, flow: Flow, record: Record) -> Draft:
        """Return the draft of a record; Rejected with what to do when it cannot be one."""
        kind, make = self._makers()[flow]
        if not isinstance(record, kind):
            raise Rejected(f"a {type(record).__name__} is no {flow} of NetSuite", code="document")
        return make(record)

    def _makers(self) -> Mapping[Flow, tuple[type[Record], Callable[..., Draft]]]:
        return {
            Flow.SHIP_ORDERS: (FulfillmentOrder, self._node_order),
            Flow.SUPPLIER_ORDERS: (PurchaseOrder, self._node_order),
            Flow.SALES_ORDERS: (SalesOrder, self._sales_order),
            Flow.PURCHASE_ORDERS: (PurchaseOrder, self._purchase_order),
            Flow.FULFILMENTS: (Fulfilment, self._fulfilment),
            Flow.RECEIPTS: (Shipment, self._receipt),
            Flow.BILLS: (Invoice, self._bill),
        }

    def _node_order(self, order: FulfillmentOrder) -> Draft:
        """Return an order that asks a node to ship: to NetSuite a sales order at one location."""
        bought = isinstance(order, PurchaseOrder)
        location = self._settings.location_of(order.node)
        if location is None and not bought:
            todo = f'add to [connection.locations] the location id = "{order.node}"'
            raise Rejected(f"node {order.node} is no location of NetSuite", todo=todo, code="location")
        fields = self._of_customer(order.number if bought else order.channel_number) | {
            "tranDate": order.ordered_at.isoformat(),
            "shipDate": order.ship_by.isoformat() if order.ship_by else None,
            "memo": order.note or f"{order.channel} {order.channel_number}",
            "shippingAddress": address(order.ship_to),
        }
        lines = tuple(_bought(each) if bought else _asked(each) for each in order.lines)
        return self._draft("SalesOrder", order.number, fields, lines, location=location or "")

    def _sales_order(self, order: SalesOrder) -> Draft:
        fields = self._of_customer(order.number) | {
            "tranDate": order.placed_at.isoformat(),
            "memo": f"{order.channel} {order.number}",
            "shippingAddress": address(order.ship_to),
        }
        lines = tuple(
            Line(number(each.quantity), each.sku, rate=number(each.price))
            for each in order.lines
            if each.quantity and each.ships and each.sku
        )
        return self._draft("SalesOrder", f"{order.channel}:{order.order_id}", fields, lines)

    def _purchase_order(self, order: PurchaseOrder) -> Draft:
        vendor = self._settings.vendors.get(order.supplier)
        if vendor is None:
            todo = f"add to [connection.vendors] {order.supplier} = the vendor's internal id"
            raise Rejected(f"supplier {order.supplier} is no vendor of NetSuite", todo=todo, code="vendor")
        fields = {
            "entity": vendor,
            "tranDate": order.ordered_at.isoformat(),
            "dueDate": order.ship_by.isoformat() if order.ship_by else None,
            "otherRefNum": order.number,
            "memo": order.note or f"{order.channel} {order.channel_number}",
            "shippingAddress": address(order.ship_to) if order.drop_ship else None,
        }
        lines = tuple(_asked(each) for each in order.lines)
        location = self._settings.location_of(order.node) or ""
        return self._draft("PurchaseOrder", order.number, fields, lines, location=location)

    def _fulfilment(self, record: Fulfilment) -> Draft:
        location = record.location or self._settings.location_of(record.node) or ""
        booked = bool(record.channel)  # an order of another channel, which we recorded under a name of ours
        lines = tuple(
            Line(number(each.quantity), each.sku, "" if booked else each.channel_line) for each in record.lines
        )
        when = record.shipped_at.isoformat() if record.shipped_at else None
        draft = self._draft(
            "ItemFulfillment",
            record.fulfilment_id,
            {"shipStatus": "_shipped", "shippedDate": when, "tranDate": when, "memo": record.carrier or None},
            lines,
            location=location,
        )
        packages = (record.tracking,) if record.tracking else ()
        if booked:
            source = f"{self._settings.prefix}{record.channel}:{record.channel_order}"
            return _from(draft, "SalesOrder", source, ours=True, packages=packages)
        return _from(draft, "SalesOrder", record.channel_order, packages=packages)

    def _receipt(self, record: Shipment) -> Draft:
        shipment = record.shipment_number or record.tracking
        lines = tuple(
            Line(number(each.quantity), each.sku, str(each.line_number or "")) for each in record.lines if each.quantity
        )
        when = record.shipped_at.isoformat() if record.shipped_at else None
        fields = {"tranDate": when, "memo": record.tracking or None}
        draft = self._draft("ItemReceipt", f"receipt:{record.order_number}:{shipment}", fields, lines)
        return _from(draft, "PurchaseOrder", f"{self._settings.prefix}{record.order_number}", ours=True)

    def _bill(self, record: Invoice) -> Draft:
        if record.credit:
            raise Rejected(
                f"credit memo {record.invoice_number} is no bill", todo="enter it in NetSuite by hand", code="credit"
            )
        lines = tuple(
            Line(number(each.quantity), each.sku, str(each.line_number or ""), number(each.price))
            for each in record.lines
        )
        fields = {
            "tranDate": record.invoiced_at.isoformat() if record.invoiced_at else None,
            "tranId": record.invoice_number,
            "userTotal": number(record.total) if record.total is not None else None,
        }
        name = f"bill:{record.order_number}:{record.invoice_number}"
        draft = self._draft("VendorBill", name, fields, lines)
        return _from(draft, "PurchaseOrder", f"{self._settings.prefix}{record.order_number}", ours=True)

    def _of_customer(self, reference: str) -> dict[str, object]:
        if self._settings.customer is None:
            todo = "set customer in the partner file to the internal id of the customer that web orders belong to"
            raise Rejected("an order in NetSuite needs a customer", todo=todo, code="customer")
        return {
            "entity": self._settings.customer,
            "otherRefNum": reference,
            "orderStatus": "_pendingFulfillment",
        }

    def _draft(
        self, type_: str, name: str, fields: Mapping[str, object], lines: tuple[Line, ...], location: str = ""
    ) -> Draft:
        if not lines:
            raise Rejected(f"{type_} {name} has no line with a quantity", todo="report it", code="lines")
        said = {key: value for key, value in fields.items() if value not in (None, "")}
        return Draft(type_, f"{self._settings.prefix}{name}", said, lines, location)


def _from(draft: Draft, type_: str, source: str, *, ours: bool = False, packages: Iterable[str] = ()) -> Draft:
    return Draft(
        draft.type, draft.external_id, draft.fields, draft.lines, draft.location, type_, source, ours, tuple(packages)
    )


def _asked(line: PurchaseLine) -> Line:
    return Line(number(line.quantity), line.sku, rate="" if line.unit_cost is None else number(line.unit_cost))


def _bought(line: PurchaseLine) -> Line:
    rate = "" if line.unit_cost is None else number(line.unit_cost)
    return Line(number(line.quantity), line.supplier_sku or line.sku, rate=rate)


def number(value: Decimal) -> str:
    """Return a number as exact text without exponent."""
    return f"{value:f}"


def address(ours: Address | None) -> Mapping[str, str] | None:
    """Return an address under NetSuite's names; Rejected for a country that it has no name for here."""
    if ours is None:
        return None
    country = OUTWARD.get(ours.country)
    if country is None:
        todo = "add the country to connectors/netsuite/countries.py"
        raise Rejected(f"NetSuite's name of the country {ours.country} is not known", todo=todo, code="country")
    pairs = {
        "country": country,
        "attention": ours.name,
        "addressee": ours.company or ours.name,
        "addrPhone": ours.phone,
        "addr1": ours.street,
        "addr2": ours.street2,
        "city": ours.city,
        "state": ours.region,
        "zip": ours.postal_code,
    }
    return {name: value for name, value in pairs.items() if value}
