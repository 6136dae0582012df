from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.delivery.claims import Surveyed
from hub.delivery.gate import Gate
from hub.delivery.lanes import Board, Check, Lane, Preview
from hub.delivery.policy import RetryPolicy
from hub.model.state import DeliveryState
from hub.store.connections import ConnectionMode
from hub.testing.clock import FakeClock

POLICY = RetryPolicy(first_delay=10, longest_delay=600, jitter=0.0, outage_after=3, longest_probe=60)


@pytest.fixture
def gate(clock: FakeClock) -> Gate:
    return Gate(clock, POLICY, lambda: 0.5)


@pytest.fixture
def lane(clock: FakeClock) -> Callable[[str], Lane]:
    return lambda code: Lane(code, Gate(clock, POLICY, lambda: 0.5), ConnectionMode.LIVE)


def works(code: str, *numbers: int) -> list[Preview]:
    return [Preview(code, (number,)) for number in numbers]


def test_a_gate_shuts_after_some_failures_in_a_row_and_opens_for_probes_further_and_further_apart(
    gate: Gate, clock: FakeClock
) -> None:
    assert [gate.failed(), gate.failed(), gate.failed()] == [False, False, True]
    waits = []
    for _ in range(5):
        waits.append(gate.shut_for())
        clock.advance(waits[-1])
        assert (gate.shut_for(), gate.outage, gate.failed()) == (0, True, False)
    assert waits == [10, 20, 40, 60, 60]


def test_what_was_under_way_when_an_outage_began_is_no_probe(gate: Gate) -> None:
    for _ in range(8):
        gate.failed()
    assert gate.shut_for() == 10


def test_one_answer_ends_an_outage_and_forgets_the_failures(gate: Gate) -> None:
    for _ in range(3):
        gate.failed()
    assert gate.reached()
    assert (gate.shut_for(), gate.outage, gate.reached()) == (0, False, False)
    assert [gate.failed(), gate.failed()] == [False, False]


def test_an_outage_does_not_shorten_a_longer_patience(gate: Gate) -> None:
    gate.limited(300)
    gate.limited(5)
    assert gate.shut_for() == 300


def test_a_partner_that_refuses_is_checked_later_and_later_until_it_lets_us_in(gate: Gate) -> None:
    assert gate.check_in() == 0
    gate.refused()
    gate.refused()
    assert gate.check_in() == 20
    gate.admitted()
    assert gate.check_in() == 0


def test_lanes_take_turns(lane: Callable[[str], Lane]) -> None:
    board, one, other = Board(4), lane("one"), lane("other")
    board.offer(one, works("one", 1, 2))
    board.offer(other, works("other", 3, 4))
    taken = [board.take(wait=False) for _ in range(5)]
    assert [found and found[0].code for found in taken] == ["one", "other", "one", "other", None]


def test_a_lane_has_only_so_many_under_way(lane: Callable[[str], Lane]) -> None:
    board, one = Board(2), lane("one")
    board.offer(one, works("one", 1, 2, 3))
    assert [bool(board.take(wait=False)) for _ in range(3)] == [True, True, False]
    board.left(one)
    assert board.take(wait=False) is not None


def test_a_shut_lane_holds_nobody_else(lane: Callable[[str], Lane], clock: FakeClock) -> None:
    board, shut, open_lane = Board(2), lane("shut"), lane("open")
    board.offer(shut, works("shut", 1))
    board.offer(open_lane, works("open", 2))
    shut.gate.limited(30)
    assert [found and found[0].code for found in (board.take(wait=False), board.take(wait=False))] == ["open", None]
    clock.advance(30)
    assert board.take(wait=False) is not None


def test_in_an_outage_one_at_a_time_goes(lane: Callable[[str], Lane], clock: FakeClock) -> None:
    board, one = Board(4), lane("one")
    for _ in range(3):
        one.gate.failed()
    clock.advance(10)
    board.offer(one, works("one", 1, 2))
    assert [bool(board.take(wait=False)) for _ in range(2)] == [True, False]


def test_a_check_goes_although_the_gate_is_shut(lane: Callable[[str], Lane]) -> None:
    board, one = Board(4), lane("one")
    one.gate.limited(300)
    board.offer(one, [Check("one")])
    assert board.take(wait=False) == (one, Check("one"))


def test_a_closed_board_gives_nothing_more(lane: Callable[[str], Lane]) -> None:
    board, one = Board(4), lane("one")
    board.offer(one, works("one", 1))
    assert board.unattended() == 1
    board.close()
    assert board.take() is None


def test_offering_nothing_changes_nothing(lane: Callable[[str], Lane]) -> None:
    board, one = Board(4), lane("one")
    board.offer(one, [])
    assert (board.take(wait=False), one.idle) == (None, True)


def test_a_lane_is_dry_when_nothing_of_it_is_due(lane: Callable[[str], Lane], clock: FakeClock) -> None:
    one, now = lane("one"), clock.now()
    due = {DeliveryState.WAITING: now + timedelta(seconds=1)}
    one.take_over(Surveyed("one", ConnectionMode.LIVE, None, None, outage=False, due=due), now)
    assert one.dry
    one.take_over(Surveyed("one", ConnectionMode.LIVE, None, None, outage=False, due=due), now + timedelta(seconds=1))
    assert not one.dry
