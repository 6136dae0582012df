"""The endpoints of a fulfilment service: what is asked of it, and its answers."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.shop.api import Route, route
from sandbox.shop.desk import Desk
from sandbox.shop.documents import Document
from sandbox.shop.query import body, mapping
from sandbox.shop.shop import Shop
from sandbox.shop.state import FulfilmentOrder
from sandbox.web import Reply, Request, json_reply

_ASSIGNED = {
    "fulfillment_requested": ("submitted",),
    "fulfillment_accepted": ("accepted", "cancellation_rejected"),
    "cancellation_requested": ("cancellation_requested",),
}


class RequestCalls:
    """Requests as the API shows them and takes the answers."""

    def __init__(
        self, find: Callable[[int], FulfilmentOrder], write: Callable[[FulfilmentOrder], Document], shop: Shop
    ) -> None:
        self._find, self._write, self._shop, self._desk = find, write, shop, Desk(shop)

    def routes(self) -> tuple[Route, ...]:
        """Return these endpoints' routes."""
        of_part = "/fulfillment_orders/{id}"
        return (
            route("GET", "/assigned_fulfillment_orders.json", self.assigned),
            route("POST", f"{of_part}/fulfillment_request/accept.json", self._answers(accepts=True, cancels=False)),
            route("POST", f"{of_part}/fulfillment_request/reject.json", self._answers(accepts=False, cancels=False)),
            route("POST", f"{of_part}/cancellation_request/accept.json", self._answers(accepts=True, cancels=True)),
            route("POST", f"{of_part}/cancellation_request/reject.json", self._answers(accepts=False, cancels=True)),
        )

    def assigned(self, request: Request) -> Reply:
        """List the fulfilment orders in one state of their request."""
        states = _ASSIGNED.get(request.query.get("assignment_status", ""), ())
        found = [self._write(part) for part in self._shop.parts.values() if not states or part.request in states]
        return json_reply(200, {"fulfillment_orders": found})

    def _answers(self, *, accepts: bool, cancels: bool) -> Callable[[Request, int], Reply]:
        name = "cancellation_request" if cancels else "fulfillment_request"

        def serve(request: Request, part_id: int) -> Reply:
            part = self._find(part_id)
            said = str(mapping(body(request).get(name), name).get("message") or "")
            answer = self._desk.answer_cancellation if cancels else self._desk.answer
            answer(part, said, accepts=accepts)
            return json_reply(200, {"fulfillment_order": self._write(part)})

        return serve
