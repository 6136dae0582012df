"""A real conversation with the shop: goods that stand ready, the promised day; said twice, once there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.shopify.connector import ShopifyConnector
from hub.contract import Absent, Outbound, Profile, Rejected
from hub.model.base import Record
from hub.model.channel import OrderPromise, ReadyForPickup, ReadyLine
from hub.testing import MemoryNumbers
from sandbox.shop.state import Order
from sandbox.world import RunningSandbox

Opener = Callable[..., ShopifyConnector]


@pytest.fixture
def patient(connect: Opener, profile: Profile) -> ShopifyConnector:
    """A connection that waits for a busy machine, and tells promises."""
    settings = profile.settings.model_copy(update={"read_timeout": 10.0, "tell_promise": True})
    return connect(Profile(partner=profile.partner, settings=settings, hash="1"))


@pytest.fixture
def placed(sandbox: RunningSandbox) -> Order:
    """An order of the shop that its customer collects."""
    sandbox.place_lines(dict.fromkeys(list(_skus(sandbox))[:2], 2))
    (order,) = sandbox._site.shop.orders.values()
    for part in order.fulfilment_orders:
        part.method = "pick_up"
    return order


def _skus(sandbox: RunningSandbox) -> list[str]:
    return sorted({variant.item.sku for variant in sandbox._site.shop.variants.values() if variant.item.ships})


def send(shop: ShopifyConnector, document: str, record: Record) -> str:
    outbound = Outbound(document, "k", shop.render(document, record, MemoryNumbers()).content)
    assert isinstance(shop.find(outbound), Absent)
    return shop.send(outbound).reply


def ready(order: Order, **fields: int) -> ReadyForPickup:
    """Return the word that all of an order stands ready, but for the lines of which something else is said."""
    told = tuple(
        ReadyLine(channel_line=str(line.id), quantity=Decimal(fields.get(f"l{number}", line.current)))
        for number, line in enumerate(order.lines)
    )
    return ReadyForPickup(channel_order=str(order.id), node="DC1", lines=told)


def test_a_fulfilment_order_that_stands_ready_is_told_however_often(patient: ShopifyConnector, placed: Order) -> None:
    parts = placed.fulfilment_orders
    assert send(patient, "ready", ready(placed)) == f"{len(parts)} fulfilment orders stand ready"
    assert all(part.prepared for part in parts)
    send(patient, "ready", ready(placed))


def test_a_fulfilment_order_of_which_something_is_missing_is_not_told(patient: ShopifyConnector, placed: Order) -> None:
    send(patient, "ready", ready(placed, l0=1))
    short = next(part for part in placed.fulfilment_orders if any(line.line is placed.lines[0] for line in part.lines))
    assert not short.prepared


def test_what_stands_ready_elsewhere_is_not_meant(patient: ShopifyConnector, placed: Order) -> None:
    assert send(patient, "ready", ready(placed).changed(location="1")) == "0 fulfilment orders stand ready"


def test_the_promised_day_stands_in_a_metafield_and_the_newest_one_counts(
    patient: ShopifyConnector, placed: Order
) -> None:
    for day in (3, 4):
        moment = datetime(2026, 12, day, 21, tzinfo=UTC)
        send(patient, "promises", OrderPromise(channel_order=str(placed.id), promised_at=moment))
    assert placed.metafields == {"crossdock.promised_at": "2026-12-04T21:00:00+00:00"}


def test_a_promise_for_an_order_that_the_shop_lacks_is_refused_in_its_words(patient: ShopifyConnector) -> None:
    with pytest.raises(Rejected, match="order 5: Owner does not exist"):
        send(patient, "promises", OrderPromise(channel_order="5", promised_at=datetime(2026, 12, 3, tzinfo=UTC)))


def test_a_shop_is_told_of_promises_only_where_the_merchant_wants_it(
    shop: ShopifyConnector, patient: ShopifyConnector
) -> None:
    assert "promises" not in {spec.name for spec in shop.documents()}
    assert {"promises", "ready"} <= {spec.name for spec in patient.documents()}
