"""Opening the database, and the three ways to use it: read, write, and joining others in one commit."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

T = TypeVar("T")
_WRITE = "crossdock_write"
_MOST_JOINED = 512


class Store:
    """One database. On SQLite one write runs at a time, FULL-synchronous; on PostgreSQL as many as the pool holds."""

    def __init__(self, url: str) -> None:
        self.engine = _open_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = threading.RLock()
        self._joined: _GroupCommit | None = None
        self._starting = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give one consistent view of the data; what is written through it is not kept."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give one short transaction: all of it is durable at the end, or none of it after an exception."""
        if not self.is_sqlite:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._writing, self.engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection

    def submit(self, work: Callable[[Connection], T]) -> T:
        """Run the work in a transaction shared with whoever else submits at this moment, and return when it is durable.

        Each work stands alone: an exception undoes only its own part and is raised to its own caller. On SQLite this
        makes many small transactions cost one disk flush.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                return work(connection)
        return self._group().submit(work)

    def close(self) -> None:
        """Finish what was submitted and close every connection."""
        with self._starting:
            if self._joined is not None:
                self._joined.stop()
                self._joined = None
        self.engine.dispose()

    def _group(self) -> _GroupCommit:
        with self._starting:
            if self._joined is None:
                self._joined = _GroupCommit(self)
            return self._joined


class _GroupCommit:
    """One thread that commits everything which is waiting, together."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="crossdock-commit", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> T:
        done: Future[T] = Future()
        self._waiting.put((work, done))
        return done.result()

    def stop(self) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            if first is None:
                return
            batch = [first]
            stopping = False
            while len(batch) < _MOST_JOINED and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    stopping = True
                    break
                batch.append(following)
            self._commit(batch)
            if stopping:
                return

    def _commit(self, batch: list[tuple[Callable[[Connection], Any], Future[Any]]]) -> None:
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            with self._store.write() as connection:
                for work, done in batch:
                    outcomes.append((done, *_attempt(connection, work)))
        except BaseException as error:  # noqa: BLE001 - handed to every caller that waits for this commit
            for _, done in batch:
                done.set_exception(error)
            return
        for done, result, failure in outcomes:
            if failure is None:
                done.set_result(result)
            else:
                done.set_exception(failure)


def _attempt(connection: Connection, work: Callable[[Connection], Any]) -> tuple[Any, BaseException | None]:
    savepoint = connection.begin_nested()
    try:
        result = work(connection)
    except BaseException as error:  # noqa: BLE001 - raised again in the caller's own thread
        savepoint.rollback()
        return None, error
    savepoint.commit()
    return result, None


def _open_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=QueuePool, pool_size=16, max_overflow=64)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(raw: sqlite3.Connection, _record: object) -> None:
    raw.isolation_level = None  # transactions are begun by us, so that a write can ask for its lock at once
    cursor = raw.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = cast("dict[str, Any]", connection.get_execution_options()).get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
