"""Thousands of orders over shared scarce stock: jointly, beside one after the other and the simple rules.

`python -m benchmarks.routing_batch [--quick] [--seeds 0 1 2 3 4] [--seconds 60]`. The instances are those of the shared
generator (`../shared/tools/routing_instances.py`), so that gaps can be compared with other solvers; where it is absent
all is skipped, and said to be. Gap: (cost - bound) / cost, proven. The limit of time counts seconds of the processor,
because a busy machine stretches those of the clock; both are printed. Every plan is replayed: what it takes of each
stock is added up.

- one by one: the exact plan of each order in turn. nearest: each line from the nearest node that has it; cheapest a
  line: each line where it alone is cheapest; one node first: the cheapest single node, else each line by itself.
- stream: half of the orders are history, solved jointly; its shadow prices then stand beside what the nodes cost while
  the other half comes one by one. Best in hindsight is the joint plan of that half.
- Olist: real orders, lines, places and weights, on stock placed as `olist` says; saved against every line from its own
  seller.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import olist
from hub.routing.batch.field import UNLIMITED, Field, Floats, grouped
from hub.routing.batch.optimise import Budget, Outcome, optimise
from hub.routing.batch.repair import Standing

GENERATOR = Path(__file__).parents[2] / "shared" / "tools" / "routing_instances.py"
#: Orders, nodes, share of scarce SKUs, and the gap that is aimed at in a minute.
SIZES = ((1_000, 20, 0.3, "proven"), (10_000, 20, 0.2, "0.1 %"), (10_000, 50, 0.2, "0.5 %"))
WORK = 60
CLEAR = Path("/proc/self/clear_refs")


def generator() -> Callable[..., dict[str, Any]] | None:
    """Return the shared generator's `make`; None where it is absent."""
    if not GENERATOR.exists():
        return None
    spec = importlib.util.spec_from_file_location("routing_instances", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make  # type: ignore[no-any-return]


def field_of(made: dict[str, Any]) -> Field:
    """Return an instance as a field: lines are atomic, every order pays each parcel and a split after the first."""
    sizes = [len(skus) for skus, _ in made["orders"]]
    order = np.repeat(np.arange(len(sizes)), sizes)
    sku = np.concatenate([skus for skus, _ in made["orders"]]).astype(np.int64)
    quantity = np.concatenate([units for _, units in made["orders"]]).astype(np.int64)
    cost = made["ucost"][:, sku] * quantity + made["R"].T[:, order] * (quantity * made["wt"][sku])
    cost[made["avail"][:, sku] < quantity] = np.inf
    return Field(
        cost=cost,
        parcel=(made["F"] + made["split"]).T.copy(),
        drop=made["bo"][sku],
        split=np.full(len(sizes), float(made["split"])),
        order=order,
        sku=sku,
        quantity=quantity,
        stock=made["avail"].astype(np.int64),
        capacity=np.full(made["N"], UNLIMITED),
        groups=grouped(order, len(sizes)),
    )


def rules(field: Field, distance: Floats) -> dict[str, float]:
    """Return the cost of each simple rule."""
    able = np.isfinite(field.cost)
    near = np.where(able, distance.T[:, field.order], np.inf)
    alone = field.cost + field.parcel[:, field.order]
    return {
        "nearest": _by(field, near),
        "cheapest a line": _by(field, alone),
        "one node first": _one_first(field, alone),
    }


def _by(field: Field, score: Floats) -> float:
    """Return what it costs to give every line in turn the node of the lowest score that still has it."""
    left, plan = field.stock.copy(), np.full(len(field.order), -1)
    for line, (sku, units) in enumerate(zip(field.sku.tolist(), field.quantity.tolist(), strict=True)):
        _take(left, plan, line, np.where(left[:, sku] >= units, score[:, line], np.inf), (sku, units))
    return Standing(field, plan).cost


def _take(left: Any, plan: Any, line: int, costs: Floats, what: tuple[int, int]) -> None:  # noqa: ANN401
    node = int(costs.argmin())
    if np.isfinite(costs[node]):
        plan[line] = node
        left[node, what[0]] -= what[1]


def _one_first(field: Field, alone: Floats) -> float:
    left, plan = field.stock.copy(), np.full(len(field.order), -1)
    starts = np.searchsorted(field.order, np.arange(field.orders + 1))
    for order in range(field.orders):
        lines = np.arange(starts[order], starts[order + 1])
        fits = (left[:, field.sku[lines]] >= field.quantity[lines]).all(axis=1)
        whole = np.where(fits, field.cost[:, lines].sum(axis=1) + field.parcel[:, order], np.inf)
        node = int(whole.argmin())
        if np.isfinite(whole[node]):
            plan[lines] = node
            left[node, field.sku[lines]] -= field.quantity[lines]
            continue
        for line in lines.tolist():
            sku, units = int(field.sku[line]), int(field.quantity[line])
            _take(left, plan, line, np.where(left[:, sku] >= units, alone[:, line], np.inf), (sku, units))
    return Standing(field, plan).cost


def measured(field: Field, seconds: float | None) -> tuple[Outcome, float, float]:
    """Return the outcome, replayed, and what it took: seconds of the clock and of the processor."""
    _forget_peak()
    clock, cpu = time.perf_counter(), time.process_time()
    found = optimise(field, Budget(WORK, seconds, time.process_time))
    taken = time.perf_counter() - clock, time.process_time() - cpu
    assert (field.there - field.used(found.plan)).min() >= 0, "more is promised than there is"
    assert abs(field.costs(found.plan).sum() - found.cost) < 1e-6 * found.cost
    return found, *taken


def _forget_peak() -> None:
    """Let the system count the peak of memory from here on; only Linux can."""
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")


def peak_mb() -> float:
    """Return the most memory that this process held since `_forget_peak`; elsewhere than on Linux since its start."""
    if not CLEAR.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def print_batches(make: Callable[..., dict[str, Any]], seeds: list[int], seconds: float, *, few: bool) -> None:
    print(
        " orders nodes scarce seed        cost       bound     gap  aim     proven  joint saves"
        "   nearest cheapest one-first clock s  cpu s  rounds peak MB"
    )
    for orders, nodes, scarcity, aim in SIZES[:1] if few else SIZES:
        for seed in seeds:
            made = make(nodes, 200 if few else orders, 2000, scarcity, seed)
            field = field_of(made)
            found, clock, cpu = measured(field, seconds)
            peak = peak_mb()
            others = rules(field, made["dist"])
            print(
                f"{field.orders:7} {nodes:5} {scarcity:6} {seed:4} {found.cost:11.2f} {found.bound:11.2f}"
                f" {100 * found.gap:6.3f}% {aim:7} {'yes' if found.optimal else 'no':6}"
                f" {100 * (1 - found.cost / found.one_at_a_time):10.2f} %"
                + "".join(f"{100 * (cost / found.cost - 1):8.1f}%" for cost in others.values())
                + f" {clock:8.1f} {cpu:6.1f} {found.rounds:7} {peak:7.0f}",
                flush=True,
            )


def print_stream(make: Callable[..., dict[str, Any]], seeds: list[int], *, few: bool) -> None:
    orders = 200 if few else 4_000
    half = orders // 2
    print(f"\nstream: {half} orders one by one with the shadow prices of {half} earlier ones; cost above hindsight")
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    print(" seed  hindsight gap " + "".join(f"{f'prices x {share}':>14}" for share in shares))
    for seed in seeds:
        field = field_of(make(20, orders, 2000, 0.3, seed))
        field = replace(field, stock=field.stock // 2)
        field = replace(field, cost=np.where(field.stock[:, field.sku] < field.quantity, np.inf, field.cost))
        early = np.arange(field.orders) % 2 == 0
        history, coming = field.only(early)[0], field.only(~early)[0]
        prices = optimise(history, Budget(WORK)).worth[:, coming.sku] * coming.quantity
        best = optimise(coming, Budget(WORK))
        costs = [_streamed(coming, share * prices) for share in shares]
        print(
            f"{seed:5} {100 * best.gap:12.3f} % " + "".join(f"{100 * (cost / best.cost - 1):12.2f} %" for cost in costs)
        )


def print_olist(seconds: float) -> None:
    """Print what real orders save against shipping each line from its own seller."""
    if not olist.FOLDER.exists():
        print(f"\nOlist: skipped, its orders are not there ({'/'.join(olist.FOLDER.parts[-4:])})")
        return
    print("\nOlist, saved against every line from its own seller")
    print(
        " held by DCs  orders  cost of own     cost     bound proven  nearest cheapest one-first one by one   joint"
        " clock s  cpu s peak MB"
    )
    for coverage in (0.3, 0.6):
        asked = olist.replay(coverage)
        own = Standing(asked.field, asked.seller)
        assert own.left.min() >= 0
        found, clock, cpu = measured(asked.field, seconds)
        peak = peak_mb()
        costs = [*rules(asked.field, asked.km.T).values(), found.one_at_a_time, found.cost]
        print(
            f"{100 * coverage:10.0f} % {asked.field.orders:7} {own.cost:12.2f} {found.cost:.2f} {found.bound:.2f}"
            f" {'yes' if found.optimal else 'no':6}"
            + "".join(f"{100 * (1 - cost / own.cost):7.2f} %" for cost in costs)
            + f" {clock:8.1f} {cpu:6.1f} {peak:7.0f}",
            flush=True,
        )


def _streamed(field: Field, prices: Floats) -> float:
    standing = Standing(field)
    standing.fill(np.ones(field.orders, bool), np.arange(field.orders, dtype=float), prices, in_turn=True)
    return standing.cost


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small ones only: does it run at all?")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--seconds", type=float, default=60.0, help="limit of processor time for each batch")
    asked = parser.parse_args()
    print_olist(asked.seconds)
    make = generator()
    if make is None:
        print(f"skipped: the instances' generator is not there ({'/'.join(GENERATOR.parts[-3:])})")
        return
    seeds = asked.seeds[:1] if asked.quick else asked.seeds
    print_batches(make, seeds, asked.seconds, few=asked.quick)
    print_stream(make, seeds, few=asked.quick)


if __name__ == "__main__":
    main()
