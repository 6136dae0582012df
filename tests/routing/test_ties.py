"""Equal costs: fewer parcels first, then the earlier node by code, whatever order the input comes in."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from hub.routing.offer import Offer
from hub.routing.problem import Network, Want
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from tests.routing.instances import Shape, a_node, a_problem, random_problem

FREE_SPLITS = RoutingRules(split_penalty=Decimal(0))


def test_among_equal_nodes_the_first_by_code_is_chosen() -> None:
    nodes = [a_node(code) for code in ("C", "A", "B")]
    offers = [Offer(node.code, "MUG", Decimal(9), Decimal(1)) for node in nodes]
    decision = solve(a_problem([Want("1", "MUG", Decimal(1))], nodes, offers), FREE_SPLITS)
    assert decision.choices[0].node == "A"


def test_among_equal_costs_the_plan_with_fewer_parcels_is_chosen() -> None:
    nodes = [a_node(code) for code in ("A", "B", "Z")]
    offers = [
        *(Offer("Z", sku, Decimal(9), Decimal(1)) for sku in ("CUP", "MUG")),
        Offer("A", "CUP", Decimal(9), Decimal(1)),
        Offer("B", "MUG", Decimal(9), Decimal(1)),
    ]
    wants = [Want("1", "CUP", Decimal(1)), Want("2", "MUG", Decimal(1))]
    decision = solve(a_problem(wants, nodes, offers), FREE_SPLITS)
    assert {choice.node for choice in decision.choices} == {"Z"}


def test_the_order_of_offers_and_nodes_does_not_matter() -> None:
    for seed in range(120):
        problem, rules = random_problem(seed, Shape(most_units=4, stock=3))
        dice = random.Random(seed)
        offers, nodes = list(problem.offers), list(problem.nodes.by_code.values())
        dice.shuffle(offers)
        dice.shuffle(nodes)
        shuffled = replace(problem, offers=tuple(offers), nodes=Network(nodes, problem.nodes.fees))
        assert solve(shuffled, rules).choices == solve(problem, rules).choices, seed


def test_a_decision_taken_twice_is_the_same_text() -> None:
    for seed in range(60):
        problem, rules = random_problem(seed, Shape(most_units=5, stock=3, twists=False))
        assert solve(problem, rules).model_dump_json() == solve(problem, rules).model_dump_json(), seed
