"""Explanations: the extra cost is what the whole order really costs more, and nothing else is ever said to be that."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hub.model.node import NodeCosts
from hub.model.place import Coordinates
from hub.routing import explain as explaining
from hub.routing.explain import explain
from hub.routing.frozen import freeze, thaw
from hub.routing.offer import Offer
from hub.routing.plan import HIGHS
from hub.routing.problem import Want
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from tests.routing.instances import Shape, a_node, a_problem, random_problem
from tests.routing.oracle import try_everything

RULES = RoutingRules()


SHAPES = {
    "every twist": Shape(stock=9),
    "plenty": Shape(nodes=5, stock=9, twists=False, limits=False),
    "limits": Shape(stock=6, twists=False),
    "cut lines": Shape(lines=2, most_units=4, stock=3, twists=False),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_extra_cost_is_that_of_the_best_whole_order_with_the_line_forced_there(shape: Shape) -> None:
    told = 0
    for seed in range(100):
        problem, rules = random_problem(seed, shape)
        decision = solve(problem, rules)
        filled = sum(choice.quantity for choice in decision.choices)
        for each in explain(problem, rules, decision):
            if each.rule and each.rule != "incomplete":
                continue
            forced = try_everything(problem, rules, (each.line_id, each.node))
            if each.rule:
                assert forced.units < filled or forced.units == 0, (seed, each)
            else:
                assert (forced.units, forced.cost - decision.total) == (filled, each.extra_cost), (seed, each)
                told += 1
    assert told >= 20


def test_every_line_has_a_word_about_every_node_that_it_does_not_come_from() -> None:
    for seed in range(60):
        problem, rules = random_problem(seed, Shape())
        decision = solve(problem, rules)
        chosen = {(choice.line_id, choice.node) for choice in decision.choices}
        told = [(each.line_id, each.node) for each in explain(problem, rules, decision)]
        every = {(want.line_id, code) for want in problem.wants for code in problem.nodes.by_code}
        assert len(told) == len(set(told))
        assert set(told) == every - chosen, seed


def test_lines_of_one_sku_are_explained_alike() -> None:
    wants = [Want("1", "MUG", Decimal(1)), Want("2", "MUG", Decimal(2))]
    offers = [Offer("A", "MUG", Decimal(9), Decimal(1)), Offer("B", "MUG", Decimal(9), Decimal(2))]
    problem = a_problem(wants, [a_node("A"), a_node("B")], offers)
    found = explain(problem, RULES, solve(problem, RULES))
    assert [(each.line_id, each.node, each.extra_cost) for each in found] == [("1", "B", 3), ("2", "B", 3)]


def test_an_unknown_distance_is_told() -> None:
    places = {"coordinates": Coordinates(latitude=40, longitude=-75)}
    nodes = [a_node("NEAR", **places), a_node("WHERE", costs=NodeCosts(freight_per_km=Decimal("0.01")))]
    offers = [Offer(node.code, "MUG", Decimal(9), Decimal(1)) for node in nodes]
    problem = a_problem([Want("1", "MUG", Decimal(1))], nodes, offers, destination=places["coordinates"])
    (told,) = explain(problem, RULES, solve(problem, RULES))
    assert (told.node, told.extra_cost, told.detail) == ("WHERE", 15, "distance unknown: 1500 km assumed")


def test_a_node_without_the_whole_of_a_complete_order_is_incomplete() -> None:
    wants = [Want("1", "MUG", Decimal(1)), Want("2", "CUP", Decimal(1))]
    offers = [Offer("A", "MUG", Decimal(9), Decimal(1)), Offer("A", "CUP", Decimal(9), Decimal(1))]
    problem = a_problem(wants, [a_node("A"), a_node("B")], [*offers, Offer("B", "MUG", Decimal(9), Decimal(1))])
    rules = RoutingRules(ship_complete=True)
    told = {(each.line_id, each.node): each for each in explain(problem, rules, solve(problem, rules))}
    assert told["1", "B"].rule == "incomplete"
    assert told["1", "B"].detail == "the order ships complete, and this node does not have all of it"


def test_forcing_a_line_that_costs_another_its_parcel_says_what_would_be_missing() -> None:
    wants = [Want("1", "MUG", Decimal(1)), Want("2", "CUP", Decimal(3))]
    offers = [Offer("A", "MUG", Decimal(9), Decimal(1)), Offer("A", "CUP", Decimal(9), Decimal(1))]
    problem = a_problem(wants, [a_node("A"), a_node("B")], [*offers, Offer("B", "MUG", Decimal(9), Decimal(1))])
    rules = RoutingRules(max_splits=0)
    told = {(each.line_id, each.node): each for each in explain(problem, rules, solve(problem, rules))}
    assert (told["1", "B"].rule, told["1", "B"].detail) == ("incomplete", "the order would lack 1 more")


def test_a_collected_line_is_explained_by_the_stock_before_it_was_collected() -> None:
    wants = [Want("1", "MUG", Decimal(3), pick_up_node="SHOP")]
    nodes = [a_node("SHOP", "store", pick_up=True), a_node("DC")]
    offers = [Offer("SHOP", "MUG", Decimal(2), Decimal(1)), Offer("DC", "MUG", Decimal(9), Decimal(1))]
    problem = a_problem(wants, nodes, offers)
    rules = RoutingRules(partial_lines=False)
    decision = solve(problem, rules)
    assert decision.unfilled[0].reason == "the customer collects at SHOP: not enough stock: 2 of 3"
    told = {each.node: each.detail for each in explain(problem, rules, decision)}
    assert told == {"SHOP": "has 2 of 3", "DC": "the customer collects elsewhere"}


def test_a_decision_from_another_input_or_by_other_rules_is_not_explained() -> None:
    problem, _ = random_problem(3, Shape())
    decision = solve(problem, RULES)
    with pytest.raises(ValueError, match="another input or by other rules"):
        explain(problem, RoutingRules(split_penalty=Decimal(9)), decision)
    with pytest.raises(ValueError, match="another input or by other rules"):
        explain(random_problem(4, Shape())[0], RULES, decision)


def test_where_solving_again_would_take_long_only_the_line_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "_MOST_SEARCHES", 0)
    seen = 0
    for seed in range(100):
        problem, rules = random_problem(seed, Shape(nodes=3, stock=3, twists=False, limits=False, same_sku=True))
        decision = solve(problem, rules)
        if decision.method != HIGHS:
            continue
        for each in explain(problem, rules, decision):
            if each.rule:
                continue
            assert each.extra_cost is not None
            assert "at most: the rest of the plan kept" in each.detail
            exact = try_everything(problem, rules, (each.line_id, each.node))
            assert exact.cost - decision.total <= each.extra_cost, (seed, each)
            seen += 1
    assert seen > 5


def test_units_that_others_need_more_are_left_to_them_and_the_reason_says_what_they_are_worth() -> None:
    nodes = [a_node(code, costs=NodeCosts(freight_base=Decimal(freight))) for code, freight in (("A", 5), ("B", 7))]
    offers = [
        Offer("A", "K", Decimal(1), Decimal(10), worth=Decimal(3)),
        Offer("B", "K", Decimal(9), Decimal(10)),
    ]
    problem = a_problem([Want("L", "K", Decimal(1), Decimal(0))], nodes, offers)
    decision = solve(problem, RoutingRules())
    assert (decision.choices[0].node, decision.total) == ("B", Decimal(17))
    assert solve(thaw(freeze(problem)), RoutingRules()) == decision
    (other,) = explain(problem, RoutingRules(), decision)
    assert (other.node, other.extra_cost) == ("A", Decimal(-2))
    assert "a unit of it there is worth about 3.00 to other orders" in other.detail
