"""Keeping a SQLite file small and quick while it is in use; PostgreSQL sees to that itself."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from hub.store.engine import Store

#: Pages given back to the file system in one short transaction.
_PAGES = 500
#: What a SQLite database consists of: its log, the index of that, and itself, which is moved last.
_ENDINGS = ("-wal", "-shm", "")


class NotABackup(ValueError):
    """A file that cannot be put in the place of the database."""


def tidy(store: Store) -> int:
    """Give free pages back in short steps, and forget statistics; returns how many pages were given back.

    A database that was made before this keeps its free pages for its own later use; it does not grow by that. Why
    there are no statistics: docs/why/no-statistics.md.
    """
    if not store.is_sqlite:
        return 0
    given = 0
    while free := _give_back(store):
        given += free
    forget_statistics(store)
    return given


def forget_statistics(store: Store) -> bool:
    """Let SQLite plan as it does without ANALYZE; true when somebody had run it. Every connection plans anew then."""
    if not store.is_sqlite:
        return False
    with store.write() as tx:
        query = "SELECT name FROM sqlite_master WHERE name IN ('sqlite_stat1', 'sqlite_stat4')"
        found = [name for (name,) in tx.exec_driver_sql(query)]
        for name in found:
            tx.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 - one of the two names above
        if found:
            tx.exec_driver_sql("ANALYZE sqlite_schema")  # this connection looks again: it would go by what it knows
        for name in found:
            tx.exec_driver_sql(f"DROP TABLE {name}")  # the schema differs: every other one looks again too
    return bool(found)


def _give_back(store: Store) -> int:
    with store.write() as tx:
        before = _free_pages(tx)
        if not before:
            return 0
        raw = cast("sqlite3.Connection", tx.connection.driver_connection)
        raw.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()  # each step gives a page back
        return before - _free_pages(tx)


def _free_pages(tx: Connection) -> int:
    return int(tx.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def _to_read(path: Path) -> sqlite3.Connection:
    """Open a database that stays as it is, whatever its name: `?`, `#` and `%` mean something in an address."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database whole, with what still stands in its log, to a new file, and see it onto the disk."""
    with closing(_to_read(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    to_disk(target)


def replace_database(fresh: Path, target: Path, stamp: str) -> Path | None:
    """Put a closed database in the place of another one, which is kept beside it; returns where, None without one.

    The log of what stood there goes aside with it, also where only the log is left: SQLite would take it for that of
    the new one and read it in.
    """
    if target.exists():
        _empty_log(target)
    kept = target.with_name(f"{target.name}.before-{stamp}")
    for ending in _ENDINGS:
        part = target.with_name(target.name + ending)
        if part.exists():
            part.replace(kept.with_name(kept.name + ending))
    fresh.replace(target)
    to_disk(target.parent)
    return kept if kept.exists() else None


def _empty_log(path: Path) -> None:
    """Let a database take in its own log, so that one file is all of it; a damaged one stays as it is."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def to_disk(path: Path) -> None:
    """See a file, or what a folder lists, onto the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def remove_database(path: Path) -> None:
    """Remove a database with its log, if it is there."""
    for ending in _ENDINGS:
        path.with_name(path.name + ending).unlink(missing_ok=True)


def check_backup(path: Path) -> None:
    """See whether a file is a whole database of ours; raises NotABackup."""
    try:
        with closing(_to_read(path)) as database:
            (said,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise NotABackup(f"{path} is no database: {error}") from None
    if said != "ok":
        raise NotABackup(f"{path} is damaged: {said}")
    if not {"alembic_version", "delivery", "sales_order"} <= tables:
        raise NotABackup(f"{path} is a database, but none of Crossdock")
