"""Who works on a data folder and a database, told by locks that are let go of however a process dies."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hub.clock import SystemClock
from hub.log import EventLog
from hub.store import presence
from hub.store.engine import Store
from hub.store.errors import StoreUnusable
from hub.store.presence import Holder, Occupied, Presence

log = EventLog(__name__)

#: How often the database is asked whether the lock in it is still ours, in seconds.
_ASK_EVERY = 1.0
#: For so long its last answer is trusted; the server lets go of a lost machine's lock after 20 s at the earliest.
_TRUSTED = 10.0
#: For so long a start waits for a lock whose holder may just have been killed.
_MAY_BE_DYING = 2.0
#: For so long an end waits for a question that is under way.
_LEAVES_WITHIN = 5.0


class AlreadyRunning(Exception):
    """Another daemon works on this data folder, or on this database."""

    @classmethod
    def on_folder(cls, lock: Path, holder: str) -> AlreadyRunning:
        """Say which process works on the folder."""
        return cls(
            f"a daemon (process {holder or 'unknown'}) already works on {lock.parent}; stop it first, or ask it to do "
            "what you want: every crossdock command reaches it"
        )

    @classmethod
    def on_database(cls, holder: Holder) -> AlreadyRunning:
        """Say who works on the database, and from where."""
        return cls(
            f"{holder}, is running on this database; stop it first, or ask it to do what you want: every crossdock "
            "command on this database reaches it"
        )

    @classmethod
    def meanwhile(cls, holder: Holder) -> AlreadyRunning:
        """Say who took the database over while this daemon had no connection to it."""
        return cls(
            f"the connection to the database was lost, and {holder}, has taken it over meanwhile: this daemon ends, so "
            "that nothing is sent twice; if it is the one that should run, stop the other one and start it again"
        )


class InstanceLock:
    """At most one daemon a data folder, and one a PostgreSQL database, on whatever machine.

    The kernel lets go of the folder when the process dies, the server of the database when the connection ends.
    """

    def __init__(self, folder: Path, store: Store | None = None) -> None:
        """Without a store, or with one on SQLite, the folder is all there is to hold."""
        self.path = folder / "daemon.lock"
        self._file: IO[str] | None = None
        self._store = None if store is None or store.is_sqlite else store
        self._database: DatabaseLock | None = None

    def take(self) -> None:
        """Take the lock; raises AlreadyRunning, and StoreUnusable when the database cannot be asked."""
        self._take_folder()
        if self._store is None:
            return
        try:
            self._database = DatabaseLock(self._store.url, str(self.path.parent.absolute()))
            self._database.take()
        except BaseException:
            self.release()
            raise
        self._store.fence(self.holds)

    def release(self) -> None:
        """Let go."""
        if self._database is not None:
            self._database.release()
            self._database = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def holds(self) -> bool:
        """Say whether this process may work: the lock is held, and that is known for sure; raises nothing."""
        return self._database is None or self._database.holds()

    def require(self) -> None:
        """Raise AlreadyRunning once another daemon has taken the database meanwhile."""
        if self._database is not None and self._database.lost_to is not None:
            raise AlreadyRunning.meanwhile(self._database.lost_to)

    def is_taken(self) -> bool:
        """Say whether a daemon holds it right now, here or on another machine."""
        if self._folder_is_taken():
            return True
        if self._store is None:
            return False
        with self._store.read() as tx:
            return presence.holder(tx) is not None

    def _take_folder(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise AlreadyRunning.on_folder(self.path, holder) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def _folder_is_taken(self) -> bool:
        if not self.path.exists():
            return False
        with self.path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False


class DatabaseLock:
    """The lock in the database, watched by a thread of its own: lost, it is taken again, unless another has it."""

    def __init__(self, url: str, folder: str) -> None:
        self._clock = SystemClock()
        self._presence = Presence(url, Holder.here(folder, self._clock.now()))
        self._watch = threading.Thread(target=self._keep, name="crossdock-lock", daemon=True)
        self._leaving = threading.Event()
        self._sure_until = float("-inf")
        self.lost_to: Holder | None = None

    def take(self) -> None:
        """Take it and watch it from now on; raises AlreadyRunning, StoreUnusable."""
        until = self._clock.monotonic() + _MAY_BE_DYING
        while True:
            try:
                self._confirmed_by(self._presence.take)
            except Occupied as occupied:
                if self._clock.monotonic() >= until:
                    raise AlreadyRunning.on_database(occupied.holder) from None
                self._clock.sleep(0.1)
            else:
                self._watch.start()
                return

    def holds(self) -> bool:
        """Say whether the server has said so a moment ago."""
        return self._clock.monotonic() < self._sure_until

    def release(self) -> None:
        """Stop watching and let go."""
        self._leaving.set()
        self._sure_until = float("-inf")
        if self._watch.ident is not None:
            self._watch.join(_LEAVES_WITHIN)
        if not self._watch.is_alive():  # otherwise the server hangs, and the end of this process lets go
            self._presence.release()

    def _keep(self) -> None:
        """Ask every second, and as soon as the connection ends."""
        while not self._leaving.is_set() and self.lost_to is None:
            try:
                self._presence.wait(_ASK_EVERY)
                self._confirmed_by(self._presence.confirm)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is no proof that the lock is held
                self._sure_until = float("-inf")
                log.warning("database.lost", error=_words(error), meanwhile="no work is begun")
                self._take_again()

    def _take_again(self) -> None:
        """Try until it is held again, or another has taken it."""
        while not self._leaving.is_set():
            try:
                self._confirmed_by(self._presence.take)
            except Occupied as occupied:
                if not self._presence.is_mine(occupied.holder):
                    self.lost_to = occupied.holder
                    return
            except Exception as error:  # noqa: BLE001 - the server is still away; it is tried again
                log.debug("database.still_away", error=_words(error))
            else:
                log.info("database.back")
                return
            self._leaving.wait(_ASK_EVERY)

    def _confirmed_by(self, asked: Callable[[], None]) -> None:
        """Ask, and trust a good answer for a while, counted from the question."""
        at = self._clock.monotonic()
        asked()
        self._sure_until = at + _TRUSTED


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, StoreUnusable) else f"{type(error).__name__}: {error}"


class AtWork:
    """Which requests living processes carry out right now: a lock on one byte of a file for each.

    The kernel keeps these locks by process and file, so a process marks one request at a time.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "requests.lock"

    @contextmanager
    def mark(self, number: int) -> Iterator[bool]:
        """Mark a request as carried out here as long as this lasts; false when another process is at it."""
        with self._path.open("a+") as file:
            yield _locked(file, number, 1)

    def anybody(self) -> bool:
        """Say whether another process carries out any request."""
        if not self._path.exists():
            return False
        with self._path.open("a+") as file:
            return not _locked(file, 0, 0)  # no length: to the end, however long


def _locked(file: IO[str], start: int, length: int) -> bool:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except OSError:
        return False
    return True
