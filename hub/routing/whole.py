"""Orders whose goods each leave from one node: the partition programme, after reductions when the order is large."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hub.routing.contenders import contenders
from hub.routing.jobs import Work
from hub.routing.jointly import settle
from hub.routing.partition import NEVER, cheapest, fewest
from hub.routing.plan import HIGHS, PARTITION, SEARCH, Left, Part, Plan
from hub.routing.reduce import Group, reduced
from hub.routing.scene import Good, Scene
from hub.routing.search import assigned, cost_of

#: The partition programme with a count of parcels is still quick for so many jobs.
_MOST_LAYERED = 10

#: Job numbers and the node each goes to.
Choice = dict[int, str]


def small(scene: Scene, work: Work) -> Plan:
    """Return the exact plan of an order of few jobs."""
    codes = contenders(scene, [job.prices for job in work.jobs])
    if len(codes) == 1:
        return _plan(work, dict.fromkeys(range(len(work.jobs)), codes[0]))
    codes, fixed, rows = priced(scene, [job.costs for job in work.jobs], among=codes)
    sent = cheapest(fixed, rows)
    most = scene.most_parcels
    if most is not None and len(sent) > most:
        return _in_few_parcels(work, most, *priced(scene, [job.costs for job in work.jobs]))
    return _plan(work, {job: codes[each.node] for each in sent for job in _bits(each.goods)})


def _in_few_parcels(work: Work, most: int, codes: list[str], fixed: list[int], rows: list[list[int]]) -> Plan:
    sent = fewest(fixed, rows, [job.nanos for job in work.jobs], most)
    return _plan(work, {job: codes[each.node] for each in sent for job in _bits(each.goods)})


def large(scene: Scene, work: Work) -> Plan | None:
    """Return the plan of an order of many jobs, piece by piece; None when it needs more parcels than are allowed."""
    among = contenders(scene, [job.prices for job in work.jobs])
    if len(among) == 1:
        return _plan(work, dict.fromkeys(range(len(work.jobs)), among[0]))
    found = reduced([_some(job.costs, among) for job in work.jobs])
    chosen: Choice = dict(found.settled)
    method, proven = PARTITION, True
    for piece in found.pieces:
        some, how, certain = _piece(scene, work, piece, found.opened)
        chosen.update(some)
        method, proven = how if how != PARTITION else method, proven and certain
    most = scene.most_parcels
    if most is not None and len(set(chosen.values())) > most:
        if len(work.jobs) > _MOST_LAYERED:
            return None
        return _in_few_parcels(work, most, *priced(scene, [job.costs for job in work.jobs]))
    return _plan(work, chosen, method, optimal=proven)


def from_one_node(scene: Scene, goods: Sequence[Good], work: Work) -> Plan:
    """Return the plan that sends everything from the one node that is cheapest for all of it, or else nothing."""
    jobs = work.jobs
    common: set[str] = set()
    if len(jobs) == len(goods) and all(job.nanos == job.good.nanos for job in jobs):
        common = set.intersection(*(set(job.costs) for job in jobs))
    able = [code for code in sorted(common) if _enough(scene, goods, code)]
    if not able:
        return Plan((), tuple(Left(good, good.nanos, "complete") for good in goods), PARTITION, optimal=True)
    codes, fixed, rows = priced(scene, [{code: job.costs[code] for code in able} for job in jobs])
    totals = [cost + sum(row) for cost, row in zip(fixed, rows, strict=True)]
    node = codes[totals.index(min(totals))]
    return _plan(work, dict.fromkeys(range(len(jobs)), node))


def _piece(scene: Scene, work: Work, piece: Sequence[Group], opened: Collection[str]) -> tuple[Choice, str, bool]:
    """Return the choice for a piece, how it was found, and whether it is proven the cheapest."""
    codes, fixed, rows = priced(scene, [group.costs for group in piece], opened)
    if len(piece) <= scene.rules.exact_lines:
        node_of = {number: each.node for each in cheapest(fixed, rows) for number in _bits(each.goods)}
        return _of_jobs(piece, [codes[node_of[number]] for number in range(len(piece))]), PARTITION, True
    found = assigned(fixed, rows, scene.rules.search_limit)
    ours = _of_jobs(piece, [codes[node] for node in found.nodes])
    if found.proven:
        return ours, SEARCH, True
    theirs, proven = settle(scene, work.jobs, {number: group.costs for group in piece for number in group.jobs}, opened)
    nodes = [codes.index(theirs[group.jobs[0]]) for group in piece]
    if proven or cost_of(fixed, rows, sorted(set(nodes))) < cost_of(fixed, rows, sorted(set(found.nodes))):
        return theirs, HIGHS, proven
    return ours, SEARCH, False


def _of_jobs(piece: Sequence[Group], codes: Sequence[str]) -> Choice:
    return {job: code for group, code in zip(piece, codes, strict=True) for job in group.jobs}


def priced(
    scene: Scene,
    costs: Sequence[Mapping[str, int]],
    opened: Collection[str] = (),
    among: Sequence[str] = (),
) -> tuple[list[str], list[int], list[list[int]]]:
    """Return the nodes by code, what a parcel costs at each, and its row of costs, all in grains.

    A parcel from the `opened` nodes goes anyway and costs nothing more. Where nodes are given, only they are priced.
    """
    codes = list(among) or sorted(set().union(*costs))
    fixed = [0 if code in opened else scene.parcel(code) for code in codes]
    return codes, fixed, [[each.get(code, NEVER) for each in costs] for code in codes]


def _some(costs: Mapping[str, int], among: Sequence[str]) -> dict[str, int]:
    return {code: costs[code] for code in among if code in costs}


def _plan(work: Work, chosen: Choice, method: str = PARTITION, *, optimal: bool = True) -> Plan:
    parts, left = [], list(work.left)
    for number, job in enumerate(work.jobs):
        code = chosen.get(number)
        if code is None:
            left.append(Left(job.good, job.nanos, "splits"))
        else:
            parts.append(Part(job.good, code, job.nanos))
    return Plan(tuple(parts), tuple(left), method, optimal)


def _enough(scene: Scene, goods: Sequence[Good], code: str) -> bool:
    """Tell whether a node has enough for all the goods of each SKU together."""
    wanted: dict[str, int] = {}
    for good in goods:
        wanted[good.sku] = wanted.get(good.sku, 0) + good.nanos
    return all(scene.have(*scene.at(good, code)) >= wanted[good.sku] for good in goods)


def _bits(goods: int) -> list[int]:
    return [number for number in range(goods.bit_length()) if goods >> number & 1]
