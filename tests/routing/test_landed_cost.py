"""What a line costs from a node: every part by hand, and shared costs cut to the last millionth."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.decision import CostParts, Decision
from hub.model.node import Node, NodeCosts
from hub.model.place import Address, Coordinates
from hub.routing.account import share
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from tests.routing.instances import AT, a_node, a_problem

RULES = RoutingRules()


def costs_of(problem: Problem, rules: RoutingRules = RULES) -> CostParts:
    (choice,) = solve(problem, rules).choices
    return choice.costs


def one_line(node: Node, offer: Offer, quantity: str = "2", **fields: object) -> Problem:
    return a_problem([Want("1", "MUG", Decimal(quantity), Decimal(750))], [node], [offer], **fields)


def an_offer(price: str | None = "4.00", node: str = "DC", **fields: object) -> Offer:
    return Offer(node, "MUG", Decimal(9), None if price is None else Decimal(price), **fields)  # type: ignore[arg-type]


def test_every_part_of_the_cost_is_what_the_node_declares() -> None:
    costs = NodeCosts(
        per_order=Decimal("1.50"),
        per_line=Decimal("0.40"),
        per_unit=Decimal("0.05"),
        freight_base=Decimal("5.20"),
        freight_per_km=Decimal("0.002"),
        freight_per_kg=Decimal("0.80"),
    )
    network = Network([a_node("DC", "supplier", costs)], {"DC": Decimal("2.25")})
    problem = Problem(
        "SO1",
        "USD",
        AT,
        (Want("1", "MUG", Decimal(2), Decimal(750)),),
        network,
        (an_offer(),),
        distances={"DC": Decimal(300)},
    )
    parts = costs_of(problem)
    assert parts.item == Decimal("8.00")
    assert parts.handling == Decimal("1.50") + Decimal("2.25") + Decimal("0.40") + Decimal("0.10")
    assert parts.freight == Decimal("5.20") + Decimal("0.60") + Decimal("1.20")
    assert (parts.duty, parts.split, parts.lateness) == (0, 0, 0)


def test_the_price_is_that_of_the_quantity_bought() -> None:
    offer = an_offer("4.00", breaks=((Decimal(5), Decimal("3.00")), (Decimal(2), Decimal("3.50"))))
    for quantity, item in (("1", "4.00"), ("2", "7.00"), ("4", "14.00"), ("5", "15.00")):
        assert costs_of(one_line(a_node("DC"), offer, quantity)).item == Decimal(item)


def test_own_stock_of_unknown_cost_is_worth_what_it_costs_to_replace() -> None:
    nodes = [a_node("DC"), a_node("S1", "supplier", NodeCosts(freight_base=Decimal(90))), a_node("S2", "supplier")]
    offers = [an_offer(None), an_offer("6.00", "S1"), Offer("S2", "MUG", Decimal(0), Decimal(5))]
    problem = a_problem([Want("1", "MUG", Decimal(2))], nodes, offers)
    (choice,) = solve(problem, RULES).choices
    assert (choice.node, choice.costs.item) == ("DC", 10)


def test_own_stock_that_nobody_can_price_costs_nothing() -> None:
    assert costs_of(one_line(a_node("DC"), an_offer(None))).item == 0


def test_an_unknown_weight_is_not_no_weight() -> None:
    node = a_node("DC", costs=NodeCosts(freight_per_kg=Decimal(2)))
    problem = a_problem([Want("1", "MUG", Decimal(2))], [node], [an_offer()])
    assert costs_of(problem, RoutingRules(unknown_weight_g=Decimal(400))).freight == Decimal("1.60")


@pytest.mark.parametrize("known", ["node", "customer", "neither"])
def test_an_unknown_place_is_far_and_never_distance_zero(known: str) -> None:
    place = Coordinates(latitude=40, longitude=-75)
    node = a_node("DC", costs=NodeCosts(freight_per_km=Decimal("0.01")), coordinates=place if known == "node" else None)
    problem = one_line(node, an_offer(), destination=place if known == "customer" else None)
    assert costs_of(problem).freight == 15
    assert costs_of(problem, RoutingRules(unknown_km=Decimal(200))).freight == 2


def test_a_near_node_wins_over_one_whose_place_is_unknown() -> None:
    per_km = NodeCosts(freight_per_km=Decimal("0.01"))
    here = Coordinates(latitude=40, longitude=-75)
    nodes = [a_node("A-WHERE", costs=per_km), a_node("Z-NEAR", costs=per_km, coordinates=here)]
    problem = a_problem(
        [Want("1", "MUG", Decimal(1))], nodes, [an_offer(node="A-WHERE"), an_offer(node="Z-NEAR")], destination=here
    )
    assert solve(problem, RULES).choices[0].node == "Z-NEAR"


def test_a_given_distance_goes_before_coordinates() -> None:
    here = Coordinates(latitude=40, longitude=-75)
    node = a_node("DC", costs=NodeCosts(freight_per_km=Decimal("0.01")), coordinates=here)
    assert costs_of(one_line(node, an_offer(), destination=here)).freight == 0
    assert costs_of(one_line(node, an_offer(), destination=here, distances={"DC": Decimal(50)})).freight == Decimal(
        "0.5"
    )


def test_duty_is_due_only_when_both_countries_are_known_and_differ() -> None:
    rules = RoutingRules(duty_percent=Decimal("12.5"))
    for ours, theirs, duty in (("CA", "US", "1.00"), ("US", "US", "0"), (None, "US", "0"), ("CA", None, "0")):
        node = a_node("DC", address=Address(country=ours) if ours else None)
        assert costs_of(one_line(node, an_offer(), country=theirs), rules).duty == Decimal(duty)


def test_each_started_day_after_the_promise_costs() -> None:
    rules = RoutingRules(lateness_per_day=Decimal(3), km_per_day=Decimal(500))
    offer = an_offer(lead_days=2)
    for hours, late in ((96, 0), (72, 0), (71, 1), (48, 1), (47, 2), (-1, 4)):
        problem = one_line(a_node("DC"), offer, promise_by=AT + timedelta(hours=hours), distances={"DC": Decimal(500)})
        assert costs_of(problem, rules).lateness == 3 * late, hours


def test_what_the_customer_collects_has_no_freight_and_is_no_parcel() -> None:
    costs = NodeCosts(per_order=Decimal(1), freight_base=Decimal(7), freight_per_kg=Decimal(1))
    nodes = [a_node("SHOP", "store", costs, pick_up=True), a_node("DC", costs=costs)]
    wants = [Want("1", "MUG", Decimal(1), pick_up_node="SHOP"), Want("2", "MUG", Decimal(1))]
    problem = a_problem(wants, nodes, [an_offer(node="SHOP"), an_offer("9.00", node="DC")])
    collected, sent = solve(problem, RoutingRules(max_splits=0)).choices
    assert (collected.node, collected.costs.handling, collected.costs.freight) == ("SHOP", 1, 0)
    assert (sent.node, sent.costs.handling, sent.costs.split) == ("SHOP", 1, 0)


def test_what_is_collected_is_gone_for_the_rest_of_the_order() -> None:
    nodes = [a_node("SHOP", "store", pick_up=True), a_node("DC")]
    wants = [Want("1", "MUG", Decimal(1), pick_up_node="SHOP"), Want("2", "MUG", Decimal(1))]
    offers = [Offer("SHOP", "MUG", Decimal(1), Decimal(1)), Offer("DC", "MUG", Decimal(1), Decimal(5))]
    decision = solve(a_problem(wants, nodes, offers), RULES)
    assert [(choice.line_id, choice.node) for choice in decision.choices] == [("1", "SHOP"), ("2", "DC")]


@pytest.mark.parametrize(
    ("node", "offers", "said"),
    [
        ({"pick_up": False}, True, "the customer collects at SHOP, which does not hand goods over"),
        ({"pick_up": True, "active": False}, True, "the customer collects at SHOP, which is switched off"),
        ({"pick_up": True}, False, "the customer collects at SHOP, which does not carry it"),
    ],
)
def test_a_collection_that_cannot_be_is_never_sent_from_elsewhere(
    node: dict[str, object], offers: bool, said: str
) -> None:
    nodes = [a_node("SHOP", "store", **node), a_node("DC", pick_up=True)]
    problem = a_problem(
        [Want("1", "MUG", Decimal(1), pick_up_node="SHOP")],
        nodes,
        [an_offer(node="DC"), *([an_offer(node="SHOP")] if offers else [])],
    )
    decision = solve(problem, RULES)
    assert (decision.choices, decision.unfilled[0].reason) == ((), said)


def test_an_order_that_ships_complete_waits_for_what_cannot_be_collected() -> None:
    nodes = [a_node("SHOP", "store", pick_up=True), a_node("DC")]
    wants = [Want("1", "MUG", Decimal(1)), Want("2", "CUP", Decimal(1), pick_up_node="SHOP")]
    decision = solve(a_problem(wants, nodes, [an_offer()], ship_complete=True), RULES)
    assert (decision.choices, len(decision.unfilled)) == ((), 2)


def test_an_order_that_is_only_collected_is_decided_too() -> None:
    problem = a_problem(
        [Want("1", "MUG", Decimal(1), pick_up_node="SHOP")],
        [a_node("SHOP", "store", pick_up=True)],
        [an_offer(node="SHOP")],
        ship_complete=True,
    )
    decision = solve(problem, RULES)
    assert (decision.choices[0].node, decision.optimal) == ("SHOP", True)


def test_the_split_penalty_is_paid_for_each_parcel_after_the_first() -> None:
    nodes = [a_node(code) for code in "ABC"]
    wants = [Want(code, code, Decimal(1)) for code in "ABC"]
    offers = [Offer(code, code, Decimal(1), Decimal(1)) for code in "ABC"]
    decision = solve(a_problem(wants, nodes, offers), RoutingRules(split_penalty=Decimal(5)))
    assert sum(choice.costs.split for choice in decision.choices) == 10
    assert decision.total == 13


def test_lines_of_one_sku_are_bought_at_the_price_of_all_of_them() -> None:
    wants = [Want("1", "MUG", Decimal(1)), Want("2", "MUG", Decimal(2))]
    offer = an_offer("4.00", breaks=((Decimal(3), Decimal("3.00")),))
    decision = solve(a_problem(wants, [a_node("DC")], [offer]), RULES)
    assert [(choice.line_id, choice.costs.item) for choice in decision.choices] == [("1", 3), ("2", 6)]


def test_a_line_that_is_cut_fills_the_lines_of_its_sku_in_their_order() -> None:
    wants = [Want("1", "MUG", Decimal(2)), Want("2", "MUG", Decimal(2))]
    nodes = [a_node("A"), a_node("B")]
    offers = [Offer("A", "MUG", Decimal(3), Decimal(1)), Offer("B", "MUG", Decimal(1), Decimal(1))]
    decision = solve(a_problem(wants, nodes, offers), RULES)
    assert [(choice.line_id, choice.node, choice.quantity) for choice in decision.choices] == [
        ("1", "A", 2),
        ("2", "A", 1),
        ("2", "B", 1),
    ]


def test_a_length_of_cloth_is_cut_to_the_last_bit_that_a_node_has() -> None:
    wants = [Want("1", "CLOTH", Decimal("2.5"))]
    nodes = [a_node("A"), a_node("B")]
    offers = [Offer("A", "CLOTH", Decimal("1.75"), Decimal(2)), Offer("B", "CLOTH", Decimal("1.25"), Decimal(1))]
    decision = solve(a_problem(wants, nodes, offers), RULES)
    assert {choice.node: choice.quantity for choice in decision.choices} == {"A": Decimal("1.25"), "B": Decimal("1.25")}


def test_whole_units_are_never_made_up_of_parts_of_units() -> None:
    wants = [Want("1", "MUG", Decimal(3))]
    nodes = [a_node("A"), a_node("B")]
    offers = [Offer("A", "MUG", Decimal("1.9"), Decimal(2)), Offer("B", "MUG", Decimal("1.5"), Decimal(1))]
    decision = solve(a_problem(wants, nodes, offers), RULES)
    assert {choice.node: choice.quantity for choice in decision.choices} == {"A": 1, "B": 1}
    assert decision.unfilled[0].quantity == 1


def test_a_cost_beyond_all_prices_is_refused_and_not_stored() -> None:
    problem = one_line(a_node("DC"), an_offer("900000000000000"), "9")
    with pytest.raises(ValueError, match="order SO1: its landed cost of 8100000000000000 is no price"):
        solve(problem, RULES)


def test_the_decision_says_what_it_was_made_of() -> None:
    problem = one_line(a_node("DC"), an_offer())
    decision = solve(problem, RULES)
    assert (decision.order_id, decision.currency, decision.decided_at) == ("SO1", "USD", AT)
    assert (decision.rules_hash, decision.method, decision.optimal) == (RULES.hash, "partition programme", True)
    assert Decision.model_validate_json(decision.model_dump_json()) == decision


@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**15), min_size=1, max_size=12))
def test_a_shared_cost_is_cut_without_losing_a_millionth(total: int, weights: list[int]) -> None:
    shares = share(total, weights)
    assert sum(shares) == total
    for part, weight in zip(shares, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
