"""Holds are mirrored both ways: the shop's are seen although no order changes, ours are made there and let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.shopify.connector import ShopifyConnector
from connectors.shopify.holds import HANDLE
from hub.composition import Hub
from hub.config import Config
from hub.contract import Outbound, Profile, Rejected, TemporaryFailure
from hub.model.channel import OrderHold
from hub.model.document import Kind
from hub.model.order import SalesOrder
from hub.model.state import DeliveryState
from hub.services import explain
from hub.services.syncing import sync
from hub.store import deliveries
from hub.testing import FakeClock, MemoryContext, MemoryNumbers
from sandbox.options import Bucket, Options
from sandbox.shop.desk import Desk
from sandbox.shop.state import FulfilmentOrder
from sandbox.world import RunningSandbox, start

Opener = Callable[..., ShopifyConnector]


class Reader:
    """Reads a shop's orders again and again, and remembers the newest version of each."""

    def __init__(self, shop: ShopifyConnector) -> None:
        self.shop, self.cursor = shop, None
        self.keys: set[str] = set()
        self.orders: dict[str, SalesOrder] = {}

    def read(self) -> list[str]:
        """Read once; returns the ids of the orders of which another version came."""
        news = []
        for page in self.shop.fetch("orders", self.cursor):
            for item in page.items:
                (order,) = self.shop.parse("orders", item)
                assert isinstance(order, SalesOrder), order
                if item.key not in self.keys:
                    news.append(order.order_id)
                    self.orders[order.order_id] = order
                self.keys.add(item.key)
            self.cursor = page.cursor
        return news


@pytest.fixture
def profile(profile: Profile) -> Profile:
    """Nothing hangs here, so a busy machine may take its time."""
    return replace(profile, settings=profile.settings.model_copy(update={"read_timeout": 10.0}))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A shop whose plan never makes anybody wait: there is no limiter here that would keep to it."""
    with start(
        tmp_path / "sandbox", Options(orders=0, suppliers=2, items=12, bucket=Bucket(200_000, 10_000.0))
    ) as running:
        yield running


@pytest.fixture
def reader(sandbox: RunningSandbox, shop: ShopifyConnector) -> Reader:
    sandbox.place(3)
    reader = Reader(shop)
    assert len(reader.read()) == 3
    return reader


def _part(sandbox: RunningSandbox, order: str) -> FulfilmentOrder:
    return sandbox._site.shop.orders[int(order)].fulfilment_orders[0]


def _hold(sandbox: RunningSandbox, order: str, notes: str = "she moved", handle: str = "") -> None:
    app = "other-app" if handle else ""
    sandbox._ask(lambda: Desk(sandbox._site.shop).hold(_part(sandbox, order), "incorrect_address", notes, handle, app))


# --- theirs ----------------------------------------------------------------------------------------------------------


def test_a_hold_in_the_shop_is_seen_although_the_order_does_not_change(sandbox: RunningSandbox, reader: Reader) -> None:
    order = next(iter(reader.orders))
    updated = reader.orders[order].updated_at
    _hold(sandbox, order)
    assert reader.read() == [order]
    assert reader.orders[order].hold == "held in the shop: she moved"
    assert reader.orders[order].updated_at == updated
    assert reader.read() == [], "and it is read again only when something changes"
    sandbox._ask(lambda: Desk(sandbox._site.shop).release(_part(sandbox, order)))
    assert reader.read() == [order]
    assert reader.orders[order].hold == ""


def test_a_held_order_that_changes_otherwise_stays_held(sandbox: RunningSandbox, reader: Reader) -> None:
    order = next(iter(reader.orders))
    _hold(sandbox, order)
    reader.read()

    def touch() -> None:
        changed = sandbox._site.shop.orders[int(order)]
        changed.updated += timedelta(seconds=1)
        sandbox._site.shop.changes += 1

    sandbox._ask(touch)
    assert reader.read() == [order]
    assert reader.orders[order].hold == "held in the shop: she moved"


def test_a_second_reason_is_seen_too(sandbox: RunningSandbox, reader: Reader) -> None:
    order = next(iter(reader.orders))
    _hold(sandbox, order)
    reader.read()
    sandbox._site.clock.sleep(1.1)  # the shop's times are whole seconds
    _hold(sandbox, order, "and she is away", "app")
    assert reader.read() == [order]
    assert reader.orders[order].hold == "held in the shop: and she is away, she moved"


def test_many_held_orders_are_asked_for_page_by_page(
    sandbox: RunningSandbox, shop: ShopifyConnector, context: MemoryContext
) -> None:
    placed = sandbox.place(120)
    for order in placed:
        _hold(sandbox, order)
    reader = Reader(shop)
    reader.read()
    assert {each.hold for each in reader.orders.values()} == {"held in the shop: she moved"}
    assert len(reader.orders) == 120
    assert sandbox.calls("shop")["shop"]["POST /graphql.json waiting"] == 3
    (late,) = sandbox.place(1)
    _hold(sandbox, late)
    reader.read()
    assert reader.orders[late].hold == "", "many pages are looked at less often"
    context.clock.advance(31)
    reader.read()
    assert reader.orders[late].hold == "held in the shop: she moved"
    assert sandbox.calls("shop")["shop"]["POST /graphql.json waiting"] == 6


def test_a_reading_that_broke_off_sees_the_hold_the_next_time(sandbox: RunningSandbox, reader: Reader) -> None:
    order = next(iter(reader.orders))
    _hold(sandbox, order)
    pages = reader.shop.fetch("orders", reader.cursor)
    next(pages)  # died with the first page in hand
    pages.close()  # type: ignore[attr-defined]
    assert reader.read() == [order]


def test_orders_are_read_although_the_shop_does_not_tell_who_waits(
    sandbox: RunningSandbox, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    held, *_ = reader.orders
    _hold(sandbox, held)
    reader.read()
    sandbox.mood("shop", "unavailable", on="POST /graphql.json waiting")
    (late,) = sandbox.place(1)
    assert late in reader.read()
    reader.read()
    assert caplog.text.count("shopify_holds_not_seen") == 1, "an outage is told once"
    assert reader.orders[held].hold
    sandbox.calm()
    assert reader.read() == []


def test_orders_of_before_the_start_are_not_fetched_for_their_holds(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    (old,) = sandbox.place(1)
    _hold(sandbox, old)
    later = sandbox._site.clock.now() + timedelta(hours=1)
    settings = profile.settings.model_copy(update={"start_at": later})
    reader = Reader(connect(replace(profile, settings=settings)))
    assert reader.read() == []


# --- ours ------------------------------------------------------------------------------------------------------------


def _tell(shop: ShopifyConnector, order: str, *, held: bool, key: str = "order_hold:1") -> str:
    record = OrderHold(channel_order=order, held=held, reason="call her first")
    content = shop.render("holds", record, MemoryNumbers()).content
    return shop.send(Outbound("holds", key, content)).reply


def test_our_hold_is_made_once_and_only_ours_is_released(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    (order,) = sandbox.place(1)
    _hold(sandbox, order)
    for _ in range(2):
        _tell(shop, order, held=True)
    theirs, ours = _part(sandbox, order).holds
    assert (theirs.handle, ours.handle, ours.notes) == ("", HANDLE, "Crossdock: call her first")
    for _ in range(2):
        _tell(shop, order, held=False)
    assert _part(sandbox, order).holds == [theirs]
    assert _part(sandbox, order).status == "on_hold"


def test_our_hold_that_comes_back_is_not_the_shops_own(sandbox: RunningSandbox, reader: Reader) -> None:
    order = next(iter(reader.orders))
    _tell(reader.shop, order, held=True)
    assert reader.read() == [order]
    assert reader.orders[order].hold == ""
    _hold(sandbox, order)
    sandbox._site.clock.sleep(1.1)
    sandbox._ask(lambda: sandbox._site.shop.touch(_part(sandbox, order), "x"))
    reader.read()
    assert reader.orders[order].hold == "held in the shop: she moved"


def test_an_order_of_which_everything_has_left_needs_no_hold(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    (order,) = sandbox.place(1)
    sandbox._ask(lambda: sandbox._site.shop.cancel(sandbox._site.shop.orders[int(order)]))
    assert "held" in _tell(shop, order, held=True)
    assert all(not part.holds for part in sandbox._site.shop.orders[int(order)].fulfilment_orders)


def test_an_order_that_the_shop_does_not_have_is_refused(shop: ShopifyConnector) -> None:
    with pytest.raises(Rejected, match="no order 77"):
        _tell(shop, "77", held=True)


def test_an_order_without_fulfilment_orders_waits_for_them(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    (order,) = sandbox.place(1)
    sandbox._site.shop.orders[int(order)].fulfilment_orders.clear()
    with pytest.raises(TemporaryFailure, match="no fulfilment orders yet"):
        _tell(shop, order, held=True)


def test_a_shop_that_will_not_is_quoted(sandbox: RunningSandbox, shop: ShopifyConnector) -> None:
    (order,) = sandbox.place(1)
    for number in range(10):
        _hold(sandbox, order, handle=f"h{number}")
    with pytest.raises(Rejected, match="maximum number of fulfillment holds"):
        _tell(shop, order, held=True)


# --- from the hub's verbs to the shop and back -----------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[Hub, RunningSandbox]]:
    with start(tmp_path / "sandbox", Options(orders=2, suppliers=1, items=8)) as running:
        opened = Hub(Config(folder=running.folder))
        opened.upgrade()
        opened.refresh()
        _read(opened)
        yield opened, running
        opened.close()


def _read(hub: Hub) -> None:
    sync.run_here(hub.flows(), "shop", hub.flows_of("shop", frozenset({Kind.SALES_ORDER})))


def _carry(hub: Hub, kind: Kind) -> None:
    """Send what waits of a kind, as the runner would."""
    with hub.store.read() as tx:
        waiting = deliveries.search(tx, kind=kind, states={DeliveryState.QUEUED})
    with hub.links.use("shop") as connector:
        for each in waiting:
            content = connector.render(each.document, each.record, MemoryNumbers()).content
            connector.send(Outbound(each.document, each.key, content))


def test_an_order_held_in_the_hub_is_held_in_the_shop_until_its_release(hub: tuple[Hub, RunningSandbox]) -> None:
    opened, running = hub
    order = running.audit()["placed"][0]["order"]
    verbs = opened.verbs().table()
    assert verbs["order.hold"](opened.desk, {"order": order, "why": "call her"}, "anna")["status"] == "held"
    _carry(opened, Kind.ORDER_HOLD)
    assert [each.notes for each in _part(running, order).holds] == ["Crossdock: call her"]
    _read(opened)
    verbs["order.release"](opened.desk, {"order": order}, "anna")
    _carry(opened, Kind.ORDER_HOLD)
    assert (_part(running, order).status, _part(running, order).holds) == ("open", [])


def test_an_order_held_in_the_shop_is_held_in_the_hub_until_its_release(hub: tuple[Hub, RunningSandbox]) -> None:
    opened, running = hub
    order = running.audit()["placed"][0]["order"]
    _hold(running, order)
    _read(opened)
    assert _status(opened, order) == "held"
    running._ask(lambda: Desk(running._site.shop).release(_part(running, order)))
    _read(opened)
    assert _status(opened, order) != "held"


def _status(hub: Hub, order: str) -> str:
    with hub.store.read() as tx:
        return explain.find(tx, order).status.value


def test_the_clock_of_the_reader_does_not_matter(sandbox: RunningSandbox, connect: Opener, profile: Profile) -> None:
    (order,) = sandbox.place(1)
    reader = Reader(connect(profile, MemoryContext(FakeClock())))
    reader.read()
    _hold(sandbox, order)
    assert reader.read() == [order]
