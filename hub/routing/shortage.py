"""Why a quantity has no source, in a person's words."""

from __future__ import annotations

from hub.model.number import plain
from hub.routing.candidates import RULES, barred, slots
from hub.routing.plan import Left
from hub.routing.scene import Good, Scene
from hub.routing.tariff import units

_NAMED = 3


def reason(scene: Scene, left: Left) -> str:
    """Return the one reason that a person should read for what is left of a good."""
    good = left.good
    if left.limit == "complete":
        return "the order ships complete, and no single node has all of it"
    if left.limit == "splits" and (scene.most_parcels or 0) > 0:
        return f"the order may go in {_parcels(scene)} at the most, and others fill more of it"
    if good.pick_up_node is not None:
        return _collected(scene, good)
    if not scene.stock[good.sku]:
        return f"no node offers {good.sku!r}"
    if all(_rule(scene, good, code) for code in scene.stock[good.sku]):
        return "no node may send it: " + _ruled_out(scene, good)
    return _too_little(scene, good)


def _parcels(scene: Scene) -> str:
    most = scene.most_parcels
    return "one parcel" if most == 1 else f"{most} parcels"


def _collected(scene: Scene, good: Good) -> str:
    code = str(good.pick_up_node)
    rule = _rule(scene, good, code) if code in scene.stock[good.sku] else "offer"
    if rule == "pick-up":
        return f"the customer collects at {code}, which does not hand goods over"
    if rule:
        return f"the customer collects at {code}, which {RULES[rule]}"
    return f"the customer collects at {code}: {_too_little(scene, good, code)}"


def _too_little(scene: Scene, good: Good, only: str = "") -> str:
    have = 0
    for code, offer in scene.stock[good.sku].items():
        site = scene.site(code)
        if not barred(scene, good, site, offer) and only in ("", code):
            have += max(0, min(offer.stock - site.keep_back, good.nanos))
    wanted = plain(units(good.nanos))
    if have < good.nanos:
        return f"not enough stock: {plain(units(have))} of {wanted}"
    return f"{wanted} cannot be made up: {_why_not(scene, good)}"


def _why_not(scene: Scene, good: Good) -> str:
    if not scene.rules.split_lines:
        most = max((slot.high for slot in slots(scene, good)), default=0)
        return f"lines are not split, and the most that one node has is {plain(units(most))}"
    return "what nodes sell at the least, or other lines of the order, stand against it"


def _rule(scene: Scene, good: Good, code: str) -> str:
    return barred(scene, good, *scene.at(good, code))


def _ruled_out(scene: Scene, good: Good) -> str:
    by_rule: dict[str, list[str]] = {}
    for code in sorted(scene.stock[good.sku]):
        by_rule.setdefault(_rule(scene, good, code), []).append(code)
    return "; ".join(f"{_some(codes)} {RULES[rule]}" for rule, codes in by_rule.items())


def _some(codes: list[str]) -> str:
    named = ", ".join(codes[:_NAMED])
    return named if len(codes) <= _NAMED else f"{named} and {len(codes) - _NAMED} more"
