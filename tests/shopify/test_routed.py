"""What the fulfilment orders of an order add to it: collected, delivered locally, held, scheduled."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.routed import in_doubt
from hub.contract import Profile
from hub.model.order import DeliveryMethod, SalesOrder

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]
BASE = "https://shop.test/admin/api/2026-07/"
LINE = {"id": 11, "sku": "A", "quantity": 1, "current_quantity": 1, "price": "5.00", "requires_shipping": True}
ADDRESS = {"name": "Zoë", "city": "Bonn", "country_code": "DE"}
ORDER = {
    "id": 7,
    "name": "#7",
    "created_at": "2026-11-20T05:00:00Z",
    "updated_at": "2026-11-20T05:00:00Z",
    "currency": "EUR",
    "line_items": [LINE, {**LINE, "id": 12}],
    "shipping_address": None,
}


def _part(method: str | None = "shipping", status: str = "open", lines: tuple[int, ...] = (11, 12), **more: object):  # noqa: ANN202 - JSON
    return {
        "id": 900 + lines[0],
        "status": status,
        "assigned_location_id": 5,
        "delivery_method": {"id": 1, "method_type": method} if method else None,
        "line_items": [{"id": 9000 + line, "line_item_id": line, "fulfillable_quantity": 1} for line in lines],
        **more,
    }


def _read(shop: ShopifyConnector, order: dict[str, object], *parts: dict[str, object]) -> SalesOrder:
    responses.get(f"{BASE}orders.json", json={"orders": [order]})
    responses.get(f"{BASE}orders/7/fulfillment_orders.json", json={"fulfillment_orders": parts})
    (page,) = shop.fetch("orders", None)
    (record,) = shop.parse("orders", page.items[0])
    assert isinstance(record, SalesOrder), record
    return record


def _calls() -> list[str]:
    paths = [str(call.request.path_url).split("?")[0].rsplit("/2026-07/")[1] for call in responses.calls]
    return [path for path in paths if path != "graphql.json"]


@pytest.fixture
def shop(connect: Opener, make_profile: ProfileMaker) -> ShopifyConnector:
    return connect(make_profile(locations={"5": "STORE1", "6": "DC1"}))


@responses.activate
def test_an_order_to_collect_goes_to_the_store_of_its_fulfilment_order(shop: ShopifyConnector) -> None:
    order = _read(shop, ORDER, _part("pick_up"))
    assert (order.method, order.hold) == (DeliveryMethod.PICK_UP, "")
    assert [line.pick_up_node for line in order.lines] == ["STORE1", "STORE1"]


@responses.activate
def test_what_is_collected_and_what_is_shipped_stay_apart_in_one_order(shop: ShopifyConnector) -> None:
    parts = _part("pick_up", lines=(11,)), _part("shipping", lines=(12,))
    order = _read(shop, {**ORDER, "shipping_address": ADDRESS, "shipping_lines": [{"title": "Store pickup"}]}, *parts)
    assert order.method is DeliveryMethod.SHIP
    assert [line.pick_up_node for line in order.lines] == ["STORE1", None]


@responses.activate
@pytest.mark.parametrize(
    ("told", "meant"),
    [("local", DeliveryMethod.LOCAL), ("retail", DeliveryMethod.PICK_UP), ("pickup_point", DeliveryMethod.SHIP)],
)
def test_the_delivery_method_of_the_fulfilment_order_decides(
    shop: ShopifyConnector, told: str, meant: DeliveryMethod
) -> None:
    order = {**ORDER, "shipping_address": ADDRESS, "shipping_lines": [{"code": "Local Delivery"}]}
    assert _read(shop, order, _part(told)).method is meant


@responses.activate
def test_a_hold_in_the_shop_holds_the_order_with_the_reason(shop: ShopifyConnector) -> None:
    holds = [{"reason": "high_risk_of_fraud", "reason_notes": ""}, {"reason": "other", "reason_notes": "call first"}]
    order = _read(shop, ORDER, _part("pick_up", "on_hold", fulfillment_holds=holds))
    assert order.hold == "held in the shop: call first, high risk of fraud"


@responses.activate
def test_an_order_that_is_scheduled_waits(shop: ShopifyConnector) -> None:
    order = _read(shop, ORDER, _part("pick_up", "scheduled", fulfill_at="2026-12-24T00:00:00Z"))
    assert order.hold == "scheduled in the shop for 2026-12-24"


@responses.activate
def test_what_is_over_says_nothing_any_more(shop: ShopifyConnector) -> None:
    order = _read(shop, ORDER, _part("local", "closed"), _part("pick_up", "open"))
    assert order.method is DeliveryMethod.PICK_UP


@responses.activate
def test_before_the_shop_has_made_any_the_order_waits_for_its_address(shop: ShopifyConnector) -> None:
    assert _read(shop, ORDER).hold == "no shipping address"


@responses.activate
def test_a_plain_shipment_costs_no_further_call(shop: ShopifyConnector) -> None:
    _read(shop, {**ORDER, "shipping_address": ADDRESS, "shipping_lines": [{"title": "Express"}]})
    assert _calls() == ["orders.json"]


@responses.activate
def test_always_means_every_open_order(connect: Opener, make_profile: ProfileMaker) -> None:
    shop = connect(make_profile(fulfilment_orders="always"))
    plain = {**ORDER, "shipping_address": ADDRESS}
    assert _read(shop, plain, _part("shipping", "on_hold")).hold == "held in the shop"
    assert _calls() == ["orders.json", "orders/7/fulfillment_orders.json"]


@responses.activate
def test_a_change_of_a_fulfilment_order_alone_is_a_new_version(shop: ShopifyConnector) -> None:
    responses.get(f"{BASE}orders.json", json={"orders": [ORDER]})
    held = responses.get(f"{BASE}orders/7/fulfillment_orders.json", json={"fulfillment_orders": [_part("pick_up")]})
    (first,) = shop.fetch("orders", None)
    responses.remove(held)
    told = {"fulfillment_orders": [_part("pick_up", "on_hold")]}
    responses.get(f"{BASE}orders/7/fulfillment_orders.json", json=told)
    (second,) = shop.fetch("orders", None)
    assert first.items[0].key != second.items[0].key
    assert json.dumps(ORDER, separators=(",", ":")) in second.items[0].content.decode().replace(" ", "")


@responses.activate
def test_an_order_that_is_gone_is_read_as_it_was(shop: ShopifyConnector) -> None:
    responses.get(f"{BASE}orders.json", json={"orders": [ORDER]})
    responses.get(f"{BASE}orders/7/fulfillment_orders.json", status=404, json={"errors": "Not Found"})
    (page,) = shop.fetch("orders", None)
    (record,) = shop.parse("orders", page.items[0])
    assert isinstance(record, SalesOrder)


@pytest.mark.parametrize(
    "order", [None, [], {**ORDER, "cancelled_at": "x"}, {**ORDER, "fulfillment_status": "fulfilled"}]
)
def test_what_is_over_or_no_order_is_not_in_doubt(order: object) -> None:
    assert not in_doubt(order)


@responses.activate
def test_an_order_of_a_company_on_account_is_marked_and_not_held_for_payment(
    connect: Opener, make_profile: ProfileMaker
) -> None:
    terms = {
        "company": {"id": 1, "location_id": 2},
        "payment_terms": {"due_in_days": 30},
        "financial_status": "pending",
    }
    order = _read(connect(make_profile(hold_unpaid=True)), {**ORDER, "shipping_address": ADDRESS, **terms})
    assert (order.tags, order.hold) == ({"b2b"}, "")


@responses.activate
def test_a_line_of_a_deleted_product_keeps_its_sku(shop: ShopifyConnector) -> None:
    gone = {**LINE, "product_id": None, "variant_id": None, "product_exists": False}
    (line,) = _read(shop, {**ORDER, "shipping_address": ADDRESS, "line_items": [gone]}).lines
    assert (line.sku, line.ships, line.quantity) == ("A", True, 1)
