"""Every table, in one place and for both databases. Documents are kept whole as JSON beside the columns we query."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from hub.store.columns import ExactNumber, Json, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- connections and what is known of partners -----------------------------------------------------------------------

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

# --- items, nodes, stock ---------------------------------------------------------------------------------------------

item = Table(
    "item",
    metadata,
    Column("sku", String(128), primary_key=True),
    Column("doc", Json, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

catalogue = Table(
    "catalogue",
    metadata,
    Column("partner", String(128), primary_key=True),
    Column("sku", String(128), primary_key=True),
    Column("doc", Json, nullable=False),
    Column("mapping_hash", String(64)),
    Column("as_of", UtcTime, nullable=False),  # when the partner said so; an older word never wins
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "sku"),
)

node = Table(
    "node",
    metadata,
    Column("code", String(128), primary_key=True),
    Column("partner", String(128), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("doc", Json, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

stock = Table(
    "stock",
    metadata,
    Column("node", String(128), primary_key=True),
    Column("sku", String(128), primary_key=True),
    Column("on_hand", ExactNumber, nullable=False),  # the source's figure
    Column("safety", ExactNumber, nullable=False),
    Column("nets", String(16), nullable=False),  # shipments | orders: what the figure already nets at as_of
    Column("status", String(16), nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("generation", Integer, nullable=False),  # the feed that last changed the row
    Column("mapping_hash", String(64)),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "sku"),
    Index(None, "updated_at"),
    sqlite_with_rowid=False,  # feeds come sorted by key, and so do the rows
)

expected_receipt = Table(
    "expected_receipt",  # goods that a node will receive, as its source says
    metadata,
    Column("node", String(128), primary_key=True),
    Column("sku", String(128), primary_key=True),
    Column("expected_at", UtcTime, primary_key=True),
    Column("reference", String(128), primary_key=True),
    Column("quantity", ExactNumber, nullable=False),
    Column("certainty", String(16), nullable=False),
    Column("as_of", UtcTime, nullable=False),
    Column("generation", Integer, nullable=False),  # the feed that named it last
    Index(None, "sku"),
)

stock_confirmed = Table(
    "stock_confirmed",  # a whole snapshot confirms the rows that it did not change, without writing each of them
    metadata,
    Column("node", String(128), primary_key=True),
    Column("as_of", UtcTime, nullable=False),  # every figure of the node is at least as new as this
    Column("generation", Integer, nullable=False),
)

stock_published = Table(
    "stock_published",
    metadata,
    Column("connection", String(128), primary_key=True),
    Column("location", String(128), primary_key=True),
    Column("sku", String(128), primary_key=True),
    Column("quantity", ExactNumber, nullable=False),
    Column("delivery_id", Integer, nullable=False, index=True),
    Column("published_at", UtcTime, nullable=False),
    Index(None, "connection", "sku"),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),  # its number is the generation
    Column("connection", String(128), nullable=False),
    Column("document", String(128), nullable=False),
    Column("message_id", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # applying | applied | suspended | held (for a person) | failed
    Column("rows", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("parked", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index(None, "connection", "document"),
)

# --- orders ----------------------------------------------------------------------------------------------------------

sales_order = Table(
    "sales_order",
    metadata,
    Column("id", String(32), primary_key=True),  # ours, e.g. SO100001
    Column("channel", String(128), nullable=False),
    Column("channel_order", String(128), nullable=False),
    Column("number", String(128), nullable=False, index=True),
    Column("status", String(24), nullable=False, index=True),
    Column("placed_at", UtcTime, nullable=False),
    Column("source_updated_at", UtcTime, nullable=False),
    Column("hold", Text),  # why we hold it, whatever the channel says
    Column("cancelled_why", Text),  # why we cancelled it, whatever the channel says
    Column("doc", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("channel", "channel_order"),
)

allocation = Table(
    "allocation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", String(32), ForeignKey("sales_order.id"), nullable=False, index=True),
    Column("line_id", String(128), nullable=False),
    Column("sku", String(128), nullable=False),
    Column("quantity", ExactNumber, nullable=False),
    Column("state", String(16), nullable=False),
    Column("node", String(128)),
    Column("document", String(32), index=True),  # the PO or ship order that carries it
    Column("excluded", Json, nullable=False),  # nodes that refused it
    Column("reason", Text, nullable=False),
    Column("sent_at", UtcTime),  # when the document reached the node
    Column("shipped_at", UtcTime),
    Column("cancel_asked_at", UtcTime, index=True),  # no longer wanted, but its document had left
    Column("updated_at", UtcTime, nullable=False, index=True),
    Index(None, "node", "sku", "state"),
    Index(None, "state"),
)

reservation = Table(
    "reservation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("node", String(128), nullable=False),
    Column("sku", String(128), nullable=False),
    Column("quantity", ExactNumber, nullable=False),
    Column("owner", String(128), nullable=False, index=True),
    Column("expires_at", UtcTime, nullable=False),
    Index(None, "sku", "node"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", String(32), ForeignKey("sales_order.id"), nullable=False, index=True),
    Column("decided_at", UtcTime, nullable=False),
    Column("rules_hash", String(64), nullable=False),
    Column("problem", Json, nullable=False),  # the frozen input, enough to decide again
    Column("doc", Json, nullable=False),
)

purchase = Table(
    "purchase",  # purchase orders and ship orders: what asks a node to ship
    metadata,
    Column("number", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),  # purchase_order | ship_order
    Column("partner", String(128), nullable=False, index=True),
    Column("node", String(128), nullable=False),
    Column("order_id", String(32), ForeignKey("sales_order.id"), nullable=False, index=True),
    Column("state", String(24), nullable=False),
    Column("doc", Json, nullable=False),
    Column("acknowledge_by", UtcTime),
    Column("ship_by", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "state", "acknowledge_by"),
)

shipment = Table(
    "shipment",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("partner", String(128), nullable=False),
    Column("shipment_number", String(128), nullable=False),
    Column("purchase_number", String(32), ForeignKey("purchase.number"), nullable=False, index=True),
    Column("order_id", String(32), nullable=False, index=True),
    Column("doc", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("partner", "purchase_number", "shipment_number"),
)

invoice = Table(
    "invoice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("partner", String(128), nullable=False),
    Column("invoice_number", String(128), nullable=False),
    Column("purchase_number", String(32), index=True),
    Column("doc", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("partner", "invoice_number"),
)

# --- messages and the archive ----------------------------------------------------------------------------------------

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
    UniqueConstraint("message_id", "record", "field"),
    Index(None, "state", "connection"),
)

# --- deliveries ------------------------------------------------------------------------------------------------------

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

# --- runs and requests -----------------------------------------------------------------------------------------------

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
