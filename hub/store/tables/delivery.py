"""What goes out: the ledger of deliveries and every try of each."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from hub.store.columns import Json, UtcTime
from hub.store.tables.base import metadata

_DUE = text("answer_by IS NOT NULL")

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", String(128), nullable=False),
    Column("document", String(128), nullable=False),  # the document name on that connection
    Column("kind", String(32), nullable=False),
    Column("entity", String(160), nullable=False),  # within a connection, deliveries of one entity go in order of id
    Column("latest_wins", Boolean, nullable=False),
    Column("key", String(160), nullable=False),  # idempotency key, the same for every resend
    Column("state", String(16), nullable=False),
    Column("record", Json, nullable=False),  # the canonical record to render
    Column("order_id", String(32)),
    Column("order_placed_at", UtcTime),
    Column("named", Boolean, nullable=False),  # released by name although older than live_from
    Column("content_sha256", String(64), index=True),  # the rendered bytes in the archive
    Column("content_name", String(512)),
    Column("transmission", String(160)),  # the number that the rendered bytes carry on the wire: PO 17
    Column("note", Text),
    Column("doubt", Boolean, nullable=False),  # bytes may have arrived and nobody said so: find before any send
    Column("reference", String(256)),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),  # attempts that count against the policy
    Column("due_at", UtcTime, nullable=False),
    Column("answer_by", UtcTime),  # when silence after sending, or not knowing, becomes overdue
    Column("claimed_by", String(64)),
    Column("claimed_at", UtcTime),
    Column("error_class", String(64)),
    Column("code", String(64)),
    Column("error", Text),
    Column("todo", Text),
    Column("closed_why", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("connection", "key"),
    Index(None, "state", "due_at"),
    Index(None, "connection", "state", "due_at"),
    Index(None, "connection", "entity", "state"),
    Index(None, "connection", "transmission"),
    Index(None, "order_id"),
    Index(None, "kind", "state"),  # how many there are of each
    Index(None, "answer_by", sqlite_where=_DUE, postgresql_where=_DUE),  # few: those that an answer is due to
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", Integer, ForeignKey("delivery.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("verb", String(8), nullable=False),  # send | find
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("outcome", String(24)),  # confirmed, sent, found, absent, cannot_tell or the error class
    Column("error", Text),
    Column("request", Text),
    Column("reply", Text),
    UniqueConstraint("delivery_id", "number"),
)
