"""Orders of any number of goods: which nodes send a parcel is decided node by node, until the best is proven.

Given the nodes that send a parcel, each good simply goes where it is cheapest. A branch (some nodes are sure to send
one, some not to) ends when its lower bound reaches the best plan known; most nodes are ruled out by the bound at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.routing.ascent import ascend, columns_of
from hub.routing.partition import NEVER


class Found(NamedTuple):
    """The node of each good in the best plan, what that costs, and what no plan costs less than."""

    nodes: list[int]
    cost: int
    bound: int

    @property
    def proven(self) -> bool:
        """Return whether no plan is cheaper."""
        return self.bound >= self.cost


def assigned(fixed: Sequence[int], rows: Sequence[Sequence[int]], work: int) -> Found:
    """Return the best plan that so much work finds: one unit for each cost looked at in each branch.

    `fixed[n]` is what a parcel from node n costs (zero where one goes anyway), `rows[n][g]` what good g costs there.
    """
    search = _Search(fixed, rows, work)
    search.run()
    going = search.best
    nodes = [min(going, key=lambda node: (rows[node][good], node)) for good in range(len(rows[0]))]
    return Found(nodes, search.limit, search.bound)


def cost_of(fixed: Sequence[int], rows: Sequence[Sequence[int]], going: Sequence[int]) -> int:
    """Return what it costs to send every good from the cheapest of these nodes."""
    goods: int = sum(map(min, *(rows[node] for node in going))) if len(going) > 1 else sum(rows[going[0]])
    return sum(fixed[node] for node in going) + goods


class _Branch(NamedTuple):
    """Nodes that are sure to send a parcel, nodes not yet decided (all others send none), and a lower bound."""

    sure: frozenset[int]
    open: frozenset[int]
    bound: int = 0


class _Search:
    def __init__(self, fixed: Sequence[int], rows: Sequence[Sequence[int]], work: int) -> None:
        self.fixed, self.rows, self.work = fixed, rows, work
        self.columns = columns_of(rows, NEVER)
        self.best = self._plain()
        self.limit = cost_of(fixed, rows, self.best)
        self.bound = 0

    def run(self) -> None:
        """Look at branches, the last one first, until none is left or the work is used up."""
        waiting = [_Branch(frozenset(), frozenset(range(len(self.rows))))]
        while waiting and self.work >= 0:
            waiting += self._split(waiting.pop())
        self.bound = min([self.limit, *(branch.bound for branch in waiting)])

    def _plain(self) -> list[int]:
        """Return a plan to begin with: goods in turn go where they are cheapest, then needless nodes are dropped."""
        going: list[int] = []
        for column in self.columns:
            node = min(column, key=lambda each: each[0] + (0 if each[1] in going else self.fixed[each[1]]))[1]
            if node not in going:
                going.append(node)
        for node in sorted(going, key=lambda node: -self.fixed[node]):
            fewer = [each for each in going if each != node]
            if fewer and cost_of(self.fixed, self.rows, fewer) <= cost_of(self.fixed, self.rows, going):
                going = fewer
        return sorted(going)

    def _split(self, branch: _Branch) -> list[_Branch]:
        """Return the branches that this one falls into; none when nothing in it can be cheaper than the best."""
        able = sorted(branch.sure | branch.open)
        self.work -= len(able) * len(self.columns)
        place = {node: number for number, node in enumerate(able)}
        columns = [[(cost, place[node]) for cost, node in column if node in place] for column in self.columns]
        if not all(columns):
            return []
        paid = sum(self.fixed[node] for node in branch.sure)
        bound, slack = ascend([0 if node in branch.sure else self.fixed[node] for node in able], columns)
        self._try([node for node in able if node in branch.sure or not slack[place[node]]])
        kept = frozenset(node for node in branch.open if paid + bound + slack[place[node]] < self.limit)
        if paid + bound >= self.limit or not kept:
            return []
        node = self._wanted(branch.sure | kept, kept)
        rest = kept - {node}
        return [_Branch(branch.sure, rest, paid + bound), _Branch(branch.sure | {node}, rest, paid + bound)]

    def _try(self, going: list[int]) -> None:
        cost = cost_of(self.fixed, self.rows, going) if going else self.limit
        if cost < self.limit:
            self.limit, self.best = cost, going

    def _wanted(self, able: frozenset[int], kept: frozenset[int]) -> int:
        """Return the undecided node that is the cheapest for the most goods."""
        wanted = dict.fromkeys(sorted(kept), 0)
        for column in self.columns:
            node = next((node for _, node in column if node in able), None)
            if node in wanted:
                wanted[node] += 1
        return max(wanted, key=lambda node: (wanted[node], -node))
