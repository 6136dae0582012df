"""Connections: whether what waits for a partner may leave, since when, and why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, func, select, update

from hub.contract import UNKNOWN_CODES
from hub.model.state import DeliveryState
from hub.store import events
from hub.store.columns import UtcTime
from hub.store.delivery_row import NEVER
from hub.store.tables import connection, connector_state, delivery, event
from hub.store.upsert import insert


class ConnectionMode(StrEnum):
    """What a connection does."""

    OBSERVE = "observe"  # everything is read, routed and rendered; nothing leaves
    LIVE = "live"
    PAUSED = "paused"


class NoSuchConnection(LookupError):
    """Nobody knows a connection with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"there is no connection {code!r}: see `crossdock connection list`")


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection as it stands; `paused_by` is `hub` when it goes on by itself as soon as `check` passes."""

    code: str
    connector: str
    mode: ConnectionMode
    live_from: datetime | None
    resume_mode: str | None
    paused_by: str | None
    paused_why: str | None
    outage_since: datetime | None
    outage_error: str | None
    mapping_hash: str | None
    changed_at: datetime


_OPENED = "connection.live"
_NOT_PAUSED = {"resume_mode": None, "paused_by": None, "paused_why": None}


def ensure(tx: Connection, code: str, connector: str, mapping_hash: str | None, now: datetime) -> bool:
    """Keep a connection for a partner's file; true when it is new, and then it only observes."""
    values = {"code": code, "connector": connector, "mapping_hash": mapping_hash, "changed_at": now}
    made = insert(tx, connection).values(**values, mode=ConnectionMode.OBSERVE).on_conflict_do_nothing()
    if tx.execute(made.returning(connection.c.code)).first():
        return True
    changed = and_(
        connection.c.code == code,
        connection.c.mapping_hash.is_distinct_from(mapping_hash) | (connection.c.connector != connector),
    )
    tx.execute(update(connection).where(changed).values(connector=connector, mapping_hash=mapping_hash, changed_at=now))
    return False


def get(tx: Connection, code: str) -> ConnectionRow | None:
    """Return a connection, or None."""
    row = tx.execute(select(connection).where(connection.c.code == code)).mappings().one_or_none()
    return None if row is None else _row(row)


def hold(tx: Connection, code: str) -> ConnectionRow | None:
    """Return a connection whose mode nobody changes until the transaction ends, or None; others may hold it too."""
    query = select(connection).where(connection.c.code == code).with_for_update(read=True)
    row = tx.execute(query).mappings().one_or_none()
    return None if row is None else _row(row)


_MODE = select(connection.c.mode).where(connection.c.code == bindparam("code"))
_AWAY = select(connection.c.outage_since).where(connection.c.code == bindparam("code"))


def is_open(tx: Connection, code: str) -> bool:
    """Say whether the connection is there and not paused."""
    mode = tx.execute(_MODE, {"code": code}).scalar_one_or_none()
    return mode is not None and mode != ConnectionMode.PAUSED


def every(tx: Connection) -> list[ConnectionRow]:
    """Return every connection, by code."""
    return [_row(row) for row in tx.execute(select(connection).order_by(connection.c.code)).mappings()]


def live_since(tx: Connection) -> dict[str, datetime]:
    """Return since when each connection that is live was last opened, by code."""
    opened = select(func.max(event.c.at)).where(event.c.subject == connection.c.code, event.c.name == _OPENED)
    since = func.coalesce(opened.scalar_subquery(), connection.c.changed_at, type_=UtcTime)
    query = select(connection.c.code, since.label("at")).where(connection.c.mode == ConnectionMode.LIVE.value)
    return {row.code: row.at for row in tx.execute(query.order_by(connection.c.code))}


def go_live(tx: Connection, code: str, live_from: datetime, now: datetime, *, actor: str = "hub") -> list[int]:
    """Open a connection: what waits leaves, but for orders placed before `live_from` that nobody named.

    Those deliveries are cancelled for good; their ids are returned.
    """
    row = _known(tx, code)
    older = and_(_unsent(code), delivery.c.order_placed_at < live_from, ~delivery.c.named)
    cancelled = (
        update(delivery)
        .where(older)
        .values(state=DeliveryState.CANCELLED, closed_why=older_than(live_from), updated_at=now)
        .returning(delivery.c.id)
    )
    ids = sorted(tx.execute(cancelled).scalars())
    _let_go(tx, code, now)
    _change(tx, code, now, mode=ConnectionMode.LIVE, live_from=live_from, **_NOT_PAUSED)
    detail = {"from": live_from.isoformat(), "was": row.mode.value, "cancelled": len(ids)}
    events.record(tx, _OPENED, code, now, actor=actor, detail=detail)
    return ids


def observe(tx: Connection, code: str, now: datetime, *, actor: str = "hub") -> None:
    """Close a connection for everything that would leave; it goes on reading, and renders what it would send."""
    row = _known(tx, code)
    if row.mode is not ConnectionMode.OBSERVE:
        _change(tx, code, now, mode=ConnectionMode.OBSERVE, **_NOT_PAUSED)
        events.record(tx, "connection.observe", code, now, actor=actor, detail={"was": row.mode.value})


def pause(tx: Connection, code: str, why: str, now: datetime, *, automatic: bool = False, actor: str = "hub") -> bool:
    """Stop a connection in both directions; true when it was going.

    `automatic` says that the hub did it for want of access and goes on by itself when `check` passes; a person's pause
    always stands until a person resumes.
    """
    row = _known(tx, code)
    by = "hub" if automatic else "operator"
    if row.mode is ConnectionMode.PAUSED:
        if not automatic:
            _change(tx, code, now, paused_by=by, paused_why=why)
        return False
    _change(tx, code, now, mode=ConnectionMode.PAUSED, resume_mode=row.mode.value, paused_by=by, paused_why=why)
    events.record(tx, "connection.paused", code, now, actor=actor, detail={"why": why, "by": by})
    return True


def resume(
    tx: Connection, code: str, now: datetime, *, automatic: bool = False, actor: str = "hub"
) -> ConnectionMode | None:
    """Let a paused connection go on as it went before; returns that mode, None when there was nothing to resume."""
    row = _known(tx, code)
    if row.mode is not ConnectionMode.PAUSED or (automatic and row.paused_by != "hub"):
        return None
    mode = ConnectionMode(row.resume_mode or ConnectionMode.OBSERVE)
    _change(tx, code, now, mode=mode, **_NOT_PAUSED)
    events.record(tx, "connection.resumed", code, now, actor=actor, detail={"mode": mode.value})
    return mode


def outage_started(tx: Connection, code: str, error: str, now: datetime) -> bool:
    """Write down that a partner cannot be reached; true the first time, so that it is said once."""
    first = and_(connection.c.code == code, connection.c.outage_since.is_(None))
    changed = tx.execute(update(connection).where(first).values(outage_since=now, outage_error=error)).rowcount
    if changed:
        events.record(tx, "connection.outage", code, now, detail={"error": error})
    return bool(changed)


def outage_ended(tx: Connection, code: str, now: datetime) -> float | None:
    """Write down that a partner is reached again; returns how many seconds it was away, None when it was not."""
    since = tx.execute(_AWAY, {"code": code}).scalar_one_or_none()
    if since is None:
        return None
    there = and_(connection.c.code == code, connection.c.outage_since.is_not(None))
    if not tx.execute(update(connection).where(there).values(outage_since=None, outage_error=None)).rowcount:
        return None
    seconds = float((now - since).total_seconds())
    events.record(tx, "connection.recovered", code, now, detail={"seconds": round(seconds, 1)})
    return seconds


def release_stranded(tx: Connection, now: datetime) -> dict[str, int]:
    """Make due what is held back for an observing connection although it is live; returns how many each, by code.

    Going live does that once and nothing is held back afterwards, so there is none but for what an earlier version
    left: its previews could end behind the going live. Whether each may leave is asked when it is claimed, as ever.
    """
    live = select(connection.c.code).where(connection.c.mode == ConnectionMode.LIVE.value).order_by(connection.c.code)
    released = {code: _let_go(tx, code, now) for code in tx.execute(live).scalars().all()}
    return {code: count for code, count in released.items() if count}


def older_than(live_from: datetime) -> str:
    """Say why a delivery is not sent: its order was placed before its connection went live."""
    return f"its order is older than the connection's going live ({live_from.isoformat()}) and nobody named it"


def unknown_codes(tx: Connection) -> dict[tuple[str, str], int]:
    """Return how often each connection has met each code of its partner's that its connector has no meaning for."""
    query = select(connector_state.c.connection, connector_state.c.value)
    found: dict[tuple[str, str], int] = {}
    for code, value in tx.execute(query.where(connector_state.c.key == UNKNOWN_CODES)):
        found |= {(code, str(each)): count for each, count in _counts(value).items() if isinstance(count, int)}
    return found


def _counts(value: str) -> Mapping[str, Any]:
    """Return what a connector has counted; nothing where it kept something else, which must not end the metrics."""
    try:
        counts = json.loads(value)
    except ValueError:
        return {}
    return counts if isinstance(counts, dict) else {}


def _known(tx: Connection, code: str) -> ConnectionRow:
    row = tx.execute(select(connection).where(connection.c.code == code).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NoSuchConnection(code)
    return _row(row)


def _let_go(tx: Connection, code: str, now: datetime) -> int:
    """Make due what was rendered while the connection observed; returns how many."""
    held = and_(delivery.c.connection == code, delivery.c.state == DeliveryState.QUEUED, delivery.c.due_at == NEVER)
    return tx.execute(update(delivery).where(held).values(due_at=now)).rowcount


def _unsent(code: str) -> ColumnElement[bool]:
    """Return what is queued, blocked or waiting, and certainly has not reached the partner."""
    resting = [DeliveryState.QUEUED, DeliveryState.BLOCKED, DeliveryState.WAITING]
    return and_(delivery.c.connection == code, delivery.c.state.in_(resting), ~delivery.c.doubt)


def _change(tx: Connection, code: str, now: datetime, **values: Any) -> None:  # noqa: ANN401 - columns of many types
    tx.execute(update(connection).where(connection.c.code == code).values(**values, changed_at=now))


def _row(row: RowMapping) -> ConnectionRow:
    return ConnectionRow(**{**row, "mode": ConnectionMode(row["mode"])})
