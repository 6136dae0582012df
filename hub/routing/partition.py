"""The exact programme for one order: which node sends which of its goods at the least cost together.

Every parcel costs a fixed amount at its node, and every good its own amount there, so the cost of a set of goods at a
node is a sum. `G[T]` is the cheapest node for the set T; the best way to send the set S is the least, over every T that
holds S's first good, of `G[T]` and the best way to send the rest. Optimality is guaranteed: all partitions are covered,
and a fixed cost above zero means that no optimum uses a node twice. Costs are integers, so there is no tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from hub.routing.ascent import ascend, columns_of

#: Stands for "this node may not send this good"; larger than every cost that can be reported.
NEVER = 10**27


#: Above so many sums the nodes are looked at more closely before the sums are made.
_LARGE = 2000


class Sent(NamedTuple):
    """One parcel: the node, by its place in the input, and the goods as a bit set."""

    node: int
    goods: int


def cheapest(fixed: Sequence[int], rows: Sequence[Sequence[int]]) -> list[Sent]:
    """Return the cheapest parcels that send every good.

    `fixed[n]` (above zero) is what a parcel from node n costs, `rows[n][g]` what good g costs there. Each good needs a
    node that may send it. Among equal costs the earliest node wins.
    """
    everything = (1 << len(rows[0])) - 1
    whole = [cost + sum(row) for cost, row in zip(fixed, rows, strict=True)]
    single = min(whole)
    least = list(map(min, zip(*rows, strict=True)))
    if len(least) == 1 or single <= sum(least) + sum(sorted(fixed)[:2]):
        return [Sent(whole.index(single), everything)]
    kept = _useful(fixed, rows, least, single)
    if len(kept) << len(least) > _LARGE:
        bound, slack = ascend(fixed, columns_of(rows, NEVER))
        limit = min(single, _known(fixed, rows))
        kept = [node for node in kept if bound + slack[node] <= limit]
    if single <= sum(least) + sum(sorted(fixed[node] for node in kept)[:2]):
        return [Sent(whole.index(single), everything)]
    tables = [_sums(fixed[node], rows[node]) for node in kept]
    alone = list(map(min, zip(*tables, strict=True)))
    parcels = _partition(alone)
    return [Sent(kept[_first(tables, goods, alone[goods])], goods) for goods in parcels]


def fewest(fixed: Sequence[int], rows: Sequence[Sequence[int]], units: Sequence[int], most: int) -> list[Sent]:
    """Return the parcels, `most` of them at the most, that send the most units, and of those the cheapest.

    `units[g]` is the quantity of good g. With too few parcels allowed some goods stay behind.
    """
    tables = [_sums(cost, row) for cost, row in zip(fixed, rows, strict=True)]
    alone = list(map(min, zip(*tables, strict=True)))
    layers = [[0, *[NEVER] * (len(alone) - 1)]]
    for _ in range(min(most, len(units))):
        layers.append(_one_more(layers[-1], alone))
    sums = _sums(0, units)
    best = max(
        (goods for goods, cost in enumerate(layers[-1]) if cost < NEVER),
        key=lambda goods: (sums[goods], -layers[-1][goods], -goods),
    )
    chosen = _unroll(layers, alone, best)
    return [Sent(_first(tables, goods, alone[goods]), goods) for goods in chosen]


def _useful(fixed: Sequence[int], rows: Sequence[Sequence[int]], least: Sequence[int], single: int) -> list[int]:
    """Return the nodes that an optimal plan can use: one that costs more than a known plan by itself is out."""
    base = sum(least)
    apart = sum(min(map(int.__add__, fixed, costs)) for costs in zip(*rows, strict=True))
    slack = min(single, apart) - base
    return [
        node
        for node, (cost, row) in enumerate(zip(fixed, rows, strict=True))
        if cost + min(map(int.__sub__, row, least)) <= slack
    ]


def _known(fixed: Sequence[int], rows: Sequence[Sequence[int]]) -> int:
    """Return what some plan costs: the goods in turn, each where it is cheapest with the parcels already going."""
    going: set[int] = set()
    total = 0
    for costs in zip(*rows, strict=True):
        cost, node = min((cost + (0 if node in going else fixed[node]), node) for node, cost in enumerate(costs))
        going.add(node)
        total += cost
    return total


def _sums(start: int, amounts: Sequence[int]) -> list[int]:
    """Return start plus the sum over every subset of the amounts, by bit set."""
    sums = [start]
    for amount in amounts:
        sums += [each + amount for each in sums]
    return sums


@cache
def _cuts(goods: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return, for every bit set of so many goods, its cuts in two: a part with its first good, and the rest."""
    return tuple(tuple(_cut(bits)) for bits in range(1 << goods))


def _cut(bits: int) -> list[tuple[int, int]]:
    rest = bits & (bits - 1)
    cuts, part = [], rest
    while part:
        cuts.append((bits ^ rest | part, rest ^ part))
        part = (part - 1) & rest
    return [*cuts, (bits ^ rest, rest)] if bits else []


def _partition(alone: Sequence[int]) -> list[int]:
    """Return the sets of the cheapest partition, given the cheapest cost of each set as one parcel."""
    cuts = _cuts(len(alone).bit_length() - 1)
    best = [0]
    for ways in cuts[1:]:
        best.append(min([alone[part] + best[rest] for part, rest in ways]))
    chosen, left = [], len(alone) - 1
    while left:
        part, left = next(way for way in cuts[left] if alone[way[0]] + best[way[1]] == best[left])
        chosen.append(part)
    return chosen


def _one_more(before: Sequence[int], alone: Sequence[int]) -> list[int]:
    """Return the cheapest cost of each set with one parcel more than before."""
    cuts = _cuts(len(alone).bit_length() - 1)
    return [0] + [
        min([before[goods], *(alone[part] + before[rest] for part, rest in cuts[goods])])
        for goods in range(1, len(alone))
    ]


def _unroll(layers: Sequence[Sequence[int]], alone: Sequence[int], goods: int) -> list[int]:
    cuts = _cuts(len(alone).bit_length() - 1)
    chosen = []
    for layer, before in zip(reversed(layers[1:]), reversed(layers[:-1]), strict=True):
        if goods and layer[goods] < before[goods]:
            way = next(way for way in cuts[goods] if alone[way[0]] + before[way[1]] == layer[goods])
            chosen.append(way[0])
            goods = way[1]
    return chosen


def _first(tables: Sequence[Sequence[int]], goods: int, cost: int) -> int:
    return next(node for node, table in enumerate(tables) if table[goods] == cost)
