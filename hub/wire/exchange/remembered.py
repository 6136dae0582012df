"""Which files of a folder were taken already, where nothing there may be renamed or deleted (`after = "leave"`).

The list is the flow's cursor, so it commits together with the files it speaks of. It holds what the folder still
shows, and no more than `REMEMBERED`: an older file is read again, which the hub knows by its key for a no-op.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from hub.wire.sftp import Entry

#: Files that are remembered at most, the newest.
REMEMBERED = 20_000


class Remembered:
    """The files that were taken, by name, size and time."""

    def __init__(self, cursor: str | None) -> None:
        self._marks: dict[str, int] = {}
        for modified, mark in json.loads(cursor) if cursor else ():
            self._marks[mark] = modified

    def has(self, name: str, entry: Entry) -> bool:
        """Say whether this very version of the file was taken."""
        return _mark(name, entry) in self._marks

    def add(self, name: str, entry: Entry) -> None:
        """Note that it was taken."""
        self._marks[_mark(name, entry)] = entry.modified

    def keep_only(self, files: Iterable[tuple[str, Entry]]) -> None:
        """Forget what the folder does not show any more."""
        shown = {_mark(name, entry) for name, entry in files}
        self._marks = {mark: modified for mark, modified in self._marks.items() if mark in shown}

    def cursor(self) -> str:
        """Return the list as it is kept."""
        newest = sorted(((modified, mark) for mark, modified in self._marks.items()), reverse=True)[:REMEMBERED]
        return json.dumps(newest, separators=(",", ":"))


def _mark(name: str, entry: Entry) -> str:
    return hashlib.sha256(f"{name}\0{entry.size}\0{entry.modified}".encode()).hexdigest()[:16]
