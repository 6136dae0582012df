"""Extended cover cuts: lines that do not all fit at a node, of which a fractional plan has too much.

For a stock b, lines C with more than b units together are a cover: at most |C| - 1 of them can go there. The most
violated cover is found exactly, by a programme over units. Lines outside it count as many of its lines as they are
heavier than (Balas 1975).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hub.routing.batch.field import Field, Floats, Ints
from hub.routing.batch.pool import Pool

_LEAST_VIOLATION = 0.02
#: Above so many units covers matter little, and the programme would be long.
_MOST_UNITS = 400


def violated(field: Field, pool: Pool, shares: Floats) -> Iterator[tuple[Ints, Floats, float]]:
    """Yield for each stock the cover cut that the columns' shares break most: keys, values and limit for `Rows`."""
    sent = (pool.node >= 0) & (shares[pool.column] > 1e-6)
    keys, place = np.unique(pool.node[sent] * len(field.order) + pool.line[sent], return_inverse=True)
    share: Floats = np.asarray(np.bincount(place, weights=shares[pool.column[sent]], minlength=len(keys)), np.float64)
    node, line = np.divmod(keys, len(field.order))
    stock = field.row[node, line]
    turn = np.argsort(stock, kind="stable")
    stock, line, share = stock[turn], line[turn], share[turn]
    starts = np.flatnonzero(np.concatenate([[True], stock[1:] != stock[:-1]])) if len(stock) else np.empty(0, np.int64)
    by_sku = np.argsort(field.sku, kind="stable")
    firsts = np.searchsorted(field.sku[by_sku], np.arange(field.stock.shape[1] + 1))
    for start, end in zip(starts, [*starts[1:], len(stock)], strict=True):
        at, sku = divmod(int(stock[start]), field.stock.shape[1])
        lines, units = line[start:end], int(field.stock[at, sku])
        cover = _cover(field.quantity[lines], share[start:end], units)
        if len(cover):
            others = by_sku[firsts[sku] : firsts[sku + 1]]
            yield _extended(field, at, lines[cover], others)


def _cover(quantity: Ints, share: Floats, units: int) -> Ints:
    """Return the lines of the most violated cover (places); empty when none is violated."""
    fractional = ((share > 0.01) & (share < 0.99)).any()
    if not fractional or units > _MOST_UNITS or quantity.max() == 1 or quantity.sum() <= units:
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


def _extended(field: Field, node: int, cover: Ints, others: Ints) -> tuple[Ints, Floats, float]:
    heavier = np.cumsum(np.sort(field.quantity[cover])[::-1])
    others = others[np.isfinite(field.cost[node, others]) & ~np.isin(others, cover)]
    counts = np.searchsorted(heavier, field.quantity[others], "right")
    others, counts = others[counts > 0], counts[counts > 0]
    keys = node * len(field.order) + np.concatenate([cover, others])
    return keys, np.concatenate([np.ones(len(cover)), counts.astype(float)]), len(cover) - 1.0
