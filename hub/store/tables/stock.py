"""Items, nodes, catalogues and stock."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from hub.store.columns import ExactNumber, Json, UtcTime
from hub.store.tables.base import metadata

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

reported_node = Table(
    "reported_node",  # places that a partner reports by itself; the mapping file's word about one goes before
    metadata,
    Column("partner", String(128), primary_key=True),
    Column("code", String(128), primary_key=True),
    Column("doc", Json, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

unit_price = Table(
    "unit_price",  # what scarce units were worth in the last batch of each rule set
    metadata,
    Column("rule_set", String(200), primary_key=True),
    Column("node", String(128), primary_key=True),
    Column("sku", String(128), primary_key=True, index=True),
    Column("worth", ExactNumber, nullable=False),
    Column("until", UtcTime, nullable=False),
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
    Index(None, "connection", "document", "started_at"),
)
