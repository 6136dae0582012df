"""Housekeeping: what is too old is forgotten and the database's free pages go back, once an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.clock import Clock
from hub.config import StoreSection
from hub.log import EventLog
from hub.store import archive, feeds, receipts, runs, stock
from hub.store.engine import Store
from hub.store.upkeep import tidy

log = EventLog(__name__)

_EVERY = timedelta(hours=1)


class Housekeeping:
    """Keeps the database as large as the agreed days of keeping make it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._next = clock.now()

    def look(self, keep: StoreSection) -> None:
        """Do it when the hour is over."""
        now = self._clock.now()
        if now < self._next:
            return
        self._next = now + _EVERY
        old = now - timedelta(days=keep.run_days)
        with self._store.write() as tx:
            runs.expire(tx, old)
            feeds.expire(tx, old)
            receipts.expire(tx, old)
            stock.release_expired(tx, now)
        while self._expire_originals(now - timedelta(days=keep.archive_days)):
            pass
        if given := tidy(self._store):
            log.info("database.tidied", pages=given)

    def _expire_originals(self, before: datetime) -> int:
        """Forget some originals in one short transaction; returns how many, 0 when none is left."""
        with self._store.write() as tx:
            return archive.expire(tx, before)
