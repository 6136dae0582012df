"""Many small transactions for one flush to disk: what waits at the same time is committed together."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from hub.clock import SystemClock
from hub.store.errors import StoreClosed

T = TypeVar("T")
#: No commit waits for more work than this, in seconds and in number.
_LONGEST = 0.1
_MOST_JOINED = 512


#: What a piece of work returned, or else what it raised.
Ended = tuple[Any, BaseException | None]


@dataclass(slots=True, eq=False)
class _Call:
    """Pieces of work of one caller, its context (the log fields), what became of them, and a lock held until then."""

    works: Sequence[Callable[[Connection], Any]]
    context: Context
    ended: list[Ended] = field(default_factory=list)
    over: threading.Lock = field(default_factory=threading.Lock)


class GroupCommit:
    """One thread that runs everything which is waiting in one transaction, each piece in a savepoint of its own."""

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._waiting: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._clock = SystemClock()
        self._thread = threading.Thread(target=self._run, name="crossdock-commit", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> T:
        """Return what the work returns, when it is durable; or raise what it raised, when its part is undone."""
        ((result, error),) = self.submit_each([work])
        if error is None:
            kept: T = result
            return kept
        try:
            raise error
        finally:
            del error  # or it would keep this frame alive, and the frame it

    def submit_each(self, works: Sequence[Callable[[Connection], Any]]) -> list[Ended]:
        """Return what became of each of these, in order, when all of them are durable or undone."""
        call = _Call(works, copy_context())
        call.over.acquire()
        with self._gate:  # nothing is ever queued behind the end
            if self._closed:
                raise StoreClosed
            self._waiting.put(call)
        call.over.acquire()
        return call.ended

    def stop(self) -> None:
        """Finish what was submitted, and end the thread."""
        with self._gate:
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            if self._commit(first):
                return

    def _commit(self, first: _Call) -> bool:
        """Run the first call and what has come meanwhile; returns whether the end was met."""
        taken = [first]
        ending = False  # what was met counts, even if the commit then fails
        try:
            with self._write() as connection:
                ending = self._join(connection, taken)
        except BaseException as error:  # noqa: BLE001 - handed to every caller that waits for this commit
            for call in taken:
                call.ended = [(None, error)] * len(call.works)
        for call in taken:
            call.over.release()
        return ending

    def _join(self, connection: Connection, taken: list[_Call]) -> bool:
        until = self._clock.monotonic() + _LONGEST
        _attempt(connection, taken[0])
        while len(taken) < _MOST_JOINED and self._clock.monotonic() < until:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                return False
            if following is None:
                return True
            taken.append(following)
            _attempt(connection, following)
        return False


def _attempt(connection: Connection, call: _Call) -> None:
    # On the driver's own connection: there is one for each piece, and begin_nested costs fifty times as much.
    raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    for work in call.works:
        raw.execute("SAVEPOINT job")
        try:
            result = call.context.run(work, connection)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's own thread
            raw.execute("ROLLBACK TO SAVEPOINT job")
            raw.execute("RELEASE SAVEPOINT job")
            call.ended.append((None, error))
        else:
            raw.execute("RELEASE SAVEPOINT job")
            call.ended.append((result, None))
