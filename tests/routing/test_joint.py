"""The joint optimum against trying everything, and what must hold of any plan."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from hub.model.decision import Decision
from hub.model.item import ItemFlag
from hub.model.node import NodeCosts
from hub.model.place import Coordinates
from hub.routing.batch.joint import solve_batch
from hub.routing.batch.result import BatchResult, Limits, Question, Status
from hub.routing.frozen import freeze, thaw
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want
from hub.routing.ratecard import RateCard
from hub.routing.rules import RoutingRules
from hub.routing.shelf import Shelves
from hub.routing.solve import solve
from tests.routing.instances import AT, a_node, cents

UNFILLED = Decimal(60)
_SOAK = 400 if os.environ.get("CROSSDOCK_SOAK") else 0
CARD = RateCard(
    name="ground",
    zones_km=(Decimal(500),),
    steps_kg=(Decimal(1), Decimal(5), Decimal(20)),
    prices=((Decimal(5), Decimal(8)), (Decimal(7), Decimal(12)), (Decimal(15), Decimal(22))),
)


def a_batch(seed: int, orders: int, *, nodes: int = 3, cards: bool = False) -> list[Question]:
    """Return orders for a few SKUs of which there is too little, with every limit that a batch knows."""
    dice = random.Random(seed)
    made = [
        a_node(
            f"N{number}",
            costs=NodeCosts(
                per_order=cents(dice, 50, 300), freight_base=cents(dice, 300, 900), freight_per_kg=cents(dice, 10, 120)
            ),
            coordinates=Coordinates(latitude=dice.uniform(30, 45), longitude=dice.uniform(-110, -75)),
            capacity_per_day=dice.choice([None, None, max(1, orders // 2)]),
            handles=frozenset({ItemFlag.HAZMAT}) if dice.random() < 0.7 else frozenset(),
        )
        for number in range(nodes)
    ]
    network = Network(made)
    shelves = [
        network.shelf(
            f"K{sku}",
            [Offer(node.code, f"K{sku}", Decimal(dice.randint(1, 3)), cents(dice, 500, 900)) for node in made],
        )
        for sku in range(3)
    ]
    rules = RoutingRules(rate_cards=(CARD,) if cards else ())
    return [Question(_an_order(dice, number, network, shelves), rules) for number in range(orders)]


def _an_order(dice: random.Random, number: int, network: Network, shelves: Sequence[object]) -> Problem:
    skus = dice.sample(range(3), dice.choice([1, 1, 2, 3]))
    return Problem(
        order_id=f"SO{number}",
        currency="USD",
        at=AT,
        wants=tuple(
            Want(
                f"L{sku}",
                f"K{sku}",
                Decimal(dice.choice([1, 1, 1, 2])),
                Decimal(dice.randint(1, 40) * 100),
                flags=frozenset({ItemFlag.HAZMAT}) if dice.random() < 0.1 else frozenset(),
            )
            for sku in skus
        ),
        nodes=network,
        offers=Shelves(shelves[sku] for sku in skus),  # type: ignore[misc]
        destination=Coordinates(latitude=dice.uniform(30, 45), longitude=dice.uniform(-110, -75)),
        ship_complete=dice.random() < 0.1,
        max_splits=dice.choice([None, None, None, 0, 1]),
    )


def _everything(questions: Sequence[Question]) -> Decimal:
    """Return the least cost of all orders together: every way to deal each order its nodes, all combinations."""
    there = {(offer.node, offer.sku): offer.available for each in questions for offer in each.problem.offers}
    room = {code: node.capacity_per_day for code, node in questions[0].problem.nodes.by_code.items()}
    return _least([list(_ways(each)) for each in questions], there, room, Decimal("Infinity"))


def _least(ways: list, there: dict, room: dict, best: Decimal) -> Decimal:
    if not ways:
        return Decimal(0)
    rest = sum((min(cost for cost, _ in each) for each in ways[1:]), Decimal(0))
    for cost, taken in sorted(ways[0], key=lambda way: way[0]):
        if cost + rest >= best:
            break
        codes = {code for code, _, _ in taken}
        if any(there[code, sku] < quantity for code, sku, quantity in taken) or any(room[code] == 0 for code in codes):
            continue
        after = dict(there)
        for code, sku, quantity in taken:
            after[code, sku] -= quantity
        then = {code: None if left is None else left - (code in codes) for code, left in room.items()}
        best = min(best, cost + _least(ways[1:], after, then, best - cost))
    return best


def _ways(question: Question) -> Iterator[tuple[Decimal, list[tuple[str, str, Decimal]]]]:
    """Yield what each choice of nodes costs, asked of the single-order solver with nothing else on offer."""
    problem = question.problem
    codes = [*problem.nodes.by_code, None]
    for nodes in itertools.product(codes, repeat=len(problem.wants)):
        dealt = list(zip(problem.wants, nodes, strict=True))
        sent = [(want, node) for want, node in dealt if node is not None]
        missing = sum((want.quantity for want, node in dealt if node is None), Decimal(0))
        if problem.ship_complete and sent and (missing or len({node for _, node in sent}) > 1):
            continue
        if not sent:
            yield UNFILLED * missing, []
            continue
        offers = [
            replace(offer, available=Decimal(99))
            for offer in problem.offers
            if (offer.sku, offer.node) in {(want.sku, node) for want, node in sent}
        ]
        part = replace(problem, wants=tuple(want for want, _ in sent), offers=tuple(offers))
        decision = solve(part, question.rules)
        if not decision.unfilled:
            yield decision.total + UNFILLED * missing, [(node, want.sku, want.quantity) for want, node in sent]


def sound(questions: Sequence[Question], result: BatchResult) -> None:
    assert result.bound <= result.cost <= result.one_at_a_time
    for question, routed in zip(questions, result.routed, strict=True):
        assert solve(thaw(freeze(routed.problem)), question.rules) == routed.decision


def agree(seed: int, *, cards: bool = False) -> Status:
    questions = a_batch(seed, orders=5, cards=cards)
    result = solve_batch(questions, Limits(unfilled=UNFILLED))
    sound(questions, result)
    best = _everything(questions)
    # A line that only several nodes can fill is cut: that is more than trying whole lines can do.
    assert result.bound <= best, seed
    if result.status is Status.OPTIMAL:
        assert result.cost <= best + Decimal("0.00001"), seed
    return result.status


def test_a_batch_costs_what_trying_everything_costs() -> None:
    found = [agree(seed) for seed in range(25)]
    assert found.count(Status.OPTIMAL) >= 18


def test_a_batch_by_rate_cards_costs_what_trying_everything_costs() -> None:
    found = [agree(seed, cards=True) for seed in range(10)]
    assert found.count(Status.OPTIMAL) >= 5


def test_the_same_batch_gives_the_same_plan() -> None:
    first, again = (solve_batch(a_batch(3, orders=40, nodes=5)) for _ in range(2))
    assert [each.decision for each in first.routed] == [each.decision for each in again.routed]
    assert (first.bound, first.prices) == (again.bound, again.prices)


def test_no_time_at_all_still_gives_a_plan_no_worse_than_one_at_a_time() -> None:
    questions = a_batch(4, orders=60, nodes=5)
    result = solve_batch(questions, Limits(seconds=0.0))
    sound(questions, result)
    result = solve_batch(questions, Limits(work=1))
    sound(questions, result)


def test_an_order_that_is_collected_keeps_its_node() -> None:
    questions = a_batch(5, orders=8)
    problem = questions[0].problem
    wants = tuple(replace(want, pick_up_node="N1", quantity=Decimal(1), flags=frozenset()) for want in problem.wants)
    nodes = Network([node.changed(pick_up=True, capacity_per_day=None) for node in problem.nodes.by_code.values()])
    asked = [
        Question(
            replace(
                each.problem,
                nodes=nodes,
                wants=wants if number == 0 else each.problem.wants,
                offers=tuple(each.problem.offers),
            ),
            each.rules,
        )
        for number, each in enumerate(questions)
    ]
    result = solve_batch(asked)
    sound(asked, result)
    assert {choice.node for choice in result.routed[0].decision.choices} == {"N1"}


def test_what_is_scarce_has_a_price() -> None:
    result = solve_batch(a_batch(6, orders=30), Limits(unfilled=UNFILLED))
    assert result.prices
    assert all(price > 0 for price in result.prices.values())


def _units(decisions: Sequence[Decision]) -> Decimal:
    return sum((choice.quantity for each in decisions for choice in each.choices), Decimal(0))


@pytest.mark.soak
def test_soak_batches_cost_what_trying_everything_costs() -> None:
    for seed in range(100, 100 + _SOAK):
        agree(seed, cards=seed % 3 == 0)
