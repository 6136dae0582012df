"""A problem as plain JSON and back, so that a decision can be taken again years later from what it saw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.model.item import ItemFlag
from hub.model.node import Node
from hub.model.number import plain
from hub.model.place import Coordinates
from hub.routing.carriage import Size
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want, canonical, narrow
from hub.routing.shelf import Shelf

#: The shape written here; `thaw` refuses one that it does not know.
VERSION = 1


def freeze(problem: Problem) -> dict[str, Any]:
    """Return the problem as JSON-ready data; `thaw` gives an equal problem back.

    Keep `freeze(narrow(problem))`: it decides the same and leaves out the nodes that offer nothing of the order.
    """
    return _outline(problem) | {
        "nodes": [problem.nodes.documents[code] for code in problem.nodes.by_code],
        "offers": [_offer(offer) for offer in problem.offers],
    }


def _outline(problem: Problem) -> dict[str, Any]:
    """Return everything but the nodes and the offers: those are many, and the same for many orders."""
    return {
        "version": VERSION,
        "order_id": problem.order_id,
        "currency": problem.currency,
        "at": problem.at.isoformat(),
        "wants": [_want(want) for want in problem.wants],
        "fees": _numbers(problem.nodes.fees),
        "destination": _place(problem.destination),
        "country": problem.country,
        "ship_complete": problem.ship_complete,
        "max_splits": problem.max_splits,
        "promise_by": problem.promise_by.isoformat() if problem.promise_by else None,
        "load": dict(problem.load),
        "distances": _numbers(problem.distances),
        # what old questions lack stands here only where it says something, so that their hashes stay
        **({"service": problem.service} if problem.service else {}),
        **({"calendars": True} if problem.calendars else {}),
        **({"along": sorted(problem.along)} if problem.along else {}),
    }


def thaw(data: Mapping[str, Any]) -> Problem:
    """Return the problem that `freeze` wrote; raises ValueError for another version."""
    if data.get("version") != VERSION:
        raise ValueError(f"a frozen problem of version {data.get('version')!r} cannot be read; known: {VERSION}")
    fees = {code: Decimal(fee) for code, fee in data["fees"].items()}
    place = data["destination"]
    return Problem(
        order_id=data["order_id"],
        currency=data["currency"],
        at=datetime.fromisoformat(data["at"]),
        wants=tuple(_thawed_want(each) for each in data["wants"]),
        nodes=Network((Node.model_validate(each) for each in data["nodes"]), fees),
        offers=tuple(_thawed_offer(each) for each in data["offers"]),
        destination=Coordinates(latitude=place[0], longitude=place[1]) if place else None,
        country=data["country"],
        ship_complete=data["ship_complete"],
        max_splits=data["max_splits"],
        promise_by=datetime.fromisoformat(data["promise_by"]) if data["promise_by"] else None,
        load=dict(data["load"]),
        distances={code: Decimal(km) for code, km in data["distances"].items()},
        service=data.get("service", ""),
        calendars=data.get("calendars", False),
        along=frozenset(data.get("along", ())),
    )


def input_hash(problem: Problem) -> str:
    """Return the SHA-256 of the narrowed problem's canonical JSON: equal hashes decide the same."""
    return hashlib.sha256(_text(narrow(problem)).encode()).hexdigest()


def _text(problem: Problem) -> str:
    """Return `freeze` of the problem as canonical JSON, put together from texts that its network and shelves keep."""
    pieces = {name: canonical(each) for name, each in _outline(problem).items()}
    pieces["nodes"] = f"[{','.join([problem.nodes.texts[code] for code in problem.nodes.by_code])}]"
    pieces["offers"] = f"[{','.join([text for shelf in problem.shelves.values() for text in _texts(shelf)])}]"
    return "{" + ",".join(f'"{name}":{pieces[name]}' for name in sorted(pieces)) + "}"


def _texts(shelf: Shelf) -> list[str]:
    texts = shelf.texts
    for code, offer in shelf.by_node.items():
        if code not in texts:
            texts[code] = canonical(_offer(offer))
    return [texts[code] for code in shelf.by_node]


def _want(want: Want) -> dict[str, Any]:
    return {
        "line_id": want.line_id,
        "sku": want.sku,
        "quantity": plain(want.quantity),
        "weight_g": None if want.weight_g is None else plain(want.weight_g),
        "flags": sorted(want.flags),
        "excluded": sorted(want.excluded),
        "pick_up_node": want.pick_up_node,
    } | ({"size": [plain(side) for side in want.size]} if want.size else {})


def _thawed_want(data: Mapping[str, Any]) -> Want:
    return Want(
        line_id=data["line_id"],
        sku=data["sku"],
        quantity=Decimal(data["quantity"]),
        weight_g=None if data["weight_g"] is None else Decimal(data["weight_g"]),
        flags=frozenset(ItemFlag(flag) for flag in data["flags"]),
        excluded=frozenset(data["excluded"]),
        pick_up_node=data["pick_up_node"],
        size=_thawed_size(data["size"]) if "size" in data else None,
    )


def _thawed_size(sides: Sequence[str]) -> Size:
    length, width, height = map(Decimal, sides)
    return length, width, height


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "node": offer.node,
        "sku": offer.sku,
        "available": plain(offer.available),
        "unit_cost": None if offer.unit_cost is None else plain(offer.unit_cost),
        "breaks": [[plain(minimum), plain(price)] for minimum, price in offer.breaks],
        "minimum": plain(offer.minimum),
        "lead_days": offer.lead_days,
    } | ({"worth": plain(offer.worth)} if offer.worth else {})


def _thawed_offer(data: Mapping[str, Any]) -> Offer:
    return Offer(
        node=data["node"],
        sku=data["sku"],
        available=Decimal(data["available"]),
        unit_cost=None if data["unit_cost"] is None else Decimal(data["unit_cost"]),
        breaks=tuple((Decimal(minimum), Decimal(price)) for minimum, price in data["breaks"]),
        minimum=Decimal(data["minimum"]),
        lead_days=data["lead_days"],
        worth=Decimal(data.get("worth", 0)),
    )


def _place(place: Coordinates | None) -> list[float] | None:
    return [place.latitude, place.longitude] if place else None


def _numbers(figures: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: plain(figure) for code, figure in figures.items()}
