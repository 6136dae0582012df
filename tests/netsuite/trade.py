"""What is traded with the account in these tests, and the account as the contract kit wants it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from lxml import etree

from connectors.netsuite.connector import PLUGIN
from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.model.order import SalesOrder
from hub.model.place import Address
from hub.model.purchase import FulfillmentOrder, Invoice, InvoiceLine, PurchaseLine, PurchaseOrder
from hub.model.shipment import Fulfilment, FulfilmentLine, Shipment, ShipmentLine
from hub.model.stock import StockAdjustment, TransferLine, TransferOrder
from hub.testing.bench import Mood
from sandbox.netsuite.books import Book, Books
from sandbox.netsuite.envelope import Namespaces, child, text
from sandbox.netsuite.moods import Mood as Theirs
from sandbox.netsuite.service import RunningNetSuite

WHEN = datetime(2026, 11, 20, 6, tzinfo=UTC)
SPACES = Namespaces("2025_2")


def transaction(type_: str, external_id: str, item: str, quantity: str = "2") -> etree._Element:
    """A transaction of one line as an application would send it."""
    package = "sales" if type_ == "SalesOrder" else "purchases"
    space = f"urn:{package}_2025_2.transactions.webservices.netsuite.com"
    return etree.fromstring(
        f'<record xmlns:t="{space}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="t:{type_}"'
        f' externalId="{external_id}"><t:entity internalId="77"/><t:itemList><t:item><t:item internalId="{item}"/>'
        f"<t:quantity>{quantity}</t:quantity><t:rate>9.50</t:rate></t:item></t:itemList></record>"
    )


class AccountBench:
    """The sandbox's account as the kit wants it."""

    plugin = PLUGIN
    inbound = "orders"
    several_pages = 12
    moods = frozenset(Mood)

    def __init__(self, account: RunningNetSuite, profile: Profile) -> None:
        self.account, self.profile = account, profile
        access = account.access
        self.secrets: Mapping[str, str] = {"secret": access.consumer_secret, "token": access.token_secret}
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.save("SalesOrder", f"theirs-{self._placed}")

    def place_bad(self) -> int:
        self.place(3)

        def spoil(books: Books) -> None:
            order = books.of("SalesOrder")[1]
            child(child(child(order.element, "itemList"), "item"), "quantity").text = "1E+2000000"

        self.account.ask(lambda service: spoil(service.books))
        return 2

    def save(self, type_: str, external_id: str) -> str:
        def save(books: Books) -> str:
            known, item = books.by_external_id(type_, external_id), next(iter(books.items))
            return (known or books.save(type_, transaction(type_, external_id, item), SPACES)).id

        return self.account.ask(lambda service: save(service.books))

    def received(self, outbound: Outbound) -> int:
        draft = json.loads(outbound.content)
        books = self.account.ask(lambda service: service.books.of(draft["type"]))
        return sum(each.external_id == draft["external_id"] for each in books)

    def set_mood(self, mood: Mood) -> None:
        self.account.mood(Theirs(mood.value), for_calls=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.account.calm()


def _lines() -> tuple[PurchaseLine, ...]:
    return (
        PurchaseLine(line_number=1, sku="CD-R", quantity=Decimal(2), unit_cost=Decimal("2.50"), channel_line="1"),
        PurchaseLine(line_number=2, sku="LP", quantity=Decimal(1), channel_line="2"),
    )


def order_fields(number: int) -> dict[str, object]:
    return {
        "number": f"FO-{number}",
        "node": "DC1",
        "order_id": f"O{number}",
        "channel": "shop",
        "channel_order": f"{number}",
        "channel_number": f"#{number}",
        "ordered_at": WHEN,
        "ship_to": Address(name="A & B", street="1 Main St", city="Reno", region="NV", country="US"),
        "lines": _lines(),
    }


class ShipOrderBench(AccountBench):
    outbound = "ship_orders"

    def record(self, number: int) -> Record:
        return FulfillmentOrder.model_validate(order_fields(number))


class PurchaseOrderBench(AccountBench):
    outbound = "purchase_orders"

    def record(self, number: int) -> Record:
        return PurchaseOrder.model_validate({**order_fields(number), "supplier": "ACME", "currency": "USD"})


class _MadeFromAnother(AccountBench):
    source = "PurchaseOrder"

    def __init__(self, account: RunningNetSuite, profile: Profile) -> None:
        super().__init__(account, profile)
        self._sources: dict[int, str] = {}

    def of(self, number: int) -> str:
        if number not in self._sources:
            self._sources[number] = self.save(self.source, f"crossdock:PO-{number}")
        return self._sources[number]


class FulfilmentBench(_MadeFromAnother):
    outbound, source = "fulfilments", "SalesOrder"

    def record(self, number: int) -> Record:
        return Fulfilment(
            fulfilment_id=f"F{number}",
            channel_order=self.of(number),
            node="DC1",
            tracking=f"1Z{number}",
            shipped_at=WHEN,
            lines=(FulfilmentLine(channel_line="1", quantity=Decimal(1)),),
        )


class ReceiptBench(_MadeFromAnother):
    outbound = "receipts"

    def record(self, number: int) -> Record:
        self.of(number)
        line = ShipmentLine(line_number=1, sku="CD-R", quantity=Decimal(1))
        return Shipment(order_number=f"PO-{number}", shipment_number=f"S{number}", shipped_at=WHEN, lines=(line,))


class BillBench(_MadeFromAnother):
    outbound = "bills"

    def record(self, number: int) -> Record:
        self.of(number)
        line = InvoiceLine(line_number=1, sku="CD-R", quantity=Decimal(1), price=Decimal("2.50"))
        return Invoice(invoice_number=f"I{number}", order_number=f"PO-{number}", invoiced_at=WHEN, lines=(line,))


class WholeOrderBench(AccountBench):
    """A channel's whole order with its buyer, for an account in which each buyer is a customer."""

    outbound = "sales_orders"

    def record(self, number: int) -> Record:
        return SalesOrder.model_validate(
            {
                "channel": "shop",
                "order_id": f"{number}",
                "number": f"#{number}",
                "placed_at": WHEN,
                "updated_at": WHEN,
                "currency": "USD",
                "customer": {"name": "Ann Lee", "address": Address(country="US", email=f"ann{number}@mail.example")},
                "charges": [{"kind": "shipping", "amount": "4.90"}],
                "lines": [{"line_id": "1", "sku": "CD-R", "quantity": 2, "price": "9"}],
                "sourcing": [{"line_id": "1", "node": "DC1", "quantity": 2, "document": f"FO-{number}"}],
            }
        )


class AdjustmentBench(AccountBench):
    outbound = "adjustments"

    def record(self, number: int) -> Record:
        return StockAdjustment(number=f"A{number}", sku="CD-R", location="DC1", change=Decimal(-1))


class TransferBench(AccountBench):
    outbound = "transfer_orders"

    def record(self, number: int) -> Record:
        lines = (TransferLine(sku="CD-R", quantity=Decimal(3)), TransferLine(sku="LP", quantity=Decimal(1)))
        when = {"ordered_at": WHEN, "expected_at": WHEN}
        return TransferOrder(number=f"TR{number}", source="DC1", target="DC2", note="to the west", lines=lines, **when)


BENCHES = (
    *(ShipOrderBench, PurchaseOrderBench, FulfilmentBench, ReceiptBench, BillBench),
    *(AdjustmentBench, TransferBench),
)


def fulfilment_of(sale: Book, rows: list[etree._Element]) -> etree._Element:
    """The whole of a sales order shipped, as a warehouse's own application would say it."""
    space = "urn:sales_2025_2.transactions.webservices.netsuite.com"
    lines = "".join(
        f"<t:item><t:itemReceive>true</t:itemReceive><t:quantity>{text(row, 'quantity')}</t:quantity>"
        f'<t:item internalId="{child(row, "item").get("internalId")}"/>'
        f"<t:orderLine>{text(row, 'line')}</t:orderLine>{_place(row)}</t:item>"
        for row in rows
    )
    return etree.fromstring(
        f'<record xmlns:t="{space}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="t:ItemFulfillment"'
        f' externalId="warehouse-1"><t:createdFrom internalId="{sale.id}"/><t:shipStatus>_shipped</t:shipStatus>'
        f"<t:packageList><t:package><t:packageTrackingNumber>1Z999</t:packageTrackingNumber></t:package></t:packageList>"
        f"<t:itemList>{lines}</t:itemList></record>"
    )


def _place(row: etree._Element) -> str:
    location = child(row, "location")
    return "" if location is None else f'<t:location internalId="{location.get("internalId")}"/>'
