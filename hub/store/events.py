"""Events: what happened to an order, a connection or a delivery, who did it, and when; for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from hub.store.tables import event


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `subject` is our id of what it happened to, `actor` who or what did it."""

    id: int
    at: datetime
    name: str
    subject: str
    actor: str
    detail: Mapping[str, Any]


def record(
    tx: Connection,
    name: str,
    subject: str,
    now: datetime,
    *,
    actor: str = "hub",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one event down."""
    values = {"at": now, "name": name, "subject": subject, "actor": actor, "detail": dict(detail or {})}
    tx.execute(insert(event).values(values))


def search(
    tx: Connection, *, subject: str | None = None, name: str | None = None, after: int = 0, limit: int = 200
) -> list[Event]:
    """Return the newest events first, of one subject or one name where these are given; `after` is an event id."""
    query = select(event).where(event.c.id > after).order_by(event.c.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(event.c.subject == subject)
    if name is not None:
        query = query.where(event.c.name == name)
    return [Event(**row) for row in tx.execute(query).mappings()]
