"""Plans that fit the supply: filled in by turns under prices, then made better by best replies.

In every turn all open orders are priced at once against what is left. Where their plans together want more than there
is, the orders that come first by rank have theirs; the others ask again in the next turn.
"""

from __future__ import annotations

import numpy as np

from hub.routing.batch.field import UNLIMITED, Field, Flags, Floats, Ints
from hub.routing.batch.pricing import best_plan

_SAME = 1e-7


class Standing:
    """A plan (L,) that fits, and what it leaves of each resource; changed in place."""

    def __init__(self, field: Field, plan: Ints | None = None) -> None:
        self.field = field
        self.plan = np.full(len(field.order), -1) if plan is None else plan.copy()
        self.left = field.there - field.used(self.plan)

    @property
    def cost(self) -> float:
        """Return what all orders cost together."""
        return float(self.field.costs(self.plan).sum())

    def fill(
        self,
        orders: Flags,
        rank: Floats,
        line: Floats | None = None,
        parcel: Floats | None = None,
        *,
        in_turn: bool = False,
    ) -> None:
        """Give the flagged orders, which have nothing yet, the best that is left under the prices; low ranks first.

        With `in_turn` no order goes before one of a lower rank that might want the same: one after the other, exactly.
        """
        while orders.any():
            part, lines = self.field.only(orders)
            places = np.flatnonzero(orders)
            barred, closed = self._barred(part), self._closed(part)
            prices = None if line is None else line[:, lines]
            parcels = closed if parcel is None else parcel[:, places] + closed
            _, plan = best_plan(part, prices, parcels, barred)
            takes = self._taking(part, plan, rank[places])
            if in_turn:
                takes = _unblocked(part, rank[places], takes)
            self._take(part, lines, plan, takes)
            orders = orders.copy()
            orders[places[takes]] = False

    def improve(self, turns: int, line: Floats | None = None, parcel: Floats | None = None) -> None:
        """Let every order move to its best reply to all the others under the prices, until none gains."""
        field = self.field
        extra = np.zeros_like(field.cost) if line is None else line
        for _ in range(turns):
            barred, closed = self._barred(field), self._closed(field)
            sent = np.flatnonzero(self.plan >= 0)
            barred[self.plan[sent], sent] = False
            closed[self.plan[sent], field.order[sent]] = 0.0
            parcels = closed if parcel is None else parcel + closed
            value, plan = best_plan(field, line, parcels, barred)
            gain = self.priced(extra, parcel) - value
            movers = gain > _SAME
            if not movers.any():
                return
            self._move(plan, movers, gain)

    def put(self, lines: Ints, plan: Ints) -> None:
        """Send these lines as given from now on; the caller sees to it that they fit."""
        self.plan[lines] = plan
        self.left = self.field.there - self.field.used(self.plan)

    def priced(self, line: Floats, parcel: Floats | None) -> Floats:
        """Return (O,) what each order costs now, with the prices."""
        field, sent = self.field, np.flatnonzero(self.plan >= 0)
        found = field.costs(self.plan)
        found += np.bincount(field.order[sent], weights=line[self.plan[sent], sent], minlength=field.orders)
        if parcel is not None:
            pairs = np.unique(field.order[sent] * field.nodes + self.plan[sent])
            of, at = pairs // field.nodes, pairs % field.nodes
            found += np.bincount(of, weights=parcel[at, of], minlength=field.orders)
        return found

    def _move(self, plan: Ints, movers: Flags, gain: Floats) -> None:
        """Move the orders whose new places are free beside those that gain more."""
        field = self.field
        stays = plan == self.plan
        wants = np.where(movers[field.order], plan, -1)
        news = np.where(stays, -1, wants)
        takes = self._taking(field, news, -gain, kept=self.plan) & movers
        lines = takes[field.order]
        self.plan[lines] = plan[lines]
        self.left = field.there - field.used(self.plan)

    def _barred(self, part: Field) -> Flags:
        found: Flags = self.left[part.row] < part.quantity[None, :]
        return found

    def _closed(self, part: Field) -> Floats:
        full = self.left[self.field.stock.size :] <= 0
        return np.where(full[:, None], np.inf, np.zeros((part.nodes, part.orders)))

    def _taking(self, part: Field, plan: Ints, rank: Floats, kept: Ints | None = None) -> Flags:
        """Return (O,) the orders whose plans fit what is left together with those of all lower ranks.

        `kept` is the plan (L,) that the orders hold already: parcels in it take no room again.
        """
        sent = np.flatnonzero(plan >= 0)
        parcels = np.unique(part.order[sent] * part.nodes + plan[sent])
        if kept is not None:
            held = np.flatnonzero(kept >= 0)
            parcels = np.setdiff1d(parcels, part.order[held] * part.nodes + kept[held])
        of = np.concatenate([part.order[sent], parcels // part.nodes])
        rows = np.concatenate([part.row[plan[sent], sent], part.stock.size + parcels % part.nodes])
        amounts = np.concatenate([part.quantity[sent], np.ones(len(parcels), np.int64)])
        turn = np.lexsort((of, rank[of], rows))
        of, rows, amounts = of[turn], rows[turn], amounts[turn]
        sums = np.cumsum(amounts)
        starts = np.concatenate([[True], rows[1:] != rows[:-1]])
        before = np.maximum.accumulate(np.where(starts, sums - amounts, 0)) if len(rows) else sums
        takes = np.ones(part.orders, bool)
        takes[of[sums - before > self.left[rows]]] = False
        return takes

    def _take(self, part: Field, lines: Ints, plan: Ints, takes: Flags) -> None:
        mine = takes[part.order]
        self.plan[lines[mine]] = plan[mine]
        self.left = self.left - part.used(np.where(mine, plan, -1))


def _unblocked(part: Field, rank: Floats, takes: Flags) -> Flags:
    """Return those that take and share no SKU, and no node with a capacity, with a waiting order of a lower rank."""
    if (part.capacity < UNLIMITED).any():
        found: Flags = takes & (rank < rank[~takes].min(initial=np.inf))
        return found
    while True:
        first = np.full(part.stock.shape[1], np.inf)
        waiting = ~takes[part.order]
        np.minimum.at(first, part.sku[waiting], rank[part.order[waiting]])
        blocked = part.order[first[part.sku] < rank[part.order]]
        if not takes[blocked].any():
            return takes
        takes = takes.copy()
        takes[blocked] = False
