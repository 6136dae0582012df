"""What the orders compete for, as rows over (node, line): sum of value times choice <= limit.

For every contested stock there is the row itself, and for each divisor d among its quantities the row that is left when
everything is divided by d and rounded down (a Chvatal-Gomory cut: of three units only one order for two can have its
own). `covers` adds more. A row touches lines at nodes only, so its price adds to what a line costs there and the
programme that prices orders stays what it is. Capacities are rows over the parcels of a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np

from hub.routing.batch.field import Field, Flags, Floats, Ints
from hub.routing.batch.pool import Pool

#: Keys, values and limit of a row.
Cut = tuple[Ints, Floats, float]

#: So many divisors are tried, the smallest quantities first.
_MOST_DIVISORS = 8


class Rows:
    """Entries sorted by key = node * L + line, each with its row and value; `limits` by row, capacities at the end."""

    def __init__(self, field: Field, contested: Flags) -> None:
        self.field = field
        self.capped = np.flatnonzero(contested[field.stock.size :])
        found = list(self._stocks(contested[: field.stock.size]))
        self.keys = np.concatenate([key for key, *_ in found]) if found else np.empty(0, np.int64)
        self.values = np.concatenate([value for _, value, *_ in found]) if found else np.empty(0)
        starts = np.cumsum([0, *(len(limits) for _, _, _, limits, *_ in found)])
        rows = [row + start for (_, _, row, *_), start in zip(found, starts, strict=False)]
        self.rows = np.concatenate(rows) if rows else np.empty(0, np.int64)
        self.limits = np.concatenate([limits for _, _, _, limits, *_ in found]) if found else np.empty(0)
        self._seen: set[bytes] = set()
        self._stock = [(resource, divisor) for _, _, _, _, resource, divisor in found]
        self._sort()

    def _stocks(self, contested: Flags) -> Iterable[tuple[Ints, Floats, Ints, Floats, Ints, int]]:
        """Yield keys, values, rows, limits, stocks and divisor: first the stocks themselves, then for each divisor."""
        field = self.field
        node, line = np.nonzero(np.isfinite(field.cost))
        resource = field.row[node, line]
        mine = contested[resource]
        key, quantity, resource = (node * len(field.order) + line)[mine], field.quantity[line[mine]], resource[mine]
        divisors = [int(each) for each in np.unique(quantity) if each > 1][:_MOST_DIVISORS]
        for divisor in [1, *divisors]:
            value = quantity // divisor
            some = value > 0
            known, row = np.unique(resource[some], return_inverse=True)
            limits = (field.stock.ravel()[known] // divisor).astype(float)
            yield key[some], value[some].astype(float), row, limits, known, divisor

    def _sort(self) -> None:
        turn = np.argsort(self.keys, kind="stable")
        self.keys, self.rows, self.values = self.keys[turn], self.rows[turn], self.values[turn]

    def __len__(self) -> int:
        return len(self.limits) + len(self.capped)

    @property
    def rights(self) -> Floats:
        """Return the limits of all rows, the capacities last."""
        return np.concatenate([self.limits, self.field.capacity[self.capped].astype(float)])

    def add(self, cuts: Iterable[Cut]) -> int:
        """Add cuts of (keys, values, limit) that are not there yet; returns how many. Capacities stay last."""
        added = 0
        for keys, values, limit in cuts:
            mark = keys.tobytes() + values.tobytes() + str(limit).encode()
            if mark in self._seen:
                continue
            self._seen.add(mark)
            self.keys = np.concatenate([self.keys, keys])
            self.values = np.concatenate([self.values, values])
            self.rows = np.concatenate([self.rows, np.full(len(keys), len(self.limits))])
            self.limits = np.append(self.limits, limit)
            added += 1
        self._sort()
        return added

    def cuts(self, field: Field, lines: Ints, used: Floats) -> Iterator[Cut]:
        """Yield the cuts as they are for some lines alone, which have these places; `used` is by row by the others."""
        first = sum(len(stock) for stock, _ in self._stock)
        place = np.full(len(self.field.order), -1)
        place[lines] = np.arange(len(lines))
        node, line = np.divmod(self.keys, len(self.field.order))
        mine = np.flatnonzero((self.rows >= first) & (place[line] >= 0))
        keys, rows = node[mine] * len(lines) + place[line[mine]], self.rows[mine]
        mine, keys = mine[able := np.isfinite(field.cost.ravel()[keys])], keys[able]
        turn = np.argsort(self.rows[mine], kind="stable")
        rows, keys, values = self.rows[mine][turn], keys[turn], self.values[mine][turn]
        for start, end in pairwise([*np.flatnonzero(np.diff(rows, prepend=-1)).tolist(), len(rows)]):
            row = int(rows[start])
            yield keys[start:end], values[start:end], float(self.limits[row] - used[row])

    def used(self, plan: Ints) -> Floats:
        """Return by row, the capacities left out, what a plan takes of it."""
        sent = np.flatnonzero(plan >= 0)
        places, _ = self._entries(plan[sent] * len(self.field.order) + sent)
        found: Floats = np.asarray(
            np.bincount(self.rows[places], weights=self.values[places], minlength=len(self.limits)), np.float64
        )
        return found

    def _entries(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the places of the entries of these keys, and how many each has."""
        start, end = np.searchsorted(self.keys, keys, "left"), np.searchsorted(self.keys, keys, "right")
        counts = end - start
        return np.repeat(start, counts) + _within(counts), counts

    def prices(self, duals: Floats) -> tuple[Floats, Floats | None]:
        """Return what the duals (one a row, zero or more) add to each line (N, L) and to each parcel (N, O)."""
        field = self.field
        sums: Floats = np.asarray(
            np.bincount(self.keys, weights=self.values * duals[self.rows], minlength=field.cost.size), np.float64
        )
        if not len(self.capped):
            return sums.reshape(field.cost.shape), None
        parcel = np.zeros((field.nodes, field.orders))
        parcel[self.capped] = duals[len(self.limits) :, None]
        return sums.reshape(field.cost.shape), parcel

    def unit_prices(self, duals: Floats) -> Floats:
        """Return (N, S) what a unit more is worth by the duals, the covers left out."""
        found, start = np.zeros(self.field.stock.size), 0
        for stock, divisor in self._stock:
            found[stock] += duals[start : start + len(stock)] / divisor
            start += len(stock)
        return found.reshape(self.field.stock.shape)

    def entries(self, pool: Pool) -> tuple[Ints, Ints, Floats]:
        """Return rows, columns and values of the pool's plans."""
        sent = pool.node >= 0
        column, node, line = pool.column[sent], pool.node[sent], pool.line[sent]
        places, counts = self._entries(node * len(self.field.order) + line)
        rows, columns, values = self.rows[places], np.repeat(column, counts), self.values[places]
        if not len(self.capped):
            return rows, columns, values
        pairs = np.unique(column * self.field.nodes + node)
        at = pairs % self.field.nodes
        mine = np.isin(at, self.capped)
        more = len(self.limits) + np.searchsorted(self.capped, at[mine])
        return (
            np.concatenate([rows, more]),
            np.concatenate([columns, pairs[mine] // self.field.nodes]),
            np.concatenate([values, np.ones(len(more))]),
        )


def _within(counts: Ints) -> Ints:
    """Return 0, 1, ... within each run of so many."""
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) - np.repeat(starts, counts)
