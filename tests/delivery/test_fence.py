"""A hub that is no longer sure to be alone on its database sends nothing, and uses up no attempt by that."""

from __future__ import annotations

from contextlib import suppress

import pytest

from hub.store.errors import StoreFenced
from tests.delivery.world import World


def fall_at(world: World, instant: str) -> None:
    """Let the fence fall when the send path passes an instant, carry out what is due, and open it again."""
    world.store.fence(lambda: instant not in world.passed)
    with suppress(StoreFenced):
        world.runner.run_due()
    world.store.fence(lambda: True)


def test_what_was_claimed_does_not_leave_behind_the_fence(world: World) -> None:
    world.enqueue("PO1")
    fall_at(world, "claimed")
    assert world.partners["acme"].copies() == {}
    assert [each.became for each in world.restart()] == ["queued"]
    world.runner.run_due()
    assert world.partners["acme"].copies() == {"PO1": 1}
    assert world.outcomes_of("PO1") == [("send", "interrupted"), ("send", "confirmed")]
    assert world.get("PO1").tries == 0


def test_what_had_left_before_is_asked_for_and_not_sent_again(world: World) -> None:
    world.enqueue("PO1")
    fall_at(world, "bytes_sent")
    assert [each.became for each in world.restart()] == ["unknown"]
    world.run_for(30)
    assert world.partners["acme"].copies() == {"PO1": 1}
    assert world.outcomes_of("PO1") == [("send", "interrupted"), ("find", "found")]


def test_nothing_is_written_behind_the_fence_by_whichever_way(world: World) -> None:
    world.store.fence(lambda: False)
    assert world.store.fenced
    with pytest.raises(StoreFenced), world.store.write():
        pass
    with pytest.raises(StoreFenced):
        world.store.submit(lambda _tx: None)
    with pytest.raises(StoreFenced):
        world.store.transact(lambda _tx: None)


def test_a_hub_that_stops_behind_the_fence_leaves_its_claims_to_the_next(world: World) -> None:
    world.enqueue("PO1", "PO2")
    world.runner._rounds.look()
    assert world.runner._rounds.refill() == 2
    world.store.fence(lambda: False)
    assert world.runner.stop(0.1)
    world.store.fence(lambda: True)
    assert [each.became for each in world.restart()] == ["queued", "queued"]
