"""How SQLite is opened: write-ahead log, a flush to disk at every commit, and waiting for other processes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from hub.clock import SystemClock
from hub.store.errors import StoreBusy

_BUSY = ("database is locked", "database is busy", "database schema is locked")
_RETRY = 0.01
_FOR_ALL = ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "journal_size_limit=67108864")
#: Kilobytes of pages kept in memory: more for the one connection that writes, little for each of those that read.
#: The system keeps the file's pages too, so that more would be kept twice: it makes memory grow, and nothing quicker.
_WRITER_CACHE, _READER_CACHE = 16_000, 1_000


def open_sqlite(url: URL, busy_seconds: float) -> tuple[Engine, Engine]:
    """Return an engine to read with and one to write with, for a database file; its folder is made when missing.

    Exactly one connection writes: SQLite allows no more at a time, and what it has read stays valid in its cache.
    """
    if not url.database or url.database == ":memory:" or url.query.get("mode") == "memory":
        raise ValueError(f"store url {url}: SQLite needs a file here, for example sqlite:///data/hub.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # last in, first out: few connections keep their caches warm
    reader = create_engine(url, poolclass=QueuePool, pool_size=16, max_overflow=64, pool_use_lifo=True)
    writer = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0)
    for engine, writing in ((reader, False), (writer, True)):
        opening = _Opening(busy_seconds, writing=writing)
        event.listen(engine, "connect", opening.prepare)
        event.listen(engine, "begin", opening.begin)
    return reader, writer


class _Opening:
    """What is done to each connection, and at the start of each transaction."""

    def __init__(self, busy_seconds: float, *, writing: bool) -> None:
        self._busy_seconds = busy_seconds
        self._begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
        own = (f"cache_size=-{_WRITER_CACHE}",) if writing else (f"cache_size=-{_READER_CACHE}", "query_only=ON")
        self._pragmas = (*_FOR_ALL, *own)

    def prepare(self, raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None  # transactions are begun by us, so that a write can ask for its lock at once
        raw.execute(f"PRAGMA busy_timeout={round(self._busy_seconds * 1000)}")
        if raw.execute("PRAGMA page_count").fetchone() == (0,):
            raw.execute("PRAGMA auto_vacuum=INCREMENTAL")  # so that pages can be given back; only a new file takes it
        self._enter_wal(raw)
        for pragma in self._pragmas:
            raw.execute(f"PRAGMA {pragma}")

    def _enter_wal(self, raw: sqlite3.Connection) -> None:
        """Switch a new file to its write-ahead log; two processes that do so at once get no waiting from SQLite."""
        clock = SystemClock()
        until = clock.monotonic() + self._busy_seconds
        while True:
            try:
                (mode,) = raw.execute("PRAGMA journal_mode=WAL").fetchone()
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                mode = "busy"
            if mode == "wal":
                return
            if mode != "busy":
                raise RuntimeError(
                    f"the database file cannot keep a write-ahead log (it says {mode!r}): use a local disk"
                )
            if clock.monotonic() > until:
                raise StoreBusy(self._busy_seconds)
            clock.sleep(_RETRY)

    def begin(self, connection: Connection) -> None:
        raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        try:
            raw.execute(self._begin)
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise StoreBusy(self._busy_seconds) from error
            raise


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return str(error) in _BUSY
