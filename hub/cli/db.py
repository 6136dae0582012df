"""`crossdock db`: bring the schema up to date, copy the database while it is in use, and put a copy back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import make_url

from hub.cli.session import Failure, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json
from hub.clock import SystemClock
from hub.config import Config
from hub.instance import AlreadyRunning, InstanceLock
from hub.services.alerting import notices
from hub.store import connections, migrate
from hub.store.connections import ConnectionMode
from hub.store.engine import Store
from hub.store.upkeep import NotABackup, check_backup, copy_database, remove_database, replace_database, to_disk

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
        if store.file is None:
            raise Failure("this database is PostgreSQL; use pg_dump")
        if not store.file.exists():
            raise Failure("there is no database yet; `crossdock run` makes it")
        _copy(store, target)
    except (sqlite3.OperationalError, OSError) as error:
        raise Failure(f"{target} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        store.close()
    if as_json:
        print_json({"wrote": target, "bytes": target.stat().st_size})
    else:
        click.echo(f"wrote {target}")


def _copy(store: Store, target: Path) -> None:
    """Copy the database beside the target first: what is called so is whole, whenever the copying was broken off."""
    part = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))  # it holds what customers told us
        with store.read() as tx, closing(sqlite3.connect(part)) as copy:
            raw = tx.connection.driver_connection
            if raw is None:
                raise Failure("the database cannot be opened")
            raw.backup(copy, pages=_PAGES, sleep=0.0)
        to_disk(part)
        part.replace(target)
        to_disk(target.parent)
    finally:
        with suppress(OSError):
            part.unlink()


@db.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_session
def restore(session: Session, source: Path, yes: bool, as_json: bool) -> None:
    """Put a backup in the place of the SQLite database; the daemon must not run.

    What stood there before is kept beside it. What was sent after the backup was made is not known any more: every
    connection is put back to observe, so that nothing leaves twice before somebody has looked.
    """
    config = session.config()
    if config.store.url and not config.store.url.startswith("sqlite"):
        raise Failure("this database is PostgreSQL; use pg_restore")
    lock = InstanceLock(config.data)
    try:
        check_backup(source)
        lock.take()
    except (NotABackup, AlreadyRunning) as error:
        raise Failure(str(error)) from None
    try:
        if not yes:
            click.confirm(f"put {source} in the place of the database?", abort=True)
        told = _put_back(config, source)
    finally:
        lock.release()
    if as_json:
        print_json(told)
        return
    click.echo(f"restored {source}" + (f"; what stood there is {told['kept']}" if told["kept"] else ""))
    if told["observing"]:
        click.echo(
            f"observing: {', '.join(told['observing'])}; `crossdock connection live NAME --from TIME` opens them"
        )


def _put_back(config: Config, source: Path) -> dict[str, Any]:
    """Make the copy ready beside the database first: whatever happens, what stands there is one of the two, whole."""
    place = make_url(config.store_url)
    target = Path(place.database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, now = target.with_name(f"{target.name}.restoring"), SystemClock().now()
    remove_database(fresh)
    try:
        copy_database(source, fresh)
        with closing(Store(place.set(database=str(fresh)).render_as_string(hide_password=False))) as store:
            applied = migrate.upgrade(store)
            observing = _only_observe(store, now)
    except BaseException:
        remove_database(fresh)  # it is as large as the database, and of no use
        raise
    kept = replace_database(fresh, target, now.strftime("%Y%m%dT%H%M%S%fZ"))
    return {"restored": source, "kept": kept, "applied": applied, "observing": observing}


def _only_observe(store: Store, now: datetime) -> list[str]:
    """Put every live connection to partners back to observe; returns their names."""
    with store.write() as tx:
        known = connections.every(tx)
        live = [row.code for row in known if row.mode is ConnectionMode.LIVE and row.connector != notices.CONNECTOR]
        for code in live:
            connections.observe(tx, code, now, actor="restore")
    return live
