"""Webhooks from the shop to the hub's orders: late, twice, in any order, lost; what is read is what the shop has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.composition import Hub
from hub.config import Config
from hub.model.document import Kind
from hub.services.syncing import sync
from hub.store import order_list, orders
from hub.store.order_list import OrderFilters
from hub.store.tables import message
from hub.web import hooks
from hub.web.app import WebServer, build_app
from hub.web.bell import Bell
from sandbox.options import HookManners, Options
from sandbox.shop.webhooks import Subscription
from sandbox.world import RunningSandbox, start
from tests.waiting import wait_until

TOPICS = ("orders/create", "orders/updated", "orders/cancelled")


@pytest.fixture(params=[False, True], ids=["old headers", "new headers"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningSandbox]:
    manners = HookManners(twice=0.6, lost=0.2, shuffle=0.15, again_after=0.1, new_headers=request.param)
    with start(tmp_path / "sandbox", Options(orders=0, suppliers=1, items=8, hooks=manners)) as running:
        yield running


class Door:
    """A hub whose web address is open, and which reads when it is rung for."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.hub = Hub(Config(folder=sandbox.folder))
        self.hub.upgrade()
        self.hub.refresh()
        self.bell = Bell(self.hub.clock)
        app = build_app(lambda: self.hub.desk, lambda: {"ready": True})
        hooks.mount(app, lambda: self.hub.desk, self.hub.ears, self.bell.ring)
        self.server = WebServer(app, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{self.server.start()}/hooks/shop"
        subscriptions = sandbox._site.webhooks.subscriptions
        subscriptions |= {number: Subscription(number, topic, address) for number, topic in enumerate(TOPICS)}

    def wait_for_a_ring(self) -> None:
        wait_until(lambda: self.bell._waiting, 30, lambda: "nobody rang")

    def read(self) -> None:
        sync.run_here(self.hub.flows(), "shop", self.hub.flows_of("shop", frozenset({Kind.SALES_ORDER})))

    def orders(self) -> dict[str, bool]:
        """Return by the shop's id whether an order is cancelled."""
        with self.hub.store.read() as tx:
            known = order_list.search(tx, OrderFilters(channel="shop"), 1000)
            found = orders.of_channel(tx, "shop", [each.channel_order for each in known])
            return {order_id: row.doc.cancelled for order_id, row in found.items()}

    def hooks(self) -> list[str]:
        """Return the states of the calls that were kept."""
        with self.hub.store.read() as tx:
            return list(tx.execute(select(message.c.state).where(message.c.document == "hooks")).scalars())

    def close(self) -> None:
        self.server.stop()
        self.hub.close()


@pytest.fixture
def door(sandbox: RunningSandbox) -> Iterator[Door]:
    opened = Door(sandbox)
    yield opened
    opened.close()


def test_orders_are_read_as_soon_as_the_shop_calls(sandbox: RunningSandbox, door: Door) -> None:
    first, *others = sandbox.place(6)
    sandbox.cancel(first)
    door.wait_for_a_ring()
    time.sleep(0.2)
    door.read()
    assert door.orders() == {first: True} | dict.fromkeys(others, False)
    assert set(door.hooks()) == {"applied"}
    assert len(door.hooks()) <= 7


def test_a_call_with_another_secret_changes_nothing(sandbox: RunningSandbox, door: Door) -> None:
    sandbox._ask(lambda: setattr(sandbox._site.access, "client_secret", "somebody else's"))
    sandbox.place(3)
    time.sleep(0.2)
    assert (door.hooks(), door.bell._waiting) == ([], {})
