"""Counters that never give the same number twice, whoever asks and whatever crashes."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.store.tables import counter
from hub.store.upsert import insert


def take(tx: Connection, name: str) -> int:
    """Return the counter's next value, from 1; a transaction that is undone gives its value back."""
    first = insert(tx, counter).values(name=name, value=1)
    following = first.on_conflict_do_update(index_elements=[counter.c.name], set_={"value": counter.c.value + 1})
    return int(tx.execute(following.returning(counter.c.value)).scalar_one())
