"""The narrow window through which a connector sees the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from hub.clock import Clock
from hub.contract import Limiter
from hub.delivery.limits import AccountLimiter
from hub.store import counters, refs
from hub.store.engine import Store
from hub.store.tables import connector_state, delivery
from hub.store.upsert import insert

_RECALL = select(connector_state.c.value).where(
    connector_state.c.connection == bindparam("code"), connector_state.c.key == bindparam("name")
)
_NOTE = (
    update(delivery)
    .where(delivery.c.connection == bindparam("b_code"), delivery.c.key == bindparam("b_key"))
    .values(note=bindparam("b_note"))
)


def no_checkpoint(_name: str) -> None:
    """Pass: only crash tests stop here."""


@dataclass(frozen=True, slots=True)
class ConnectionContext:
    """The hub as one connection sees it."""

    store: Store
    code: str
    clock: Clock
    limiter: Limiter
    passing: Callable[[str], None]

    def recall(self, key: str) -> str | None:
        """Return what `remember` kept under this key, or None."""
        with self.store.read() as tx:
            value = tx.execute(_RECALL, {"code": self.code, "name": key}).scalar_one_or_none()
        return None if value is None else str(value)

    def remember(self, key: str, value: str) -> None:
        """Keep a small value durably."""
        values = {"connection": self.code, "key": key, "value": value, "updated_at": self.clock.now()}

        def keep(tx: Connection) -> None:
            put = insert(tx, connector_state).values(values)
            changed = {"value": value, "updated_at": values["updated_at"]}
            key_columns = [connector_state.c.connection, connector_state.c.key]
            tx.execute(put.on_conflict_do_update(index_elements=key_columns, set_=changed))

        self.store.submit(keep)

    def note(self, key: str, text: str) -> None:
        """Write down how far the send of the document with this key has come; durable when it returns."""
        values = {"b_code": self.code, "b_key": key, "b_note": text}
        self.store.submit(lambda tx: tx.execute(_NOTE, values).close())

    def checkpoint(self, name: str) -> None:
        """Pass a named instant of the send path."""
        self.passing(name)


class IdleContext:
    """A context that keeps nothing: for asking a connector what its documents are, which needs no I/O."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.limiter: Limiter = AccountLimiter(clock, None)

    def recall(self, key: str) -> str | None:  # noqa: ARG002 - the shape is the contract's
        """Return None: nothing is kept."""
        return None

    def remember(self, key: str, value: str) -> None:
        """Keep nothing."""

    def note(self, key: str, text: str) -> None:
        """Keep nothing."""

    def checkpoint(self, name: str) -> None:
        """Pass."""


@dataclass(frozen=True, slots=True)
class RenderNumbers:
    """What `render` may take; all of it commits in the transaction that stores the rendered bytes."""

    tx: Connection
    code: str
    clock: Clock

    def next(self, counter: str) -> int:
        """Return the counter's next value for this connection, from 1."""
        return counters.take(self.tx, f"{self.code}:{counter}")

    def theirs(self, entity: str, ours: str, kind: str) -> str | None:
        """Return the partner's own id of one of our entities, or None."""
        return refs.find_theirs(self.tx, entity, ours, self.code, kind)

    def now(self) -> datetime:
        """Return the moment of rendering."""
        return self.clock.now()
