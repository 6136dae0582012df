"""Exact reductions that make a large order small before it is solved.

A node that is some job's only source sends a parcel anyway: for the other jobs that parcel is free, so what they would
pay more elsewhere is never chosen. Jobs that share no undecided node do not touch each other. Jobs whose costs differ
by the same amount at every node of theirs go together. None of this can lose the optimum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Group(NamedTuple):
    """Jobs (by number) that go to the same node, and what they cost there together, by node."""

    jobs: list[int]
    costs: dict[str, int]


class Reduced(NamedTuple):
    """Nodes that are certain to be used, jobs whose node is settled, and what is left to choose in separate pieces."""

    opened: frozenset[str]
    settled: dict[int, str]
    pieces: list[list[Group]]


def reduced(costs: Sequence[dict[str, int]]) -> Reduced:
    """Reduce jobs given by their cost at each node that may send them; every parcel costs more than nothing."""
    opened = frozenset(next(iter(each)) for each in costs if len(each) == 1)
    settled: dict[int, str] = {}
    open_jobs: dict[int, dict[str, int]] = {}
    for number, each in enumerate(costs):
        useful = _useful(each, opened)
        if useful.keys() <= opened:
            settled[number] = min(useful, key=lambda code: (useful[code], code))
        else:
            open_jobs[number] = useful
    return Reduced(opened, settled, [_merged(piece) for piece in _apart(open_jobs, opened)])


def _useful(costs: dict[str, int], opened: frozenset[str]) -> dict[str, int]:
    """Return the nodes worth a thought: with a free parcel at hand, only cheaper ones and the cheapest free one."""
    free = min(((costs[code], code) for code in costs if code in opened), default=None)
    if free is None:
        return costs
    return {code: cost for code, cost in costs.items() if code == free[1] or (code not in opened and cost < free[0])}


def _apart(jobs: dict[int, dict[str, int]], opened: frozenset[str]) -> list[list[tuple[int, dict[str, int]]]]:
    """Return the jobs in pieces that share no undecided node, in the order of their first jobs."""
    parent: dict[str, str] = {}
    for costs in jobs.values():
        undecided = [code for code in costs if code not in opened]
        for code in undecided:
            parent[_root(parent, code)] = _root(parent, undecided[0])
    found: dict[str, list[tuple[int, dict[str, int]]]] = {}
    for number, costs in jobs.items():
        undecided = [code for code in costs if code not in opened]
        found.setdefault(_root(parent, undecided[0]), []).append((number, costs))
    return list(found.values())


def _root(parent: dict[str, str], code: str) -> str:
    while (above := parent.setdefault(code, code)) != code:
        parent[code] = parent[above]
        code = above
    return code


def _merged(piece: Iterable[tuple[int, dict[str, int]]]) -> list[Group]:
    """Return the piece with the jobs together that always choose alike."""
    groups: dict[frozenset[tuple[str, int]], Group] = {}
    for number, costs in piece:
        least = min(costs.values())
        shape = frozenset((code, cost - least) for code, cost in costs.items())
        found = groups.get(shape)
        if found is None:
            groups[shape] = Group([number], dict(costs))
        else:
            found.jobs.append(number)
            for code, cost in costs.items():
                found.costs[code] += cost
    return list(groups.values())
