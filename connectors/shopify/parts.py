"""The fulfilment orders of a shop: reading an order's, and moving one, or part of one, to another location."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.shopify.client import ShopClient
from connectors.shopify.parcel import FulfilmentOrder, mappings
from hub.contract import OutcomeUnknown, TemporaryFailure
from hub.wire.http import Effect


class Parts:
    """Fulfilment orders over REST, which gives moves no idempotency key: what was moved shows when they are read."""

    def __init__(self, client: ShopClient) -> None:
        self._client = client

    def of_order(self, order: str) -> tuple[FulfilmentOrder, ...]:
        """Return the fulfilment orders of an order; raises TemporaryFailure while the shop has made none yet."""
        tree = self._client.get(f"orders/{order}/fulfillment_orders.json").json()
        rows = mappings(tree.get("fulfillment_orders")) if isinstance(tree, dict) else ()
        return tuple(FulfilmentOrder.read(row) for row in rows)

    def move(self, part: str, location: str, rows: Sequence[Mapping[str, int]]) -> FulfilmentOrder:
        """Move these quantities to the location, and return the fulfilment order that holds them then.

        Raises Rejected when the shop will not, TemporaryFailure when nobody knows: then everything is to be read again.
        """
        body = {"new_location_id": int(location), "fulfillment_order_line_items": list(rows)}
        try:
            reply = self._client.post(f"fulfillment_orders/{part}/move.json", {"fulfillment_order": body}, Effect.ONCE)
        except OutcomeUnknown as lost:
            raise TemporaryFailure(lost.what, todo=lost.todo, extract=lost.extract, code=lost.code) from None
        tree = reply.json()
        moved = tree.get("moved_fulfillment_order") if isinstance(tree, dict) else None
        return FulfilmentOrder.read(moved if isinstance(moved, dict) else {})
