from __future__ import annotations

import random

import pytest

from hub.model.state import DeliveryState
from hub.store import deliveries
from tests.delivery.world import FakePartner, World


def test_deliveries_of_one_entity_leave_in_the_order_in_which_they_were_enqueued(world: World) -> None:
    keys = [f"PO1-{n}" for n in range(6)]
    world.enqueue(*keys, entity="order:1")
    world.partners["acme"].script.extend(["ok", "temporary", "ok", "lost", "ok", "lost after"])
    world.run_for(600)
    assert world.partners["acme"].sequence == keys
    assert world.states(*keys) == ["confirmed"] * 6


def test_only_the_first_of_an_entity_is_under_way(world: World) -> None:
    world.enqueue("a", "b", entity="order:1")
    world.enqueue("c", entity="order:2")
    seen: list[list[str]] = []

    def look(verb: str, _key: str) -> None:
        if verb == "send":
            seen.append(world.states("a", "b", "c"))

    world.partners["acme"].mood = look
    world.runner.run_due()
    assert seen == [
        ["running", "queued", "running"],
        ["confirmed", "queued", "running"],
        ["confirmed", "running", "confirmed"],
    ]


def test_an_entity_that_waits_never_holds_another(world: World) -> None:
    world.partners["acme"].mood = lambda verb, key: "temporary" if (verb, key) == ("send", "bad") else None
    world.enqueue("bad", "behind", entity="order:1")
    world.enqueue(*(f"good-{n}" for n in range(20)))
    world.runner.run_due()
    assert world.states("bad", "behind", "good-0", "good-19") == ["waiting", "queued", "confirmed", "confirmed"]
    assert world.get("behind").due_at == world.get("bad").due_at, "it is not looked at before what it waits for"


def test_one_entity_over_two_connections_is_two_chains(world: World) -> None:
    world.connect("bolt")
    world.partners["acme"].mood = lambda verb, _key: "temporary" if verb == "send" else None
    world.enqueue("a", entity="order:1")
    world.enqueue("b", entity="order:1", code="bolt")
    world.runner.run_due()
    assert world.get("b", "bolt").state == "confirmed"


def test_what_builds_on_a_parked_one_is_blocked_until_a_person_lets_it_go(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    first, *_ = world.enqueue("po", "change", "cancel", entity="order:1")
    world.run_for(60)
    assert world.states("po", "change", "cancel") == ["parked", "blocked", "blocked"]
    (later,) = world.enqueue("note", entity="order:1")
    assert world.states("note") == ["blocked"]
    with world.store.write() as tx:
        deliveries.requeue(tx, first, world.clock.now())
    world.run_for(10)
    assert world.partners["acme"].sequence == ["po", "change", "cancel", "note"]
    assert later > first


def test_closing_the_parked_one_lets_the_others_go(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    first, _ = world.enqueue("po", "change", entity="order:1")
    world.run_for(60)
    with world.store.write() as tx:
        deliveries.cancel(tx, first, "done by telephone", world.clock.now())
    world.run_for(10)
    assert world.states("po", "change") == ["cancelled", "confirmed"]


def test_a_newer_level_takes_the_place_of_those_that_wait(world: World) -> None:
    world.partners["acme"].script.append("temporary")
    world.enqueue("stock:1", entity="stock:acme", latest_wins=True)
    world.runner.run_due()
    world.enqueue("stock:2", "stock:3", entity="stock:acme", latest_wins=True)
    world.run_for(60)
    assert world.states("stock:1", "stock:2", "stock:3") == ["superseded", "superseded", "confirmed"]
    assert world.partners["acme"].sequence == ["stock:3"]


def test_a_parked_level_never_holds_a_newer_one(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    world.enqueue("stock:1", entity="stock:acme", latest_wins=True)
    world.runner.run_due()
    assert world.states("stock:1") == ["parked"]
    world.enqueue("stock:2", entity="stock:acme", latest_wins=True)
    world.runner.run_due()
    assert world.states("stock:1", "stock:2") == ["superseded", "confirmed"]


def test_a_level_whose_reply_was_lost_is_simply_sent_again_before_the_newer_one(world: World) -> None:
    world.partners["acme"].script.append("lost after")
    world.enqueue("stock:1", entity="stock:acme", latest_wins=True)
    world.runner.run_due()
    world.enqueue("stock:2", entity="stock:acme", latest_wins=True)
    world.run_for(60)
    assert world.partners["acme"].sequence == ["stock:1", "stock:1", "stock:2"]
    assert world.partners["acme"].calls["find"] == 0


def test_an_unknown_one_holds_its_entity_until_it_is_known(world: World) -> None:
    world.partners["acme"].remembers = False
    world.partners["acme"].script.append("lost after")
    world.enqueue("po", "change", entity="order:1")
    world.run_for(60)
    assert world.states("po", "change") == ["unknown", "queued"]
    with world.store.write() as tx:
        assert deliveries.confirm(tx, "acme", "po", None, world.clock.now())
    world.run_for(5)
    assert world.partners["acme"].sequence == ["po", "change"]


def test_a_rejected_delivery_that_is_answered_after_all_lets_the_others_go(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    world.enqueue("po", "change", entity="order:1")
    world.run_for(5)
    with world.store.write() as tx:
        assert deliveries.confirm(tx, "acme", "po", "theirs", world.clock.now())
    world.run_for(5)
    assert world.states("po", "change") == ["confirmed", "confirmed"]


def order_and_fulfilment(world: World, *keys: str) -> None:
    """Enqueue in one entity: levels, and fulfilments that build on the ones before (`F...`)."""
    for key in keys:
        world.enqueue(key, entity="order:1", latest_wins=not key.startswith("F"))


def test_a_level_that_something_builds_on_goes_first_although_a_newer_one_waits(world: World) -> None:
    order_and_fulfilment(world, "SO-1", "SO-2", "F1", "SO-3", "SO-4")
    world.run_for(5)
    assert world.partners["acme"].sequence == ["SO-2", "F1", "SO-4"]
    assert world.states("SO-1", "SO-3") == ["superseded", "superseded"]


def test_what_builds_on_a_parked_level_waits_until_a_newer_one_is_taken_in_its_place(world: World) -> None:
    acme = world.partners["acme"]
    acme.script.append("rejected")
    order_and_fulfilment(world, "SO-1", "F1")
    world.run_for(60)
    order_and_fulfilment(world, "F2")
    assert world.states("SO-1", "F1", "F2") == ["parked", "blocked", "blocked"]
    order_and_fulfilment(world, "SO-2")
    world.run_for(60)
    assert acme.sequence == ["SO-1", "F1", "F2", "SO-2"]
    assert acme.received["SO-1"] == [b"2:SO-2"], "it says what is newest: as it was it is not taken"
    assert world.states("SO-1", "F1", "F2", "SO-2") == ["confirmed"] * 4


def test_a_level_that_parks_says_once_what_the_newest_behind_it_says(world: World) -> None:
    acme = world.partners["acme"]
    acme.mood = lambda verb, key: "rejected" if (verb, key) == ("send", "SO-1") else None
    order_and_fulfilment(world, "SO-1", "F1", "SO-2")
    world.run_for(60)
    assert world.outcomes_of("SO-1") == [("send", "Rejected")] * 2
    assert world.states("SO-1", "F1", "SO-2") == ["parked", "blocked", "queued"]
    acme.mood = lambda _verb, _key: None
    order_and_fulfilment(world, "SO-3")
    world.run_for(60)
    assert acme.sequence == ["SO-1", "F1", "SO-3"]
    assert world.states("SO-2") == ["superseded"]


def test_a_level_that_parks_before_a_newer_one_is_needless_and_holds_nothing(world: World) -> None:
    acme = world.partners["acme"]

    def meanwhile(verb: str, key: str) -> str | None:
        if (verb, key) != ("send", "SO-1"):
            return None
        order_and_fulfilment(world, "SO-2", "F1")
        return "rejected"

    acme.mood = meanwhile
    order_and_fulfilment(world, "SO-1")
    world.run_for(60)
    assert acme.sequence == ["SO-2", "F1"]
    assert world.states("SO-1") == ["superseded"]


def test_closing_a_parked_level_lets_what_builds_on_it_go(world: World) -> None:
    world.partners["acme"].script.append("rejected")
    order_and_fulfilment(world, "SO-1", "F1")
    world.run_for(60)
    with world.store.write() as tx:
        deliveries.cancel(tx, world.get("SO-1").id, "entered by hand", world.clock.now())
    world.run_for(60)
    assert world.states("SO-1", "F1") == ["cancelled", "confirmed"]


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_a_mixed_entity_is_never_stuck_and_keeps_its_order(local: World, seed: int) -> None:
    chance, acme = random.Random(seed), local.partners["acme"]
    told: list[str] = []
    builds_on: dict[str, int] = {}

    def mood(verb: str, key: str) -> str | None:
        if verb == "send" and _version(acme) < builds_on.get(key, 0):
            return "temporary"  # the order that it is of is not there yet
        return chance.choice([None, None, "temporary", "rejected", "lost after"]) if verb == "send" else None

    acme.mood = mood
    for number in range(1, 13):
        level = number == 1 or chance.random() < 0.6
        told.append(f"SO-{number}" if level else f"F-{number}")
        if not level:
            builds_on[told[-1]] = max(int(each[3:]) for each in told if each.startswith("SO"))
        order_and_fulfilment(local, told[-1])
        local.run_for(chance.choice([0, 10, 300]))
    order_and_fulfilment(local, "SO-99")
    _rerun_until_done(local)
    assert [each for each in acme.sequence if each in builds_on] == list(builds_on), "each once, in order"
    assert acme.received["SO-99"][-1].endswith(b":SO-99")
    assert acme.sequence[-1] == "SO-99"
    assert {*local.states(*told, "SO-99")} <= {"confirmed", "superseded"}


def _version(partner: FakePartner) -> int:
    """Return the newest version of the order that has arrived; 0 when none has."""
    orders = (content for key, contents in partner.received.items() if key.startswith("SO") for content in contents)
    return max((int(content.rpartition(b"-")[2]) for content in orders), default=0)


def _rerun_until_done(world: World) -> None:
    """Be the person who reruns what is parked."""
    for _ in range(20):
        world.run_for(1200, step=60)
        with world.store.write() as tx:
            parked = deliveries.search(tx, states=[DeliveryState.PARKED])
            for each in parked:
                deliveries.requeue(tx, each.id, world.clock.now())
