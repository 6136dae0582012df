"""A batch as arrays: what every line costs at every node, what a parcel costs, and what there is.

Shapes: N nodes, O orders, L lines of all orders together, S goods (SKUs). Lines of one order stand together and are
atomic: a line goes whole from one node or is dropped. Amounts are floats in the hub's currency; quantities and stock
are whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: A capacity that never binds.
UNLIMITED = 2**40


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Orders with equally many lines and the same limit of parcels, priced together.

    `orders` (K,) and `lines` (number of lines, K) are places in the field; `most` parcels are allowed. A `complete`
    order goes whole from one node or not at all. `extra` (sets of lines, N, K) is what a parcel with that set of lines
    costs above the sum of its lines, by bit set; None where there is no such thing.
    """

    orders: Ints
    lines: Ints
    most: int
    complete: bool = False
    extra: Floats | None = None


@dataclass(frozen=True, eq=False)
class Field:
    """The whole of it; an infinite `cost` means that the node may not send the line.

    `cost` (N, L), `parcel` (N, O) with a split in it, `drop` (L,) what it costs to send a line from nowhere, `split`
    (O,) given back once to an order that sends anything. `order` (L,), `sku` (L,), `quantity` (L,), `stock` (N, S),
    `capacity` (N,) in orders.
    """

    cost: Floats
    parcel: Floats
    drop: Floats
    split: Floats
    order: Ints
    sku: Ints
    quantity: Ints
    stock: Ints
    capacity: Ints
    groups: Sequence[Group]

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.stock)

    @property
    def orders(self) -> int:
        """Return the number of orders."""
        return int(self.parcel.shape[1])

    @cached_property
    def row(self) -> Ints:
        """Return (N, L) the place of each line's stock at each node in a flat array of resources."""
        found: Ints = np.arange(self.nodes)[:, None] * self.stock.shape[1] + self.sku[None, :]
        return found

    @cached_property
    def there(self) -> Ints:
        """Return all resources flat: the stock by node and SKU, and after it each node's capacity."""
        return np.concatenate([self.stock.ravel(), self.capacity])

    def used(self, plan: Ints) -> Ints:
        """Return what a plan takes of each resource."""
        sent = np.flatnonzero(plan >= 0)
        rows = self.row[plan[sent], sent]
        taken = np.bincount(rows, weights=self.quantity[sent], minlength=self.stock.size)
        parcels = np.unique(self.order[sent] * self.nodes + plan[sent]) % self.nodes
        return np.concatenate([taken, np.bincount(parcels, minlength=self.nodes)]).astype(np.int64)

    def costs(self, plan: Ints) -> Floats:
        """Return (O,) what each order costs under a plan: the node of every line, -1 where it is dropped."""
        found = np.zeros(self.orders)
        for group in self.groups:
            found[group.orders] = self.costs_of(group, np.arange(len(group.orders)), plan[group.lines])
        return found

    def costs_of(self, group: Group, which: Ints, plans: Ints) -> Floats:
        """Return (M,) the cost of M plans (lines, M) for these orders (places in the group)."""
        lines, orders = group.lines[:, which], group.orders[which]
        sent = plans >= 0
        node = np.where(sent, plans, 0)
        found: Floats = np.where(sent, self.cost[node, lines], self.drop[lines]).sum(axis=0)
        for number in range(len(plans)):
            first = sent[number] & ~(plans[:number] == plans[number]).any(axis=0)
            found += np.where(first, self.parcel[node[number], orders], 0.0)
            if group.extra is not None:
                together = ((plans == plans[number]) << np.arange(len(plans))[:, None]).sum(axis=0)
                found += np.where(first, group.extra[together, node[number], which], 0.0)
        return found - self.split[orders] * sent.any(axis=0)

    def contested(self) -> Flags:
        """Return by resource whether the orders could want more of it than there is."""
        able = np.isfinite(self.cost)
        wanted = np.bincount(self.row[able], weights=np.broadcast_to(self.quantity, able.shape)[able])
        wanted = np.pad(wanted, (0, self.stock.size - len(wanted)))
        pairs = np.zeros((self.nodes, self.orders), bool)
        for node in range(self.nodes):
            pairs[node, self.order[able[node]]] = True
        return np.concatenate([wanted, pairs.sum(axis=1)]) > self.there

    def only(self, orders: Flags) -> tuple[Field, Ints]:
        """Return the field of some orders alone, with all the stock, and the places of their lines here."""
        lines = np.flatnonzero(orders[self.order])
        new_order = np.cumsum(orders) - 1
        new_line = np.full(len(self.order), -1)
        new_line[lines] = np.arange(len(lines))
        part = Field(
            cost=self.cost[:, lines],
            parcel=self.parcel[:, orders],
            drop=self.drop[lines],
            split=self.split[orders],
            order=new_order[self.order[lines]],
            sku=self.sku[lines],
            quantity=self.quantity[lines],
            stock=self.stock,
            capacity=self.capacity,
            groups=[
                Group(new_order[group.orders[keep]], new_line[group.lines[:, keep]], group.most, group.complete, extra)
                for group, keep, extra in self._kept(orders)
            ],
        )
        return part, lines

    def _kept(self, orders: Flags) -> Iterator[tuple[Group, Flags, Floats | None]]:
        for group in self.groups:
            keep = orders[group.orders]
            if keep.any():
                yield group, keep, None if group.extra is None else group.extra[:, :, keep]


def grouped(order: Ints, orders: int) -> list[Group]:
    """Return the orders, without limits of their own, by their number of lines."""
    counts = np.bincount(order, minlength=orders)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    found = []
    for count in np.unique(counts[counts > 0]):
        mine = np.flatnonzero(counts == count)
        found.append(Group(mine, first[mine][None, :] + np.arange(count)[:, None], int(count)))
    return found
