"""What an order of the shop costs: each amount once, in the order's own currency, and what was taken back off it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import read_order
from hub.contract import BadRecord
from hub.model.order import SalesOrder

LINE = {"id": 1, "sku": "MUG", "quantity": 4, "current_quantity": 4, "price": "7.50"}
WHERE = {"address1": "Quai 3", "city": "Genf", "country_code": "CH"}


def _set(amount: str, currency: str = "CHF") -> dict[str, object]:
    seen = {"amount": "999.99", "currency_code": "EUR"}
    return {"shop_money": {"amount": amount, "currency_code": currency}, "presentment_money": seen}


def _read(**changes: object) -> SalesOrder | BadRecord:
    order = {
        "id": 5,
        "created_at": "2026-02-01T08:00:00+01:00",
        "updated_at": "2026-02-01T08:00:00+01:00",
        "currency": "CHF",
        "financial_status": "paid",
        "line_items": [LINE],
        "shipping_address": WHERE,
        **changes,
    }
    settings = ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t"})
    return read_order(json.dumps(order).encode(), "shop", settings)


def _charges(**changes: object) -> dict[str, Decimal]:
    order = _read(**changes)
    assert isinstance(order, SalesOrder), order
    return {f"{each.kind.value} {each.name}".strip(): each.amount for each in order.charges}


@pytest.mark.parametrize(
    ("shipping", "paid"),
    [
        ({"price": "9.00", "discounted_price": "9.00", "discount_allocations": [{"amount": "4.00"}]}, "5.00"),
        ({"price": "9.00", "discounted_price": "5.00", "discount_allocations": [{"amount": "4.00"}]}, "5.00"),
        ({"price": "9.00", "discounted_price": "5.00"}, "5.00"),
        ({"price": "9.00", "price_set": _set("8.00")}, "8.00"),
        ({"price": "9.00", "current_discounted_price_set": _set("2.00")}, "2.00"),
    ],
)
def test_shipping_costs_what_every_discount_left_of_it_once(shipping: dict[str, object], paid: str) -> None:
    assert _charges(shipping_lines=[{"title": "Post", **shipping}]) == {"shipping Post": Decimal(paid)}


def test_shipping_that_an_edit_took_away_costs_nothing_and_names_no_service() -> None:
    gone = {"title": "Kurier", "price": "20.00", "is_removed": True}
    order = _read(shipping_lines=[gone, {"title": "Post", "price": "9.00"}])
    assert isinstance(order, SalesOrder)
    assert (order.service, [each.amount for each in order.charges]) == ("Post", [Decimal("9.00")])


def test_a_refund_of_shipping_alone_comes_off_shipping_and_leaves_the_goods() -> None:
    adjusted = [
        {"kind": "shipping_refund", "amount": "-6.00", "amount_set": _set("-6.00")},
        {"kind": "refund_discrepancy", "amount": "1.00"},
    ]
    order = _read(
        shipping_lines=[{"title": "Post", "price": "9.00"}],
        refunds=[{"refund_line_items": [], "order_adjustments": adjusted}],
    )
    assert isinstance(order, SalesOrder)
    assert (order.lines[0].quantity, order.charges[0].amount) == (Decimal(4), Decimal("3.00"))


@pytest.mark.parametrize(("included", "charged"), [(None, {"tax duties": Decimal("3.10")}), (True, {})])
def test_duties_are_charged_unless_prices_hold_them(included: object, charged: dict[str, Decimal]) -> None:
    assert _charges(current_total_duties_set=_set("3.10"), duties_included=included) == charged


@pytest.mark.parametrize("state", ["authorized", "pending", "voided", "expired"])
def test_an_order_that_nobody_has_paid_has_no_payment_although_nothing_is_outstanding(state: str) -> None:
    assert _charges(financial_status=state, current_total_price="30.00", total_outstanding="0.00") == {}


def test_a_total_that_stands_in_a_set_only_is_read() -> None:
    order = _read(current_total_price_set=_set("30.00"))
    assert isinstance(order, SalesOrder)
    assert order.total is not None
    assert (order.total.amount, order.total.currency) == (Decimal("30.00"), "CHF")


def test_a_discount_that_is_shared_out_nowhere_is_taken_off_all_the_same() -> None:
    order = _read(line_items=[{**LINE, "total_discount": "6.00"}])
    assert isinstance(order, SalesOrder)
    assert (order.lines[0].price, order.lines[0].discount) == (Decimal("6.0000"), Decimal("6.0000"))


def test_an_amount_in_another_currency_than_the_orders_is_parked() -> None:
    found = _read(line_items=[{**LINE, "price_set": _set("8.10", "EUR")}])
    assert isinstance(found, BadRecord)
    assert "in EUR, and the order in CHF" in found.what
    assert (found.field, found.record) == ("price", "order 5 line 1")
