"""The one source of time: aware UTC now, a steady counter, and waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What code that needs time asks for, so that tests can move it by hand."""

    def now(self) -> datetime:
        """Return the present moment as an aware UTC time."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for measuring spans."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds (not at all when negative)."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment as an aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for measuring spans."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds (not at all when negative)."""
        if seconds > 0:
            time.sleep(seconds)
