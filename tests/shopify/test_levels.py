"""Setting stock over GraphQL: many at once, compared first, once for each key, at the shop's pace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.shopify.connector import PLUGIN, ShopifyConnector
from connectors.shopify.levels import Wish
from hub.contract import AccessDenied, Found, Outbound, Profile, RateLimited, Rejected, TemporaryFailure
from hub.delivery.limits import AccountLimiter
from hub.model.stock import StockPush, StockPushRow
from hub.testing import FakeClock, MemoryContext, MemoryNumbers
from sandbox.options import Bucket, Options
from sandbox.shop.state import Level
from sandbox.world import RunningSandbox, start

Opener = Callable[..., ShopifyConnector]
CALL = "POST /graphql.json *"
ABOUT_STOCK = ("setQuantities", "levels", "activate")


def _document(shop: ShopifyConnector, *rows: tuple[str, str, int, int | None], note: str | None = None) -> Outbound:
    told = tuple(
        StockPushRow(sku=sku, location=at, quantity=Decimal(figure), was=None if was is None else Decimal(was))
        for sku, at, figure, was in rows
    )
    return Outbound("stock", "stock:1", shop.render("stock", StockPush(rows=told), MemoryNumbers()).content, note=note)


def _skus(sandbox: RunningSandbox) -> list[str]:
    return sorted(sku for sku, each in sandbox._site.shop.variants.items() if each.item.ships)


def _level(sandbox: RunningSandbox, sku: str, location: str) -> Level:
    shop = sandbox._site.shop
    return shop.levels[shop.variants[sku].inventory_item_id, int(location)]


def _stocked(sandbox: RunningSandbox, location: str) -> list[str]:
    levels, variants = sandbox._site.shop.levels, sandbox._site.shop.variants
    return [sku for sku in _skus(sandbox) if (variants[sku].inventory_item_id, int(location)) in levels]


def _calls(sandbox: RunningSandbox) -> int:
    calls = sandbox.calls("shop")["shop"]
    return sum(calls.get(f"POST /graphql.json {name}", 0) for name in ABOUT_STOCK)


@pytest.fixture
def own(sandbox: RunningSandbox) -> str:
    return str(sandbox.info["locations"]["warehouse"])


def test_many_figures_go_in_one_call_when_the_shop_shows_what_we_told(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str
) -> None:
    before = {sku: _level(sandbox, sku, own).available for sku in _stocked(sandbox, own)}
    rows = [(sku, own, shown + 5, shown) for sku, shown in before.items()]
    receipt = shop.send(_document(shop, *rows))
    assert all(_level(sandbox, sku, own).available == figure for sku, _, figure, _ in rows)
    assert (receipt.reply, receipt.untaken) == (f"{len(rows)} set", ())
    assert _calls(sandbox) == 1


def test_a_figure_that_was_never_told_is_looked_up_first(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str
) -> None:
    sku = _stocked(sandbox, own)[0]
    shop.send(_document(shop, (sku, own, 77, None)))
    assert _level(sandbox, sku, own).available == 77
    assert _calls(sandbox) == 2


def test_what_the_shop_shows_already_is_not_set_again(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str
) -> None:
    sku = _stocked(sandbox, own)[0]
    shop.send(_document(shop, (sku, own, _level(sandbox, sku, own).available, None)))
    assert _calls(sandbox) == 1


def test_a_row_that_changed_in_the_shop_is_read_again_and_the_others_go_with_it(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str
) -> None:
    first, second, *_ = _stocked(sandbox, own)
    seen = [_level(sandbox, sku, own).available for sku in (first, second)]
    _level(sandbox, first, own).available -= 2
    shop.send(_document(shop, (first, own, 50, seen[0]), (second, own, 60, seen[1])))
    assert [_level(sandbox, sku, own).available for sku in (first, second)] == [50, 60]
    assert _calls(sandbox) == 3


def test_what_is_sold_between_looking_and_setting_is_taken_off() -> None:
    looked = Wish(50, 48).seeing(46)
    assert looked.target == 50
    assert looked.seeing(43).target == 47
    assert looked.seeing(49).target == 50
    assert Wish(1, 5).seeing(5).seeing(2).target == 0


def test_an_item_that_a_location_does_not_stock_is_stocked_there(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str
) -> None:
    sku = _skus(sandbox)[0]
    variant = sandbox._site.shop.variants[sku]
    sandbox._site.shop.levels.pop((variant.inventory_item_id, int(own)), None)
    assert shop.send(_document(shop, (sku, own, 9, 3))).reply == "1 set"
    assert _level(sandbox, sku, own).available == 9


def test_a_row_that_the_shop_refuses_is_named_and_the_others_are_set(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str
) -> None:
    sku = _skus(sandbox)[0]
    receipt = shop.send(_document(shop, ("GIFT-25", own, 7, None), ("NOBODY", own, 1, None), (sku, own, 5, None)))
    assert _level(sandbox, sku, own).available == 5
    assert "1 set; 1 unknown in the shop: NOBODY; 1 refused: GIFT-25" in receipt.reply
    assert receipt.untaken == ((own, "GIFT-25"), (own, "NOBODY"))


def test_when_the_shop_takes_none_it_is_refused(shop: ShopifyConnector, own: str) -> None:
    with pytest.raises(Rejected, match=r"took none of 1 figures.*tracking"):
        shop.send(_document(shop, ("GIFT-25", own, 7, None)))


def test_a_lost_reply_counts_once(sandbox: RunningSandbox, shop: ShopifyConnector, own: str) -> None:
    sku = _stocked(sandbox, own)[0]
    seen = _level(sandbox, sku, own).available
    sandbox.mood("shop", "lost_reply", for_calls=1, on="POST /graphql.json setQuantities")
    shop.send(_document(shop, (sku, own, 40, seen)))
    assert _level(sandbox, sku, own).available == 40
    assert _calls(sandbox) == 2


def test_a_push_that_broke_off_goes_on_where_it_stopped(
    sandbox: RunningSandbox, shop: ShopifyConnector, context: MemoryContext, own: str
) -> None:
    skus = _stocked(sandbox, own)
    rows = [(skus[each % 2], own, 100 + each, None) for each in range(260)]
    document = _document(shop, *rows)
    sandbox.mood("shop", "busy", for_calls=1, on="POST /graphql.json levels")
    with pytest.raises(RateLimited):
        shop.send(document)
    assert context.notes["stock:1"] == "0"
    shop.send(replace(document, note="250"))
    assert isinstance(shop.find(replace(document, note=context.notes["stock:1"])), Found)
    assert [_level(sandbox, sku, own).available for sku in skus[:2]] == [358, 359]


@pytest.mark.parametrize(
    ("mood", "kind"), [("unavailable", TemporaryFailure), ("down", TemporaryFailure), ("locked_out", AccessDenied)]
)
def test_an_outage_is_passed_on(
    sandbox: RunningSandbox, shop: ShopifyConnector, own: str, mood: str, kind: type[Exception]
) -> None:
    document = _document(shop, (_skus(sandbox)[0], own, 1, None))
    sandbox.mood("shop", mood, on=CALL)
    with pytest.raises(kind):
        shop.send(document)


# --- every location is spoken of -------------------------------------------------------------------------------------


def test_no_stock_leaves_while_a_location_is_forgotten(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, own: str
) -> None:
    other = sandbox.info["locations"]["drop_ship"]
    shop = connect(replace(profile, settings=profile.settings.model_copy(update={"locations": {own: "DC1"}})))
    with pytest.raises(
        Rejected, match=rf"1 active locations are not mapped: Drop ship suppliers \({other}\)"
    ) as caught:
        shop.send(_document(shop, (_skus(sandbox)[0], own, 1, None)))
    assert "ignore" in caught.value.todo
    assert _calls(sandbox) == 0


def test_the_locations_are_asked_for_once_an_hour_and_when_the_mapping_changes(
    sandbox: RunningSandbox, connect: Opener, profile: Profile, context: MemoryContext, own: str
) -> None:
    asked = "GET /locations.json"
    document = _document(connect(profile), (_skus(sandbox)[0], own, 1, None))
    for _ in range(3):
        connect(profile).send(document)
    assert sandbox.calls("shop")["shop"][asked] == 1
    settings = profile.settings.model_copy(update={"locations": {**profile.settings.locations, "1": "ignore"}})
    connect(replace(profile, settings=settings)).send(document)
    assert sandbox.calls("shop")["shop"][asked] == 2
    context.clock.advance(3601)
    connect(replace(profile, settings=settings)).send(document)
    assert sandbox.calls("shop")["shop"][asked] == 3


# --- pace ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def paced(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A shop of the Standard plan whose points come back on the clock on which the limiter waits."""
    options = Options(orders=0, suppliers=1, items=6, points=Bucket(400, 20.0))
    with start(tmp_path / "paced", options, FakeClock()) as running:
        yield running


def test_points_are_waited_for_and_nobody_is_throttled(
    paced: RunningSandbox, make_profile: Callable[..., Profile]
) -> None:
    info = paced.info
    profile = make_profile(
        shop_url=info["shop_url"], token=info["shop_token"], read_timeout=5,
        locations=dict.fromkeys(info["locations"].values(), "ignore"),
    )  # fmt: skip
    clock = paced._site.clock
    context = MemoryContext(clock, AccountLimiter(clock, PLUGIN.about.pace))
    paced._site.points._level = 350.0  # somebody else has used them

    def push(number: int) -> None:
        shop = PLUGIN.open(profile, context)
        for each in range(20):
            rows = [(sku, info["locations"]["warehouse"], 1000 * number + each, 0) for sku in _skus(paced)]
            shop.send(replace(_document(shop, *rows), key=f"stock:{number}:{each}"))
        shop.close()

    threads = [threading.Thread(target=push, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert paced.state()["throttled"] == 0
    assert _calls(paced) >= 60
    assert clock.monotonic() > 10


def test_a_throttled_answer_makes_the_account_wait_as_long_as_the_shop_says(
    paced: RunningSandbox, make_profile: Callable[..., Profile]
) -> None:
    info = paced.info
    locations = dict.fromkeys(info["locations"].values(), "ignore")
    profile = make_profile(shop_url=info["shop_url"], token=info["shop_token"], read_timeout=5, locations=locations)
    shop = PLUGIN.open(profile, MemoryContext(paced._site.clock))
    paced._site.points._level = 395.0
    with pytest.raises(RateLimited) as caught:
        shop.send(_document(shop, (_skus(paced)[0], info["locations"]["warehouse"], 4, 1)))
    shop.close()
    assert 0 < caught.value.after < 1
