"""The plans of single orders that a batch has thought of: the columns of its master problem."""

from __future__ import annotations

import numpy as np

from hub.routing.batch.field import Field, Flags, Floats, Group, Ints


class Pool:
    """Plans flat: `order` and `cost` by column, `node` and `line` by entry with its `column`. No plan twice.

    Plans are known again by a sum of random marks (Zobrist), one for each line and node, always the same ones.
    """

    def __init__(self, field: Field) -> None:
        self.field = field
        self._marks = np.random.default_rng(0).integers(1, 2**62, size=(field.nodes + 1, len(field.order)))
        self.order = np.empty(0, np.int64)
        self.cost = np.empty(0)
        self.marks = np.empty(0, np.int64)
        self.sizes = np.empty(0, np.int64)
        self.node = np.empty(0, np.int64)
        self.line = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.order)

    @property
    def column(self) -> Ints:
        """Return the column of each entry."""
        return np.repeat(np.arange(len(self.order)), self.sizes)

    def add(self, plan: Ints) -> int:
        """Add the plan (L,) of every order; returns how many were new."""
        return sum(self.add_of(group, np.arange(len(group.orders)), plan[group.lines]) for group in self.field.groups)

    def add_of(self, group: Group, which: Ints, plans: Ints) -> int:
        """Add M plans (lines, M) of these orders (places in the group); returns how many were new."""
        lines = group.lines[:, which]
        marks = self._marks[plans, lines].sum(axis=0)
        new = ~np.isin(marks, self.marks)
        new[new] = _firsts(marks[new])
        if not new.any():
            return 0
        which, plans, lines = which[new], plans[:, new], lines[:, new]
        self.order = np.concatenate([self.order, group.orders[which]])
        self.cost = np.concatenate([self.cost, self.field.costs_of(group, which, plans)])
        self.marks = np.concatenate([self.marks, marks[new]])
        self.sizes = np.concatenate([self.sizes, np.full(len(which), len(plans))])
        self.node = np.concatenate([self.node, plans.T.ravel()])
        self.line = np.concatenate([self.line, lines.T.ravel()])
        return len(which)

    def holds(self, plan: Ints) -> Flags:
        """Return by column whether it is its order's part of the plan."""
        marks = np.zeros(self.field.orders, np.int64)
        np.add.at(marks, self.field.order, self._marks[plan, np.arange(len(plan))])
        found: Flags = marks[self.order] == self.marks
        return found

    def keep(self, columns: Flags) -> None:
        """Forget all other columns."""
        entries = np.repeat(columns, self.sizes)
        self.order, self.cost, self.marks = self.order[columns], self.cost[columns], self.marks[columns]
        self.sizes, self.node, self.line = self.sizes[columns], self.node[entries], self.line[entries]

    def plan(self, chosen: Flags, plan: Ints) -> Ints:
        """Return the plan with the chosen columns put in."""
        entries = np.repeat(chosen, self.sizes)
        found = plan.copy()
        found[self.line[entries]] = self.node[entries]
        return found

    def part(self, field: Field, orders: Flags, lines: Ints) -> Pool:
        """Return the plans that can be carried out in the field of some orders alone, whose lines have these places."""
        new_line = np.full(len(self.field.order), -1)
        new_line[lines] = np.arange(len(lines))
        columns = orders[self.order]
        entries = np.repeat(columns, self.sizes)
        found = Pool(field)
        found.order, found.sizes = (np.cumsum(orders) - 1)[self.order[columns]], self.sizes[columns]
        found.cost, found.node, found.line = self.cost[columns], self.node[entries], new_line[self.line[entries]]
        found.marks = np.zeros(len(found), np.int64)
        np.add.at(found.marks, found.column, found._marks[found.node, found.line])
        sent = found.node >= 0
        able = np.isfinite(field.cost[np.where(sent, found.node, 0), found.line]) | ~sent
        found.keep(np.bincount(found.column, weights=~able, minlength=len(found)) == 0)
        return found

    def reduced(self, values: Floats, line: Floats, parcel: Floats | None) -> Floats:
        """Return by column how much it costs under the prices above its order's best (values, by order)."""
        sent = self.node >= 0
        column, node = self.column, np.where(sent, self.node, 0)
        prices = np.where(sent, line[node, self.line], 0.0)
        found: Floats = self.cost + np.bincount(column, weights=prices, minlength=len(self)) - values[self.order]
        if parcel is not None:
            nodes = self.field.nodes
            pairs = np.unique(column[sent] * nodes + self.node[sent])
            paid = parcel[pairs % nodes, self.order[pairs // nodes]]
            found += np.bincount(pairs // nodes, weights=paid, minlength=len(self))
        return found


def _firsts(values: Ints) -> Flags:
    found = np.zeros(len(values), bool)
    found[np.unique(values, return_index=True)[1]] = True
    return found
