"""Inventory over GraphQL: reading levels, setting many at once with compare and set, stocking an item somewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandbox.shop.shop import Shop
from sandbox.shop.state import Location, Variant

Document = dict[str, object]
_MOST_ROWS = 250
_HIGHEST = 1_000_000_000
_NAMES = ("available", "on_hand")


def item_node(shop: Shop, item: int) -> Document | None:
    """Return an inventory item; what it shows at a location is asked of it with arguments."""
    variant = shop.by_inventory_item.get(item)
    if variant is None:
        return None

    def level(arguments: Mapping[str, object]) -> Document | None:
        location = number(arguments.get("locationId"))
        found = shop.levels.get((item, location))
        if found is None:
            return None
        return {
            "__typename": "InventoryLevel",
            "id": f"gid://shopify/InventoryLevel/{location}?inventory_item_id={item}",
            "quantities": [{"name": "available", "quantity": found.available}],
        }

    return {
        "__typename": "InventoryItem",
        "id": f"gid://shopify/InventoryItem/{item}",
        "sku": variant.item.sku,
        "tracked": variant.item.ships,
        "inventoryLevel": level,
    }


def set_quantities(shop: Shop, asked: Mapping[str, object]) -> Document:
    """Set every row or, when one of them will not do, none."""
    listed = asked.get("quantities")
    rows = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if asked.get("name") not in _NAMES:
        return _refused([_error("INVALID_NAME", "The quantity name must be either 'available' or 'on_hand'.", "name")])
    if len(rows) > _MOST_ROWS:
        return _refused([_error("", f"The input array size is greater than the maximum allowed of {_MOST_ROWS}.")])
    seen: set[tuple[int, int]] = set()
    errors = [error for row, each in enumerate(rows) if (error := _fault(shop, row, each, seen)) is not None]
    if errors:
        return _refused(errors)
    for each in rows:
        variant, location = _spot(shop, each)
        if variant is not None and location is not None:
            shop.set_level(variant, location, number(each.get("quantity")))
    return {"inventoryAdjustmentGroup": {"id": "gid://shopify/InventoryAdjustmentGroup/1"}, "userErrors": []}


def _fault(shop: Shop, row: int, asked: Mapping[str, object], seen: set[tuple[int, int]]) -> Document | None:
    """Return what stands in the way of one row."""
    fault = _fault_of_spot(shop, asked, seen) or _fault_of_figure(shop, asked)
    if fault is None:
        return None
    code, words = fault
    more = ("changeFromQuantity",) if code == "CHANGE_FROM_QUANTITY_STALE" else ()
    return _error(code, words, "quantities", str(row), *more)


def _fault_of_spot(shop: Shop, asked: Mapping[str, object], seen: set[tuple[int, int]]) -> tuple[str, str] | None:
    variant, location = _spot(shop, asked)
    if variant is None:
        return "INVALID_INVENTORY_ITEM", "The specified inventory item could not be found."
    if location is None:
        return "INVALID_LOCATION", "The specified location could not be found."
    spot = variant.inventory_item_id, location.id
    if spot in seen:
        words = "The combination of inventoryItemId and locationId must be unique."
        return "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", words
    seen.add(spot)
    if spot not in shop.levels:
        return "ITEM_NOT_STOCKED_AT_LOCATION", "The specified inventory item is not stocked at the location."
    return None


def _fault_of_figure(shop: Shop, asked: Mapping[str, object]) -> tuple[str, str] | None:
    quantity = asked.get("quantity")
    if not isinstance(quantity, int) or abs(quantity) > _HIGHEST:
        return "INVALID_QUANTITY_TOO_HIGH", "The total quantity can't be higher than 1,000,000,000."
    if "changeFromQuantity" not in asked:
        return "COMPARE_QUANTITY_REQUIRED", "The compareQuantity argument must be given to each quantity."
    level = shop.levels[number(asked.get("inventoryItemId")), number(asked.get("locationId"))]
    expected = asked["changeFromQuantity"]
    if expected is not None and expected != level.available:
        return "CHANGE_FROM_QUANTITY_STALE", "The changeFromQuantity value does not match persisted value."
    return None


def activate(shop: Shop, arguments: Mapping[str, object]) -> Document:
    """Stock an item at a location."""
    variant, location = _spot(shop, arguments)
    available = arguments.get("available")
    if variant is None or location is None:
        return {"inventoryLevel": None, "userErrors": [{"field": None, "message": "The product couldn't be stocked."}]}
    if not variant.item.ships:
        words = "The inventory item does not have inventory tracking enabled."
        return {"inventoryLevel": None, "userErrors": [{"field": ["inventoryItemId"], "message": words}]}
    shop.set_level(variant, location, available if isinstance(available, int) else 0)
    level = f"gid://shopify/InventoryLevel/{location.id}?inventory_item_id={variant.inventory_item_id}"
    return {"inventoryLevel": {"id": level}, "userErrors": []}


def _spot(shop: Shop, asked: Mapping[str, object]) -> tuple[Variant | None, Location | None]:
    item, location = number(asked.get("inventoryItemId")), number(asked.get("locationId"))
    return shop.by_inventory_item.get(item), shop.locations.get(location)


def number(value: object) -> int:
    """Return the number at the end of a global id, or a plain one; 0 for anything else."""
    tail = str(value).rpartition("/")[2].partition("?")[0].removeprefix("-")
    digits = int(tail) if tail.isascii() and tail.isdigit() else 0
    return -digits if str(value).startswith("-") else digits


def _error(code: str, message: str, *field: str) -> Document:
    return {"code": code or None, "field": ["input", *field], "message": message}


def _refused(errors: Sequence[Document]) -> Document:
    return {"inventoryAdjustmentGroup": None, "userErrors": list(errors)}
