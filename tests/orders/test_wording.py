"""A decision, and every reason against another node, as a sentence that a person understands."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.model.decision import Alternative, Batched, CostParts, Decision
from hub.model.node import Node
from hub.services.sourcing import wording
from tests.orders.conftest import Rules, World
from tests.orders.test_explain import told as explained

STORE = Node.model_validate({"code": "ST1", "name": "Chicago Loop", "kind": "store", "partner": "stores"})
SINGLE: dict[str, Any] = {"line_id": "1", "node": "ST1"}


def a_decision(**fields: Any) -> Decision:
    given = {"order_id": "SO1", "decided_at": datetime(2026, 11, 20, tzinfo=UTC), "rules_hash": "abcdef0123456789"}
    return Decision.model_validate(given | {"input_hash": "x", "currency": "USD", "total": "12.50"} | fields)


def test_a_node_is_called_by_its_kind_and_name() -> None:
    assert wording.node_words("ST1", STORE) == "ST1 (store Chicago Loop)"
    assert wording.node_words("ST1", STORE.changed(name="", kind="3pl")) == "ST1 (3PL)"
    assert wording.node_words("GONE", None) == "GONE"


def test_a_cost_is_told_with_the_parts_that_it_has() -> None:
    costs = CostParts(item=Decimal(10), freight=Decimal("2.5"), split=Decimal("0.001"))
    assert wording.cost_words(costs, "USD") == "12.50 USD: goods 10.00, freight 2.50, split penalty 0.001"
    assert wording.cost_words(CostParts(), "USD") == "0.00 USD"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"optimal": True},
            "12.50 USD by the rules of the configuration (abcdef01); proven: nothing that sends as much",
        ),
        ({"rule_set": "b2b"}, "12.50 USD by rule set b2b (abcdef01); not proven the least"),
        ({"bound": "12"}, "not proven the least; nothing that sends as much costs less than 12.00"),
    ],
)
def test_a_decision_says_how_sure_it_is(fields: dict[str, Any], words: str) -> None:
    assert words in wording.decision_words(a_decision(**fields))


def test_a_batch_says_its_gap_and_what_it_saved() -> None:
    money = {"cost": Decimal(1000), "bound": Decimal(995), "one_at_a_time": Decimal(1050)}
    batch = Batched(number="B7", orders=40, status="limit", **money)
    told = wording.decision_words(a_decision(batch=batch))
    assert "together with 39 other orders in batch B7; at most 0.50% above the least possible" in told
    assert "50.00 USD less than one after the other" in told
    assert "proven: no plan" in wording.batch_words(batch.changed(status="optimal"), "USD")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"rule": "stock", "detail": "has 1 of 2"}, "has 1 of 2"),
        ({"rule": "capacity"}, "capacity"),
        ({"extra_cost": "3.2"}, "the whole order would cost 3.20 USD more"),
        ({"extra_cost": "0"}, "the whole order would cost the same"),
        ({"extra_cost": "-1", "detail": "at most"}, "the whole order would cost 1.00 USD less (at most)"),
        ({}, "was not looked at"),
    ],
)
def test_a_reason_against_a_node_is_a_sentence(fields: dict[str, Any], words: str) -> None:
    assert wording.why_not(Alternative.model_validate(SINGLE | fields), "USD") == words


def test_nodes_with_one_reason_stand_together_and_those_without_the_goods_last() -> None:
    others = [
        {"node_words": "A", "words": "does not carry it"},
        {"node_words": "B", "words": "has 1 of 2"},
        {"node_words": "C", "words": "does not carry it"},
    ]
    assert list(wording.grouped(others)) == ["not B: has 1 of 2", "not A, C: does not carry it"]


def test_scarce_units_have_a_price() -> None:
    other = Alternative.model_validate(SINGLE | {"rule": "stock", "detail": "has 0 of 2"})
    told = wording.why_not(other, "USD", Decimal("1.5"))
    assert told == "has 0 of 2; a unit there is worth about 1.50 USD to other orders"


def test_an_order_tells_its_gates_its_promise_and_its_rule_set(world: World, rules: Rules) -> None:
    rules(
        '[[rules]]\nname = "near"\nrouting.never_nodes = ["BOLT"]\n'
        '[[workflows]]\nname = "w"\norders.tags = "odd"\nsteps = [{ do = "hold", why = "odd" }]\n'
    )
    world.source_of("acme", "MUG", 9)
    world.source_of("bolt", "MUG", 9, price="1")
    world.order("1001", lines={"1": ("MUG", 2)})
    told = explained(world, "1001")
    assert told["decisions"][0]["rule_set"] == "near"
    assert told["order"]["promised_at"] == told["lines"][0]["portions"][0]["promised_at"] is not None
    others = {each["node_words"]: each["words"] for each in told["lines"][0]["others"]}
    assert others == {"BOLT (supplier)": "may not ship this order by the rules"}
    world.order("1002", lines={"1": ("MUG", 2)}, tags={"odd"})
    (gate,) = explained(world, "1002")["gates"]
    assert (gate["gate"], gate["why"], gate["shut"]) == ("w/1", "odd", True)
