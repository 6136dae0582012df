"""The nodes that can have a part in the cheapest plan, found without looking at the others.

Price lists are ranked by the least that a line can cost at a node, its parcel over no distance included. With a plan at
hand, a node whose least is more than that plan leaves room for is in no better one, and neither is any node after it:
each list is looked at from its top and left where that begins. Everything is in integers, so nothing good is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from hub.routing.scene import Scene
from hub.routing.shelf import PriceList

#: So many nodes are cheaper to solve than to think about once more.
_FEW = 12


def contenders(scene: Scene, lists: Sequence[PriceList]) -> list[str]:
    """Return by code the nodes that some cheapest plan for all the lists can use; no list may be empty.

    Of plans that cost the same, one with the fewest parcels is among those that these nodes can make.
    """
    if len(lists) == 1:
        return [_alone(scene, lists[0])[1]]
    least = sum([prices.least for prices in lists])
    parcel = min([prices.parcel for prices in lists]) + scene.step
    single = _together(scene, lists)
    if single is not None and single[0] <= least + 2 * parcel:
        return [single[1]]
    known = single[0] if single is not None else _in_turn(scene, lists)
    codes = _within(scene, lists, known - least - parcel)
    if single is not None and len(codes) > _FEW:
        codes = _within(scene, lists, min(known, _in_turn(scene, lists)) - least - parcel)
    return sorted(codes if single is None else codes | {single[1]})


def _alone(scene: Scene, prices: PriceList) -> tuple[int, str]:
    """Return the cheapest cost, parcel included, and its node."""
    lows, codes = prices.ranked()
    return _first(scene, prices.leasts, zip(lows, codes, strict=True))


def _first(scene: Scene, leasts: Mapping[str, int], ranked: Iterable[tuple[int, str]]) -> tuple[int, str]:
    """Return the cheapest cost with the real parcel, and its node, from costs with the least parcel, cheapest first."""
    step, parcel, too_far = scene.step, scene.parcel, scene.too_far
    ways = iter(ranked)
    low, chosen = next(ways)
    best = low - leasts[chosen] + parcel(chosen)
    for low, code in ways:
        room = best - low - step
        if room < 0:
            break
        if too_far(code, room):
            continue
        cost = low - leasts[code] + parcel(code)
        if cost < best or (cost == best and code < chosen):
            best, chosen = cost, code
    return best, chosen


def _together(scene: Scene, lists: Sequence[PriceList]) -> tuple[int, str] | None:
    """Return the cheapest cost of sending everything from one node, and that node; None when no node can."""
    first, *rest = sorted(lists, key=lambda prices: len(prices.costs))
    common: Collection[str] = first.costs
    for prices in rest:
        common = prices.costs.keys() & common
    if not common:
        return None
    columns = [map(prices.costs.__getitem__, common) for prices in lists]
    lows = list(map(sum, zip(map(first.leasts.__getitem__, common), *columns, strict=True)))
    low, code = min(zip(lows, common, strict=True))
    most = low - first.leasts[code] + scene.parcel(code) - scene.step
    return _first(scene, first.leasts, sorted(way for way in zip(lows, common, strict=True) if way[0] <= most))


def _in_turn(scene: Scene, lists: Sequence[PriceList]) -> int:
    """Return what some plan costs: each line goes where it is cheapest with the parcels that go already."""
    going: set[str] = set()
    total = 0
    for prices in lists:
        cost, code = _alone(scene, prices)
        also = min([prices.costs[each] for each in going if each in prices.costs], default=cost)
        if also >= cost:
            going.add(code)
        total += min(cost, also)
    return total


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
