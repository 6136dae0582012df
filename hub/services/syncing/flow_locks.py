"""One thread at a time for each flow, whoever starts it: a schedule, a person, or the recovery after a crash."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FlowLocks:
    """A lock for each (connection, document); two runs of one flow would take each other's files and cursors."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    @contextmanager
    def hold(self, connection: str, document: str) -> Iterator[None]:
        """Wait for the flow and keep it."""
        with self._guard:
            lock = self._locks.setdefault((connection, document), threading.Lock())
        with lock:
            yield
