"""Insert-or-update, which both databases have and SQLAlchemy spells once for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
#: How many values one statement names at most; SQLite ends at 32,766.
MOST_NAMED = 1000


def insert(tx: Connection, table: Table) -> sqlite.Insert:
    """Return the database's own INSERT, which can say what to do on a conflict.

    The type is SQLite's; PostgreSQL's has the same verbs.
    """
    return insert_for(tx.dialect.name, table)


def insert_for(dialect: str, table: Table) -> sqlite.Insert:
    """Return the same by the name of the database, for statements that are made once and kept."""
    if dialect == "postgresql":
        return cast("sqlite.Insert", postgresql.insert(table))
    return sqlite.insert(table)


def batches(values: Iterable[T], size: int = MOST_NAMED) -> Iterator[Sequence[T]]:
    """Yield the values in lists of at most `size`, for statements that name each of them."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
