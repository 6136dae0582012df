"""Each hard rule removes a node, is named in the explanation, and a line without any node says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from hub.model.decision import Alternative, Decision
from hub.model.item import ItemFlag
from hub.model.node import Node, NodeKind
from hub.model.place import Address
from hub.routing.candidates import RULES
from hub.routing.explain import explain
from hub.routing.offer import Offer
from hub.routing.problem import Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from tests.routing.instances import AT, a_node, a_problem

ONE = Decimal(1)
HAZMAT = frozenset({ItemFlag.HAZMAT})


def a_want(quantity: int = 1, sku: str = "MUG", line: str = "1", **fields: object) -> Want:
    return Want(line, sku, Decimal(quantity), Decimal(400), **fields)  # type: ignore[arg-type]


def an_offer(node: str, available: int = 5, cost: str | None = "4.00", sku: str = "MUG", **fields: object) -> Offer:
    price = None if cost is None else Decimal(cost)
    return Offer(node, sku, Decimal(available), price, **fields)  # type: ignore[arg-type]


def reason_for(decision: Decision) -> str:
    return decision.unfilled[0].reason


def alternative(problem: Problem, rules: RoutingRules, node: str, line: str = "1") -> Alternative:
    found = explain(problem, rules, solve(problem, rules))
    return next(each for each in found if (each.node, each.line_id) == (node, line))


#: For each rule: a cheap node that breaks it, its offer, the want, the rest of the problem, the rules, what is said.
Case = tuple[Node, Offer, Want, dict[str, object], RoutingRules, str]
CASES: dict[str, Callable[[], Case]] = {
    "inactive": lambda: (
        a_node("BAD", active=False),
        an_offer("BAD"),
        a_want(),
        {},
        RoutingRules(),
        "is switched off",
    ),
    "capacity": lambda: (
        a_node("BAD", capacity_per_day=3),
        an_offer("BAD"),
        a_want(),
        {"load": {"BAD": 3}},
        RoutingRules(),
        "has all the orders it can take today",
    ),
    "country": lambda: (
        a_node("BAD", address=Address(country="CA")),
        an_offer("BAD"),
        a_want(),
        {"country": "US"},
        RoutingRules(domestic_only=True),
        "is in another country",
    ),
    "nodes": lambda: (
        a_node("BAD", kind="store"),
        an_offer("BAD"),
        a_want(),
        {},
        RoutingRules(only_kinds=(NodeKind.WAREHOUSE,)),
        "may not ship this order by the rules",
    ),
    "distance": lambda: (
        a_node("BAD"),
        an_offer("BAD"),
        a_want(),
        {"distances": {"BAD": Decimal(501), "GOOD": Decimal(500)}},
        RoutingRules(max_km=Decimal(500)),
        "is too far away by the rules",
    ),
    "excluded": lambda: (
        a_node("BAD"),
        an_offer("BAD"),
        a_want(excluded=frozenset({"BAD"})),
        {},
        RoutingRules(),
        "refused this line before",
    ),
    "pick-up": lambda: (
        a_node("BAD", pick_up=True),
        an_offer("BAD"),
        a_want(pick_up_node="GOOD"),
        {},
        RoutingRules(),
        "the customer collects elsewhere",
    ),
    "capability": lambda: (
        a_node("BAD"),
        an_offer("BAD"),
        a_want(flags=HAZMAT),
        {},
        RoutingRules(),
        "may not handle hazmat",
    ),
    "price": lambda: (
        a_node("BAD", "supplier"),
        an_offer("BAD", cost=None),
        a_want(),
        {},
        RoutingRules(),
        "has no price for it",
    ),
    "promise": lambda: (
        a_node("BAD"),
        an_offer("BAD", lead_days=3),
        a_want(),
        {"promise_by": AT + timedelta(days=2), "distances": {"BAD": ONE, "GOOD": ONE}},
        RoutingRules(keep_promise=True),
        f"would arrive on {AT + timedelta(days=3):%Y-%m-%d}, promised by {AT + timedelta(days=2):%Y-%m-%d}",
    ),
    "stock": lambda: (
        a_node("BAD"),
        an_offer("BAD", available=2),
        a_want(3),
        {},
        RoutingRules(),
        "has 2 of 3",
    ),
    "minimum": lambda: (
        a_node("BAD"),
        an_offer("BAD", minimum=Decimal(2)),
        a_want(),
        {},
        RoutingRules(),
        "sells no less than 2",
    ),
}


def test_every_rule_that_an_explanation_may_name_is_tried_here() -> None:
    assert set(RULES) - set(CASES) == {"offer", "incomplete"}


@pytest.mark.parametrize("rule", CASES)
def test_a_node_that_breaks_the_rule_is_passed_over_however_cheap(rule: str) -> None:
    bad, offer, want, fields, rules, said = CASES[rule]()
    good = a_node("GOOD", handles=HAZMAT, pick_up=True)
    problem = a_problem([want], [bad, good], [offer, an_offer("GOOD", cost="90.00")], **fields)
    decision = solve(problem, rules)
    assert [choice.node for choice in decision.choices] == ["GOOD"]
    found = alternative(problem, rules, "BAD")
    assert (found.rule, found.detail, found.extra_cost) == (rule, said, None)


def test_a_node_that_offers_nothing_of_it_is_said_not_to_carry_it() -> None:
    problem = a_problem([a_want()], [a_node("A"), a_node("B")], [an_offer("A")])
    assert alternative(problem, RoutingRules(), "B").rule == "offer"
    assert alternative(problem, RoutingRules(), "B").detail == "does not carry it"


def test_a_node_with_capacity_for_three_takes_the_third_order_and_not_the_fourth() -> None:
    nodes = [a_node("DC", capacity_per_day=3)]
    for load, filled in ((2, True), (3, False)):
        decision = solve(a_problem([a_want()], nodes, [an_offer("DC")], load={"DC": load}), RoutingRules())
        assert bool(decision.choices) is filled


def test_a_node_of_unknown_country_is_not_taken_for_foreign() -> None:
    problem = a_problem([a_want()], [a_node("DC")], [an_offer("DC")], country="US")
    assert solve(problem, RoutingRules(domestic_only=True)).choices


def test_what_is_kept_back_at_stores_is_not_sold() -> None:
    nodes = [a_node("SHOP", "store"), a_node("DC")]
    problem = a_problem([a_want(2)], nodes, [an_offer("SHOP", 3, "1.00"), an_offer("DC", 9, "9.00")])
    assert solve(problem, RoutingRules()).choices[0].node == "SHOP"
    rules = RoutingRules(keep_back={NodeKind.STORE: Decimal(2)})
    assert solve(problem, rules).choices[0].node == "DC"
    assert alternative(problem, rules, "SHOP").detail == "has 1 of 2"


def test_an_offer_of_a_node_that_nobody_knows_is_no_offer() -> None:
    problem = a_problem([a_want()], [a_node("DC")], [an_offer("GHOST")])
    assert reason_for(solve(problem, RoutingRules())) == "no node offers 'MUG'"


def test_a_line_that_nobody_offers_says_so() -> None:
    decision = solve(a_problem([a_want()], [a_node("DC")], []), RoutingRules())
    assert (decision.choices, decision.total, decision.optimal) == ((), 0, True)
    assert reason_for(decision) == "no node offers 'MUG'"


def test_a_line_that_every_node_is_barred_from_names_nodes_and_rules() -> None:
    nodes = [a_node(f"N{number}") for number in range(5)] + [a_node("OFF", active=False)]
    wants = [a_want(flags=HAZMAT)]
    decision = solve(a_problem(wants, nodes, [an_offer(node.code) for node in nodes]), RoutingRules())
    assert reason_for(decision) == ("no node may send it: N0, N1, N2 and 2 more may not handle it; OFF is switched off")


def test_what_is_there_of_a_line_is_sent_and_the_rest_says_what_is_missing() -> None:
    problem = a_problem([a_want(5)], [a_node("A"), a_node("B")], [an_offer("A", 2), an_offer("B", 1)])
    decision = solve(problem, RoutingRules())
    assert {choice.node: choice.quantity for choice in decision.choices} == {"A": 2, "B": 1}
    assert (decision.unfilled[0].quantity, reason_for(decision)) == (2, "not enough stock: 3 of 5")


def test_all_or_nothing_lines_stay_whole_or_stay_behind() -> None:
    problem = a_problem([a_want(5)], [a_node("A"), a_node("B")], [an_offer("A", 2), an_offer("B", 1)])
    decision = solve(problem, RoutingRules(partial_lines=False))
    assert (decision.choices, decision.unfilled[0].quantity) == ((), 5)
    assert reason_for(decision) == "not enough stock: 3 of 5"


def test_lines_that_may_not_be_split_take_the_most_that_one_node_has() -> None:
    problem = a_problem([a_want(5)], [a_node("A"), a_node("B")], [an_offer("A", 3), an_offer("B", 4)])
    decision = solve(problem, RoutingRules(split_lines=False))
    assert [(choice.node, choice.quantity) for choice in decision.choices] == [("B", 4)]
    assert reason_for(decision) == "5 cannot be made up: lines are not split, and the most that one node has is 4"


def test_least_quantities_that_leave_a_rest_are_the_reason() -> None:
    offers = [an_offer("A", 2, minimum=Decimal(2)), an_offer("B", 2, minimum=Decimal(2))]
    decision = solve(a_problem([a_want(3)], [a_node("A"), a_node("B")], offers), RoutingRules())
    assert [choice.quantity for choice in decision.choices] == [2]
    assert reason_for(decision).startswith("3 cannot be made up: what nodes sell at the least")


def test_an_order_that_ships_complete_goes_from_one_node_or_not_at_all() -> None:
    wants = [a_want(line="1"), a_want(sku="CUP", line="2")]
    both = [an_offer("A"), an_offer("A", sku="CUP"), an_offer("B", cost="1.00"), an_offer("C", sku="CUP", cost="1.00")]
    nodes = [a_node(code) for code in "ABC"]
    decision = solve(a_problem(wants, nodes, both, ship_complete=True), RoutingRules())
    assert {choice.node for choice in decision.choices} == {"A"}
    decision = solve(a_problem(wants, nodes, both[2:], ship_complete=True), RoutingRules())
    assert not decision.choices
    assert {each.reason for each in decision.unfilled} == {"the order ships complete, and no single node has all of it"}


def test_an_order_that_ships_complete_counts_the_lines_of_one_sku_together() -> None:
    wants = [a_want(line="1"), a_want(line="2", excluded=frozenset({"Z"}))]
    decision = solve(a_problem(wants, [a_node("A")], [an_offer("A", 1)], ship_complete=True), RoutingRules())
    assert not decision.choices


def test_the_tighter_of_the_two_limits_on_parcels_holds() -> None:
    wants = [a_want(sku=sku, line=sku) for sku in "PQR"]
    nodes = [a_node(code) for code in "PQR"]
    offers = [an_offer(code, sku=code) for code in "PQR"]
    for mine, ours, parcels in ((None, None, 3), (1, None, 2), (None, 1, 2), (0, 1, 1), (2, 0, 1)):
        problem = a_problem(wants, nodes, offers, max_splits=mine)
        decision = solve(problem, RoutingRules(max_splits=ours))
        assert len({choice.node for choice in decision.choices}) == parcels


def test_one_parcel_is_said_in_the_singular() -> None:
    wants = [a_want(2, "P", "1"), a_want(1, "Q", "2")]
    problem = a_problem(wants, [a_node("P"), a_node("Q")], [an_offer("P", sku="P"), an_offer("Q", sku="Q")])
    decision = solve(problem, RoutingRules(max_splits=0))
    assert [choice.line_id for choice in decision.choices] == ["1"]
    assert reason_for(decision) == "the order may go in one parcel at the most, and others fill more of it"
