"""How SQLite is opened: write-ahead log, a flush to disk at every commit, and waiting for other processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from hub.clock import SystemClock
from hub.store.errors import StoreBusy

#: The execution option that says what a connection is for: READING, WRITING, or nothing for a tool's own use.
PURPOSE = "crossdock_purpose"
READING = "reading"
WRITING = "writing"
_BUSY = ("database is locked", "database is busy", "database schema is locked")
_RETRY = 0.01


def open_sqlite(url: URL, busy_seconds: float) -> Engine:
    """Return an engine for a database file, whose folder is made when it is missing."""
    if not url.database or url.database == ":memory:" or url.query.get("mode") == "memory":
        raise ValueError(f"store url {url}: SQLite needs a file here, for example sqlite:///data/hub.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # last in, first out: few connections keep their caches warm
    engine = create_engine(url, poolclass=QueuePool, pool_size=16, max_overflow=64, pool_use_lifo=True)
    opening = _Opening(busy_seconds)
    event.listen(engine, "connect", opening.prepare)
    event.listen(engine, "begin", opening.begin)
    return engine


class _Opening:
    """What is done to each connection, and at the start of each transaction."""

    def __init__(self, busy_seconds: float) -> None:
        self._busy_seconds = busy_seconds

    def prepare(self, raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None  # transactions are begun by us, so that a write can ask for its lock at once
        raw.execute(f"PRAGMA busy_timeout={round(self._busy_seconds * 1000)}")
        self._enter_wal(raw)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-8000",
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
        ):
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
        options = cast("Mapping[str, Any]", connection.get_execution_options())
        purpose = options.get(PURPOSE)
        raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        raw.execute(f"PRAGMA query_only={int(purpose == READING)}")
        try:
            raw.execute("BEGIN IMMEDIATE" if purpose == WRITING else "BEGIN")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise StoreBusy(self._busy_seconds) from error
            raise


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return str(error) in _BUSY
