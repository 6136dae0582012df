"""Several orders over one supply."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.model.node import NodeCosts
from hub.routing.batch.joint import solve_batch
from hub.routing.batch.result import Question
from hub.routing.frozen import freeze, thaw
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from tests.routing.instances import AT, a_node

RULES = RoutingRules()


def a_batch(have: str = "1") -> list[Question]:
    """Two orders for one SKU: both are cheapest from A, which has too little; only the first could do with B."""
    nodes = [a_node(code, costs=NodeCosts(freight_base=Decimal(5))) for code in "AB"]
    network = Network(nodes)
    shelf = network.shelf("K", [Offer("A", "K", Decimal(have), Decimal(10)), Offer("B", "K", Decimal(9), Decimal(10))])
    far = {"one": {"A": "0", "B": "1"}, "two": {"A": "0", "B": "1500"}}
    return [
        Question(
            Problem(
                order_id=order_id,
                currency="USD",
                at=AT,
                wants=(Want("L", "K", Decimal(1), Decimal(500)),),
                nodes=network,
                offers=tuple(shelf.by_node.values()),
                distances={code: Decimal(km) for code, km in distances.items()},
            ),
            RULES,
        )
        for order_id, distances in far.items()
    ]


def test_every_decision_of_a_batch_is_made_again_from_its_stored_question() -> None:
    for routed in solve_batch(a_batch()).routed:
        assert solve(thaw(freeze(routed.problem)), RULES) == routed.decision


def test_orders_that_see_different_stock_are_no_batch() -> None:
    with pytest.raises(ValueError, match="A has 2 of K here and 1 in another order"):
        solve_batch([a_batch()[0], a_batch("2")[1]])
