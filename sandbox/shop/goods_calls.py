"""The endpoints about products, inventory, locations and the shop itself."""

from __future__ import annotations

from sandbox.shop import goods
from sandbox.shop.api import NotFound, Route, route
from sandbox.shop.documents import Document, Writer
from sandbox.shop.paging import Listing, page_of, start_of
from sandbox.shop.query import Span, body, ids, only, whole
from sandbox.shop.shop import Refused, Shop
from sandbox.shop.state import Variant
from sandbox.web import Reply, Request, json_reply

_SCOPES = (
    "read_orders read_all_orders read_products read_locations read_inventory write_inventory read_fulfillments "
    "write_fulfillments read_merchant_managed_fulfillment_orders write_merchant_managed_fulfillment_orders "
    "read_assigned_fulfillment_orders write_assigned_fulfillment_orders"
).split()


class GoodsCalls:
    """Goods as the API shows and changes them."""

    def __init__(self, shop: Shop, writer: Writer, timezone: str) -> None:
        self._shop = shop
        self._writer = writer
        self._timezone = timezone
        self._opened = writer.when(shop.opened)

    def routes(self) -> tuple[Route, ...]:
        """Return these endpoints' routes."""
        return (
            route("GET", "/locations.json", self.locations),
            route("GET", "/products.json", self.products),
            route("GET", "/products/{id}/variants.json", self.variants),
            route("GET", "/inventory_items.json", self.inventory_items),
            route("GET", "/inventory_levels.json", self.levels),
            route("POST", "/inventory_levels/set.json", self.set_level),
            route("GET", "/shop.json", self.shop),
            route("GET", "/access_scopes.json", self.scopes),
        )

    def locations(self, _: Request) -> Reply:
        """List the locations."""
        each = [goods.location_document(location, self._opened) for location in self._shop.locations.values()]
        return json_reply(200, {"locations": each})

    def products(self, request: Request) -> Reply:
        """List products with their variants."""
        place = start_of(request.query)
        since = whole(place.filters.get("since_id")) or 0
        changed = self._shop.opened in Span.of(place.filters, "updated_at")  # nothing changes after the opening
        rows = [each for each in self._shop.variants.values() if changed and each.product_id > since]
        page, link = page_of(Listing(rows, lambda variant: (variant.product_id,)), place, request.url)
        fields = place.filters.get("fields")
        documents = [only(goods.product(each, self._opened, self._shown(each)), fields) for each in page]
        return json_reply(200, {"products": documents}, {"Link": link} if link else {})

    def variants(self, request: Request, product_id: int) -> Reply:
        """List the variants of a product."""
        chosen = [each for each in self._shop.variants.values() if each.product_id == product_id]
        if not chosen:
            raise NotFound
        fields = request.query.get("fields")
        documents = [only(goods.variant_document(each, self._opened, self._shown(each)), fields) for each in chosen]
        return json_reply(200, {"variants": documents})

    def _shown(self, variant: Variant) -> int:
        levels = self._shop.levels
        keys = ((variant.inventory_item_id, location) for location in self._shop.locations)
        return sum(levels[key].available for key in keys if key in levels)

    def inventory_items(self, request: Request) -> Reply:
        """Return inventory items by id, 100 at most."""
        known = self._shop.by_inventory_item
        chosen = [known[each] for each in sorted(ids(request.query, "ids", 100)) if each in known]
        documents = [goods.inventory_item(variant, self._opened) for variant in chosen]
        return json_reply(200, {"inventory_items": documents})

    def levels(self, request: Request) -> Reply:
        """List stock levels by inventory items or locations, 50 of each at most."""
        place = start_of(request.query)
        items, places = ids(place.filters, "inventory_item_ids", 50), ids(place.filters, "location_ids", 50)
        if not items and not places:
            raise Refused("inventory_item_ids or location_ids must be given")
        keys = [
            (item, location)
            for item, location in self._shop.levels
            if (not items or item in items) and (not places or location in places)
        ]
        page, link = page_of(Listing(keys, lambda key: key), place, request.url)
        documents = [self._level(*key) for key in page]
        return json_reply(200, {"inventory_levels": documents}, {"Link": link} if link else {})

    def set_level(self, request: Request) -> Reply:
        """Set what a location shows of an inventory item."""
        asked = body(request)
        variant = self._shop.by_inventory_item.get(whole(asked.get("inventory_item_id")) or 0)
        location = self._shop.locations.get(whole(asked.get("location_id")) or 0)
        available = whole(asked.get("available"))
        if variant is None or location is None:
            raise NotFound
        if available is None:
            raise Refused("Available is not a number")
        if not variant.item.ships:
            raise Refused("Inventory item does not have inventory tracking enabled")
        self._shop.set_level(variant, location, available)
        return json_reply(200, {"inventory_level": self._level(variant.inventory_item_id, location.id)})

    def _level(self, item: int, location: int) -> Document:
        variant, place = self._shop.by_inventory_item[item], self._shop.locations[location]
        return goods.level_document(self._writer, variant, place, self._shop.levels[item, location])

    def shop(self, _: Request) -> Reply:
        """Return the shop's own card."""
        primary = next(iter(self._shop.locations))
        return json_reply(200, {"shop": goods.shop_document(self._writer, self._timezone, primary)})

    def scopes(self, _: Request) -> Reply:
        """Return what the token may do."""
        return json_reply(200, {"access_scopes": [{"handle": scope} for scope in _SCOPES]})
