"""Setting stock at the shop, one figure a call; over GraphQL: test_levels.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import responses

from connectors.shopify.connector import ShopifyConnector
from hub.contract import Absent, Found, Outbound, Profile, RateLimited, Rejected, TemporaryFailure
from hub.model.stock import StockPush, StockPushRow
from hub.testing import MemoryContext, MemoryNumbers
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]
ProfileMaker = Callable[..., Profile]
BASE = "https://shop.test/admin/api/2026-07/"


def _push(*rows: tuple[str, str, object]) -> StockPush:
    return StockPush(
        rows=tuple(
            StockPushRow(sku=sku, location=location, quantity=Decimal(str(quantity)))
            for sku, location, quantity in rows
        )
    )


def _document(shop: ShopifyConnector, *rows: tuple[str, str, object], note: str | None = None) -> Outbound:
    return Outbound("stock", "stock:1", shop.render("stock", _push(*rows), MemoryNumbers()).content, note=note)


def _skus(sandbox: RunningSandbox) -> list[str]:
    return sorted(sku for sku, each in sandbox._site.shop.variants.items() if each.item.ships)


def _shown(sandbox: RunningSandbox, sku: str, location: str) -> int | None:
    shop = sandbox._site.shop
    level = shop.levels.get((shop.variants[sku].inventory_item_id, int(location)))
    return level.available if level else None


@pytest.fixture
def profile(profile: Profile) -> Profile:
    return replace(profile, settings=profile.settings.model_copy(update={"stock_over": "rest"}))


@pytest.fixture
def make_profile(make_profile: ProfileMaker) -> ProfileMaker:
    return lambda **settings: make_profile(stock_over="rest", **settings)


@pytest.fixture(autouse=True)
def no_locations() -> Iterator[None]:
    """A shop made by hand has no location that somebody might have forgotten."""
    responses.get(f"{BASE}locations.json", json={"locations": []})
    yield
    responses.reset()


@pytest.fixture
def by_hand(connect: Opener, make_profile: ProfileMaker) -> ShopifyConnector:
    return connect(make_profile())


# --- against the running shop ----------------------------------------------------------------------------------------


def test_the_shop_shows_what_was_pushed(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    own, suppliers = (sandbox.info["locations"][name] for name in ("warehouse", "drop_ship"))
    first, second, *_ = _skus(sandbox)
    receipt = shop.send(_document(shop, (first, own, 7), (first, suppliers, 3), (second, own, 0)))
    assert [_shown(sandbox, first, own), _shown(sandbox, first, suppliers), _shown(sandbox, second, own)] == [7, 3, 0]
    assert (receipt.confirmed, receipt.reply) == (True, "3 set")


def test_an_unknown_sku_is_reported_and_the_others_are_set(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    own = sandbox.info["locations"]["warehouse"]
    (known, *_) = _skus(sandbox)
    receipt = shop.send(_document(shop, ("NOBODY", own, 7), (known, own, 5)))
    assert _shown(sandbox, known, own) == 5
    assert receipt.reply == "1 set; 1 unknown in the shop: NOBODY"
    assert receipt.untaken == ((str(own), "NOBODY"),)


def test_an_item_that_the_shop_does_not_track_is_reported_in_its_words(
    sandbox: RunningSandbox, shop: ShopifyConnector
) -> None:
    own = sandbox.info["locations"]["warehouse"]
    (known, *_) = _skus(sandbox)
    receipt = shop.send(_document(shop, ("GIFT-25", own, 7), (known, own, 5)))
    assert _shown(sandbox, known, own) == 5
    assert "1 set; 1 refused: GIFT-25" in receipt.reply
    assert "does not have inventory tracking enabled" in receipt.reply
    assert receipt.untaken == ((str(own), "GIFT-25"),)


def test_what_was_not_taken_before_a_push_broke_off_is_still_known(
    sandbox: RunningSandbox, shop: ShopifyConnector, context: MemoryContext
) -> None:
    own = sandbox.info["locations"]["warehouse"]
    (known, *_) = _skus(sandbox)
    document = _document(shop, ("NOBODY", own, 7), (known, own, 5))
    sandbox.mood("shop", "busy", for_calls=1, share=1.0, on="POST /inventory_levels/set.json")
    with pytest.raises(RateLimited):
        shop.send(document)
    receipt = shop.send(Outbound("stock", "stock:1", document.content, note=context.notes["stock:1"]))
    assert receipt.untaken == ((str(own), "NOBODY"),)
    found = shop.find(Outbound("stock", "stock:1", document.content, note=context.notes["stock:1"]))
    assert isinstance(found, Found)
    assert found.receipt.untaken == receipt.untaken


def test_when_the_shop_takes_none_it_is_refused(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    with pytest.raises(Rejected, match=r"took none of 1 figures.*tracking"):
        shop.send(_document(shop, ("GIFT-25", sandbox.info["locations"]["warehouse"], 7)))


def test_nothing_known_is_no_reason_to_park(shop: ShopifyConnector, sandbox: RunningSandbox) -> None:
    receipt = shop.send(_document(shop, ("NOBODY", sandbox.info["locations"]["warehouse"], 7)))
    assert receipt.reply == "0 set; 1 unknown in the shop: NOBODY"


def test_part_of_a_unit_is_not_offered(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    own = sandbox.info["locations"]["warehouse"]
    (known, *_) = _skus(sandbox)
    shop.send(_document(shop, (known, own, "2.9")))
    assert _shown(sandbox, known, own) == 2


def test_the_variants_are_read_once_for_all_connections(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    own = sandbox.info["locations"]["warehouse"]
    for quantity, sku in enumerate(_skus(sandbox)):
        shop = connect(profile)
        shop.send(_document(shop, (sku, own, quantity)))
    assert sandbox.calls("shop")["shop"]["POST /graphql.json runBulk"] == 1


def test_a_broken_off_push_goes_on_where_it_stopped(
    sandbox: RunningSandbox, shop: ShopifyConnector, context: MemoryContext
) -> None:
    own = sandbox.info["locations"]["warehouse"]
    first, second, third, *_ = _skus(sandbox)
    document = _document(shop, (first, own, 1), (second, own, 2), (third, own, 3))
    shop.send(_document(shop, (first, own, 9)))  # the products are known from here on
    calls = sandbox.calls("shop")["shop"]["POST /inventory_levels/set.json"]
    sandbox.mood("shop", "busy", for_calls=1, share=1.0, on="POST /inventory_levels/set.json")
    with pytest.raises(RateLimited):
        shop.send(document)
    assert context.notes["stock:1"] == "0"
    shop.send(Outbound("stock", "stock:1", document.content, note="1"))
    assert sandbox.calls("shop")["shop"]["POST /inventory_levels/set.json"] == calls + 1 + 2
    assert [_shown(sandbox, sku, own) for sku in (second, third)] == [2, 3]


def test_a_lost_reply_is_asked_again_at_once_because_a_figure_is_absolute(
    sandbox: RunningSandbox, shop: ShopifyConnector
) -> None:
    own = sandbox.info["locations"]["warehouse"]
    (known, *_) = _skus(sandbox)
    sandbox.mood("shop", "lost_reply", for_calls=1, on="POST /inventory_levels/set.json")
    shop.send(_document(shop, (known, own, 4)))
    assert _shown(sandbox, known, own) == 4


def test_an_outage_is_passed_on(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    (known, *_) = _skus(sandbox)
    sandbox.mood("shop", "down", on="POST /inventory_levels/set.json")
    with pytest.raises(TemporaryFailure):
        shop.send(_document(shop, (known, sandbox.info["locations"]["warehouse"], 4)))


def test_a_finished_push_is_found_and_an_unfinished_one_is_not(
    sandbox: RunningSandbox, shop: ShopifyConnector, context: MemoryContext
) -> None:
    (known, *_) = _skus(sandbox)
    document = _document(shop, (known, sandbox.info["locations"]["warehouse"], 4))
    assert shop.find(document) == Absent()
    shop.send(document)
    assert isinstance(shop.find(Outbound("stock", "stock:1", document.content, note=context.notes["stock:1"])), Found)
