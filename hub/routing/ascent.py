"""A lower bound on what an order must cost, and the nodes that no cheaper plan can use.

Dual ascent (after Erlenkotter 1978): each good offers to pay as much as it can before what the goods offer beyond their
own cost at some node exceeds that node's parcel. What they offer together is a lower bound, and a node that is still so
far from being paid for raises the bound by as much when it is used. All in integers, so what is ruled out is certain.
"""

from __future__ import annotations

from collections.abc import Sequence

#: The goods raise their offers in turn, by this share of the dearest parcel: one good must not take all the room.
_TURNS = 16

#: What each good costs at the nodes that may send it: (cost, node), cheapest first.
Columns = Sequence[Sequence[tuple[int, int]]]


def columns_of(rows: Sequence[Sequence[int]], never: int) -> list[list[tuple[int, int]]]:
    """Return the rows (a row for each node) by good; a cost of `never` or more means that the node may not send it."""
    return [
        sorted((cost, node) for node, cost in enumerate(costs) if cost < never) for costs in zip(*rows, strict=True)
    ]


def ascend(fixed: Sequence[int], columns: Columns) -> tuple[int, list[int]]:
    """Return the lower bound, and for each node how far it is from being paid for; every good needs a node."""
    offers, slack = [column[0][0] for column in columns], list(fixed)
    step = max(fixed) // _TURNS + 1
    moving = list(range(len(columns)))
    while moving:
        moving = [good for good in moving if _raise(good, columns[good], offers, slack, step)]
    return sum(offers), slack


def _raise(good: int, column: Sequence[tuple[int, int]], offers: list[int], slack: list[int], step: int) -> bool:
    """Let one good offer one step more, or as far as the nodes have room; tells whether it may rise further."""
    before = offers[good]
    limit = before + step
    for cost, node in column:
        if cost >= limit:
            break
        room = slack[node] + (max(before, cost))
        limit = min(limit, room)
    if limit == before:
        return False
    for cost, node in column:
        if cost >= limit:
            break
        slack[node] -= limit - (max(before, cost))
    offers[good] = limit
    return True
