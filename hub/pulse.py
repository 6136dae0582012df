"""Whether anything can be written down: tried every few seconds, and told once when it cannot and once when it can."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from hub.clock import Clock
from hub.log import EventLog
from hub.store import heartbeat

log = EventLog(__name__)

#: How often it is tried, in seconds.
_EVERY = 5.0
_TODO = "make room, or end the program that holds the database; what waits goes on by itself"


class Writes(Protocol):
    """What is written to: a store."""

    def write(self) -> AbstractContextManager[Connection]:
        """Give one transaction."""
        ...


class Pulse:
    """Writes a little now and then: on a full disk health says no, until there is room again."""

    def __init__(self, store: Writes, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._written_at = self._next = clock.monotonic()
        self._down = False

    @property
    def seconds(self) -> float:
        """How long ago something could be written down."""
        return self._clock.monotonic() - self._written_at

    def beat(self) -> None:
        """Write a little when it is time."""
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + _EVERY
        try:
            with self._store.write() as tx:
                heartbeat.beat(tx, self._clock.now())
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was written
            if not self._down:
                why = str(error).partition("\n")[0]
                log.error("database.unwritable", why=why, todo=_TODO)  # noqa: TRY400 - the same each time
            self._down = True
            return
        if self._down:
            log.info("database.writable_again", after_seconds=round(self.seconds))
        self._down, self._written_at = False, self._clock.monotonic()
