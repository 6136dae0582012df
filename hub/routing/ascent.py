"""A lower bound on what an order must cost, and the nodes that no optimal plan can use.

Dual ascent (after Erlenkotter 1978): each good offers to pay as much as it can before what the goods offer beyond their
own cost at some node exceeds that node's parcel. What they offer together is a lower bound, and a node that is still so
far from being paid for raises the bound by as much when it is used. All in integers, so what is ruled out is certain.
"""

from __future__ import annotations

from collections.abc import Sequence


def useful(fixed: Sequence[int], rows: Sequence[Sequence[int]], known: int, never: int, turns: int = 16) -> list[int]:
    """Return the nodes that a plan as cheap as the `known` cost, or cheaper, could use.

    A cost of `never` or more means that the node may not send the good. The goods raise their offers in turn, by one in
    so many `turns` of the dearest parcel: one good must not take all the room.
    """
    columns = [
        sorted((cost, node) for node, cost in enumerate(costs) if cost < never) for costs in zip(*rows, strict=True)
    ]
    offers, slack = [column[0][0] for column in columns], list(fixed)
    step = max(fixed) // turns + 1
    moving = list(range(len(columns)))
    while moving:
        moving = [good for good in moving if _raise(good, columns[good], offers, slack, step)]
    bound = sum(offers)
    return [node for node, each in enumerate(slack) if bound + each <= known]


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
