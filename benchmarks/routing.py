"""How fast one order is routed, by lines and nodes, beside HiGHS and beside the simple rules that others use.

`python -m benchmarks.routing [--quick] [--cpu]`. Both sides start from the same problem in memory (order, network, and
every offer of its SKUs) and end with the plan; the two costs are asserted equal on every order that HiGHS solved.

- ours: candidates filtered, priced and solved, as in a run of orders: what a quantity of a SKU costs where is kept from
  the order that asked first. "by itself": the same with nothing kept, the offers put on shelves anew for every order.
- stored: ours and the whole decision as it is kept, with every line's cost parts and the hash of its input.
- HiGHS whole: the candidates filtered and priced by our code with everything kept, then the model built and solved;
  with presolve or without, whichever is faster for the row. "solve": the built model handed over and solved. "LP
  first": the linear relaxation, and the integer model only where that is fractional; building included.

`--cpu` takes the processor's time instead of the clock's, on both sides: on a busy machine the clock counts the turns
of others, which make the slowest of many short measurements.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from benchmarks.peer import Peer, build
from hub.model.node import Node, NodeCosts, NodeKind
from hub.model.place import Coordinates
from hub.routing.jobs import sort
from hub.routing.offer import Offer
from hub.routing.partition import NEVER, cheapest
from hub.routing.plan import landed
from hub.routing.problem import Network, Problem, Want
from hub.routing.rules import RoutingRules
from hub.routing.scene import Scene, goods_of
from hub.routing.shelf import Shelf, Shelves
from hub.routing.solve import plan, solve
from hub.routing.whole import priced

AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
KINDS = (NodeKind.WAREHOUSE, NodeKind.STORE, NodeKind.SUPPLIER, NodeKind.THIRD_PARTY)
SHARE = (0.2, 0.45, 0.27, 0.08)
PER_ORDER = (1.0, 2.8, 2.5, 1.8)
PER_UNIT = (0.25, 0.6, 0.0, 0.4)
CARRIES = (0.8, 0.3, 0.3, 0.5)
#: How often an order has 1, 2, ... 10 lines (as the shared instances have it).
LINES = (0.55, 0.22, 0.11, 0.05, 0.03, 0.015, 0.01, 0.006, 0.005, 0.004)
RULES = RoutingRules()
Each = TypeVar("Each")


@dataclass(frozen=True)
class Market:
    """Nodes around some cities, items, and who has how many of them."""

    network: Network
    cities: Sequence[tuple[float, float]]
    weights: Sequence[Decimal]
    shelves: Sequence[Shelf]


def _market(nodes: int, items: int, seed: int) -> Market:
    dice = random.Random(seed)
    cities = [(dice.uniform(27, 47), dice.uniform(-121, -74)) for _ in range(60)]
    kinds = [0, *dice.choices(range(4), SHARE, k=nodes - 1)]
    places = [_near(dice, dice.choice(cities), 0.3) for _ in kinds]
    made = [_node(number, kind, place) for number, (kind, place) in enumerate(zip(kinds, places, strict=True))]
    offers = [_offers(dice, f"I{item}", made, kinds) for item in range(items)]
    weights = [Decimal(min(25_000, max(50, round(1000 * dice.lognormvariate(-0.4, 0.9))))) for _ in range(items)]
    network = Network(made)
    shelves = [network.shelf(f"I{item}", each) for item, each in enumerate(offers)]
    return Market(network, cities, weights, shelves)


def _near(dice: random.Random, city: tuple[float, float], spread: float) -> Coordinates:
    return Coordinates(latitude=city[0] + dice.gauss(0, spread), longitude=city[1] + dice.gauss(0, spread))


def _node(number: int, kind: int, place: Coordinates) -> Node:
    costs = NodeCosts(
        per_order=Decimal(str(PER_ORDER[kind])),
        per_unit=Decimal(str(PER_UNIT[kind])),
        freight_base=Decimal("5.2"),
        freight_per_km=Decimal("0.0018"),
        freight_per_kg=Decimal("0.6"),
    )
    return Node(code=f"N{number:04d}", kind=KINDS[kind], partner=f"p{number}", coordinates=place, costs=costs)


def _offers(dice: random.Random, sku: str, nodes: Sequence[Node], kinds: Sequence[int]) -> list[Offer]:
    price = max(1.0, dice.lognormvariate(3.0, 0.8))
    made = []
    for node, kind in zip(nodes, kinds, strict=True):
        if dice.random() < CARRIES[kind]:
            cost = price * (1 + dice.uniform(-0.03, 0.12)) if kind == 2 else price
            made.append(Offer(node.code, sku, Decimal(dice.choice([0, 1, 2, 5, 20, 100])), Decimal(f"{cost:.2f}")))
    return made or [Offer(nodes[0].code, sku, Decimal(100), Decimal(f"{price:.2f}"))]


def _orders(market: Market, lines: int | None, count: int, seed: int) -> list[Problem]:
    dice = random.Random(seed)
    return [_order(dice, market, lines or dice.choices(range(1, 11), LINES)[0], number) for number in range(count)]


def _order(dice: random.Random, market: Market, lines: int, number: int) -> Problem:
    items = dice.sample(range(len(market.weights)), lines)
    quantities = dice.choices([1, 2, 3, 4], [0.82, 0.12, 0.04, 0.02], k=lines)
    return Problem(
        order_id=f"SO{number}",
        currency="USD",
        at=AT,
        wants=tuple(
            Want(f"L{line}", f"I{item}", Decimal(quantity), market.weights[item])
            for line, (item, quantity) in enumerate(zip(items, quantities, strict=True))
        ),
        nodes=market.network,
        offers=Shelves(market.shelves[item] for item in items),
        destination=_near(dice, dice.choice(market.cities), 0.6),
    )


# --- measuring -------------------------------------------------------------------------------------------------------


def _times(work: Callable[[Each], object], inputs: Iterable[Each]) -> list[float]:
    taken, now = [], time.process_time if "--cpu" in sys.argv else time.perf_counter
    for each in inputs:
        start = now()
        work(each)
        taken.append((now() - start) * 1000)
    return sorted(taken)


def _percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def _ours(problem: Problem) -> object:
    return plan(Scene(problem, RULES))


def _by_itself(problem: Problem) -> object:
    """Route with nothing kept from other orders but the network."""
    return plan(Scene(replace(problem, offers=tuple(problem.offers)), RULES))


def _stored(problem: Problem) -> object:
    return solve(problem, RULES)


Table = tuple[list[int], list[list[int]]]


def _table(problem: Problem) -> Table:
    scene = Scene(problem, RULES)
    _, fixed, rows = priced(scene, [job.costs for job in sort(scene, goods_of(problem.wants, RULES)).jobs])
    return fixed, rows


def _cost(table: Table, chosen: Sequence[int]) -> float:
    fixed, rows = table
    lines = sum(rows[node][line] for line, node in enumerate(chosen))
    return (lines + sum(fixed[node] for node in set(chosen))) / 1e9


def _exact(table: Table) -> float:
    fixed, rows = table
    sent = cheapest(fixed, rows)
    return _cost(table, [next(each.node for each in sent if each.goods >> line & 1) for line in range(len(rows[0]))])


def _optimum(problem: Problem) -> float:
    scene = Scene(problem, RULES)
    found = plan(scene)
    assert found.optimal
    # HiGHS counts the penalty for every parcel, the first included, and a grain a parcel.
    return (landed(scene, found.parts) + scene.terms.split) / 1e6


@dataclass(frozen=True)
class Timed:
    """Milliseconds, sorted."""

    ours: list[float]
    by_itself: list[float]
    stored: list[float]
    whole: list[float]
    solve: list[float]
    relaxed: list[float]


def _measure(problems: Sequence[Problem], peers: int) -> Timed:
    whole = [problem for problem in problems if _stays_whole(problem)]
    for problem in whole:
        _ours(problem)
    few = whole[:peers]
    with_, without = Peer("on"), Peer("off")
    for problem in few:
        theirs = with_.solve(build(_table(problem)))
        assert abs(theirs - _optimum(problem)) < 1e-5, (problem.order_id, theirs, _optimum(problem))
    presolved, plain = _times(_by(with_), few), _times(_by(without), few)
    fast = with_ if _percentile(presolved, 0.5) < _percentile(plain, 0.5) else without
    return Timed(
        ours=_times(_ours, whole),
        by_itself=_times(_by_itself, whole),
        stored=_times(_stored, whole[: len(problems) // 4]),
        whole=presolved if fast is with_ else plain,
        solve=_times(fast.solve, [build(_table(problem)) for problem in few]),
        relaxed=_times(lambda problem: with_.relaxation_first(build(_table(problem))), few),
    )


def _by(peer: Peer) -> Callable[[Problem], object]:
    return lambda problem: peer.solve(build(_table(problem)))


def _stays_whole(problem: Problem) -> bool:
    work = sort(Scene(problem, RULES), goods_of(problem.wants, RULES))
    return len(work.jobs) == len(problem.wants) and all(job.nanos == job.good.nanos for job in work.jobs)


def _print_cut(nodes: int, orders: int) -> None:
    market = _market(nodes, 300, seed=1)
    many = [
        replace(problem, wants=tuple(replace(want, quantity=want.quantity * 30) for want in problem.wants))
        for problem in _orders(market, None, orders, seed=9)
    ]
    cut = [problem for problem in many if not _stays_whole(problem)]
    times = _times(_ours, cut)
    print(
        f"\norders with a line that no node can fill (30 times the units), {nodes} nodes: {len(cut)} of {orders},"
        f" p50 {_percentile(times, 0.5):.2f} ms, p99 {_percentile(times, 0.99):.2f} ms"
    )


def _print_times(nodes: int, lines: Sequence[int], orders: int, peers: int) -> None:
    market = _market(nodes, max(60, *(3 * count for count in lines)), seed=1)
    for count in lines:
        timed = _measure(_orders(market, count, orders, seed=count), peers)
        half, high = _percentile(timed.ours, 0.5), _percentile(timed.ours, 0.99)
        whole, relaxed = _percentile(timed.whole, 0.5), _percentile(timed.relaxed, 0.5)
        alone = _percentile(timed.by_itself, 0.5)
        print(
            f"{nodes:6} {count:6} {half:9.3f} {high:9.3f} {alone:10.3f} {_percentile(timed.stored, 0.5):8.3f}"
            f" {whole:11.2f} {_percentile(timed.whole, 0.99):8.2f} {_percentile(timed.solve, 0.5):8.2f} {relaxed:8.2f}"
            f" {whole / half:8.0f}x {_percentile(timed.whole, 0.99) / high:6.0f}x {whole / alone:9.0f}x"
            f" {relaxed / half:7.0f}x",
            flush=True,
        )


# --- what simple rules cost ------------------------------------------------------------------------------------------


def _nearest(table: Table, metres: Sequence[int]) -> list[int]:
    return [min(_able(table, line), key=lambda node: metres[node]) for line in range(len(table[1][0]))]


def _cheapest_each(table: Table) -> list[int]:
    fixed, rows = table
    return [min(_able(table, line), key=lambda node: rows[node][line] + fixed[node]) for line in range(len(rows[0]))]


def _single_first(table: Table) -> list[int]:
    fixed, rows = table
    able = set.intersection(*(set(_able(table, line)) for line in range(len(rows[0]))))
    if not able:
        return _cheapest_each(table)
    return [min(able, key=lambda node: fixed[node] + sum(rows[node]))] * len(rows[0])


def _able(table: Table, line: int) -> list[int]:
    return [node for node, row in enumerate(table[1]) if row[line] < NEVER]


def _print_excess(nodes: int, orders: int) -> None:
    market = _market(nodes, 300, seed=1)
    sums = [0.0] * 4
    for problem in filter(_stays_whole, _orders(market, None, orders, seed=7)):
        scene = Scene(problem, RULES)
        jobs = sort(scene, goods_of(problem.wants, RULES)).jobs
        codes, fixed, rows = priced(scene, [job.costs for job in jobs])
        table, metres = (fixed, rows), [scene.site(code).metres for code in codes]
        plans = (_nearest(table, metres), _cheapest_each(table), _single_first(table))
        costs = [_exact(table), *(_cost(table, each) for each in plans)]
        sums = [total + cost - _goods(problem) for total, cost in zip(sums, costs, strict=True)]
    print(f"{nodes:6} {orders:8}" + "".join(f"{100 * (cost / sums[0] - 1):16.1f} %" for cost in sums[1:]))


def _goods(problem: Problem) -> float:
    """Return what the goods alone cost at their cheapest: no choice of nodes saves any of it."""
    cheapest_price: dict[str, float] = {}
    for offer in problem.offers:
        cheapest_price[offer.sku] = min(cheapest_price.get(offer.sku, math.inf), float(offer.unit_cost or 0))
    return sum(cheapest_price[want.sku] * float(want.quantity) for want in problem.wants)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer orders: does it run at all?")
    parser.add_argument("--cpu", action="store_true", help="time of the processor: for a busy machine")
    few = parser.parse_args().quick
    print(f"peak memory before HiGHS: {_after_ours():.0f} MB")
    print("milliseconds an order; x = HiGHS / ours")
    print(" " * 45 + "HiGHS ".ljust(39, "-") + " ratio ".ljust(36, "-"))
    print(
        " nodes  lines  ours p50  ours p99  by itself   stored   whole p50      p99    solve LP first"
        "   at p50  at p99 by itself LP first"
    )
    for nodes in (20, 100):
        _print_times(nodes, (1, 2) if few else (1, 2, 3, 4, 5, 6, 7, 8), 20 if few else 200, 3 if few else 20)
    _print_times(1000, (1,) if few else (1, 2, 3, 4, 5, 8), 5 if few else 60, 1 if few else 7)
    if not few:
        _print_times(20, (20, 100, 500), 12, 3)
    _print_cut(5, 50 if few else 300)
    _print_cut(20, 50 if few else 300)
    print("\ncost above the optimum, the goods at their cheapest left out, over a mix of 1 to 10 lines")
    print(" nodes   orders          nearest  cheapest a line  one node first")
    for nodes in (5, 20, 50):
        _print_excess(nodes, 50 if few else 500)
    print(f"\npeak memory: {_peak_mb():.0f} MB")


def _after_ours() -> float:
    for problem in _orders(_market(20, 300, seed=1), None, 50, seed=3):
        _ours(problem)
    return _peak_mb()


if __name__ == "__main__":
    main()
