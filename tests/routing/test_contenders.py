"""Looking only at the nodes that can matter, and at what orders share, never changes an answer."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from hub.model.node import NodeCosts as Costs
from hub.model.node import NodeKind
from hub.model.place import Coordinates
from hub.routing.candidates import prices
from hub.routing.contenders import contenders
from hub.routing.distance import vector
from hub.routing.frozen import freeze, thaw
from hub.routing.jobs import sort
from hub.routing.jointly import jointly
from hub.routing.offer import Offer
from hub.routing.partition import cheapest
from hub.routing.plan import landed
from hub.routing.problem import Network, Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.scene import Scene, goods_of
from hub.routing.shelf import Shelf, Shelves
from hub.routing.solve import plan, solve
from hub.routing.tariff import GRAIN, Tariff
from hub.routing.whole import priced
from tests.routing.instances import AT, Shape, a_node, a_problem, cents, random_problem

_SOAK = 3000 if os.environ.get("CROSSDOCK_SOAK") else 0


def a_country(seed: int, lines: int, nodes: int, *, even: bool = False) -> Problem:
    """Return an order in a country of many nodes; `even` makes nearly everything cost the same."""
    dice = random.Random(seed)
    made = [
        a_node(
            f"N{number:03d}",
            costs=Costs(
                per_order=Decimal(1) if even else cents(dice, 0, 400),
                per_unit=Decimal(0) if even else cents(dice, 0, 50),
                freight_base=Decimal(4) if even else cents(dice, 100, 900),
                freight_per_km=Decimal(dice.choice([0, 18, 60])) / 10_000,
            ),
            coordinates=Coordinates(latitude=dice.uniform(27, 47), longitude=dice.uniform(-120, -75))
            if dice.random() < 0.9
            else None,
        )
        for number in range(nodes)
    ]
    share = dice.choice([0.1, 0.4, 0.8])
    offers = [
        Offer(node.code, f"K{line}", Decimal(9), Decimal(dice.choice([8, 9])) if even else cents(dice, 500, 2500))
        for line in range(lines)
        for node in made
        if node is made[0] or dice.random() < share
    ]
    return a_problem(
        [Want(f"L{line}", f"K{line}", Decimal(dice.randint(1, 3)), Decimal(400)) for line in range(lines)],
        made,
        offers,
        destination=Coordinates(latitude=40.7, longitude=-74.0) if dice.random() < 0.8 else None,
        distances={made[0].code: Decimal(3)} if dice.random() < 0.2 else {},
    )


def jobs_of(scene: Scene) -> list[dict[str, int]]:
    return [job.costs for job in sort(scene, goods_of(scene.problem.wants, scene.rules)).jobs]


def least_of_all(scene: Scene) -> int:
    """Return the cheapest cost in grains when every node is looked at."""
    _, fixed, rows = priced(scene, jobs_of(scene))
    lines = range(len(rows[0]))
    return sum(
        fixed[sent.node] + sum(rows[sent.node][line] for line in lines if sent.goods >> line & 1)
        for sent in cheapest(fixed, rows)
    )


def cost_of(scene: Scene) -> int:
    """Return what the plan costs in grains, each parcel with the split and its own grain."""
    found = plan(scene)
    return (landed(scene, found.parts) + scene.terms.split) * GRAIN + len({part.code for part in found.parts})


@pytest.mark.parametrize("lines", [1, 2, 3, 5])
@pytest.mark.parametrize("even", [False, True], ids=["all prices", "nearly one price"])
def test_the_nodes_looked_at_hold_a_cheapest_plan(lines: int, even: bool) -> None:
    for seed in range(40):
        scene = Scene(
            a_country(seed, lines, nodes=80, even=even), RoutingRules(split_penalty=cents(random.Random(seed), 0, 200))
        )
        assert cost_of(scene) == least_of_all(scene), seed


def test_larger_orders_lose_nothing_either() -> None:
    for seed in range(12):
        scene = Scene(a_country(seed, 7, nodes=40), RoutingRules())
        assert cost_of(scene) == least_of_all(scene), seed


def test_with_many_nodes_the_cost_is_that_of_highs() -> None:
    for seed in range(4):
        scene = Scene(a_country(seed, 2 + seed % 3, nodes=60), RoutingRules())
        theirs = jointly(scene, sort(scene, goods_of(scene.problem.wants, scene.rules)))
        assert landed(scene, plan(scene).parts) == landed(scene, theirs.parts), seed


@pytest.mark.soak
def test_soak_the_nodes_looked_at_hold_a_cheapest_plan() -> None:
    for seed in range(100, 100 + _SOAK):
        scene = Scene(a_country(seed, 1 + seed % 6, 20 + seed % 180, even=seed % 5 == 0), RoutingRules())
        assert cost_of(scene) == least_of_all(scene), seed


def test_most_nodes_are_never_looked_at() -> None:
    scene = Scene(a_country(1, 1, nodes=400), RoutingRules())
    plan(scene)
    assert 0 < len(scene._parcels) < 60


def test_of_equally_cheap_nodes_the_first_by_code_sends() -> None:
    nodes = [a_node(code, costs=Costs(freight_base=Decimal(5))) for code in ("C", "B", "A")]
    offers = [Offer(code, "MUG", Decimal(1), Decimal(2)) for code in ("C", "A", "B")]
    problem = a_problem([Want("1", "MUG", Decimal(1))], nodes, offers)
    assert [choice.node for choice in solve(problem, RoutingRules()).choices] == ["A"]


def test_a_parcel_turned_down_unseen_is_always_too_dear() -> None:
    dice = random.Random(3)
    here = vector(Coordinates(latitude=52.5, longitude=13.4))
    for _ in range(3000):
        place = Coordinates(latitude=dice.uniform(-90, 90), longitude=dice.uniform(-180, 180))
        costs = Costs(freight_base=cents(dice, 0, 500), freight_per_km=Decimal(dice.randint(0, 10**9)) / 10**9)
        tariff = Tariff.of(a_node("A", costs=costs, coordinates=place), Decimal(0))
        above = (tariff.parcel(here) - tariff.least) * GRAIN
        assert not tariff.surely_above(here, above)
        assert above < 10**7 or tariff.surely_above(here, above * 0.5)


# --- price lists and shelves -----------------------------------------------------------------------------------------


def everyday_problems() -> Iterator[tuple[Problem, RoutingRules]]:
    for seed in range(150):
        problem, rules = random_problem(seed, Shape(lines=4, nodes=8, cards=seed % 2 == 1))
        yield replace(problem, promise_by=None), rules


def test_a_price_list_says_what_an_order_by_itself_would_find() -> None:
    for problem, rules in everyday_problems():
        # A promise far away costs nothing, and makes the list be worked out for this order alone.
        alone = Scene(replace(problem, promise_by=AT.replace(year=2036)), rules)
        shared = Scene(problem, rules)
        for good in goods_of(problem.wants, rules):
            assert prices(shared, good).costs == prices(alone, good).costs, (problem.order_id, good.sku)


def test_orders_that_share_shelves_are_decided_as_if_each_had_its_own() -> None:
    for seed in range(40):
        problem, rules = random_problem(seed, Shape(lines=3, nodes=6, stock=6, cards=seed % 2 == 1))
        shelves = dict(problem.shelves)
        for number in range(6):
            dice = random.Random(100 * seed + number)
            wants = tuple(replace(want, quantity=Decimal(dice.randint(1, 3))) for want in problem.wants)
            at = AT + timedelta(days=dice.choice([-1, 0]))
            mine = replace(
                problem, wants=wants, offers=Shelves(shelves.values()), country=dice.choice(["US", None]), at=at
            )
            decision = solve(mine, rules)
            own = solve(thaw(freeze(mine)), rules)
            assert decision.model_dump_json() == own.model_dump_json(), (seed, number)
            for choice in decision.choices:
                shelves[choice.sku] = shelves[choice.sku].given(choice.node, choice.quantity)


def test_the_same_shelves_under_other_rules_give_other_prices() -> None:
    problem = a_problem(
        [Want("1", "MUG", Decimal(1))],
        [a_node("SHOP", "store"), a_node("DC")],
        [Offer("SHOP", "MUG", Decimal(1), Decimal(1)), Offer("DC", "MUG", Decimal(1), Decimal(2))],
    )
    kept = RoutingRules(keep_back={NodeKind.STORE: Decimal(1)})
    for rules, code in ((RoutingRules(), "SHOP"), (kept, "DC"), (RoutingRules(), "SHOP")):
        assert [choice.node for choice in solve(problem, rules).choices] == [code]


def test_a_shelf_that_gave_units_away_leaves_the_first_as_it_was() -> None:
    network = Network([a_node("A"), a_node("B")])
    first = network.shelf("MUG", [Offer("A", "MUG", Decimal(5), Decimal(1)), Offer("Z", "MUG", Decimal(5), Decimal(1))])
    second = first.given("A", Decimal(7))
    assert [offer.available for offer in Shelves([first])] == [Decimal(5)]
    assert [offer.available for offer in Shelves([second])] == [Decimal(0)]


def test_shelves_of_another_network_are_not_trusted() -> None:
    wants, offers = [Want("1", "MUG", Decimal(1))], [Offer(code, "MUG", Decimal(1), Decimal(1)) for code in "AB"]
    cheap, dear = Costs(freight_base=Decimal(1)), Costs(freight_base=Decimal(9))
    first = a_problem(wants, [a_node("A", costs=cheap), a_node("B", costs=dear)], offers)
    solve(first, RoutingRules())
    shelves = Shelves(first.shelves.values())
    other = replace(first, nodes=Network([a_node("A", costs=dear), a_node("B", costs=cheap)]), offers=shelves)
    assert [choice.node for choice in solve(other, RoutingRules()).choices] == ["B"]
    fewer = replace(first, nodes=first.nodes.only(["B"]), offers=shelves)
    assert [choice.node for choice in solve(fewer, RoutingRules()).choices] == ["B"]


def test_shelves_are_a_sequence_of_their_offers() -> None:
    offers = (
        Offer("A", "MUG", Decimal(1), None),
        Offer("B", "MUG", Decimal(1), None),
        Offer("A", "CUP", Decimal(1), None),
    )
    shelves = a_problem([], [a_node("A"), a_node("B")], list(offers)).shelves
    together = Shelves(shelves.values())
    assert (len(together), together[1], together[:1]) == (3, offers[1], offers[:1])
    assert together == offers
    assert together != offers[:2]
    assert hash(together) == hash(Shelves(shelves.values()))


def test_a_shelf_keeps_only_so_many_price_lists() -> None:
    shelf = Shelf("MUG", [Offer("A", "MUG", Decimal(500), Decimal(1))], Network([a_node("A")]).tariffs)
    problem = a_problem([Want("1", "MUG", Decimal(1))], [a_node("A")], [])
    for quantity in range(1, 100):
        scene = Scene(
            replace(problem, wants=(Want("1", "MUG", Decimal(quantity)),), offers=Shelves([shelf])), RoutingRules()
        )
        assert contenders(scene, sort(scene, goods_of(scene.problem.wants, scene.rules)).jobs) == ["A"]
    assert len(shelf._kept) < 50
