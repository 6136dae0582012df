"""A document that came to nothing leaves its key free: the corrected one takes it, and the older failure is closed.

Nothing came of a document when all of its records were parked and no order was ever made or changed by it. One that
holds its key keeps it against all others; those are kept beside it, under its key and their hash, and wait for a word.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from hub.store import events
from hub.store.tables import message, order_message, parked_record
from hub.store.upsert import batches

#: What a document is parked as that came under the key of another one.
REUSED = "key reused"
_SHOWN_HASH = 12


def beside(key: str, sha256: str) -> str:
    """Return the key of a document that may not have the one that it came under."""
    return f"{key}#{sha256[:_SHOWN_HASH]}"


def take_over(tx: Connection, holder_id: int) -> bool:
    """Move a message aside and say true when nothing came of it, nor of any that came under its key since.

    The caller gives the key to another message then, and says so by `follow`.
    """
    holder = tx.execute(select(message).where(message.c.id == holder_id).with_for_update()).one()
    if not _came_to_nothing(tx, holder) or not all(_is_nothing(tx, each) for each in _came_since(tx, holder)):
        return False
    aside = beside(holder.key, holder.sha256)
    if _stored(tx, holder, aside) is not None:  # one that a person has edited since may have these bytes now
        aside = f"{holder.key}#{holder.id}"
    _change(tx, holder.id, key=aside)
    return True


def follow(tx: Connection, holder_id: int, key: str, follower: int, now: datetime) -> None:
    """Close what is parked of the message that had this key, and of those under it that came before its follower."""
    holder = tx.execute(select(message).where(message.c.id == holder_id)).one()
    older = [each.id for each in _came_since(tx, holder, key) if each.id < follower]
    for each in (holder_id, *older):
        open_ = (parked_record.c.message_id == each, parked_record.c.state == "open")
        why = f"superseded: message {follower} came under the same number"
        closed = update(parked_record).where(*open_).values(state="resolved", closed_why=why, changed_at=now)
        if tx.execute(closed).rowcount or each == holder_id:
            events.record(tx, "message.superseded", f"message {each}", now, detail={"by": follower, "key": key})


def let_in(tx: Connection, connection: str, document: str, ended: Collection[int], now: datetime) -> list[int]:
    """Let the oldest document that waits for the key of one of these messages be applied, where nothing came of that.

    It came before anybody knew, most often in the same reading. Returns the messages that are applied next.
    """
    waiting = {each.key.rpartition("#")[0]: each for each in reversed(_put_aside(tx, connection, document))}
    if not waiting:
        return []
    let = []
    for batch in batches(sorted(ended)):
        rows = tx.execute(select(message.c.id, message.c.key).where(message.c.id.in_(batch)))
        for holder_id, key in rows.all():
            if key in waiting and take_over(tx, holder_id):
                let.append(promote(tx, holder_id, key, waiting[key].id, now))
    return let


def promote(tx: Connection, holder_id: int, key: str, follower: int, now: datetime) -> int:
    """Give a message that was put aside the key that it came under, and let it be applied; returns it."""
    _change(tx, follower, key=key, state="received")
    why = f"message {holder_id} came to nothing and leaves its number free"
    reused = (parked_record.c.message_id == follower, parked_record.c.code == REUSED, parked_record.c.state == "open")
    tx.execute(update(parked_record).where(*reused).values(state="resolved", closed_why=why, changed_at=now))
    follow(tx, holder_id, key, follower, now)
    return follower


def _came_to_nothing(tx: Connection, row: Row[Any]) -> bool:
    if row.state != "applied" or not row.parked or row.parked != row.records:
        return False
    made = select(order_message.c.order_id).where(order_message.c.message_id == row.id).limit(1)
    return tx.execute(made).first() is None


def _is_nothing(tx: Connection, row: Row[Any]) -> bool:
    return row.state == "quarantined" or _came_to_nothing(tx, row)


def _came_since(tx: Connection, holder: Row[Any], key: str | None = None) -> list[Row[Any]]:
    """Return the messages that came under a key after the one that holds it."""
    chosen = select(message).where(*_flow(holder.connection, holder.document), message.c.id > holder.id)
    under = message.c.key.startswith(f"{key or holder.key}#", autoescape=True)
    return list(tx.execute(chosen.where(under).order_by(message.c.id)))


def _put_aside(tx: Connection, connection: str, document: str) -> list[Row[Any]]:
    """Return the messages of a flow that wait for a word because their key was used before, oldest first."""
    reused = (parked_record.c.state == "open", parked_record.c.code == REUSED)
    waits = select(parked_record.c.message_id).where(*reused, parked_record.c.connection == connection)
    chosen = select(message.c.id, message.c.key).where(*_flow(connection, document), message.c.id.in_(waits))
    return list(tx.execute(chosen.where(message.c.state == "quarantined").order_by(message.c.id)))


def _stored(tx: Connection, like: Row[Any], key: str) -> int | None:
    chosen = select(message.c.id).where(*_flow(like.connection, like.document), message.c.key == key)
    return tx.execute(chosen).scalar_one_or_none()


def _flow(connection: str, document: str) -> tuple[ColumnElement[bool], ...]:
    return (message.c.connection == connection, message.c.document == document, message.c.direction == "in")


def _change(tx: Connection, message_id: int, **values: str) -> None:
    tx.execute(update(message).where(message.c.id == message_id).values(**values))
