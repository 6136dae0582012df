"""A clock that tests move by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

#: Where a fake clock stands when nobody says otherwise: a Friday morning, far from any change of zone or year.
START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until somebody sleeps on it or advances it; safe to share between threads."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("a fake clock needs an aware start, e.g. datetime(2026, 11, 20, tzinfo=UTC)")
        self._start = start.astimezone(UTC)
        self._passed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moment that the clock stands at."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds that have passed on this clock."""
        with self._lock:
            return self._passed

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass at once (none when negative)."""
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass; time never runs backwards."""
        if seconds < 0:
            raise ValueError(f"time never runs backwards, asked to pass {seconds} s")
        with self._lock:
            self._passed += seconds
