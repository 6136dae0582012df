"""Goods made into jobs for a programme: each a quantity that goes from one node, with its cost at each that may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.routing.candidates import Slot, prices, slots
from hub.routing.plan import Left
from hub.routing.scene import Good, Scene
from hub.routing.shelf import PriceList
from hub.routing.tariff import GRAIN


class Job(NamedTuple):
    """A quantity of a good that leaves from one node, and what it costs at each that may send it."""

    good: Good
    nanos: int
    prices: PriceList

    @property
    def costs(self) -> dict[str, int]:
        """Return the costs without the parcel, in grains by node code."""
        return self.prices.costs


class Cutting(NamedTuple):
    """A good that no node can send whole, but several can: a choice is left."""

    good: Good
    slots: list[Slot]


class Work(NamedTuple):
    """An order's goods sorted by how they can be sent."""

    jobs: list[Job]
    cuttings: list[Cutting]
    left: list[Left]
    contested: frozenset[str]


def sort(scene: Scene, goods: Sequence[Good]) -> Work:
    """Return the goods as jobs, as goods to be cut, and as what has no source at all."""
    work = Work([], [], [], _contested(scene, goods))
    for good in goods:
        found = prices(scene, good)
        if scene.forced:
            force = forced_to(scene, good)
            found = found if force is None else found.without(found.costs.keys() - {force})
        if found.costs:
            work.jobs.append(Job(good, good.nanos, found))
        else:
            _in_parts(scene, good, work)
    return work


def forced_to(scene: Scene, good: Good) -> str | None:
    """Return the node that the good is forced to, when somebody asks what if."""
    if not scene.forced:
        return None
    return next((scene.forced[want.line_id] for want in good.wants if want.line_id in scene.forced), None)


def _in_parts(scene: Scene, good: Good, work: Work) -> None:
    found, rules = slots(scene, good), scene.rules
    together = sum(slot.high for slot in found) if rules.split_lines else max((slot.high for slot in found), default=0)
    if not found or (together < good.nanos and not rules.partial_lines):
        work.left.append(Left(good, good.nanos))
        return
    if _has_choice(scene, good, together, work.contested):
        work.cuttings.append(Cutting(good, found))
        return
    if rules.split_lines:
        work.jobs.extend(Job(good, slot.high, _prices(scene, good, [slot])) for slot in found)
    else:
        most = [slot for slot in found if slot.high == together]
        work.jobs.append(Job(good, together, _prices(scene, good, most)))
    if together < good.nanos:
        work.left.append(Left(good, good.nanos - together))


def _has_choice(scene: Scene, good: Good, together: int, contested: frozenset[str]) -> bool:
    """Tell whether it is open what each node sends of a good that has to be cut.

    Under a limit of parcels a node with less of this line may be the better one for the whole order.
    """
    if good.sku in contested or (scene.rules.split_lines and together > good.nanos):
        return True
    return scene.most_parcels is not None and not (scene.rules.split_lines and scene.rules.partial_lines)


def _prices(scene: Scene, good: Good, found: Sequence[Slot]) -> PriceList:
    costs = {slot.site.code: scene.total(good, slot.site, slot.offer, slot.high) * GRAIN for slot in found}
    return PriceList(costs, scene.leasts)


def _contested(scene: Scene, goods: Sequence[Good]) -> frozenset[str]:
    """Return the SKUs of which two goods, kept apart by their restrictions, could want the same units."""
    if len({good.sku for good in goods}) == len(goods):
        return frozenset()
    seen: set[str] = set()
    twice: set[str] = set()
    for good in goods:
        (twice if good.sku in seen else seen).add(good.sku)
    return frozenset(sku for sku in twice if _too_little(scene, [good for good in goods if good.sku == sku]))


def _too_little(scene: Scene, goods: list[Good]) -> bool:
    wanted = sum(good.nanos for good in goods)
    stock = scene.stock[goods[0].sku]
    return any(scene.have(scene.site(code), offer) < wanted for code, offer in stock.items())
