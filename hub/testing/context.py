"""The hub as a connector sees it, kept in memory, which can also stop a send at a named instant."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import datetime

from hub.clock import Clock, SystemClock
from hub.contract import Limiter, Pace


class Crash(BaseException):
    """The process died here, as far as the code under test can tell; nothing between here and the test may catch it."""


class MemoryLimiter:
    """A limiter that lets everybody pass and keeps what it was told."""

    def __init__(self) -> None:
        self.acquired: list[float] = []
        self.observed: list[tuple[float, float]] = []
        self.paused: list[float] = []
        self.parts: dict[str, MemoryLimiter] = {}

    def acquire(self, cost: float = 1.0, *, urgent: bool = True) -> None:  # noqa: ARG002 - everybody passes
        """Let the call pass."""
        self.acquired.append(cost)

    def observe(self, used: float, capacity: float) -> None:
        """Keep what the partner's header said."""
        self.observed.append((used, capacity))

    def pause(self, seconds: float) -> None:
        """Keep how long nobody was to call."""
        self.paused.append(seconds)

    def part(self, name: str, pace: Pace) -> MemoryLimiter:  # noqa: ARG002 - everybody passes
        """Return the limiter of a further bucket, one for each name."""
        return self.parts.setdefault(name, MemoryLimiter())


class MemoryContext:
    """A `Context` in memory; give the same one to the next connector to test what survives a crash.

    `crash_at` names a checkpoint that ends everything with `Crash` the next time it is passed.
    """

    def __init__(self, clock: Clock | None = None, limiter: Limiter | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.limiter: Limiter = limiter or MemoryLimiter()
        self.state: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        self.passed: list[str] = []
        self.crash_at: str | None = None

    def recall(self, key: str) -> str | None:
        """Return what `remember` kept under this key, or None."""
        return self.state.get(key)

    def remember(self, key: str, value: str) -> None:
        """Keep a small value."""
        self.state[key] = value

    def note(self, key: str, text: str) -> None:
        """Keep how far the send of the document with this key has come."""
        self.notes[key] = text

    def checkpoint(self, name: str) -> None:
        """Pass a named instant, or die at it."""
        self.passed.append(name)
        if name == self.crash_at:
            self.crash_at = None
            raise Crash(name)


class MemoryNumbers:
    """Counters and references in memory, for `render`; counters stand `taken` numbers after their beginning."""

    def __init__(self, clock: Clock | None = None, taken: int = 0) -> None:
        self._clock = clock or SystemClock()
        self._counters: dict[str, int] = defaultdict(lambda: taken)
        self._lock = threading.Lock()
        self.references: dict[tuple[str, str, str], str] = {}

    def next(self, counter: str) -> int:
        """Return the counter's next value, from 1."""
        with self._lock:
            self._counters[counter] += 1
            return self._counters[counter]

    def theirs(self, entity: str, ours: str, kind: str) -> str | None:
        """Return the partner's id of one of our entities, or None; put it into `references` first."""
        return self.references.get((entity, ours, kind))

    def now(self) -> datetime:
        """Return the clock's moment."""
        return self._clock.now()
