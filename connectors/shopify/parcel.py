"""What a fulfilment means at Shopify, as pure functions: the neutral document, and the plan made with the shop's FOs.

A shop is told of shipped goods per fulfilment order (FO), and one fulfilment may only hold FOs of one location. REST
gives no idempotency key, so a fulfilment of ours is known again by its tracking number and its lines, among those that
were not there before we first sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.contract import Rejected, TemporaryFailure
from hub.model.shipment import Fulfilment

#: Fulfilment orders in these states may be fulfilled now; in these later, by themselves or by a person.
_READY, _LATER = frozenset({"open", "in_progress"}), frozenset({"on_hold", "scheduled"})
_NOT_LEFT = frozenset({"cancelled", "error", "failure"})
#: A shop shows an app only what its scopes are for, and says nothing of the rest.
NO_PARTS = "nothing, when it passes; otherwise the app lacks the scope for their location: `crossdock connection check`"
#: No id and no quantity of the shop is as long as this.
_LONG = 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """The neutral document: lines of one order of the shop that have left, and how to track them."""

    order: str
    lines: Mapping[str, int]  # the shop's line id -> quantity
    location: str = ""
    number: str = ""
    company: str = ""
    url: str = ""
    notify: bool = False

    @classmethod
    def of(cls, record: Fulfilment, location: str) -> Parcel:
        """Return the document for a canonical fulfilment; refuses what the shop cannot count."""
        lines: dict[str, int] = {}
        for line in record.lines:
            if line.quantity != int(line.quantity):
                raise Rejected(
                    f"line {line.channel_line} of order {record.channel_order}: {line.quantity} is no whole number",
                    todo="the shop counts whole units; correct the shipped quantity",
                    code="quantity",
                )
            lines[line.channel_line] = lines.get(line.channel_line, 0) + int(line.quantity)
        shipped = {line: quantity for line, quantity in lines.items() if quantity}
        if not shipped:
            raise Rejected(f"nothing of order {record.channel_order} has left", todo="report it", code="quantity")
        tracking = (record.tracking, record.carrier, record.tracking_url)
        return cls(record.channel_order, shipped, location, *tracking, notify=record.notify_customer)

    def write(self, fulfilment_id: str) -> bytes:
        """Return the document as bytes, with our id in it."""
        tree = {
            "fulfilment": fulfilment_id,
            "order": self.order,
            "location": self.location,
            "lines": [{"line_item": line, "quantity": quantity} for line, quantity in self.lines.items()],
            "tracking": {"number": self.number, "company": self.company, "url": self.url},
            "notify_customer": self.notify,
        }
        return json.dumps(tree, ensure_ascii=False, indent=1).encode()

    @classmethod
    def read(cls, content: bytes) -> Parcel:
        """Return the document that `write` wrote."""
        tree = json.loads(content)
        tracking = tree["tracking"]
        return cls(
            order=tree["order"],
            lines={line["line_item"]: line["quantity"] for line in tree["lines"]},
            location=tree["location"],
            number=tracking["number"],
            company=tracking["company"],
            url=tracking["url"],
            notify=tree["notify_customer"],
        )


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line of a fulfilment order: what of an order's line may be fulfilled from there."""

    id: str
    line: str
    quantity: int
    open: int


@dataclass(frozen=True, slots=True)
class FulfilmentOrder:
    """One fulfilment order of the shop."""

    id: str
    status: str
    location: str
    movable: bool
    lines: tuple[OpenLine, ...]

    @classmethod
    def read(cls, tree: Mapping[str, object]) -> FulfilmentOrder:
        """Return the fulfilment order of the shop's JSON."""
        actions = tree.get("supported_actions")
        return cls(
            id=_id(tree),
            status=str(tree.get("status")),
            location=str(tree.get("assigned_location_id") or ""),
            movable=not isinstance(actions, list) or "move" in actions,
            lines=tuple(
                OpenLine(
                    id=_id(line),
                    line=str(line.get("line_item_id")),
                    quantity=whole(line.get("quantity")),
                    open=whole(line.get("fulfillable_quantity")),
                )
                for line in mappings(tree.get("line_items"))
            ),
        )

    @property
    def untouched(self) -> bool:
        """Whether nothing of it can have been fulfilled yet."""
        waiting = self.status in _LATER or self.status == "open"
        return waiting and all(line.quantity == line.open for line in self.lines)


@dataclass(frozen=True, slots=True)
class Portion:
    """A quantity to fulfil from one line of one fulfilment order."""

    order: FulfilmentOrder
    line: OpenLine
    quantity: int


@dataclass(frozen=True, slots=True)
class Match:
    """Which fulfilments of the shop are ours, and what of our lines they leave over."""

    ids: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)


def match(parcel: Parcel, fulfilments: Iterable[Mapping[str, object]], before: Iterable[str]) -> Match:
    """Find our fulfilments again: new since the first send, same tracking number, lines that fit into ours."""
    known, missing = set(before), dict(parcel.lines)
    ids: list[str] = []
    for each in sorted(fulfilments, key=lambda tree: whole(tree.get("id"))):
        lines = _quantities(each)
        fits = bool(lines) and all(quantity <= missing.get(line, 0) for line, quantity in lines.items())
        if str(each.get("id")) in known or str(each.get("status")) in _NOT_LEFT or not fits:
            continue
        if _plain(parcel.number) not in _numbers(each):
            continue
        ids.append(str(each.get("id")))
        missing = {line: left - lines.get(line, 0) for line, left in missing.items() if left > lines.get(line, 0)}
    return Match(tuple(ids), missing)


def choose(parcel: Parcel, wanted: Mapping[str, int], orders: Sequence[FulfilmentOrder]) -> tuple[Portion, ...]:
    """Return from which fulfilment orders the wanted quantities are taken, those of the shipping location first.

    Raises TemporaryFailure while the shop has not made them or holds them, Rejected when they can never be fulfilled.
    """
    if not orders:
        raise TemporaryFailure(f"order {parcel.order} has no fulfilment orders yet", todo=NO_PARTS, code="no FO yet")
    ranked = sorted(orders, key=lambda order: order.location != parcel.location)
    portions: list[Portion] = []
    for line, quantity in wanted.items():
        left = quantity
        for order in (each for each in ranked if each.status in _READY):
            for each in order.lines:
                taken = min(left, each.open) if each.line == line else 0
                if taken > 0:
                    portions.append(Portion(order, each, taken))
                    left -= taken
        if left:
            raise _not_open(parcel, line, left, orders)
    return tuple(portions)


def _not_open(parcel: Parcel, line: str, left: int, orders: Sequence[FulfilmentOrder]) -> TemporaryFailure | Rejected:
    """Say why a quantity cannot be fulfilled: held for now, or not open at all."""
    states = {order.status for order in orders if any(each.line == line for each in order.lines)}
    what = f"line {line} of order {parcel.order}: {left} of {parcel.lines[line]} cannot be fulfilled"
    waiting = states & _LATER
    if waiting:
        named = " and ".join(sorted(waiting))
        return TemporaryFailure(
            f"{what}, its fulfilment order is {named}", todo="release it in the shop", code="FO held"
        )
    found = f"its fulfilment orders are {', '.join(sorted(states))}" if states else "it is in no fulfilment order"
    return Rejected(
        f"{what}: {found}",
        todo="look at the order in the shop: it was cancelled, refunded or fulfilled by somebody else",
        code="FO not open",
    )


def by_location(portions: Iterable[Portion]) -> Mapping[str, tuple[Portion, ...]]:
    """Return the portions of each location: one fulfilment may hold one location only."""
    groups: dict[str, tuple[Portion, ...]] = {}
    for portion in portions:
        groups[portion.order.location] = (*groups.get(portion.order.location, ()), portion)
    return groups


def request(parcel: Parcel, portions: Iterable[Portion]) -> Mapping[str, object]:
    """Return the body of the call that makes one fulfilment."""
    lines: dict[str, list[dict[str, int]]] = {}
    for portion in portions:
        row = {"id": int(portion.line.id), "quantity": portion.quantity}
        lines.setdefault(portion.order.id, []).append(row)
    tracking = {"number": parcel.number, "company": parcel.company, "url": parcel.url}
    return {
        "fulfillment": {
            "line_items_by_fulfillment_order": [
                {"fulfillment_order_id": int(order), "fulfillment_order_line_items": rows}
                for order, rows in lines.items()
            ],
            "tracking_info": {name: value for name, value in tracking.items() if value},
            "notify_customer": parcel.notify,
        }
    }


def _id(tree: Mapping[str, object]) -> str:
    number = str(tree.get("id")).rpartition("/")[2]  # a global id ends in the same number
    if not (number.isascii() and number.isdigit() and len(number) < _LONG):
        raise TemporaryFailure(
            "the shop's reply lacks the id of a fulfilment order or of its line",
            todo="nothing, when it passes; otherwise look at what stands between us and the shop",
            extract=json.dumps(tree)[:500],
            code="reply without id",
        )
    return number


def mappings(value: object) -> tuple[Mapping[str, object], ...]:
    """Return the JSON objects of a list, nothing for anything else."""
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _quantities(fulfilment: Mapping[str, object]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for line in mappings(fulfilment.get("line_items")):
        key = str(line.get("id"))
        sums[key] = sums.get(key, 0) + whole(line.get("quantity"))
    return sums


def _numbers(fulfilment: Mapping[str, object]) -> frozenset[str]:
    """Return every tracking number of a fulfilment; the empty one when it has none."""
    several = fulfilment.get("tracking_numbers")
    numbers = [fulfilment.get("tracking_number"), *(several if isinstance(several, list) else [])]
    return frozenset(_plain(str(number)) for number in numbers if number) or frozenset({""})


def _plain(number: str) -> str:
    return "".join(number.split()).casefold()


def whole(value: object) -> int:
    """Return a quantity, also one that is written as text; nothing for whatever else stands there."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _LONG:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
