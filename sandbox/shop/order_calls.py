"""The endpoints about orders, their fulfilment orders and what has left."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sandbox.shop.api import NotFound, Route, route
from sandbox.shop.documents import Document, Writer
from sandbox.shop.paging import Listing, page_of, start_of
from sandbox.shop.query import body, mapping, only, quantities, sorting, tracking, wanted, whole
from sandbox.shop.request_calls import RequestCalls
from sandbox.shop.shop import Refused, Shop
from sandbox.shop.state import FulfilmentOrder, Order
from sandbox.web import Reply, Request, json_reply


class OrderCalls:
    """Orders as the API shows and changes them."""

    def __init__(self, shop: Shop, writer: Writer) -> None:
        self._shop = shop
        self._writer = writer
        self._written: dict[int, tuple[tuple[object, ...], bytes]] = {}
        self._listed: tuple[object, Listing[Order]] | None = None

    def routes(self) -> tuple[Route, ...]:
        """Return these endpoints' routes."""
        return (
            route("GET", "/orders.json", self.orders),
            route("GET", "/orders/count.json", self.count),
            route("GET", "/orders/{id}.json", self.order),
            route("POST", "/orders/{id}/cancel.json", self.cancel),
            route("GET", "/orders/{id}/fulfillment_orders.json", self.parts_of_order),
            route("GET", "/orders/{id}/fulfillments.json", self.fulfilments_of_order),
            route("GET", "/fulfillment_orders/{id}.json", self.part),
            route("GET", "/fulfillment_orders/{id}/fulfillments.json", self.fulfilments_of_part),
            route("POST", "/fulfillment_orders/{id}/move.json", self.move),
            route("POST", "/fulfillments.json", self.fulfil),
            *RequestCalls(self.part_of, self._part_document, self._shop).routes(),
        )

    def orders(self, request: Request) -> Reply:
        """List orders; without `status=any` only open ones, as the API does."""
        place = start_of(request.query)
        _, descending = sorting(place.filters)
        page, link = page_of(self._listing(place.filters), place, request.url, descending=descending)
        documents = b",".join(self._bytes(order, place.filters.get("fields")) for order in page)
        return Reply(200, b'{"orders":[' + documents + b"]}", {"Link": link} if link else {})

    def _listing(self, filters: Mapping[str, str]) -> Listing[Order]:
        """Return the orders that pass the filters; kept for the next page as long as no order changes."""
        asked = self._shop.changes, {name: value for name, value in filters.items() if name not in ("limit", "fields")}
        if self._listed is None or self._listed[0] != asked:
            self._listed = asked, Listing(wanted(self._shop.orders.values(), filters), sorting(filters)[0])
        return self._listed[1]

    def count(self, request: Request) -> Reply:
        """Count orders."""
        return json_reply(200, {"count": len(wanted(self._shop.orders.values(), request.query))})

    def order(self, request: Request, order_id: int) -> Reply:
        """Return one order."""
        return Reply(200, b'{"order":' + self._bytes(self._order(order_id), request.query.get("fields")) + b"}")

    def cancel(self, _: Request, order_id: int) -> Reply:
        """Cancel what has not shipped."""
        order = self._order(order_id)
        self._shop.cancel(order)
        return Reply(200, b'{"order":' + self._bytes(order, None) + b"}")

    def _order(self, order_id: int) -> Order:
        try:
            return self._shop.orders[order_id]
        except KeyError:
            raise NotFound from None

    def _bytes(self, order: Order, fields: str | None) -> bytes:
        if fields:
            return json.dumps(only(self._writer.order(order), fields), separators=(",", ":")).encode()
        # writing an order costs more than everything else here, so its bytes are kept until it changes
        version = (order.updated, len(order.fulfilments), order.cancelled)
        kept = self._written.get(order.id)
        if kept is None or kept[0] != version:
            kept = version, json.dumps(self._writer.order(order), separators=(",", ":")).encode()
            self._written[order.id] = kept
        return kept[1]

    # --- fulfilment ---

    def parts_of_order(self, _: Request, order_id: int) -> Reply:
        """List the fulfilment orders of an order."""
        order = self._order(order_id)
        documents = [self._writer.fulfilment_order(part, order) for part in order.fulfilment_orders]
        return json_reply(200, {"fulfillment_orders": documents})

    def part(self, _: Request, part_id: int) -> Reply:
        """Return one fulfilment order."""
        return json_reply(200, {"fulfillment_order": self._part_document(self.part_of(part_id))})

    def fulfilments_of_order(self, _: Request, order_id: int) -> Reply:
        """List what has left of an order."""
        order = self._order(order_id)
        return json_reply(200, {"fulfillments": [self._writer.fulfilment(each, order) for each in order.fulfilments]})

    def fulfilments_of_part(self, _: Request, part_id: int) -> Reply:
        """List what has left of a fulfilment order."""
        order = self._order(self.part_of(part_id).order_id)
        left = [each for each in order.fulfilments if part_id in each.parts]
        return json_reply(200, {"fulfillments": [self._writer.fulfilment(each, order) for each in left]})

    def move(self, request: Request, part_id: int) -> Reply:
        """Assign a fulfilment order, or some lines of it, to another location."""
        part = self.part_of(part_id)
        asked = mapping(body(request).get("fulfillment_order"), "fulfillment_order")
        location = self._shop.locations.get(whole(asked.get("new_location_id")) or 0)
        if location is None:
            raise Refused("Location not found.")
        moved = self._shop.move(part, location, quantities(asked.get("fulfillment_order_line_items")))
        document = {
            "original_fulfillment_order": self._part_document(part),
            "moved_fulfillment_order": self._part_document(moved),
            "remaining_fulfillment_order": self._part_document(part) if moved is not part and part.active else None,
        }
        return json_reply(200, document)

    def fulfil(self, request: Request) -> Reply:
        """Ship lines of fulfilment orders of one location, with tracking."""
        asked = mapping(body(request).get("fulfillment"), "fulfillment")
        groups = asked.get("line_items_by_fulfillment_order")
        if not isinstance(groups, list) or not groups:
            raise Refused("Line items by fulfillment order can't be blank")
        parts: dict[int, dict[int, int] | None] = {}
        for each in groups:
            group = mapping(each, "line_items_by_fulfillment_order")
            part_id = whole(group.get("fulfillment_order_id"))
            if not part_id:
                raise Refused("Fulfillment payloads fulfillment order must be greater than 0")
            parts[part_id] = quantities(group.get("fulfillment_order_line_items"))
        fulfilment = self._shop.ship(parts, tracking(asked.get("tracking_info")))
        document = self._writer.fulfilment(fulfilment, self._shop.orders[fulfilment.order_id])
        return json_reply(201, {"fulfillment": document})

    def part_of(self, part_id: int) -> FulfilmentOrder:
        """Return a fulfilment order; raises NotFound."""
        try:
            return self._shop.parts[part_id]
        except KeyError:
            raise NotFound from None

    def _part_document(self, part: FulfilmentOrder) -> Document:
        return self._writer.fulfilment_order(part, self._shop.orders[part.order_id])
