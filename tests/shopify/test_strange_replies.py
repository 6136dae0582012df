"""Replies to fulfilments that the running simulator never gives, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest
import responses

from connectors.shopify.client import ShopClient
from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.graphql import GraphQL
from connectors.shopify.levels import Levels, Wish
from connectors.shopify.parcel import Parcel, match
from connectors.shopify.settings import ShopifySettings
from hub.contract import ConnectorError, Outbound, OutcomeUnknown, Profile, RawItem, Rejected, TemporaryFailure
from hub.model.stock import StockPush, StockPushRow
from hub.testing import MemoryContext, MemoryNumbers

BASE = "https://shop.test/admin/api/2026-07/"
PARCEL = Parcel(order="7", lines={"70": 2}, location="5", number="1Z9")


def _part(location: int = 5, **changes: object) -> dict[str, object]:
    lines = [{"id": 900, "line_item_id": 70, "quantity": 2, "fulfillable_quantity": 2}]
    return {"id": 90, "status": "open", "assigned_location_id": location, "line_items": lines, **changes}


def _made(number: int, quantity: int = 2, **changes: object) -> dict[str, object]:
    lines = [{"id": 70, "quantity": quantity}]
    return {"id": number, "status": "success", "tracking_number": "1Z9", "line_items": lines, **changes}


def _shop_has(*parts: dict[str, object], fulfilments: tuple[dict[str, object], ...] = ()) -> None:
    responses.get(f"{BASE}orders/7/fulfillment_orders.json", json={"fulfillment_orders": parts})
    responses.get(f"{BASE}orders/7/fulfillments.json", json={"fulfillments": fulfilments})


@pytest.fixture
def shop(connect: Callable[..., ShopifyConnector], make_profile: Callable[..., Profile]) -> ShopifyConnector:
    return connect(make_profile())


def _document(parcel: Parcel = PARCEL) -> Outbound:
    return Outbound("fulfilments", "F1", parcel.write("F1"))


@responses.activate
def test_a_refusal_because_our_own_slow_call_got_there_first_is_a_success(shop: ShopifyConnector) -> None:
    _shop_has(_part(), fulfilments=(_made(1001),))
    responses.post(f"{BASE}fulfillments.json", status=422, json={"errors": ["Invalid quantity requested."]})
    receipt = shop.send(_document())
    assert (receipt.reference, receipt.confirmed) == ("1001", True)


@responses.activate
def test_a_refusal_that_is_not_explained_by_our_own_call_is_passed_on(shop: ShopifyConnector) -> None:
    _shop_has(_part(), fulfilments=(_made(1001, quantity=1),))
    responses.post(f"{BASE}fulfillments.json", status=422, json={"errors": ["Invalid quantity requested."]})
    with pytest.raises(Rejected, match="Invalid quantity requested"):
        shop.send(_document())


@responses.activate
def test_a_success_that_cannot_be_read_is_looked_into_and_not_repeated(shop: ShopifyConnector) -> None:
    _shop_has(_part())
    responses.post(f"{BASE}fulfillments.json", status=201, body="<html>")
    with pytest.raises(OutcomeUnknown, match="is not JSON"):
        shop.send(_document())


@responses.activate
def test_the_note_is_written_before_the_call_that_counts(shop: ShopifyConnector, context: MemoryContext) -> None:
    _shop_has(_part(status="in_progress"), fulfilments=(_made(1000, quantity=1, tracking_number="OTHER"),))
    responses.post(f"{BASE}fulfillments.json", status=500)
    with pytest.raises(OutcomeUnknown):
        shop.send(_document())
    assert '"before": ["1000"]' in context.notes["F1"]


@responses.activate
def test_a_move_whose_reply_shows_nothing_open_is_read_again_later(shop: ShopifyConnector) -> None:
    _shop_has(_part(location=4))
    responses.post(f"{BASE}fulfillment_orders/90/move.json", json={"moved_fulfillment_order": {"id": 91}})
    with pytest.raises(TemporaryFailure, match="after moving"):
        shop.send(_document())


@responses.activate
def test_a_fulfilment_order_that_may_not_be_moved_is_not_asked_to(shop: ShopifyConnector) -> None:
    _shop_has(_part(location=4, supported_actions=["create_fulfillment"]))
    made = responses.post(f"{BASE}fulfillments.json", status=201, json={"fulfillment": {"id": 1}})
    shop.send(_document())
    assert made.call_count == 1


@responses.activate
@pytest.mark.parametrize("part", [{"status": "open"}, _part(line_items=[{"line_item_id": 70}])])
def test_a_reply_without_ids_is_a_passing_failure(shop: ShopifyConnector, part: dict[str, object]) -> None:
    _shop_has(part)
    with pytest.raises(TemporaryFailure, match="lacks the id"):
        shop.send(_document())


@responses.activate
def test_both_fulfilment_orders_of_one_location_go_into_one_fulfilment(shop: ShopifyConnector) -> None:
    second = _part(line_items=[{"id": 901, "line_item_id": 71, "quantity": 1, "fulfillable_quantity": 1}])
    _shop_has(_part(), {**second, "id": 91})
    made = responses.post(f"{BASE}fulfillments.json", status=201, json={"fulfillment": {"id": 1}})
    shop.send(_document(Parcel(order="7", lines={"70": 2, "71": 1}, location="5", number="1Z9")))
    assert made.call_count == 1
    body = str(made.calls[0].request.body)
    assert '"fulfillment_order_id":90' in body
    assert '"fulfillment_order_id":91' in body


@responses.activate
def test_a_line_spread_over_two_fulfilment_orders_is_taken_from_the_shipping_location_first(
    shop: ShopifyConnector,
) -> None:
    lines = [{"id": 901, "line_item_id": 70, "quantity": 1, "fulfillable_quantity": 1}]
    _shop_has(_part(location=4, supported_actions=[]), {**_part(), "id": 91, "line_items": lines})
    made = responses.post(f"{BASE}fulfillments.json", status=201, json={"fulfillment": {"id": 1}})
    shop.send(_document())
    asked = [str(call.request.body) for call in made.calls]
    assert ['"fulfillment_order_id":91' in asked[0], '"fulfillment_order_id":90' in asked[1]] == [True, True]
    assert all('"quantity":1' in body for body in asked)


# --- what counts as ours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        _made(1, tracking_number="1Z8"),
        _made(1, tracking_number=None),
        _made(1, quantity=3),
        _made(1, status="cancelled"),
        _made(1, status="failure"),
        _made(1, line_items=[]),
        _made(1, line_items=[{"id": 71, "quantity": 1}]),
        _made(1, line_items=[{"id": 70, "quantity": 1}, {"id": 71, "quantity": 1}]),
    ],
)
def test_what_is_not_our_shipment_is_not_taken_for_it(other: dict[str, object]) -> None:
    assert match(PARCEL, [other], ()).missing == {"70": 2}


def test_one_of_several_tracking_numbers_may_be_ours() -> None:
    found = match(PARCEL, [_made(1, tracking_number="1Z8", tracking_numbers=["1Z8", "1z9"])], ())
    assert (found.ids, found.missing) == (("1",), {})


def test_no_more_is_taken_for_ours_than_we_shipped() -> None:
    found = match(PARCEL, [_made(3, 1), _made(2, 1), _made(1, 1)], ())
    assert (found.ids, found.missing) == (("1", "2"), {})


def test_what_was_there_before_is_not_ours() -> None:
    found = match(PARCEL, [_made(1), _made(2)], ("1",))
    assert found.ids == ("2",)


# --- documents that a shop does not have -----------------------------------------------------------------------------


def test_documents_that_a_shop_does_not_have_are_refused(shop: ShopifyConnector) -> None:
    push = StockPush(rows=(StockPushRow(sku="A", location="5", quantity=1),))
    with pytest.raises(Rejected, match="StockPush is no fulfilments"):
        shop.render("fulfilments", push, MemoryNumbers())
    with pytest.raises(Rejected, match="no document 'invoices'"):
        shop.send(Outbound("invoices", "1", b"{}"))
    with pytest.raises(Rejected, match="no document 'stock'"):
        shop.fetch("stock", None)
    with pytest.raises(Rejected, match="no document 'stock'"):
        next(shop.parse("stock", RawItem("1", b"{}")))


@responses.activate
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"data": {"inventorySetQuantities": None}}, "neither data nor errors"),
        ({"errors": "Not Found"}, "Not Found"),
        ({"errors": ["odd", {"message": "Try later"}]}, "Try later"),
    ],
)
def test_a_mutation_that_says_nothing_of_itself_has_set_nothing(
    context: MemoryContext, answer: object, words: str
) -> None:
    responses.post(f"{BASE}graphql.json", json=answer)
    settings = ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t"})
    with closing(ShopClient(settings, context)) as client, pytest.raises(ConnectorError, match=words):
        Levels(GraphQL(client, context)).put({(11, 5): Wish(7, 3)}, "stock:1")
