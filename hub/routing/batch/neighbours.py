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
from hub.routing.batch.master import Left, whole
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

    def part(self, orders: Flags, lines: Ints) -> Priced:
        """Return the prices for some orders, whose lines have these places."""
        parcel = None if self.parcel is None else self.parcel[:, orders]
        return Priced(self.line[:, lines], parcel, self.values[orders], self.duals)


def blame(standing: Standing, rows: Rows, priced: Priced) -> Floats:
    """Return by SKU how much of the distance between the plan and the bound comes from it."""
    field = standing.field
    above = standing.priced(priced.line, priced.parcel) - priced.values
    found: Floats = np.asarray(
        np.bincount(field.sku, weights=above[field.order], minlength=field.stock.shape[1]), np.float64
    )
    slack = np.maximum(0.0, rows.limits - rows.used(standing.plan)) * priced.duals[: len(rows.limits)]
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


def solve_all(standing: Standing, rows: Rows, pool: Pool, priced: Priced, slack: float, left: Left) -> bool:
    """Solve all orders in whole numbers within the rows and cuts there are; tells whether that was proven.

    Plans that cost up to `slack` above an order's best reply to the prices are thought of. Changes `standing`.
    """
    field = standing.field
    everything = pool.part(field, np.ones(field.orders, bool), np.arange(len(field.order)))
    return _solve(standing, np.arange(len(field.order)), rows, _thought(everything, priced, slack), left)[1]


def solve_region(
    standing: Standing, orders: Flags, rows: Rows, pool: Pool, priced: Priced, slack: float, left: Left
) -> tuple[bool, bool]:
    """Solve these orders anew with what the others leave; tells whether the plan got better, and whether it was proven.

    Plans as in `solve_all`. Changes `standing`.
    """
    field = standing.field
    part, lines = field.only(orders)
    free = standing.left + part.used(standing.plan[lines])
    part = replace(part, stock=free[: field.stock.size].reshape(field.stock.shape), capacity=free[field.stock.size :])
    part = replace(part, cost=np.where(part.stock[:, part.sku] < part.quantity, np.inf, part.cost))
    thought = _thought(pool.part(part, orders, lines), priced.part(orders, lines), slack)
    mine = Rows(part, part.contested())
    others = standing.plan.copy()
    others[lines] = -1
    mine.add(rows.cuts(part, lines, rows.used(others)))
    return _solve(standing, lines, mine, thought, left)


def _thought(pool: Pool, priced: Priced, slack: float) -> Pool:
    """Return the pool with all that is near the best replies, and without what is not."""
    for reply in replies(pool.field, priced.line, priced.parcel):
        which, plans = reply.near(slack)
        pool.add_of(reply.group, which, plans)
    pool.keep(pool.reduced(priced.values, priced.line, priced.parcel) <= slack)
    return pool


def _solve(standing: Standing, lines: Ints, rows: Rows, thought: Pool, left: Left) -> tuple[bool, bool]:
    part, mine = thought.field, standing.plan[lines]
    thought.add(mine)
    found = whole(thought, rows, thought.holds(mine), _BRANCHES, left)
    if found.chosen is None:
        return False, False
    plan = thought.plan(found.chosen, mine)
    if float(part.costs(plan).sum()) > float(part.costs(mine).sum()) - 1e-7:
        return False, found.proven
    standing.put(lines, plan)
    return True, found.proven
