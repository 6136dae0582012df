"""One order of the shop as a sales order of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import FIELDS, read_order
from hub.contract import BadRecord
from hub.model.order import DeliveryMethod, SalesOrder
from hub.model.place import Coordinates

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "shopify"
LINE = {
    "id": 466157049,
    "sku": "BOOT-9",
    "name": "Boots - 9",
    "title": "Boots",
    "variant_id": 39072856,
    "quantity": 3,
    "current_quantity": 3,
    "price": "74.99",
    "requires_shipping": True,
    "gift_card": False,
    "properties": [],
    "discount_allocations": [],
}
ADDRESS = {
    "first_name": "Zoë",
    "last_name": "O'Neil",
    "name": "Zoë O'Neil",
    "company": None,
    "address1": "Chestnut Street 92",
    "address2": "",
    "city": "Louisville",
    "province": "Kentucky",
    "province_code": "KY",
    "zip": "40202",
    "country": "United States",
    "country_code": "US",
    "phone": "555-625-1199",
    "latitude": 45.41634,
    "longitude": -75.6868,
}
ORDER = {
    "id": 9007199254740993,
    "name": "#1001",
    "order_number": 1001,
    "created_at": "2026-11-19T22:00:00-05:00",
    "processed_at": "2026-11-19T21:59:59-05:00",
    "updated_at": "2026-11-20T01:00:00-05:00",
    "currency": "USD",
    "financial_status": "paid",
    "fulfillment_status": None,
    "confirmed": True,
    "cancelled_at": None,
    "test": False,
    "email": "zoe@example.com",
    "tags": "vip, gift ,",
    "current_total_price": "224.97",
    "customer": {"id": 207119551, "first_name": "Zoë", "last_name": "O'Neil"},
    "shipping_address": ADDRESS,
    "shipping_lines": [{"title": "Express", "code": "EXP"}],
    "line_items": [LINE],
    "refunds": [],
    "fulfillments": [],
}


def _settings(**given: object) -> ShopifySettings:
    return ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t", **given})


def _read(order: object, **settings: object) -> SalesOrder | BadRecord:
    return read_order(json.dumps(order).encode(), "shop", _settings(**settings))


def _order(**changes: object) -> SalesOrder:
    found = _read({**ORDER, **changes})
    assert isinstance(found, SalesOrder), found
    return found


def _with_line(**changes: object) -> SalesOrder:
    return _order(line_items=[{**LINE, **changes}])


def _bad(order: object) -> BadRecord:
    found = _read(order)
    assert isinstance(found, BadRecord), found
    return found


# --- a plain order ---------------------------------------------------------------------------------------------------


def test_a_plain_order_is_read_whole() -> None:
    order = _order()
    assert (order.channel, order.order_id, order.number) == ("shop", "9007199254740993", "#1001")
    assert order.placed_at == datetime(2026, 11, 20, 2, 59, 59, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
    assert (order.currency, order.service, order.hold) == ("USD", "Express", "")
    assert order.total is not None
    assert order.total.amount == Decimal("224.97")
    assert order.tags == {"vip", "gift"}
    assert (order.customer.code, order.customer.name) == ("207119551", "Zoë O'Neil")
    (line,) = order.lines
    assert (line.line_id, line.sku, line.name, line.quantity) == ("466157049", "BOOT-9", "Boots - 9", 3)
    assert (line.price, line.ships, line.fulfilled) == (Decimal("74.99"), True, 0)


def test_the_address_comes_with_its_point_on_the_globe() -> None:
    address = _order().ship_to
    assert address is not None
    assert (address.name, address.street, address.city, address.region) == (
        "Zoë O'Neil",
        "Chestnut Street 92",
        "Louisville",
        "KY",
    )
    assert (address.postal_code, address.country, address.email) == ("40202", "US", "zoe@example.com")
    assert address.coordinates == Coordinates(latitude=45.41634, longitude=-75.6868)


@pytest.mark.parametrize(
    "point",
    [
        {"latitude": None, "longitude": None},
        {"latitude": 0, "longitude": 0},
        {"latitude": 91, "longitude": 0},
        {"latitude": "north", "longitude": "west"},
    ],
)
def test_a_place_without_a_point_is_unknown_and_not_at_zero(point: dict[str, object]) -> None:
    address = _order(shipping_address={**ADDRESS, **point}).ship_to
    assert address is not None
    assert address.coordinates is None


def test_a_point_may_be_text() -> None:
    address = _order(shipping_address={**ADDRESS, "latitude": "45.41634", "longitude": "-75.6868"}).ship_to
    assert address is not None
    assert address.coordinates == Coordinates(latitude=45.41634, longitude=-75.6868)


def test_an_order_inside_an_envelope_is_read_too() -> None:
    assert isinstance(_read({"order": ORDER}), SalesOrder)


# --- money -----------------------------------------------------------------------------------------------------------


def test_money_is_the_shops_not_what_the_customer_saw() -> None:
    def both(shop: str, customer: str) -> dict[str, object]:
        return {
            "shop_money": {"amount": shop, "currency_code": "USD"},
            "presentment_money": {"amount": customer, "currency_code": "EUR"},
        }

    order = _order(
        presentment_currency="EUR",
        current_total_price_set=both("224.97", "201.00"),
        line_items=[{**LINE, "price": "67.00", "price_set": both("74.99", "67.00")}],
    )
    assert order.lines[0].price == Decimal("74.99")
    assert order.total is not None
    assert (order.total.amount, order.total.currency) == (Decimal("224.97"), "USD")


def test_discounts_come_off_the_price_of_a_unit() -> None:
    assert _with_line(discount_allocations=[{"amount": "10.00"}, {"amount": "0.01"}]).lines[0].price == Decimal(
        "71.6533"
    )


def test_a_line_given_away_costs_nothing() -> None:
    assert _with_line(discount_allocations=[{"amount": "224.97"}]).lines[0].price == 0


def test_prices_of_old_versions_may_be_numbers() -> None:
    assert _with_line(price=74.99).lines[0].price == Decimal("74.99")


@pytest.mark.parametrize("price", ["NaN", "1E+2000000", "1_000", "free", "-5", True, [], {"a": 1}])
def test_an_absurd_price_is_parked_at_its_line(price: object) -> None:
    bad = _bad({**ORDER, "line_items": [{**LINE, "price": price}]})
    assert (bad.record, bad.field) == ("order #1001 line 466157049", "price")


def test_an_absurd_number_that_is_not_text_is_parked_and_stops_nobody() -> None:
    content = json.dumps(ORDER).replace('"74.99"', "1E+2000000").encode()
    found = read_order(content, "shop", _settings())
    assert isinstance(found, BadRecord)
    assert "not a plain number" in found.what


# --- quantities ------------------------------------------------------------------------------------------------------


def test_an_edited_line_has_its_quantity_of_now() -> None:
    assert _with_line(quantity=3, current_quantity=1).lines[0].quantity == 1


def test_a_line_that_was_taken_away_stays_with_nothing() -> None:
    assert _with_line(quantity=3, current_quantity=0).lines[0].quantity == 0
    assert _with_line(quantity=0, current_quantity=0).lines[0].quantity == 0


def test_versions_without_a_current_quantity_count_refunds() -> None:
    refunds = [
        {"refund_line_items": [{"line_item_id": 466157049, "quantity": 2}, {"line_item_id": 1, "quantity": 9}]},
        {"refund_line_items": []},
    ]
    line = {name: value for name, value in LINE.items() if name != "current_quantity"}
    assert _order(line_items=[line], refunds=refunds).lines[0].quantity == 1


@pytest.mark.parametrize("kind", ["cancel", "no_restock", "legacy_restock", "return"])
@pytest.mark.parametrize("left", [0, 3])
def test_every_restock_type_takes_the_refunded_quantity_off_and_leaves_what_has_left(kind: str, left: int) -> None:
    """As the vendor's own samples show: after `no_restock` of one of one, `fulfillable_quantity` is 0 too."""
    refunds = [{"refund_line_items": [{"line_item_id": 466157049, "quantity": 2, "restock_type": kind}]}]
    fulfilments = [{"status": "success", "line_items": [{"id": 466157049, "quantity": left}]}]
    new = _order(line_items=[{**LINE, "current_quantity": 1}], refunds=refunds, fulfillments=fulfilments).lines[0]
    line = {name: value for name, value in LINE.items() if name != "current_quantity"}
    old = _order(line_items=[line], refunds=refunds, fulfillments=fulfilments).lines[0]
    assert [(each.quantity, each.fulfilled) for each in (new, old)] == [(1, left), (1, left)]


def test_a_smaller_order_with_only_the_needed_fields_reads_the_same() -> None:
    tree = {**ORDER, "note": "left alone", "client_details": {}}
    needed = {name: value for name, value in tree.items() if name in FIELDS}
    assert len(needed) < len(tree)
    assert _read(needed) == _read(tree)


def test_what_has_left_already_is_said_whoever_shipped_it() -> None:
    fulfilments = [
        {"status": "success", "line_items": [{"id": 466157049, "quantity": 1}, {"id": 5, "quantity": 4}]},
        {"status": "success", "line_items": [{"id": 466157049, "quantity": 1}]},
        {"status": "cancelled", "line_items": [{"id": 466157049, "quantity": 1}]},
        {"status": "failure", "line_items": [{"id": 466157049, "quantity": 1}]},
    ]
    assert _order(fulfillments=fulfilments).lines[0].fulfilled == 2


@pytest.mark.parametrize("quantity", [-1, 0, None, "3", 1.5, True, 10**20])
def test_an_impossible_quantity_is_parked_naming_order_line_and_field(quantity: object) -> None:
    bad = _bad({**ORDER, "line_items": [LINE | {"id": 7}, {**LINE, "quantity": quantity, "current_quantity": None}]})
    assert (bad.record, bad.field) == ("order #1001 line 466157049", "quantity")
    assert "quantity" in bad.what
    assert bad.known == {"order_id": "9007199254740993"}


def test_a_negative_current_quantity_is_parked() -> None:
    bad = _bad({**ORDER, "line_items": [{**LINE, "current_quantity": -2}]})
    assert (bad.record, bad.field) == ("order #1001 line 466157049", "current_quantity")


# --- lines that are not goods of ours --------------------------------------------------------------------------------


@pytest.mark.parametrize("sku", [None, "", "   "])
def test_a_line_without_sku_is_kept_without_one(sku: object) -> None:
    assert _with_line(sku=sku, variant_id=None).lines[0].sku == ""


def test_the_shops_spaces_around_a_sku_are_not_ours() -> None:
    assert _with_line(sku=" BOOT-9 ").lines[0].sku == "BOOT-9"


@pytest.mark.parametrize("line", [{"gift_card": True}, {"requires_shipping": False}])
def test_gift_cards_tips_and_services_do_not_ship(line: dict[str, object]) -> None:
    assert not _with_line(**line).lines[0].ships


@pytest.mark.parametrize("properties", [[], {}, None, {"name": 2}, [{"name": 2}]])
def test_the_properties_of_a_line_may_look_like_anything(properties: object) -> None:
    assert _with_line(properties=properties).lines[0].quantity == 3


# --- where to, and whether at all ------------------------------------------------------------------------------------


def test_an_order_without_an_address_is_held_with_the_reason() -> None:
    order = _order(shipping_address=None)
    assert (order.ship_to, order.hold) == (None, "no shipping address")


def test_what_does_not_ship_needs_no_address() -> None:
    assert _order(shipping_address=None, line_items=[{**LINE, "requires_shipping": False}]).hold == ""


@pytest.mark.parametrize("country", [None, "", "United States", "USA"])
def test_an_unknown_country_is_parked(country: object) -> None:
    bad = _bad({**ORDER, "shipping_address": {**ADDRESS, "country_code": country, "country": country}})
    assert (bad.record, bad.field) == ("order #1001", "ship_to.country")


@pytest.mark.parametrize("category", ["pickup", "pick-up", "PICK_UP"])
def test_a_pick_up_goes_to_the_node_at_its_location(category: str) -> None:
    order = {
        **ORDER,
        "location_id": 77,
        "shipping_address": None,
        "shipping_lines": [{"title": "In store", "delivery_category": category}],
    }
    found = _read(order, locations={"77": "STORE1"})
    assert isinstance(found, SalesOrder)
    assert (found.method, found.lines[0].pick_up_node, found.hold) == (DeliveryMethod.PICK_UP, "STORE1", "")


def test_a_sale_at_the_till_is_a_pick_up() -> None:
    assert _order(source_name="pos", shipping_address=None).method is DeliveryMethod.PICK_UP


def test_a_local_delivery_keeps_its_address() -> None:
    order = _order(shipping_lines=[{"title": "Bike", "delivery_category": "local"}])
    assert order.method is DeliveryMethod.LOCAL
    assert order.ship_to is not None


@pytest.mark.parametrize("state", ["voided", "refunded", "expired"])
def test_what_was_given_back_is_held(state: str) -> None:
    assert _order(financial_status=state).hold


@pytest.mark.parametrize("state", ["pending", "authorized", "partially_paid"])
def test_unpaid_orders_are_held_only_where_the_merchant_says_so(state: str) -> None:
    order = {**ORDER, "financial_status": state}
    freely, strictly = _read(order), _read(order, hold_unpaid=True)
    assert isinstance(freely, SalesOrder)
    assert isinstance(strictly, SalesOrder)
    assert freely.hold == ""
    assert "paid" in strictly.hold


@pytest.mark.parametrize(("state", "held"), [("paid", ""), ("partially_refunded", ""), (None, "none"), ("new", "new")])
def test_only_what_is_known_to_be_paid_goes_on_where_the_merchant_wants_it_paid(state: object, held: str) -> None:
    order = _read({**ORDER, "financial_status": state}, hold_unpaid=True)
    assert isinstance(order, SalesOrder)
    assert order.hold == (f"not known to be paid ({held})" if held else "")


@pytest.mark.parametrize(
    ("line", "order", "gone"),
    [
        ({"fulfillment_status": "fulfilled"}, {}, 3),
        ({"fulfillment_status": "fulfilled"}, {"fulfillments": None}, 3),
        ({"fulfillment_status": "partial", "fulfillable_quantity": 2}, {"fulfillments": None}, 1),
        ({"fulfillment_status": "partial", "fulfillable_quantity": 2}, {}, 0),
        ({"fulfillment_status": None, "fulfillable_quantity": 0}, {}, 0),
    ],
)
def test_what_the_shop_calls_fulfilled_does_not_ship_again_although_no_fulfilment_is_listed(
    line: dict[str, object], order: dict[str, object], gone: int
) -> None:
    (read,) = _order(line_items=[{**LINE, **line}], **order).lines
    assert read.fulfilled == gone


@pytest.mark.parametrize("half", ["\x00", "\ud83d"])
def test_a_name_with_what_no_text_can_hold_is_read_with_a_mark_in_its_place(half: str) -> None:
    assert _order(customer={"id": 1, "first_name": f"Zo{half}"}).customer.name == "Zo\ufffd"


def test_tags_may_be_a_list() -> None:
    assert _order(tags=["vip", " b "]).tags == {"vip", "b"}


def test_several_reasons_to_hold_are_all_said() -> None:
    assert _order(financial_status="voided", confirmed=False, shipping_address=None).hold == (
        "the payment was voided; not confirmed by the shop; no shipping address"
    )


def test_cancelled_and_test_orders_say_so() -> None:
    assert _order(cancelled_at="2026-11-20T01:00:00-05:00").cancelled
    assert _order(test=True).test


# --- what cannot be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["XXX", "usdollar", None, 5, ""])
def test_an_unknown_currency_is_parked(currency: object) -> None:
    bad = _bad({**ORDER, "currency": currency})
    assert (bad.record, bad.field) == ("order #1001", "currency")


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
@pytest.mark.parametrize("value", ["2026-11-20T01:00:00", "yesterday", None])
def test_a_time_without_a_zone_or_sense_is_parked(field: str, value: object) -> None:
    bad = _bad({**ORDER, "processed_at": None, field: value})
    assert bad.field in {"placed_at", "updated_at"}


@pytest.mark.parametrize("field", ["id", "updated_at", "currency", "line_items"])
def test_an_order_without_its_essentials_is_parked(field: str) -> None:
    assert _bad({name: value for name, value in ORDER.items() if name != field}).record.startswith("order #1001")


def test_two_lines_with_one_id_are_parked() -> None:
    assert "share one line id" in _bad({**ORDER, "line_items": [LINE, LINE]}).what


@pytest.mark.parametrize("lines", [None, {}, "x", [5], [None], [{}], [{"id": {}}]])
def test_lines_of_no_shape_are_parked(lines: object) -> None:
    assert _bad({**ORDER, "line_items": lines}).field in {"line_items", "line_items.id", "id"}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"5", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"id":NaN}', b"9" * 5000]
)
def test_bytes_that_are_no_order_are_parked(content: bytes) -> None:
    found = read_order(content, "shop", _settings())
    assert isinstance(found, BadRecord)
    assert found.todo


def test_a_complaint_shows_the_record_and_says_what_to_do() -> None:
    bad = _bad({**ORDER, "currency": "XXX"})
    assert '"#1001"' in bad.extract
    assert "correct the order in the shop" in bad.todo
    assert bad.code == "order currency"


#: The first example loads tables of Unicode; on a busy machine that alone takes seconds.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*LINE, *ADDRESS]), inner, max_size=4),
    max_leaves=6,
)


@_UNHURRIED
@given(st.dictionaries(st.sampled_from(sorted(ORDER)), _ANYTHING, max_size=4))
def test_whatever_stands_in_an_order_it_is_read_or_parked_and_never_crashes(changes: dict[str, object]) -> None:
    assert isinstance(_read({**ORDER, **changes}), SalesOrder | BadRecord)


@_UNHURRIED
@given(st.dictionaries(st.sampled_from(sorted(LINE)), _ANYTHING, max_size=4))
def test_whatever_stands_in_a_line_it_is_read_or_parked_and_never_crashes(changes: dict[str, object]) -> None:
    assert isinstance(_read({**ORDER, "line_items": [{**LINE, **changes}]}), SalesOrder | BadRecord)


# --- the vendor's own examples ---------------------------------------------------------------------------------------


def _sample_orders() -> Iterator[tuple[str, dict[str, object]]]:
    for path in sorted(SAMPLES.glob("**/*.json")):
        for order in _orders_in(json.loads(path.read_bytes())):
            yield path.relative_to(SAMPLES).as_posix(), order


def _orders_in(tree: object) -> Iterator[dict[str, object]]:
    if isinstance(tree, dict):
        if "line_items" in tree and ("financial_status" in tree or "order_number" in tree):
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _orders_in(each)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples beside the repository are not here")
def test_every_sample_order_is_read_and_every_fragment_is_parked_with_its_place() -> None:
    """A fragment is the body of a request, or a schema with "example string" in every field."""
    read = 0
    for name, order in _sample_orders():
        found = _read(order)
        whole = "updated_at" in order and "example string" not in str(order["line_items"])
        assert isinstance(found, SalesOrder) == whole, f"{name}: {found}"
        if isinstance(found, BadRecord):
            assert found.record, name
            assert found.field, name
        read += isinstance(found, SalesOrder)
    assert read >= 70


def test_what_an_order_costs_beside_its_lines_and_what_was_paid_of_it() -> None:
    order = _order(
        shipping_lines=[
            {"title": "Express", "price": "9.90", "discount_allocations": [{"amount": "2.00"}]},
            {"title": "Free", "price": "0.00"},
        ],
        tax_lines=[{"title": "State", "price": "3.10"}, {"title": "County", "price": "0.90"}],
        total_tax="4.00",
        total_outstanding="100.00",
        payment_gateway_names=["shopify_payments"],
    )
    found = [(each.kind.value, each.name, each.amount) for each in order.charges]
    assert found == [
        ("shipping", "Express", Decimal("7.90")),
        ("tax", "State, County", Decimal("4.00")),
        ("payment", "shopify_payments", Decimal("124.97")),
    ]


def test_taxes_within_prices_are_no_charge() -> None:
    assert _order(taxes_included=True, total_tax="4.00", shipping_lines=[]).charges == ()


def test_what_discounts_took_off_a_line_is_told_for_what_is_left_of_it() -> None:
    line = {**LINE, "current_quantity": 2, "discount_allocations": [{"amount": "30.00"}]}
    (read,) = _order(line_items=[line]).lines
    assert (read.quantity, read.price, read.discount) == (2, Decimal("64.99"), Decimal("20.0000"))
