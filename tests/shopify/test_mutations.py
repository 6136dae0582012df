"""Payloads of the vendor with anything put anywhere: read, or parked with a place, and never a crash."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.shopify.assignments import plan
from connectors.shopify.holds import is_ours
from connectors.shopify.orders import raw_item
from connectors.shopify.parcel import FulfilmentOrder, Parcel, choose, match
from connectors.shopify.places import unmapped
from connectors.shopify.routed import Routed, in_doubt, is_open
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import read_order
from hub.contract import BadRecord, ConnectorError
from hub.model.order import SalesOrder

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "shopify"
GIVEN: dict[str, Any] = {"shop_url": "https://shop.test", "token": "t", "locations": {"5": "DC1", "24826418": "DC2"}}
PLAIN = ShopifySettings.model_validate(GIVEN)
SERVICE = ShopifySettings.model_validate({**GIVEN, "fulfilment_service": True})
#: What may stand anywhere: each is JSON that a shop, an old version or a broken proxy could send.
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 10**20, 1.5, "", " ", "x", "0", "12", "-3", "NaN", "1e999", "2026-13-45", "\u0000",
    "\ud800", [], {}, [None], [[]], [{}], {"id": None}, {"amount": "x"}, "gid://shopify/Order/1", "é" * 5000,
    [1, "a", {}],
)  # fmt: skip

ORDER = {
    "id": 450789469, "name": "#1001",
    "created_at": "2026-01-10T11:00:00-05:00", "updated_at": "2026-01-10T11:00:00-05:00",
    "currency": "USD", "presentment_currency": "EUR", "financial_status": "paid", "fulfillment_status": None,
    "current_total_price": "398.00", "total_price_set": {"shop_money": {"amount": "398.00", "currency_code": "USD"}},
    "shipping_address": {"name": "Bob", "country_code": "US", "latitude": 45.4, "longitude": -75.6, "zip": "40202"},
    "customer": {"id": 207119551, "first_name": "Bob"}, "tags": "a, b", "test": False, "confirmed": True,
    "company": {"id": 1}, "payment_terms": {"id": 1}, "location_id": 5, "source_name": "web", "cancelled_at": None,
    "line_items": [
        {"id": 466157049, "sku": "IPOD", "quantity": 2, "current_quantity": 1, "price": "199.00", "title": "IPod",
         "requires_shipping": True, "gift_card": False, "properties": [{"name": "a", "value": 1}],
         "price_set": {"shop_money": {"amount": "199.00"}}, "discount_allocations": [{"amount": "3.34"}]},
    ],
    "shipping_lines": [{"title": "Standard", "code": "S", "delivery_category": None}],
    "refunds": [{"id": 1, "refund_line_items": [{"line_item_id": 466157049, "quantity": 1, "restock_type": "cancel"}]}],
    "fulfillments": [{"id": 2, "status": "success", "line_items": [{"id": 466157049, "quantity": 1}]}],
}  # fmt: skip
PART = {
    "id": 1046000777, "status": "on_hold", "request_status": "submitted", "assigned_location_id": 5,
    "order_id": 450789469,
    "fulfill_at": "2026-01-12T00:00:00-05:00", "supported_actions": ["create_fulfillment", "move"],
    "fulfillment_holds": [{"reason": "other", "reason_notes": "wait"}], "delivery_method": {"method_type": "shipping"},
    "merchant_requests": [{"kind": "fulfillment_request", "message": "x"}],
    "line_items": [{"id": 1058737488, "line_item_id": 466157049, "quantity": 1, "fulfillable_quantity": 1}],
}  # fmt: skip
FULFILMENT = {
    "id": 255858046, "status": "success", "tracking_number": "1Z", "tracking_numbers": ["1Z"],
    "line_items": [{"id": 466157049, "quantity": 1}],
}  # fmt: skip
LOCATION = {"id": 655441491, "name": "50 Rideau Street", "active": True}


def _places(tree: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value in a tree."""
    if way:
        yield way
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield from _places(value, (*way, key))


def _spoiled(tree: Any, chance: Random) -> Any:
    """Return the tree with junk at one to three places, or with something missing or twice."""
    made = copy.deepcopy(tree)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(made))
        if not places:
            break
        *above, last = chance.choice(places)
        within = made
        for key in above:
            within = within[key]
        if isinstance(within, list) and chance.random() < 0.3:
            within.append(copy.deepcopy(within[last]))
        elif isinstance(within, dict) and chance.random() < 0.2:
            del within[last]
        else:
            within[last] = copy.deepcopy(chance.choice(JUNK))
    return made


def _expect_an_order_or_a_place(order: Any, parts: Any) -> None:
    if isinstance(order, dict):
        in_doubt(order)
        is_open(order)
    for tree in (order, {"order": order, "fulfillment_orders": parts}):
        content = json.dumps(tree).encode()
        raw_item(content, order)
        for settings in (PLAIN, SERVICE):
            found = read_order(content, "shop", settings)
            assert isinstance(found, SalesOrder | BadRecord), found
            assert isinstance(found, SalesOrder) or (found.record and found.what)


def _expect_a_part_or_a_reason(part: Any) -> None:
    routed = Routed.of([part])
    assert isinstance(routed.hold, str)
    assert isinstance(routed.location("466157049"), str)
    assert isinstance(routed.asked("466157049", SERVICE), int)
    if not isinstance(part, dict):
        return
    try:
        read = FulfilmentOrder.read(part)
        plan({("466157049", "6"): 1}, [read])
        choose(Parcel("450789469", {"466157049": 1}, "5"), {"466157049": 1}, [read])
    except ConnectorError:
        pass
    for hold in part.get("fulfillment_holds") if isinstance(part.get("fulfillment_holds"), list) else ():
        assert not isinstance(hold, Mapping) or isinstance(is_ours(hold), bool)


def _expect_nothing_worse(chance: Random, order: Any, part: Any) -> None:
    _expect_an_order_or_a_place(_spoiled(order, chance), [_spoiled(part, chance), part])
    _expect_a_part_or_a_reason(_spoiled(part, chance))
    match(Parcel("1", {"466157049": 1}, number="1Z"), [_spoiled(FULFILMENT, chance)], ["1"])
    unmapped([_spoiled(LOCATION, chance)], PLAIN)


_TIMES = 40_000 if os.environ.get("CROSSDOCK_SOAK") else 1500


@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.soak)])
def test_whatever_stands_anywhere_is_read_or_parked(seed: int) -> None:
    chance = Random(seed)
    for _ in range(_TIMES):
        state = chance.getstate()
        try:
            _expect_nothing_worse(chance, ORDER, PART)
        except Exception:
            chance.setstate(state)
            print(json.dumps([_spoiled(ORDER, chance), _spoiled(PART, chance)])[:4000])
            raise


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples beside the repository are not here")
def test_samples_of_every_kind_are_read_or_parked_whatever_is_done_to_them() -> None:
    chance, trees = Random(5), list(_samples())
    assert len(trees) > 100
    for _ in range(max(_TIMES // 4, 400)):
        _expect_nothing_worse(chance, chance.choice(trees), chance.choice(trees))


def _samples() -> Iterator[Any]:
    """Yield every object with lines in any sample, whatever it is of."""
    for path in sorted(SAMPLES.rglob("*.json")):
        waiting = [json.loads(path.read_bytes())]
        while waiting:
            tree = waiting.pop()
            if isinstance(tree, dict) and "line_items" in tree:
                yield tree
            waiting += list(tree.values()) if isinstance(tree, dict) else tree if isinstance(tree, list) else []
