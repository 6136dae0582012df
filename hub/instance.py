"""Who works on a data folder, told by locks that the kernel lets go of however a process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class AlreadyRunning(Exception):
    """Another daemon works on this data folder."""

    def __init__(self, lock: Path, holder: str) -> None:
        super().__init__(
            f"a daemon (process {holder or 'unknown'}) already works on {lock.parent}; stop it first, or ask it to do "
            "what you want: every crossdock command reaches it"
        )


class InstanceLock:
    """At most one daemon a data folder; the kernel lets go of it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "daemon.lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock; raises AlreadyRunning."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise AlreadyRunning(self.path, holder) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def is_taken(self) -> bool:
        """Say whether a daemon holds it right now."""
        if not self.path.exists():
            return False
        with self.path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return True
        return False


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
