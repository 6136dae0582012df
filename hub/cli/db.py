"""`crossdock db`: bring the schema up to date, and copy the database while it is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import click

from hub.cli.session import Failure, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json
from hub.store import migrate
from hub.store.engine import Store

#: Copied at a time; between two such pieces the daemon may write.
_PAGES = 1000


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@json_option
@pass_session
def upgrade(session: Session, as_json: bool) -> None:
    """Bring the database to this version's schema."""
    store = Store(session.config().store_url)
    try:
        ran = migrate.upgrade(store)
    finally:
        store.close()
    if not ran:
        raise NothingToDo("the database is up to date")
    if as_json:
        print_json({"applied": ran})
        return
    for name in ran:
        click.echo(f"applied {name}")


@db.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@pass_session
def backup(session: Session, target: Path, as_json: bool) -> None:
    """Copy the SQLite database to TARGET while the daemon runs; TARGET must not exist."""
    if target.exists():
        raise Failure(f"{target} exists; name a new file")
    store = Store(session.config().store_url)
    try:
        if not store.is_sqlite:
            raise Failure("this database is PostgreSQL; use pg_dump")
        with store.read() as tx, closing(sqlite3.connect(target)) as copy:
            raw = tx.connection.driver_connection
            if raw is None:
                raise Failure("the database cannot be opened")
            raw.backup(copy, pages=_PAGES, sleep=0.0)
    finally:
        store.close()
    if as_json:
        print_json({"wrote": target, "bytes": target.stat().st_size})
    else:
        click.echo(f"wrote {target}")
