"""A document that came to nothing leaves its key free: the corrected one takes it, and the older failure is closed.

Nothing came of a document when all of its records were parked, now and whenever it was applied before. Any other keeps
its key; what comes under it then is kept beside, under the key and its own hash, and waits for a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from hub.store import events, parking
from hub.store.parking import REUSED
from hub.store.tables import message, parked_record
from hub.store.upsert import batches

_STANDS = "message.stands"
_SHOWN_HASH = 12
_HASH = re.compile("[0-9a-f]{12}")
#: So many originals, and none that is larger, are mapped anew after a change of the mapping to see what is in them.
_MOST_ANEW, _LARGEST_ANEW = 20, 1 << 20


def beside(key: str, sha256: str) -> str:
    """Return the key of a document that may not have the one that it came under."""
    return f"{key}#{sha256[:_SHOWN_HASH]}"


def stands(tx: Connection, message_id: int, now: datetime) -> None:
    """Note that something came of a message which now, by another mapping, would come to nothing."""
    events.record(tx, _STANDS, f"message {message_id}", now)


def try_again(tx: Connection, message_id: int) -> None:
    """Let a message that came again be applied once more when nothing came of it and nobody has closed that."""
    row = tx.execute(select(message).where(message.c.id == message_id)).one()
    if _came_to_nothing(tx, row) and parking.search(tx, message_id=row.id, limit=1):
        _change(tx, row.id, state="received")


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
    why = f"superseded: message {follower} came under the same number"
    for each in (holder_id, *(each.id for each in _came_since(tx, holder, key) if each.id < follower)):
        parking.resolve(tx, message_id=each, why=why, now=now)


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
    reused = [each.id for each in parking.search(tx, message_id=follower) if each.code == REUSED]
    parking.resolve(tx, ids=reused, why=why, now=now)
    follow(tx, holder_id, key, follower, now)
    return follower


def nothing_otherwise(tx: Connection, connection: str, document: str, mapping_hash: str) -> list[int]:
    """Return the newest open messages of a flow that came to nothing by another mapping than this one."""
    open_ = select(parked_record.c.message_id).where(
        parked_record.c.state == "open", parked_record.c.connection == connection, parked_record.c.document == document
    )
    nothing = (message.c.state == "applied", message.c.parked == message.c.records, message.c.size <= _LARGEST_ANEW)
    chosen = select(message.c.id).where(message.c.id.in_(open_), message.c.mapping_hash != mapping_hash, *nothing)
    return list(tx.execute(chosen.order_by(message.c.id.desc()).limit(_MOST_ANEW)).scalars())


def _came_to_nothing(tx: Connection, row: Row[Any]) -> bool:
    if row.state != "applied" or not row.parked or row.parked != row.records:
        return False
    return not events.search(tx, subject=f"message {row.id}", name=_STANDS, limit=1)


def _is_nothing(tx: Connection, row: Row[Any]) -> bool:
    return row.state == "quarantined" or _came_to_nothing(tx, row)


def _came_since(tx: Connection, holder: Row[Any], key: str | None = None) -> list[Row[Any]]:
    """Return the messages that came under a key after the one that holds it."""
    under = f"{key or holder.key}#"
    chosen = select(message).where(*_flow(holder.connection, holder.document), message.c.id > holder.id)
    if tx.dialect.name == "sqlite":  # its LIKE reads every key; its order is that of the bytes
        chosen = chosen.where(message.c.key > under, message.c.key < under[:-1] + chr(ord("#") + 1))
    else:
        chosen = chosen.where(message.c.key.startswith(under, autoescape=True))
    found = tx.execute(chosen.order_by(message.c.id))
    return [each for each in found if _HASH.fullmatch(each.key, len(under))]


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
