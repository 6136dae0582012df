"""What only the fulfilment orders of an order tell: how goods reach the customer, from where, and whether they wait.

An order says neither that it is collected in a store (its address is just empty) nor that it is held. Asking for the
fulfilment orders costs a call an order, so it is done where there is doubt, or always where the merchant wants it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.shopify.client import ShopClient
from connectors.shopify.holds import is_ours
from connectors.shopify.parcel import mappings, whole
from connectors.shopify.settings import ShopifySettings
from hub.contract import Rejected
from hub.model.channel import ChannelRequest, RequestLine
from hub.model.order import DeliveryMethod

Tree = Mapping[str, object]

#: A pick-up point is the carrier's: goods are shipped there. `none` has nothing to deliver.
_METHODS = {
    "pick_up": DeliveryMethod.PICK_UP,
    "retail": DeliveryMethod.PICK_UP,
    "local": DeliveryMethod.LOCAL,
    "shipping": DeliveryMethod.SHIP,
    "pickup_point": DeliveryMethod.SHIP,
}
_OVER = frozenset({"closed", "cancelled", "incomplete"})
#: States of a request in which the goods are ours to ship, and those that wait for an answer.
_WANTED = frozenset({"submitted", "accepted", "cancellation_rejected"})
_WAITING = {"submitted": "fulfillment_request", "cancellation_requested": "cancellation_request"}
_HINTS = ("pick", "local", "collect", "store")


def in_doubt(order: object) -> bool:
    """Say whether an open order may be anything but a plain shipment."""
    if not isinstance(order, dict) or not is_open(order):
        return False
    if not isinstance(order.get("shipping_address"), dict):
        return any(line.get("requires_shipping") is not False for line in mappings(order.get("line_items")))
    shown = " ".join(
        str(line.get(name) or "")
        for line in mappings(order.get("shipping_lines"))
        for name in ("delivery_category", "code", "title")
    )
    return any(hint in shown.lower() for hint in _HINTS)


def is_open(order: object) -> bool:
    """Say whether anything of an order can still be routed."""
    if not isinstance(order, dict) or order.get("cancelled_at") is not None:
        return False
    return str(order.get("fulfillment_status")) not in {"fulfilled", "restocked"}


def parts_of(client: ShopClient, order: Tree) -> list[object] | None:
    """Return the fulfilment orders of an order; None when it is gone: what we have of it is all there is then."""
    try:
        tree = client.get(f"orders/{order.get('id')}/fulfillment_orders.json").json()
    except Rejected:
        return None
    parts = tree.get("fulfillment_orders") if isinstance(tree, dict) else None
    return parts if isinstance(parts, list) else []


def in_envelope(content: bytes, **beside: object) -> bytes:
    """Return the order exactly as it came, in an envelope together with what else was asked of the shop."""
    told = [(name, value) for name, value in beside.items() if value is not None]
    if not told:
        return content
    texts = (f',"{name}":{json.dumps(value, ensure_ascii=False, separators=(",", ":"))}' for name, value in told)
    return b'{"order":' + content + "".join(texts).encode() + b"}"


@dataclass(frozen=True, slots=True)
class Routed:
    """What the active fulfilment orders of an order say; nothing when nobody asked for them."""

    parts: tuple[Tree, ...] = ()

    @classmethod
    def of(cls, trees: object) -> Routed:
        """Return what the fulfilment orders say that stand beside an order."""
        return cls(tuple(each for each in mappings(trees) if _word(each, "status") not in _OVER))

    @property
    def method(self) -> DeliveryMethod | None:
        """How the goods reach the customer, None when that is not said; one parcel to ship makes it a shipment."""
        found = {method for each in self.parts if (method := _method(each)) is not None}
        ranked: Sequence[DeliveryMethod] = (DeliveryMethod.SHIP, DeliveryMethod.LOCAL, DeliveryMethod.PICK_UP)
        return next((method for method in ranked if method in found), None)

    def location(self, line_id: str) -> str:
        """Return the location at which the customer collects this line, empty when it is not collected."""
        for each in self.parts:
            if _method(each) is DeliveryMethod.PICK_UP and _holds(each, line_id):
                return str(each.get("assigned_location_id") or "")
        return ""

    def asked(self, line_id: str, settings: ShopifySettings) -> int:
        """Return how much of a line the merchant wants of us as a fulfilment service, and has not taken back."""
        ours = [each for each in self.parts if _is_ours(each, settings) and _word(each, "request_status") in _WANTED]
        return sum(_open(each).get(line_id, 0) for each in ours)

    def requests(self, settings: ShopifySettings) -> tuple[ChannelRequest, ...]:
        """Return what waits for our answer as a fulfilment service."""
        waiting = (
            each for each in self.parts if _is_ours(each, settings) and _word(each, "request_status") in _WAITING
        )
        return tuple(_request(each) for each in waiting)

    @property
    def hold(self) -> str:
        """Why the shop wants the goods to wait, empty when they may go; what we hold there ourselves does not count."""
        held = [each for each in self.parts if _word(each, "status") == "on_hold" and not _only_ours(each)]
        theirs = (hold for each in held for hold in mappings(each.get("fulfillment_holds")) if not is_ours(hold))
        reasons = sorted({_reason(hold) for hold in theirs})
        words = [f"held in the shop: {', '.join(reasons)}" if reasons else "held in the shop"] if held else []
        days = sorted(
            str(each.get("fulfill_at") or "later")[:10] for each in self.parts if _word(each, "status") == "scheduled"
        )
        return "; ".join([*words, *([f"scheduled in the shop for {days[0]}"] if days else [])])


def _method(part: Tree) -> DeliveryMethod | None:
    method = part.get("delivery_method")
    return _METHODS.get(_word(method, "method_type")) if isinstance(method, dict) else None


def _word(tree: Tree, field: str) -> str:
    """Return a word of the shop's as REST spells it; GraphQL has capitals."""
    return str(tree.get(field) or "").lower()


def _holds(part: Tree, line_id: str) -> bool:
    return any(str(line.get("line_item_id")) == line_id for line in mappings(part.get("line_items")))


def _reason(hold: Tree) -> str:
    notes = str(hold.get("reason_notes") or "").strip()
    return notes or str(hold.get("reason") or "no reason given").replace("_", " ")


def _only_ours(part: Tree) -> bool:
    holds = mappings(part.get("fulfillment_holds"))
    return bool(holds) and all(is_ours(hold) for hold in holds)


def _is_ours(part: Tree, settings: ShopifySettings) -> bool:
    return settings.is_ours(str(part.get("assigned_location_id") or ""))


def _open(part: Tree) -> dict[str, int]:
    """Return what of each line of the order can still be shipped from a fulfilment order."""
    sums: dict[str, int] = {}
    for line in mappings(part.get("line_items")):
        quantity, line_id = whole(line.get("fulfillable_quantity")), str(line.get("line_item_id"))
        if quantity > 0:
            sums[line_id] = sums.get(line_id, 0) + quantity
    return sums


def _request(part: Tree) -> ChannelRequest:
    """Return what a fulfilment order asks; how often it was asked before tells a second request from the first."""
    kind = _WAITING[_word(part, "request_status")]
    told = [each for name in ("merchant_requests", "outgoing_requests") for each in mappings(part.get(name))]
    return ChannelRequest(
        request_id=str(part.get("id")),
        number=max(1, sum(each.get("kind") == kind for each in told)),
        cancels=kind == "cancellation_request",
        lines=tuple(RequestLine(channel_line=line, quantity=Decimal(left)) for line, left in _open(part).items()),
    )
