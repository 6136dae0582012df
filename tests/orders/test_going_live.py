"""What becomes of orders that are older than their supplier's going live."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.model.state import DeliveryState, PurchaseState
from hub.services.syncing import connections as services
from hub.store import connections, deliveries, purchases


@pytest.fixture
def observed(world: Any) -> Any:
    """All five cups that acme has are allocated to order #1001, and acme only observes."""
    world.source_of("acme", "CUP", 5)
    with world.store.write() as tx:
        connections.ensure(tx, "acme", "http", None, world.clock.now())
    world.order(lines={"L1": ("CUP", 5)})
    world.po = world.document("ACME")
    return world


def go_live(world: Any) -> None:
    placed = world.made(lines={}).placed_at
    services.go_live(world.desk, ["acme"], placed + timedelta(hours=1), "ann")


def test_what_is_older_than_the_going_live_gives_its_stock_free(observed: Any) -> None:
    go_live(observed)
    assert observed.outgoing()[0].state is DeliveryState.CANCELLED
    assert (observed.where(), observed.status()) == ({("cancelled", ""): 5}, "cancelled")
    assert observed.read(lambda tx: purchases.get(tx, observed.po)).state is PurchaseState.CANCELLED
    observed.order("1002", lines={"L1": ("CUP", 5)})
    assert observed.where("1002") == {("allocated", "ACME"): 5}


@pytest.mark.parametrize("news", [{"tags": frozenset({"vip"})}, {"cancelled": True}, {"fulfilled": 5}])
def test_no_later_version_brings_it_back(observed: Any, news: dict[str, Any]) -> None:
    go_live(observed)
    order = observed.made(lines={"L1": ("CUP", 5)}, at=9)
    if "fulfilled" in news:
        news = {"lines": (order.lines[0].changed(fulfilled=Decimal(5)),)}
    observed.says(order.changed(**news))
    assert observed.where() == {("cancelled", ""): 5}
    assert observed.failures() == []
    assert len(observed.outgoing()) == 1


def test_what_is_newer_stays_bound(observed: Any) -> None:
    services.go_live(observed.desk, ["acme"], observed.made(lines={}).placed_at, "ann")
    assert observed.where() == {("allocated", "ACME"): 5}


def test_a_cancelled_delivery_that_never_left_needs_nobody_to_stop_it(observed: Any) -> None:
    with observed.store.write() as tx:
        deliveries.cancel(tx, observed.outgoing()[0].id, "older", observed.clock.now())
    observed.order(lines={"L1": ("CUP", 5)}, at=9, cancelled=True)
    assert (observed.where(), observed.failures()) == ({("cancelled", ""): 5}, [])
