"""The nodes that can have a part in the cheapest plan, found without looking at the others.

Price lists are ranked by the least that a line can cost at a node, its parcel over no distance included. With a plan at
hand, a node whose least is more than that plan leaves room for is in no better one, and neither is any node after it:
each list is looked at from its top and left where that begins. Everything is in integers, so nothing good is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from hub.routing.jobs import Job
from hub.routing.scene import Scene
from hub.routing.shelf import PriceList
from hub.routing.tariff import GRAIN

#: So many nodes are cheaper to solve than to think about once more.
_FEW = 12


def contenders(scene: Scene, jobs: Sequence[Job]) -> list[str]:
    """Return by code the nodes that some cheapest plan for all the jobs can use.

    Of plans that cost the same, one with the fewest parcels is among those that these nodes can make.
    """
    if len(jobs) == 1:
        return [_alone(scene, jobs[0])[1]]
    lists = [job.prices for job in jobs]
    least = sum([prices.least for prices in lists])
    parcel = min([prices.parcel for prices in lists]) + scene.step
    single = _together(scene, jobs)
    if single is not None and single[0] <= least + 2 * parcel:
        return [single[1]]
    known = single[0] if single is not None else _in_turn(scene, jobs)
    codes = _within(scene, lists, known - least - parcel)
    if single is not None and len(codes) > _FEW:
        codes = _within(scene, lists, min(known, _in_turn(scene, jobs)) - least - parcel)
    return sorted(codes if single is None else codes | {single[1]})


def _alone(scene: Scene, job: Job) -> tuple[int, str]:
    """Return the cheapest cost of a job, parcel included, and its node."""
    lows, codes = job.prices.ranked()
    return _first(scene, job.prices.leasts, zip(lows, codes, strict=True), [job])


def _first(
    scene: Scene, leasts: Mapping[str, int], ranked: Iterable[tuple[int, str]], jobs: Sequence[Job]
) -> tuple[int, str]:
    """Return the cheapest real cost of the jobs from one node, and the node.

    `ranked` are the nodes from the cheapest up, by what the jobs cost with the least that the parcel can cost.
    """
    step, parcel, too_far, more = scene.step, scene.parcel, scene.too_far, scene.cards is not None
    best, chosen = -1, ""
    for low, code in ranked:
        room = best - low - step
        if chosen and (room < 0 or too_far(code, room)):
            if room < 0:
                break
            continue
        cost = low - leasts[code] + parcel(code)
        if more and (cost <= best or not chosen):
            cost += excess(scene, code, jobs)
        if not chosen or cost < best or (cost == best and code < chosen):
            best, chosen = cost, code
    return best, chosen


def excess(scene: Scene, code: str, jobs: Iterable[Job]) -> int:
    """Return in grains what the node's rate card takes for the jobs together above its straight line."""
    return scene.excess(code, [(job.good, job.nanos) for job in jobs]) * GRAIN


def _together(scene: Scene, jobs: Sequence[Job]) -> tuple[int, str] | None:
    """Return the cheapest cost of sending everything from one node, and that node; None when no node can."""
    first, *rest = sorted([job.prices for job in jobs], key=lambda prices: len(prices.costs))
    common: Collection[str] = first.costs
    for prices in rest:
        common = prices.costs.keys() & common
    if not common:
        return None
    columns = [map(prices.costs.__getitem__, common) for prices in (first, *rest)]
    ways = list(zip(map(sum, zip(map(first.leasts.__getitem__, common), *columns, strict=True)), common, strict=True))
    if scene.cards is None:
        low, code = min(ways)
        most = low - first.leasts[code] + scene.parcel(code) - scene.step
        ways = [way for way in ways if way[0] <= most]
    return _first(scene, first.leasts, sorted(ways), jobs)


def _in_turn(scene: Scene, jobs: Sequence[Job]) -> int:
    """Return what some plan costs: each line goes where it is cheapest with the parcels that go already."""
    if scene.cards is not None:
        return _apart(scene, jobs)
    going: set[str] = set()
    total = 0
    for job in jobs:
        cost, code = _alone(scene, job)
        costs = job.costs
        also = min([costs[each] for each in going if each in costs], default=cost)
        if also >= cost:
            going.add(code)
        total += min(cost, also)
    return total


def _apart(scene: Scene, jobs: Sequence[Job]) -> int:
    """Return what it costs to send each job from where it alone is cheapest, those of one node in one parcel."""
    sent: dict[str, list[Job]] = {}
    for job in jobs:
        sent.setdefault(_alone(scene, job)[1], []).append(job)
    return sum(
        scene.parcel(code) + excess(scene, code, mine) + sum(job.costs[code] for job in mine)
        for code, mine in sent.items()
    )


def _within(scene: Scene, lists: Sequence[PriceList], room: int) -> set[str]:
    """Return the nodes that may send some of the lines, but not all, in a plan that is no dearer than the one known.

    Besides its goods' least costs such a plan has room for this much: the parcel of the node, and what its goods cost
    there above their least. Another parcel, the least there is, is taken off already.
    """
    codes: set[str] = set()
    for prices in lists:
        codes.update(prices.up_to(prices.least + room - scene.step))
    return {
        code
        for code in codes
        if scene.parcel(code) + min([prices.costs[code] - prices.least for prices in lists if code in prices.costs])
        <= room
    }
