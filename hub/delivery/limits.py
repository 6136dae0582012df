"""The pace of one account: a leaky bucket that all its threads share, corrected by what the partner's header says.

The bucket here never stands lower than the partner's own as long as nobody else uses the account: a call counts in full
from the moment it may be made, and begins to leak only once its reply was seen, which is later than at the partner.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass

from hub.clock import Clock
from hub.contract import Pace, RateLimited

#: The part of a bucket that calls which are not urgent leave to those which are.
_RESERVE = 0.25
#: A call without a reply is forgotten after this many seconds; longer than any timeout of a connector.
_FORGOTTEN_AFTER = 300.0
#: Nobody stands still for a pause longer than this many seconds: the work goes back to the queue instead.
_PATIENCE = 60.0
_LONGEST_NAP = 0.25
_SHORT_NAP = 0.02


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that may be under way: `seen` is how much had been answered when it was let go."""

    cost: float
    at: float
    seen: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands right now: its bucket from 0 to 1, seconds of pause, who waits, pauses so far."""

    used: float
    pause: float
    waiting: int
    pauses: int


class AccountLimiter:
    """The pace of one account; without a pace it only knows pauses."""

    def __init__(self, clock: Clock, pace: Pace | None) -> None:
        self._clock = clock
        self._pace = pace
        self._capacity = pace.burst if pace else float("inf")
        self._rate = pace.per_second if pace else float("inf")
        self._lock = threading.Lock()
        self._level = 0.0  # answered calls that have not leaked yet
        self._leaked_at = clock.monotonic()
        self._calls: dict[int, _Call] = {}  # by thread
        self._seen = 0.0  # the cost of every call answered so far
        self._warm = pace is None  # before the first answer nobody knows how full the partner's bucket is
        self._paused_until = 0.0
        self._pauses = 0
        self._closes_at: float | None = None
        self._numbers = itertools.count()
        self._waiting: list[tuple[bool, int]] = []
        self._parts: dict[str, AccountLimiter] = {}

    def acquire(self, cost: float = 1.0, *, urgent: bool = True) -> None:
        """Wait until the call may be made; raises RateLimited for a long pause, or when the hub stops before that."""
        with self._lock:
            self._answered(threading.get_ident())
            ticket = (not urgent, next(self._numbers))
            self._waiting.append(ticket)
        try:
            while (seconds := self._try(ticket, cost)) > 0:
                self._clock.sleep(min(seconds, _LONGEST_NAP))
        finally:
            with self._lock:
                self._waiting.remove(ticket)

    def observe(self, used: float, capacity: float) -> None:
        """Take over what the header of a reply says: `used` of `capacity` are in the partner's bucket."""
        if self._pace is None or capacity <= 0:
            return
        with self._lock:
            self._capacity = capacity
            self._rate = self._pace.per_second * capacity / self._pace.burst
            seen_before = self._seen
            call = self._answered(threading.get_ident())
            under_way = self._under_way()
            if used > self._level + under_way:
                self._level = used  # somebody else uses the account too
            elif call is not None:
                # What the header cannot know of: calls under way, and those answered while this one was.
                self._level = min(self._level, used + seen_before - call.seen)
            self._warm = True

    def pause(self, seconds: float) -> None:
        """Let nobody call for that long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)
            self._pauses += seconds > 0
            parts = list(self._parts.values())
        for part in parts:
            part.pause(seconds)

    def part(self, name: str, pace: Pace) -> AccountLimiter:
        """Return a further bucket of the same account, which the partner counts apart."""
        with self._lock:
            if name not in self._parts:
                part = self._parts[name] = AccountLimiter(self._clock, pace)
                now = self._clock.monotonic()
                part.pause(self._paused_until - now)
                if self._closes_at is not None:
                    part.close(self._closes_at - now)
            return self._parts[name]

    def standing(self) -> dict[str, Standing]:
        """Return how the account stands, under no name, and each further bucket of it under its own."""
        with self._lock:
            now = self._clock.monotonic()
            self._leak(now)
            used = (self._level + self._under_way()) / self._capacity if self._pace else 0.0
            own = Standing(used, max(0.0, self._paused_until - now), len(self._waiting), self._pauses)
            parts = dict(self._parts)
        return {"": own} | {name: part.standing()[""] for name, part in parts.items()}

    def answered(self) -> None:
        """Take note that this thread has no call under way any more, where no header says so."""
        with self._lock:
            self._answered(threading.get_ident())
            parts = list(self._parts.values())
        for part in parts:
            part.answered()

    def close(self, within: float) -> None:
        """Send away, with RateLimited, everybody who would have to wait longer than that from now."""
        with self._lock:
            self._closes_at = self._clock.monotonic() + within
            parts = list(self._parts.values())
        for part in parts:
            part.close(within)

    def _try(self, ticket: tuple[bool, int], cost: float) -> float:
        """Let the call go and return 0, or return how many seconds to wait before trying again."""
        with self._lock:
            now = self._clock.monotonic()
            seconds = self._wait(ticket, cost, now)
            if seconds <= 0:
                self._calls[threading.get_ident()] = _Call(cost, now, self._seen)
            elif self._closes_at is not None and now + seconds > self._closes_at:
                raise RateLimited("the hub is stopping and the partner's pace leaves no time", after=seconds)
            return seconds

    def _wait(self, ticket: tuple[bool, int], cost: float, now: float) -> float:
        if (pause := self._paused_until - now) > 0:
            if pause > _PATIENCE:
                raise RateLimited("the partner asked for patience", after=pause)
            return pause
        self._leak(now)
        if ticket != min(self._waiting):
            return _SHORT_NAP
        if not self._warm and self._calls:
            return _SHORT_NAP
        room = self._room(urgent=not ticket[0])
        missing = self._level + self._under_way() + min(cost, room) - room
        if missing <= 0:
            return 0.0
        return max(missing / self._rate, _SHORT_NAP) if self._level else _SHORT_NAP

    def _room(self, *, urgent: bool) -> float:
        """How full the bucket may get: a little under the brim, and for what is not urgent three quarters."""
        brim = self._capacity - min(1.0, self._capacity / 10)
        return brim if urgent else brim * (1 - _RESERVE)

    def _leak(self, now: float) -> None:
        self._level = max(0.0, self._level - (now - self._leaked_at) * self._rate) if self._level else 0.0
        self._leaked_at = now
        for thread, call in list(self._calls.items()):
            if now - call.at > _FORGOTTEN_AFTER:
                self._answered(thread)

    def _answered(self, thread: int) -> _Call | None:
        """Take note that the thread's call is over: from now on it leaks."""
        call = self._calls.pop(thread, None)
        if call is not None:
            self._leak(self._clock.monotonic())
            self._level += call.cost if self._pace else 0.0
            self._seen += call.cost
            self._warm = True
        return call

    def _under_way(self) -> float:
        return sum(call.cost for call in self._calls.values()) if self._pace else 0.0
