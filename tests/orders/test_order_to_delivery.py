"""An order comes in, is routed, and its documents wait to go out: all in one step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.model.document import Kind
from hub.model.node import NodeKind


def test_an_order_becomes_one_purchase_order_to_the_cheapest_supplier(world: Any) -> None:
    world.source_of("acme", "CUP", 50, "10")
    world.source_of("globex", "CUP", 50, "8")
    assert world.order(lines={"L1": ("CUP", 3)})
    assert world.where() == {("allocated", "GLOBEX"): 3}
    (delivery,) = world.outgoing()
    assert (delivery.connection, delivery.kind, delivery.entity) == (
        "globex",
        Kind.PURCHASE_ORDER,
        f"purchase:{delivery.key}",
    )
    assert delivery.record.lines[0].unit_cost == Decimal(8)
    assert delivery.record.lines[0].supplier_sku == "globex-CUP"
    assert delivery.record.lines[0].channel_line == "L1"
    assert delivery.record.channel_number == "#1001"


def test_the_price_is_compared_in_our_currency_and_written_in_the_suppliers(world: Any) -> None:
    world.source_of("acme", "CUP", 50, "10")
    world.source_of("rhein", "CUP", 50, "7", currency="EUR")  # 8.75 USD
    world.order(lines={"L1": ("CUP", 1)})
    (delivery,) = world.outgoing()
    assert (delivery.connection, delivery.record.currency) == ("rhein", "EUR")
    assert delivery.record.lines[0].unit_cost == Decimal(7)


def test_our_own_warehouse_gets_a_ship_order_without_prices(world: Any) -> None:
    world.supplier("dc", NodeKind.WAREHOUSE)
    world.stocks("DC", "CUP", 5)
    world.owns("CUP", "2")
    world.order(lines={"L1": ("CUP", 2)})
    (delivery,) = world.outgoing()
    assert (delivery.kind, delivery.connection) == (Kind.SHIP_ORDER, "dc")
    assert delivery.record.lines[0].unit_cost is None


def test_two_orders_never_get_the_same_units(world: Any) -> None:
    world.source_of("acme", "CUP", 5)
    world.order("1", lines={"L1": ("CUP", 4)})
    world.order("2", lines={"L1": ("CUP", 4)})
    assert world.where("1") == {("allocated", "ACME"): 4}
    assert world.where("2") == {("allocated", "ACME"): 1, ("backordered", ""): 3}
    assert world.status("2") == "stuck"


def test_the_status_is_released_when_the_partner_has_the_document(world: Any) -> None:
    world.source_of("acme", "CUP", 5)
    world.order(lines={"L1": ("CUP", 4)})
    world.deliver()
    assert world.where() == {("released", "ACME"): 4}
    assert world.status() == "in_progress"
