"""A plan: which quantity of which good goes from which node, and what is left without a source."""

from __future__ import annotations

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


def parcel(scene: Scene, code: str) -> int:
    """Return in grains what one more parcel from the node costs, the split included; never zero."""
    site = scene.site(code)
    if site is None:
        raise KeyError(code)
    return (site.handling + site.freight + scene.split) * GRAIN + 1
