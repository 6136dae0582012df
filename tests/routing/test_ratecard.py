"""Freight by rate cards: zones, billable weight, minimums, surcharges, days in force, and the bounds made from them."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from hub.model.decision import Decision
from hub.model.node import NodeCosts, NodeKind
from hub.model.place import Coordinates
from hub.routing.carriage import Carriage, Size
from hub.routing.explain import explain
from hub.routing.frozen import freeze, thaw
from hub.routing.offer import Offer
from hub.routing.problem import Want
from hub.routing.ratecard import RateCard
from hub.routing.rules import RoutingRules, RulesError, load_rules
from hub.routing.shelf import Shelves
from hub.routing.solve import solve
from tests.routing.instances import AT, Shape, a_card, a_node, a_problem, random_problem

CARD = """
[[rate_cards]]
name = "ground"
zones_km = [100, 500]
steps_kg = [1, 5, 20]
prices = [[4, 5, 6], [6, 8, 10], [12, 16, 20.5]]
"""
BOX: Size = (Decimal(40), Decimal(30), Decimal(20))


def a_card_like(**fields: object) -> RateCard:
    return load_rules(tomllib.loads(CARD)).rate_cards[0].changed(**fields)


def freight(
    card: RateCard, km: int | None = 50, grams: int = 800, quantity: int = 1, size: Size | None = None
) -> Decimal:
    """Return the freight of one line from one node so far away."""
    return decided(card, km, grams, quantity, size).choices[0].costs.freight


def decided(card: RateCard, km: int | None, grams: int, quantity: int, size: Size | None) -> Decision:
    problem = a_problem(
        [Want("1", "MUG", Decimal(quantity), Decimal(grams), size=size)],
        [a_node("DC", costs=NodeCosts(freight_base=Decimal(99), freight_per_km=Decimal(9), freight_per_kg=Decimal(9)))],
        [Offer("DC", "MUG", Decimal(1000), Decimal(1))],
        distances={} if km is None else {"DC": Decimal(km)},
    )
    return solve(problem, RoutingRules(rate_cards=(card,)))


@pytest.mark.parametrize(("km", "price"), [(0, 4), (100, 4), (101, 5), (500, 5), (501, 6), (9000, 6)])
def test_a_zone_ends_where_the_card_says(km: int, price: int) -> None:
    assert freight(a_card_like(), km=km) == price


@pytest.mark.parametrize(("grams", "price"), [(1, 4), (1000, 4), (1001, 6), (5000, 6), (5001, 12), (20_000, 12)])
def test_weight_is_charged_by_the_step_that_holds_it(grams: int, price: int) -> None:
    assert freight(a_card_like(), grams=grams) == price


def test_what_is_heavier_than_the_table_goes_in_the_cheapest_parcels() -> None:
    assert freight(a_card_like(), grams=21_000) == 12 + 4
    assert freight(a_card_like(), grams=23_000) == 12 + 6
    assert freight(a_card_like(), grams=1_000_000) == 50 * 12
    assert freight(a_card_like(), grams=40_000_000) == 2000 * 12


def test_a_light_parcel_of_great_volume_is_charged_by_its_volume() -> None:
    assert freight(a_card_like(divisor="5000"), size=BOX) == 6
    assert freight(a_card_like(divisor="5000")) == 4
    assert freight(a_card_like(), size=BOX) == 4
    assert freight(a_card_like(divisor="5000", cubic_over_cm3=24_000), size=BOX) == 4
    assert freight(a_card_like(divisor="5000", cubic_over_cm3="23999.9"), size=BOX) == 6


def test_each_side_is_rounded_up_before_the_volume_is_taken() -> None:
    size = (Decimal("10.1"), Decimal("10.1"), Decimal("10.1"))
    assert freight(a_card_like(divisor="1030.4"), size=size, grams=1) == 4
    assert freight(a_card_like(divisor="1030.4", round_up_cm=1), size=size, grams=1) == 6


def test_weight_is_rounded_up_once_for_all_that_goes_together() -> None:
    assert freight(a_card_like(), grams=600, quantity=8) == 6
    assert freight(a_card_like(round_up_kg=1, steps_kg=[1, 4, 20]), grams=4001) == 12


def test_minimum_fuel_and_what_every_parcel_pays() -> None:
    assert freight(a_card_like(minimum=5)) == 5
    assert freight(a_card_like(fuel_percent="12.5")) == Decimal("4.5")
    assert freight(a_card_like(minimum=5, fuel_percent=10, per_parcel="0.35")) == Decimal("5.85")


def test_heavy_parcels_and_long_units_pay_more() -> None:
    heavy = a_card_like(heavy_over_kg=10, heavy=7)
    assert (freight(heavy, grams=10_000), freight(heavy, grams=10_500)) == (12, 12 + 7)
    assert (freight(heavy, grams=25_000), freight(heavy, grams=35_000)) == (19 + 6, 19 + 12 + 6)
    long = a_card_like(long_over_cm=30, long=2)
    assert (freight(long, quantity=3, grams=10, size=BOX), freight(long, grams=10)) == (4 + 3 * 2, 4)


def test_without_coordinates_the_distance_is_unknown_and_never_nothing() -> None:
    assert freight(a_card_like(), km=None) == 6
    wants = [Want("1", "MUG", Decimal(1), Decimal(800))]
    near = Coordinates(latitude=40.7, longitude=-74.0)
    nodes = [a_node("LOST"), a_node("NEAR", coordinates=near)]
    problem = a_problem(
        wants, nodes, [Offer(code, "MUG", Decimal(1), Decimal(1)) for code in ("LOST", "NEAR")], destination=near
    )
    rules = RoutingRules(rate_cards=(a_card_like(),))
    decision = solve(problem, rules)
    assert decision.choices[0].node == "NEAR"
    (other,) = explain(problem, rules, decision)
    assert other.detail == "distance unknown: 1500 km assumed; freight by rate card ground, zone 3"
    assert other.extra_cost == 2


def test_a_card_counts_on_its_days_alone_and_the_first_that_names_the_node() -> None:
    today = AT.date()
    old = a_card_like(valid_until=date(2026, 11, 19), minimum=50)
    mine = a_card_like(name="mine", nodes=["DC"], valid_from=today, valid_until=today, minimum=20)
    rest = a_card_like(name="rest", kinds=["warehouse"], minimum=30)

    def charged(*cards: RateCard) -> Decimal:
        problem = a_problem(
            [Want("1", "MUG", Decimal(1), Decimal(800))],
            [a_node("DC", costs=NodeCosts(freight_base=Decimal(9)))],
            [Offer("DC", "MUG", Decimal(1), Decimal(1))],
        )
        return solve(problem, RoutingRules(rate_cards=cards)).choices[0].costs.freight

    assert (charged(old, mine, rest), charged(old, rest, mine), charged(old)) == (20, 30, 9)
    assert charged(a_card_like(nodes=["OTHER"]), a_card_like(kinds=[NodeKind.STORE])) == 9


def test_next_years_card_of_the_same_name_counts_from_its_day_for_orders_that_share_their_offers() -> None:
    old = a_card_like(valid_until=AT.date())
    new = a_card_like(valid_from=AT.date() + timedelta(days=1), minimum=9, long_over_cm=30, long=2)
    rules = RoutingRules(rate_cards=(old, new))
    problem = a_problem(
        [Want("1", "MUG", Decimal(1), Decimal(800), size=BOX)],
        [a_node("DC")],
        [Offer("DC", "MUG", Decimal(1), Decimal(1))],
        distances={"DC": Decimal(5)},
    )
    shared = replace(problem, offers=Shelves(problem.shelves.values()))
    later = replace(shared, at=AT + timedelta(days=1))
    assert [solve(each, rules).choices[0].costs.freight for each in (shared, later, shared)] == [4, 11, 4]


def test_two_lines_share_a_parcel_where_that_saves_freight() -> None:
    """One by one B is cheaper for the second line; together they fill one step of weight at A."""
    card = a_card_like(prices=[[5, 5, 5], [5, 5, 5], [9, 9, 9]])
    wants = [Want(str(line), f"K{line}", Decimal(1), Decimal(2000)) for line in (1, 2)]
    offers = [Offer("A", "K1", Decimal(1), Decimal(1)), Offer("A", "K2", Decimal(1), Decimal(3))]
    problem = a_problem(wants, [a_node("A"), a_node("B")], [*offers, Offer("B", "K2", Decimal(1), Decimal(1))])
    decision = solve(problem, RoutingRules(rate_cards=(card,), split_penalty=Decimal(0)))
    assert ([choice.node for choice in decision.choices], decision.total) == (["A", "A"], 1 + 3 + 5)
    assert decision.optimal


# --- the arithmetic and its bounds -----------------------------------------------------------------------------------


def test_the_straight_line_is_never_above_what_a_card_takes() -> None:
    for seed in range(60):
        dice = random.Random(seed)
        carriage = Carriage(a_card(dice, "any"))
        for zone in (0, 1):
            for _ in range(80):
                load = int(10 ** dice.uniform(0, 9))
                assert carriage.starts[zone] + carriage.along(load) <= carriage.cost(zone, load), (seed, zone, load)


def a_large_order(seed: int, lines: int) -> tuple[Decision, int]:
    """Return the decision of an order too large for the exact programme, and its number of lines."""
    dice = random.Random(seed)
    nodes = [a_node(f"N{number}", costs=NodeCosts(per_order=Decimal(dice.randint(0, 3)))) for number in range(6)]
    wants = [Want(f"L{line}", f"K{line}", Decimal(1), Decimal(dice.randint(50, 4000))) for line in range(lines)]
    offers = [
        Offer(node.code, want.sku, Decimal(5), Decimal(dice.randint(500, 700)) / 100)
        for want in wants
        for node in nodes
        if node is nodes[0] or dice.random() < 0.5
    ]
    distances = {node.code: Decimal(dice.randint(0, 900)) for node in nodes}
    problem = a_problem(wants, nodes, offers, distances=distances)
    card = a_card_like(divisor="5000", nodes=["N0", "N1", "N2", "N3"] if seed % 2 else [])
    return solve(problem, RoutingRules(rate_cards=(card,))), lines


def test_a_large_order_says_how_far_from_the_least_it_may_be() -> None:
    for seed in range(12):
        decision, lines = a_large_order(seed, lines=10 + 3 * seed)
        assert len(decision.choices) == lines
        assert sum((choice.costs.total for choice in decision.choices), Decimal(0)) == decision.total
        gap = decision.gap
        assert gap is not None
        assert 0 <= gap < Decimal("0.25"), (seed, gap)
        assert decision.optimal or (decision.bound is not None and decision.bound < decision.total)


def test_with_cards_small_orders_are_proven_and_say_no_bound() -> None:
    for seed in range(40):
        decision = solve(*random_problem(seed, Shape(lines=3, stock=9, limits=False, cards=True)))
        assert (decision.bound is None) == decision.optimal
        assert decision.gap == 0 or not decision.optimal


# --- in files --------------------------------------------------------------------------------------------------------


def test_rules_with_cards_come_back_from_what_a_decision_keeps_of_them() -> None:
    for seed in range(20):
        rules = random_problem(seed, Shape(cards=True))[1]
        again = load_rules(rules.model_dump(mode="json", exclude_defaults=True))
        assert (again, again.hash) == (rules, rules.hash)


def test_the_size_of_goods_is_kept_with_the_question() -> None:
    problem = a_problem([Want("1", "MUG", Decimal(1), size=BOX)], [], [])
    assert thaw(freeze(problem)) == problem
    assert thaw(freeze(problem)).wants[0].size == BOX


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"zones_km": [500, 100]}, "zones_km must rise"),
        ({"steps_kg": [1, 1, 2]}, "steps_kg must rise"),
        ({"steps_kg": [1, 5]}, "3 rows of prices for 2 weights"),
        ({"zones_km": [5]}, "row 1 has 3 prices for 2 zones; row 2 has 3 prices for 2 zones"),
        ({"round_up_kg": 2}, "the first weight is below round_up_kg"),
        ({"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)}, "valid_until is before valid_from"),
        ({"round_up_kg": "0.0001"}, "the last weight is more than 20000 times round_up_kg"),
        ({"heavy": 2}, "heavy and heavy_over_kg need each other"),
        ({"long_over_cm": 2}, "long and long_over_cm need each other"),
    ],
)
def test_a_card_that_cannot_be_is_refused_by_name(fields: Mapping[str, object], fault: str) -> None:
    with pytest.raises(ValidationError, match=f"rate card ground: .*{fault}"):
        a_card_like(**fields)


def test_a_wrong_card_in_a_file_is_told_like_any_other_rule() -> None:
    with pytest.raises(RulesError, match=r"rate_cards\.0: .*2 rows of prices for 3 weights"):
        load_rules(tomllib.loads(CARD.replace("[4, 5, 6], ", "")))
    with pytest.raises(RulesError, match=r"rate_cards\.0\.fule_percent"):
        load_rules(tomllib.loads(CARD + "fule_percent = 3\n"))
