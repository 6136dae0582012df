from __future__ import annotations

from datetime import timedelta

import pytest

from hub.model.document import Kind
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.state import DeliveryState, IllegalMove
from hub.services.attention import failures
from hub.services.attention.failure import Filters
from hub.store import deliveries
from hub.store.delivery_row import NewDelivery
from hub.store.engine import Store
from hub.testing.clock import FakeClock


def new(key: str, *, entity: str = "", connection: str = "acme", latest_wins: bool = False) -> NewDelivery:
    record = Fulfilment(
        fulfilment_id=key,
        channel_order="1001",
        node="DC1",
        lines=(FulfilmentLine(channel_line="1", quantity="1"),),  # type: ignore[arg-type]
    )
    return NewDelivery(connection, "po", Kind.FULFILMENT, entity or key, key, record, latest_wins=latest_wins)


def enqueue(store: Store, clock: FakeClock, *news: NewDelivery) -> list[int]:
    with store.write() as tx:
        return [deliveries.enqueue(tx, each, clock.now()) for each in news]


def state(store: Store, delivery_id: int) -> str:
    with store.read() as tx:
        return deliveries.get(tx, delivery_id).state.value


def force(store: Store, clock: FakeClock, delivery_id: int, *path: DeliveryState) -> None:
    """Walk a delivery to a state over legal moves, as a runner would."""
    with store.write() as tx:
        for target in path:
            row = deliveries.get(tx, delivery_id)
            deliveries.move(tx, row, target, clock.now())
            if target is DeliveryState.PARKED:
                deliveries.block_followers(tx, row, clock.now())


def test_the_same_key_is_enqueued_once(store: Store, clock: FakeClock) -> None:
    first, again = enqueue(store, clock, new("PO1"), new("PO1"))
    assert first == again
    with store.read() as tx:
        assert len(deliveries.search(tx)) == 1
        kept = deliveries.get(tx, first)
        assert kept.record == new("PO1").record
        assert (kept.state, kept.attempts, kept.due_at) == (DeliveryState.QUEUED, 0, clock.now())


def test_the_same_key_on_another_connection_is_another_delivery(store: Store, clock: FakeClock) -> None:
    one, other = enqueue(store, clock, new("PO1"), new("PO1", connection="bolt"))
    assert one != other


def test_a_delivery_behind_a_parked_one_of_its_entity_is_blocked(store: Store, clock: FakeClock) -> None:
    (first,) = enqueue(store, clock, new("PO1", entity="order:1"))
    force(store, clock, first, DeliveryState.RUNNING, DeliveryState.PARKED)
    change, other = enqueue(store, clock, new("PO1-change", entity="order:1"), new("PO2", entity="order:2"))
    assert state(store, change) == "blocked"
    assert state(store, other) == "queued"


def test_followers_become_blocked_when_the_first_parks_and_queued_when_it_goes_again(
    store: Store, clock: FakeClock
) -> None:
    first, second, third = enqueue(store, clock, *(new(f"PO1-{n}", entity="order:1") for n in range(3)))
    force(store, clock, first, DeliveryState.RUNNING, DeliveryState.PARKED)
    assert [state(store, each) for each in (first, second, third)] == ["parked", "blocked", "blocked"]
    with store.write() as tx:
        deliveries.requeue(tx, first, clock.now())
    assert [state(store, each) for each in (first, second, third)] == ["queued", "queued", "queued"]


def test_a_blocked_chain_is_released_only_as_far_as_the_next_parked_one(store: Store, clock: FakeClock) -> None:
    ids = enqueue(store, clock, *(new(f"PO1-{n}", entity="order:1") for n in range(4)))
    for each in (ids[2], ids[0]):
        force(store, clock, each, *([DeliveryState.QUEUED] if state(store, each) == "blocked" else []))
        force(store, clock, each, DeliveryState.RUNNING, DeliveryState.PARKED)
    with store.write() as tx:
        deliveries.cancel(tx, ids[0], "not wanted", clock.now())
    assert [state(store, each) for each in ids] == ["cancelled", "queued", "parked", "blocked"]


def test_requeueing_behind_an_earlier_parked_one_blocks(store: Store, clock: FakeClock) -> None:
    first, second = enqueue(store, clock, new("a", entity="order:1"), new("b", entity="order:1"))
    force(store, clock, second, DeliveryState.RUNNING, DeliveryState.PARKED)
    force(store, clock, first, DeliveryState.RUNNING, DeliveryState.PARKED)
    with store.write() as tx:
        assert deliveries.requeue(tx, second, clock.now()).state is DeliveryState.BLOCKED


def test_a_newer_level_supersedes_what_has_not_started(store: Store, clock: FakeClock) -> None:
    running, queued, parked = enqueue(store, clock, *(new(f"stock:{n}", entity="stock:shop") for n in range(3)))
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE delivery SET latest_wins = true")
    force(store, clock, running, DeliveryState.RUNNING)
    force(store, clock, parked, DeliveryState.RUNNING, DeliveryState.PARKED)
    (newest,) = enqueue(store, clock, new("stock:9", entity="stock:shop", latest_wins=True))
    states = [state(store, each) for each in (running, queued, parked, newest)]
    assert states == ["running", "superseded", "superseded", "queued"]


def test_enqueueing_a_level_again_does_not_supersede_it(store: Store, clock: FakeClock) -> None:
    level = new("stock:1", entity="stock:shop", latest_wins=True)
    assert len(set(enqueue(store, clock, level, level))) == 1
    with store.read() as tx:
        assert [each.state for each in deliveries.search(tx)] == ["queued"]


def test_a_follower_is_not_due_before_what_it_waits_for(store: Store, clock: FakeClock) -> None:
    (first,) = enqueue(store, clock, new("a", entity="order:1"))
    later = clock.now() + timedelta(hours=1)
    with store.write() as tx:
        deliveries.move(tx, deliveries.get(tx, first), DeliveryState.RUNNING, clock.now())
        deliveries.move(tx, deliveries.get(tx, first), DeliveryState.WAITING, clock.now(), {"due_at": later})
    (second,) = enqueue(store, clock, new("b", entity="order:1"))
    with store.write() as tx:
        assert deliveries.get(tx, second).due_at == later
        deliveries.cancel(tx, first, "not wanted", clock.now())
        assert deliveries.get(tx, second).due_at == clock.now()


@pytest.mark.parametrize("reached", ["running", "unknown", "sent", "parked"])
def test_an_answer_confirms_what_may_have_arrived(store: Store, clock: FakeClock, reached: str) -> None:
    (one,) = enqueue(store, clock, new("PO1"))
    path = [DeliveryState.RUNNING] + ([DeliveryState(reached)] if reached != "running" else [])
    force(store, clock, one, *path)
    with store.write() as tx:
        assert deliveries.confirm(tx, "acme", "PO1", "their-77", clock.now())
        kept = deliveries.get(tx, one)
        assert (kept.state, kept.reference, kept.sent_at) == (DeliveryState.CONFIRMED, "their-77", clock.now())
        assert not deliveries.confirm(tx, "acme", "PO1", None, clock.now())


def test_an_answer_to_what_never_left_changes_nothing(store: Store, clock: FakeClock) -> None:
    enqueue(store, clock, new("PO1"))
    with store.write() as tx:
        assert not deliveries.confirm(tx, "acme", "PO1", None, clock.now())
        assert not deliveries.confirm(tx, "acme", "PO99", None, clock.now())
    with store.read() as tx:
        assert [each.state for each in deliveries.search(tx)] == ["queued"]


def test_an_answer_confirms_what_was_requeued_in_doubt(store: Store, clock: FakeClock) -> None:
    (one,) = enqueue(store, clock, new("PO1"))
    force(store, clock, one, DeliveryState.RUNNING, DeliveryState.UNKNOWN, DeliveryState.PARKED)
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE delivery SET doubt = true")
        assert deliveries.requeue(tx, one, clock.now()).doubt
        assert deliveries.confirm(tx, "acme", "PO1", None, clock.now())


def test_a_person_who_knows_that_it_did_not_arrive_takes_the_doubt_away(store: Store, clock: FakeClock) -> None:
    (one,) = enqueue(store, clock, new("PO1"))
    force(store, clock, one, DeliveryState.RUNNING, DeliveryState.UNKNOWN, DeliveryState.PARKED)
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE delivery SET doubt = true")
        assert not deliveries.requeue(tx, one, clock.now(), send_again=True).doubt


def test_what_is_over_or_under_way_can_neither_be_cancelled_nor_requeued(store: Store, clock: FakeClock) -> None:
    running, done = enqueue(store, clock, new("PO1"), new("PO2"))
    force(store, clock, running, DeliveryState.RUNNING)
    force(store, clock, done, DeliveryState.RUNNING, DeliveryState.CONFIRMED)
    for each in (running, done):
        with store.write() as tx, pytest.raises(IllegalMove):
            deliveries.cancel(tx, each, "no", clock.now())
        with store.write() as tx, pytest.raises(IllegalMove):
            deliveries.requeue(tx, each, clock.now())


def test_what_was_sent_and_not_answered_in_time_is_overdue(store: Store, clock: FakeClock) -> None:
    early, late = enqueue(store, clock, new("PO1"), new("PO2"))
    for each, hours in ((early, 1), (late, 48)):
        with store.write() as tx:
            deliveries.move(tx, deliveries.get(tx, each), DeliveryState.RUNNING, clock.now())
            by = clock.now() + timedelta(hours=hours)
            deliveries.move(tx, deliveries.get(tx, each), DeliveryState.SENT, clock.now(), {"answer_by": by})
    with store.read() as tx:
        found = failures.list_failures(tx, clock.now() + timedelta(hours=2), Filters(code="overdue"))
    assert [each.id for each in found] == [f"d{early}"]


def test_search_finds_by_state_connection_and_order(store: Store, clock: FakeClock) -> None:
    enqueue(store, clock, new("PO1"), new("PO2", connection="bolt"))
    with store.read() as tx:
        assert [each.key for each in deliveries.search(tx, connection="bolt")] == ["PO2"]
        assert [each.key for each in deliveries.search(tx, states=[DeliveryState.QUEUED], limit=1)] == ["PO2"]
        assert deliveries.search(tx, order_id="SO1") == []
        assert deliveries.search(tx, kind=Kind.PURCHASE_ORDER) == []


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ((), True),
        ((DeliveryState.RUNNING,), False),
        ((DeliveryState.RUNNING, DeliveryState.WAITING), True),
        ((DeliveryState.RUNNING, DeliveryState.UNKNOWN), False),
        ((DeliveryState.RUNNING, DeliveryState.PARKED), True),
        ((DeliveryState.RUNNING, DeliveryState.SENT), False),
    ],
)
def test_only_what_has_certainly_not_arrived_is_withdrawn(
    store: Store, clock: FakeClock, path: tuple[DeliveryState, ...], gone: bool
) -> None:
    (one,) = enqueue(store, clock, new("PO1"))
    force(store, clock, one, *path)
    with store.write() as tx:
        assert deliveries.withdraw(tx, "acme", "PO1", "rerouted", clock.now()) is gone
        assert not deliveries.withdraw(tx, "acme", "PO9", "rerouted", clock.now())
    assert (state(store, one) == "cancelled") is gone


def test_what_is_in_doubt_is_not_withdrawn(store: Store, clock: FakeClock) -> None:
    (one,) = enqueue(store, clock, new("PO1"))
    force(store, clock, one, DeliveryState.RUNNING, DeliveryState.UNKNOWN, DeliveryState.PARKED)
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE delivery SET doubt = true")
        assert not deliveries.withdraw(tx, "acme", "PO1", "rerouted", clock.now())


def test_a_superseded_delivery_lets_the_next_go(store: Store, clock: FakeClock) -> None:
    first, second = enqueue(store, clock, new("a", entity="order:1"), new("b", entity="order:1"))
    force(store, clock, first, DeliveryState.RUNNING, DeliveryState.PARKED)
    with store.write() as tx:
        deliveries.supersede(tx, first, clock.now())
    assert [state(store, each) for each in (first, second)] == ["superseded", "queued"]


def test_an_unknown_delivery_is_named_in_the_error(store: Store) -> None:
    with store.read() as tx, pytest.raises(deliveries.NoSuchDelivery, match="no delivery 77"):
        deliveries.get(tx, 77)


def test_a_waiting_delivery_may_be_tried_at_once(store: Store, clock: FakeClock) -> None:
    (one,) = enqueue(store, clock, new("PO1"))
    later = clock.now() + timedelta(hours=1)
    with store.write() as tx:
        deliveries.move(tx, deliveries.get(tx, one), DeliveryState.RUNNING, clock.now())
        waits = {"due_at": later, "tries": 4}
        deliveries.move(tx, deliveries.get(tx, one), DeliveryState.WAITING, clock.now(), waits)
        rerun = deliveries.requeue(tx, one, clock.now())
    assert (rerun.state, rerun.due_at, rerun.tries) == (DeliveryState.WAITING, clock.now(), 0)
