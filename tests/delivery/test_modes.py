from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.delivery import preview
from hub.delivery.tools import agreed_hours
from hub.model.document import Kind
from hub.store import archive, connections, deliveries
from hub.store.connections import ConnectionMode
from hub.store.delivery_row import NEVER
from hub.store.tables import delivery
from tests.delivery.world import FakeConnector, FakePartner, World


@pytest.fixture
def observed(world: World) -> FakePartner:
    """A second partner, whose connection only observes."""
    return world.connect("new", live=False)


def go_live(world: World, code: str = "new") -> None:
    with world.store.write() as tx:
        connections.go_live(tx, code, world.clock.now(), world.clock.now())


def test_an_observing_connection_renders_and_sends_nothing(world: World, observed: FakePartner) -> None:
    world.enqueue("PO1", "PO2", code="new")
    world.enqueue("change", code="new", entity="order:PO1")
    world.run_for(30)
    assert (observed.calls["render"], observed.calls["send"]) == (3, 0)
    would_send = world.get("PO1", "new")
    assert (would_send.state, would_send.due_at, would_send.attempts) == ("queued", NEVER, 0)
    with world.store.read() as tx:
        assert archive.load(tx, would_send.content_sha256 or "") == b"1:PO1"


def test_going_live_sends_the_bytes_that_were_previewed(world: World, observed: FakePartner) -> None:
    world.enqueue("PO1", "PO2", code="new", placed=world.clock.now() + timedelta(days=1))
    world.run_for(5)
    go_live(world)
    world.run_for(5)
    assert observed.received == {"PO1": [b"1:PO1"], "PO2": [b"2:PO2"]}
    assert observed.calls["render"] == 2


def test_going_live_in_the_middle_of_a_preview_holds_nothing_back(world: World, observed: FakePartner) -> None:
    world.enqueue("PO1", "change", code="new", entity="order:1", placed=world.clock.now() + timedelta(days=1))
    going = threading.Thread(target=go_live, args=(world,))

    def meanwhile(verb: str, key: str) -> None:
        if (verb, key) == ("render", "PO1") and not going.ident:
            going.start()
            going.join(0.5)  # it may have to wait until we are done: then we go on

    observed.mood = meanwhile
    with world.store.read() as tx:
        ids = preview.due(tx, "new", world.runner._tools, 1)
    preview.preview(world.runner._tools, "new", ids)
    going.join()
    world.run_for(30)
    assert observed.sequence == ["PO1", "change"]


def test_what_an_earlier_version_held_back_on_a_live_connection_goes_at_the_next_start(
    world: World, observed: FakePartner
) -> None:
    old = world.clock.now() - timedelta(days=3)
    world.enqueue("PO1", "change", entity="order:1")
    world.enqueue("old", placed=old)
    world.enqueue("PO1", code="new")
    with world.store.write() as tx:
        tx.execute(update(delivery).where(delivery.c.key != "change").values(due_at=NEVER))
    world.run_for(30)
    assert world.partners["acme"].sequence == []
    world.restart()
    world.run_for(30)
    assert world.partners["acme"].sequence == ["PO1", "change"]
    assert world.states("old") == ["cancelled"], "it is older than the going live, as before"
    assert world.get("PO1", "new").due_at == NEVER, "an observing connection holds what it holds"
    assert observed.sequence == []


def test_older_orders_are_never_sent_unless_named(world: World, observed: FakePartner) -> None:
    old = world.clock.now() - timedelta(days=3)
    world.enqueue("old", "named", code="new", placed=old)
    world.run_for(5)
    with world.store.write() as tx:
        deliveries.name_order(tx, "new", "SO-named", world.clock.now())
    go_live(world)
    world.enqueue("late news of an old order", code="new", placed=old)
    world.enqueue("young", code="new", placed=world.clock.now())
    world.run_for(5)
    assert sorted(observed.received) == ["named", "young"]
    assert world.get("old", "new").state == "cancelled"
    late = world.get("late news of an old order", "new")
    assert late.state == "cancelled"
    assert "going live" in (late.closed_why or "")
    assert ("too old", "late news of an old order") in world.outcomes.told


def test_what_cannot_be_rendered_is_seen_while_observing(world: World, observed: FakePartner) -> None:
    observed.mood = lambda verb, key: "bad" if (verb, key) == ("render", "PO2") else None
    world.enqueue("PO1", "PO2", code="new")
    world.run_for(5)
    assert [world.get(key, "new").state for key in ("PO1", "PO2")] == ["queued", "parked"]
    assert world.get("PO2", "new").error == "no such unit"
    assert world.outcomes.told == [("parked", "PO2")]


def test_many_previews_come_in_batches(world: World, observed: FakePartner) -> None:
    world.enqueue(*(f"PO{n}" for n in range(70)), code="new")
    world.runner.run_due()
    assert observed.calls["render"] == 70
    world.run_for(5)
    assert observed.calls["render"] == 70


def test_a_paused_connection_does_nothing_until_it_resumes(world: World) -> None:
    acme = world.partners["acme"]
    acme.script.append("lost after")
    world.enqueue("PO1")
    world.runner.run_due()
    with world.store.write() as tx:
        connections.pause(tx, "acme", "stocktaking", world.clock.now())
    world.enqueue("PO2")
    world.run_for(60)
    assert world.states("PO1", "PO2") == ["unknown", "queued"]
    assert (acme.calls["find"], acme.calls["render"], acme.calls["check"]) == (0, 1, 0)
    with world.store.write() as tx:
        assert connections.resume(tx, "acme", world.clock.now()) is ConnectionMode.LIVE
    world.run_for(5)
    assert world.states("PO1", "PO2") == ["confirmed", "confirmed"]
    assert acme.copies() == {"PO1": 1, "PO2": 1}


def test_nothing_leaves_after_a_pause_not_even_what_was_claimed(world: World) -> None:
    acme = world.partners["acme"]

    def pause_in_the_first_send(verb: str, key: str) -> None:
        if (verb, key) == ("send", "PO1"):
            with world.store.write() as tx:
                connections.pause(tx, "acme", "stop", world.clock.now())

    acme.mood = pause_in_the_first_send
    world.enqueue("PO1", "PO2", "PO3")
    world.run_for(30)
    assert world.states("PO1", "PO2", "PO3") == ["confirmed", "queued", "queued"]
    assert (world.get("PO2").attempts, world.attempts("PO2")) == (0, [])
    with world.store.write() as tx:
        connections.resume(tx, "acme", world.clock.now())
    world.run_for(5)
    assert acme.received == {"PO1": [b"1:PO1"], "PO2": [b"2:PO2"], "PO3": [b"3:PO3"]}


def test_what_was_claimed_before_a_going_live_for_younger_orders_does_not_leave(world: World) -> None:
    acme = world.partners["acme"]

    def go_live_for_younger_ones(verb: str, key: str) -> None:
        if (verb, key) == ("send", "PO1"):
            with world.store.write() as tx:
                connections.go_live(tx, "acme", world.clock.now() + timedelta(hours=1), world.clock.now())

    acme.mood = go_live_for_younger_ones
    world.enqueue("PO1", "PO2")
    world.enqueue("PO3", placed=world.clock.now() + timedelta(hours=2))
    world.run_for(30)
    assert acme.sequence == ["PO1", "PO3"]
    assert world.states("PO2") == ["cancelled"]
    assert ("too old", "PO2") in world.outcomes.told


def test_a_partner_whose_file_is_gone_is_left_alone(world: World) -> None:
    gone = world.partners.pop("acme")
    world.enqueue("PO1")
    world.run_for(30)
    assert world.states("PO1") == ["queued"]
    world.partners["acme"] = gone
    world.run_for(5)
    assert world.states("PO1") == ["confirmed"]


def test_an_answer_between_claim_and_resend_stops_the_resend(world: World) -> None:
    acme = world.partners["acme"]
    acme.script.append("lost")

    def answer_while_asking(verb: str, key: str) -> None:
        if verb == "find":
            with world.store.write() as tx:
                assert deliveries.confirm(tx, "acme", key, "ack", world.clock.now())

    acme.mood = answer_while_asking
    world.enqueue("PO1")
    world.run_for(10)
    assert world.states("PO1") == ["confirmed"]
    assert acme.calls["send"] == 1


def test_a_fault_while_observing_is_tried_again_and_parks_in_the_end(
    world: World, observed: FakePartner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("a fault in a connector")

    monkeypatch.setattr(FakeConnector, "render", broken)
    world.enqueue("PO1", code="new")
    world.runner.run_due()
    waiting = world.get("PO1", "new")
    assert (waiting.state, waiting.tries, waiting.error_class) == ("queued", 1, "Unforeseen")
    assert waiting.due_at > world.clock.now()
    world.run_for(3600, step=60)
    assert world.get("PO1", "new").state == "parked"
    assert observed.calls["send"] == 0


def test_what_changed_while_it_was_rendered_is_left_as_it_is(world: World, observed: FakePartner) -> None:
    (one,) = world.enqueue("PO1", code="new")

    def cancelled_meanwhile(verb: str, _key: str) -> str | None:
        return "bad" if verb == "render" else None

    observed.mood = cancelled_meanwhile
    with world.store.read() as tx:
        ids = preview.due(tx, "new", world.runner._tools, 10)
    with world.store.write() as tx:
        deliveries.cancel(tx, one, "no longer wanted", world.clock.now())
    preview.preview(world.runner._tools, "new", ids)
    assert world.get("PO1", "new").state == "cancelled"
    preview.preview(world.runner._tools, "nobody", ids)


def test_the_partners_file_says_until_when_it_answers(world: World) -> None:
    agreed = agreed_hours(world.links)
    assert agreed("acme", Kind.PURCHASE_ORDER) == 24
    assert agreed("acme", Kind.SHIP_ORDER) == 24
    assert agreed("acme", Kind.STOCK_PUSH) is None, "nobody answers a level"
    assert agreed("nobody", Kind.PURCHASE_ORDER) is None
