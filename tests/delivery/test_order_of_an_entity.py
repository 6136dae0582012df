from __future__ import annotations

from hub.store import deliveries
from tests.delivery.world import World


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
