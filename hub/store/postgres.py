"""How PostgreSQL is opened, and what its refusals mean in one sentence; never with the password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from hub.store.errors import StoreUnusable

_MEND = "[store] url in the configuration, or CROSSDOCK__STORE__URL"
_NO_RIGHT = "42501"
#: What the server or the client's library says, and what to do about it; anything else comes with its own words.
_TODO = (
    ("password authentication failed", f"mend user and password: {_MEND}"),
    ("no password supplied", f"give a password: {_MEND}"),
    ("no pg_hba.conf entry", "let this machine in: pg_hba.conf of the server"),
    (r'database ".*" does not exist', f"make it with createdb, or mend its name: {_MEND}"),
    (r'role ".*" does not exist', f"make it with createuser, or mend the user: {_MEND}"),
    ("starting up|shutting down|in recovery mode|terminating connection", "try again in a moment"),
    ("too many clients|remaining connection slots", "raise max_connections of the server, or end what holds them"),
    (
        "permission denied",
        "give this user the right to make and change tables there: GRANT, or ALTER DATABASE ... OWNER",
    ),
)
_UNREACHED = f"see that PostgreSQL runs there and that this machine reaches it, or mend the address: {_MEND}"
_LONGEST = 300
#: A server that is gone without a word (its machine, the network) is noticed within about a minute; seconds, but for
#: the last one, which is in milliseconds.
_NOTICES_THE_END = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def open_postgres(url: URL) -> tuple[Engine, Engine]:
    """Return an engine to read with and one to write with; raises StoreUnusable where the driver is missing."""
    engine = engine_of(url, _NOTICES_THE_END, pool_size=10, max_overflow=20, pool_pre_ping=True, pool_use_lifo=True)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True), engine


def engine_of(url: URL, settings: Mapping[str, int], **options: Any) -> Engine:  # noqa: ANN401 - SQLAlchemy's own
    """Return an engine that says in a sentence why the database cannot be used.

    `settings` are those of the client's library, as far as the address has none of its own.
    """
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    own = {name: value for name, value in settings.items() if name not in url.query}
    try:
        engine = create_engine(url, connect_args=own, **options)
    except ImportError as error:
        raise StoreUnusable(
            f"{_name(url)} cannot be used: the driver {error.name} is not installed; "
            "install Crossdock with it: pip install 'crossdock[postgres]'"
        ) from None
    event.listen(engine, "handle_error", lambda context: _explain(url, context))
    return engine


def _explain(url: URL, context: ExceptionContext) -> StoreUnusable | None:
    """Return what is raised in the place of an error that says that the database is away, or does not let us in."""
    error = context.original_exception
    if context.connection is None or context.is_disconnect or getattr(error, "sqlstate", None) == _NO_RIGHT:
        return StoreUnusable(_sentence(url, str(error)))
    return None


def _sentence(url: URL, said: str) -> str:
    why = _reason(said)
    if url.password:
        why = why.replace(str(url.password), "***")
    todo = next((todo for words, todo in _TODO if re.search(words, why)), _UNREACHED)
    return f"{_name(url)} cannot be used: {why}; {todo}"


def _reason(said: str) -> str:
    """Return the last thing that is said on the first line, behind what only says that a connection failed."""
    first = said.strip().splitlines()[0] if said.strip() else "the connection was lost"
    return re.split(r"FATAL:\s+|ERROR:\s+|\bfailed: (?=\S)", first)[-1].strip()[:_LONGEST]


def _name(url: URL) -> str:
    """Name a database as its address does: database, host and port."""
    hosts = url.host or url.query.get("host") or "localhost"
    host = hosts if isinstance(hosts, str) else ",".join(hosts)
    name = url.database or url.username or "postgres"
    return f"the database {name} at {host}:{url.port or url.query.get('port') or 5432}"
