"""A small write now and then: that it goes through shows that the disk takes what has to be kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from hub.store.tables import connector_state
from hub.store.upsert import insert

#: No partner's code has a slash.
_OURS = {"connection": "hub/daemon", "key": "alive"}


def beat(tx: Connection, now: datetime) -> None:
    """Write down that the daemon lives."""
    values = {"value": now.isoformat(), "updated_at": now}
    put = insert(tx, connector_state).values(**_OURS, **values)
    tx.execute(put.on_conflict_do_update(index_elements=list(_OURS), set_=values))
