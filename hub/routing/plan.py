"""A plan: which quantity of which good goes from which node, and what is left without a source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.routing.scene import Good, Scene
from hub.routing.tariff import times

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
    """The answer before it is written out; `optimal` only when proven.

    Where it is not, `bound` may say in micro-units what no plan that sends as much can cost less than.
    """

    parts: tuple[Part, ...]
    left: tuple[Left, ...]
    method: str
    optimal: bool
    bound: int | None = None


def landed(scene: Scene, parts: Iterable[Part]) -> int:
    """Return in micro-units what the parts cost together, parcels and splits included."""
    parts = tuple(parts)
    return straight(scene, parts) + sum(excesses(scene, parts).values())


def worth(scene: Scene, parts: Iterable[Part]) -> int:
    """Return in micro-units what the parts' units are worth to other orders: counted in `landed`, and never paid."""
    return sum(times(scene.at(part.good, part.code)[1].dear, part.nanos) for part in parts)


def straight(scene: Scene, parts: Iterable[Part]) -> int:
    """Return the same by the straight lines of the rate cards: what the programmes add up, and never more."""
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


def excesses(scene: Scene, parts: Iterable[Part]) -> dict[str, int]:
    """Return, by node, what the parcel costs above the straight line of the node's rate card."""
    if scene.cards is None:
        return {}
    loads: dict[str, list[tuple[Good, int]]] = {}
    for part in parts:
        if part.good.pick_up_node is None:
            loads.setdefault(part.code, []).append((part.good, part.nanos))
    return {code: scene.excess(code, carried) for code, carried in loads.items()}
