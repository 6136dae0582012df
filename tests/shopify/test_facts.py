"""What workflows ask of a shop's order: payment, company, gift and risk, from what the shop really sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import read_order
from hub.contract import AccessDenied, Profile
from hub.model.order import SalesOrder
from hub.testing.context import MemoryContext

PLAIN = ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t"})
BASE = "https://shop.test/admin/api/2026-07/"
ORDER: dict[str, Any] = {
    "id": 7,
    "name": "#7",
    "created_at": "2026-11-20T05:00:00Z",
    "updated_at": "2026-11-20T05:00:00Z",
    "currency": "USD",
    "line_items": [{"id": 11, "sku": "A", "quantity": 1, "price": "5.00", "requires_shipping": True}],
    "shipping_address": {"name": "Zoe", "city": "Bonn", "country_code": "DE"},
}


def read(risk: object = None, **fields: object) -> SalesOrder:
    envelope = {"order": ORDER | fields} | ({"risk": risk} if risk is not None else {})
    found = read_order(json.dumps(envelope).encode(), "shop", PLAIN)
    assert isinstance(found, SalesOrder), found
    return found


@pytest.mark.parametrize("state", ["pending", "authorized", "partially_paid", "paid", "refunded"])
def test_the_payment_is_the_shops_word_for_it(state: str) -> None:
    assert read(financial_status=state).payment == state
    assert read(financial_status=state.upper()).payment == state


@pytest.mark.parametrize("silent", [None, 7, [], {}])
def test_a_shop_that_is_silent_about_the_payment_leaves_it_open(silent: object) -> None:
    assert read(financial_status=silent).payment == ""


def test_an_order_of_a_company_is_one_of_a_business() -> None:
    assert read(company={"id": 1, "location_id": 2}).b2b
    assert not read(company=None).b2b


@pytest.mark.parametrize(
    ("notes", "gift", "message"),
    [
        ([{"name": "gift", "value": "true"}], True, ""),
        (
            [{"name": "Is Gift", "value": "Yes"}, {"name": "gift_message", "value": "Happy birthday"}],
            True,
            "Happy birthday",
        ),
        ([{"name": "Gift-Note", "value": " for you "}], True, "for you"),
        ([{"name": "gift", "value": "No"}], False, ""),
        ([{"name": "gift", "value": False}], False, ""),
        ([{"name": "gift", "value": True}], True, ""),
        ([{"name": "gift", "value": None}, {"name": None, "value": "true"}, "gift", 7], False, ""),
        ([{"name": "color", "value": "gift"}], False, ""),
        ({"gift": "true"}, False, ""),
        (None, False, ""),
    ],
)
def test_a_gift_is_told_by_the_usual_note_attributes(notes: object, gift: bool, message: str) -> None:
    order = read(note_attributes=notes)
    assert (order.gift, order.gift_message) == (gift, message)


def test_a_gift_card_is_no_gift() -> None:
    line = ORDER["line_items"][0] | {"gift_card": True}
    assert not read(line_items=[line]).gift


def told(*levels: object, advice: object = "NONE") -> dict[str, object]:
    return {"recommendation": advice, "assessments": [{"riskLevel": level} for level in levels]}


@pytest.mark.parametrize(
    ("risk", "meant"),
    [
        (told("LOW"), "low"),
        (told("LOW", "HIGH", "MEDIUM"), "high"),
        (told("LOW", "PENDING"), "pending"),
        (told("HIGH", "PENDING"), "high"),
        (told("NONE"), "none"),
        (told("LOW", advice="CANCEL"), "high"),
        (told(advice="INVESTIGATE"), "medium"),
        (told(advice="ACCEPT"), "low"),
        (told(), ""),
        (told(None, 7, advice=7), ""),
        ({}, ""),
        ([], ""),
        ("HIGH", ""),
        ({"assessments": "x"}, ""),
    ],
)
def test_the_worst_assessment_counts(risk: object, meant: str) -> None:
    assert read(risk=risk).risk == meant


# --- asking for it ---

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]


def graphql(*answers: dict[str, object]) -> None:
    """Answer what waits with nothing, and the questions for risks in turn."""
    turns = iter(answers)

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body)
        empty = {"fulfillmentOrders": {"nodes": [], "pageInfo": {"hasNextPage": False}}}
        found = next(turns) if asked["operationName"] == "risks" else {"data": empty}
        return 200, {}, json.dumps(found)

    responses.add_callback(responses.POST, f"{BASE}graphql.json", callback=answer)


def nodes(**levels: str) -> dict[str, object]:
    rows = [{"id": f"gid://shopify/Order/{key[1:]}", "risk": told(level)} for key, level in levels.items()]
    return {"data": {"nodes": [*rows, None]}}


def risks_of(shop: ShopifyConnector, cursor: str | None = None) -> tuple[dict[str, str], str]:
    pages = list(shop.fetch("orders", cursor))
    records = [record for page in pages for item in page.items for record in shop.parse("orders", item)]
    return {each.order_id: each.risk for each in records if isinstance(each, SalesOrder)}, pages[-1].cursor or ""


def asked_risks() -> list[list[str]]:
    bodies = [json.loads(call.request.body or b"{}") for call in responses.calls if call.request.method == "POST"]
    return [each["variables"]["ids"] for each in bodies if each["operationName"] == "risks"]


@responses.activate
def test_the_risk_of_a_page_of_open_orders_is_asked_for_at_once(connect: Opener, make_profile: ProfileMaker) -> None:
    done = ORDER | {"id": 9, "fulfillment_status": "fulfilled"}
    responses.get(f"{BASE}orders.json", json={"orders": [ORDER, ORDER | {"id": 8}, done]})
    graphql(nodes(o7="HIGH", o8="LOW"))
    assert risks_of(connect(make_profile(ask_risk=True)))[0] == {"7": "high", "8": "low", "9": ""}
    assert asked_risks() == [["gid://shopify/Order/7", "gid://shopify/Order/8"]]


@responses.activate
def test_nobody_is_asked_unless_the_merchant_wants_it(connect: Opener, make_profile: ProfileMaker) -> None:
    responses.get(f"{BASE}orders.json", json={"orders": [ORDER]})
    graphql()
    assert risks_of(connect(make_profile()))[0] == {"7": ""}


@responses.activate
def test_an_assessment_under_way_is_asked_for_again_until_it_is_done(
    connect: Opener, make_profile: ProfileMaker, context: MemoryContext
) -> None:
    shop = connect(make_profile(ask_risk=True), context)
    turns = iter([ORDER])  # the list has it once, a question for its id always

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        listed = [ORDER] if "ids=7" in request.url else list(turns)
        return 200, {}, json.dumps({"orders": listed})

    responses.add_callback(responses.GET, f"{BASE}orders.json", callback=answer)
    graphql(nodes(o7="PENDING"), nodes(o7="HIGH"))
    found, cursor = risks_of(shop)
    assert found == {"7": "pending"}
    assert risks_of(shop, cursor)[0] == {"7": "high"}
    assert risks_of(shop, cursor)[0] == {}
    assert len(asked_risks()) == 2


@responses.activate
def test_an_order_that_is_gone_is_asked_for_once_more_and_then_forgotten(
    connect: Opener, make_profile: ProfileMaker, context: MemoryContext
) -> None:
    shop = connect(make_profile(ask_risk=True), context)
    responses.get(f"{BASE}orders.json", json={"orders": [ORDER]})
    graphql(nodes(o7="PENDING"))
    cursor = risks_of(shop)[1]
    responses.replace(responses.GET, f"{BASE}orders.json", json={"orders": []})
    risks_of(shop, cursor)
    before = len(responses.calls)
    risks_of(shop, cursor)
    again = [call.request.url for call in list(responses.calls)[before:]]
    assert not [url for url in again if "ids=" in str(url)]


@responses.activate
def test_no_order_goes_on_when_the_risk_may_not_be_asked(connect: Opener, make_profile: ProfileMaker) -> None:
    responses.get(f"{BASE}orders.json", json={"orders": [ORDER]})
    denied = {"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}], "data": None}
    graphql(denied)
    with pytest.raises(AccessDenied):
        risks_of(connect(make_profile(ask_risk=True)))
