"""What a shop's customer is told through the shop: goods that can be collected, and the day that an order is expected.

Both may be said twice: what is ready stays ready, and a metafield is set to the same value again.
"""

from __future__ import annotations

import json

from connectors.shopify.graphql import GraphQL, Tree
from connectors.shopify.parcel import mappings
from connectors.shopify.parts import Parts
from connectors.shopify.queries import METAFIELDS, READY
from hub.contract import Absent, Finding, Outbound, Receipt, Rejected
from hub.model.channel import OrderPromise, ReadyForPickup
from hub.wire.http import Effect

_NAMESPACE, _KEY = "crossdock", "promised_at"
#: The shop's word for what was said before, or has been collected already.
_NOTHING_LEFT = "NO_LINE_ITEMS_TO_PREPARE_FOR_FULFILLMENT_ORDER"


def write_ready(record: ReadyForPickup) -> bytes:
    """Return the neutral document of goods that can be collected."""
    lines = [{"line_item": each.channel_line, "quantity": int(each.quantity)} for each in record.lines]
    tree = {"order": record.channel_order, "location": record.location, "lines": lines}
    return json.dumps(tree, ensure_ascii=False, indent=1).encode()


def write_promise(record: OrderPromise) -> bytes:
    """Return the neutral document of a promised day."""
    tree = {"order": record.channel_order, "promised_at": record.promised_at.isoformat()}
    return json.dumps(tree, ensure_ascii=False, indent=1).encode()


class ReadyGoods:
    """The `ready` document of one shop.

    A shop prepares whole fulfilment orders. So one is told only when everything that is open of it stands ready; what a
    store finishes in pieces is told with the last piece.
    """

    def __init__(self, graphql: GraphQL, parts: Parts) -> None:
        self._graphql, self._parts = graphql, parts

    def send(self, outbound: Outbound) -> Receipt:
        """Tell the shop of every fulfilment order at the location that stands ready."""
        tree = json.loads(outbound.content)
        ready = {row["line_item"]: row["quantity"] for row in tree["lines"]}
        asked = [
            part.id
            for part in self._parts.of_order(tree["order"])
            if tree["location"] in ("", part.location)
            and any(line.open for line in part.lines)
            and all(line.open <= ready.get(line.line, 0) for line in part.lines)
        ]
        for part in asked:
            given = [{"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{part}"}]
            _check(self._graphql.ask(READY, {"parts": given}, Effect.REPEATABLE), tree["order"])
        return Receipt(reply=f"{len(asked)} fulfilment orders stand ready", confirmed=True)

    def find(self, _outbound: Outbound) -> Finding:
        """Let it be said again: the shop does not tell what it was told, and saying it twice changes nothing."""
        return Absent()


class Promises:
    """The `promises` document of one shop: a metafield of the order, for themes, e-mails and apps to show."""

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    def send(self, outbound: Outbound) -> Receipt:
        """Set the metafield."""
        tree = json.loads(outbound.content)
        field = {
            "ownerId": f"gid://shopify/Order/{tree['order']}",
            "namespace": _NAMESPACE,
            "key": _KEY,
            "type": "date_time",
            "value": tree["promised_at"],
        }
        _check(self._graphql.ask(METAFIELDS, {"fields": [field]}, Effect.REPEATABLE), tree["order"])
        return Receipt(reply=f"{_NAMESPACE}.{_KEY} is {tree['promised_at']}", confirmed=True)

    def find(self, _outbound: Outbound) -> Finding:
        """Let it be said again: the same value twice changes nothing."""
        return Absent()


def _check(data: Tree, order: str) -> None:
    """Raise Rejected with the shop's words, unless it only says that nothing is left to do."""
    payload = next(iter(data.values()), None)
    errors = mappings(payload.get("userErrors")) if isinstance(payload, dict) else ()
    words = [str(error.get("message")) for error in errors if error.get("code") != _NOTHING_LEFT]
    if words:
        said = f"order {order}: {'; '.join(words)}"
        raise Rejected(said, todo="look at the order in the shop, and run it again or close it", code="not taken")
