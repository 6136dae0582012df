from __future__ import annotations

from dataclasses import replace

import pytest

from hub.contract import (
    AccessDenied,
    BadRecord,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.delivery.policy import RetryPolicy, Tried, Unforeseen, Verb, Verdict, judge
from hub.model.state import DELIVERY_MOVES, DeliveryState

POLICY = RetryPolicy(attempts=4, first_delay=10, longest_delay=60, jitter=0.0, settle_delay=2, unforeseen_attempts=2)
SENDING = Tried(Verb.SEND, tries=0, doubt=False, entered=True, finds=True)
ASKING = Tried(Verb.FIND, tries=1, doubt=True, entered=False, finds=True)
LAST = Tried(Verb.SEND, tries=3, doubt=False, entered=True, finds=True)
REPEATING = Tried(Verb.SEND, tries=1, doubt=True, entered=True, finds=False)

W, U, P, Q = DeliveryState.WAITING, DeliveryState.UNKNOWN, DeliveryState.PARKED, DeliveryState.QUEUED


@pytest.mark.parametrize(
    ("error", "tried", "expected"),
    [
        (TemporaryFailure("x"), SENDING, Verdict(W, 1, doubt=False, after=10, unreachable=True)),
        (TemporaryFailure("x"), LAST, Verdict(P, 4, doubt=False, unreachable=True)),
        (TemporaryFailure("x"), ASKING, Verdict(U, 2, doubt=True, after=20, unreachable=True)),
        (TemporaryFailure("x"), REPEATING, Verdict(U, 2, doubt=True, after=20, unreachable=True)),
        (RateLimited("x", after=7), LAST, Verdict(W, 3, doubt=False, after=7, limited=7)),
        (RateLimited("x", after=7), ASKING, Verdict(U, 1, doubt=True, after=7, limited=7)),
        (OutcomeUnknown("x"), SENDING, Verdict(U, 1, doubt=True, after=2, unreachable=True)),
        (OutcomeUnknown("x"), LAST, Verdict(U, 4, doubt=True, after=2, unreachable=True)),
        (OutcomeUnknown("x"), ASKING, Verdict(U, 2, doubt=True, after=20, unreachable=True)),
        (OutcomeUnknown("x"), REPEATING, Verdict(U, 2, doubt=True, after=20, unreachable=True)),
        (OutcomeUnknown("x"), replace(REPEATING, tries=3), Verdict(P, 4, doubt=True, unreachable=True)),
        (Rejected("x"), SENDING, Verdict(P, 1, doubt=False)),
        (Rejected("x"), REPEATING, Verdict(P, 2, doubt=False)),
        (Rejected("x"), ASKING, Verdict(P, 2, doubt=True)),
        (BadRecord("x", record="1"), SENDING, Verdict(P, 1, doubt=False)),
        (AccessDenied("x"), SENDING, Verdict(Q, 0, doubt=False, denied=True)),
        (AccessDenied("x"), ASKING, Verdict(U, 1, doubt=True, denied=True)),
        (Unforeseen("x"), SENDING, Verdict(U, 1, doubt=True, after=10)),
        (Unforeseen("x"), Tried(Verb.SEND, 0, doubt=False, entered=False, finds=True), Verdict(W, 1, False, 10)),
        (Unforeseen("x"), ASKING, Verdict(P, 2, doubt=True)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_class_of_an_error_decides(error: ConnectorError, tried: Tried, expected: Verdict) -> None:
    assert judge(POLICY, error, tried, chance=0.5) == expected


@pytest.mark.parametrize("tried", [SENDING, ASKING, LAST, REPEATING])
def test_whatever_is_decided_is_a_legal_move_from_running(tried: Tried) -> None:
    errors = [TemporaryFailure("x"), RateLimited("x", after=1), OutcomeUnknown("x"), Rejected("x"), AccessDenied("x")]
    for error in errors:
        assert judge(POLICY, error, tried, 0.1).state in DELIVERY_MOVES[DeliveryState.RUNNING]


def test_delays_grow_up_to_the_longest_and_never_overflow() -> None:
    assert [POLICY.delay(n, 0.5) for n in (1, 2, 3, 4, 5, 10_000)] == [10, 20, 40, 60, 60, 60]


def test_a_partner_that_is_down_is_probed_more_and_more_seldom() -> None:
    assert [replace(POLICY, longest_probe=30).probe_delay(n, 0.5) for n in (1, 2, 3, 4)] == [10, 20, 30, 30]
    assert [POLICY.probe_delay(n, 0.5) for n in (3, 4)] == [40, 60]


def test_delays_are_spread_so_that_not_all_come_back_at_once() -> None:
    spread = RetryPolicy(first_delay=100, jitter=0.25)
    assert (spread.delay(1, 0.0), spread.delay(1, 0.5), spread.delay(1, 1.0)) == (75, 100, 125)
