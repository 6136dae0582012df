"""Killed at every named instant, and by chance: after a new start exactly one of each document is at the partner."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import update

from hub.model.document import Kind
from hub.store import deliveries
from hub.store.engine import Store
from hub.store.tables import delivery
from tests.delivery.world import Killed, World

INSTANTS = ("claimed", "rendered", "before_bytes", "bytes_sent", "replied", "committed")
KEYS = ("PO1", "PO2", "PO3")


def killed_at(world: World, instant: str) -> None:
    world.kill_at = instant
    with pytest.raises(Killed):
        world.runner.run_due()


@pytest.mark.parametrize("instant", INSTANTS)
def test_killed_at_an_instant_each_document_arrives_exactly_once(world: World, instant: str) -> None:
    world.enqueue(*KEYS)
    killed_at(world, instant)
    world.restart()
    world.run_for(60)
    assert world.states(*KEYS) == ["confirmed"] * 3
    assert world.partners["acme"].copies() == dict.fromkeys(KEYS, 1)
    assert sorted(world.outcomes.told) == [("sent", key) for key in KEYS]


@pytest.mark.parametrize("instant", INSTANTS)
def test_killed_where_the_partner_cannot_tell_it_waits_and_never_goes_twice(world: World, instant: str) -> None:
    acme = world.partners["acme"]
    acme.remembers = False
    world.enqueue(*KEYS)
    killed_at(world, instant)
    world.restart()
    world.run_for(60)
    if instant in {"claimed", "committed"}:
        assert world.states(*KEYS) == ["confirmed"] * 3
    else:
        assert world.states(*KEYS) == ["unknown", "confirmed", "confirmed"]
    assert max(acme.copies().values()) == 1
    world.run_for(25 * 3600, step=3600)
    assert set(world.states(*KEYS)) <= {"confirmed", "parked"}
    assert max(acme.copies().values()) == 1


def test_an_acknowledgement_that_nobody_can_tell_of_counts_as_sent_since_nobody_answers_it(world: World) -> None:
    world.partners["acme"].remembers = False
    world.enqueue("PO1")
    killed_at(world, "bytes_sent")
    with world.store.write() as tx:
        tx.execute(update(delivery).values(kind=Kind.FUNCTIONAL_ACKNOWLEDGEMENT.value))
    world.restart()
    world.run_for(60)
    assert (world.get("PO1").state, world.get("PO1").doubt) == ("sent", False)
    assert world.partners["acme"].copies() == {"PO1": 1}


@pytest.mark.parametrize("instant", INSTANTS)
def test_killed_where_the_partner_makes_repeating_safe_it_is_sent_again_without_asking(
    store: Store, make_world: Callable[..., World], instant: str
) -> None:
    world = make_world(store, idempotent=True)
    acme = world.connect()
    world.enqueue(*KEYS)
    killed_at(world, instant)
    world.restart()
    world.run_for(60)
    assert world.states(*KEYS) == ["confirmed"] * 3
    assert acme.calls["find"] == 0
    assert all(len(set(contents)) == 1 for contents in acme.received.values()), "every copy is the same bytes"


@pytest.mark.parametrize(
    ("instant", "entered", "became"),
    [("claimed", False, "queued"), ("rendered", True, "unknown"), ("bytes_sent", True, "unknown")],
)
def test_a_start_says_what_was_interrupted(world: World, instant: str, entered: bool, became: str) -> None:
    world.enqueue(*KEYS)
    killed_at(world, instant)
    first, *others = world.restart()
    assert (first.key, first.connection, first.verb) == ("PO1", "acme", "send")
    assert (first.entered, first.became) == (entered, became)
    assert [(each.entered, each.became) for each in others] == [(False, "queued")] * 2, "claimed and never begun"
    assert world.outcomes_of("PO1") == [("send", "interrupted")]
    assert world.restart() == []


def test_a_resend_that_was_claimed_and_not_entered_is_not_in_doubt(world: World) -> None:
    world.partners["acme"].script.append("temporary")
    world.enqueue("PO1")
    world.runner.run_due()
    world.clock.advance(30)
    killed_at(world, "claimed")
    (left,) = world.restart()
    assert (left.entered, left.became) == (False, "queued")
    world.run_for(5)
    assert world.partners["acme"].calls["find"] == 0
    assert world.states("PO1") == ["confirmed"]


def test_killed_while_asking_the_doubt_stays(world: World) -> None:
    world.partners["acme"].script.append("lost after")
    world.enqueue("PO1")
    world.runner.run_due()
    world.clock.advance(5)
    killed_at(world, "claimed")
    (left,) = world.restart()
    assert (left.verb, left.became) == ("find", "unknown")
    world.run_for(5)
    assert world.partners["acme"].copies() == {"PO1": 1}
    assert world.states("PO1") == ["confirmed"]


def test_killed_in_the_send_that_follows_an_absent_it_is_asked_about_again(world: World) -> None:
    world.partners["acme"].script.append("lost")
    world.enqueue("PO1")
    world.runner.run_due()
    world.clock.advance(5)
    killed_at(world, "bytes_sent")
    (left,) = world.restart()
    assert (left.verb, left.entered, left.became) == ("send", True, "unknown")
    world.run_for(5)
    assert world.outcomes_of("PO1") == [
        ("send", "OutcomeUnknown"),
        ("find", "absent"),
        ("send", "interrupted"),
        ("find", "found"),
    ]
    assert world.partners["acme"].copies() == {"PO1": 1}


def test_an_answer_that_comes_while_the_hub_is_dead_ends_the_doubt(world: World) -> None:
    world.partners["acme"].remembers = False
    world.enqueue("PO1")
    killed_at(world, "bytes_sent")
    with world.store.write() as tx:
        assert deliveries.confirm(tx, "acme", "PO1", "ack", world.clock.now())
    assert world.restart() == []
    world.run_for(48 * 3600, step=7200)
    assert world.states("PO1") == ["confirmed"]
    assert world.outcomes_of("PO1") == [("send", "confirmed")]


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 150))])
def test_kills_and_lost_replies_by_chance_lose_nothing_and_double_nothing(world: World, seed: int) -> None:
    chance = random.Random(seed)
    keys = [f"PO{n}" for n in range(25)]
    acme = world.partners["acme"]

    def mood(verb: str, _key: str) -> str | None:
        what = ["lost", "lost after", "temporary", "limited", "bug after"] if verb == "send" else ["temporary", "lost"]
        return chance.choice(what) if chance.random() < 0.3 and verb != "render" else None

    acme.mood = mood
    world.policy = type(world.policy)(attempts=50, first_delay=1, longest_delay=20, jitter=0.0, unforeseen_attempts=50)
    world.restart()
    world.enqueue(*keys)
    kills = 0
    world.kills_by_chance = lambda: kills < 15 and chance.random() < 0.1
    for _ in range(400):
        try:
            world.runner.run_due()
        except Killed:
            kills += 1
            world.restart()
        world.clock.advance(5)
        if set(world.states(*keys)) == {"confirmed"}:
            break
    assert acme.copies() == dict.fromkeys(keys, 1), f"seed {seed}"
    assert set(world.states(*keys)) == {"confirmed"}
    assert kills >= 8
    assert sorted(world.outcomes.told) == sorted(("sent", key) for key in keys)
