from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from hub.model.document import Kind
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.store import connections, deliveries, events
from hub.store.connections import ConnectionMode, ConnectionRow
from hub.store.delivery_row import NEVER, NewDelivery
from hub.store.engine import Store
from hub.store.tables import delivery
from hub.testing.clock import FakeClock


@pytest.fixture(autouse=True)
def acme(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        assert connections.ensure(tx, "acme", "files", "hash-1", clock.now())


def row(store: Store) -> ConnectionRow:
    with store.read() as tx:
        found = connections.get(tx, "acme")
    assert found is not None
    return found


def said(store: Store) -> list[str]:
    with store.read() as tx:
        return [each.name for each in events.search(tx, subject="acme")][::-1]


def enqueue(store: Store, clock: FakeClock, key: str, placed: datetime | None) -> int:
    line = FulfilmentLine(channel_line="1", quantity="1")  # type: ignore[arg-type]
    record = Fulfilment(fulfilment_id=key, channel_order="1", node="DC1", lines=(line,))
    new = NewDelivery(
        "acme", "po", Kind.FULFILMENT, f"order:{key}", key, record, order_id=f"SO-{key}", order_placed_at=placed
    )
    with store.write() as tx:
        return deliveries.enqueue(tx, new, clock.now())


def test_a_new_connection_only_observes(store: Store, clock: FakeClock) -> None:
    assert row(store).mode is ConnectionMode.OBSERVE
    with store.write() as tx:
        assert not connections.ensure(tx, "acme", "files", "hash-2", clock.now())
        connections.go_live(tx, "acme", clock.now(), clock.now())
        assert not connections.ensure(tx, "acme", "files", "hash-3", clock.now())
    assert row(store).mapping_hash == "hash-3"
    assert row(store).mode is ConnectionMode.LIVE


def test_going_live_cancels_what_is_older_unless_it_was_named(store: Store, clock: FakeClock) -> None:
    now = clock.now()
    old, named, young, undated = (
        enqueue(store, clock, "old", now - timedelta(days=2)),
        enqueue(store, clock, "named", now - timedelta(days=2)),
        enqueue(store, clock, "young", now + timedelta(seconds=1)),
        enqueue(store, clock, "undated", None),
    )
    with store.write() as tx:
        tx.execute(update(delivery).values(due_at=NEVER))
        assert deliveries.name_order(tx, "acme", "SO-named", now) == 1
        assert connections.go_live(tx, "acme", now, now, actor="ann") == [old]
    with store.read() as tx:
        kept = {each: deliveries.get(tx, each) for each in (old, named, young, undated)}
    assert kept[old].state == "cancelled"
    assert "nobody named it" in (kept[old].closed_why or "")
    assert [kept[each].state for each in (named, young, undated)] == ["queued"] * 3
    assert {kept[each].due_at for each in (named, young, undated)} == {now}
    assert said(store) == ["connection.live"]


def test_a_pause_is_over_when_somebody_resumes(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        connections.go_live(tx, "acme", clock.now(), clock.now())
        assert connections.pause(tx, "acme", "stocktaking", clock.now())
        assert not connections.pause(tx, "acme", "still", clock.now())
    assert (row(store).mode, row(store).paused_why) == (ConnectionMode.PAUSED, "still")
    with store.write() as tx:
        assert connections.resume(tx, "acme", clock.now(), automatic=True) is None
        assert connections.resume(tx, "acme", clock.now()) is ConnectionMode.LIVE
        assert connections.resume(tx, "acme", clock.now()) is None
    assert row(store).paused_why is None
    assert said(store) == ["connection.live", "connection.paused", "connection.resumed"]


def test_the_hub_pauses_by_itself_and_goes_back_to_what_it_did(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        assert connections.pause(tx, "acme", "bad password", clock.now(), automatic=True)
        assert not connections.pause(tx, "acme", "bad password", clock.now(), automatic=True)
    assert row(store).paused_by == "hub"
    with store.write() as tx:
        assert connections.resume(tx, "acme", clock.now(), automatic=True) is ConnectionMode.OBSERVE
    assert said(store) == ["connection.paused", "connection.resumed"]


def test_a_persons_pause_outlasts_the_hubs_own(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        connections.pause(tx, "acme", "bad password", clock.now(), automatic=True)
        connections.pause(tx, "acme", "moving", clock.now())
        connections.pause(tx, "acme", "bad password", clock.now(), automatic=True)
        assert connections.resume(tx, "acme", clock.now(), automatic=True) is None
    assert (row(store).paused_by, row(store).paused_why) == ("operator", "moving")


def test_going_back_to_observe_closes_the_door_again(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        connections.go_live(tx, "acme", clock.now(), clock.now())
        connections.observe(tx, "acme", clock.now())
        connections.observe(tx, "acme", clock.now())
    assert row(store).mode is ConnectionMode.OBSERVE
    assert said(store) == ["connection.live", "connection.observe"]


def test_an_outage_is_told_once_when_it_starts_and_once_when_it_ends(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        assert connections.outage_ended(tx, "acme", clock.now()) is None
        assert connections.outage_started(tx, "acme", "timeout", clock.now())
        assert not connections.outage_started(tx, "acme", "refused", clock.now())
    assert row(store).outage_error == "timeout"
    clock.advance(90)
    with store.write() as tx:
        assert connections.outage_ended(tx, "acme", clock.now()) == 90
        assert connections.outage_ended(tx, "acme", clock.now()) is None
    assert row(store).outage_since is None
    assert said(store) == ["connection.outage", "connection.recovered"]


def test_an_unknown_connection_is_named_in_the_error(store: Store, clock: FakeClock) -> None:
    with store.write() as tx, pytest.raises(connections.NoSuchConnection, match="'nobody'"):
        connections.pause(tx, "nobody", "why", clock.now())


def test_every_connection_is_listed_by_code(store: Store, clock: FakeClock) -> None:
    with store.write() as tx:
        connections.ensure(tx, "aaa", "files", None, clock.now())
        assert [each.code for each in connections.every(tx)] == ["aaa", "acme"]
