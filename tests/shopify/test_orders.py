"""Reading orders: nothing missed, nothing changed, however the reading is interrupted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import responses
from responses import matchers

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.cut import elements
from connectors.shopify.orders import Cursor, raw_item
from hub.contract import AccessDenied, BadRecord, Page, Profile, RawItem, TemporaryFailure
from hub.testing import FakeClock, MemoryContext
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]
ORDERS = "https://shop.test/admin/api/2026-07/orders.json"
T0 = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def _order(number: int, updated: str = "2026-11-20T05:00:00+00:00") -> dict[str, object]:
    return {"id": number, "name": f"#{number}", "updated_at": updated}


def _page(*orders: dict[str, object], following: str | None = None, date: str | None = None) -> dict[str, object]:
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    if date:
        headers["Date"] = date
    return {"body": json.dumps({"orders": orders}), "headers": headers}


def _read(shop: ShopifyConnector, cursor: str | None = None) -> list[Page]:
    return list(shop.fetch("orders", cursor))


def _numbers(pages: list[Page]) -> list[int]:
    return [json.loads(item.content)["id"] for page in pages for item in page.items]


# --- against the running shop ----------------------------------------------------------------------------------------


def _small(profile: Profile, size: int = 3) -> Profile:
    return replace(profile, settings=profile.settings.model_copy(update={"page_size": size}))


def test_only_the_needed_fields_are_asked_for_where_that_is_wanted(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    sandbox.place(5)
    small = profile.settings.model_copy(update={"page_size": 2, "order_fields": "needed"})
    whole, lean = connect(_small(profile, 2)), connect(replace(profile, settings=small))
    both = [
        [record for page in _read(shop) for item in page.items for record in shop.parse("orders", item)]
        for shop in (whole, lean)
    ]
    assert both[0] == both[1]
    assert len(both[0]) == 5
    sizes = [sum(len(item.content) for page in _read(shop) for item in page.items) for shop in (whole, lean)]
    assert sizes[1] < sizes[0]


def test_every_order_comes_once_over_several_pages(sandbox: RunningSandbox, connect: Opener, profile: Profile) -> None:
    placed = sandbox.place(10)
    pages = _read(connect(_small(profile)))
    assert sorted(map(str, _numbers(pages))) == sorted(placed)
    assert [len(page.items) for page in pages] == [3, 3, 3, 1]


def test_cancelled_and_closed_orders_come_too(sandbox: RunningSandbox, connect: Opener, profile: Profile) -> None:
    (gone,) = sandbox.place(1)
    sandbox.cancel(gone)
    (order,) = connect(profile).parse("orders", _read(connect(profile))[0].items[0])
    assert order.cancelled


def test_an_order_that_changes_while_we_page_is_not_missed(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    placed = sandbox.place(9)
    shop = connect(_small(profile))
    reading = shop.fetch("orders", None)
    pages = [next(reading)]
    changed = json.loads(pages[0].items[0].content)["id"]
    later = sandbox._site.shop.orders[changed]
    sandbox._ask(lambda: setattr(later, "updated", later.updated + timedelta(seconds=5)))
    pages += reading
    pages += _read(shop, pages[-1].cursor)
    versions = {item.key for page in pages for item in page.items if json.loads(item.content)["id"] == changed}
    assert len(versions) == 2
    assert {str(number) for number in _numbers(pages)} == set(placed)


@pytest.mark.parametrize("pages_read", [1, 2, 3])
def test_whoever_dies_between_pages_goes_on_there(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, pages_read: int
) -> None:
    placed = sandbox.place(10)
    reading = connect(_small(profile)).fetch("orders", None)
    pages = [next(reading) for _ in range(pages_read)]
    reading.close()
    rest = _read(connect(_small(profile)), pages[-1].cursor)
    assert sorted(map(str, _numbers([*pages, *rest]))) == sorted(placed)


def test_an_order_placed_later_comes_with_the_next_reading(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    sandbox.place(2)
    shop = connect(profile)
    known = _read(shop)
    (later,) = sandbox.place(1)
    fresh = {item.key for page in _read(shop, known[-1].cursor) for item in page.items} - {
        item.key for page in known for item in page.items
    }
    assert [key.split(":")[0] for key in fresh] == [later]


def test_a_shop_without_orders_gives_an_empty_page(shop: ShopifyConnector) -> None:
    assert [page.items for page in _read(shop)] == [()]


# --- the watermark ---------------------------------------------------------------------------------------------------


@pytest.fixture
def by_hand(connect: Opener, make_profile: ProfileMaker) -> ShopifyConnector:
    return connect(make_profile())


@responses.activate
def test_the_first_request_asks_for_every_status_oldest_change_first(by_hand: ShopifyConnector) -> None:
    query = {"status": "any", "order": "updated_at asc", "limit": "250"}
    responses.get(ORDERS, **_page(), match=[matchers.query_param_matcher(query)])
    _read(by_hand)


@responses.activate
def test_a_first_reading_can_start_at_a_given_time(connect: Opener, make_profile: ProfileMaker) -> None:
    responses.get(ORDERS, **_page(), match=[_since("2026-10-01T00:00:00+00:00")])
    _read(connect(make_profile(start_at="2026-10-01T00:00:00Z")))


@responses.activate
def test_the_watermark_is_the_latest_update(by_hand: ShopifyConnector) -> None:
    early, late = _order(1, "2026-11-20T04:00:00+00:00"), _order(2, "2026-11-20T06:00:00+01:00")
    responses.get(ORDERS, **_page(late, early, date="Fri, 20 Nov 2026 06:00:00 GMT"))
    (page,) = _read(by_hand)
    assert Cursor.read(page.cursor) == Cursor(since=T0 - timedelta(hours=1), swept=T0, deep=T0)


@responses.activate
def test_the_watermark_never_passes_the_moment_the_reading_began(by_hand: ShopifyConnector) -> None:
    """An order that changed on a page already read must come again, although a later one was seen."""
    responses.get(ORDERS, **_page(_order(1, "2026-11-20T06:30:00+00:00"), date="Fri, 20 Nov 2026 06:00:00 GMT"))
    (page,) = _read(by_hand)
    assert Cursor.read(page.cursor).since == T0


@responses.activate
def test_the_watermark_moves_only_with_the_last_page(by_hand: ShopifyConnector) -> None:
    second = f"{ORDERS}?limit=250&page_info=abc"
    responses.get(ORDERS, **_page(_order(1), following=second), match=[_without_page_info()])
    responses.get(second, **_page(_order(2), date="Fri, 20 Nov 2026 06:10:00 GMT"))
    known = Cursor(since=T0 - timedelta(days=1), swept=T0, deep=T0)
    first, last = _read(by_hand, known.write())
    assert Cursor.read(first.cursor).since == T0 - timedelta(days=1)
    assert Cursor.read(first.cursor).next == second
    assert Cursor.read(last.cursor) == Cursor(since=T0 - timedelta(hours=1), swept=T0, deep=T0)


@responses.activate
def test_the_watermark_never_goes_back(by_hand: ShopifyConnector) -> None:
    responses.get(ORDERS, **_page(_order(1, "2026-11-20T05:00:00+00:00")))
    (page,) = _read(by_hand, Cursor(since=T0).write())
    assert Cursor.read(page.cursor).since == T0


@responses.activate
def test_a_quiet_shop_leaves_the_watermark(by_hand: ShopifyConnector) -> None:
    responses.get(ORDERS, **_page())
    (page,) = _read(by_hand, Cursor(since=T0, swept=T0, deep=T0).write())
    assert Cursor.read(page.cursor) == Cursor(since=T0, swept=T0, deep=T0)


@responses.activate
def test_most_readings_go_back_by_seconds_and_now_and_then_one_by_minutes(
    by_hand: ShopifyConnector, context: MemoryContext
) -> None:
    cursor = Cursor(since=T0, swept=T0, deep=T0).write()
    asked = []
    for _ in range(7):
        responses.get(ORDERS, **_page())
        cursor = _read(by_hand, cursor)[-1].cursor
        asked.append(T0 - datetime.fromisoformat(responses.calls[-1].request.params["updated_at_min"]))
        context.clock.advance(60)
    brief, long = timedelta(seconds=15), timedelta(minutes=10)
    assert asked == [brief] * 5 + [long, brief]


@responses.activate
def test_a_page_that_has_expired_starts_the_reading_again(by_hand: ShopifyConnector) -> None:
    old = f"{ORDERS}?limit=250&page_info=old"
    responses.get(old, status=400, json={"errors": {"page_info": "Invalid value."}})
    responses.get(ORDERS, **_page(_order(7)), match=[_since("2026-11-20T05:59:45+00:00")])
    assert _numbers(_read(by_hand, Cursor(since=T0, swept=T0, next=old, began=T0).write())) == [7]


@pytest.mark.parametrize("text", [None, "", "{}", "[]", "nonsense", '{"since":"yesterday"}', '{"since":5}'])
def test_a_cursor_that_is_not_ours_starts_at_the_beginning(text: str | None) -> None:
    assert Cursor.read(text) == Cursor()


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(T0, T0 + timedelta(3), next="https://x", began=T0 + timedelta(1), latest=T0 + timedelta(2))
    assert Cursor.read(cursor.write()) == cursor


@responses.activate
def test_the_next_page_is_asked_for_word_for_word(by_hand: ShopifyConnector) -> None:
    second = f"{ORDERS}?page_info=eyJkIjoiLy8%2BPSJ9&limit=250"
    responses.get(ORDERS, **_page(_order(1), following=second), match=[_without_page_info()])
    responses.get(second, **_page(_order(2)))
    _read(by_hand)
    assert responses.calls[-1].request.url == second


@responses.activate
@pytest.mark.parametrize(
    "link",
    [
        '<{0}>; rel="Next"',
        "<{0}>; Rel=next",
        '<{1}>; rel="previous", <{0}>; rel="next"',
        '<https://SHOP.test:443{2}>; rel="next"',
        '<{2}>; rel="next"',
    ],
)
def test_a_link_is_followed_however_it_is_spelt(by_hand: ShopifyConnector, link: str) -> None:
    path = f"{ORDERS.removeprefix('https://shop.test')}?page_info="
    header = link.format(f"{ORDERS}?page_info=b", f"{ORDERS}?page_info=a", f"{path}b")
    first = {**_page(_order(1)), "headers": {"Link": header}}
    responses.get(ORDERS, **first, match=[_without_page_info()])
    responses.get(re.compile(r"https://shop\.test(:443)?/.*page_info=b", re.IGNORECASE), **_page(_order(2)))
    assert len([item for page in by_hand.fetch("orders", None) for item in page.items]) == 2


@responses.activate
def test_a_link_to_another_host_does_not_get_the_token(by_hand: ShopifyConnector) -> None:
    responses.get(ORDERS, **_page(_order(1), following="https://elsewhere.test/orders.json?page_info=1"))
    reading = by_hand.fetch("orders", None)
    next(reading)
    with pytest.raises(AccessDenied, match=r"elsewhere\.test"):
        next(reading)
    assert {str(call.request.url).partition("/admin")[0] for call in responses.calls} == {"https://shop.test"}


def _since(moment: str) -> Callable[..., tuple[bool, str]]:
    return matchers.query_param_matcher({"updated_at_min": moment}, strict_match=False)


def _without_page_info() -> Callable[..., tuple[bool, str]]:
    return lambda request: ("page_info" not in str(request.url), "page_info is not expected")


# --- bytes and keys --------------------------------------------------------------------------------------------------


@responses.activate
def test_an_order_is_kept_byte_for_byte(by_hand: ShopifyConnector) -> None:
    exact = '{"id":9007199254740993, "price":1.10,"rate":1e-7, "name":"\\u00e9 \\/ é","nested":{"a":[1 ,2]},"x":1.0}'
    responses.get(ORDERS, body=f'{{"orders":[\n {exact} ,{exact}]}}')
    items = _read(by_hand)[0].items
    assert [item.content.decode() for item in items] == [exact, exact]


def test_the_key_is_the_same_for_the_same_version_for_ever() -> None:
    content = json.dumps(_order(1)).encode()
    assert raw_item(content, _order(1)).key == raw_item(content, _order(1)).key
    assert raw_item(content, _order(1)).key == "1:2026-11-20T05:00:00+00:00:302dff3cb4e5"


def test_a_change_that_the_shop_does_not_date_is_another_document() -> None:
    """The customer's totals change with other orders and leave updated_at alone."""
    once, again = ({**_order(1), "customer": {"orders_count": count}} for count in (1, 2))
    keys = {raw_item(json.dumps(order).encode(), order).key for order in (once, again)}
    assert len(keys) == 2


def test_the_item_carries_its_time_and_name() -> None:
    item = raw_item(b"{}", _order(1, "2026-11-20T07:00:00+02:00"))
    assert (item.at, item.name) == (datetime(2026, 11, 20, 5, 0, tzinfo=UTC), "#1")


@pytest.mark.parametrize("order", [{}, {"id": None}, [], "x", 5, None, {"updated_at": "2026-11-20 no zone"}])
def test_an_order_without_id_or_time_still_becomes_an_item(order: object) -> None:
    item = raw_item(json.dumps(order).encode(), order)
    assert isinstance(item, RawItem)
    assert item.key.startswith("?:")


@responses.activate
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"errors":1}',
        b'{"orders":[{"id":1}',
        b'{"orders":[{"id":1},]}',
        b'{"orders":{}}',
        b'{"orders":[' + b"[" * 100_000,
    ],
)
def test_a_page_that_cannot_be_read_is_a_passing_failure(by_hand: ShopifyConnector, body: bytes) -> None:
    responses.get(ORDERS, body=body)
    with pytest.raises(TemporaryFailure, match="page of orders cannot be read"):
        _read(by_hand)


@responses.activate
@pytest.mark.parametrize(
    "spoilt", [b'{"id":2,"name":"\xff"}', b'{"id":2,"n":' + b"9" * 5000 + b"}", b'{"n":NaN}', b"7"]
)
def test_one_spoilt_order_is_parked_and_its_neighbours_arrive(by_hand: ShopifyConnector, spoilt: bytes) -> None:
    responses.get(ORDERS, body=b'{"orders":[{"id":1},' + spoilt + b',{"id":3}]}')
    items = _read(by_hand)[0].items
    assert [item.content for item in items] == [b'{"id":1}', spoilt, b'{"id":3}']
    (parsed,) = by_hand.parse("orders", items[1])
    assert isinstance(parsed, BadRecord)


def test_elements_are_cut_wherever_the_list_stands() -> None:
    text = ' { "count" : 2 , "x":{"orders":[9]}, "orders" : [ {"a": 1} , [2] ,"s" ] , "more": 1 }'
    assert list(elements(text, "orders")) == [('{"a": 1}', {"a": "1"}), ("[2]", ["2"]), ('"s"', "s")]


# --- the version of the API ------------------------------------------------------------------------------------------


@responses.activate
def test_another_served_version_is_said_once_and_not_again_by_the_next_connection(
    connect: Opener, make_profile: ProfileMaker, caplog: pytest.LogCaptureFixture
) -> None:
    responses.get(ORDERS, **{**_page(), "headers": {"X-Shopify-API-Version": "2026-10"}})
    for _ in range(2):
        shop = connect(make_profile())
        _read(shop)
        _read(shop)
    said = [record for record in caplog.records if record.message == "shopify_version_differs"]
    assert len(said) == 1
    assert said[0].fields["served"] == "2026-10"


def test_a_retired_version_falls_forward_and_is_told_once(
    connect: Opener, profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    old = replace(profile, settings=profile.settings.model_copy(update={"api_version": "2024-01", "read_timeout": 10}))
    for _ in range(2):
        shop = connect(old)
        _read(shop)
        assert "API 2025-07 instead of 2024-01" in shop.check().todo
    assert caplog.text.count("shopify_version_differs") == 1
    assert connect(profile).check().todo == ""


@responses.activate
def test_a_call_that_is_on_its_way_out_is_told_once(
    by_hand: ShopifyConnector, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"X-Shopify-API-Deprecated-Reason": "https://shopify.dev/changelog/orders"}
    responses.get(ORDERS, **{**_page(), "headers": headers})
    for _ in range(3):
        _read(by_hand)
    assert caplog.text.count("shopify_call_deprecated") == 1


@responses.activate
def test_the_right_version_is_not_worth_a_word(by_hand: ShopifyConnector, caplog: pytest.LogCaptureFixture) -> None:
    responses.get(ORDERS, **{**_page(), "headers": {"X-Shopify-API-Version": "2026-07"}})
    _read(by_hand)
    assert "shopify_version_differs" not in caplog.text


def test_the_call_limit_of_every_reply_reaches_the_limiter(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    context = MemoryContext(FakeClock())
    sandbox.place(5)
    _read(connect(_small(profile, 2), context))
    assert [capacity for _, capacity in context.limiter.observed] == [400.0] * 3
    assert len(context.limiter.acquired) == 3


@responses.activate
@pytest.mark.parametrize("header", ["", "40", "a/b", "1/0", "-1/40", "1/40/2", "99999999/40"])
def test_a_strange_call_limit_is_ignored(by_hand: ShopifyConnector, context: MemoryContext, header: str) -> None:
    responses.get(ORDERS, **{**_page(), "headers": {"X-Shopify-Shop-Api-Call-Limit": header}})
    _read(by_hand)
    assert context.limiter.observed == []
