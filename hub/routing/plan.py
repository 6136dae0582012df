"""A plan: which quantity of which good goes from which node, and what is left without a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.routing.scene import Good, Scene

#: How a plan was found; stands in the decision.
PARTITION = "partition programme"
SEARCH = "search over nodes"
HIGHS = "HiGHS"
GREEDY = "greedy"


@dataclass(slots=True, eq=False)
class Part:
    """A quantity (nano-units) of one good that goes from one node."""

    good: Good
    code: str
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
        site, offer = scene.at(part.good, part.code)
        total += scene.total(part.good, site, offer, part.nanos)
        if part.good.pick_up_node is None:
            sent[part.code] = site.tariff.handling + site.freight
        else:
            handed[part.code] = site.tariff.handling
    return total + sum(handed.values()) + sum(sent.values()) + scene.terms.split * max(0, len(sent) - 1)
