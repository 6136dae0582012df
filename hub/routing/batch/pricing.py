"""The single-order programme for all orders of a batch at once: the cheapest plan of each under given prices.

The same recursion as in `partition`, as array operations over the orders of a group. Prices only add to what a line or
a parcel costs at a node, so the programme stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from hub.routing.batch.field import Field, Flags, Floats, Group, Ints


@cache
def cuts(goods: int) -> tuple[Ints, Ints]:
    """Return the parts of a bit set that hold its first good, and the rests that they leave."""
    low = goods & -goods
    rest = goods ^ low
    parts, part = [], rest
    while part:
        parts.append(low | part)
        part = (part - 1) & rest
    found = np.array([*parts, low])
    return found, goods ^ found


class Replies:
    """One group's orders under prices: `alone` (sets, K) the cheapest parcel of each set, `value` (K,) the best plan.

    `line` (lines, N, K) is what each line costs with its price, `parcel` (N, K) the same for a parcel.
    """

    def __init__(self, field: Field, group: Group, line: Floats, parcel: Floats) -> None:
        self.group = group
        self.count, self.split = len(line), field.split[group.orders]
        self.line, self.parcel = line, parcel
        self.drop = field.drop[group.lines]
        self.full = (1 << self.count) - 1
        self.alone = np.empty((1 << self.count, line.shape[2]))
        self.alone[0] = 0.0
        for goods, costs in self.tables():
            self.alone[goods] = costs.min(axis=0)
        self.best, self.way = self._programme()
        self.ways = np.array([self.full]) if group.complete else np.arange(1, self.full + 1)
        sent = self.alone[self.ways] + self.best[-1][self.full ^ self.ways]
        self.first = sent.argmin(axis=0)
        least = sent[self.first, np.arange(sent.shape[1])] - self.split
        dropped = self.drop.sum(axis=0)
        self.sends = least <= dropped
        self.value = np.minimum(least, dropped)

    def tables(self) -> Iterator[tuple[int, Floats]]:
        """Yield every set of lines with what it costs (N, K) in one parcel, few arrays alive at a time."""
        extra = self.group.extra
        stack = [(0, self.count, self.parcel)]
        while stack:
            goods, top, costs = stack.pop()
            for line in range(top):
                more, together = costs + self.line[line], goods | 1 << line
                yield together, more if extra is None else more + extra[together]
                if line:
                    stack.append((together, line, more))

    def _programme(self) -> tuple[list[Floats], list[Ints]]:
        """Return the layers of the programme: the last is what may follow a first parcel.

        Without a limit one layer follows itself. `way` holds the set that is sent next, or minus the line dropped.
        """
        dropped = np.zeros_like(self.alone)
        for goods in range(1, self.full + 1):
            low = goods & -goods
            dropped[goods] = dropped[goods ^ low] + self.drop[low.bit_length() - 1]
        layers, ways = [dropped], [np.zeros(dropped.shape, np.int64)]
        if self.group.most >= self.count:
            best, way = self._layer(None)
            return [best], [way]
        for _ in range(self.group.most - 1):
            best, way = self._layer(layers[-1])
            layers.append(best)
            ways.append(way)
        return layers, ways

    def _layer(self, after: Floats | None) -> tuple[Floats, Ints]:
        best, way = np.zeros_like(self.alone), np.zeros(self.alone.shape, np.int64)
        follows = best if after is None else after
        every = np.arange(self.alone.shape[1])
        for goods in range(1, self.full + 1):
            parts, rests = cuts(goods)
            costs = self.alone[parts] + follows[rests]
            least = costs.argmin(axis=0)
            low = goods & -goods
            dropped = best[goods ^ low] + self.drop[low.bit_length() - 1]
            sent = costs[least, every]
            best[goods] = np.minimum(sent, dropped)
            way[goods] = np.where(dropped < sent, -low, parts[least])
        return best, way

    def plans(self) -> Ints:
        """Return (lines, K) the nodes of the cheapest plan of each order, -1 for a line that is dropped."""
        found = np.full((self.count, len(self.value)), -1)
        every = np.flatnonzero(self.sends)
        self.send(found, every, every, self.ways[self.first[every]])
        self.complete(found, np.arange(len(self.value)), np.where(self.sends, self.full ^ self.ways[self.first], 0))
        return found

    def send(self, found: Ints, places: Ints, orders: Ints, goods: Ints) -> None:
        """Put the sets of lines on their cheapest nodes in the plans at these places."""
        if not len(orders):
            return
        costs = self.parcel[:, orders].copy()
        for line in range(self.count):
            costs += np.where(goods >> line & 1, self.line[line][:, orders], 0.0)
        if self.group.extra is not None:
            costs += self.group.extra[goods, :, orders].T
        nodes = costs.argmin(axis=0)
        for line in range(self.count):
            mine = (goods >> line & 1).astype(bool)
            found[line, places[mine]] = nodes[mine]

    def complete(self, found: Ints, orders: Ints, left: Ints) -> None:
        """Add to the plans (lines, M) of these orders what is best for the lines that are left; changes `found`."""
        left = left.copy()
        layers = len(self.best) - 1
        layer = np.full(len(orders), layers)
        while (todo := np.flatnonzero(left > 0)).size:
            ways = np.empty(len(todo), np.int64)
            for number, way in enumerate(self.way):
                mine = layer[todo] == number
                ways[mine] = way[left[todo[mine]], orders[todo[mine]]]
            # The lowest layer of a limit drops everything; the line dropped is then the first one.
            ways = np.where(ways == 0, -(left[todo] & -left[todo]), ways)
            sends = ways > 0
            self.send(found, todo[sends], orders[todo[sends]], ways[sends])
            left[todo] ^= np.abs(ways)
            if self.group.most < self.count:
                layer[todo[sends]] -= 1

    def near(self, slack: float) -> tuple[Ints, Ints]:
        """Return orders (M,) and plans (lines, M): the best with each parcel that costs no more than `slack` extra."""
        orders, plans = [], []
        for goods, costs in self.tables():
            if self.group.complete and goods != self.full:
                continue
            rest = self.full ^ goods
            nodes, which = np.nonzero(costs + self.best[-1][rest] - self.split <= self.value + slack)
            found = np.full((self.count, len(which)), -1)
            found[[line for line in range(self.count) if goods >> line & 1]] = nodes
            self.complete(found, which, np.full(len(which), rest))
            orders.append(which)
            plans.append(found)
        return np.concatenate(orders), np.concatenate(plans, axis=1)


def replies(
    field: Field, line: Floats | None, parcel: Floats | None = None, barred: Flags | None = None
) -> Iterator[Replies]:
    """Yield the groups under prices: `line` (N, L) on top of what a line costs, `parcel` (N, O) on top of a parcel.

    `barred` (N, L) are the lines that a node cannot send now.
    """
    costs = field.cost if line is None else field.cost + line
    if barred is not None:
        costs = np.where(barred, np.inf, costs)
    for group in field.groups:
        parcels = field.parcel[:, group.orders]
        if parcel is not None:
            parcels = parcels + parcel[:, group.orders]
        mine = np.moveaxis(costs[:, group.lines], 1, 0)
        yield Replies(field, group, mine, parcels)


def best_plan(
    field: Field, line: Floats | None = None, parcel: Floats | None = None, barred: Flags | None = None
) -> tuple[Floats, Ints]:
    """Return (O,) the priced cost of every order's cheapest plan, and (L,) the plans."""
    values, plan = np.zeros(field.orders), np.full(len(field.order), -1)
    for found in replies(field, line, parcel, barred):
        values[found.group.orders] = found.value
        plan[found.group.lines] = found.plans()
    return values, plan
