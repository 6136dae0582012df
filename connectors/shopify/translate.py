"""One Shopify order as a sales order of ours: pure, and located in its complaints.

Everything is read in the shop's own currency (`shop_money`); what the customer saw in another one is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NoReturn

from pydantic import ValidationError

from connectors.shopify.facts import facts
from connectors.shopify.routed import Routed
from connectors.shopify.settings import ShopifySettings
from hub.contract import BadRecord
from hub.model.number import NotANumber, exact
from hub.model.order import DeliveryMethod, SalesOrder

Tree = Mapping[str, object]

#: Every field of an order that is read here or in `routed`, for those who want smaller pages.
FIELDS = (
    *("id", "name", "order_number", "created_at", "updated_at", "processed_at", "cancelled_at", "currency"),
    *("line_items", "refunds", "fulfillments", "shipping_lines", "shipping_address", "billing_address", "customer"),
    *("location_id", "source_name", "financial_status", "fulfillment_status", "payment_terms", "confirmed", "test"),
    *("current_total_price", "current_total_price_set", "total_price", "total_price_set", "tags", "company"),
    *("phone", "email", "contact_email", "taxes_included", "tax_lines", "total_outstanding", "payment_gateway_names"),
    "note_attributes",
    *("current_total_tax", "current_total_tax_set", "total_tax", "total_tax_set"),
)
#: Financial states in which goods must not leave, whatever the settings say.
_NEVER = {"voided": "the payment was voided", "expired": "the payment has expired", "refunded": "fully refunded"}
#: Financial states that `hold_unpaid` holds.
_UNPAID = {"pending": "not paid yet", "authorized": "paid only when captured", "partially_paid": "paid in part only"}
#: Fulfilments in these states never left.
_NOT_LEFT = frozenset({"cancelled", "error", "failure"})
_PLACES = Decimal("0.0001")


class _Unreadable(Exception):
    """A value of the order cannot be used: which line, which field, what is wrong."""

    def __init__(self, what: str, field: str, line: str = "") -> None:
        super().__init__(what)
        self.what, self.field, self.line = what, field, line


def read_order(content: bytes, channel: str, settings: ShopifySettings) -> SalesOrder | BadRecord:
    """Return the sales order that the bytes hold, or why it cannot be read; never raises."""
    try:
        tree = json.loads(content, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return _bad(content, {}, f"not readable as JSON: {error}")
    order = tree.get("order", tree) if isinstance(tree, dict) else tree
    routed = Routed.of(tree.get("fulfillment_orders")) if isinstance(tree, dict) else Routed()
    risk = tree.get("risk") if isinstance(tree, dict) else None
    if not isinstance(order, dict):
        return _bad(content, {}, "not a JSON object")
    try:
        return SalesOrder.model_validate(_order(order, routed, channel, settings, risk))
    except _Unreadable as error:
        return _bad(content, order, error.what, error.field, error.line)
    except ValidationError as error:
        return _bad(content, order, *_complaint(error, order))


def _order(
    order: Tree, routed: Routed, channel: str, settings: ShopifySettings, risk: object = None
) -> dict[str, object]:
    method, address = routed.method or _method(order), _mapping(order.get("shipping_address"))
    lines = [_line(line, order) for line in _list(order.get("line_items"), "line_items")]
    till = str(order.get("location_id") or "") if method is DeliveryMethod.PICK_UP else ""
    for line in lines if settings.fulfilment_service else ():
        line["quantity"] = Decimal(str(line["fulfilled"])) + routed.asked(str(line["line_id"]), settings)
    for line in lines:
        line["pick_up_node"] = settings.node_at(routed.location(str(line["line_id"])) or till)
    ships = any(line["ships"] and line["quantity"] for line in lines)
    unaddressed = ships and not address and method is not DeliveryMethod.PICK_UP
    return {
        "channel": channel,
        "order_id": _text(order, "id"),
        "number": _text(order, "name") or _text(order, "order_number") or _text(order, "id"),
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
        "total": _total(order),
        "charges": tuple(each for each in _charges(order) if Decimal(str(each["amount"])) > 0),
        "tags": _tags(order),
        "requests": routed.requests(settings) if settings.fulfilment_service else (),
        **facts(order, risk),
    }


# --- lines -----------------------------------------------------------------------------------------------------------


def _line(line: object, order: Tree) -> dict[str, object]:
    """Return one line; `quantity` is what is on the order now, after edits, refunds and cancellations."""
    if not isinstance(line, dict):
        raise _Unreadable("a line is not a JSON object", "line_items")
    line_id = _text(line, "id")
    if not line_id:
        raise _Unreadable("a line has no id", "line_items.id")
    ordered = _count(line, "quantity", line_id)
    current = _count(line, "current_quantity", line_id) if line.get("current_quantity") is not None else None
    if ordered == 0 and current != 0:  # an edit that takes a line away says so in current_quantity
        raise _Unreadable("the quantity is zero, and no edit took the line away", "quantity", line_id)
    quantity = ordered - _refunded(order, line_id) if current is None else current
    return {
        "line_id": line_id,
        "sku": _text(line, "sku"),
        "name": _text(line, "name") or _text(line, "title"),
        "quantity": max(quantity, 0),
        "fulfilled": _fulfilled(order, line_id),
        "price": _price(line, ordered, line_id),
        "discount": _discount(line, ordered, max(quantity, 0), line_id),
        "ships": line.get("requires_shipping") is not False and line.get("gift_card") is not True,
    }


def _count(line: Tree, field: str, line_id: str) -> int:
    value = line.get(field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Unreadable(f"{field} must be a whole number, not {_shown(value)}", field, line_id)
    if value < 0:
        raise _Unreadable(f"{field} must not be negative, got {_shown(value)}", field, line_id)
    return value


def _refunded(order: Tree, line_id: str) -> int:
    """Return how much of a line was refunded; for API versions that do not send `current_quantity`."""
    rows = (
        row
        for refund in _mappings(order.get("refunds"))
        for row in _mappings(refund.get("refund_line_items"))
        if str(row.get("line_item_id")) == line_id
    )
    return sum(_count(row, "quantity", line_id) for row in rows)


def _fulfilled(order: Tree, line_id: str) -> int:
    """Return how much of a line has left, as the order's fulfilments say."""
    rows = (
        row
        for fulfilment in _mappings(order.get("fulfillments"))
        if str(fulfilment.get("status")) not in _NOT_LEFT
        for row in _mappings(fulfilment.get("line_items"))
        if str(row.get("id")) == line_id
    )
    return sum(_count(row, "quantity", line_id) for row in rows)


def _price(line: Tree, ordered: int, line_id: str) -> Decimal:
    """Return what one unit costs the customer, its share of every discount taken off."""
    unit = _amount(line, "price", line_id)
    discounts = _sum(line.get("discount_allocations"), "amount", line_id)
    if not discounts or not ordered:
        return unit
    return max((unit - discounts / ordered).quantize(_PLACES, ROUND_HALF_EVEN), Decimal(0))


def _discount(line: Tree, ordered: int, quantity: int, line_id: str) -> Decimal:
    """Return what discounts took off what is left of a line; the price is after them."""
    taken = _sum(line.get("discount_allocations"), "amount", line_id)
    return (taken * quantity / ordered).quantize(_PLACES, ROUND_HALF_EVEN) if taken and ordered else Decimal(0)


def _sum(rows: object, field: str, line_id: str = "") -> Decimal:
    return sum((_amount(row, field, line_id) for row in _mappings(rows)), Decimal(0))


def _amount(tree: Tree, field: str, line_id: str = "") -> Decimal:
    """Return an amount in the shop's currency: from `<field>_set` where there is one, else from the plain field."""
    money = _mapping(_mapping(tree.get(f"{field}_set")).get("shop_money"))
    value = money.get("amount", tree.get(field))
    if value is None:
        return Decimal(0)
    try:
        return exact(value)
    except (NotANumber, ValueError) as error:
        raise _Unreadable(str(error), field, line_id) from None


def _total(order: Tree) -> dict[str, object] | None:
    field = next((name for name in ("current_total_price", "total_price") if order.get(name) is not None), None)
    return {"amount": _amount(order, field), "currency": order.get("currency")} if field else None


def _charges(order: Tree) -> Iterator[Mapping[str, object]]:
    """Yield what an order costs beside its lines, and what was paid of it; taxes within prices are no charge."""
    for line in _mappings(order.get("shipping_lines")):
        reduced = line.get("discounted_price") is not None or line.get("discounted_price_set") is not None
        taken = Decimal(0) if reduced else _sum(line.get("discount_allocations"), "amount")
        amount = _amount(line, "discounted_price" if reduced else "price") - taken
        yield {"kind": "shipping", "name": _text(line, "title"), "amount": amount}
    if order.get("taxes_included") is not True:
        field = "current_total_tax" if order.get("current_total_tax") is not None else "total_tax"
        names = ", ".join(dict.fromkeys(_text(line, "title") for line in _mappings(order.get("tax_lines"))))
        yield {"kind": "tax", "name": names, "amount": _amount(order, field)}
    total = _total(order)
    if total is not None and order.get("total_outstanding") is not None:
        gateways = order.get("payment_gateway_names")
        name = str(gateways[0]) if isinstance(gateways, list) and gateways else ""
        yield {
            "kind": "payment",
            "name": name,
            "amount": Decimal(str(total["amount"])) - _amount(order, "total_outstanding"),
        }


# --- where to, how, and whether at all -------------------------------------------------------------------------------


def _method(order: Tree) -> DeliveryMethod:
    """Return how the goods reach the customer, as the shipping lines name it; a till sale is collected."""
    for line in _mappings(order.get("shipping_lines")):
        category = str(line.get("delivery_category") or "").lower()
        if "pick" in category:
            return DeliveryMethod.PICK_UP
        if "local" in category:
            return DeliveryMethod.LOCAL
    if order.get("source_name") == "pos" and not order.get("shipping_address"):
        return DeliveryMethod.PICK_UP
    return DeliveryMethod.SHIP


def _service(order: Tree) -> str:
    line = next(_mappings(order.get("shipping_lines")), {})
    return _text(line, "title") or _text(line, "code")


def _tags(order: Tree) -> frozenset[str]:
    """Return the shop's tags; an order of a company carries `b2b` too, for rules to tell it by."""
    tags = {tag.strip() for tag in _text(order, "tags").split(",")} - {""}
    return frozenset(tags | {"b2b"} if _mapping(order.get("company")) else tags)


def _hold(order: Tree, routed: Routed, settings: ShopifySettings, *, unaddressed: bool) -> str:
    """Return why the order must not be routed yet, empty when it may; what is bought on account is paid later."""
    state = str(order.get("financial_status") or "").lower()
    must_be_paid = settings.hold_unpaid and not _mapping(order.get("payment_terms"))
    reasons = [_NEVER.get(state, ""), _UNPAID.get(state, "") if must_be_paid else "", routed.hold]
    reasons.append("not confirmed by the shop" if order.get("confirmed") is False else "")
    reasons.append("no shipping address" if unaddressed else "")
    return "; ".join(reason for reason in reasons if reason)


def _address(address: Tree, order: Tree) -> dict[str, object]:
    country = _text(address, "country_code") or _text(address, "country")
    if len(country) != 2:
        raise _Unreadable(f"the country {_shown(country)} is not a two-letter code", "ship_to.country")
    return {
        "name": _name(address),
        "company": _text(address, "company"),
        "street": _text(address, "address1"),
        "street2": _text(address, "address2"),
        "city": _text(address, "city"),
        "region": _text(address, "province_code") or _text(address, "province"),
        "postal_code": _text(address, "zip"),
        "country": country,
        "phone": _text(address, "phone") or _text(order, "phone"),
        "email": _text(order, "email") or _text(order, "contact_email"),
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
    customer, billing = _mapping(order.get("customer")), _mapping(order.get("billing_address"))
    return {"code": _text(customer, "id") or None, "name": _name(customer) or _name(billing)}


def _name(person: Tree) -> str:
    return _text(person, "name") or f"{_text(person, 'first_name')} {_text(person, 'last_name')}".strip()


# --- the shape of the tree -------------------------------------------------------------------------------------------


def _text(tree: Tree, field: str) -> str:
    """Return a text or an id as text; empty when it is absent or null."""
    value = tree.get(field)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise _Unreadable(f"{field} must be text, not {_shown(value)}", field)
    return str(value).strip()


def _mapping(value: object) -> Tree:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> Iterator[Tree]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _list(value: object, field: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise _Unreadable(f"{field} is missing", field)
    return value


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:40] + "..."


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _complaint(error: ValidationError, order: Tree) -> tuple[str, str, str]:
    """Return the model's first complaint: what, the field, and the line that it is about."""
    first, *others = error.errors(include_url=False, include_context=False)
    what = first["msg"].removeprefix("Value error, ") + (f" (and {len(others)} more)" if others else "")
    place, line = list(first["loc"]), ""
    if len(place) > 1 and place[0] == "lines" and isinstance(place[1], int):
        line = str(list(_mappings(order.get("line_items")))[place[1]].get("id"))
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
