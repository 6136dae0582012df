"""Sales orders, allocations and decisions, purchases, shipments and invoices."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from hub.store.columns import ExactNumber, Json, UtcTime
from hub.store.tables.base import metadata

sales_order = Table(
    "sales_order",
    metadata,
    Column("id", String(32), primary_key=True),  # ours, e.g. SO100001
    Column("channel", String(128), nullable=False),
    Column("channel_order", String(128), nullable=False, index=True),
    Column("number", String(128), nullable=False, index=True),
    Column("status", String(24), nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("source_updated_at", UtcTime, nullable=False),
    Column("hold", Text),  # why we hold it, whatever the channel says
    Column("cancelled_why", Text),  # why we cancelled it, whatever the channel says
    Column("gates", Json),  # steps of workflows that keep it back, or did
    Column("due_at", UtcTime, index=True),  # when it has to be looked at again, by itself
    Column("doc", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("channel", "channel_order"),
    Index(None, "placed_at", "id"),
    Index("ix_sales_order_of_status", "status", "placed_at", "id"),  # listings of orders, newest first
    Index("ix_sales_order_of_channel", "channel", "status", "placed_at", "id"),  # the same, status by status
)

_SHIPS_LATER = text("shipped_at > updated_at")  # few: where a partner says a time of shipping that is still to come

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
    Column("excluded_until", Json),  # until when, by node; one that is not here: ever
    Column("promised_at", UtcTime),  # when the customer may expect it
    Column("reason", Text, nullable=False),
    Column("sent_at", UtcTime),  # when the document reached the node
    Column("shipped_at", UtcTime),
    Column("cancel_asked_at", UtcTime, index=True),  # no longer wanted, but its document had left
    Column("recall_by", UtcTime),  # until when the node has to answer a change that asks it back
    Column("stuck_since", UtcTime),  # since when it lacks a source and needs a person, whoever looked at it since
    Column("updated_at", UtcTime, nullable=False, index=True),
    Index("ix_allocation_bound", "node", "sku", "state", "updated_at"),
    Index(
        "ix_allocation_ships_later",
        "node",
        "sku",
        "state",
        "shipped_at",
        sqlite_where=_SHIPS_LATER,
        postgresql_where=_SHIPS_LATER,
    ),
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
    Index(None, "decided_at"),
)

order_message = Table(
    "order_message",  # which inbound messages made or changed an order
    metadata,
    Column("order_id", String(32), ForeignKey("sales_order.id"), primary_key=True),
    Column("message_id", Integer, ForeignKey("message.id"), primary_key=True),
    sqlite_with_rowid=False,
)

purchase = Table(
    "purchase",  # purchase orders and ship orders: what asks a node to ship
    metadata,
    Column("number", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),  # purchase_order | ship_order
    Column("partner", String(128), nullable=False),
    Column("node", String(128), nullable=False),
    Column("order_id", String(32), ForeignKey("sales_order.id"), nullable=False, index=True),
    Column("state", String(24), nullable=False),
    Column("doc", Json, nullable=False),
    Column("acknowledge_by", UtcTime),
    Column("ship_by", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "state", "acknowledge_by"),
    Index(None, "partner", "number"),
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
    Column("state", String(16), nullable=False, server_default="approved", index=True),
    Column("why", Text, nullable=False, server_default=""),  # why it is held, or who approved it and why
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("partner", "invoice_number"),
)
