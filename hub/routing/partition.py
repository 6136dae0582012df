"""The exact programme for one order: which node sends which of its goods at the least cost together.

Every parcel costs a fixed amount at its node, and every good its own amount there, so the cost of a set of goods at a
node is a sum. `G[T]` is the cheapest node for the set T; the best way to send the set S is the least, over every T that
holds S's first good, of `G[T]` and the best way to send the rest. Optimality is guaranteed: all partitions are covered,
and no optimum uses a node twice, because a parcel costs something by itself. Only a rate card can make two parcels
from one node cheaper than the one that will be sent; then the nodes are gone through one by one instead, each used at
most once. Costs are integers, so there is no tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import add, itemgetter
from typing import NamedTuple

from hub.routing.ascent import ascend, columns_of

#: Stands for "this node may not send this good"; larger than every cost that can be reported.
NEVER = 10**27


#: Above so many sums the nodes are looked at more closely before the sums are made.
_LARGE = 2000


#: For each node what the sets of goods cost on top of their sum, by bit set; None where they cost just that.
More = Sequence[Sequence[int] | None]


_Pick = Callable[[Sequence[int]], tuple[int, ...]]


class Sent(NamedTuple):
    """One parcel: the node, by its place in the input, and the goods as a bit set."""

    node: int
    goods: int


def cheapest(fixed: Sequence[int], rows: Sequence[Sequence[int]], more: More = ()) -> list[Sent]:
    """Return the cheapest parcels that send every good.

    `fixed[n]` (above zero) is what a parcel from node n costs, `rows[n][g]` what good g costs there, `more[n]` what
    each set of goods costs there on top. Each good needs a node that may send it. Among equal costs the earliest node
    wins.
    """
    everything = (1 << len(rows[0])) - 1
    whole = [cost + sum(row) for cost, row in zip(fixed, rows, strict=True)]
    if more:
        whole = [cost + (extra[-1] if extra else 0) for cost, extra in zip(whole, more, strict=True)]
    single = min(whole)
    least = list(map(min, zip(*rows, strict=True)))
    if len(least) == 1 or single <= sum(least) + sum(sorted(fixed)[:2]):
        return [Sent(whole.index(single), everything)]
    known = min(single, _apart(fixed, rows, more))
    kept = _useful(fixed, rows, least, known - sum(least))
    if len(kept) << len(least) > _LARGE:
        bound, slack = ascend(fixed, columns_of(rows, NEVER))
        limit = known if more else min(single, _known(fixed, rows))
        kept = [node for node in kept if bound + slack[node] <= limit]
    if single <= sum(least) + sum(sorted(fixed[node] for node in kept)[:2]):
        return [Sent(whole.index(single), everything)]
    tables = [_table(fixed[node], rows[node], more[node] if more else None) for node in kept]
    alone = list(map(min, zip(*tables, strict=True)))
    sent = [Sent(kept[_first(tables, goods, alone[goods])], goods) for goods in _partition(alone)]
    if more and _twice(sent):
        return [Sent(kept[each.node], each.goods) for each in _once_each(tables, len(least))[everything][1]]
    return sent


def fewest(
    fixed: Sequence[int], rows: Sequence[Sequence[int]], units: Sequence[int], most: int, more: More = ()
) -> list[Sent]:
    """Return the parcels, `most` of them at the most, that send the most units, and of those the cheapest.

    `units[g]` is the quantity of good g. With too few parcels allowed some goods stay behind.
    """
    extras = more or [None] * len(fixed)
    tables = [_table(cost, row, extra) for cost, row, extra in zip(fixed, rows, extras, strict=True)]
    alone = list(map(min, zip(*tables, strict=True)))
    layers = [[0, *[NEVER] * (len(alone) - 1)]]
    for _ in range(min(most, len(units))):
        layers.append(_one_more(layers[-1], alone))
    sums = subset_sums(0, units)
    best = max(
        (goods for goods, cost in enumerate(layers[-1]) if cost < NEVER),
        key=lambda goods: (sums[goods], -layers[-1][goods], -goods),
    )
    sent = [Sent(_first(tables, goods, alone[goods]), goods) for goods in _unroll(layers, alone, best)]
    if more and _twice(sent):
        ways = _once_each(tables, most)
        return list(ways[max(ways, key=lambda goods: (sums[goods], -ways[goods][0], -goods))][1])
    return sent


def _twice(sent: Sequence[Sent]) -> bool:
    return len({each.node for each in sent}) < len(sent)


#: For a set of goods the least cost, and the parcels.
_Ways = dict[int, tuple[int, tuple[Sent, ...]]]


def _once_each(tables: Sequence[Sequence[int]], most: int) -> _Ways:
    """Return the cheapest way to send each set of goods in so many parcels, no two from one node.

    Node after node joins in. Slower than the partition, which this is asked for where a rate card is so uneven that
    two parcels from one node would be cheaper than the one that will be sent.
    """
    layers: list[_Ways] = [{0: (0, ())}, *({} for _ in range(most))]
    for node, table in enumerate(tables):
        for fewer, layer in zip(reversed(layers[:-1]), reversed(layers[1:]), strict=True):
            for goods, (cost, sent) in fewer.items():
                for part in range(1, len(table)):
                    total = cost + table[part]
                    if not part & goods and total < NEVER and total < layer.get(part | goods, (NEVER,))[0]:
                        layer[part | goods] = total, (*sent, Sent(node, part))
    best: _Ways = {}
    for layer in layers:
        for goods, way in layer.items():
            if goods not in best or way[0] < best[goods][0]:
                best[goods] = way
    return best


def _apart(fixed: Sequence[int], rows: Sequence[Sequence[int]], more: More) -> int:
    """Return what a plan costs that sends every good from where it alone is cheapest, or a little more than that."""
    if not more:
        return sum(min(map(int.__add__, fixed, costs)) for costs in zip(*rows, strict=True))
    groups: dict[int, int] = {}
    for good in range(len(rows[0])):
        alone = [_table_entry(fixed[node], rows[node], more[node], 1 << good) for node in range(len(fixed))]
        node = alone.index(min(alone))
        groups[node] = groups.get(node, 0) | 1 << good
    return sum(_table_entry(fixed[node], rows[node], more[node], goods) for node, goods in groups.items())


def _table_entry(fixed: int, row: Sequence[int], extra: Sequence[int] | None, goods: int) -> int:
    sent = sum(cost for good, cost in enumerate(row) if goods >> good & 1)
    return fixed + sent + (extra[goods] if extra else 0)


def _useful(fixed: Sequence[int], rows: Sequence[Sequence[int]], least: Sequence[int], slack: int) -> list[int]:
    """Return the nodes that an optimal plan can use: one that costs more than a known plan by itself is out."""
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


def _table(fixed: int, row: Sequence[int], extra: Sequence[int] | None) -> list[int]:
    """Return what each set of goods costs at a node, by bit set."""
    sums = subset_sums(fixed, row)
    return list(map(int.__add__, sums, extra)) if extra else sums


def subset_sums(start: int, amounts: Sequence[int]) -> list[int]:
    """Return start plus the sum over every subset of the amounts, by bit set."""
    sums = [start]
    for amount in amounts:
        sums += [each + amount for each in sums]
    return sums


@cache
def _cuts(goods: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return, for every bit set of so many goods, its cuts in two: a part with its first good, and the rest."""
    return tuple(tuple(_cut(bits)) for bits in range(1 << goods))


@cache
def _picks(goods: int) -> tuple[tuple[int, tuple[_Pick, _Pick]], ...]:
    """Return for the bit sets that the partition asks for what picks the costs of all parts, and of all rests.

    The first parcel has the first good: of the sets with that good only the whole one is ever asked for.
    """
    cuts = _cuts(goods)
    found = []
    for bits in (*range(2, (1 << goods) - 1, 2), (1 << goods) - 1):
        # picking one value alone would not give a tuple: a set of one good is cut in one way, here told twice
        parts, rests = zip(*cuts[bits], *cuts[bits][:1], strict=True)
        found.append((bits, (itemgetter(*parts), itemgetter(*rests))))
    return tuple(found)


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
    best, left = [0] * len(alone), len(alone) - 1
    for goods, (parts, rests) in _picks(len(alone).bit_length() - 1):
        best[goods] = min(map(add, parts(alone), rests(best)))
    chosen = []
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
