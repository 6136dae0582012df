"""What `check` says of a shop, and which settings are refused before anything is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import responses
from pydantic import ValidationError

from connectors.shopify.connector import PLUGIN, ShopifyConnector
from connectors.shopify.settings import ShopifySettings
from hub.contract import Profile
from hub.testing import FakeClock, MemoryContext
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]
ADMIN = "https://shop.test/admin"
SCOPES = (
    "read_orders read_all_orders read_products read_locations write_inventory write_merchant_managed_fulfillment_orders"
).split()


def _answers(scopes: list[str] | None, version: str = "2026-07", date: str = "") -> None:
    headers = {"X-Shopify-API-Version": version, **({"Date": date} if date else {})}
    base = f"{ADMIN}/api/2026-07/"
    responses.get(f"{base}shop.json", json={"shop": {"name": "Apple", "currency": "USD"}}, headers=headers)
    locations = [
        {"id": 1, "name": "Fifth Avenue", "active": True},
        {"id": 2, "name": "Berlin", "active": True},
        {"id": 3, "name": "Closed", "active": False},
    ]
    responses.get(f"{base}locations.json", json={"locations": locations}, headers=headers)
    if scopes is None:
        responses.get(f"{ADMIN}/oauth/access_scopes.json", status=404)
    else:
        rows = [{"handle": scope} for scope in scopes]
        responses.get(f"{ADMIN}/oauth/access_scopes.json", json={"access_scopes": rows}, headers=headers)


def test_a_healthy_shop_is_described_in_a_sentence(shop: ShopifyConnector) -> None:
    health = shop.check()
    assert health.ok
    assert "answers (USD, API 2026-07); 2 locations mapped" in health.sentence
    assert health.todo == ""


def test_a_location_that_nobody_mapped_is_named(sandbox: RunningSandbox, connect: Opener, profile: Profile) -> None:
    own = sandbox.info["locations"]["warehouse"]
    settings = profile.settings.model_copy(update={"locations": {own: "DC1"}})
    health = connect(replace(profile, settings=settings)).check()
    assert health.ok
    assert f"1 not mapped: Drop ship suppliers ({sandbox.info['locations']['drop_ship']})" in health.sentence
    assert '"suppliers" or "ignore" for Drop ship suppliers' in health.todo


@responses.activate
@pytest.mark.parametrize(
    ("date", "seconds", "ok", "words"),
    [
        ("Sat, 28 Nov 2026 06:00:30 GMT", 0, True, "the shop's is 30 s ahead"),
        ("Sat, 28 Nov 2026 05:56:00 GMT", 0, False, "the shop's is 240 s behind"),
        ("Sat, 28 Nov 2026 06:00:00 GMT", 0.4, True, "it shows our time"),
    ],
)
def test_clocks_are_compared_by_the_date_of_a_reply(
    connect: Opener, make_profile: ProfileMaker, date: str, seconds: float, ok: bool, words: str
) -> None:
    _answers([*SCOPES], date=date)
    now = datetime(2026, 11, 28, 6, tzinfo=UTC) + timedelta(seconds=seconds)
    health = connect(make_profile(), context=MemoryContext(FakeClock(now))).check()
    (clocks,) = (point for point in health.points if point.name == "clocks")
    assert (clocks.ok, clocks.sentence, bool(clocks.todo)) == (ok, words, not ok)
    assert health.ok


@responses.activate
@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_shop_that_tells_no_time_is_not_compared(connect: Opener, make_profile: ProfileMaker, date: str) -> None:
    _answers([*SCOPES], date=date)
    assert [point.name for point in connect(make_profile()).check().points] == ["shop"]


@responses.activate
def test_a_closed_location_needs_no_mapping(connect: Opener, make_profile: ProfileMaker) -> None:
    _answers(SCOPES)
    assert connect(make_profile(locations={"1": "NY", "2": "ignore"})).check().todo == ""


@responses.activate
@pytest.mark.parametrize("missing", [scope for scope in SCOPES if scope != "read_all_orders"])
def test_a_missing_scope_is_named_with_what_it_is_for(
    connect: Opener, make_profile: ProfileMaker, missing: str
) -> None:
    _answers([scope for scope in SCOPES if scope != missing])
    health = connect(make_profile()).check()
    assert not health.ok
    assert f"grant the app {missing} (for " in health.todo


@responses.activate
def test_the_sixty_day_limit_is_mentioned(connect: Opener, make_profile: ProfileMaker) -> None:
    _answers([scope for scope in SCOPES if scope != "read_all_orders"])
    health = connect(make_profile()).check()
    assert health.ok
    assert "older than 60 days" in health.todo


@responses.activate
def test_a_write_scope_includes_its_read_scope(connect: Opener, make_profile: ProfileMaker) -> None:
    _answers([scope.replace("read_orders", "write_orders") for scope in SCOPES])
    assert connect(make_profile()).check().ok


@responses.activate
def test_a_fulfilment_service_needs_a_scope_of_its_own(connect: Opener, make_profile: ProfileMaker) -> None:
    _answers(SCOPES)
    health = connect(make_profile(fulfilment_service=True)).check()
    assert not health.ok
    assert "write_assigned_fulfillment_orders (for answering requests" in health.todo


@responses.activate
def test_a_shop_that_does_not_tell_its_scopes_is_not_doubted(connect: Opener, make_profile: ProfileMaker) -> None:
    _answers(None)
    assert connect(make_profile()).check().ok


@responses.activate
def test_a_retired_version_is_mentioned(connect: Opener, make_profile: ProfileMaker) -> None:
    _answers(SCOPES, version="2026-10")
    health = connect(make_profile()).check()
    assert "API 2026-10" in health.sentence
    assert "serves API 2026-10 instead of 2026-07" in health.todo


@pytest.mark.parametrize(("mood", "said"), [("locked_out", "401"), ("down", "GET /admin"), ("unavailable", "503")])
def test_trouble_is_said_and_not_raised(sandbox: RunningSandbox, shop: ShopifyConnector, mood: str, said: str) -> None:
    sandbox.mood("shop", mood)
    health = shop.check()
    assert not health.ok
    assert said in health.sentence


@responses.activate
@pytest.mark.parametrize(
    ("status", "said", "todo"),
    [
        (404, "Not Found", "check shop_url: https://shop.test is no shop"),
        (401, "[API] Invalid API key or access token", "the token is wrong, has been revoked or is another shop's"),
        (403, "[API] This action requires merchant approval for read_orders scope.", "grant the app the scope"),
        (402, "Unavailable Shop", "the shop is frozen or its plan is not paid for"),
    ],
)
def test_what_keeps_us_out_is_said_in_the_shops_words_with_its_cure(
    connect: Opener, make_profile: ProfileMaker, status: int, said: str, todo: str
) -> None:
    responses.get(f"{ADMIN}/api/2026-07/shop.json", status=status, json={"errors": said})
    health = connect(make_profile()).check()
    assert (health.ok, said in health.sentence) == (False, True)
    assert health.todo.startswith(todo)


@responses.activate
@pytest.mark.parametrize(
    ("scope", "places", "missing"),
    [
        ("write_assigned_fulfillment_orders", {"1": "NY"}, "write_merchant_managed_fulfillment_orders"),
        (SCOPES[-1], {"1": "NY", "4": "3PL"}, "write_third_party_fulfillment_orders"),
        (SCOPES[-1], {"1": "NY", "4": "ignore"}, ""),
        ("write_third_party_fulfillment_orders", {"1": "ignore", "4": "3PL"}, ""),
    ],
)
def test_the_scope_is_named_without_which_a_locations_fulfilment_orders_are_hidden(
    connect: Opener, make_profile: ProfileMaker, scope: str, places: dict[str, str], missing: str
) -> None:
    _answers([*SCOPES[:-1], scope])
    owned = [{"id": 1, "name": "NY", "active": True, "legacy": False}, {"id": 4, "name": "3PL", "legacy": True}]
    responses.replace("GET", f"{ADMIN}/api/2026-07/locations.json", json={"locations": owned})
    health = connect(make_profile(locations=places)).check()
    assert (health.ok, health.todo.partition(" (for")[0]) == (not missing, missing and f"grant the app {missing}")


@responses.activate
def test_a_mapped_location_that_the_shop_has_not_or_has_closed_is_named(
    connect: Opener, make_profile: ProfileMaker
) -> None:
    _answers(SCOPES)
    health = connect(make_profile(locations={"1": "NY", "2": "DE", "3": "OLD", "99": "TYPO", "98": "ignore"})).check()
    assert "2 mapped that the shop has not or has closed: 3 (OLD), 99 (TYPO)" in health.sentence
    assert "take out of [connection.locations]" in health.todo


@responses.activate
def test_an_address_that_is_no_shop_is_recognised(connect: Opener, make_profile: ProfileMaker) -> None:
    responses.get(f"{ADMIN}/api/2026-07/shop.json", json={"hello": "world"})
    health = connect(make_profile()).check()
    assert not health.ok
    assert "check shop_url" in health.todo


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://my-shop.myshopify.com", "https://my-shop.myshopify.com"),
        ("https://my-shop.myshopify.com/", "https://my-shop.myshopify.com"),
        ("my-shop.myshopify.com", "https://my-shop.myshopify.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_the_address_of_a_shop_is_tidied(given: str, kept: str) -> None:
    assert ShopifySettings.model_validate({"shop_url": given, "token": "t"}).shop_url == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://my-shop.myshopify.com",
        "ftp://my-shop.myshopify.com",
        "https://my-shop.myshopify.com/admin",
        "https://user:pw@my-shop.myshopify.com",
        "https://",
        "",
    ],
)
def test_an_address_that_would_leak_the_token_or_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        ShopifySettings.model_validate({"shop_url": given, "token": "t"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_version": "2026-05"},
        {"api_version": "latest"},
        {"page_size": 251},
        {"overlap_minutes": 0},
        {"locations": {"Berlin": "DC1"}},
        {"locations": {"1": ""}},
        {"start_at": "2026-01-01T00:00:00"},
        {"toke": "x"},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ShopifySettings.model_validate({"shop_url": "https://shop.test", "token": "t", **wrong})


def test_suppliers_and_ignored_locations_are_no_nodes() -> None:
    given = {"shop_url": "https://shop.test", "token": "t", "locations": {"1": "DC1", "2": "suppliers", "3": "ignore"}}
    settings = ShopifySettings.model_validate(given)
    assert [settings.node_at(location) for location in ("1", "2", "3", "4")] == ["DC1", None, None, None]
    assert (settings.location_of("DC1"), settings.location_of("ACME")) == ("1", "")


def test_settings_of_another_connector_are_refused(make_profile: ProfileMaker, context: MemoryContext) -> None:
    other = replace(make_profile(), settings=make_profile().partner)
    with pytest.raises(TypeError, match="settings of shop are not a shop's"):
        PLUGIN.open(other, context)
