"""What came in: originals, messages, and records that need a person."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from hub.store.columns import Json, UtcTime
from hub.store.tables.base import metadata

archive = Table(
    "archive",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("size", Integer, nullable=False),  # of the original part
    Column("stored_at", UtcTime, nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),  # zlib, at most 1 MiB of original a part; last, for SQLite's sake
)

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", String(128), nullable=False),
    Column("document", String(128), nullable=False),
    Column("direction", String(8), nullable=False),
    Column("key", String(512), nullable=False),
    Column("name", String(512), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # received | applied | quarantined | sent
    Column("mapping_hash", String(64)),
    Column("run_id", Integer),
    Column("records", Integer, nullable=False),
    Column("parked", Integer, nullable=False),
    Column("dated_at", UtcTime),  # when it was written, as far as the partner's side tells
    Column("received_at", UtcTime, nullable=False),
    Column("applied_at", UtcTime),
    UniqueConstraint("connection", "document", "direction", "key"),
    Index(None, "state", "connection"),
)

parked_record = Table(
    "parked_record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", Integer, ForeignKey("message.id"), nullable=False),
    Column("connection", String(128), nullable=False),
    Column("document", String(128), nullable=False),
    Column("record", String(256), nullable=False),  # which one: row 7, order #1001
    Column("field", String(128), nullable=False),
    Column("error_class", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("error", Text, nullable=False),
    Column("todo", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("known", Json, nullable=False),  # what of its identity could still be read
    Column("state", String(16), nullable=False),  # open | resolved | closed
    Column("closed_why", Text),
    Column("parked_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("waits_until", UtcTime),  # open and not yet so late: it waits for its order and needs nobody
    UniqueConstraint("message_id", "record", "field"),
    Index(None, "state", "connection"),
)
