"""Who works on a PostgreSQL database: a lock in it that lives exactly as long as its holder's connection.

PostgreSQL lets go of it when the connection ends: at once when the process dies, after some twenty seconds when its
machine or the network is lost. What the holder says of itself stands in a row with the number of its session, so that
a row that a dead one left behind is not taken for the living.
"""

from __future__ import annotations

import json
import os
import select
import socket
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, make_url, text
from sqlalchemy import select as select_rows
from sqlalchemy.pool import NullPool

from hub.store.errors import StoreUnusable
from hub.store.postgres import engine_of
from hub.store.tables import connector_state
from hub.store.upsert import insert

#: Any number, the same for all; that of `migrate` is another one.
_KEY = 7_203_915
_ROW = {"connection": "hub/daemon", "key": "holder"}
_HOLDERS = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = :key AND objsubid = 1 "
    "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
#: How the client notices that the server is gone. It must be sure within less time than the server takes below.
_CLIENT = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 8_000,
}
#: How the server notices that the client is gone, and lets go of the lock; older servers do not know all of it.
_SERVER = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "20000",
    "statement_timeout": "8000",
    "idle_session_timeout": "0",
}
_SET = text("SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :name")
_POOLED = (
    "a pooler of connections stands before the database and gives each statement another one, so that no lock can be "
    "held: let [store] url name the server itself, or a pool in session mode"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A daemon that works on a database: where it runs, on which folder, since when, and its session there."""

    host: str = ""
    process: int = 0
    folder: str = ""
    since: str = ""
    session: int = 0

    @classmethod
    def here(cls, folder: str, now: datetime) -> Holder:
        """Describe this process."""
        return cls(socket.gethostname(), os.getpid(), folder, now.isoformat(timespec="seconds"))

    def __str__(self) -> str:
        if not self.host:
            return f"a hub that has not said yet where it runs (session {self.session} of the server)"
        return f"the hub of folder {self.folder} on host {self.host}, process {self.process} since {self.since}"

    def is_same(self, other: Holder) -> bool:
        """Say whether both are one process, over whatever session."""
        return replace(self, session=0) == replace(other, session=0)


class Occupied(Exception):
    """Somebody else holds the lock."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(str(holder))
        self.holder = holder


class Presence:
    """The lock of one database, held or not; used by one thread at a time."""

    def __init__(self, url: str, me: Holder) -> None:
        self._engine = engine_of(make_url(url), _CLIENT, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._me = me
        self._connection: Connection | None = None
        self._signed = False

    def take(self) -> None:
        """Take the lock over a new connection; raises Occupied, and StoreUnusable when there is no connection.

        Taken again after a loss, it is Occupied also where somebody else has held it meanwhile and is gone: what that
        one left behind is taken up by a new start only.
        """
        self.release()
        connection = self._engine.connect()
        try:
            session = _session(connection)
            self._refuse_pooler(connection, session)
            self._lock(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._me, self._signed = connection, replace(self._me, session=session), False
        self._sign(connection)

    def is_mine(self, other: Holder) -> bool:
        """Say whether a holder is this very process, over a session that the server has not missed yet."""
        return other.is_same(self._me)

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the server says something unasked: mostly that the connection ends."""
        if self._connection is not None:
            ear = select.poll()
            ear.register(_driver(self._connection), select.POLLIN)
            ear.poll(seconds * 1000)

    def confirm(self) -> None:
        """Ask the server whether the lock is still held; raises StoreUnusable when it is not."""
        if self._connection is None or _session(self._connection) != self._me.session:
            raise StoreUnusable(_POOLED)
        self._sign(self._connection)

    def release(self) -> None:
        """Let go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _sign(self, connection: Connection) -> None:
        """Write down who holds it, once; an empty database has no table for it before its first upgrade."""
        if self._signed or not _has_table(connection):
            return
        values = {"value": json.dumps(asdict(self._me)), "updated_at": datetime.fromisoformat(self._me.since)}
        put = insert(connection, connector_state).values(**_ROW, **values)
        connection.execute(put.on_conflict_do_update(index_elements=list(_ROW), set_=values))
        self._signed = True

    def _lock(self, connection: Connection) -> None:
        for name, value in _SERVER.items():
            connection.execute(_SET, {"name": name, "value": value})
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}).scalar_one():
            raise Occupied(holder(connection) or Holder())
        last = _written(connection)
        if self._me.session and last is not None and not last.is_same(self._me):
            raise Occupied(last)

    def _refuse_pooler(self, connection: Connection, session: int) -> None:
        """Refuse a pooler that lends this connection's session to others between statements.

        A pooler shows by a session that is not the one that was opened; in session mode it keeps it for us.
        """
        if _driver(connection).info.backend_pid == session:
            return
        with self._engine.connect() as other:
            if _session(other) == session:
                raise StoreUnusable(_POOLED)


def holder(tx: Connection) -> Holder | None:
    """Return who holds the lock of this database, None when nobody does; what it says of itself where it has."""
    session = tx.execute(text(_HOLDERS), {"key": _KEY}).scalar()
    if session is None:
        return None
    said = _written(tx)
    return said if said is not None and said.session == session else Holder(session=session)


def _written(tx: Connection) -> Holder | None:
    """Return what the last holder wrote down, be it alive or not."""
    if not _has_table(tx):
        return None
    mine = [connector_state.c[name] == value for name, value in _ROW.items()]
    kept = tx.execute(select_rows(connector_state.c.value).where(*mine)).scalar()
    return None if kept is None else Holder(**json.loads(kept))


def _has_table(tx: Connection) -> bool:
    return bool(tx.execute(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": connector_state.name}).scalar())


def _session(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - the driver's own
    return connection.connection.driver_connection
