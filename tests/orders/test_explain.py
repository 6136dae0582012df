"""One look answers where an order is and why it comes from there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.purchase import Outcome
from hub.model.shipment import ShipmentLine
from hub.routing.rules import RoutingRules
from hub.services import explain
from hub.store.tables import decision


def told(world: Any, reference: str = "1001") -> dict[str, Any]:
    found: dict[str, Any] = world.read(lambda tx: explain.explain(tx, world.desk, reference))
    return json.loads(json.dumps(found)) and found


def test_a_line_shows_its_source_its_costs_and_every_other_node(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.source_of("globex", "CUP", 50, "9")
    quick_world.source_of("initech", "CUP", 2, "1")
    quick_world.order(lines={"L1": ("CUP", 5)})
    (line,) = told(quick_world)["lines"]
    (source,) = line["sources"]
    assert (source["node"], source["quantity"], source["costs"]["item"]) == ("ACME", "5", "40")
    assert Decimal(source["total"]) == sum(Decimal(part) for part in source["costs"].values())
    others = {other["node"]: other for other in line["others"]}
    assert others["GLOBEX"]["extra_cost"] == "5"
    assert others["INITECH"]["rule"] == "stock"


def test_a_partner_that_cannot_take_orders_is_named_with_the_rule(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.source_of("mute", "CUP", 50, "1")
    del quick_world.directory.out["mute", Kind.PURCHASE_ORDER]
    quick_world.stocks("GHOST", "CUP", 9)
    quick_world.order(lines={"L1": ("CUP", 5)})
    others = {other["node"]: other["rule"] for other in told(quick_world)["lines"][0]["others"]}
    assert others == {"MUTE": "partner cannot take orders", "GHOST": "unknown node"}


@pytest.mark.parametrize(
    ("price", "fields", "rule"),
    [("1", {"active": False}, "not in its catalogue"), ("1", {"currency": "CHF"}, "no exchange rate")],
)
def test_a_supplier_that_cannot_be_bought_from_is_named_with_the_rule(
    quick_world: Any, price: str, fields: dict[str, Any], rule: str
) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.supplier("dear")
    quick_world.stocks("DEAR", "CUP", 50)
    quick_world.sells("dear", "CUP", price, **fields)
    quick_world.order(lines={"L1": ("CUP", 5)})
    assert {other["node"]: other["rule"] for other in told(quick_world)["lines"][0]["others"]} == {"DEAR": rule}


def test_a_rejection_shows_both_decisions_and_the_refusing_node(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.source_of("globex", "CUP", 50, "9")
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.deliver()
    quick_world.answers(quick_world.document("ACME"), outcome=Outcome.REJECTED)
    whole = told(quick_world, "#1001")
    (line,) = whole["lines"]
    assert [source["node"] for source in line["sources"]] == ["ACME", "GLOBEX"]
    assert {other["node"]: other["rule"] for other in line["others"]} == {"ACME": "excluded"}
    assert [document["state"] for document in whole["documents"]] == ["rejected", "issued"]
    assert [delivery["state"] for delivery in whole["deliveries"]] == ["confirmed", "queued"]


def test_a_decision_is_explained_by_the_rules_it_was_made_by(quick_world: Any) -> None:
    quick_world.desk = replace(quick_world.desk, rules=RoutingRules(split_penalty=Decimal(100)))
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.source_of("globex", "CUP", 50, "9")
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.desk = replace(quick_world.desk, rules=RoutingRules())
    whole = told(quick_world)
    assert whole["decisions"][0]["note"] == ""
    assert [other["extra_cost"] for other in whole["lines"][0]["others"]] == ["5"]


def test_a_full_node_is_passed_over_today(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8", capacity_per_day=1)
    quick_world.source_of("globex", "CUP", 50, "9")
    quick_world.order("1", lines={"L1": ("CUP", 1)})
    quick_world.order("2", lines={"L1": ("CUP", 1)})
    assert quick_world.where("1") == {("allocated", "ACME"): 1}
    assert quick_world.where("2") == {("allocated", "GLOBEX"): 1}
    assert told(quick_world, "2")["lines"][0]["others"][0]["rule"] == "capacity"


def test_what_the_customer_collects_stays_at_its_store(quick_world: Any) -> None:
    quick_world.owns("CUP")
    quick_world.supplier("store", NodeKind.STORE, pick_up=True)
    quick_world.supplier("dc", NodeKind.WAREHOUSE)
    quick_world.stocks("STORE", "CUP", 3)
    quick_world.stocks("DC", "CUP", 50)
    order = quick_world.made(lines={"L1": ("CUP", 2)})
    quick_world.says(order.changed(lines=(order.lines[0].changed(pick_up_node="STORE"),)))
    assert quick_world.where() == {("allocated", "STORE"): 2}


def test_an_order_is_found_by_our_id_the_shops_id_and_its_number(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50)
    quick_world.says(quick_world.made(lines={"L1": ("CUP", 5)}).changed(number="#77"))
    for reference in ("SO100001", "1001", "#77", "77"):
        shown = quick_world.read(lambda tx, reference=reference: explain.show(tx, quick_world.desk, reference))
        assert shown["order"]["id"] == "SO100001"
    with pytest.raises(LookupError, match="there is no order"):
        told(quick_world, "78")


def test_a_number_that_two_orders_bear_is_not_guessed(quick_world: Any) -> None:
    for order_id in ("1", "2"):
        quick_world.says(quick_world.made(order_id, lines={"L1": ("CUP", 5)}).changed(number="#7"))
    with pytest.raises(LookupError, match="several orders"):
        told(quick_world, "#7")


def test_rules_that_cannot_be_read_any_more_are_replaced_by_todays_and_it_says_so(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.source_of("globex", "CUP", 50, "9")
    quick_world.order(lines={"L1": ("CUP", 5)})
    with quick_world.store.write() as tx:
        kept = tx.execute(select(decision.c.problem)).scalar_one()
        tx.execute(update(decision).values(problem=kept | {"rules": {"a_rule_of_old": 1}}))
    whole = told(quick_world)
    assert "today's rules" in whole["decisions"][0]["note"]
    assert whole["lines"][0]["others"][0]["extra_cost"] == "5"


def test_a_supplier_without_a_price_is_named_with_the_rule(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.supplier("mum")
    quick_world.stocks("MUM", "CUP", 50)
    quick_world.order(lines={"L1": ("CUP", 5)})
    assert {other["node"]: other["rule"] for other in told(quick_world)["lines"][0]["others"]} == {"MUM": "price"}


def test_a_shipped_order_shows_its_shipment_and_its_events(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.deliver()
    quick_world.order(lines={"L1": ("CUP", 3)}, at=1)
    quick_world.ships(quick_world.document("ACME"), tracking="1Z", carrier="UPS")
    whole = told(quick_world)
    assert [(each["number"], each["carrier"]) for each in whole["shipments"]] == [("S1", "UPS")]
    assert "line.cancel_requested" in [each["name"] for each in whole["events"]]


def test_what_left_shows_what_is_in_which_package_and_of_which_lot(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8")
    quick_world.order(lines={"L1": ("CUP", 5)})
    quick_world.deliver()
    parts = (
        ShipmentLine(
            line_number=1, quantity="2", tracking="1Z1", lot="B1", expires_at=datetime(2027, 5, 31, tzinfo=UTC)
        ),
        ShipmentLine(line_number=1, quantity="3", tracking="1Z2", sscc="00006141410000000029"),
    )
    quick_world.ships(quick_world.document("ACME"), *parts)
    assert told(quick_world)["shipments"][0]["lines"] == [
        {"line": 1, "quantity": "2", "tracking": "1Z1", "lot": "B1", "expires_at": "2027-05-31T00:00:00+00:00"},
        {"line": 1, "quantity": "3", "tracking": "1Z2", "sscc": "00006141410000000029"},
    ]
    assert [
        (each.record.tracking, each.record.lines[0].quantity) for each in quick_world.outgoing(Kind.FULFILMENT)
    ] == [("1Z1", 2), ("1Z2", 3)]
