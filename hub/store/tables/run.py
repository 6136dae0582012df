"""Sync runs, what people asked the daemon to do, and what happened."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from hub.store.columns import Json, UtcTime
from hub.store.tables.base import metadata

sync_run = Table(
    "sync_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("schedule", String(128), nullable=False),
    Column("connection", String(128), nullable=False),
    Column("document", String(128), nullable=False),
    Column("scheduled_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),  # running | done | failed | closed
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("read", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("parked", Integer, nullable=False),
    Column("error_class", String(64)),
    Column("code", String(64)),
    Column("error", Text),
    Column("todo", Text),
    Column("closed_why", Text),
    UniqueConstraint("schedule", "connection", "document", "scheduled_at"),
    Index(None, "connection", "document"),
    Index(None, "state"),
)

request = Table(
    "request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("verb", String(64), nullable=False),
    Column("arguments", Json, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("state", String(16), nullable=False),  # asked | done | failed
    Column("result", Json),
    Column("asked_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index(None, "state"),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("subject", String(160), nullable=False, index=True),  # an order, a connection, a delivery
    Column("actor", String(128), nullable=False),
    Column("detail", Json, nullable=False),
)
