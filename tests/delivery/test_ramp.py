"""A connection's first steps: never more documents than a person said, and then nothing until they have looked."""

from __future__ import annotations

import threading
from datetime import timedelta

from hub.delivery import claims, ledger
from hub.delivery.claims import Claim, Want
from hub.delivery.ledger import Leaving
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


def test_two_that_leave_at_once_do_not_both_take_the_last_of_a_ramp(world: World) -> None:
    world.connect("new", live=False)
    begin(world, 1)
    world.enqueue("PO1", "PO2", code="new")
    now, leaving = world.clock.now(), Leaving("0" * 64, None, None)
    with world.store.write() as tx:
        one, two = claims.claim(tx, [Want("new", 2, None)], "me", now).claims
    entered: list[bool] = []

    def enter(claim: Claim) -> None:
        with world.store.write() as tx:
            entered.append(ledger.enter(tx, claim, "me", leaving, now))

    other = threading.Thread(target=enter, args=(two,))
    with world.store.write() as tx:
        assert ledger.enter(tx, one, "me", leaving, now)
        other.start()
        other.join(0.5)  # it has seen the connection live, or waits for us
    other.join()
    assert entered == [False]
    assert mode(world) is ConnectionMode.OBSERVE
