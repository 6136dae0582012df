"""Which keys a feed has named, kept beside the database while the feed runs: however many, in little memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

from hub.store.upsert import batches

#: Owner (a node, a partner), SKU, and the time that the feed gave for it.
Naming = tuple[str, str, str]
_MOST = 4000


class Seen:
    """A private file without a name that SQLite deletes by itself; times are texts that sort as they follow."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "PRAGMA cache_size=-4000",
            "CREATE TABLE seen (owner TEXT, sku TEXT, as_of TEXT, PRIMARY KEY (owner, sku)) WITHOUT ROWID",
            "BEGIN",
        ):
            self._file.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, named: Iterable[Naming]) -> None:
        """Remember that these were named, some without a time (""); of two times of one key the newer one counts."""
        statement = "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET as_of = max(as_of, excluded.as_of)"
        self._file.executemany(statement, named)

    def owners(self) -> list[tuple[str, str]]:
        """Return whose keys were named with a time, each with the oldest one that was given."""
        query = "SELECT owner, min(as_of) FROM seen WHERE as_of <> '' GROUP BY owner ORDER BY owner"
        return self._file.execute(query).fetchall()

    def after(self, owner: str, as_of: str) -> Iterator[Sequence[Naming]]:
        """Yield, in lists of bounded length and in order, what was named with a later time than this."""
        query = "SELECT owner, sku, as_of FROM seen WHERE owner = ? AND as_of > ? ORDER BY sku"
        yield from batches(self._file.execute(query, (owner, as_of)), _MOST)

    def missing(self, owner: str, skus: Sequence[str]) -> list[str]:
        """Return those of the SKUs that were not named."""
        query = """
            SELECT page.value FROM json_each(?) AS page
            WHERE NOT EXISTS (SELECT 1 FROM seen WHERE owner = ? AND sku = page.value)
        """
        return [row[0] for row in self._file.execute(query, (json.dumps(skus), owner))]
