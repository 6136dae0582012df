"""Counters that never give the same number twice, whoever asks and whatever crashes."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.store.tables import counter
from hub.store.upsert import insert


def take(tx: Connection, name: str) -> int:
    """Return the counter's next value, from 1; a transaction that is undone gives its value back."""
    return take_many(tx, name, 1)[0]


def take_many(tx: Connection, name: str, count: int) -> range:
    """Return the counter's next `count` values in one step."""
    if count < 1:
        return range(0)
    first = insert(tx, counter).values(name=name, value=count)
    following = first.on_conflict_do_update(index_elements=[counter.c.name], set_={"value": counter.c.value + count})
    last = int(tx.execute(following.returning(counter.c.value)).scalar_one())
    return range(last - count + 1, last + 1)
