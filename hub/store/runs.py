"""Sync runs (one row a tick), cursors, and what the command line asks of a running daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, exists, insert, or_, select, update

from hub.store.newest import newest_of_each
from hub.store.prepared import Prepared
from hub.store.tables import cursor, request, sync_run
from hub.store.upsert import insert_for


@dataclass(frozen=True, slots=True)
class Tick:
    """One planned execution: the same tick fires once, whoever fires it."""

    schedule: str
    connection: str
    document: str
    scheduled_at: datetime


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run failed: the class, the cause it is grouped by, the words, what to do."""

    error_class: str
    code: str
    error: str
    todo: str


#: (schedule, connection, document)
Flow = tuple[str, str, str]
_FLOW = ("schedule", "connection", "document")
_ANY_RUN = select(sync_run.c.id).where(and_(*(sync_run.c[name] == bindparam(name) for name in _FLOW))).limit(1)
_TICK = (*_FLOW, "scheduled_at")
_NEWEST = newest_of_each(sync_run, _FLOW, "scheduled_at")
_FRESH = {"state": "running", "read": 0, "changed": 0, "parked": 0}
_START = {
    name: Prepared(insert_for(name, sync_run).on_conflict_do_nothing(), *_TICK, *_FRESH, "started_at")
    for name in ("sqlite", "postgresql")
}
_STARTED = select(sync_run.c.id).where(and_(*(sync_run.c[name] == bindparam(name) for name in _TICK)))
_FINISH = Prepared(
    update(sync_run).where(sync_run.c.id == bindparam("b_run")).values(state="done", ended_at=bindparam("b_now"))
)
_ended = sync_run.alias("ended")
_OUTDO = Prepared(
    update(sync_run)
    .where(
        sync_run.c.state == "failed",
        sync_run.c.id < bindparam("b_run"),
        exists().where(
            _ended.c.id == bindparam("b_run"),
            _ended.c.connection == sync_run.c.connection,
            _ended.c.document == sync_run.c.document,
        ),
    )
    .values(state="closed", closed_why=bindparam("b_why"))
)


def start(tx: Connection, tick: Tick, now: datetime) -> int | None:
    """Write the run of a tick down and return its id; None when that tick has fired already."""
    values = {
        "schedule": tick.schedule,
        "connection": tick.connection,
        "document": tick.document,
        "scheduled_at": tick.scheduled_at,
        "started_at": now,
        **_FRESH,
    }
    if not _START[tx.dialect.name].run(tx, values):
        return None
    return int(tx.execute(_STARTED, {name: values[name] for name in _TICK}).scalar_one())


def count(tx: Connection, run: int, *, read: int = 0, changed: int = 0, parked: int = 0) -> None:
    """Add to the counts of a run."""
    tx.execute(
        update(sync_run)
        .where(sync_run.c.id == run)
        .values(read=sync_run.c.read + read, changed=sync_run.c.changed + changed, parked=sync_run.c.parked + parked)
    )


def finish(tx: Connection, run: int, now: datetime) -> None:
    """End a run well; older failed runs of the same flow are closed, since this one did their work."""
    _FINISH.run(tx, {"b_run": run, "b_now": now})
    _OUTDO.run(tx, {"b_run": run, "b_why": f"run {run} succeeded"})


def fail(tx: Connection, run: int, failure: RunError, now: datetime) -> None:
    """End a run badly, with the reason; an older failure of the same flow and cause is closed as repeated."""
    tx.execute(
        update(sync_run)
        .where(sync_run.c.id == run)
        .values(
            state="failed",
            ended_at=now,
            error_class=failure.error_class,
            code=failure.code,
            error=failure.error,
            todo=failure.todo,
        )
    )
    failed = tx.execute(select(sync_run.c.connection, sync_run.c.document).where(sync_run.c.id == run)).one()
    tx.execute(
        update(sync_run)
        .where(
            sync_run.c.connection == failed.connection,
            sync_run.c.document == failed.document,
            sync_run.c.state == "failed",
            sync_run.c.code == failure.code,
            sync_run.c.id < run,
        )
        .values(state="closed", closed_why=f"failed again as run {run}")
    )


def any_running(tx: Connection) -> bool:
    """Say whether any run has begun and not ended."""
    return tx.execute(select(sync_run.c.id).where(sync_run.c.state == "running").limit(1)).first() is not None


def close_interrupted(tx: Connection, now: datetime, *, before: datetime | None = None) -> int:
    """Close the runs that a dead daemon left running; their flows resume at their cursors. Returns how many.

    With `before`, those that began before the database went away; one that is under way still ends as it ends.
    """
    started = () if before is None else (sync_run.c.started_at < before,)
    result = tx.execute(
        update(sync_run)
        .where(sync_run.c.state == "running", *started)
        .values(state="closed", ended_at=now, closed_why="interrupted; the next run resumes at its cursor")
    )
    return int(result.rowcount)


def close(tx: Connection, run: int, why: str) -> bool:
    """Close a failed run with a reason; false when it was not failed."""
    where = and_(sync_run.c.id == run, sync_run.c.state == "failed")
    return bool(tx.execute(update(sync_run).where(where).values(state="closed", closed_why=why)).rowcount)


def get(tx: Connection, run: int) -> RowMapping | None:
    """Return one run's row, or None."""
    return tx.execute(select(sync_run).where(sync_run.c.id == run)).mappings().one_or_none()


def latest(tx: Connection, connection: str | None = None, limit: int = 200) -> Sequence[RowMapping]:
    """Return the newest run of each flow (schedule, connection, document), newest first.

    The newest is the one that was planned last. Each costs one step along an index, however many runs there are.
    """
    newest = select(_NEWEST.c.id)
    query = select(sync_run).where(sync_run.c.id.in_(newest)).order_by(sync_run.c.id.desc()).limit(limit)
    if connection:
        query = query.where(sync_run.c.connection == connection)
    return tx.execute(query).mappings().all()


def last_good(tx: Connection) -> dict[tuple[str, str], datetime]:
    """Return when each flow (connection, document), under whatever schedule, last ended well."""
    run = sync_run.alias("good")
    flow = sync_run.c.connection, sync_run.c.document
    good = and_(run.c.connection == flow[0], run.c.document == flow[1], run.c.state == "done")
    ended = select(run.c.ended_at).where(good).order_by(run.c.id.desc()).limit(1).scalar_subquery()
    query = select(*flow, ended.label("at")).where(sync_run.c.id.in_(select(_NEWEST.c.id)))
    return {(row.connection, row.document): row.at for row in tx.execute(query) if row.at is not None}


def has_run(tx: Connection, flow: Flow) -> bool:
    """Say whether any run of a flow is known."""
    values = dict(zip(_FLOW, flow, strict=True))
    return tx.execute(_ANY_RUN, values).first() is not None


def history(tx: Connection, connection: str, document: str | None = None, limit: int = 50) -> Sequence[RowMapping]:
    """Return the runs of a flow, newest first."""
    query = select(sync_run).where(sync_run.c.connection == connection)
    if document:
        query = query.where(sync_run.c.document == document)
    return tx.execute(query.order_by(sync_run.c.id.desc()).limit(limit)).mappings().all()


def expire(tx: Connection, before: datetime) -> int:
    """Forget ended runs that are older than this and did not fail; returns how many."""
    old = and_(sync_run.c.ended_at < before, or_(sync_run.c.state == "done", sync_run.c.state == "closed"))
    return int(tx.execute(sync_run.delete().where(old)).rowcount)


# --- cursors ---------------------------------------------------------------------------------------------------------


_CURSOR = select(cursor.c.value).where(
    cursor.c.connection == bindparam("connection"), cursor.c.document == bindparam("document")
)


def cursor_of(tx: Connection, connection: str, document: str) -> str | None:
    """Return where the flow stands, or None when it never ran."""
    return tx.execute(_CURSOR, {"connection": connection, "document": document}).scalar_one_or_none()


def move_cursor(tx: Connection, connection: str, document: str, value: str | None, now: datetime) -> None:
    """Put the flow's cursor here."""
    where = and_(cursor.c.connection == connection, cursor.c.document == document)
    changed = tx.execute(update(cursor).where(where).values(value=value, updated_at=now)).rowcount
    if not changed:
        tx.execute(insert(cursor).values(connection=connection, document=document, value=value, updated_at=now))


# --- requests --------------------------------------------------------------------------------------------------------


def ask(tx: Connection, verb: str, arguments: Mapping[str, Any], actor: str, now: datetime) -> int:
    """Write down what somebody wants a running daemon to do; returns the request's id."""
    values = {"verb": verb, "arguments": dict(arguments), "actor": actor, "state": "asked", "asked_at": now}
    return int(tx.execute(insert(request).values(values).returning(request.c.id)).scalar_one())


_ASKED = select(request).where(request.c.state == "asked").order_by(request.c.id)


def asked(tx: Connection) -> Sequence[RowMapping]:
    """Return the requests that wait, in order."""
    return tx.execute(_ASKED).mappings().all()


def note(tx: Connection, number: int, result: Mapping[str, Any]) -> None:
    """Keep what has come of a request so far; it goes on from there if whoever carries it out dies."""
    tx.execute(update(request).where(request.c.id == number, request.c.state == "asked").values(result=dict(result)))


def answer(tx: Connection, number: int, state: str, result: Mapping[str, Any], now: datetime) -> None:
    """End a request as `done` or `failed`, with what came of it."""
    tx.execute(update(request).where(request.c.id == number).values(state=state, result=dict(result), ended_at=now))


def answer_of(tx: Connection, number: int) -> RowMapping | None:
    """Return a request's row, or None."""
    return tx.execute(select(request).where(request.c.id == number)).mappings().one_or_none()
