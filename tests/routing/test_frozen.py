"""A problem freezes to JSON and thaws to the same problem, which is decided the same to the last byte."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from hub.model.node import Hours
from hub.routing.explain import explain
from hub.routing.frozen import freeze, input_hash, thaw
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want, narrow
from hub.routing.rules import RoutingRules
from hub.routing.shelf import Shelves
from hub.routing.solve import solve
from tests.routing.instances import AT, Shape, a_node, a_problem, random_problem


def problems() -> list[tuple[Problem, RoutingRules]]:
    shapes = (Shape(), Shape(most_units=4, stock=2), Shape(same_sku=True, stock=3))
    return [random_problem(seed, shape) for shape in shapes for seed in range(60)]


def again(problem: Problem) -> Problem:
    return thaw(json.loads(json.dumps(freeze(problem))))


def test_what_thaws_equals_what_was_frozen() -> None:
    for problem, _ in problems():
        assert again(problem) == problem
        assert freeze(again(problem)) == freeze(problem)


def test_the_input_hash_is_that_of_the_frozen_problem_as_canonical_json() -> None:
    for problem, _ in problems():
        frozen = json.dumps(freeze(narrow(problem)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert input_hash(problem) == hashlib.sha256(frozen.encode()).hexdigest()
        choice = problem.offers[0] if problem.offers else None
        if choice is not None and choice.sku in problem.shelves:
            given = problem.shelves[choice.sku].given(choice.node, Decimal(1))
            after = replace(problem, offers=Shelves({**problem.shelves, choice.sku: given}.values()))
            assert input_hash(after) == input_hash(replace(after, offers=tuple(after.offers)))


def test_a_thawed_problem_gives_the_same_decision_and_explanation_byte_for_byte() -> None:
    for problem, rules in problems():
        first, second = solve(problem, rules), solve(again(narrow(problem)), rules)
        assert first.model_dump_json() == second.model_dump_json()
        told = [each.model_dump_json() for each in explain(narrow(problem), rules, first)]
        assert told == [each.model_dump_json() for each in explain(again(narrow(problem)), rules, second)]


def test_a_narrow_problem_leaves_out_only_nodes_that_offer_nothing_of_the_order() -> None:
    wants = [Want("1", "MUG", Decimal(1)), Want("2", "CUP", Decimal(1), pick_up_node="SHOP")]
    nodes = [a_node(code) for code in ("IDLE", "DC", "SHOP")]
    offers = [Offer("DC", "MUG", Decimal(1), Decimal(1)), Offer("IDLE", "HAT", Decimal(1), Decimal(1))]
    problem = a_problem(wants, nodes, offers, load={"IDLE": 2, "DC": 1}, distances={"IDLE": Decimal(3)})
    small = narrow(problem)
    assert (list(small.nodes.by_code), len(small.offers)) == (["DC", "SHOP"], 1)
    assert (small.load, small.distances) == ({"DC": 1}, {})
    assert input_hash(small) == input_hash(problem)


def test_the_input_hash_sees_every_change_that_could_matter() -> None:
    problem, _ = random_problem(11, Shape())
    first = problem.offers[0]
    dearer = Offer(first.node, first.sku, first.available, Decimal("99.99"))
    other = Problem(
        order_id=problem.order_id,
        currency=problem.currency,
        at=AT,
        wants=problem.wants,
        nodes=problem.nodes,
        offers=(dearer, *problem.offers[1:]),
    )
    assert input_hash(other) != input_hash(problem)


def test_a_node_always_freezes_to_the_same_text() -> None:
    node = a_node("DC", hours=Hours(weekdays=frozenset({5, 1, 3, 2}), closed=frozenset({"2026-12-25", "2026-01-01"})))
    frozen = Network([node]).documents["DC"]
    assert frozen["hours"]["weekdays"] == [1, 2, 3, 5]
    assert frozen["hours"]["closed"] == ["2026-01-01", "2026-12-25"]


def test_another_version_is_refused() -> None:
    data = freeze(random_problem(1, Shape())[0])
    with pytest.raises(ValueError, match="version 2 cannot be read; known: 1"):
        thaw({**data, "version": 2})


def test_networks_are_equal_by_their_nodes_and_fees() -> None:
    nodes = [a_node("A"), a_node("B")]
    fee = {"A": Decimal(2)}
    assert Network(nodes, fee) == Network(nodes, fee)
    assert hash(Network(nodes, fee)) == hash(Network(nodes))
    assert Network(nodes, fee) != Network(nodes)
    assert Network(nodes, fee).only(["A"]) == Network(nodes[:1], fee)
    assert (len(Network(nodes)), Network(nodes) == nodes) == (2, False)


def test_a_want_of_nothing_and_a_line_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="line 1 wants 0; leave it out"):
        a_problem([Want("1", "MUG", Decimal(0))], [], [])
    with pytest.raises(ValueError, match="two wants share one line id"):
        a_problem([Want("1", "MUG", Decimal(1)), Want("1", "CUP", Decimal(1))], [], [])


def test_an_offer_given_twice_is_refused_because_its_stock_would_count_twice() -> None:
    offers = [Offer("DC", "MUG", Decimal(1), Decimal(1))] * 2
    with pytest.raises(ValueError, match="DC offers MUG twice"):
        solve(a_problem([Want("1", "MUG", Decimal(2))], [a_node("DC")], offers), RoutingRules())
