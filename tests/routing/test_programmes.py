"""The programmes by themselves: partition, search, reductions, bound, general model, greedy plan."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from hub.routing import joint, jointly
from hub.routing.ascent import ascend, columns_of
from hub.routing.greedy import greedy
from hub.routing.highs import Answer, Model
from hub.routing.jobs import sort
from hub.routing.offer import Offer
from hub.routing.partition import NEVER, Sent, cheapest, fewest
from hub.routing.plan import GREEDY, HIGHS, SEARCH
from hub.routing.problem import Want
from hub.routing.reduce import reduced
from hub.routing.rules import RoutingRules
from hub.routing.scene import Scene, goods_of
from hub.routing.search import assigned
from hub.routing.solve import plan, solve
from tests.routing.instances import Shape, a_node, a_problem, random_problem
from tests.routing.test_against_highs import an_order

Table = tuple[list[int], list[list[int]]]


def a_table(seed: int, nodes: int, goods: int, *, gaps: float = 0.4, highest: int = 90) -> Table:
    """Return parcels and costs; the last node may send everything."""
    dice = random.Random(seed)
    fixed = [dice.randint(1, highest) for _ in range(nodes)]
    rows = [
        [NEVER if node < nodes - 1 and dice.random() < gaps else dice.randint(0, highest) for _ in range(goods)]
        for node in range(nodes)
    ]
    return fixed, rows


def no_answer(*_: object) -> tuple[list[joint.Taken], bool]:
    """Answer like a search that ended at its limit with nothing."""
    return [], False


def cost(table: Table, chosen: Sequence[int]) -> int:
    fixed, rows = table
    return sum(fixed[node] for node in set(chosen)) + sum(rows[node][good] for good, node in enumerate(chosen))


def best_by_trying(table: Table) -> int:
    fixed, rows = table
    return min(cost(table, chosen) for chosen in product(range(len(fixed)), repeat=len(rows[0])))


def nodes_of(sent: Sequence[Sent], goods: int) -> list[int]:
    return [next(each.node for each in sent if each.goods >> good & 1) for good in range(goods)]


@pytest.mark.parametrize(("nodes", "goods"), [(1, 1), (4, 1), (2, 5), (4, 4), (6, 3), (3, 6)])
def test_the_partition_is_the_cheapest_of_all(nodes: int, goods: int) -> None:
    for seed in range(40):
        table = a_table(seed, nodes, goods)
        sent = cheapest(*table)
        assert cost(table, nodes_of(sent, goods)) == best_by_trying(table), seed
        assert sum(each.goods for each in sent) == (1 << goods) - 1
        assert len({each.node for each in sent}) == len(sent)


def test_many_nodes_are_narrowed_down_without_losing_the_best() -> None:
    for seed in range(25):
        table = a_table(seed, 150, 5, highest=900)
        sent = cheapest(*table)
        assert cost(table, nodes_of(sent, 5)) == cost(table, assigned(*table, 10**9).nodes), seed


def test_the_search_finds_and_proves_the_cheapest() -> None:
    for seed in range(80):
        table = a_table(seed, 5, 5)
        found = assigned(*table, 10**6)
        assert (cost(table, found.nodes), found.proven) == (best_by_trying(table), True), seed


def test_the_search_says_so_when_its_work_ran_out() -> None:
    hard = next(
        table for table in (a_table(seed, 12, 12) for seed in range(50)) if not assigned(*table, 12 * 12).proven
    )
    early, late = assigned(*hard, 12 * 12), assigned(*hard, 10**6)
    assert late.proven
    assert cost(hard, late.nodes) <= cost(hard, early.nodes)


def test_the_bound_is_never_above_the_best_and_no_useful_node_is_ruled_out() -> None:
    for seed in range(80):
        table = a_table(seed, 5, 4)
        best = best_by_trying(table)
        bound, slack = ascend(table[0], columns_of(table[1], NEVER))
        assert bound <= best
        for chosen in product(range(5), repeat=4):
            if cost(table, chosen) == best:
                assert all(bound + slack[node] <= best for node in chosen), seed


def test_with_too_few_parcels_the_most_units_go_and_then_the_cheapest() -> None:
    for seed in range(60):
        fixed, rows = a_table(seed, 4, 4)
        rows = rows[:3]
        units = [random.Random(seed + good).randint(1, 5) for good in range(4)]
        for most in (1, 2, 3):
            options = [[None, *(node for node in range(3) if rows[node][good] < NEVER)] for good in range(4)]
            ways = [way for way in product(*options) if len(set(way) - {None}) <= most]
            best = min((-_units(way, units), _cost(way, fixed, rows)) for way in ways)
            sent = fewest(fixed[:3], rows, units, most)
            way = [next((each.node for each in sent if each.goods >> good & 1), None) for good in range(4)]
            assert (-_units(way, units), _cost(way, fixed, rows)) == best, (seed, most)
            assert len(sent) <= most


def _units(way: Sequence[int | None], units: Sequence[int]) -> int:
    return sum(each for each, node in zip(units, way, strict=True) if node is not None)


def _cost(way: Sequence[int | None], fixed: Sequence[int], rows: Sequence[Sequence[int]]) -> int:
    nodes = {node for node in way if node is not None}
    return sum(fixed[node] for node in nodes) + sum(rows[n][good] for good, n in enumerate(way) if n is not None)


def test_a_node_that_goes_anyway_settles_what_is_no_cheaper_elsewhere() -> None:
    found = reduced([{"A": 5}, {"A": 7, "B": 7}, {"A": 9, "B": 2}, {"C": 4, "D": 1}])
    assert found.opened == {"A"}
    assert found.settled == {0: "A", 1: "A"}
    assert [[group.jobs for group in piece] for piece in found.pieces] == [[[2]], [[3]]]


def test_jobs_that_always_choose_alike_go_together() -> None:
    (piece,) = reduced([{"A": 5, "B": 6}, {"A": 1, "B": 2}, {"A": 5, "B": 9}]).pieces
    assert [(group.jobs, group.costs) for group in piece] == [([0, 1], {"A": 6, "B": 8}), ([2], {"A": 5, "B": 9})]


def test_reductions_lose_nothing() -> None:
    for seed in range(40):
        problem = an_order(seed, lines=7, nodes=9)
        alone, reduced_first = solve(problem, RoutingRules()), solve(problem, RoutingRules(exact_lines=1))
        assert alone.total == reduced_first.total, seed


def test_a_large_order_says_how_it_was_solved() -> None:
    problem = an_order(3, lines=16, nodes=15)
    assert solve(problem, RoutingRules()).method == SEARCH
    assert solve(problem, RoutingRules(search_limit=0)).method == HIGHS


def test_a_search_cut_short_keeps_the_better_of_two_plans_and_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = an_order(5, lines=16, nodes=15)
    monkeypatch.setattr(jointly, "best", no_answer)
    decision = solve(problem, RoutingRules(search_limit=0))
    assert decision.optimal is False
    assert decision.total >= solve(problem, RoutingRules()).total


def test_a_search_cut_short_takes_the_plan_of_highs_when_that_is_cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    unproven = joint.best
    monkeypatch.setattr(jointly, "best", lambda asks, branches: (unproven(asks, branches)[0], False))
    methods = set()
    for seed in range(40):
        problem = an_order(seed, lines=16, nodes=15)
        decision = solve(problem, RoutingRules(search_limit=0))
        least = solve(problem, RoutingRules()).total
        assert decision.total == least, seed
        assert decision.optimal or (decision.bound is not None and 0 < decision.bound <= least), seed
        methods.add((decision.method, decision.optimal))
    assert methods >= {(SEARCH, False), (HIGHS, False)}


def test_without_highs_the_greedy_plan_keeps_every_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jointly, "best", no_answer)
    seen = 0
    for seed in range(250):
        problem, rules = random_problem(seed, Shape(most_units=4, stock=3, nodes=4, same_sku=seed % 2 == 0))
        decision = solve(problem, rules)
        if decision.method != GREEDY:
            continue
        seen += 1
        used: dict[tuple[str, str], Decimal] = {}
        for choice in decision.choices:
            used[choice.node, choice.sku] = used.get((choice.node, choice.sku), Decimal(0)) + choice.quantity
        have = {(offer.node, offer.sku): offer.available for offer in problem.offers}
        assert all(quantity <= have[key] for key, quantity in used.items()), seed
        limits = [each for each in (problem.max_splits, rules.max_splits) if each is not None]
        assert not limits or len({node for node, _ in used}) <= min(limits) + 1, seed
        assert decision.optimal is False
    assert seen > 20


def test_the_greedy_plan_is_never_better_than_a_proven_one() -> None:
    for seed in range(120):
        problem, rules = random_problem(seed, Shape(most_units=5, stock=3, twists=False))
        scene = Scene(problem, rules)
        work = sort(scene, goods_of(problem.wants, rules))
        if not work.cuttings or scene.ship_complete:
            continue
        asks = tuple(jointly._of_job(scene, job, work) for job in work.jobs)
        asks += tuple(jointly._of_cutting(scene, each) for each in work.cuttings)
        every = jointly._asks(scene, asks, work.contested, scene.most_parcels)
        found, proven = joint.best(every, 1000)
        assert proven
        assert joint.holds(every, greedy(every))
        assert jointly._rank(scene, every, found) <= jointly._rank(scene, every, greedy(every)), seed


def test_an_answer_that_breaks_a_limit_does_not_hold() -> None:
    problem = a_problem(
        [Want("1", "MUG", Decimal(3))],
        [a_node("A"), a_node("B")],
        [Offer("A", "MUG", Decimal(2), Decimal(1)), Offer("B", "MUG", Decimal(2), Decimal(1))],
    )
    scene = Scene(problem, RoutingRules())
    work = sort(scene, goods_of(problem.wants, scene.rules))
    asks = jointly._asks(scene, (jointly._of_cutting(scene, work.cuttings[0]),), frozenset(), None)
    good, _ = joint.best(asks, 10)
    assert joint.holds(asks, good)
    assert not joint.holds(asks, [replace(good[0], nanos=good[0].tier.high + 1)])
    assert not joint.holds(asks, [*good, *good])
    assert not joint.holds(replace(asks, most=1), good)
    assert not joint.holds(replace(asks, shared={("A", "MUG"): 0}), good)
    choice = joint._Choice(asks)
    assert choice.read(Answer((), proven=False)) is None
    assert choice.read(Answer((0.0,) * len(choice.costs), proven=True)) == []


def test_cloth_that_lines_compete_for_is_shared_out_exactly() -> None:
    wants = [
        Want("1", "CLOTH", Decimal("1.5"), excluded=frozenset({"C"})),
        Want("2", "CLOTH", Decimal("1.25")),
    ]
    nodes = [a_node(code) for code in "AB"]
    offers = [Offer("A", "CLOTH", Decimal("2.1"), Decimal(1)), Offer("B", "CLOTH", Decimal("0.4"), Decimal(3))]
    decision = solve(a_problem(wants, nodes, offers), RoutingRules())
    assert sum(choice.quantity for choice in decision.choices) == Decimal("2.5")
    assert sum(each.quantity for each in decision.unfilled) == Decimal("0.25")


def test_nodes_that_sell_only_pairs_prove_that_one_of_three_is_missing() -> None:
    pairs = [Offer(code, "MUG", Decimal(2), Decimal(5), minimum=Decimal(2)) for code in "AB"]
    decision = solve(a_problem([Want("1", "MUG", Decimal(3))], [a_node("A"), a_node("B")], pairs), RoutingRules())
    assert (decision.choices[0].quantity, decision.unfilled[0].quantity, decision.optimal) == (2, 1, True)


def test_a_model_without_an_answer_gives_none() -> None:
    model = Model()
    column = model.column(1.0, whole=True)
    model.row(2.0, 3.0, [(column, 1.0)])
    assert model.minimise([1.0], 10) == Answer((), proven=False)


def test_highs_is_not_loaded_for_an_order_that_needs_no_cutting() -> None:
    code = (
        "import sys; from decimal import Decimal; from tests.routing.instances import *; "
        "from hub.routing.solve import solve; solve(*random_problem(1, Shape(stock=9))); "
        "assert 'highspy' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_planning_leaves_the_input_alone() -> None:
    problem, rules = random_problem(7, Shape(most_units=4, stock=3))
    before = repr(problem.offers), repr(problem.wants), dict(problem.load)
    plan(Scene(problem, rules))
    assert (repr(problem.offers), repr(problem.wants), dict(problem.load)) == before


def test_sets_that_cost_more_than_their_goods_are_sent_best_with_no_node_twice() -> None:
    """However uneven the extra costs are: two parcels from one node are never an answer."""
    for seed in range(60):
        fixed, rows = a_table(seed, 3, 3, gaps=0.2)
        dice = random.Random(seed)
        more = [[0, *(dice.randint(0, 60) * goods.bit_count() ** 3 for goods in range(1, 8))] for _ in rows[:-1]]
        extras = [*more, None]
        units = [dice.randint(1, 5) for _ in range(3)]
        for most in (1, 2, 3):
            options = [[None, *(node for node in range(3) if rows[node][good] < NEVER)] for good in range(3)]
            ways = [way for way in product(*options) if len(set(way) - {None}) <= most]
            best = min((-_units(way, units), _uneven(way, fixed, rows, extras)) for way in ways)
            sent = fewest(fixed, rows, units, most, extras)
            assert len({each.node for each in sent}) == len(sent) <= most
            way = tuple(next((each.node for each in sent if each.goods >> good & 1), None) for good in range(3))
            assert (-_units(way, units), _uneven(way, fixed, rows, extras)) == best, (seed, most)
        whole = [way for way in ways if None not in way]
        sent = cheapest(fixed, rows, extras)
        assert len({each.node for each in sent}) == len(sent)
        least = min(_uneven(way, fixed, rows, extras) for way in whole)
        assert _uneven(tuple(nodes_of(sent, 3)), fixed, rows, extras) == least, seed


def _uneven(
    way: Sequence[int | None], fixed: Sequence[int], rows: Sequence[Sequence[int]], extras: Sequence[list[int] | None]
) -> int:
    sets: dict[int, int] = {}
    for good, node in enumerate(way):
        if node is not None:
            sets[node] = sets.get(node, 0) | 1 << good
    more = sum(extra[goods] for node, goods in sets.items() if (extra := extras[node]) is not None)
    return _cost(way, fixed, rows) + more
