from __future__ import annotations

import pytest

from hub.store import connections, events
from tests.delivery.world import World

KEYS = [f"PO{n}" for n in range(200)]


def names(world: World) -> list[str]:
    with world.store.read() as tx:
        return [each.name for each in events.search(tx, subject="acme")][::-1]


def down(verb: str, _key: str) -> str | None:
    return "temporary" if verb == "send" else None


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.message in {"connection.outage", "connection.recovered"}]


def test_an_outage_does_not_use_up_the_attempts_of_what_waits(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    acme = world.partners["acme"]
    acme.mood = down
    world.enqueue(*KEYS)
    world.run_for(6 * 3600, step=30)
    tried = [world.get(key).tries for key in KEYS]
    assert max(tried) <= 3
    assert sum(tried) == acme.calls["send"] < 6 * 3600 / 150, "probed at growing distances, one at a time"
    assert set(world.states(*KEYS)) == {"queued", "waiting"}
    with world.store.read() as tx:
        row = connections.get(tx, "acme")
    assert row is not None
    assert row.outage_error == "the line is down"
    acme.mood = lambda _verb, _key: None
    world.run_for(3600, step=30)
    assert set(world.states(*KEYS)) == {"confirmed"}
    assert acme.copies() == dict.fromkeys(KEYS, 1)
    assert names(world) == ["connection.live", "connection.outage", "connection.recovered"]
    assert said(caplog) == ["connection.outage", "connection.recovered"]


def test_one_document_that_always_fails_is_no_outage_and_holds_nobody(world: World) -> None:
    world.partners["acme"].mood = lambda verb, key: "temporary" if (verb, key) == ("send", "PO0") else None
    world.enqueue(*KEYS[:20])
    world.run_for(60)
    assert world.states(*KEYS[1:20]) == ["confirmed"] * 19
    world.run_for(3600, step=20)
    assert world.states("PO0") == ["parked"]


def test_one_document_that_always_fails_in_an_outage_is_not_the_only_probe(world: World) -> None:
    acme = world.partners["acme"]
    acme.mood = down
    world.enqueue(*KEYS[:5])
    world.run_for(120)
    acme.mood = lambda verb, key: "temporary" if (verb, key) == ("send", "PO0") else None
    world.run_for(1800, step=20)
    assert world.states(*KEYS[1:5]) == ["confirmed"] * 4


def test_a_partner_that_never_answers_is_an_outage_too(world: World) -> None:
    acme = world.partners["acme"]
    acme.mood = lambda verb, _key: "lost" if verb in {"send", "find"} else None
    world.enqueue(*KEYS[:50])
    world.run_for(300)
    assert acme.calls["send"] + acme.calls["find"] < 20
    assert names(world)[-1] == "connection.outage"


def test_a_new_process_goes_on_with_the_outage_that_was_written_down(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    acme = world.partners["acme"]
    acme.mood = down
    world.enqueue(*KEYS[:50])
    world.run_for(60)
    caplog.clear()
    calls = acme.calls["send"]
    world.restart()
    world.runner.run_due()
    assert acme.calls["send"] == calls + 1, "a probe, not a flood"
    assert said(caplog) == []


def test_one_partners_outage_is_nothing_to_the_others(world: World) -> None:
    world.connect("bolt")
    world.partners["acme"].mood = down
    world.enqueue(*KEYS[:20])
    world.enqueue(*KEYS[:20], code="bolt")
    world.runner.run_due()
    assert world.partners["bolt"].copies() == dict.fromkeys(KEYS[:20], 1)
