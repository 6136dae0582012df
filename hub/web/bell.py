"""Gathers the calls of partners, so that a hundred of them are one reading."""

from __future__ import annotations

import threading

from hub.clock import Clock
from hub.model.document import Kind

#: What one connection announces is read at once, and then no more often than every so many seconds.
PAUSE = 5.0


class Bell:
    """Which connections rang, and what for; any thread may ring."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, frozenset[Kind]] = {}
        self._answered: dict[str, float] = {}

    def ring(self, connection: str, kinds: frozenset[Kind]) -> None:
        """Ask for these kinds of document to be read."""
        with self._lock:
            self._waiting[connection] = self._waiting.get(connection, frozenset()) | kinds

    def rung(self) -> list[tuple[str, frozenset[Kind]]]:
        """Return whose documents are to be read now; who was answered a moment ago waits, and is not forgotten."""
        now = self._clock.monotonic()
        with self._lock:
            due = [each for each in self._waiting if now - self._answered.get(each, -PAUSE) >= PAUSE]
            self._answered |= dict.fromkeys(due, now)
            return [(each, self._waiting.pop(each)) for each in due]
