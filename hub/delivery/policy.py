"""What happens after an error or a finding: one table, and its answer is data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.contract import (
    AccessDenied,
    BadRecord,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.model.state import DeliveryState


class Verb(StrEnum):
    """What an attempt does at the partner."""

    SEND = "send"
    FIND = "find"


class Unforeseen(ConnectorError):
    """A fault that nobody planned for, in a connector or in the hub itself."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient the hub is; delays in seconds.

    The n-th try that counts waits `first_delay * growth ** (n - 1)`, at most `longest_delay`, give or take `jitter`.
    """

    attempts: int = 12
    first_delay: float = 5.0
    longest_delay: float = 3600.0
    growth: float = 2.0
    jitter: float = 0.25
    settle_delay: float = 1.0  # how long after a lost reply the partner is asked: what is on its way has to arrive
    unforeseen_attempts: int = 4
    outage_after: int = 5  # failures in a row that make an outage of the connection
    longest_probe: float = 300.0  # between two probes of a partner that is down or refuses us
    unknown_hours: float = 24.0  # how long not knowing may last where no answer was agreed

    def delay(self, number: int, chance: float) -> float:
        """Return how long to wait after the n-th failure; `chance` is evenly spread over 0 to 1."""
        return self._spread(self._grown(number), chance)

    def probe_delay(self, number: int, chance: float) -> float:
        """Return how long to leave a partner alone after the n-th probe that failed."""
        return self._spread(min(self._grown(number), self.longest_probe), chance)

    def _grown(self, number: int) -> float:
        return min(self.first_delay * self.growth ** min(number - 1, 64), self.longest_delay)

    def _spread(self, seconds: float, chance: float) -> float:
        return seconds * (1 + self.jitter * (2 * chance - 1))


@dataclass(frozen=True, slots=True)
class Tried:
    """What is known of the try that failed.

    `tries` counts those before it that used up an attempt; `doubt` says that an earlier send may have arrived;
    `entered` that this one may have; `finds` that the partner is asked before anything is sent again.
    """

    verb: Verb
    tries: int
    doubt: bool
    entered: bool
    finds: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the delivery, and what the error says of the whole connection."""

    state: DeliveryState
    tries: int
    doubt: bool
    after: float = 0.0  # seconds until it is due
    limited: float | None = None  # nobody of this account calls for that many seconds
    denied: bool = False
    unreachable: bool = False


def judge(policy: RetryPolicy, error: ConnectorError, tried: Tried, chance: float) -> Verdict:
    """Return what happens after an error: its class alone decides."""
    resting = DeliveryState.UNKNOWN if tried.doubt else DeliveryState.WAITING
    match error:
        case RateLimited():
            return Verdict(resting, tried.tries, tried.doubt, error.after, limited=error.after)
        case AccessDenied():
            unharmed = DeliveryState.UNKNOWN if tried.doubt else DeliveryState.QUEUED
            return Verdict(unharmed, tried.tries, tried.doubt, denied=True)
        case OutcomeUnknown() if tried.verb is Verb.SEND:
            return _lost(policy, tried, chance)
        case TemporaryFailure() | OutcomeUnknown():
            return _again(policy, tried, chance, policy.attempts, unreachable=True)
        case Rejected() | BadRecord():
            return Verdict(DeliveryState.PARKED, tried.tries + 1, doubt=tried.doubt and tried.verb is Verb.FIND)
        case _:
            return _unforeseen(policy, tried, chance)


def _again(policy: RetryPolicy, tried: Tried, chance: float, attempts: int, *, unreachable: bool = False) -> Verdict:
    tries = tried.tries + 1
    if tries >= attempts:
        return Verdict(DeliveryState.PARKED, tries, tried.doubt, unreachable=unreachable)
    state = DeliveryState.UNKNOWN if tried.doubt else DeliveryState.WAITING
    return Verdict(state, tries, tried.doubt, policy.delay(tries, chance), unreachable=unreachable)


def _lost(policy: RetryPolicy, tried: Tried, chance: float) -> Verdict:
    """After a lost reply: ask soon; where repeating is safe, repeat, and park like any other failure."""
    tries = tried.tries + 1
    if tried.finds:
        return Verdict(DeliveryState.UNKNOWN, tries, doubt=True, after=policy.settle_delay, unreachable=True)
    if tries >= policy.attempts:
        return Verdict(DeliveryState.PARKED, tries, doubt=True, unreachable=True)
    after = max(policy.settle_delay, policy.delay(tries, chance))
    return Verdict(DeliveryState.UNKNOWN, tries, doubt=True, after=after, unreachable=True)


def _unforeseen(policy: RetryPolicy, tried: Tried, chance: float) -> Verdict:
    """After a fault: as after a lost reply when bytes may have left, as after a failure when not; a few tries only."""
    doubt = tried.doubt or tried.entered
    attempts = min(policy.attempts, policy.unforeseen_attempts)
    seen = Tried(tried.verb, tried.tries, doubt, tried.entered, tried.finds)
    return _again(policy, seen, chance, attempts)
