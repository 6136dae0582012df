"""What becomes of fulfilment orders besides moving and shipping: holds, and requests to a fulfilment service."""

from __future__ import annotations

from sandbox.shop.shop import Refused, Shop
from sandbox.shop.state import FulfilmentOrder, Hold

_MOST_HOLDS = 10


class Desk:
    """Where the merchant and apps hold fulfilment orders and ask a fulfilment service to ship them."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    # --- holds: none of it touches `updated_at` of the order, so that whoever looks only at that misses it ---

    def hold(self, part: FulfilmentOrder, reason: str, notes: str = "", handle: str = "", app: str = "") -> Hold:
        """Hold a fulfilment order; an app may hold one several times, each under a handle of its own."""
        if part.status not in ("open", "on_hold"):
            raise Refused(f"Cannot hold a fulfillment order that is {part.status}.")
        if any((each.app, each.handle) == (app, handle) for each in part.holds):
            raise Refused("The handle provided for the fulfillment hold is already in use.")
        if len(part.holds) >= _MOST_HOLDS:
            raise Refused("The maximum number of fulfillment holds for this fulfillment order has been reached.")
        made = Hold(self._shop.new_id(), reason, notes, handle, app)
        part.holds.append(made)
        part.status = "on_hold"
        self._shop.touch(part, "fulfillment_orders/placed_on_hold")
        return made

    def release(self, part: FulfilmentOrder, holds: list[int] | None = None) -> None:
        """End these holds of a fulfilment order, or all."""
        if part.status != "on_hold":
            raise Refused("The fulfillment order is not on hold.")
        part.holds = [each for each in part.holds if holds is not None and each.id not in holds]
        if not part.holds:
            part.status = "open"
            self._shop.touch(part, "fulfillment_orders/hold_released")

    # --- requests ---

    def request(self, part: FulfilmentOrder) -> None:
        """Let the merchant ask the fulfilment service to ship."""
        if part.status != "open" or part.request not in ("unsubmitted", "rejected"):
            raise Refused(f"Fulfillment order {part.id} cannot be requested.")
        part.request = "submitted"
        part.asked.append("fulfillment_request")
        self._shop.touch(part, "fulfillment_orders/fulfillment_request_submitted")

    def request_cancellation(self, part: FulfilmentOrder) -> None:
        """Let the merchant ask the fulfilment service to stop."""
        if part.status != "in_progress" or part.request not in ("accepted", "cancellation_rejected"):
            raise Refused(f"Fulfillment order {part.id} cannot be cancelled.")
        part.request = "cancellation_requested"
        part.asked.append("cancellation_request")
        self._shop.touch(part, "fulfillment_orders/cancellation_request_submitted")

    def answer(self, part: FulfilmentOrder, message: str, *, accepts: bool) -> None:
        """Take the service's answer to a request to ship."""
        if part.request != "submitted":
            raise Refused("Cannot answer a fulfillment request that was not submitted.")
        part.request, part.status = ("accepted", "in_progress") if accepts else ("rejected", "open")
        part.answers.append(message)
        self._shop.touch(part, f"fulfillment_orders/fulfillment_request_{part.request}")

    def answer_cancellation(self, part: FulfilmentOrder, message: str, *, accepts: bool) -> None:
        """Take the service's answer to a request to stop; what it stops is open again in a new fulfilment order."""
        if part.request != "cancellation_requested":
            raise Refused("Cannot answer a cancellation request that was not submitted.")
        part.request = "cancellation_accepted" if accepts else "cancellation_rejected"
        part.answers.append(message)
        if accepts:
            left = [(line.line, line.fulfillable) for line in part.open_lines]
            for line in part.lines:
                line.fulfillable = 0
            part.status = "cancelled"
            self._shop.reopen(part, left)
        self._shop.touch(part, f"fulfillment_orders/{part.request.replace('cancellation', 'cancellation_request')}")
