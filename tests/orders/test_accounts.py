"""An ERP that keeps our books is told what was sold, bought, received and owed, and nothing that did not happen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.partner import Partner, Role
from hub.model.shipment import ShipmentLine
from hub.model.state import LineState
from hub.store.delivery_row import Delivery

BOOKS = {
    Kind.SALES_ORDER: "sales_orders",
    Kind.PURCHASE_ORDER: "purchase_orders",
    Kind.SHIPMENT: "receipts",
    Kind.INVOICE: "bills",
    Kind.FULFILMENT: "fulfilments",
}


@pytest.fixture
def books(world: Any) -> Any:
    """A world with an ERP that takes everything, and two suppliers of A."""
    world.directory.known["erp"] = Partner(code="erp", role=Role.WAREHOUSE)
    world.directory.out |= {("erp", kind): name for kind, name in BOOKS.items()}
    world.source_of("acme", "A", 10)
    world.source_of("globex", "A", 10, price="11")
    return world


def booked(world: Any, kind: Kind) -> list[Delivery]:
    return [each for each in world.outgoing(kind) if each.connection == "erp"]


def test_a_purchase_order_is_booked_when_it_has_left_and_what_follows_goes_behind_it(books: Any) -> None:
    books.order(lines={"L1": ("A", 4)})
    assert booked(books, Kind.PURCHASE_ORDER) == []
    (sold,) = booked(books, Kind.SALES_ORDER)
    assert (sold.doc["order_id"], sold.document) == ("1001", "sales_orders")
    number = books.document("ACME")
    books.deliver()
    books.ships(number, ShipmentLine(line_number=1, quantity=Decimal(3)), name="S1", tracking="1Z")
    (bought,) = booked(books, Kind.PURCHASE_ORDER)
    (received,) = booked(books, Kind.SHIPMENT)
    (left,) = booked(books, Kind.FULFILMENT)
    assert (bought.doc["number"], bought.key) == (number, f"{number}-booked")
    assert [(each.sku, int(each.quantity)) for each in received.record.lines] == [("A", 3)]
    assert bought.entity == received.entity
    assert bought.id < received.id
    assert (left.doc["channel"], left.doc["channel_order"], left.doc["lines"][0]["sku"]) == ("shop", "1001", "A")
    assert left.entity == sold.entity


def test_what_is_booked_never_moves_the_lines_that_it_tells_of(books: Any) -> None:
    books.order(lines={"L1": ("A", 4)})
    books.in_doubt(books.document("ACME"))
    assert booked(books, Kind.PURCHASE_ORDER) == []
    books.accepts(books.document("ACME"))
    (bought,) = booked(books, Kind.PURCHASE_ORDER)
    books.refuse(bought.key, "no such vendor")
    (failure,) = books.failures()
    assert failure.lines == ()
    books.close(failure.id)
    assert books.gone({LineState.ACKNOWLEDGED}) == 4
    assert books.status() == "in_progress"


def test_each_version_of_an_order_is_booked_behind_the_last(books: Any) -> None:
    books.order(lines={"L1": ("A", 4)})
    books.order(lines={"L1": ("A", 2)}, at=1)
    assert not books.order(lines={"L1": ("A", 2)}, at=1)
    assert [int(each.record.lines[0].quantity) for each in booked(books, Kind.SALES_ORDER)] == [4, 2]
    assert len({each.entity for each in booked(books, Kind.SALES_ORDER)}) == 1


def test_ship_orders_to_our_own_nodes_are_not_booked_as_bought(books: Any) -> None:
    del books.directory.known["acme"], books.directory.known["globex"]
    books.directory.out = {key: name for key, name in books.directory.out.items() if key[0] in {"erp", "shop"}}
    books.owns("B")
    books.supplier("depot", kind=NodeKind.WAREHOUSE)
    books.stocks("DEPOT", "B", 5)
    books.order(lines={"L1": ("B", 1)})
    number = books.document("DEPOT")
    books.deliver()
    books.ships(number)
    assert booked(books, Kind.PURCHASE_ORDER) == booked(books, Kind.SHIPMENT) == []
    assert len(booked(books, Kind.FULFILMENT)) == 1
