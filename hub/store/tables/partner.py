"""Connections, and what is remembered of each partner."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from hub.store.columns import UtcTime
from hub.store.tables.base import metadata

connection = Table(
    "connection",
    metadata,
    Column("code", String(128), primary_key=True),  # the partner's code
    Column("connector", String(64), nullable=False),
    Column("mode", String(16), nullable=False),  # observe | live | paused
    Column("live_from", UtcTime),  # orders placed before are never sent unless named
    Column("resume_mode", String(16)),  # what `resume` goes back to
    Column("paused_by", String(16)),  # hub: by itself, until `check` passes | operator: until somebody resumes
    Column("paused_why", Text),
    Column("outage_since", UtcTime),
    Column("outage_error", Text),
    Column("mapping_hash", String(64)),
    Column("changed_at", UtcTime, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("connection", String(128), primary_key=True),
    Column("document", String(128), primary_key=True),
    Column("value", Text),
    Column("updated_at", UtcTime, nullable=False),
)

connector_state = Table(
    "connector_state",
    metadata,
    Column("connection", String(128), primary_key=True),
    Column("key", String(256), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

counter = Table(
    "counter",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("value", Integer, nullable=False),
)

external_ref = Table(
    "external_ref",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entity", String(32), nullable=False),  # order, purchase, shipment, item, node ...
    Column("ours", String(128), nullable=False),
    Column("partner", String(128), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("theirs", String(256), nullable=False),
    UniqueConstraint("entity", "partner", "kind", "theirs"),
    UniqueConstraint("entity", "ours", "partner", "kind"),
)
