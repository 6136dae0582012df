"""Fulfilment orders over GraphQL: which are held, holding them, letting them go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sandbox.shop.desk import Desk
from sandbox.shop.graphql.stock import number
from sandbox.shop.shop import Refused, Shop
from sandbox.shop.state import FulfilmentOrder, Hold, Order

Document = dict[str, object]
#: What the shop advises by how likely a fraud is.
_ADVICE = {"none": "NONE", "pending": "NONE", "low": "ACCEPT", "medium": "INVESTIGATE", "high": "CANCEL"}
#: The app that calls the API; a hold without it is a person's.
APP = "crossdock"


def listed(shop: Shop, arguments: Mapping[str, object]) -> Document:
    """Return a page of the fulfilment orders that the search `status:a OR status:b` finds; closed ones never."""
    words = str(arguments.get("query") or "").replace("OR", " ").split()
    states = {word.partition(":")[2].strip("'\"").lower() for word in words if word.startswith("status:")}
    found = [
        part
        for part in shop.parts.values()
        if part.status not in ("closed", "cancelled") and (not states or part.status in states)
    ]
    return page([part_node(part) for part in found], arguments)


def page(nodes: Sequence[Document], arguments: Mapping[str, object]) -> Document:
    """Return a page of a connection; its cursors are counts."""
    start, first = number(arguments.get("after")), arguments.get("first")
    stop = start + (first if isinstance(first, int) else len(nodes))
    info = {"hasNextPage": stop < len(nodes), "endCursor": str(stop)}
    return {"nodes": nodes[start:stop], "edges": [{"node": each} for each in nodes[start:stop]], "pageInfo": info}


def order_node(shop: Shop, gid: object) -> Document | None:
    """Return an order with its fulfilment orders."""
    order = shop.orders.get(number(gid))
    if order is None:
        return None
    return {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{order.id}",
        "fulfillmentOrders": lambda given: _of_order(order, given),
        "risk": {"recommendation": _ADVICE[order.risk], "assessments": [{"riskLevel": order.risk.upper()}]},
    }


def _of_order(order: Order, arguments: Mapping[str, object]) -> Document:
    return page([part_node(part) for part in order.fulfilment_orders], arguments)


def part_node(part: FulfilmentOrder) -> Document:
    """Return a fulfilment order."""
    actions = {"open": ("CREATE_FULFILLMENT", "MOVE", "HOLD"), "on_hold": ("RELEASE_HOLD", "HOLD")}
    return {
        "id": f"gid://shopify/FulfillmentOrder/{part.id}",
        "orderId": f"gid://shopify/Order/{part.order_id}",
        "status": part.status.upper(),
        "requestStatus": part.request.upper(),
        "updatedAt": part.updated.isoformat(),
        "supportedActions": [{"action": each} for each in actions.get(part.status, ())],
        "fulfillmentHolds": [_hold(each) for each in part.holds],
    }


def _hold(hold: Hold) -> Document:
    return {
        "id": f"gid://shopify/FulfillmentHold/{hold.id}",
        "reason": hold.reason.upper(),
        "reasonNotes": hold.notes,
        "handle": hold.handle,
        "heldByRequestingApp": hold.app == APP,
    }


def hold(shop: Shop, arguments: Mapping[str, object]) -> Document:
    """Hold a fulfilment order in the name of the app."""
    asked = arguments.get("fulfillmentHold")
    given: Mapping[str, object] = asked if isinstance(asked, dict) else {}
    texts = [str(given.get(name) or "") for name in ("reason", "reasonNotes", "handle")]
    return _done(shop, arguments, lambda part: Desk(shop).hold(part, texts[0].lower(), texts[1], texts[2], APP))


def release(shop: Shop, arguments: Mapping[str, object]) -> Document:
    """End holds of a fulfilment order; all of them where none is named."""
    named = arguments.get("holdIds")
    ids = [number(each) for each in named] if isinstance(named, list) else None
    return _done(shop, arguments, lambda part: Desk(shop).release(part, ids))


def _done(shop: Shop, arguments: Mapping[str, object], work: Callable[[FulfilmentOrder], object]) -> Document:
    part = shop.parts.get(number(arguments.get("id")))
    if part is None:
        return {"fulfillmentOrder": None, "userErrors": [{"field": ["id"], "message": "It does not exist."}]}
    try:
        work(part)
    except Refused as refused:
        return {"fulfillmentOrder": None, "userErrors": [{"field": ["id"], "message": str(refused)}]}
    return {"fulfillmentOrder": part_node(part), "userErrors": []}


def prepare(shop: Shop, arguments: Mapping[str, object]) -> Document:
    """Have fulfilment orders stand ready for their customers; only what is collected can, and only once."""
    given = arguments.get("input")
    rows = given.get("lineItemsByFulfillmentOrder") if isinstance(given, dict) else None
    errors: list[Document] = []
    for row in rows if isinstance(rows, list) else []:
        part = shop.parts.get(number(row.get("fulfillmentOrderId")))
        if part is None:
            errors.append({"code": "FULFILLMENT_ORDER_INVALID", "message": "Invalid fulfillment order ID provided."})
        elif part.method != "pick_up" or part.prepared or not part.open_lines:
            words = "The fulfillment order does not have any line items that can be prepared."
            errors.append({"code": "NO_LINE_ITEMS_TO_PREPARE_FOR_FULFILLMENT_ORDER", "message": words})
        else:
            part.prepared = True
    return {"userErrors": errors}


def note(shop: Shop, arguments: Mapping[str, object]) -> Document:
    """Set metafields of orders."""
    fields = arguments.get("metafields")
    errors: list[Document] = []
    for row in fields if isinstance(fields, list) else []:
        order = shop.orders.get(number(row.get("ownerId")))
        if order is None:
            errors.append({"code": "INVALID", "message": "Owner does not exist."})
        else:
            order.metafields[f"{row.get('namespace')}.{row.get('key')}"] = str(row.get("value"))
    return {"userErrors": errors}
