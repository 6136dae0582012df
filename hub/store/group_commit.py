"""Many small transactions for one flush to disk: what waits at the same time is committed together."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
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


@dataclass(slots=True)
class _Job:
    """One piece of work, the caller's context (its log fields), and where its outcome is waited for."""

    work: Callable[[Connection], Any]
    context: Context
    done: Future[Any] = field(default_factory=Future)


class GroupCommit:
    """One thread that runs everything which is waiting in one transaction, each piece in a savepoint of its own."""

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._clock = SystemClock()
        self._thread = threading.Thread(target=self._run, name="crossdock-commit", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> T:
        """Return what the work returns, when it is durable; or raise what it raised, when its part is undone."""
        job = _Job(work, copy_context())
        with self._gate:  # nothing is ever queued behind the end
            if self._closed:
                raise StoreClosed
            self._waiting.put(job)
        result: T = job.done.result()
        return result

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

    def _commit(self, first: _Job) -> bool:
        """Run the first job and what has come meanwhile; returns whether the end was met."""
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        taken = [first]
        ending = False  # what was met counts, even if the commit then fails
        try:
            with self._write() as connection:
                ending = self._join(connection, taken, outcomes)
        except BaseException as error:  # noqa: BLE001 - handed to every caller that waits for this commit
            for job in taken:
                job.done.set_exception(error)
            return ending
        for job, result, failure in outcomes:
            if failure is None:
                job.done.set_result(result)
            else:
                job.done.set_exception(failure)
        return ending

    def _join(
        self, connection: Connection, taken: list[_Job], outcomes: list[tuple[_Job, Any, BaseException | None]]
    ) -> bool:
        until = self._clock.monotonic() + _LONGEST
        outcomes.append((taken[0], *_attempt(connection, taken[0])))
        while len(taken) < _MOST_JOINED and self._clock.monotonic() < until:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                return False
            if following is None:
                return True
            taken.append(following)
            outcomes.append((following, *_attempt(connection, following)))
        return False


def _attempt(connection: Connection, job: _Job) -> tuple[Any, BaseException | None]:
    # On the driver's own connection: there is one for each job, and begin_nested costs fifty times as much.
    raw = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    raw.execute("SAVEPOINT job")
    try:
        result = job.context.run(job.work, connection)
    except BaseException as error:  # noqa: BLE001 - raised again in the caller's own thread
        raw.execute("ROLLBACK TO SAVEPOINT job")
        raw.execute("RELEASE SAVEPOINT job")
        return None, error
    raw.execute("RELEASE SAVEPOINT job")
    return result, None
