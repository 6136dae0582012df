"""The daemon as a process, killed at every boundary while it writes to NetSuite: one record for every write.

Each round is one of each kind of write, that build on each other; the last one runs to its end while replies get lost.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from hub.cli.processes import HubProcess, ProcessFailed
from hub.composition import Hub
from hub.config import load_config
from hub.killpoint import VARIABLE
from hub.model.base import Record
from hub.model.document import Kind
from hub.model.order import SalesOrder
from hub.model.place import Address
from hub.model.purchase import FulfillmentOrder, Invoice, InvoiceLine, PurchaseOrder
from hub.model.shipment import Fulfilment, FulfilmentLine, Shipment, ShipmentLine
from hub.model.state import DeliveryState
from hub.model.stock import StockAdjustment, TransferLine, TransferOrder
from hub.store import deliveries
from hub.store.delivery_row import NewDelivery
from sandbox.netsuite.books import Book, lines
from sandbox.netsuite.envelope import Namespaces, text
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite, Service
from tests.netsuite.folder import ENDPOINT, add_partner, open_live
from tests.netsuite.trade import WHEN, order_fields

BOUNDARIES = ("claimed", "rendered", "before_bytes", "bytes_sent", "replied", "committed")
WRITES = [
    *("sales_orders", "ship_orders", "purchase_orders", "receipts", "fulfilments", "bills"),
    *("adjustments", "transfer_orders"),
]
ABOUT = """code = "erp"
role = "warehouse"
[nodes.DC1]
kind = "warehouse"
[nodes.DC2]
kind = "warehouse"
"""
CONNECTION = f"""documents = {WRITES}
customers = "email"
adjustment_account = "99"
drop_ship_location = "{{far}}"
connect_timeout = 5
[connection.vendors]
ACME = "{{vendor}}"
[connection.locations]
"{{east}}" = "DC1"
"{{far}}" = "DC2"
"""
TYPES = (
    "SalesOrder",
    "Customer",
    "PurchaseOrder",
    "ItemReceipt",
    "ItemFulfillment",
    "VendorBill",
    "InventoryAdjustment",
    "TransferOrder",
)


def one_of_each(number: int) -> Iterator[tuple[Kind, str, str, Record]]:
    """What happens with one order, and a transfer: kind, document, key and record."""
    fields = order_fields(number)
    purchase = {"number": f"PO-{number}", "node": "ACME", "supplier": "ACME", "currency": "USD"}
    line = {"line_number": 1, "sku": "CD-R", "quantity": Decimal(2)}
    order = SalesOrder.model_validate(
        {
            "channel": "shop",
            "order_id": f"{number}",
            "number": f"#{number}",
            "placed_at": WHEN,
            "updated_at": WHEN,
            "currency": "USD",
            "customer": {"name": "Ann Lee", "address": Address(country="US", email=f"ann{number}@mail.example")},
            "lines": [
                {"line_id": "1", "sku": "CD-R", "quantity": 2, "price": "9"},
                {"line_id": "2", "sku": "LP", "quantity": 1, "price": "5"},
            ],
            "sourcing": [{"line_id": "2", "node": "DC1", "quantity": 1, "document": f"FO-{number}"}],
        }
    )
    ship = FulfillmentOrder.model_validate(
        {**fields, "lines": [{**line, "sku": "LP", "quantity": 1, "channel_line": "2"}]}
    )
    bought = PurchaseOrder.model_validate({**fields, **purchase, "lines": [{**line, "channel_line": "1"}]})
    first = bought.changed(lines=(bought.lines[0].changed(quantity=Decimal(3)),))
    received = Shipment(
        order_number=f"PO-{number}", shipment_number=f"S{number}", shipped_at=WHEN, lines=(ShipmentLine(**line),)
    )
    left = Fulfilment(
        fulfilment_id=f"SH{number}",
        channel="shop",
        channel_order=f"{number}",
        node="ACME",
        tracking="1Z",
        lines=(FulfilmentLine(channel_line="1", sku="CD-R", quantity=Decimal(2)),),
    )
    bill = Invoice(
        invoice_number=f"I{number}", order_number=f"PO-{number}", lines=(InvoiceLine(**line, price=Decimal(4)),)
    )
    counted = StockAdjustment(number=f"A{number}", sku="DVD-R", location="DC1", change=Decimal(-1))
    moved = TransferOrder(
        number=f"TR{number}",
        source="DC1",
        target="DC2",
        ordered_at=WHEN,
        lines=(TransferLine(sku="CD-R", quantity=Decimal(1)),),
    )
    yield Kind.SALES_ORDER, "sales_orders", f"SO{number}-booked-1", order
    yield Kind.SHIP_ORDER, "ship_orders", f"FO-{number}", ship
    yield Kind.PURCHASE_ORDER, "purchase_orders", f"PO-{number}-booked", first
    yield Kind.PURCHASE_ORDER, "purchase_orders", f"PO-{number}-booked-2", bought
    yield Kind.SHIPMENT, "receipts", f"S{number}-booked", received
    yield Kind.FULFILMENT, "fulfilments", f"S{number}-booked-out", left
    yield Kind.INVOICE, "bills", f"I{number}-booked", bill
    yield Kind.TRANSFER_ORDER, "transfer_orders", f"TR{number}", moved
    yield Kind.STOCK_ADJUSTMENT, "adjustments", f"A{number}-booked", counted


@pytest.fixture
def account() -> Iterator[RunningNetSuite]:
    with RunningNetSuite() as running:
        yield running


@pytest.fixture
def folder(account: RunningNetSuite, tmp_path: Path) -> Path:
    """A hub of one partner, live from the beginning."""

    def fill(service: Service) -> tuple[str, str, str]:
        books = service.books
        east, far = books.add_location("East"), books.add_location("Elsewhere")
        for sku in ("CD-R", "LP", "DVD-R"):
            books.set_level(books.add_item(sku).id, east.id, "1000")
        return east.id, far.id, books.add_vendor("ACME", "Acme", Namespaces(ENDPOINT)).id

    east, far, vendor = account.ask(fill)
    add_partner(account, tmp_path, ABOUT, CONNECTION.format(east=east, far=far, vendor=vendor))
    open_live(tmp_path).close()
    return tmp_path


def enqueue(folder: Path, number: int) -> None:
    hub = Hub(load_config(folder / "crossdock.toml"))
    with hub.store.write() as tx:
        for kind, document, key, record in one_of_each(number):
            deliveries.enqueue(tx, NewDelivery("erp", document, kind, f"set:{number}", key, record), hub.clock.now())
    hub.close()


def states(folder: Path) -> Counter[str]:
    """How many deliveries are in each state; fails with the reason as soon as one has parked."""
    with closing(sqlite3.connect(folder / "data" / "crossdock.db", timeout=30)) as database:
        rows = database.execute("SELECT state, key, error FROM delivery").fetchall()
    parked = [row for row in rows if row[0] == DeliveryState.PARKED]
    assert not parked, parked
    return Counter(row[0] for row in rows)


def run_until_killed(folder: Path, kill_at: str, seconds: float = 120) -> bool:
    """Start a daemon that kills itself at a boundary; false when it had nothing more to do and never got there."""
    hub = HubProcess(folder, {**os.environ, VARIABLE: kill_at})
    until, done = time.monotonic() + seconds, {DeliveryState.CONFIRMED.value}
    while not hub.ended:
        if set(states(folder)) <= done:
            hub.stop()
            return False
        assert time.monotonic() < until, f"{kill_at}: neither died nor finished: {states(folder)}"
        time.sleep(0.2)
    return True


@pytest.mark.journey
@pytest.mark.timeout(900)
def test_kills_and_lost_replies_leave_one_record_for_every_write(account: RunningNetSuite, folder: Path) -> None:
    for number, boundary in enumerate(BOUNDARIES, start=1):
        enqueue(folder, number)
        assert run_until_killed(folder, f"netsuite.{boundary}:{number % 3 + 2}"), boundary
    account.mood(Mood.LOST_REPLY, for_calls=5)
    enqueue(folder, len(BOUNDARIES) + 1)
    hub = HubProcess(folder)
    until = time.monotonic() + 180
    while set(states(folder)) != {"confirmed"}:
        assert time.monotonic() < until, states(folder)
        try:
            hub.check()
        except ProcessFailed as error:
            pytest.fail(f"the daemon ended: {error}")
        time.sleep(0.5)
    hub.stop()
    expect_one_of_each(account, len(BOUNDARIES) + 1)


def expect_one_of_each(account: RunningNetSuite, rounds: int) -> None:
    for type_ in TYPES:
        kept: list[Book] = account.ask(lambda service, wanted=type_: list(service.books.of(wanted)))
        assert len({each.external_id for each in kept}) == len(kept) == rounds, type_
    bought = account.ask(lambda service: [row for each in service.books.of("PurchaseOrder") for row in lines(each)])
    quantities = ("quantity", "quantityReceived", "quantityBilled")
    assert {tuple(text(row, name) for name in quantities) for row in bought} == {("2", "2", "2")}
    levels = account.ask(lambda service: {service.books.items[item].name: level for (item, _), level in _east(service)})
    assert levels["DVD-R"].on_hand == 1000 - rounds
    assert levels["LP"].committed == rounds


def _east(service: Service) -> list[tuple[tuple[str, str], object]]:
    first = min(service.books.locations)
    return [(at, level) for at, level in service.books.levels.items() if at[1] == first]
