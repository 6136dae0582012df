"""A connection's first steps: never more documents than a person said, and then nothing until they have looked."""

from __future__ import annotations

from datetime import timedelta

from hub.store import connections, ramp
from hub.store.connections import ConnectionMode
from tests.delivery.world import World


def begin(world: World, documents: int | None) -> None:
    with world.store.write() as tx:
        now = world.clock.now()
        connections.go_live(tx, "new", now - timedelta(days=1), now)
        ramp.begin(tx, "new", documents, now)


def mode(world: World) -> ConnectionMode:
    with world.store.read() as tx:
        row = connections.get(tx, "new")
    assert row is not None
    return row.mode


def test_no_more_documents_leave_than_a_person_said(world: World) -> None:
    partner = world.connect("new", live=False)
    begin(world, 3)
    world.enqueue(*(f"PO{number}" for number in range(10)), code="new")
    world.run_for(30)
    assert len(partner.received) == 3
    assert mode(world) is ConnectionMode.OBSERVE
    begin(world, None)
    world.run_for(30)
    assert len(partner.received) == 10
    assert all(len(sent) == 1 for sent in partner.received.values())
    assert mode(world) is ConnectionMode.LIVE


def test_a_ramp_that_is_not_used_up_leaves_the_connection_live(world: World) -> None:
    partner = world.connect("new", live=False)
    begin(world, 3)
    world.enqueue("PO1", code="new")
    world.run_for(30)
    assert (len(partner.received), mode(world)) == (1, ConnectionMode.LIVE)
    with world.store.read() as tx:
        assert (ramp.left(tx, "new"), ramp.left(tx, "nobody")) == (2, None)
