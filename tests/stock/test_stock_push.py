"""What a channel is told of our stock: only what changed, the figure of this moment, and nothing for ever wrong."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from hub.contract import Mode, Receipt
from hub.model.document import Kind
from hub.model.state import DeliveryState, LineState
from hub.model.stock import Demand, StockPush
from hub.services.desk import Desk
from hub.services.inventory import stock_push
from hub.services.trade.outcomes import DomainOutcomes
from hub.store import deliveries
from hub.store import stock as stock_store
from hub.store.delivery_row import Delivery
from hub.store.tables import allocation, delivery, sales_order
from hub.testing.clock import FakeClock

LAP = 15 * 60 + 1


class Shop:
    """The channel's side: what it was told so far, as deliveries arrive."""

    def __init__(self, desk: Desk, clock: FakeClock, feeding: Any, directory: Any) -> None:
        self.desk, self.clock, self.feeding, self.directory = desk, clock, feeding, directory
        self.shows: dict[tuple[str, str], Decimal] = {}

    def plan(self) -> int:
        return stock_push.plan(self.desk, "shop", self.clock.now())

    def deliveries(self, *states: DeliveryState) -> list[Delivery]:
        with self.desk.store.read() as tx:
            found = deliveries.search(tx, connection="shop", kind=Kind.STOCK_PUSH, states=states, limit=10_000)
        return sorted(found, key=lambda each: each.id)

    def move(self, each: Delivery, state: DeliveryState) -> None:
        with self.desk.store.write() as tx:
            tx.execute(update(delivery).where(delivery.c.id == each.id).values(state=state))

    def receive(self) -> int:
        """Take what waits, as the runner would send it; returns how many deliveries."""
        waiting = self.deliveries(DeliveryState.QUEUED)
        for each in waiting:
            record = each.record
            assert isinstance(record, StockPush)
            self.shows |= {(row.sku, row.location): row.quantity for row in record.rows}
            self.move(each, DeliveryState.CONFIRMED)
        return len(waiting)

    def settle(self) -> dict[tuple[str, str], Decimal]:
        """Plan and receive until nothing is left to tell."""
        for _ in range(100):
            self.plan()
            if not self.receive():
                return self.shows
        raise AssertionError("it never settles")

    def figure(self, sku: str, quantity: str, node: str = "EAST") -> None:
        feeding = self.feeding.of("acme" if node == "ACME" else "own", Mode.DELTA)
        feeding.apply(feeding.figure(sku, quantity, node))

    def allocate(self, sku: str, quantity: str, node: str = "EAST") -> None:
        now = self.clock.now()
        order = {"channel": "shop", "channel_order": sku, "number": sku, "status": "open", "placed_at": now, "doc": {}}
        order |= {"source_updated_at": now, "created_at": now, "updated_at": now, "id": f"SO{sku}"}
        values = {"order_id": f"SO{sku}", "line_id": "1", "excluded": [], "reason": "", "updated_at": now, "sku": sku}
        values |= {"node": node, "quantity": Decimal(quantity), "state": LineState.ALLOCATED}
        with self.desk.store.write() as tx:
            tx.execute(insert(sales_order).values(order))
            tx.execute(insert(allocation).values(values))


#: How much one call and one delivery hold in these tests: enough to see what happens beyond it.
MOST_ROWS, MOST_CHANGED, PAGE = 20, 50, 40


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_push, "MOST_ROWS", MOST_ROWS)
    monkeypatch.setattr(stock_push, "MOST_CHANGED", MOST_CHANGED)
    monkeypatch.setattr(stock_push, "_PAGE", PAGE)


@pytest.fixture
def shop(desk: Desk, clock: FakeClock, feeding: Any, directory: Any) -> Shop:
    return Shop(desk, clock, feeding, directory)


# --- what is told ----------------------------------------------------------------------------------------------------


def test_the_first_time_everything_is_told(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.figure("B", "0")
    assert shop.plan() == 2
    (only,) = shop.deliveries()
    assert (only.entity, only.document, only.latest_wins, only.state) == ("stock:shop", "stock", True, "queued")
    shop.receive()
    assert shop.shows == {("A", "loc-1"): 5, ("B", "loc-1"): 0}


def test_nothing_is_sent_while_nothing_changes(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.settle()
    for _ in range(3):
        shop.clock.advance(20)
        assert shop.plan() == 0
    shop.clock.advance(LAP)
    assert shop.plan() == 0
    assert len(shop.deliveries()) == 1


def test_only_what_changed_is_sent(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.figure("B", "5")
    shop.settle()
    shop.clock.advance(60)
    shop.figure("B", "4")
    assert shop.plan() == 1
    (*_, last) = shop.deliveries()
    assert last.doc["rows"] == [{"sku": "B", "location": "loc-1", "quantity": "4", "was": "5"}]


def test_a_location_shows_the_sum_of_its_nodes_in_whole_units(shop: Shop) -> None:
    shop.figure("A", "2.9", "EAST")
    shop.figure("A", "3.9", "WEST")
    shop.figure("A", "1", "ACME")
    assert shop.settle() == {("A", "loc-1"): 5, ("A", "loc-2"): 1}


def test_what_is_promised_and_kept_back_is_not_shown(shop: Shop) -> None:
    shop.directory.agree("own", stock_safety=Decimal(1))
    shop.figure("A", "10")
    assert shop.settle() == {("A", "loc-1"): 9}
    shop.clock.advance(60)
    shop.allocate("A", "2")
    assert shop.settle() == {("A", "loc-1"): 7}
    with shop.desk.store.write() as tx:
        now = shop.clock.now()
        stock_store.reserve(tx, "c", [Demand(node="EAST", sku="A", quantity=Decimal(3))], now, now + timedelta(hours=1))
    assert shop.settle() == {("A", "loc-1"): 4}


def test_what_expires_without_a_word_is_found_on_a_lap(shop: Shop) -> None:
    shop.figure("A", "10")
    shop.settle()
    with shop.desk.store.write() as tx:
        now = shop.clock.now()
        stock_store.reserve(
            tx, "c", [Demand(node="EAST", sku="A", quantity=Decimal(3))], now, now + timedelta(minutes=5)
        )
    assert shop.settle() == {("A", "loc-1"): 7}
    with shop.desk.store.write() as tx:
        shop.clock.advance(600)
        stock_store.release_expired(tx, shop.clock.now())
    shop.clock.advance(LAP)
    assert shop.settle() == {("A", "loc-1"): 10}


def test_a_change_written_just_before_the_last_look_but_committed_after_it_is_seen(shop: Shop) -> None:
    shop.figure("A", "10")
    shop.settle()
    shop.clock.advance(60)
    early = shop.clock.now()
    shop.figure("B", "1")
    shop.clock.advance(20)
    shop.settle()
    with shop.desk.store.write() as tx:  # another process's transaction, with its own earlier idea of now
        values = {"on_hand": Decimal(3), "updated_at": early}
        tx.execute(update(stock_store.stock).where(stock_store.stock.c.sku == "A").values(values))
    assert shop.settle()["A", "loc-1"] == 3


# --- what waits ------------------------------------------------------------------------------------------------------


def test_news_takes_the_place_and_the_rows_of_what_still_waits(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.plan()
    shop.figure("B", "5")
    shop.figure("A", "4")
    assert shop.plan() == 2
    first, second = shop.deliveries()
    assert (first.state, second.state) == (DeliveryState.SUPERSEDED, DeliveryState.QUEUED)
    shop.receive()
    assert shop.shows == {("A", "loc-1"): 4, ("B", "loc-1"): 5}


def test_without_news_what_waits_is_left_alone(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.plan()
    for _ in range(3):
        shop.clock.advance(10)
        assert shop.plan() == 0
    assert [each.state for each in shop.deliveries()] == [DeliveryState.QUEUED]


def test_rows_taken_over_carry_the_figure_of_this_moment(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.plan()
    with shop.desk.store.write() as tx:  # a change that no time tells of
        tx.execute(
            update(stock_store.stock).values(on_hand=Decimal(2), updated_at=shop.clock.now() - timedelta(days=1))
        )
    shop.clock.advance(60)
    shop.figure("B", "1")
    shop.plan()
    shop.receive()
    assert shop.shows["A", "loc-1"] == 2


def test_what_is_under_way_is_followed_not_replaced(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.plan()
    shop.move(shop.deliveries()[0], DeliveryState.RUNNING)
    shop.figure("A", "4")
    assert shop.plan() == 1
    assert [each.state for each in shop.deliveries()] == [DeliveryState.RUNNING, DeliveryState.QUEUED]


@pytest.mark.parametrize("end", [DeliveryState.PARKED, DeliveryState.CANCELLED])
def test_what_never_arrived_is_told_again_on_the_next_lap(shop: Shop, end: DeliveryState) -> None:
    shop.figure("A", "5")
    shop.plan()
    shop.move(shop.deliveries()[0], end)
    assert shop.settle() == {}
    shop.clock.advance(LAP)
    assert shop.settle() == {("A", "loc-1"): 5}


def test_a_parked_delivery_gives_its_place_to_news_and_is_made_up_for_on_a_lap(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.plan()
    shop.move(shop.deliveries()[0], DeliveryState.PARKED)
    shop.figure("B", "6")
    assert shop.settle() == {("B", "loc-1"): 6}
    assert shop.deliveries()[0].state is DeliveryState.SUPERSEDED
    shop.clock.advance(LAP)
    assert shop.settle() == {("A", "loc-1"): 5, ("B", "loc-1"): 6}


# --- much ------------------------------------------------------------------------------------------------------------


def feed(shop: Shop, quantity: int, count: int) -> None:
    own = shop.feeding.of("own", Mode.DELTA)
    own.apply(*(own.figure(f"S{number:05}", quantity, "EAST") for number in range(count)))


def test_what_does_not_fit_follows_delivery_by_delivery(shop: Shop) -> None:
    feed(shop, 1, MOST_ROWS * 2 + 10)
    assert shop.plan() == MOST_ROWS
    assert shop.plan() == 0  # the waiting one is full
    sizes = []
    while shop.receive():
        sizes.append(shop.plan())
    assert sizes == [MOST_ROWS, 10, 0]
    assert len(shop.shows) == MOST_ROWS * 2 + 10


def test_a_change_of_a_row_that_waits_in_a_full_delivery_still_gets_in(shop: Shop) -> None:
    feed(shop, 1, MOST_ROWS + 10)
    shop.plan()
    shop.figure("S00003", "7")
    assert shop.plan() == 1
    shop.receive()
    assert shop.shows["S00003", "loc-1"] == 7


def test_more_changes_than_one_look_takes_are_all_told_in_the_end(shop: Shop) -> None:
    feed(shop, 1, MOST_CHANGED + 70)
    shop.settle()
    shop.clock.advance(120)
    feed(shop, 2, MOST_CHANGED + 70)
    shop.figure("S00001", "9")
    shows = shop.settle()
    assert len(shows) == MOST_CHANGED + 70
    assert shows.pop(("S00001", "loc-1")) == 9
    assert set(shows.values()) == {2}


def test_changes_during_a_lap_are_not_lost_however_many(shop: Shop) -> None:
    feed(shop, 1, MOST_CHANGED + 70)
    for quantity in (2, 3):
        shop.plan()
        shop.receive()
        shop.clock.advance(60)
        feed(shop, quantity, MOST_CHANGED + 70)
    assert set(shop.settle().values()) == {3}


def test_what_the_channel_did_not_take_is_told_again_once_a_day(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.figure("B", "5")
    shop.plan()
    (first,) = shop.deliveries()
    shop.receive()
    with shop.desk.store.write() as tx:
        DomainOutcomes(lambda: shop.desk).sent(tx, first, Receipt(confirmed=True, untaken=(("loc-1", "B"),)))
    assert shop.plan() == 0  # although it changed just now
    for _ in range(5):
        shop.clock.advance(LAP)
        assert shop.plan() == 0
    shop.clock.advance(24 * 3600)
    assert shop.plan() == 1
    (*_, last) = shop.deliveries()
    assert last.doc["rows"] == [{"sku": "B", "location": "loc-1", "quantity": "5", "was": None}]


def test_what_the_channel_did_not_take_is_told_again_when_it_changes_or_a_person_asks(shop: Shop) -> None:
    def not_taken() -> None:
        (*_, last) = shop.deliveries()
        with shop.desk.store.write() as tx:
            DomainOutcomes(lambda: shop.desk).sent(tx, last, Receipt(confirmed=True, untaken=(("loc-1", "B"),)))

    shop.figure("B", "5")
    shop.settle()
    not_taken()
    shop.figure("B", "4")
    assert shop.plan() == 1
    shop.receive()
    not_taken()
    assert shop.plan() == 0
    stock_push.push_everything(shop.desk, "shop", shop.clock.now())
    assert shop.plan() == 1


def test_a_figure_told_since_is_not_forgotten_because_an_earlier_one_was_not_taken(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.plan()
    (first,) = shop.deliveries()
    shop.receive()
    shop.figure("A", "4")
    shop.settle()
    with shop.desk.store.write() as tx:
        DomainOutcomes(lambda: shop.desk).sent(tx, first, Receipt(confirmed=True, untaken=(("loc-1", "A"),)))
    shop.clock.advance(LAP)
    assert shop.plan() == 0


# --- the map of locations --------------------------------------------------------------------------------------------


def test_a_channel_without_such_a_document_or_locations_is_told_nothing(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.directory.outbound_name = None
    assert shop.plan() == 0
    shop.directory.outbound_name, shop.directory.shown = "stock", {}
    assert shop.plan() == 0


def test_when_a_location_stands_for_other_nodes_its_figures_follow(shop: Shop) -> None:
    shop.figure("A", "5", "EAST")
    shop.figure("B", "3", "ACME")
    shop.settle()
    shop.directory.shown = {"loc-1": ("WEST",), "loc-2": ("ACME",)}
    assert shop.settle() == {("A", "loc-1"): 0, ("B", "loc-2"): 3}
    shop.directory.shown = {"loc-1": ("EAST", "ACME")}
    assert shop.settle() == {("A", "loc-1"): 5, ("B", "loc-1"): 3, ("B", "loc-2"): 3}  # loc-2 is ours no more


def test_a_node_out_of_use_shows_nothing(shop: Shop) -> None:
    shop.figure("A", "5", "EAST")
    shop.settle()
    own = shop.directory.known["own"]
    shop.directory.known["own"] = own.changed(nodes=tuple(each.changed(active=False) for each in own.nodes))
    assert shop.settle() == {("A", "loc-1"): 0}


def test_everything_can_be_told_again(shop: Shop) -> None:
    shop.figure("A", "5")
    shop.settle()
    shop.shows.clear()
    stock_push.push_everything(shop.desk, "shop", shop.clock.now())
    assert shop.settle() == {("A", "loc-1"): 5}
