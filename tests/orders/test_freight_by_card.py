"""Orders routed with a rate card: the packed size of our items counts, and the explanation tells of card and zone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.model.item import Dimensions
from hub.routing.rules import RoutingRules, load_rules
from hub.services.explain import explain

CARD = {
    "rate_cards": [
        {"name": "ground", "nodes": ["ACME"], "steps_kg": [1, 20], "prices": [[4], [30]], "divisor": 5000},
    ]
}


def cards() -> RoutingRules:
    return load_rules(CARD)


def test_a_bulky_item_leaves_from_the_node_that_does_not_charge_for_volume(quick_world: Any) -> None:
    quick_world.desk = replace(quick_world.desk, rules=cards())
    for code in ("acme", "globex"):
        for sku in ("CUP", "LAMP"):
            quick_world.source_of(code, sku, 50, "8")
    quick_world.owns("CUP", weight_g=Decimal(300))
    bulky = Dimensions(length_cm=Decimal(40), width_cm=Decimal(30), height_cm=Decimal(20))
    quick_world.owns("LAMP", weight_g=Decimal(300), dimensions=bulky)
    quick_world.order("1", lines={"L1": ("CUP", 1)})
    quick_world.order("2", lines={"L1": ("LAMP", 1)})
    assert quick_world.where("1") == {("allocated", "ACME"): 1}
    assert quick_world.where("2") == {("allocated", "GLOBEX"): 1}
    told = quick_world.read(lambda tx: explain(tx, quick_world.desk, "2"))
    (other,) = told["lines"][0]["others"]
    assert other["node"] == "ACME"
    assert "freight by rate card ground, zone 1" in other["detail"]
    assert (told["decisions"][0]["optimal"], told["decisions"][0]["bound"]) == (True, None)
