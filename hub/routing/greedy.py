"""A plain plan that always exists: each ask in turn takes what is cheapest with the parcels already going."""

from __future__ import annotations

from hub.routing.joint import Ask, Asks, Taken, Tier
from hub.routing.tariff import GRAIN, NANO


def greedy(asks: Asks) -> list[Taken]:
    """Return a solution that keeps every limit; what HiGHS finds is compared with it."""
    parcels = dict(asks.parcels)
    free = dict(asks.shared)
    going = {code for code, cost in parcels.items() if not cost}
    found: list[Taken] = []
    for number, ask in enumerate(asks.asks):
        taken = _take(number, ask, asks, going, free)
        if not ask.partly and sum(each.nanos for each in taken) < ask.nanos:
            continue
        for each in taken:
            code = each.tier.site.code
            going.add(code)
            if (code, ask.good.sku) in free:
                free[code, ask.good.sku] -= each.nanos
        found += taken
    return found


def _take(number: int, ask: Ask, asks: Asks, going: set[str], free: dict[tuple[str, str], int]) -> list[Taken]:
    taken: list[Taken] = []
    left, mine = ask.nanos, set[str]()
    while left > 0 and not (mine and ask.single):
        ways = []
        for tier in ask.tiers:
            code = tier.site.code
            if code in mine or (asks.most is not None and len(going | mine | {code}) > asks.most):
                continue
            room = min(tier.high, left, free.get((code, ask.good.sku), left)) // ask.good.step * ask.good.step
            if room >= tier.low:
                ways.append((_each(tier, room, 0 if code in going else asks.parcels[code]), code, room, tier))
        if not ways:
            break
        _, code, room, tier = min(ways, key=lambda way: way[:3])
        mine.add(code)
        left -= room
        taken.append(Taken(number, tier, room))
    return taken


def _each(tier: Tier, nanos: int, parcel: int) -> float:
    """Return what each unit costs when this many are taken and the parcel is paid by them."""
    return (tier.base + tier.rate * nanos / NANO + parcel / GRAIN) / nanos
