"""Orders of one customer to one address that wait go on together, in one parcel wherever that is cheaper."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.place import Address, Party
from hub.routing.frozen import thaw
from hub.routing.rules import load_rules
from hub.routing.solve import solve
from hub.services import explain
from hub.services.selling import due, orders
from hub.store import decisions
from tests.orders.conftest import PLACED, Rules, World

ANNA = Party(code="77", name="Anna")
HOME = Address(country="US", city="Chicago", street="1 Lake St", name="Anna")
WAIT = '[[workflows]]\nname = "w"\nsteps = [{ do = "wait", minutes = 30 }]\n'


@pytest.fixture
def two(world: World, rules: Rules) -> World:
    """MUG is at both places, and a little cheaper to send from the near one; CUP is at the far one alone."""
    rules(WAIT)
    world.supplier("near", NodeKind.WAREHOUSE, freight="5")
    world.supplier("far", NodeKind.WAREHOUSE, freight="6")
    for sku in ("MUG", "CUP"):
        world.owns(sku)
        world.stocks("FAR", sku, 9)
    world.stocks("NEAR", "MUG", 9)
    return world


def place(world: World, number: str, sku: str, minutes: int = 0, **fields: Any) -> None:
    given = {"customer": ANNA, "ship_to": HOME, "placed_at": PLACED + timedelta(minutes=minutes), **fields}
    world.order(number, lines={"1": (sku, 1)}, **given)


def until(world: World, minutes: int) -> None:
    """Let the clock go on to so many minutes after the first order was placed."""
    left = (PLACED + timedelta(minutes=minutes) - world.clock.now()).total_seconds()
    world.clock.advance(max(0, left))


def notes(world: World) -> dict[str, str]:
    rows = [row for number in ("1001", "1002") for row in world.outgoing(number=number)]
    rows = [row for row in rows if row.kind in (Kind.SHIP_ORDER, Kind.PURCHASE_ORDER)]
    return {str(row.doc["channel_number"]): str(row.doc["note"]) for row in rows}


def test_orders_that_wait_for_each_other_go_in_one_parcel_from_where_that_is_cheaper(two: World) -> None:
    place(two, "1001", "MUG")
    place(two, "1002", "CUP", 10)
    until(two, 30)
    due.look(two.desk)
    assert two.where("1001") == two.where("1002") == {("allocated", "FAR"): 1}
    assert notes(two) == {
        "#1001": "TOGETHER: in one parcel with #1002",
        "#1002": "TOGETHER: in one parcel with #1001",
    }
    with two.store.read() as tx:
        told = [explain.explain(tx, two.desk, two.id_of(number)) for number in ("1001", "1002")]
    freight = sorted(Decimal(each["lines"][0]["sources"][0]["costs"]["freight"]) for each in told)
    assert freight == [0, 6]
    assert "in one parcel with another order of the customer's" in told[0]["lines"][0]["sources"][0]["words"]
    assert told[1]["gates"][0]["opened_by"] == "goes with #1001"


def test_each_decision_gives_the_same_answer_again(two: World) -> None:
    place(two, "1001", "MUG")
    place(two, "1002", "CUP", 10)
    until(two, 30)
    due.look(two.desk)
    for number in ("1001", "1002"):
        (kept,) = two.read(lambda tx, number=number: decisions.of_order(tx, two.id_of(number)))
        again = solve(thaw(kept.problem), load_rules(kept.problem["rules"]))
        assert (again.choices, again.input_hash) == (kept.decision.choices, kept.decision.input_hash)


@pytest.mark.parametrize(
    "other",
    [
        {"customer": Party(code="78", name="Bea")},
        {"ship_to": HOME.changed(street="2 Lake St")},
        {"service": "Express"},
        {"customer": Party(), "ship_to": Address(country="US", city="Chicago")},
    ],
)
def test_who_is_somebody_else_or_elsewhere_waits_alone(two: World, other: dict[str, Any]) -> None:
    place(two, "1001", "MUG")
    place(two, "1002", "CUP", 10, **other)
    until(two, 30)
    due.look(two.desk)
    assert two.where("1001") == {("allocated", "NEAR"): 1}
    assert two.where("1002") == {("held", ""): 1}
    assert notes(two) == {"#1001": ""}


def test_an_order_that_somebody_holds_is_not_taken_along(two: World) -> None:
    place(two, "1001", "MUG")
    place(two, "1002", "CUP", 10)
    with two.store.write() as tx:
        orders.hold(tx, two.desk, two.id_of("1002"), "call her", "ann")
    until(two, 30)
    due.look(two.desk)
    assert two.where("1001") == {("allocated", "NEAR"): 1}
    assert two.where("1002") == {("held", ""): 1}


def test_a_merchant_may_let_them_wait_each_for_itself(two: World, rules: Rules) -> None:
    rules(WAIT.replace("minutes = 30", "minutes = 30, together = false"))
    place(two, "1001", "MUG")
    place(two, "1002", "CUP", 10)
    until(two, 30)
    due.look(two.desk)
    assert two.where("1002") == {("held", ""): 1}


def test_suppliers_ship_each_order_by_itself(two: World) -> None:
    two.source_of("acme", "HAT", 9)
    place(two, "1001", "HAT")
    place(two, "1002", "HAT", 10)
    until(two, 30)
    due.look(two.desk)
    assert two.where("1001") == two.where("1002") == {("allocated", "ACME"): 1}
    assert notes(two) == {"#1001": "", "#1002": ""}
