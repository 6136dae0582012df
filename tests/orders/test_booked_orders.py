"""What an ERP is told of an order: who ships what, once, and nothing that it knows of itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.node import Node, NodeKind
from hub.model.partner import Agreement, Partner, Role
from hub.model.purchase import AcknowledgementLine, Invoice, InvoiceLine
from hub.model.shipment import ShipmentLine
from hub.model.state import DeliveryState
from hub.model.stock import StockAdjustment
from hub.services.selling import orders
from hub.services.trade import adjustments, invoices
from hub.store import deliveries
from hub.store.delivery_row import Delivery
from tests.orders.conftest import made_order

TAKEN = (Kind.SALES_ORDER, Kind.PURCHASE_ORDER, Kind.SHIPMENT, Kind.FULFILMENT, Kind.INVOICE, Kind.STOCK_ADJUSTMENT)


@pytest.fixture
def books(quick_world: Any) -> Any:
    """A world with an ERP that takes everything and has a vendor of its own, and a supplier of cups."""
    vendor = Node(code="ERP-V8", kind=NodeKind.SUPPLIER, partner="erp")
    erp = Partner(code="erp", role=Role.WAREHOUSE, agreement=Agreement(acknowledges=False), nodes=(vendor,))
    quick_world.directory.known["erp"] = erp
    quick_world.directory.out |= {("erp", kind): kind.value for kind in TAKEN}
    quick_world.source_of("acme", "CUP", 5)
    return quick_world


def told(world: Any, kind: Kind) -> list[Delivery]:
    with world.store.read() as tx:
        rows = deliveries.search(tx, connection="erp", kind=kind)
    return sorted((row for row in rows if row.state is not DeliveryState.SUPERSEDED), key=lambda row: row.id)


def test_an_order_is_booked_with_who_ships_what(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 3)})
    (row,) = told(books, Kind.SALES_ORDER)
    (sourced,) = row.record.sourcing
    assert (sourced.line_id, sourced.node, sourced.quantity) == ("L1", "ACME", Decimal(3))
    assert sourced.document == books.document("ACME")


def test_an_order_that_says_nothing_new_is_not_booked_again_and_a_newer_word_takes_its_place(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 3)})
    books.order(lines={"L1": ("CUP", 3)}, at=5)
    assert [row.key.rpartition("-")[2] for row in told(books, Kind.SALES_ORDER)] == ["1"]
    books.order(lines={"L1": ("CUP", 2)}, at=9)
    (row,) = told(books, Kind.SALES_ORDER)
    assert row.key.endswith("-2")
    assert row.record.lines[0].quantity == Decimal(2)


def test_an_order_that_is_routed_elsewhere_is_booked_again(books: Any) -> None:
    books.source_of("globex", "CUP", 5, "11")
    books.order(lines={"L1": ("CUP", 3)})
    number = books.document("ACME")
    books.deliver()
    books.answers(number, outcome="rejected")
    assert [row.record.sourcing[0].node for row in told(books, Kind.SALES_ORDER)] == ["ACME", "GLOBEX"]


def test_an_order_of_the_erps_own_is_not_booked_there(books: Any) -> None:
    with books.store.write() as tx:
        order = made_order("7", lines={"L1": ("CUP", 1)}).changed(channel="erp")
        orders.apply(tx, books.desk, books.source("erp", "orders"), order)
    assert told(books, Kind.SALES_ORDER) == []


def test_a_held_order_is_booked_when_it_is_free(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 1)}, hold="not paid yet")
    assert told(books, Kind.SALES_ORDER) == []
    books.order(lines={"L1": ("CUP", 1)}, at=5)
    assert len(told(books, Kind.SALES_ORDER)) == 1


def test_what_the_erps_own_vendor_ships_is_neither_received_nor_fulfilled_nor_billed_once_more(books: Any) -> None:
    books.stocks("ERP-V8", "LAMP", 9)
    books.sells("erp", "LAMP", "3")
    books.order(lines={"L1": ("LAMP", 1)})
    (asked,) = told(books, Kind.PURCHASE_ORDER)
    books.deliver()
    books.ships(asked.key, tracking="1Z")
    line = InvoiceLine(line_number=1, sku="LAMP", quantity=Decimal(1), price=Decimal(3))
    bill = Invoice(invoice_number="I1", order_number=asked.key, lines=(line,))
    with books.store.write() as tx:
        invoices.apply(tx, books.desk, books.source("erp", "invoices"), bill)
    assert told(books, Kind.PURCHASE_ORDER)[0].key == asked.key
    later = [told(books, kind) for kind in (Kind.SHIPMENT, Kind.FULFILMENT, Kind.INVOICE)]
    assert (later, len(told(books, Kind.PURCHASE_ORDER))) == ([[], [], []], 1)


def bought(world: Any) -> list[tuple[str, list[int], bool]]:
    """What the ERP was told of purchase orders: key, quantities, whether it is cancelled."""
    return [
        (row.key, [int(line.quantity) for line in row.record.lines], row.record.cancelled)
        for row in told(world, Kind.PURCHASE_ORDER)
    ]


def test_a_supplier_that_gives_less_is_booked_with_what_it_gives(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 3)})
    number = books.document("ACME")
    books.deliver()
    books.answers(number, AcknowledgementLine(line_number=1, quantity=Decimal(2), outcome="changed"))
    books.answers(number, AcknowledgementLine(line_number=1, quantity=Decimal(2), outcome="changed"))
    assert bought(books) == [(f"{number}-booked", [3], False), (f"{number}-booked-2", [2], False)]
    assert len({row.entity for row in told(books, Kind.PURCHASE_ORDER)}) == 1


def test_a_purchase_order_that_its_supplier_cancels_is_cancelled_in_the_books(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 3)})
    number = books.document("ACME")
    books.deliver()
    books.answers(number, outcome="rejected")
    assert bought(books) == [(f"{number}-booked", [3], False), (f"{number}-booked-2", [3], True)]


def test_a_purchase_order_that_never_was_one_is_not_booked_as_cancelled(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 3)})
    number = books.document("ACME")
    books.in_doubt(number)
    books.answers(number, outcome="rejected")
    assert bought(books) == []


def test_a_change_counts_in_the_books_when_the_supplier_has_agreed_to_it(books: Any) -> None:
    books.directory.out["acme", Kind.PURCHASE_ORDER_CHANGE] = "changes"
    books.order(lines={"L1": ("CUP", 3)})
    number = books.document("ACME")
    books.deliver()
    books.accepts(number)
    books.order(lines={"L1": ("CUP", 1)}, at=9)
    books.deliver()
    assert bought(books) == [(f"{number}-booked", [3], False)]  # it may ship all of it still
    books.answers(number, AcknowledgementLine(line_number=1, quantity=Decimal(1)), change_number="1")
    assert bought(books)[1:] == [(f"{number}-booked-2", [1], False)]


def test_what_comes_short_is_owed_no_more_in_the_books(books: Any) -> None:
    books.order(lines={"L1": ("CUP", 3)})
    number = books.document("ACME")
    books.deliver()
    books.accepts(number)
    books.ships(number, ShipmentLine(line_number=1, quantity=Decimal(2), short=Decimal(1)))
    assert bought(books) == [(f"{number}-booked", [3], False), (f"{number}-booked-2", [2], False)]
    (received,) = told(books, Kind.SHIPMENT)
    assert received.id > told(books, Kind.PURCHASE_ORDER)[-1].id


def test_a_correction_of_a_count_is_booked_once_and_changes_no_figure(books: Any) -> None:
    record = StockAdjustment(number="A1", sku="CUP", change=Decimal(-2), reason="dropped")
    with books.store.write() as tx:
        source = books.source("acme", "adjustments")
        assert adjustments.apply(tx, books.desk, source, record)
        assert not adjustments.apply(tx, books.desk, source, record)
    (row,) = told(books, Kind.STOCK_ADJUSTMENT)
    assert (row.record.location, row.record.change) == ("ACME", Decimal(-2))


def test_a_correction_at_a_place_that_is_not_the_partners_parks(books: Any) -> None:
    record = StockAdjustment(number="A1", sku="CUP", change=Decimal(1), location="MOON")
    with books.store.write() as tx, pytest.raises(BadRecord, match="MOON is no node of acme"):
        adjustments.apply(tx, books.desk, books.source("acme", "adjustments"), record)
