"""Bringing a database to the schema that this version of the program needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection, text

from hub.store.engine import Store

_STEPS = Path(__file__).parent / "migrations"
#: Any number, the same for all: on PostgreSQL it keeps two programs from upgrading at the same time.
_LOCK = 7_203_914


class SchemaTooNew(RuntimeError):
    """The database was upgraded by a newer version of the program than this one."""

    def __init__(self, revision: str | None) -> None:
        super().__init__(
            f"the database is at schema {revision}, which this version of Crossdock does not know: "
            "install the newer version again, or restore the backup that was made before the upgrade"
        )


def current(store: Store) -> str | None:
    """Return the schema that the database has; None when it is empty."""
    with store.read() as tx:
        return MigrationContext.configure(tx).get_current_revision()


def pending(store: Store) -> list[str]:
    """Return the steps that `upgrade` would take, in order; empty when the database is up to date."""
    with store.read() as tx:
        return _missing(tx)


def upgrade(store: Store) -> list[str]:
    """Take every missing step in one transaction, all or none, and return their names.

    Safe to call at every start, from several programs at once: one does it and the others find it done.
    """
    with store.write() as tx:
        if not store.is_sqlite:
            tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        steps = _missing(tx)
        if steps:
            config = _config()
            config.attributes["connection"] = tx  # taken up by migrations/env.py
            command.upgrade(config, "head")
    return steps


def _missing(tx: Connection) -> list[str]:
    script = ScriptDirectory.from_config(_config())
    at = MigrationContext.configure(tx).get_current_revision()
    try:
        newest_first = [step.revision for step in script.iterate_revisions("head", at or "base")]
    except RevisionError as error:
        raise SchemaTooNew(at) from error
    return newest_first[::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
