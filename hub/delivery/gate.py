"""The gate of one connection: shut while its partner is down, asks for patience, or refuses us; probed now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hub.clock import Clock
from hub.delivery.policy import RetryPolicy


class Gate:
    """Lets deliveries of one connection through: all, one as a probe, or none.

    After some failures in a row the connection is taken to be down: from then on one delivery at a time is tried, at
    growing distances, and the others wait without using up attempts.
    """

    def __init__(self, clock: Clock, policy: RetryPolicy, chance: Callable[[], float]) -> None:
        self._clock = clock
        self._policy = policy
        self._chance = chance
        self._lock = threading.Lock()
        self._failures = 0
        self._probes = 0
        self._opens_at = 0.0
        self._outage = False
        self._checks = 0
        self._check_at = clock.monotonic()

    @property
    def outage(self) -> bool:
        """Whether the connection is taken to be down."""
        return self._outage

    def shut_for(self) -> float:
        """Return for how many seconds nothing goes through; 0 when something does."""
        return max(0.0, self._opens_at - self._clock.monotonic())

    def remember_outage(self) -> None:
        """Go on with an outage that an earlier process wrote down: the first delivery is a probe."""
        with self._lock:
            self._outage = True

    def reached(self) -> bool:
        """Take note that the partner answered, whatever it said; true when that ends an outage."""
        with self._lock:
            ended, self._outage = self._outage, False
            self._failures = self._probes = 0
            if ended:
                self._opens_at = 0.0
            return ended

    def failed(self) -> bool:
        """Take note that the partner could not be reached; true when that begins an outage."""
        with self._lock:
            self._failures += 1
            begins = not self._outage and self._failures >= self._policy.outage_after
            self._outage = self._outage or begins
            now = self._clock.monotonic()
            if begins or (self._outage and now >= self._opens_at):  # what was under way already is not a probe
                self._probes += 1
                self._opens_at = now + self._policy.probe_delay(self._probes, self._chance())
            return begins

    def limited(self, seconds: float) -> None:
        """Shut for that long: the partner asks for patience."""
        with self._lock:
            self._opens_at = max(self._opens_at, self._clock.monotonic() + seconds)

    def check_in(self) -> float:
        """Return in how many seconds a partner that refuses us should be checked again."""
        return max(0.0, self._check_at - self._clock.monotonic())

    def check_soon(self) -> None:
        """Let a partner that refuses us be checked now: its secret may be another."""
        with self._lock:
            self._check_at = self._clock.monotonic()

    def refused(self) -> None:
        """Take note that the partner refuses us: the next check is later than the last."""
        with self._lock:
            self._checks += 1
            delay = self._policy.probe_delay(self._checks, self._chance())
            self._check_at = self._clock.monotonic() + delay

    def admitted(self) -> None:
        """Take note that the partner lets us in again."""
        with self._lock:
            self._checks = 0
            self._check_at = self._clock.monotonic()
