"""Opening and closing connections: observe, live from a moment, pause and resume, and asking how they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.contract import ConnectorError, Health, Looks
from hub.delivery.links import Links
from hub.services.alerting import notices
from hub.services.desk import Desk
from hub.services.requests import Refused
from hub.services.trade import purchasing
from hub.store import connections, ramp, runs


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One connection as a listing shows it."""

    code: str
    role: str
    connector: str
    mode: str
    since: datetime
    live_from: datetime | None
    last_run: datetime | None
    trouble: str


def listing(tx: Connection, desk: Desk) -> list[ConnectionView]:
    """Return every connection with its mode, its last run and its trouble, by code."""
    last: dict[str, datetime] = {}
    for run in runs.latest(tx, limit=100_000):
        ended = run["ended_at"]
        if ended is not None:
            last[run["connection"]] = max(ended, last.get(run["connection"], ended))
    views = []
    for row in connections.every(tx):
        partner = desk.directory.partner(row.code)
        to_people = row.connector == notices.CONNECTOR
        trouble = row.paused_why or row.outage_error or ("" if partner or to_people else "its mapping file is gone")
        trouble = trouble or _ramp_words(row, ramp.left(tx, row.code))
        role = partner.role.value if partner else "people" if to_people else ""
        moments = (row.changed_at, row.live_from, last.get(row.code))
        views.append(ConnectionView(row.code, role, row.connector, row.mode.value, *moments, trouble))
    return views


def go_live(
    desk: Desk, codes: Sequence[str], live_from: datetime, actor: str, *, documents: int | None = None
) -> list[str]:
    """Open these connections for orders placed from that moment on; returns which.

    With `documents`, at most so many leave each; then the connection observes until somebody opens it again.
    """
    if live_from.tzinfo is None:
        raise Refused(f"{live_from.isoformat()} has no time zone; write it like 2026-11-20T00:00:00Z")
    for code in codes:
        with desk.store.write() as tx:
            now = desk.clock.now()
            cancelled = connections.go_live(tx, code, live_from, now, actor=actor)
            ramp.begin(tx, code, documents, now)
            purchasing.let_go_older(tx, cancelled, now)
    return list(codes)


def observe(desk: Desk, codes: Sequence[str], actor: str) -> list[str]:
    """Let nothing leave any more; reading goes on. Returns which."""
    for code in codes:
        with desk.store.write() as tx:
            connections.observe(tx, code, desk.clock.now(), actor=actor)
    return list(codes)


def pause(desk: Desk, codes: Sequence[str], why: str, actor: str) -> list[str]:
    """Stop these connections in both directions; returns which were going."""
    stopped = []
    for code in codes:
        with desk.store.write() as tx:
            row = connections.get(tx, code)
            known = row.paused_why if row else None
            words = why or known or f"paused by {actor}"
            if connections.pause(tx, code, words, desk.clock.now(), actor=actor):
                stopped.append(code)
    return stopped


def resume(desk: Desk, codes: Sequence[str], actor: str) -> Mapping[str, str]:
    """Let paused connections go on as before; returns the mode of each that was paused."""
    going = {}
    for code in codes:
        with desk.store.write() as tx:
            mode = connections.resume(tx, code, desk.clock.now(), actor=actor)
        if mode is not None:
            going[code] = mode.value
    return going


def check(links: Links, code: str, *, read_only: bool = False) -> Health:
    """Ask a partner's connection whether it can log in and work; writes nothing there when told so."""
    try:
        with links.use(code) as connector:
            return connector.look() if read_only and isinstance(connector, Looks) else connector.check()
    except ConnectorError as error:
        return Health(ok=False, sentence=error.what, todo=error.todo)


def _ramp_words(row: connections.ConnectionRow, left: int | None) -> str:
    if left is None:
        return ""
    if left > 0:
        return f"{left} more document(s) may leave, then it observes"
    since = f" --from {row.live_from.isoformat()}" if row.live_from else ""
    return f"its first documents have left: look at them, then `crossdock connection live {row.code}{since}`"


def as_row(view: ConnectionView) -> Mapping[str, Any]:
    """Return a view as a row of a listing."""
    return {name: getattr(view, name) for name in ConnectionView.__slots__}
