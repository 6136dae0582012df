"""Opening the database, and the three ways to use it: read, write, and joining others in one commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, make_url

from hub.store.again import until_it_goes_through
from hub.store.errors import NestedTransaction, StoreClosed, StoreFenced
from hub.store.group_commit import Ended, GroupCommit
from hub.store.postgres import open_postgres
from hub.store.sqlite import open_sqlite
from hub.store.turns import Turns

T = TypeVar("T")


class Store:
    """One database. On SQLite one write runs at a time, FULL-synchronous; on PostgreSQL as many as the pool holds.

    Safe to share between threads. A thread has one write at a time: asking for a second one inside it is refused,
    since it would wait for itself.
    """

    def __init__(self, url: str, *, busy_seconds: float = 30) -> None:
        self._reader, self._writer = _open_engines(url, busy_seconds)
        self.is_sqlite = self._writer.dialect.name == "sqlite"
        self._turns = Turns()
        self._users = _Users()
        self._joined: GroupCommit | None = None
        self._starting = threading.Lock()
        self._patience = busy_seconds
        self._alone: Callable[[], bool] | None = None

    @property
    def url(self) -> str:
        """The address of the database with its password, for a process of ours that opens it too."""
        return self._writer.url.render_as_string(hide_password=False)

    @property
    def file(self) -> Path | None:
        """The file of the database, be it there or not yet; None for PostgreSQL."""
        return Path(self._writer.url.database or "") if self.is_sqlite else None

    def fence(self, alone: Callable[[], bool]) -> None:
        """Refuse every write from now on with StoreFenced while `alone` says that another may be at work here."""
        self._alone = alone

    @property
    def fenced(self) -> bool:
        """Whether writes are refused at this moment."""
        return self._alone is not None and not self._alone()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give one consistent view of the data, which cannot be written through.

        It does not see what an unfinished write has done, not even one of the same thread.
        """
        with self._users.enter("read()"), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give one short transaction: all of it is durable at the end, or none of it after an exception.

        Raises StoreBusy when another process holds the SQLite file for too long, StoreFenced behind a fence.
        """
        with self._users.enter("write()", writing=True):
            self._pass_fence()
            if not self.is_sqlite:
                with self._writer.begin() as connection:
                    yield connection
                return
            with self._turns, self._writer.begin() as connection:
                yield connection

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Run the work in a transaction of its own, and return what it returns when that is durable.

        On PostgreSQL it is run again when the database ended it for the sake of another transaction (a deadlock, a
        serialization failure), so it must change nothing but the database.
        """

        def once() -> T:
            with self.write() as connection:
                return work(connection)

        return once() if self.is_sqlite else until_it_goes_through(once)

    def submit(self, work: Callable[[Connection], T]) -> T:
        """Run the work in a transaction shared with whoever else submits at this moment, and return when it is durable.

        Each work stands alone: an exception undoes only its own part and is raised to its own caller. On SQLite this
        makes many small transactions cost one disk flush. The work runs in another thread and must not wait for
        anything but the database; on PostgreSQL it may be run again, as in `transact`.
        """
        if not self.is_sqlite:
            return self.transact(work)
        with self._users.enter("submit()", writing=True):
            return self._group().submit(work)

    def submit_each(self, works: Sequence[Callable[[Connection], Any]]) -> list[Ended]:
        """Do the same for several works of one caller, in order, with one wait for all of them.

        Returns for each what it returned, or else what it raised: one that fails undoes only its own part.
        """
        if not self.is_sqlite:
            return [self._ended(work) for work in works]
        with self._users.enter("submit()", writing=True):
            return self._group().submit_each(works)

    def _ended(self, work: Callable[[Connection], Any]) -> Ended:
        try:
            return self.submit(work), None
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who has the other outcomes to see to first
            return None, error

    def close(self) -> None:
        """Let what is under way end, and close every connection; whoever comes later gets StoreClosed."""
        self._users.let_nobody_in()
        with self._starting:
            group, self._joined = self._joined, None
        if group is not None:
            group.stop()
        self._users.wait_until_gone(self._patience)
        for engine in (self._reader, self._writer):
            engine.dispose()

    def _pass_fence(self) -> None:
        if self.fenced:
            raise StoreFenced

    def _group(self) -> GroupCommit:
        with self._starting:
            if self._joined is None:
                self._joined = GroupCommit(self._group_write)
            return self._joined

    @contextmanager
    def _group_write(self) -> Iterator[Connection]:
        """Go before single writers: each of these commits is many people's."""
        self._pass_fence()
        with (
            self._users.enter("submit()", writing=True, late=True),
            self._turns.ahead(),
            self._writer.begin() as connection,
        ):
            yield connection


class _Users:
    """Who is using the store at this moment: how many there are, and what each thread has open itself."""

    def __init__(self) -> None:
        self._inside = 0
        self._closed = False
        self._changed = threading.Condition()
        self._own = threading.local()

    @contextmanager
    def enter(self, asked: str, *, writing: bool = False, late: bool = False) -> Iterator[None]:
        """Count this thread in; refuse what would wait for itself, and everybody (but `late` ones) after the end."""
        open_here: list[bool] = self._open_here()
        if writing and True in open_here:
            raise NestedTransaction(asked)
        with self._changed:
            if self._closed and not late:
                raise StoreClosed
            self._inside += 1
        open_here.append(writing)
        try:
            yield
        finally:
            open_here.remove(writing)
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def let_nobody_in(self) -> None:
        if self._open_here():
            raise NestedTransaction("close()")
        with self._changed:
            self._closed = True

    def wait_until_gone(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._inside == 0, seconds)

    def _open_here(self) -> list[bool]:
        """Return what this thread has open: true for each write, false for each view."""
        if not hasattr(self._own, "open"):
            self._own.open = []
        open_here: list[bool] = self._own.open
        return open_here


def _open_engines(url: str, busy_seconds: float) -> tuple[Engine, Engine]:
    """Return the engine to read with and the one to write with."""
    parsed = make_url(url)
    return open_sqlite(parsed, busy_seconds) if parsed.get_backend_name() == "sqlite" else open_postgres(parsed)
