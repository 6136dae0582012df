"""Proof: every plan that a better solution could hold, laid out in whole numbers.

With a plan that costs U and a bound B under some prices, a single order's plan that costs more than U - B above its
best reply is in no better solution. When few enough plans are left the master problem over all of them is the whole
problem.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hub.routing.batch.field import Field
from hub.routing.batch.neighbours import Priced
from hub.routing.batch.pool import Pool
from hub.routing.batch.pricing import Replies, cuts, replies

#: With more plans than this the proof is not tried.
MOST_PLANS = 60_000


def laid_out(field: Field, priced: Priced, slack: float) -> Pool | None:
    """Return every plan within `slack` of its order's best reply; None when there are too many."""
    pool = Pool(field)
    for reply in replies(field, priced.line, priced.parcel):
        found: list[tuple[int, tuple[int, ...]]] = []
        for plan in _plans(reply, slack):
            found.append(plan)
            if len(pool) + len(found) > MOST_PLANS:
                return None
        if found:
            plans = np.array([nodes for _, nodes in found]).T
            pool.add_of(reply.group, np.array([order for order, _ in found]), plans)
    return pool


def _plans(reply: Replies, slack: float) -> Iterator[tuple[int, tuple[int, ...]]]:
    dropped = reply.drop.sum(axis=0)
    tables: dict[int, np.ndarray] = dict(reply.tables())
    for order, value in enumerate(reply.value.tolist()):
        room = value + slack + 1e-9
        if dropped[order] <= room:
            yield order, (-1,) * reply.count
        if reply.group.complete:
            for node in np.flatnonzero(tables[reply.full][:, order] - reply.split[order] <= room):
                yield order, (int(node),) * reply.count
            continue
        costs = {goods: table[:, order] for goods, table in tables.items()}
        nodes = [-1] * reply.count
        yield from (
            (order, each) for each in _ways(reply, order, costs, nodes, reply.full, room + float(reply.split[order]), 0)
        )


def _ways(
    reply: Replies,
    order: int,
    costs: dict[int, np.ndarray],
    nodes: list[int],
    left: int,
    room: float,
    parcels: int,
) -> Iterator[tuple[int, ...]]:
    """Yield the ways to send what is left that cost no more than there is room for."""
    if not left:
        if parcels:
            yield tuple(nodes)
        return
    best = reply.best[-1][:, order]
    low = (left & -left).bit_length() - 1
    after = room - float(reply.drop[low, order])
    if best[left ^ 1 << low] <= after:
        yield from _ways(reply, order, costs, nodes, left ^ 1 << low, after, parcels)
    if parcels == reply.group.most:
        return
    for goods in cuts(left)[0].tolist():
        after = room - best[left ^ goods]
        for node in np.flatnonzero(costs[goods] <= after).tolist():
            if node in nodes:
                continue
            then = [node if goods >> line & 1 else nodes[line] for line in range(reply.count)]
            yield from _ways(reply, order, costs, then, left ^ goods, room - float(costs[goods][node]), parcels + 1)
