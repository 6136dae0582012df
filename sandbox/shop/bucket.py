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

    def pour(self) -> bool:
        """Take one call in; False when the bucket is full."""
        now = self._clock.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * self._size.per_second)
        self._at = now
        if self._level + 1 > self._size.capacity:
            self.refused += 1
            return False
        self._level += 1
        return True

    @property
    def header(self) -> str:
        """Return how full it is, as the call-limit header says it."""
        return f"{int(self._level + 0.999)}/{self._size.capacity}"
