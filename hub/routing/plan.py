"""A plan: which quantity of which good goes from which node, and what is left without a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.routing.problem import Offer
from hub.routing.scene import Good, Scene, Site

#: Programmes count costs in thousandths of a micro-unit, so that a parcel can weigh one of them: among equally cheap
#: plans the one with fewer parcels wins.
GRAIN = 1000

#: How a plan was found; stands in the decision.
PARTITION = "partition programme"
HIGHS = "HiGHS"
GREEDY = "greedy"


@dataclass(frozen=True, slots=True)
class Part:
    """A quantity (nano-units) of one good that goes from one node."""

    good: Good
    site: Site
    offer: Offer
    nanos: int


@dataclass(frozen=True, slots=True)
class Left:
    """A quantity (nano-units) of one good without a source; `limit` names the order-wide limit that caused it."""

    good: Good
    nanos: int
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer before it is written out; `optimal` only when proven."""

    parts: tuple[Part, ...]
    left: tuple[Left, ...]
    method: str
    optimal: bool


def landed(scene: Scene, parts: Iterable[Part]) -> int:
    """Return in micro-units what the parts cost together, parcels and splits included."""
    total = 0
    handed: dict[str, int] = {}
    sent: dict[str, int] = {}
    for part in parts:
        total += scene.total(part.good, part.site, part.offer, part.nanos)
        if part.good.pick_up_node is None:
            sent[part.site.code] = part.site.tariff.handling + part.site.freight
        else:
            handed[part.site.code] = part.site.tariff.handling
    return total + sum(handed.values()) + sum(sent.values()) + scene.terms.split * max(0, len(sent) - 1)


def parcel(scene: Scene, code: str) -> int:
    """Return in grains what one more parcel from the node costs, the split included; never zero."""
    site = scene.site(code)
    return (site.tariff.handling + site.freight + scene.terms.split) * GRAIN + 1
