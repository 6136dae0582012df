"""How many calls may be under way at one account: one gate for all connections of a process that go there.

NetSuite counts concurrent calls of the whole account over SOAP, REST and RESTlets. Too many lowers the gate for
everybody; it opens again by one after a run of calls that went through.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: So many calls in a row have to succeed before one more is let in at a time.
_RECOVERS_AFTER = 20


class Gate:
    """Lets at most `width` callers in at one time; `width` is at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = self._width = most
        self._inside = self._streak = 0
        self._changed = threading.Condition()
        self.asked = False  # whether NetSuite was asked in this process how many it grants

    @property
    def width(self) -> int:
        """How many calls may be under way now."""
        return self._width

    def limit(self, most: int) -> None:
        """Never let in more than this: another connection's own limit, or what governance grants."""
        with self._changed:
            self._most = max(1, min(self._most, most))
            self._width = min(self._width, self._most)

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Wait for room, and make room when done."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._width)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def throttled(self) -> None:
        """NetSuite said that it was too much: half as many from now on."""
        with self._changed:
            self._width, self._streak = max(1, self._width // 2), 0

    def went_through(self) -> None:
        """A call succeeded; after a run of them one more is let in."""
        with self._changed:
            self._streak += 1
            if self._streak >= _RECOVERS_AFTER and self._width < self._most:
                self._width, self._streak = self._width + 1, 0
                self._changed.notify_all()


class Gates:
    """The gates of this process by account."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}
        self._lock = threading.Lock()

    def of(self, account: str, most: int) -> Gate:
        """Return the account's gate; the smallest limit that any connection names holds."""
        with self._lock:
            gate = self._gates.setdefault(account, Gate(most))
        gate.limit(most)
        return gate
