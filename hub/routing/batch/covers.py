"""Extended cover cuts: lines that do not all fit at some nodes together, of which a fractional plan has too much.

For nodes that have b units of a SKU together, lines C with more than b units are a cover: at most |C| - 1 of them can
go to these nodes. The most violated cover is found exactly, by a programme over units. Lines outside it count as many
of its lines as they are heavier than (Balas 1975). One node alone is not enough: where an order for two moves half a
unit of others from one node to the next, no single stock is broken, but both together are. So the nodes are also taken
together that share a fractional line and have nothing left, all of them and by two.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hub.routing.batch.field import Field, Floats, Ints
from hub.routing.batch.pool import Pool
from hub.routing.batch.rows import Cut

_LEAST_VIOLATION = 0.02
#: Above so many units covers matter little, and the programme would be long.
_MOST_UNITS = 400
_TIGHT = 1e-6


class _Sent(NamedTuple):
    """What a fractional plan sends of one SKU: nodes, lines and shares by entry."""

    node: Ints
    line: Ints
    share: Floats

    def at(self, nodes: Ints) -> tuple[Ints, Floats]:
        """Return the lines sent from some nodes, and how much of each."""
        mine = np.isin(self.node, nodes)
        lines, place = np.unique(self.line[mine], return_inverse=True)
        return lines, np.asarray(np.bincount(place, weights=self.share[mine], minlength=len(lines)), np.float64)


def violated(field: Field, pool: Pool, shares: Floats) -> Iterator[Cut]:
    """Yield for each SKU the cover cuts that the columns' shares break most: keys, values and limit for `Rows`."""
    by_sku = np.argsort(field.sku, kind="stable")
    firsts = np.searchsorted(field.sku[by_sku], np.arange(field.stock.shape[1] + 1))
    for sku, sent in _by_sku(field, pool, shares):
        others = by_sku[firsts[sku] : firsts[sku + 1]]
        if field.quantity[others].max() > 1:
            yield from _of_sku(field, sku, sent, others)


def _by_sku(field: Field, pool: Pool, shares: Floats) -> Iterator[tuple[int, _Sent]]:
    """Yield the SKUs of which something is fractional."""
    sent = (pool.node >= 0) & (shares[pool.column] > 1e-6)
    keys, place = np.unique(pool.node[sent] * len(field.order) + pool.line[sent], return_inverse=True)
    share: Floats = np.asarray(np.bincount(place, weights=shares[pool.column[sent]], minlength=len(keys)), np.float64)
    node, line = np.divmod(keys, len(field.order))
    turn = np.argsort(field.sku[line], kind="stable")
    node, line, share = node[turn], line[turn], share[turn]
    sku = field.sku[line]
    edges = np.flatnonzero(np.concatenate([[True], sku[1:] != sku[:-1], [True]])) if len(sku) else np.empty(0, np.int64)
    for start, end in pairwise(edges.tolist()):
        if ((share[start:end] > 0.01) & (share[start:end] < 0.99)).any():
            yield int(sku[start]), _Sent(node[start:end], line[start:end], share[start:end])


def _of_sku(field: Field, sku: int, sent: _Sent, others: Ints) -> Iterator[Cut]:
    for nodes in _together(field, sku, sent):
        lines, share = sent.at(nodes)
        cover = _cover(field.quantity[lines], share, int(field.stock[nodes, sku].sum()))
        if len(cover):
            yield _extended(field, nodes, lines[cover], others)


def _together(field: Field, sku: int, sent: _Sent) -> list[Ints]:
    """Return the sets of nodes to look at: each that has nothing left, and what fractional lines join of them."""
    used = np.bincount(sent.node, weights=sent.share * field.quantity[sent.line], minlength=field.nodes)
    tight = np.flatnonzero((used > 0) & (used >= field.stock[:, sku] - _TIGHT))
    of = {int(node): {int(node)} for node in tight}
    pairs: set[tuple[int, int]] = set()
    for line in np.unique(sent.line[(sent.share > 0.01) & (sent.share < 0.99)]).tolist():
        shared = [node for node in sent.node[sent.line == line].tolist() if node in of]
        for one, other in pairwise(sorted(shared)):
            pairs.add((one, other))
            joined = of[one] | of[other]
            for node in joined:
                of[node] = joined
    sets = {(node,) for node in of} | pairs | {tuple(sorted(each)) for each in of.values()}
    return [np.array(each) for each in sorted(sets)]


def _cover(quantity: Ints, share: Floats, units: int) -> Ints:
    """Return the lines of the most violated cover (places); empty when none is violated."""
    if units > _MOST_UNITS or quantity.max() == 1 or quantity.sum() <= units:
        return np.empty(0, np.int64)
    reach = np.arange(units + 2)
    missing = np.full(units + 2, np.inf)
    missing[0] = 0.0
    taken = []
    for each, part in zip(quantity.tolist(), share.tolist(), strict=True):
        with_it = missing[np.maximum(reach - each, 0)] + (1.0 - part)
        with_it[0] = np.inf
        better = with_it < missing
        missing = np.where(better, with_it, missing)
        taken.append(better)
    if missing[-1] >= 1.0 - _LEAST_VIOLATION:
        return np.empty(0, np.int64)
    return _least(quantity, share, _chosen(quantity, taken), units)


def _chosen(quantity: Ints, taken: list[np.ndarray]) -> list[int]:
    found, left = [], len(taken[0]) - 1
    for place in range(len(quantity) - 1, -1, -1):
        if left and taken[place][left]:
            found.append(place)
            left = max(0, left - int(quantity[place]))
    return found


def _least(quantity: Ints, share: Floats, cover: list[int], units: int) -> Ints:
    """Return the cover without lines that it does not need."""
    total = int(quantity[cover].sum())
    for place in sorted(cover, key=lambda each: (share[each], each)):
        if total - quantity[place] > units:
            cover.remove(place)
            total -= int(quantity[place])
    return np.array(cover)


def _extended(field: Field, nodes: Ints, cover: Ints, others: Ints) -> Cut:
    """Return the cut: every line at every one of the nodes by how many lines of the cover it outweighs."""
    heavier = np.cumsum(np.sort(field.quantity[cover])[::-1])
    counts = np.maximum(np.searchsorted(heavier, field.quantity[others], "right"), np.isin(others, cover))
    others, counts = others[counts > 0], counts[counts > 0]
    place, line = np.nonzero(np.isfinite(field.cost[np.ix_(nodes, others)]))
    return nodes[place] * len(field.order) + others[line], counts[line].astype(float), len(cover) - 1.0
