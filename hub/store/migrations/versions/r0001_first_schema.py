"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.store.columns import ExactNumber, Json, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _lay_partners()
    _lay_stock()
    _lay_orders()
    _lay_messages()
    _lay_deliveries()
    _lay_runs()


def downgrade() -> None:
    """There is nothing before this one."""
    raise NotImplementedError("the first schema has no forerunner: restore a backup instead")


# --- connections and what is known of partners ---


def _lay_partners() -> None:
    _make_connection()
    _make_cursor()
    _make_connector_state()
    _make_counter()
    _make_external_ref()


def _make_connection() -> None:
    op.create_table(
        "connection",
        sa.Column("code", sa.String(128), nullable=False),
        sa.Column("connector", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("live_from", UtcTime()),
        sa.Column("resume_mode", sa.String(16)),
        sa.Column("paused_by", sa.String(16)),
        sa.Column("paused_why", sa.Text()),
        sa.Column("outage_since", UtcTime()),
        sa.Column("outage_error", sa.Text()),
        sa.Column("mapping_hash", sa.String(64)),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_connection"),
    )


def _make_cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("value", sa.Text()),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "document", name="pk_cursor"),
    )


def _make_connector_state() -> None:
    op.create_table(
        "connector_state",
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("key", sa.String(256), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_connector_state"),
    )


def _make_counter() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
    )


def _make_external_ref() -> None:
    op.create_table(
        "external_ref",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(32), nullable=False),
        sa.Column("ours", sa.String(128), nullable=False),
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("theirs", sa.String(256), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_external_ref"),
        sa.UniqueConstraint("entity", "ours", "partner", "kind", name="uq_external_ref_entity_ours_partner_kind"),
        sa.UniqueConstraint("entity", "partner", "kind", "theirs", name="uq_external_ref_entity_partner_kind_theirs"),
    )


# --- items, nodes, stock ---


def _lay_stock() -> None:
    _make_item()
    _make_catalogue()
    _make_node()
    _make_stock()
    _make_expected_receipt()
    _make_stock_confirmed()
    _make_stock_published()
    _make_feed()


def _make_item() -> None:
    op.create_table(
        "item",
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_item"),
    )


def _make_catalogue() -> None:
    op.create_table(
        "catalogue",
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("mapping_hash", sa.String(64)),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "sku", name="pk_catalogue"),
    )
    op.create_index("ix_catalogue_sku", "catalogue", ["sku"])


def _make_node() -> None:
    op.create_table(
        "node",
        sa.Column("code", sa.String(128), nullable=False),
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_node"),
    )
    op.create_index("ix_node_partner", "node", ["partner"])


def _make_stock() -> None:
    op.create_table(
        "stock",
        sa.Column("node", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("on_hand", ExactNumber(), nullable=False),
        sa.Column("safety", ExactNumber(), nullable=False),
        sa.Column("nets", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("mapping_hash", sa.String(64)),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("node", "sku", name="pk_stock"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_stock_sku", "stock", ["sku"])
    op.create_index("ix_stock_updated_at", "stock", ["updated_at"])


def _make_expected_receipt() -> None:
    op.create_table(
        "expected_receipt",
        sa.Column("node", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("expected_at", UtcTime(), nullable=False),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("quantity", ExactNumber(), nullable=False),
        sa.Column("certainty", sa.String(16), nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("node", "sku", "expected_at", "reference", name="pk_expected_receipt"),
    )
    op.create_index("ix_expected_receipt_sku", "expected_receipt", ["sku"])


def _make_stock_confirmed() -> None:
    op.create_table(
        "stock_confirmed",
        sa.Column("node", sa.String(128), nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_stock_confirmed"),
    )


def _make_stock_published() -> None:
    op.create_table(
        "stock_published",
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("location", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("quantity", ExactNumber(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "location", "sku", name="pk_stock_published"),
    )
    op.create_index("ix_stock_published_connection_stock_published_sku", "stock_published", ["connection", "sku"])
    op.create_index("ix_stock_published_delivery_id", "stock_published", ["delivery_id"])


def _make_feed() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
    )
    op.create_index("ix_feed_connection_feed_document", "feed", ["connection", "document"])


# --- orders and what became of their lines ---


def _lay_orders() -> None:
    _make_sales_order()
    _make_allocation()
    _make_reservation()
    _make_decision()
    _make_purchase()
    _make_shipment()
    _make_invoice()


def _make_sales_order() -> None:
    op.create_table(
        "sales_order",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(128), nullable=False),
        sa.Column("channel_order", sa.String(128), nullable=False),
        sa.Column("number", sa.String(128), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("source_updated_at", UtcTime(), nullable=False),
        sa.Column("hold", sa.Text()),
        sa.Column("cancelled_why", sa.Text()),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sales_order"),
        sa.UniqueConstraint("channel", "channel_order", name="uq_sales_order_channel_channel_order"),
    )
    op.create_index("ix_sales_order_number", "sales_order", ["number"])
    op.create_index("ix_sales_order_status", "sales_order", ["status"])


def _make_allocation() -> None:
    op.create_table(
        "allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("line_id", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("quantity", ExactNumber(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("node", sa.String(128)),
        sa.Column("document", sa.String(32)),
        sa.Column("excluded", Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcTime()),
        sa.Column("shipped_at", UtcTime()),
        sa.Column("cancel_asked_at", UtcTime()),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_allocation"),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name="fk_allocation_order_id"),
    )
    op.create_index("ix_allocation_cancel_asked_at", "allocation", ["cancel_asked_at"])
    op.create_index("ix_allocation_document", "allocation", ["document"])
    op.create_index("ix_allocation_node_allocation_sku_allocation_state", "allocation", ["node", "sku", "state"])
    op.create_index("ix_allocation_order_id", "allocation", ["order_id"])
    op.create_index("ix_allocation_state", "allocation", ["state"])
    op.create_index("ix_allocation_updated_at", "allocation", ["updated_at"])


def _make_reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(128), nullable=False),
        sa.Column("sku", sa.String(128), nullable=False),
        sa.Column("quantity", ExactNumber(), nullable=False),
        sa.Column("owner", sa.String(128), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reservation"),
    )
    op.create_index("ix_reservation_owner", "reservation", ["owner"])
    op.create_index("ix_reservation_sku_reservation_node", "reservation", ["sku", "node"])


def _make_decision() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=False),
        sa.Column("rules_hash", sa.String(64), nullable=False),
        sa.Column("problem", Json(), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name="fk_decision_order_id"),
    )
    op.create_index("ix_decision_order_id", "decision", ["order_id"])


def _make_purchase() -> None:
    op.create_table(
        "purchase",
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("node", sa.String(128), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("acknowledge_by", UtcTime()),
        sa.Column("ship_by", UtcTime()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_purchase"),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name="fk_purchase_order_id"),
    )
    op.create_index("ix_purchase_order_id", "purchase", ["order_id"])
    op.create_index("ix_purchase_partner", "purchase", ["partner"])
    op.create_index("ix_purchase_state_purchase_acknowledge_by", "purchase", ["state", "acknowledge_by"])


def _make_shipment() -> None:
    op.create_table(
        "shipment",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("shipment_number", sa.String(128), nullable=False),
        sa.Column("purchase_number", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shipment"),
        sa.ForeignKeyConstraint(["purchase_number"], ["purchase.number"], name="fk_shipment_purchase_number"),
        sa.UniqueConstraint(
            "partner", "purchase_number", "shipment_number", name="uq_shipment_partner_purchase_number_shipment_number"
        ),
    )
    op.create_index("ix_shipment_order_id", "shipment", ["order_id"])
    op.create_index("ix_shipment_purchase_number", "shipment", ["purchase_number"])


def _make_invoice() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner", sa.String(128), nullable=False),
        sa.Column("invoice_number", sa.String(128), nullable=False),
        sa.Column("purchase_number", sa.String(32)),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
        sa.UniqueConstraint("partner", "invoice_number", name="uq_invoice_partner_invoice_number"),
    )
    op.create_index("ix_invoice_purchase_number", "invoice", ["purchase_number"])


# --- documents that came in, and the archive ---


def _lay_messages() -> None:
    _make_archive()
    _make_message()
    _make_parked_record()


def _make_archive() -> None:
    op.create_table(
        "archive",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_at", UtcTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "part", name="pk_archive"),
    )
    op.create_index("ix_archive_stored_at", "archive", ["stored_at"])


def _make_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("key", sa.String(512), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("mapping_hash", sa.String(64)),
        sa.Column("run_id", sa.Integer()),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Integer(), nullable=False),
        sa.Column("dated_at", UtcTime()),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("applied_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint(
            "connection", "document", "direction", "key", name="uq_message_connection_document_direction_key"
        ),
    )
    op.create_index("ix_message_sha256", "message", ["sha256"])
    op.create_index("ix_message_state_message_connection", "message", ["state", "connection"])


def _make_parked_record() -> None:
    op.create_table(
        "parked_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("record", sa.String(256), nullable=False),
        sa.Column("field", sa.String(128), nullable=False),
        sa.Column("error_class", sa.String(64), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("todo", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("known", Json(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed_why", sa.Text()),
        sa.Column("parked_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parked_record"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_parked_record_message_id"),
        sa.UniqueConstraint("message_id", "record", "field", name="uq_parked_record_message_id_record_field"),
    )
    op.create_index("ix_parked_record_state_parked_record_connection", "parked_record", ["state", "connection"])


# --- what has to go out ---


def _lay_deliveries() -> None:
    _make_delivery()
    _make_attempt()


def _make_delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("entity", sa.String(160), nullable=False),
        sa.Column("latest_wins", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("record", Json(), nullable=False),
        sa.Column("order_id", sa.String(32)),
        sa.Column("order_placed_at", UtcTime()),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("content_sha256", sa.String(64)),
        sa.Column("content_name", sa.String(512)),
        sa.Column("transmission", sa.String(160)),
        sa.Column("note", sa.Text()),
        sa.Column("doubt", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(256)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("answer_by", UtcTime()),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("claimed_at", UtcTime()),
        sa.Column("error_class", sa.String(64)),
        sa.Column("code", sa.String(64)),
        sa.Column("error", sa.Text()),
        sa.Column("todo", sa.Text()),
        sa.Column("closed_why", sa.Text()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime()),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("connection", "key", name="uq_delivery_connection_key"),
    )
    op.create_index(
        "ix_delivery_connection_delivery_entity_delivery_state", "delivery", ["connection", "entity", "state"]
    )
    op.create_index(
        "ix_delivery_connection_delivery_state_delivery_due_at", "delivery", ["connection", "state", "due_at"]
    )
    op.create_index("ix_delivery_connection_delivery_transmission", "delivery", ["connection", "transmission"])
    op.create_index("ix_delivery_content_sha256", "delivery", ["content_sha256"])
    op.create_index("ix_delivery_order_id", "delivery", ["order_id"])
    op.create_index("ix_delivery_state_delivery_due_at", "delivery", ["state", "due_at"])


def _make_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(8), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.Column("outcome", sa.String(24)),
        sa.Column("error", sa.Text()),
        sa.Column("request", sa.Text()),
        sa.Column("reply", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_attempt_delivery_id"),
        sa.UniqueConstraint("delivery_id", "number", name="uq_attempt_delivery_id_number"),
    )


# --- runs, requests, events ---


def _lay_runs() -> None:
    _make_sync_run()
    _make_request()
    _make_event()


def _make_sync_run() -> None:
    op.create_table(
        "sync_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule", sa.String(128), nullable=False),
        sa.Column("connection", sa.String(128), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("scheduled_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("parked", sa.Integer(), nullable=False),
        sa.Column("error_class", sa.String(64)),
        sa.Column("code", sa.String(64)),
        sa.Column("error", sa.Text()),
        sa.Column("todo", sa.Text()),
        sa.Column("closed_why", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_sync_run"),
        sa.UniqueConstraint(
            "schedule",
            "connection",
            "document",
            "scheduled_at",
            name="uq_sync_run_schedule_connection_document_scheduled_at",
        ),
    )
    op.create_index("ix_sync_run_connection_sync_run_document", "sync_run", ["connection", "document"])
    op.create_index("ix_sync_run_state", "sync_run", ["state"])


def _make_request() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(64), nullable=False),
        sa.Column("arguments", Json(), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("result", Json()),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_request"),
    )
    op.create_index("ix_request_state", "request", ["state"])


def _make_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("detail", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_at", "event", ["at"])
    op.create_index("ix_event_subject", "event", ["subject"])
