"""Orders whose goods each leave from one node: the partition programme, after reductions when the order is large."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from hub.routing.carriage import Carriage
from hub.routing.contenders import contenders, excess
from hub.routing.jobs import Job, Work
from hub.routing.jointly import settle
from hub.routing.partition import NEVER, More, cheapest, fewest, subset_sums
from hub.routing.plan import HIGHS, PARTITION, SEARCH, Left, Part, Plan, landed, straight
from hub.routing.polish import polished
from hub.routing.reduce import Group, reduced
from hub.routing.scene import Good, Scene
from hub.routing.search import assigned, cost_of
from hub.routing.tariff import GRAIN, NANO

#: The partition programme with a count of parcels is still quick for so many jobs.
_MOST_LAYERED = 10

#: With more costs than this HiGHS takes seconds, and the search leaves a percent open, or two.
_MOST_FOR_HIGHS = 5_000

#: Job numbers and the node each goes to.
Choice = dict[int, str]


def small(scene: Scene, work: Work) -> Plan:
    """Return the exact plan of an order of few jobs."""
    codes = contenders(scene, work.jobs)
    if len(codes) == 1:
        return _plan(work, dict.fromkeys(range(len(work.jobs)), codes[0]))
    codes, fixed, rows = priced(scene, [job.costs for job in work.jobs], among=codes)
    sent = cheapest(fixed, rows, mores(scene, work.jobs, codes))
    most = scene.most_parcels
    if most is not None and len(sent) > most:
        return _in_few_parcels(scene, work, most)
    return _plan(work, {job: codes[each.node] for each in sent for job in _bits(each.goods)})


def _in_few_parcels(scene: Scene, work: Work, most: int) -> Plan:
    codes, fixed, rows = priced(scene, [job.costs for job in work.jobs])
    sent = fewest(fixed, rows, [job.nanos for job in work.jobs], most, mores(scene, work.jobs, codes))
    return _plan(work, {job: codes[each.node] for each in sent for job in _bits(each.goods)})


def mores(scene: Scene, jobs: Sequence[Job], codes: Sequence[str]) -> More:
    """Return, for each node, what its rate card takes for each set of the jobs above its straight line, in grains."""
    if scene.cards is None:
        return ()
    found: dict[tuple[int, int], list[int]] = {}
    tables: list[list[int] | None] = []
    for code in codes:
        site = scene.site(code)
        if site.card is None:
            tables.append(None)
            continue
        key = (id(site.card), site.zone)
        if key not in found:
            found[key] = _more(site.card, site.zone, jobs)
        tables.append(found[key])
    return tables


def _more(card: Carriage, zone: int, jobs: Sequence[Job]) -> list[int]:
    loads = [job.good.weight * job.nanos // NANO for job in jobs]
    weighed = subset_sums(0, loads)
    by_volume = subset_sums(0, [card.by_volume(job.good.size, job.good.weight) * job.nanos // NANO for job in jobs])
    straight = subset_sums(card.starts[zone], [card.along(load) for load in loads])
    billed = map(max, weighed, by_volume)
    more = [(card.cost(zone, load) - line) * GRAIN for load, line in zip(billed, straight, strict=True)]
    return [0, *more[1:]]


def large(scene: Scene, work: Work) -> Plan | None:
    """Return the plan of an order of many jobs, piece by piece; None when it needs more parcels than are allowed."""
    among = contenders(scene, work.jobs)
    if len(among) == 1:
        return _plan(work, dict.fromkeys(range(len(work.jobs)), among[0]))
    found = reduced([_some(job.costs, among) for job in work.jobs])
    chosen: Choice = dict(found.settled)
    method, short = PARTITION, 0
    for piece in found.pieces:
        part = _piece(scene, work, piece, found.opened)
        chosen.update(part.choice)
        method, short = part.how if part.how != PARTITION else method, short + part.short
    most = scene.most_parcels
    if most is not None and len(set(chosen.values())) > most:
        if len(work.jobs) > _MOST_LAYERED:
            return None
        return _in_few_parcels(scene, work, most)
    return _bounded(scene, work, chosen, method, short)


def _bounded(scene: Scene, work: Work, chosen: Choice, method: str, short: int) -> Plan:
    """Return the plan with what no plan costs less than, when it is not proven the best.

    `short` (grains) is how far it may be from the best by the straight lines of the rate cards. With such cards it is
    then made better by what they really take.
    """
    plan = _plan(work, chosen, method)
    if scene.cards is None and not short:
        return plan
    bound = straight(scene, plan.parts) - (short // GRAIN + 1 if short else 0)
    if scene.cards is not None:
        plan = _plan(work, polished(scene, work.jobs, chosen), method)
    return replace(plan, optimal=landed(scene, plan.parts) == bound, bound=bound)


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
    totals = [
        cost + sum(row) + (excess(scene, code, jobs) if scene.cards is not None else 0)
        for code, cost, row in zip(codes, fixed, rows, strict=True)
    ]
    node = codes[totals.index(min(totals))]
    return _plan(work, dict.fromkeys(range(len(jobs)), node))


class _Settled(NamedTuple):
    """The choice for a piece, how it was found, and how many grains it may be dearer than the cheapest."""

    choice: Choice
    how: str
    short: int


def _piece(scene: Scene, work: Work, piece: Sequence[Group], opened: Collection[str]) -> _Settled:
    codes, fixed, rows = priced(scene, [group.costs for group in piece], opened)
    if len(piece) <= scene.rules.exact_lines:
        node_of = {number: each.node for each in cheapest(fixed, rows) for number in _bits(each.goods)}
        return _Settled(_of_jobs(piece, [codes[node_of[number]] for number in range(len(piece))]), PARTITION, 0)
    found = assigned(fixed, rows, scene.rules.search_limit)
    ours = _of_jobs(piece, [codes[node] for node in found.nodes])
    if found.proven or len(piece) * len(codes) > _MOST_FOR_HIGHS:
        return _Settled(ours, SEARCH, found.cost - found.bound)
    theirs, proven = settle(scene, work.jobs, {number: group.costs for group in piece for number in group.jobs}, opened)
    cost = cost_of(fixed, rows, sorted({codes.index(theirs[group.jobs[0]]) for group in piece}))
    if proven or cost < found.cost:
        return _Settled(theirs, HIGHS, 0 if proven else cost - found.bound)
    return _Settled(ours, SEARCH, found.cost - found.bound)


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
