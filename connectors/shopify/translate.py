"""One Shopify order as a sales order of ours: pure, and located in its complaints; what it costs is `money`'s."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import NoReturn

from pydantic import ValidationError

from connectors.shopify.facts import facts
from connectors.shopify.money import Till, shipping_lines
from connectors.shopify.parcel import mappings
from connectors.shopify.routed import Routed
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.values import Tree, Unreadable, holdable, mapping, shown, text
from hub.contract import BadRecord
from hub.mapping.problem import in_words
from hub.model.order import DeliveryMethod, SalesOrder

#: Every field of an order that is read here or in `routed`, for those who want smaller pages.
FIELDS = (
    *("id", "name", "order_number", "created_at", "updated_at", "processed_at", "cancelled_at", "currency"),
    *("line_items", "refunds", "fulfillments", "shipping_lines", "shipping_address", "billing_address", "customer"),
    *("location_id", "source_name", "financial_status", "fulfillment_status", "payment_terms", "confirmed", "test"),
    *("current_total_price", "current_total_price_set", "total_price", "total_price_set", "tags", "company"),
    *("phone", "email", "contact_email", "taxes_included", "tax_lines", "total_outstanding", "payment_gateway_names"),
    *("note_attributes", "duties_included", "current_total_duties_set", "original_total_duties_set"),
    *("current_total_tax", "current_total_tax_set", "total_tax", "total_tax_set"),
)
#: Financial states in which goods must not leave, whatever the settings say.
_NEVER = {"voided": "the payment was voided", "expired": "the payment has expired", "refunded": "fully refunded"}
#: Financial states that `hold_unpaid` holds.
_UNPAID = {"pending": "not paid yet", "authorized": "paid only when captured", "partially_paid": "paid in part only"}
#: Those in which it lets go; one that it does not know is not taken for paid.
_PAID = frozenset({"paid", "partially_refunded"})
#: Fulfilments in these states never left.
_NOT_LEFT = frozenset({"cancelled", "error", "failure"})


def read_order(content: bytes, channel: str, settings: ShopifySettings) -> SalesOrder | BadRecord:
    """Return the sales order that the bytes hold, or why it cannot be read; never raises."""
    try:
        tree = holdable(content, json.loads(content, parse_float=str, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        return _bad(content, {}, f"not readable as JSON: {error}")
    order = tree.get("order", tree) if isinstance(tree, dict) else tree
    routed = Routed.of(tree.get("fulfillment_orders")) if isinstance(tree, dict) else Routed()
    risk = tree.get("risk") if isinstance(tree, dict) else None
    if not isinstance(order, dict):
        return _bad(content, {}, "not a JSON object")
    try:
        return SalesOrder.model_validate(_order(order, routed, channel, settings, risk))
    except Unreadable as error:
        return _bad(content, order, error.what, error.field, error.line)
    except ValidationError as error:
        return _bad(content, order, *_complaint(error, order))


def _order(
    order: Tree, routed: Routed, channel: str, settings: ShopifySettings, risk: object = None
) -> dict[str, object]:
    method, address = routed.method or _method(order), mapping(order.get("shipping_address"))
    till, counter = Till(order), str(order.get("location_id") or "") if method is DeliveryMethod.PICK_UP else ""
    lines = [_line(line, order, till) for line in _list(order.get("line_items"), "line_items")]
    for line in lines if settings.fulfilment_service else ():
        line["quantity"] = Decimal(str(line["fulfilled"])) + routed.asked(str(line["line_id"]), settings)
    for line in lines:
        line["pick_up_node"] = settings.node_at(routed.location(str(line["line_id"])) or counter)
    ships = any(line["ships"] and line["quantity"] for line in lines)
    unaddressed = ships and not address and method is not DeliveryMethod.PICK_UP
    return {
        "channel": channel,
        "order_id": text(order, "id"),
        "number": text(order, "name") or text(order, "order_number") or text(order, "id"),
        "placed_at": order.get("processed_at") or order.get("created_at"),
        "updated_at": order.get("updated_at"),
        "currency": order.get("currency"),
        "lines": tuple(lines),
        "customer": _customer(order),
        "ship_to": _address(address, order) if address else None,
        "method": method,
        "service": _service(order),
        "hold": _hold(order, routed, settings, unaddressed=unaddressed),
        "cancelled": order.get("cancelled_at") is not None,
        "test": order.get("test") is True,
        "total": till.total(),
        "charges": tuple(till.charges()),
        "tags": _tags(order),
        "requests": routed.requests(settings) if settings.fulfilment_service else (),
        **facts(order, risk),
    }


# --- lines -----------------------------------------------------------------------------------------------------------


def _line(line: object, order: Tree, till: Till) -> dict[str, object]:
    """Return one line; `quantity` is what is on the order now, after edits, refunds and cancellations."""
    if not isinstance(line, dict):
        raise Unreadable("a line is not a JSON object", "line_items")
    line_id = text(line, "id")
    if not line_id:
        raise Unreadable("a line has no id", "line_items.id")
    ordered = _count(line, "quantity", line_id)
    current = _count(line, "current_quantity", line_id) if line.get("current_quantity") is not None else None
    if ordered == 0 and current != 0:  # an edit that takes a line away says so in current_quantity
        raise Unreadable("the quantity is zero, and no edit took the line away", "quantity", line_id)
    quantity = ordered - _refunded(order, line_id) if current is None else current
    return {
        "line_id": line_id,
        "sku": text(line, "sku"),
        "name": text(line, "name") or text(line, "title"),
        "quantity": max(quantity, 0),
        "fulfilled": _gone(line, order, max(quantity, 0), line_id),
        "price": till.price(line, ordered, line_id),
        "discount": till.discount(line, ordered, max(quantity, 0), line_id),
        "ships": line.get("requires_shipping") is not False and line.get("gift_card") is not True,
    }


def _count(line: Tree, field: str, line_id: str) -> int:
    value = line.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable(f"{field} must be a whole number, not {shown(value)}", field, line_id)
    if value < 0:
        raise Unreadable(f"{field} must not be negative, got {shown(value)}", field, line_id)
    return value


def _refunded(order: Tree, line_id: str) -> int:
    """Return how much of a line was refunded; for API versions that do not send `current_quantity`."""
    rows = (
        row
        for refund in mappings(order.get("refunds"))
        for row in mappings(refund.get("refund_line_items"))
        if str(row.get("line_item_id")) == line_id
    )
    return sum(_count(row, "quantity", line_id) for row in rows)


def _gone(line: Tree, order: Tree, quantity: int, line_id: str) -> int:
    """Return how much of a line has left: as the fulfilments say, and never less than the line says itself.

    An order may come without its fulfilments; what the shop calls fulfilled must not be shipped a second time.
    """
    said = _fulfilled(order, line_id)
    if line.get("fulfillment_status") == "fulfilled":
        return max(said, quantity)
    left = line.get("fulfillable_quantity")
    told = isinstance(order.get("fulfillments"), list) or line.get("fulfillment_status") != "partial"
    return said if told or not isinstance(left, int) else max(said, quantity - left)


def _fulfilled(order: Tree, line_id: str) -> int:
    """Return how much of a line has left, as the order's fulfilments say."""
    rows = (
        row
        for fulfilment in mappings(order.get("fulfillments"))
        if str(fulfilment.get("status")) not in _NOT_LEFT
        for row in mappings(fulfilment.get("line_items"))
        if str(row.get("id")) == line_id
    )
    return sum(_count(row, "quantity", line_id) for row in rows)


# --- where to, how, and whether at all -------------------------------------------------------------------------------


def _method(order: Tree) -> DeliveryMethod:
    """Return how the goods reach the customer, as the shipping lines name it; a till sale is collected."""
    for line in shipping_lines(order):
        category = str(line.get("delivery_category") or "").lower()
        if "pick" in category:
            return DeliveryMethod.PICK_UP
        if "local" in category:
            return DeliveryMethod.LOCAL
    if order.get("source_name") == "pos" and not order.get("shipping_address"):
        return DeliveryMethod.PICK_UP
    return DeliveryMethod.SHIP


def _service(order: Tree) -> str:
    line = next(shipping_lines(order), {})
    return text(line, "title") or text(line, "code")


def _tags(order: Tree) -> frozenset[str]:
    """Return the shop's tags; an order of a company carries `b2b` too, for rules to tell it by."""
    listed = order.get("tags")
    told = [str(tag) for tag in listed] if isinstance(listed, list) else text(order, "tags").split(",")
    tags = {tag.strip() for tag in told} - {""}
    return frozenset(tags | {"b2b"} if mapping(order.get("company")) else tags)


def _hold(order: Tree, routed: Routed, settings: ShopifySettings, *, unaddressed: bool) -> str:
    """Return why the order must not be routed yet, empty when it may; what is bought on account is paid later."""
    state = str(order.get("financial_status") or "").lower()
    must_be_paid = settings.hold_unpaid and not mapping(order.get("payment_terms"))
    unpaid = (
        "" if state in _PAID or state in _NEVER else _UNPAID.get(state, f"not known to be paid ({state or 'none'})")
    )
    reasons = [_NEVER.get(state, ""), unpaid if must_be_paid else "", routed.hold]
    reasons.append("not confirmed by the shop" if order.get("confirmed") is False else "")
    reasons.append("no shipping address" if unaddressed else "")
    return "; ".join(reason for reason in reasons if reason)


def _address(address: Tree, order: Tree) -> dict[str, object]:
    country = text(address, "country_code") or text(address, "country")
    if len(country) != 2:
        raise Unreadable(f"the country {shown(country)} is not a two-letter code", "ship_to.country")
    return {
        "name": _name(address),
        "company": text(address, "company"),
        "street": text(address, "address1"),
        "street2": text(address, "address2"),
        "city": text(address, "city"),
        "region": text(address, "province_code") or text(address, "province"),
        "postal_code": text(address, "zip"),
        "country": country,
        "phone": text(address, "phone") or text(order, "phone"),
        "email": text(order, "email") or text(order, "contact_email"),
        "coordinates": _coordinates(address),
    }


def _coordinates(address: Tree) -> dict[str, float] | None:
    """Return the point that the shop found for the address; a place without one is unknown, not at 0, 0."""
    try:
        latitude, longitude = (float(str(address[name])) for name in ("latitude", "longitude"))
    except (KeyError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude, longitude) == (0.0, 0.0):
        return None
    return {"latitude": latitude, "longitude": longitude}


def _customer(order: Tree) -> dict[str, object]:
    customer, billing = mapping(order.get("customer")), mapping(order.get("billing_address"))
    return {"code": text(customer, "id") or None, "name": _name(customer) or _name(billing)}


def _name(person: Tree) -> str:
    return text(person, "name") or f"{text(person, 'first_name')} {text(person, 'last_name')}".strip()


# --- the shape of the tree -------------------------------------------------------------------------------------------


def _list(value: object, field: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise Unreadable(f"{field} is missing", field)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _complaint(error: ValidationError, order: Tree) -> tuple[str, str, str]:
    """Return the model's first complaint: what, the field, and the line that it is about."""
    first, *others = error.errors(include_url=False)
    what = in_words(first) + (f" (and {len(others)} more)" if others else "")
    place, line = list(first["loc"]), ""
    if len(place) > 1 and place[0] == "lines" and isinstance(place[1], int):
        line = str(list(mappings(order.get("line_items")))[place[1]].get("id"))
        place = place[2:]
    return what, ".".join(str(part) for part in place), line


def _bad(content: bytes, order: Tree, what: str, field: str = "", line: str = "") -> BadRecord:
    record = f"order {order.get('name') or order.get('id') or '?'}" + (f" line {line}" if line else "")
    return BadRecord(
        f"{record}: {field + ': ' if field else ''}{what}",
        record=record,
        field=field,
        raw=content[:2000].decode("utf-8", "replace"),
        todo="correct the order in the shop; it is read again when it changes",
        code=f"order {field}".strip(),
        known={"order_id": str(order["id"])} if order.get("id") else {},
    )
