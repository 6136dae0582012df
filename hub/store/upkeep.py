"""Keeping a SQLite file small and quick while it is in use; PostgreSQL sees to that itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from hub.store.engine import Store

#: Pages given back to the file system in one short transaction.
_PAGES = 500


class NotABackup(ValueError):
    """A file that cannot be put in the place of the database."""


def tidy(store: Store) -> int:
    """Give free pages back in short steps and refresh what the planner knows; returns how many pages were given back.

    A database that was made before this keeps its free pages for its own later use; it does not grow by that.
    """
    if not store.is_sqlite:
        return 0
    given = 0
    while free := _give_back(store):
        given += free
    with store.write() as tx:
        tx.exec_driver_sql("PRAGMA optimize")
    return given


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


def check_backup(path: Path) -> None:
    """See whether a file is a whole database of ours; raises NotABackup."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            (said,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise NotABackup(f"{path} is no database: {error}") from None
    if said != "ok":
        raise NotABackup(f"{path} is damaged: {said}")
    if not {"alembic_version", "delivery", "sales_order"} <= tables:
        raise NotABackup(f"{path} is a database, but none of Crossdock")
