"""A connection's first steps: at most so many documents leave, then it observes again until a person has looked.

The number left is taken down in the transaction that lets a document's bytes leave, so that it is never exceeded; a
resend counts too.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Integer, String, bindparam, cast, delete, select, update

from hub.store import connections
from hub.store.prepared import Prepared
from hub.store.tables import connector_state
from hub.store.upsert import insert

#: Stands among a connection's own small values; no connector's key has a slash of this kind.
_KEY = "hub/ramp"
_OF = (connector_state.c.connection == bindparam("b_code"), connector_state.c.key == _KEY)
_SPEND = Prepared(
    update(connector_state).where(*_OF).values(value=cast(cast(connector_state.c.value, Integer) - 1, String))
)


def begin(tx: Connection, code: str, documents: int | None, now: datetime) -> None:
    """Let at most so many documents leave from now on; None lets all."""
    tx.execute(delete(connector_state).where(*_OF), {"b_code": code})
    if documents is not None:
        values = {"connection": code, "key": _KEY, "value": str(documents), "updated_at": now}
        tx.execute(insert(tx, connector_state).values(values))


def left(tx: Connection, code: str) -> int | None:
    """Return how many documents may still leave; None when there is no limit."""
    query = select(connector_state.c.value).where(*_OF)
    value = tx.execute(query, {"b_code": code}).scalar_one_or_none()
    return None if value is None else int(value)


def spend(tx: Connection, code: str, now: datetime) -> bool:
    """Count one document that is about to leave; with the last one the connection goes back to observe.

    False when the last one has left meanwhile: another worker may have taken it after we saw the connection live. The
    caller undoes the transaction then.
    """
    if not _SPEND.run(tx, {"b_code": code}):
        return True
    remaining = left(tx, code) or 0
    if remaining == 0:
        connections.observe(tx, code, now, actor="ramp")
    return remaining >= 0
