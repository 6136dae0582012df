"""As a fulfilment service: only what is requested is wanted, each request is answered, cancellations too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.shopify.connector import ShopifyConnector
from hub.composition import Hub
from hub.config import Config
from hub.contract import Outbound, Profile
from hub.model.channel import RequestAnswer
from hub.model.document import Kind
from hub.model.order import SalesOrder
from hub.model.state import DeliveryState
from hub.services.syncing import sync
from hub.store import deliveries
from hub.testing import MemoryNumbers
from sandbox.options import Options
from sandbox.shop.desk import Desk
from sandbox.shop.state import FulfilmentOrder
from sandbox.world import RunningSandbox, start

Opener = Callable[..., ShopifyConnector]


@pytest.fixture
def profile(profile: Profile) -> Profile:
    """Nothing hangs here, so a busy machine may take its time."""
    return replace(profile, settings=profile.settings.model_copy(update={"read_timeout": 10.0}))


@pytest.fixture
def service(connect: Opener, profile: Profile) -> ShopifyConnector:
    settings = profile.settings.model_copy(update={"fulfilment_service": True})
    return connect(replace(profile, settings=settings))


def _parts(sandbox: RunningSandbox, order: str) -> list[FulfilmentOrder]:
    return sandbox._site.shop.orders[int(order)].fulfilment_orders


def _ask(sandbox: RunningSandbox, order: str, what: str) -> None:
    desk = Desk(sandbox._site.shop)
    verb = {"ship": desk.request, "cancel": desk.request_cancellation}[what]
    for part in list(_parts(sandbox, order)):
        sandbox._ask(lambda part=part: verb(part))


def _read(shop: ShopifyConnector) -> Mapping[str, SalesOrder]:
    found = {}
    for page in shop.fetch("orders", None):
        for item in page.items:
            (order,) = shop.parse("orders", item)
            assert isinstance(order, SalesOrder), order
            found[order.order_id] = order
    return found


def _wanted(order: SalesOrder) -> int:
    return int(sum(line.quantity for line in order.lines if line.ships))


def test_what_nobody_requested_is_not_wanted(sandbox: RunningSandbox, service: ShopifyConnector) -> None:
    first, second = sandbox.place(2)
    _ask(sandbox, second, "ship")
    read = _read(service)
    assert _wanted(read[first]) == 0
    assert _wanted(read[second]) == sum(line.quantity for part in _parts(sandbox, second) for line in part.lines)
    assert read[first].requests == ()
    assert {each.request_id for each in read[second].requests} == {str(part.id) for part in _parts(sandbox, second)}
    assert not any(each.cancels for each in read[second].requests)


def test_a_location_that_is_not_ours_asks_nothing_of_us(
    sandbox: RunningSandbox, connect: Opener, profile: Profile
) -> None:
    places = dict.fromkeys(sandbox.info["locations"].values(), "ignore")
    settings = profile.settings.model_copy(update={"fulfilment_service": True, "locations": places})
    (order,) = sandbox.place(1)
    _ask(sandbox, order, "ship")
    read = _read(connect(replace(profile, settings=settings)))[order]
    assert (_wanted(read), read.requests) == (0, ())


def test_a_request_to_cancel_takes_the_goods_out(sandbox: RunningSandbox, service: ShopifyConnector) -> None:
    (order,) = sandbox.place(1)
    _ask(sandbox, order, "ship")
    for part in _parts(sandbox, order):
        sandbox._ask(lambda part=part: Desk(sandbox._site.shop).answer(part, "yes", accepts=True))
    before = _read(service)[order]
    assert before.requests == ()
    assert _wanted(before) > 0
    _ask(sandbox, order, "cancel")
    after = _read(service)[order]
    assert _wanted(after) == 0
    assert all(each.cancels and each.number == 1 for each in after.requests)
    assert len(after.requests) == len(_parts(sandbox, order))


def test_a_service_moves_nothing_and_answers(service: ShopifyConnector, shop: ShopifyConnector) -> None:
    assert {each.name for each in service.documents()} == {
        "orders",
        "hooks",
        "fulfilments",
        "stock",
        "holds",
        "answers",
        "ready",
    }
    assert {each.name for each in shop.documents()} == {
        "orders", "hooks", "fulfilments", "stock", "holds", "assignments", "ready",
    }  # fmt: skip


def test_a_request_that_was_taken_back_needs_no_answer(sandbox: RunningSandbox, service: ShopifyConnector) -> None:
    (order,) = sandbox.place(1)
    part = _parts(sandbox, order)[0]
    record = RequestAnswer(channel_order=order, request_id=str(part.id), accepted=True)
    content = service.render("answers", record, MemoryNumbers()).content
    receipt = service.send(Outbound("answers", "answer:1", content))
    assert receipt.reply == "nothing to answer: the request is unsubmitted"
    assert part.answers == []


# --- with the hub ----------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[Hub, RunningSandbox]]:
    with start(tmp_path / "sandbox", Options(orders=0, suppliers=1, items=8)) as running:
        file = running.folder / "mappings" / "shop.toml"
        text = file.read_text("utf-8")
        assert "[connection]\n" in text
        file.write_text(text.replace("[connection]\n", "[connection]\nfulfilment_service = true\n"), "utf-8")
        opened = Hub(Config(folder=running.folder))
        opened.upgrade()
        opened.refresh()
        yield opened, running
        opened.close()


def _turn(hub: Hub) -> None:
    """Read the shop, decide, and send the answers, as the daemon would."""
    sync.run_here(hub.flows(), "shop", hub.flows_of("shop", frozenset({Kind.SALES_ORDER})))
    with hub.store.read() as tx:
        waiting = deliveries.search(tx, kind=Kind.REQUEST_ANSWER, states={DeliveryState.QUEUED})
    with hub.links.use("shop") as connector:
        for each in waiting:
            content = connector.render(each.document, each.record, MemoryNumbers()).content
            connector.send(Outbound(each.document, each.key, content))


def test_a_request_that_nobody_can_ship_is_rejected_in_the_shop(hub: tuple[Hub, RunningSandbox]) -> None:
    opened, running = hub
    (order,) = running.place(1)
    _ask(running, order, "ship")
    _turn(opened)  # no stock was ever read, so nothing is known of the goods
    parts = _parts(running, order)
    assert {part.request for part in parts} == {"rejected"}
    assert "unknown SKU" in parts[0].answers[0]
    _turn(opened)
    assert [len(part.answers) for part in parts] == [1] * len(parts)


def test_a_request_and_its_cancellation_are_accepted_in_the_shop(hub: tuple[Hub, RunningSandbox]) -> None:
    opened, running = hub
    for code in [each.code for each in opened.directory.partners() if each.code != "shop"]:
        kinds = frozenset({Kind.STOCK_LEVEL, Kind.CATALOGUE_ENTRY})
        sync.run_here(opened.flows(), code, opened.flows_of(code, kinds))
    (order,) = running.place(1)
    _ask(running, order, "ship")
    _turn(opened)
    asked = list(_parts(running, order))
    assert {part.request for part in asked} == {"accepted"}
    _ask(running, order, "cancel")
    _turn(opened)
    assert {part.request for part in asked} == {"cancellation_accepted"}
