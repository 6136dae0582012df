"""The solver against HiGHS on random orders with every rule in play, larger than trying everything can do."""

from __future__ import annotations

import os
from decimal import Decimal

import pytest

from hub.routing.solve import solve
from tests.routing.instances import Shape, random_problem
from tests.routing.milp import by_highs
from tests.routing.oracle import try_everything

SHAPES = (
    Shape(lines=7, nodes=9),
    Shape(lines=5, nodes=7, most_units=4, stock=2),
    Shape(lines=5, nodes=6, most_units=6, stock=3, twists=False),
    Shape(lines=4, nodes=5, most_units=4, stock=3, same_sku=True),
    Shape(lines=5, nodes=7, stock=9, cards=True),
    Shape(lines=6, nodes=8, stock=3, limits=False),
)
_SOAK = 10_000 if os.environ.get("CROSSDOCK_SOAK") else 0
#: HiGHS is exact to its tolerances only; a figure of ours has six decimals.
_SAME = Decimal("0.00001")


def agrees(seed: int) -> bool:
    """Whether the decision says that it is the best; then it costs what HiGHS finds, otherwise no less."""
    problem, rules = random_problem(seed, SHAPES[seed % len(SHAPES)])
    decision, theirs = solve(problem, rules), by_highs(problem, rules)
    filled = sum((choice.quantity for choice in decision.choices), Decimal(0))
    if decision.optimal:
        assert filled == theirs.units, seed
        assert abs(decision.total - theirs.cost) <= _SAME, (seed, decision.total, theirs.cost)
    else:
        assert filled < theirs.units or decision.total >= theirs.cost - _SAME, seed
    return decision.optimal


def test_every_order_costs_what_highs_finds() -> None:
    for seed in range(50_000, 50_180):
        assert agrees(seed), seed


@pytest.mark.soak
def test_soak_ten_thousand_orders_with_every_rule_cost_what_highs_finds() -> None:
    unproven = sum(not agrees(seed) for seed in range(60_000, 60_000 + _SOAK))
    print(f"{unproven} of {_SOAK} not proven")
    assert unproven <= _SOAK * 0.01


def test_highs_as_it_is_asked_here_finds_what_trying_everything_finds() -> None:
    for seed in range(60):
        problem, rules = random_problem(seed, Shape(lines=3, nodes=3, cards=seed % 2 == 0, same_sku=seed % 5 == 0))
        every, highs = try_everything(problem, rules), by_highs(problem, rules)
        assert every.units == highs.units, seed
        assert abs(every.cost - highs.cost) <= _SAME, seed
