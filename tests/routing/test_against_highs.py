"""The partition programme and the branch and bound against HiGHS, on orders too large to try everything."""

from __future__ import annotations

import os
import random
from decimal import Decimal

import pytest

from hub.model.place import Coordinates
from hub.routing.jobs import sort
from hub.routing.jointly import jointly
from hub.routing.offer import Offer
from hub.routing.plan import HIGHS, SEARCH, landed
from hub.routing.problem import Network, Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.scene import Scene, goods_of
from hub.routing.solve import plan, solve
from tests.routing.instances import AT, a_node, cents
from tests.routing.instances import NodeCosts as Costs

#: HiGHS at once: no programme, no search.
HIGHS_ONLY = {"exact_lines": 1, "search_limit": 0}
_SOAK = 10_000 if os.environ.get("CROSSDOCK_SOAK") else 0


def an_order(seed: int, lines: int, nodes: int) -> Problem:
    """Return an order that no one node can send, so that there is something to choose."""
    dice = random.Random(seed)
    made = [
        a_node(
            f"N{number:02d}",
            costs=Costs(
                per_order=cents(dice, 50, 300),
                per_line=cents(dice, 0, 50),
                freight_base=cents(dice, 300, 700),
                freight_per_km=Decimal("0.0018"),
                freight_per_kg=cents(dice, 20, 120),
            ),
            coordinates=Coordinates(latitude=dice.uniform(27, 47), longitude=dice.uniform(-120, -75)),
        )
        for number in range(nodes)
    ]
    skus = [f"K{line}" for line in range(lines)]
    offers = [
        Offer(node.code, sku, Decimal(dice.randint(1, 4)), cents(dice, 500, 900))
        for sku in skus
        for node in made
        if dice.random() < 0.4
    ]
    return Problem(
        order_id=f"SO{seed}",
        currency="USD",
        at=AT,
        wants=tuple(Want(f"L{sku}", sku, Decimal(dice.randint(1, 2)), Decimal(dice.randint(50, 4000))) for sku in skus),
        nodes=Network(made),
        offers=tuple(offers),
        destination=Coordinates(latitude=40.7, longitude=-74.0),
    )


def agree(seed: int, lines: int, nodes: int, **rules: object) -> None:
    problem = an_order(seed, lines, nodes)
    ours = solve(problem, RoutingRules().changed(**rules))
    theirs = solve(problem, RoutingRules().changed(**rules, **HIGHS_ONLY))
    assert (ours.total, len(ours.choices)) == (theirs.total, len(theirs.choices)), (seed, lines, nodes)
    assert ours.optimal, (seed, lines, nodes)


@pytest.mark.parametrize("lines", [2, 4, 6, 8])
def test_the_partition_programme_costs_what_highs_costs(lines: int) -> None:
    for seed in range(40):
        agree(seed, lines, nodes=12)


def test_the_search_over_nodes_costs_what_highs_costs() -> None:
    for seed in range(40):
        agree(seed, lines=14, nodes=15)


def test_with_few_parcels_allowed_the_programme_and_the_general_model_agree() -> None:
    for seed in range(60):
        lines = 9 if seed >= 40 else 5
        scene = Scene(an_order(seed, lines, nodes=8), RoutingRules(max_splits=seed % 3))
        ours, theirs = plan(scene), jointly(scene, sort(scene, goods_of(scene.problem.wants, scene.rules)))
        assert landed(scene, ours.parts) == landed(scene, theirs.parts), seed
        assert sum(part.nanos for part in ours.parts) == sum(part.nanos for part in theirs.parts), seed


def test_a_large_order_in_few_parcels_is_left_to_the_general_model() -> None:
    for seed in range(5):
        problem = an_order(seed, lines=14, nodes=6)
        decision = solve(problem, RoutingRules(max_splits=1))
        assert (decision.method, decision.optimal) == (HIGHS, True), seed
        assert len({choice.node for choice in decision.choices}) <= 2
        said = "the order may go in 2 parcels at the most, and others fill more of it"
        assert said in {each.reason for each in decision.unfilled}


def test_an_order_too_large_for_highs_says_how_far_it_may_be_from_the_best() -> None:
    decision = solve(an_order(1, lines=220, nodes=100), RoutingRules(search_limit=400_000))
    assert decision.method == SEARCH
    assert not decision.optimal
    assert decision.bound is not None
    assert decision.total * Decimal("0.95") < decision.bound < decision.total


@pytest.mark.soak
def test_soak_ten_thousand_orders_cost_what_highs_costs() -> None:
    for seed in range(1000, 1000 + _SOAK):
        agree(seed, lines=2 + seed % 18, nodes=3 + seed % 30)
