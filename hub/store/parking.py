"""Parked records: single records that nobody could read or apply, each with what is wrong and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from hub.contract import WHOLE, BadRecord
from hub.store.columns import storable
from hub.store.tables import parked_record
from hub.store.upsert import batches, insert

#: What a document is parked as that came under the key of another one.
REUSED = "key reused"


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """One record that needs a person: which, what is wrong, what to do, its own text."""

    id: int
    message_id: int
    connection: str
    document: str
    record: str
    field: str
    error_class: str
    code: str
    error: str
    todo: str
    raw: str
    known: Mapping[str, str]
    state: str
    closed_why: str | None
    parked_at: datetime
    changed_at: datetime
    waits_until: datetime | None

    def waits(self, now: datetime) -> bool:
        """Whether it waits for its order at this moment, and needs nobody."""
        return self.state == "open" and self.waits_until is not None and self.waits_until > now


def needs_a_person(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return what chooses parked records that are open and wait for nothing (any more)."""
    over = or_(parked_record.c.waits_until.is_(None), parked_record.c.waits_until <= now)
    return and_(parked_record.c.state == "open", over)


def waits_for_its_order(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return what chooses parked records that need nobody yet, because their order may still come."""
    return and_(parked_record.c.state == "open", parked_record.c.waits_until > now)


def park(
    tx: Connection,
    message_id: int,
    connection: str,
    document: str,
    bad: BadRecord,
    now: datetime,
    waits_until: datetime | None = None,
) -> int:
    """Keep one bad record for a person; the same one again replaces what was said and is open again. Returns its id.

    One that waits (`waits_until`) needs nobody until then; tried again in vain, it waits no longer than at first.
    """
    said = {
        "error_class": type(bad).__name__,
        "code": storable(bad.code)[:64],
        "error": storable(bad.what),
        "todo": storable(bad.todo),
        "raw": storable(bad.extract),
        "known": {name: storable(value) for name, value in bad.known.items()},
        "state": "open",
        "closed_why": None,
        "changed_at": now,
    }
    record, field = _named(bad.record, bad.field)
    which = {"message_id": message_id, "record": record, "field": field}
    where = {"connection": connection, "document": document, "parked_at": now, "waits_until": waits_until}
    statement = insert(tx, parked_record).values(**which, **where, **said)
    kept = waits_until and func.coalesce(parked_record.c.waits_until, waits_until)
    upsert = statement.on_conflict_do_update(index_elements=list(which), set_={**said, "waits_until": kept})
    return int(tx.execute(upsert.returning(parked_record.c.id)).scalar_one())


def search(
    tx: Connection,
    *,
    state: str | None = "open",
    connection: str | None = None,
    document: str | None = None,
    message_id: int | None = None,
    ids: Collection[int] = (),
    limit: int = 1000,
) -> list[ParkedRecord]:
    """Return parked records, oldest first; `state` None means whatever became of them."""
    chosen = {"state": state, "connection": connection, "document": document, "message_id": message_id}
    query = select(parked_record).order_by(parked_record.c.id).limit(limit)
    for name, value in chosen.items():
        if value is not None:
            query = query.where(parked_record.c[name] == value)
    if ids:
        query = query.where(parked_record.c.id.in_(ids))
    return [ParkedRecord(**row) for row in tx.execute(query).mappings()]


def waiting(tx: Connection, now: datetime, connection: str | None = None, limit: int = 1000) -> list[ParkedRecord]:
    """Return records that wait for their order at this moment, the soonest over first."""
    late = parked_record.c.waits_until
    query = select(parked_record).where(waits_for_its_order(now)).order_by(late, parked_record.c.id)
    if connection is not None:
        query = query.where(parked_record.c.connection == connection)
    return [ParkedRecord(**row) for row in tx.execute(query.limit(limit)).mappings()]


def resolve(
    tx: Connection,
    *,
    message_id: int | None = None,
    ids: Collection[int] = (),
    state: str = "resolved",
    why: str,
    now: datetime,
) -> int:
    """End open parked records, by their ids or all of a message, as `resolved` or `closed`; returns how many."""
    if message_id is None and not ids:
        return 0
    where: ColumnElement[bool] = parked_record.c.state == "open"
    if message_id is not None:
        where &= parked_record.c.message_id == message_id
    if ids:
        where &= parked_record.c.id.in_(ids)
    ended = update(parked_record).where(where).values(state=state, closed_why=why, changed_at=now)
    return int(tx.execute(ended).rowcount)


def resolve_mended(tx: Connection, message_id: int, still_bad: Collection[tuple[str, str]], now: datetime) -> int:
    """Resolve the message's open parked records that are not these (record, field) any more; returns how many.

    A record that is bad in another field now stands parked under that one. Where the document could not be read as a
    whole nobody has looked at its records: they stay open.
    """
    kept = {_named(record, field) for record, field in still_bad}
    bad = {record for record, _ in kept}
    where = and_(parked_record.c.message_id == message_id, parked_record.c.state == "open")
    rows = tx.execute(select(parked_record.c.id, parked_record.c.record, parked_record.c.field).where(where)).all()
    over = [row for row in rows if (row.record, row.field) not in kept and (row.record in WHOLE or not bad & WHOLE)]
    again = {row.id for row in over if row.record in bad or (bad and row.record in WHOLE)}
    for why, chosen in (
        ("went through when it was applied again", {row.id for row in over} - again),
        ("was parked again, for another reason, when it was applied again", again),
    ):
        for batch in batches(sorted(chosen)):
            resolve(tx, ids=batch, why=why, now=now)
    return len(over)


def again(tx: Connection, row: ParkedRecord) -> bool:
    """Say whether the record stands parked, perhaps under another field, or its document as a whole does.

    Of a document that could not be read as a whole, any record that stands parked now.
    """
    where = and_(parked_record.c.message_id == row.message_id, parked_record.c.state == "open")
    if row.record not in WHOLE:
        where &= or_(parked_record.c.record == row.record, parked_record.c.record.in_(WHOLE))
    return tx.execute(select(parked_record.c.id).where(where).limit(1)).first() is not None


def resolve_outdated(tx: Connection, connection: str, document: str, message_id: int, now: datetime) -> int:
    """Resolve what is parked of older messages of a flow that this message has said again as a whole."""
    older = _open_of_older(connection, document, message_id)
    values = {"state": "resolved", "closed_why": f"message {message_id} is newer and whole", "changed_at": now}
    return int(tx.execute(update(parked_record).where(older).values(values)).rowcount)


def resolve_repeated(
    tx: Connection, connection: str, document: str, message_id: int, bad: Iterable[BadRecord], now: datetime
) -> int:
    """Resolve what is parked of older messages of a flow and is just as bad in this one; returns how many."""
    again = {(*_named(each.record, each.field), storable(each.code)[:64], storable(each.extract)) for each in bad}
    row = parked_record.c
    older = select(row.id, row.record, row.field, row.code, row.raw)
    found = tx.execute(older.where(_open_of_older(connection, document, message_id)))
    ids = [each.id for each in found if (each.record, each.field, each.code, each.raw) in again]
    for batch in batches(ids):
        resolve(tx, ids=batch, why=f"message {message_id} has it again", now=now)
    return len(ids)


def _open_of_older(connection: str, document: str, message_id: int) -> ColumnElement[bool]:
    """Return what chooses open records of a flow's older messages, but for those whose key was used twice."""
    return and_(
        parked_record.c.connection == connection,
        parked_record.c.document == document,
        parked_record.c.message_id < message_id,
        parked_record.c.state == "open",
        parked_record.c.code != REUSED,
    )


def _named(record: str, field: str) -> tuple[str, str]:
    return storable(record)[:256], storable(field)[:128]
