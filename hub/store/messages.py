"""Messages: every inbound document with its original in the archive, and the records of it that need a person."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update

from hub.contract import BadRecord
from hub.store import archive, events, parking, successors
from hub.store.columns import storable
from hub.store.prepared import Prepared
from hub.store.tables import message
from hub.store.upsert import batches, insert_for

_IN = "in"
_LONGEST_KEY = 512


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a document: its message, whether it is new, whether its key belongs to other bytes already."""

    id: int
    fresh: bool
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message as it stands; its bytes are in the archive under `sha256`.

    `dated_at` is when the document was written, as far as the partner's side tells, and never later than it came.
    """

    id: int
    connection: str
    document: str
    direction: str
    key: str
    name: str
    sha256: str
    size: int
    state: str
    mapping_hash: str | None
    run_id: int | None
    records: int
    parked: int
    dated_at: datetime | None
    received_at: datetime
    applied_at: datetime | None


# --- receiving -------------------------------------------------------------------------------------------------------


def receive(  # noqa: PLR0913 - what a document comes with, each by its name
    tx: Connection,
    *,
    connection: str,
    document: str,
    key: str,
    name: str,
    content: bytes,
    now: datetime,
    run_id: int | None = None,
    dated_at: datetime | None = None,
    part_of_quarantined: bool = False,
    envelope: bool = False,
    mapping_hash: str = "",
    said: bytes = b"",
) -> Received:
    """Keep an inbound document under its key; the same once more, or what holds the same `said`, is a no-op.

    But the same once more of which nothing came by another mapping than the one named is tried by that.

    Other bytes under the key of a document that came to nothing take its place. Else they are never guessed about: they
    are kept too, as a message in quarantine under a key of their own, with a parked record that says so. An `envelope`
    keeps its number whatever became of it, because what lay in it was applied by itself.
    """
    sha256 = archive.keep(tx, content, now)
    values: dict[str, Any] = {"connection": connection, "document": document, "direction": _IN, "sha256": sha256}
    values |= {"name": storable(name)[-_LONGEST_KEY:], "size": len(content), "run_id": run_id, "received_at": now}
    values["dated_at"] = min(dated_at, now) if dated_at else None
    if part_of_quarantined:  # the parked record stands on the whole; its parts are kept, and wait with it
        _add(tx, {**values, "key": bounded_key(successors.beside(key, sha256)), "state": "quarantined"})
        return Received(0, fresh=False, quarantined=True)
    added = _add(tx, {**values, "key": bounded_key(key), "state": "received"})
    if added is not None:
        return Received(added, fresh=True)
    known = by_key(tx, connection, document, key)
    if known is None:
        raise LookupError(f"message {key} of {connection} was removed while it was received")
    if sha256 in (known.sha256, *_replaced(tx, known.id)):
        if mapping_hash and not envelope and known.mapping_hash != mapping_hash:
            successors.try_again(tx, known.id)
        return Received(known.id, fresh=False)
    if not envelope and (follower := _succeed(tx, known, values, now)) is not None:
        return follower
    if _says(tx, known, said):
        return Received(known.id, fresh=False)
    return _quarantine(tx, known, values, now)


def release_part(tx: Connection, connection: str, document: str, key: str, content: bytes) -> bool:
    """Let a part that waited in quarantine with its whole be applied; false when there is none, or it went already.

    One that was put aside for itself has a parked record of its own, and goes on waiting for a word about that. One
    that the other interchange of this number held just the same was applied with that.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    known = by_key(tx, connection, document, key)
    if known is not None and known.sha256 == sha256:
        return False
    found = _by_stored_key(tx, connection, document, bounded_key(successors.beside(key, sha256)))
    if found is None or found.state != "quarantined" or parking.search(tx, state=None, message_id=found.id, limit=1):
        return False
    return apply_again(tx, found.id)


def bounded_key(key: str) -> str:
    """Return the key as it is stored: one that is too long keeps its start and gets a hash of the whole."""
    key = storable(key)
    if len(key) <= _LONGEST_KEY - 13:
        return key
    return f"{key[:400]}#{hashlib.sha256(key.encode()).hexdigest()}"


def _succeed(tx: Connection, known: MessageRow, values: dict[str, Any], now: datetime) -> Received | None:
    """Put a document in the place of one that came to nothing; None where that one stands, or these bytes came then."""
    aside = _by_stored_key(tx, known.connection, known.document, successors.beside(known.key, values["sha256"]))
    waits = (
        aside is not None and aside.state == "quarantined" and bool(parking.search(tx, message_id=aside.id, limit=1))
    )
    if (aside is not None and not waits) or not successors.take_over(tx, known.id):
        return None
    if aside is not None:
        return Received(successors.promote(tx, known.id, known.key, aside.id, now), fresh=False)
    added = _add(tx, {**values, "key": known.key, "state": "received"})
    if added is None:
        raise LookupError(f"the key of message {known.id} was taken while it was given up")
    successors.follow(tx, known.id, known.key, added, now)
    return Received(added, fresh=True)


def _quarantine(tx: Connection, known: MessageRow, values: dict[str, Any], now: datetime) -> Received:
    key = successors.beside(known.key, values["sha256"])
    added = _add(tx, {**values, "key": key, "state": "quarantined"})
    if added is None:
        again = _by_stored_key(tx, known.connection, known.document, key)
        return Received(again.id if again else known.id, fresh=False, quarantined=True)
    bad = BadRecord(
        f"{known.key} came again with other content than message {known.id}",
        record="the whole document",
        field="key",
        todo=f"ask {known.connection} which one counts: message {known.id}, or this one, which was not applied",
        code=parking.REUSED,
    )
    parking.park(tx, added, known.connection, known.document, bad, now)
    return Received(added, fresh=False, quarantined=True)


def _says(tx: Connection, known: MessageRow, said: bytes) -> bool:
    """Say whether what is known holds this piece; false when its bytes are not kept any more."""
    try:
        return bool(said) and said in archive.load(tx, known.sha256)
    except (archive.ContentGone, archive.ContentDamaged):
        return False


def _replaced(tx: Connection, message_id: int) -> list[str]:
    """Return the hashes of what a person has replaced in this message: the partner may hand it out once more."""
    found = events.search(tx, subject=f"message {message_id}", name="retry_data.edited")
    return [str(each.detail["from"]) for each in found]


def _add(tx: Connection, values: dict[str, Any]) -> int | None:
    added = _adding(tx.dialect.name).rows(tx, values)
    return int(added[0][0]) if added else None


@cache
def _adding(dialect: str) -> Prepared:
    made = insert_for(dialect, message).values(records=0, parked=0).on_conflict_do_nothing()
    given = ("connection", "document", "direction", "key", "name", "sha256", "size", "state", "run_id", "dated_at")
    columns = {name: bindparam(name, type_=message.c[name].type) for name in (*given, "received_at")}
    return Prepared(made.values(columns).returning(message.c.id))


# --- looking them up -------------------------------------------------------------------------------------------------


def get(tx: Connection, message_id: int) -> MessageRow | None:
    """Return one message, or None."""
    found = by_ids(tx, [message_id])
    return found[0] if found else None


def by_ids(tx: Connection, ids: Collection[int]) -> list[MessageRow]:
    """Return these messages, in the order in which they came."""
    return [row for batch in batches(sorted(ids)) for row in _select(tx, message.c.id.in_(batch), len(batch))]


def by_key(tx: Connection, connection: str, document: str, key: str) -> MessageRow | None:
    """Return the inbound message of this key, or None."""
    return _by_stored_key(tx, connection, document, bounded_key(key))


def _by_stored_key(tx: Connection, connection: str, document: str, key: str) -> MessageRow | None:
    flow = and_(message.c.connection == connection, message.c.document == document, message.c.direction == _IN)
    found = _select(tx, flow & (message.c.key == key), 1)
    return found[0] if found else None


def waiting(tx: Connection, limit: int, connection: str | None = None, document: str | None = None) -> list[MessageRow]:
    """Return messages that were received and not applied yet, oldest first."""
    where: ColumnElement[bool] = message.c.state == "received"
    if connection is not None:
        where &= message.c.connection == connection
    if document is not None:
        where &= message.c.document == document
    return _select(tx, where, limit)


_ANY_WAITS = (
    select(message.c.id)
    .where(
        message.c.state == "received",
        message.c.connection == bindparam("connection"),
        message.c.document == bindparam("document"),
    )
    .limit(1)
)


def any_waits(tx: Connection, connection: str, document: str) -> bool:
    """Say whether a flow has messages that were received and not applied yet."""
    return tx.execute(_ANY_WAITS, {"connection": connection, "document": document}).first() is not None


def waiting_flows(tx: Connection) -> list[tuple[str, str]]:
    """Return the (connection, document) of every flow with messages that were received and not applied yet."""
    flows = select(message.c.connection, message.c.document).where(message.c.state == "received").distinct()
    return [(row.connection, row.document) for row in tx.execute(flows)]


def _select(tx: Connection, where: ColumnElement[bool], limit: int) -> list[MessageRow]:
    rows = tx.execute(select(message).where(where).order_by(message.c.id).limit(limit)).mappings()
    return [MessageRow(**row) for row in rows]


# --- applying --------------------------------------------------------------------------------------------------------


def applied(tx: Connection, message_id: int, records: int, parked: int, mapping_hash: str, now: datetime) -> None:
    """Mark a message as applied: how many records it held, how many of them were parked, by which mapping."""
    applied_all(tx, [(message_id, records, parked)], mapping_hash, now)


def applied_all(tx: Connection, ended: Iterable[tuple[int, int, int]], mapping_hash: str, now: datetime) -> None:
    """Do the same for many messages: (id, records, parked) of each."""
    both = {"b_hash": mapping_hash, "b_now": now}
    _APPLIED.run_many(tx, [{"b_id": each, "b_records": n, "b_parked": bad, **both} for each, n, bad in ended])


_APPLIED = Prepared(
    update(message)
    .where(message.c.id == bindparam("b_id"))
    .values(
        state="applied",
        records=bindparam("b_records"),
        parked=bindparam("b_parked"),
        mapping_hash=bindparam("b_hash"),
        applied_at=bindparam("b_now"),
    )
)


def apply_again(tx: Connection, message_id: int) -> bool:
    """Let a message be mapped and applied once more; out of quarantine too. False when there is none."""
    return bool(tx.execute(update(message).where(message.c.id == message_id).values(state="received")).rowcount)


def replace_original(tx: Connection, message_id: int, sha256: str, size: int) -> None:
    """Let a message stand for other bytes, which are in the archive; the caller keeps who did so and why."""
    tx.execute(update(message).where(message.c.id == message_id).values(sha256=sha256, size=size))
