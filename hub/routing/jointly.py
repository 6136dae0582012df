"""Orders that need the general model: what it is asked, and the better of its answer and a plain greedy one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hub.routing.candidates import slots
from hub.routing.greedy import greedy
from hub.routing.jobs import Cutting, Job, Work, forced_to
from hub.routing.joint import Ask, Asks, Taken, Tier, best, tiers_of, whole_tier
from hub.routing.plan import GREEDY, HIGHS, Left, Part, Plan, landed, straight
from hub.routing.scene import Good, Scene


def jointly(scene: Scene, work: Work) -> Plan:
    """Return the plan of an order in which goods may be cut or compete for the same units."""
    asks = tuple(_of_job(scene, job, work) for job in work.jobs) + tuple(
        _of_cutting(scene, each) for each in work.cuttings
    )
    taken, method, proven = _better(scene, _asks(scene, asks, work.contested, scene.most_parcels))
    parts = [Part(asks[each.ask].good, each.tier.site.code, each.nanos) for each in taken]
    left = list(work.left)
    full = len({each.tier.site.code for each in taken}) == scene.most_parcels
    for number, ask in enumerate(asks):
        missing = ask.nanos - sum(each.nanos for each in taken if each.ask == number)
        if missing:
            left.append(Left(ask.good, missing, "splits" if full else ""))
    if scene.cards is None:
        return Plan(tuple(parts), tuple(left), method, proven)
    bound = straight(scene, parts)
    optimal = proven and landed(scene, parts) == bound
    return Plan(tuple(parts), tuple(left), method, optimal, bound if proven else None)


def settle(
    scene: Scene, jobs: Sequence[Job], offered: Mapping[int, Collection[str]], opened: Collection[str]
) -> tuple[dict[int, str], bool]:
    """Return a node for each of these jobs, out of those offered to it, and whether that is proven the cheapest.

    A parcel from the opened nodes goes anyway and costs nothing more.
    """
    asks = tuple(_whole(scene, jobs[number].good, jobs[number].nanos, codes) for number, codes in offered.items())
    taken, _, proven = _better(scene, _asks(scene, asks, frozenset(), None, opened))
    numbers = list(offered)
    return {numbers[each.ask]: each.tier.site.code for each in taken}, proven


def _better(scene: Scene, asks: Asks) -> tuple[list[Taken], str, bool]:
    """Return the better of what HiGHS and what the greedy plan gives, and whether it is proven the best."""
    plain = greedy(asks)
    found, proven = best(asks, scene.rules.work_limit)
    if proven or (found and _rank(scene, asks, found) <= _rank(scene, asks, plain)):
        return found, HIGHS, proven
    return plain, GREEDY, False


def _rank(scene: Scene, asks: Asks, taken: Sequence[Taken]) -> tuple[int, int]:
    """Return what makes a solution better: more units, then less cost (in grains)."""
    costs = sum(scene.total(asks.asks[each.ask].good, each.tier.site, each.tier.offer, each.nanos) for each in taken)
    parcels = sum(asks.parcels[code] for code in {each.tier.site.code for each in taken})
    return -sum(each.nanos for each in taken), costs * 1000 + parcels


def _of_job(scene: Scene, job: Job, work: Work) -> Ask:
    if job.good.sku in work.contested and scene.rules.split_lines and forced_to(scene, job.good) is None:
        return _of_cutting(scene, Cutting(job.good, slots(scene, job.good)))
    return _whole(scene, job.good, job.nanos, job.costs)


def _whole(scene: Scene, good: Good, nanos: int, codes: Collection[str]) -> Ask:
    return Ask(
        good, nanos, tuple(whole_tier(scene, good, code, nanos) for code in sorted(codes)), partly=False, single=True
    )


def _of_cutting(scene: Scene, cutting: Cutting) -> Ask:
    good = cutting.good
    tiers: list[Tier] = [tier for slot in cutting.slots for tier in tiers_of(scene, good, slot)]
    return Ask(good, good.nanos, tuple(tiers), scene.rules.partial_lines, not scene.rules.split_lines)


def _asks(
    scene: Scene,
    asks: tuple[Ask, ...],
    contested: frozenset[str],
    most: int | None,
    opened: Collection[str] = (),
) -> Asks:
    codes = sorted({tier.site.code for ask in asks for tier in ask.tiers})
    parcels = {code: 0 if code in opened else scene.parcel(code) for code in codes}
    shared = {
        (tier.site.code, ask.good.sku): scene.have(tier.site, tier.offer)
        for ask in asks
        if ask.good.sku in contested
        for tier in ask.tiers
    }
    return Asks(asks, parcels, shared, most)
