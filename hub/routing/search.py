"""Orders of any number of goods: every set of nodes is tried or proven to be worse.

Given the nodes that send a parcel, each good simply goes where it is cheapest. A good set is found by adding, dropping
and exchanging nodes while that pays; the lower bound then leaves few nodes to decide about, and these are decided one
by one. A branch ends when its parcels, with each good at the cheapest node still possible, cost as much as the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.routing.ascent import useful
from hub.routing.partition import NEVER

#: Above so many undecided nodes the branches are hopeless.
_MOST_NODES = 40
#: A large order repays smaller steps of the lower bound.
_TURNS = 64


class Found(NamedTuple):
    """The node of each good in the best plan, and whether none is cheaper."""

    nodes: list[int]
    proven: bool


def assigned(fixed: Sequence[int], rows: Sequence[Sequence[int]], tries: int) -> Found:
    """Return the best plan that so many tries find.

    `fixed[n]` is what a parcel from node n costs (zero where one goes anyway), `rows[n][g]` what good g costs there.
    """
    going = _improved(fixed, rows)
    limit = cost_of(fixed, rows, going)
    kept = useful(fixed, rows, limit, NEVER, _TURNS)
    if len(kept) > _MOST_NODES:
        return Found(_nodes(rows, going), proven=False)
    search = _Search([fixed[node] for node in kept], [rows[node] for node in kept], limit, tries)
    search.decide(0, [NEVER] * len(rows[0]), 0, ())
    best = [kept[node] for node in search.found] if search.found else going
    return Found(_nodes(rows, best), proven=search.tries >= 0)


def cost_of(fixed: Sequence[int], rows: Sequence[Sequence[int]], going: Sequence[int]) -> int:
    """Return what it costs to send every good from the cheapest of these nodes."""
    goods: int = sum(map(min, _never(rows), *(rows[node] for node in going)))
    return sum(fixed[node] for node in going) + goods


def _nodes(rows: Sequence[Sequence[int]], going: Sequence[int]) -> list[int]:
    return [min(going, key=lambda node: (rows[node][good], node)) for good in range(len(rows[0]))]


def _never(rows: Sequence[Sequence[int]]) -> list[int]:
    return [NEVER] * len(rows[0])


def _improved(fixed: Sequence[int], rows: Sequence[Sequence[int]]) -> list[int]:
    """Return a set of nodes that no single addition, removal or exchange makes cheaper."""
    going = [min(range(len(rows)), key=lambda node: (fixed[node] + sum(rows[node]), node))]
    cost = cost_of(fixed, rows, going)
    while True:
        best, change = min(_changes(fixed, rows, going))
        if best >= cost:
            return going
        cost, going = best, list(change)


def _changes(
    fixed: Sequence[int], rows: Sequence[Sequence[int]], going: list[int]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the cost of every set that one addition, removal or exchange leads to."""
    for gone in (None, *going):
        rest = tuple(node for node in going if node != gone)
        paid = sum(fixed[node] for node in rest)
        least = list(map(min, _never(rows), *(rows[node] for node in rest))) if rest else _never(rows)
        yield paid + sum(least), rest
        for node in range(len(rows)):
            if node not in going:
                yield paid + fixed[node] + sum(map(min, least, rows[node])), tuple(sorted((*rest, node)))


class _Search:
    def __init__(self, fixed: Sequence[int], rows: Sequence[Sequence[int]], limit: int, tries: int) -> None:
        self.fixed, self.rows, self.limit, self.tries = fixed, rows, limit, tries
        self.found: tuple[int, ...] = ()
        self.later = [_never(rows)]
        for row in reversed(rows):
            self.later.append(list(map(min, self.later[-1], row)))
        self.later.reverse()

    def decide(self, node: int, least: list[int], paid: int, going: tuple[int, ...]) -> None:
        """Decide about this node and those after it; `least` is each good's cheapest cost so far."""
        self.tries -= 1
        if self.tries < 0 or paid + sum(map(min, least, self.later[node])) >= self.limit:
            return
        if node == len(self.rows):
            self.limit, self.found = paid + sum(least), going
            return
        self.decide(node + 1, list(map(min, least, self.rows[node])), paid + self.fixed[node], (*going, node))
        self.decide(node + 1, least, paid, going)
