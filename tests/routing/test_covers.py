"""The cuts of a batch, and the master that they go into."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hub.routing.batch.covers import violated
from hub.routing.batch.field import UNLIMITED, Field, Floats, Ints, grouped
from hub.routing.batch.master import Master, Relaxed
from hub.routing.batch.optimise import Budget, optimise
from hub.routing.batch.pool import Pool
from hub.routing.batch.pricing import best_plan
from hub.routing.batch.rows import Rows


def a_field(cost: Floats, quantity: list[int], stock: list[int]) -> Field:
    """Orders of one line for one SKU at some nodes; not to send a line costs 100 a unit."""
    orders = len(quantity)
    units = np.array(quantity)
    return Field(
        cost=np.where(np.array(stock)[:, None] < units, np.inf, cost),
        parcel=np.zeros((len(stock), orders)),
        drop=100.0 * units,
        split=np.zeros(orders),
        order=np.arange(orders),
        sku=np.zeros(orders, np.int64),
        quantity=units,
        stock=np.array(stock)[:, None],
        capacity=np.full(len(stock), UNLIMITED),
        groups=grouped(np.arange(orders), orders),
    )


def a_random_field(seed: int) -> Field:
    dice = np.random.default_rng(seed)
    quantity = dice.choice([1, 1, 2, 3], 6).tolist()
    return a_field(dice.uniform(1, 20, (3, 6)), quantity, dice.integers(1, 4, 3).tolist())


def everything(field: Field) -> Iterator[Ints]:
    """Yield every plan that fits."""
    for nodes in itertools.product(range(-1, field.nodes), repeat=len(field.order)):
        plan = np.array(nodes)
        able = all(np.isfinite(field.cost[node, line]) for line, node in enumerate(nodes) if node >= 0)
        if able and (field.used(plan) <= field.there).all():
            yield plan


def relaxed(field: Field) -> tuple[Pool, Rows, Relaxed]:
    """Return the relaxation over every plan of every order."""
    pool = Pool(field)
    for node in range(-1, field.nodes):
        pool.add(np.where(np.isfinite(field.cost[node]), node, -1) if node >= 0 else np.full(len(field.order), -1))
    rows = Rows(field, field.contested())
    found = Master(pool, rows, lambda: np.inf).relaxed(corner=True)
    assert found is not None
    return pool, rows, found


def test_an_order_for_two_cannot_have_half_of_two_nodes() -> None:
    """Both nodes are full, neither has more than its own covers allow, and yet no plan costs so little."""
    cost = np.array([[1.0, 1.0, 1.0, np.inf], [3.0, 3.0, np.inf, 5.0]])
    field = replace(a_field(cost, [1, 1, 1, 2], [2, 2]), drop=np.array([100.0, 100.0, 100.0, 120.0]))
    pool, rows, found = relaxed(field)
    joined, first = 0, found.value
    while rows.add(cuts := list(violated(field, pool, found.shares))):
        joined += sum(len(set((keys // 4).tolist())) == 2 for keys, _, _ in cuts)
        again = Master(pool, rows, lambda: np.inf).relaxed(corner=True)
        assert again is not None
        found = again
    assert joined
    assert found.value > first + 1
    assert np.isclose(found.value, min(field.costs(plan).sum() for plan in everything(field)))


def test_no_cut_forbids_a_plan_that_fits() -> None:
    cuts = 0
    for seed in range(40):
        field = a_random_field(seed)
        pool, _, found = relaxed(field)
        plans = list(everything(field))
        for keys, values, limit in violated(field, pool, found.shares):
            cuts += 1
            factor = np.zeros(field.cost.size)
            factor[keys] = values
            for plan in plans:
                sent = np.flatnonzero(plan >= 0)
                assert factor[plan[sent] * len(plan) + sent].sum() <= limit, seed
    assert cuts > 10


def test_small_fields_are_proven_and_cost_what_trying_everything_costs() -> None:
    for seed in range(40):
        field = a_random_field(seed)
        found = optimise(field, Budget(60))
        assert found.optimal, seed
        assert np.isclose(found.cost, min(field.costs(plan).sum() for plan in everything(field))), seed


def test_a_master_that_grew_says_what_a_new_one_says() -> None:
    for seed in range(10):
        field = a_random_field(seed)
        pool, rows = Pool(field), Rows(field, field.contested())
        pool.add(np.full(len(field.order), -1))
        growing = Master(pool, rows, lambda: np.inf)
        for _ in range(8):
            found = growing.relaxed(corner=True)
            new = Master(pool, rows, lambda: np.inf).relaxed(corner=True)
            assert found is not None
            assert new is not None
            assert np.isclose(found.value, new.value), seed
            rows.add(violated(field, pool, found.shares))
            if not pool.add(best_plan(field, *rows.prices(np.pad(found.duals, (0, len(rows) - len(found.duals)))))[1]):
                break
