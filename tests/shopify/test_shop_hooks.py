"""What the shop calls us with: proven, kept once, read at once; and subscriptions that the shop has dropped."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from connectors.shopify.connector import PLUGIN, ShopifyConnector
from connectors.shopify.hooks import TOPICS
from hub.contract import AccessDenied, Hears, Profile, RawItem
from hub.model.document import Kind
from hub.testing import MemoryContext
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]
BODY = b'{"id":9007199254740993, "name":"Zo\xc3\xab"}'
LIST = "GET /webhooks.json"


def _headers(secret: str, family: str = "x-shopify-", body: bytes = BODY, **more: str) -> Mapping[str, str]:
    signature = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    told = {"topic": "orders/updated", "event-id": "e1", "webhook-id": "w1", "hmac-sha256": signature, **more}
    return {f"{family}{name}": value for name, value in told.items()}


@pytest.mark.parametrize("family", ["x-shopify-", "shopify-"])
@pytest.mark.parametrize("secret", ["new one", "old one"])
def test_a_call_signed_with_the_new_or_the_old_secret_is_the_shops(
    make_profile: ProfileMaker, family: str, secret: str
) -> None:
    profile = make_profile(client_secret="new one", old_client_secret="old one")
    assert isinstance(PLUGIN, Hears)
    knock = PLUGIN.hear(profile, _headers(secret, family), BODY)
    assert (knock.document, knock.key, knock.name) == ("hooks", "orders/updated:e1", "orders/updated")
    assert knock.wakes == {Kind.SALES_ORDER}


@pytest.mark.parametrize("signature", ["", "no base64 at all", "AAAA", "é"])
def test_a_call_that_is_not_signed_is_refused(make_profile: ProfileMaker, signature: str) -> None:
    headers = {**_headers("s3cret"), "x-shopify-hmac-sha256": signature}
    with pytest.raises(AccessDenied, match="not signed"):
        PLUGIN.hear(make_profile(client_secret="s3cret"), headers, BODY)


def test_one_changed_byte_breaks_the_signature(make_profile: ProfileMaker) -> None:
    with pytest.raises(AccessDenied):
        PLUGIN.hear(make_profile(client_secret="s3cret"), _headers("s3cret"), BODY + b" ")


def test_without_a_secret_nothing_can_be_proven(make_profile: ProfileMaker) -> None:
    with pytest.raises(AccessDenied, match="no client_secret"):
        PLUGIN.hear(make_profile(), _headers(""), BODY)


def test_the_same_event_has_the_same_key_whichever_headers_come(make_profile: ProfileMaker) -> None:
    profile = make_profile(client_secret="s")
    plain = {name: value for name, value in _headers("s").items() if "event" not in name}
    bare = {name: value for name, value in plain.items() if "webhook" not in name}
    keys = [PLUGIN.hear(profile, headers, BODY).key for headers in (_headers("s"), plain, bare, bare)]
    assert keys[:2] == ["orders/updated:e1", "orders/updated:w1"]
    assert keys[2] == keys[3]


def test_a_call_about_something_else_wakes_nobody(make_profile: ProfileMaker) -> None:
    headers = _headers("s", topic="products/update")
    assert PLUGIN.hear(make_profile(client_secret="s"), headers, BODY).wakes == frozenset()


def test_what_is_kept_of_a_call_makes_no_record(shop: ShopifyConnector) -> None:
    assert list(shop.parse("hooks", RawItem("k", BODY))) == []


# --- subscriptions ---------------------------------------------------------------------------------------------------


@pytest.fixture
def reachable(profile: Profile) -> Profile:
    settings = profile.settings.model_copy(update={"webhook_url": "https://hub.example/"})
    return replace(profile, settings=settings)


def _subscribed(sandbox: RunningSandbox) -> dict[str, str]:
    return {each.topic: each.address for each in sandbox._site.webhooks.subscriptions.values()}


def test_the_hub_subscribes_to_what_it_needs_once_a_day(
    sandbox: RunningSandbox, connect: Opener, reachable: Profile, context: MemoryContext
) -> None:
    for _ in range(3):
        list(connect(reachable).fetch("orders", None))
    assert _subscribed(sandbox) == dict.fromkeys(TOPICS, "https://hub.example/hooks/shop")
    assert sandbox.calls("shop")["shop"][LIST] == 1
    context.clock.advance(24 * 3600)
    list(connect(reachable).fetch("orders", None))
    assert sandbox.calls("shop")["shop"][LIST] == 2
    assert sandbox.calls("shop")["shop"]["POST /webhooks.json"] == len(TOPICS)


def test_a_subscription_that_the_shop_dropped_is_made_again(
    sandbox: RunningSandbox, connect: Opener, reachable: Profile, context: MemoryContext
) -> None:
    list(connect(reachable).fetch("orders", None))
    subscriptions = sandbox._site.webhooks.subscriptions
    sandbox._ask(lambda: subscriptions.pop(next(iter(subscriptions))))
    context.clock.advance(25 * 3600)
    list(connect(reachable).fetch("orders", None))
    assert set(_subscribed(sandbox)) == set(TOPICS)


def test_a_shop_that_will_not_subscribe_stops_no_reading(
    sandbox: RunningSandbox, connect: Opener, reachable: Profile
) -> None:
    sandbox.place(1)
    sandbox.mood("shop", "picky", on="* /webhooks.json")
    (page,) = connect(reachable).fetch("orders", None)
    assert len(page.items) == 1


def test_without_an_address_nothing_is_asked(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    list(shop.fetch("orders", None))
    assert LIST not in sandbox.calls("shop")["shop"]
