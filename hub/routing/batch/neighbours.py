"""Making a plan better a region at a time: some orders are solved anew in whole numbers while the others stay.

The distance between a plan and the bound is a sum: what each order pays above its best reply to the prices, and the
price of every unit that is left although it has one. So it is known which SKUs it comes from, and the orders for these
are taken first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hub.routing.batch.field import Field, Flags, Floats, Ints
from hub.routing.batch.master import whole
from hub.routing.batch.pool import Pool
from hub.routing.batch.pricing import best_plan, replies
from hub.routing.batch.repair import Standing
from hub.routing.batch.rows import Rows

#: Orders solved together at first, and the branches that HiGHS may try for them.
REGION = 2500
_BRANCHES = 200


class Priced(NamedTuple):
    """Prices on lines (N, L) and parcels (N, O), and what each order's best reply costs under them (O,)."""

    line: Floats
    parcel: Floats | None
    values: Floats
    duals: Floats

    @classmethod
    def of(cls, field: Field, rows: Rows, duals: Floats) -> Priced:
        """Work out the prices that the duals of the rows make."""
        line, parcel = rows.prices(duals)
        values, _ = best_plan(field, line, parcel)
        return cls(line, parcel, values, duals)


def blame(standing: Standing, rows: Rows, priced: Priced) -> Floats:
    """Return by SKU how much of the distance between the plan and the bound comes from it."""
    field = standing.field
    above = standing.priced(priced.line, priced.parcel) - priced.values
    found: Floats = np.asarray(
        np.bincount(field.sku, weights=above[field.order], minlength=field.stock.shape[1]), np.float64
    )
    sent = np.flatnonzero(standing.plan >= 0)
    keys = standing.plan[sent] * len(field.order) + sent
    start, end = np.searchsorted(rows.keys, keys, "left"), np.searchsorted(rows.keys, keys, "right")
    counts = end - start
    places = np.repeat(start - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
    used = np.bincount(rows.rows[places], weights=rows.values[places], minlength=len(rows.limits))
    slack = np.maximum(0.0, rows.limits - used) * priced.duals[: len(rows.limits)]
    sku = np.zeros(len(rows.limits), np.int64)
    sku[rows.rows] = field.sku[rows.keys % len(field.order)]
    return found + np.bincount(sku, weights=slack, minlength=len(found))


def region(field: Field, score: Floats, most: int) -> tuple[Flags, Ints]:
    """Return the orders for the SKUs with the highest scores, and these SKUs."""
    ranked = np.argsort(-score, kind="stable")
    place = np.empty(len(score), np.int64)
    place[ranked] = np.arange(len(score))
    first = np.full(field.orders, len(score))
    np.minimum.at(first, field.order, place[field.sku])
    last = int(np.sort(first)[min(most, field.orders) - 1])
    chosen: Flags = first <= last
    return chosen, ranked[: last + 1]


def solve_region(
    standing: Standing, orders: Flags, pool: Pool, priced: Priced, slack: float, seconds: float
) -> tuple[bool, bool]:
    """Solve these orders anew with what the others leave; tells whether the plan got better, and whether it was proven.

    Plans that cost up to `slack` above an order's best reply to the prices are thought of. Changes `standing`.
    """
    field = standing.field
    part, lines = field.only(orders)
    mine = standing.plan[lines]
    free = standing.left + part.used(mine)
    part = replace(part, stock=free[: field.stock.size].reshape(field.stock.shape), capacity=free[field.stock.size :])
    part = replace(part, cost=np.where(part.stock[:, part.sku] < part.quantity, np.inf, part.cost))
    line = priced.line[:, lines]
    parcel = None if priced.parcel is None else priced.parcel[:, orders]
    thought = pool.part(part, orders, lines)
    for reply in replies(part, line, parcel):
        which, plans = reply.near(slack)
        thought.add_of(reply.group, which, plans)
    values = priced.values[orders]
    thought.keep(thought.reduced(values, line, parcel) <= slack)
    thought.add(mine)
    before = float(part.costs(mine).sum())
    found = whole(thought, Rows(part, part.contested()), thought.holds(mine), _BRANCHES, seconds)
    if found.chosen is None:
        return False, False
    plan = thought.plan(found.chosen, mine)
    if float(part.costs(plan).sum()) > before - 1e-7:
        return False, found.proven
    standing.put(lines, plan)
    return True, found.proven
