"""Goods that a customer collects: ready, told to the shop, collected, closed; and the promised day told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.model.channel import OrderPromise, ReadyForPickup
from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.order import DeliveryMethod, OrderLine, SalesOrder
from hub.model.purchase import Outcome
from hub.model.shipment import Fulfilment, ShipmentLine
from hub.services import explain
from hub.services.selling import pickups
from tests.orders.conftest import World


def pick_up(world: World, at: int = 0, **fulfilled: int) -> SalesOrder:
    """Return an order of two lines that are collected at the store."""
    lines = tuple(
        OrderLine(
            line_id=line,
            sku=sku,
            quantity=Decimal(2),
            fulfilled=Decimal(fulfilled.get(line, 0)),
            pick_up_node="STORE",
        )
        for line, sku in (("l1", "MUG"), ("l2", "CUP"))
    )
    return world.made(lines={}, at=at, method=DeliveryMethod.PICK_UP).changed(lines=lines)


@pytest.fixture
def store(quick_world: World) -> World:
    """An order that a store has, in a shop that tells customers what is ready."""
    world = quick_world
    world.directory.out["shop", Kind.READY_FOR_PICKUP] = "ready"
    world.directory.places |= {("shop", "STORE"): "55"}
    world.supplier("store", kind=NodeKind.STORE, pick_up=True)
    for sku in ("MUG", "CUP"):
        world.owns(sku)
        world.stocks("STORE", sku, 9)
    world.says(pick_up(world))
    world.deliver()
    return world


def sent(world: World) -> str:
    (order,) = world.outgoing(Kind.SHIP_ORDER)
    return str(order.key)


def collected(world: World, actor: str = "ann", why: str = "") -> None:
    with world.store.write() as tx:
        pickups.collected(tx, world.desk, world.id_of(), actor, why)


def test_what_stands_ready_is_told_as_ready_and_not_as_gone(store: World) -> None:
    store.ships(sent(store))
    (told,) = store.outgoing(Kind.READY_FOR_PICKUP)
    assert isinstance(told.record, ReadyForPickup)
    assert (told.record.location, {each.channel_line: each.quantity for each in told.record.lines}) == (
        "55",
        {"l1": 2, "l2": 2},
    )
    assert store.outgoing(Kind.FULFILMENT) == []
    assert (store.where(), store.status()) == ({("shipped", "STORE"): 4}, "shipped")
    with store.store.read() as tx:
        line = explain.show(tx, store.desk, store.id_of())["lines"][0]
    assert line["portions"][0]["reason"] == "ready: the customer collects it"


def test_what_is_finished_in_pieces_is_said_as_a_whole_with_the_last_one(store: World) -> None:
    store.ships(sent(store), ShipmentLine(sku="MUG", quantity=Decimal(2)), name="S1")
    store.ships(sent(store), ShipmentLine(sku="CUP", quantity=Decimal(2)), name="S2")
    first, last = store.outgoing(Kind.READY_FOR_PICKUP)
    assert len(first.record.lines) == 1  # type: ignore[union-attr]
    assert len(last.record.lines) == 2  # type: ignore[union-attr]


def test_an_order_is_closed_when_the_shop_has_it_as_collected(store: World) -> None:
    store.ships(sent(store))
    store.says(pick_up(store, at=5, l1=2))
    assert store.where() == {("delivered", "STORE"): 2, ("shipped", "STORE"): 2}
    store.says(pick_up(store, at=6, l1=2, l2=2))
    assert (store.where(), store.status()) == ({("delivered", "STORE"): 4}, "closed")
    assert store.outgoing(Kind.FULFILMENT) == []


def test_a_person_says_that_it_was_collected_and_the_shop_is_told(store: World) -> None:
    store.ships(sent(store))
    collected(store, why="showed her passport")
    (told,) = store.outgoing(Kind.FULFILMENT)
    assert isinstance(told.record, Fulfilment)
    assert {each.channel_line: each.quantity for each in told.record.lines} == {"l1": 2, "l2": 2}
    assert store.status() == "closed"
    store.says(pick_up(store, at=5, l1=2, l2=2))  # the shop's echo of it
    assert store.where() == {("delivered", "STORE"): 4}
    assert len(store.outgoing(Kind.FULFILMENT)) == 1
    with store.store.read() as tx:
        events = {each["name"]: each for each in explain.show(tx, store.desk, store.id_of())["events"]}
    assert (events["order.collected"]["actor"], events["order.collected"]["detail"]) == (
        "ann",
        {"why": "showed her passport"},
    )


def test_nothing_is_collected_that_does_not_stand_ready(store: World) -> None:
    with pytest.raises(ValueError, match="nothing of order #1001 stands ready"):
        collected(store)


def test_a_shop_that_takes_no_such_word_is_told_that_it_left(store: World) -> None:
    del store.directory.out["shop", Kind.READY_FOR_PICKUP]
    store.ships(sent(store))
    assert len(store.outgoing(Kind.FULFILMENT)) == 1
    collected(store)
    assert len(store.outgoing(Kind.FULFILMENT)) == 1


# --- the promised day ---


def promised(world: World) -> list[str]:
    rows = [each.record for each in world.outgoing(Kind.ORDER_PROMISE)]
    return [f"{row.promised_at:%m-%d}" for row in rows if isinstance(row, OrderPromise)]


def test_the_shop_is_told_the_promised_day_and_each_other_one(quick_world: World) -> None:
    world = quick_world
    world.directory.out["shop", Kind.ORDER_PROMISE] = "promises"
    world.source_of("acme", "MUG", 9)
    world.source_of("bolt", "MUG", 9, price="20")
    world.order(lines={"1": ("MUG", 2)})
    assert promised(world) == ["11-22"]
    world.deliver()
    (order,) = world.outgoing(Kind.PURCHASE_ORDER)
    world.answers(order.key, outcome=Outcome.ACCEPTED)
    assert promised(world) == ["11-22"]
    world.clock.advance(3 * 24 * 3600)
    world.answers(order.key, outcome="rejected", reason="broken")
    assert promised(world)[-1] == "11-25"


def test_a_shop_that_shows_no_promise_is_not_told(quick_world: World) -> None:
    quick_world.source_of("acme", "MUG", 9)
    quick_world.order(lines={"1": ("MUG", 2)})
    assert promised(quick_world) == []
