"""The shop's leaky bucket: each call fills it by one, it drains steadily, a full one answers 429."""

from __future__ import annotations

from hub.clock import Clock
from sandbox.options import Bucket


class LeakyBucket:
    """One app's bucket at one shop."""

    def __init__(self, size: Bucket, clock: Clock) -> None:
        self._size = size
        self._clock = clock
        self._level = 0.0
        self._at = clock.monotonic()
        self.refused = 0

    def pour(self, cost: float = 1) -> bool:
        """Take one call in; False when the bucket is full."""
        self._drain()
        if self._level + cost > self._size.capacity:
            self.refused += 1
            return False
        self._level += cost
        return True

    @property
    def room(self) -> float:
        """Return how much more would go in now."""
        self._drain()
        return self._size.capacity - self._level

    def _drain(self) -> None:
        now = self._clock.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * self._size.per_second)
        self._at = now

    @property
    def header(self) -> str:
        """Return how full it is, as the call-limit header says it."""
        return f"{int(self._level + 0.999)}/{self._size.capacity}"
