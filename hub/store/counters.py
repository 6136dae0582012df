"""Counters that never give the same number twice, whoever asks and whatever crashes."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, bindparam

from hub.store.prepared import Prepared
from hub.store.tables import counter
from hub.store.upsert import insert_for


def take(tx: Connection, name: str) -> int:
    """Return the counter's next value, from 1; a transaction that is undone gives its value back."""
    return take_many(tx, name, 1)[0]


def take_many(tx: Connection, name: str, count: int) -> range:
    """Return the counter's next `count` values in one step."""
    if count < 1:
        return range(0)
    last = _taking(tx.dialect.name).number(tx, {"b_name": name, "b_count": count})
    return range(last - count + 1, last + 1)


@cache
def _taking(dialect: str) -> Prepared:
    first = insert_for(dialect, counter).values(name=bindparam("b_name"), value=bindparam("b_count"))
    added = {"value": counter.c.value + bindparam("b_count")}
    return Prepared(first.on_conflict_do_update(index_elements=[counter.c.name], set_=added).returning(counter.c.value))
