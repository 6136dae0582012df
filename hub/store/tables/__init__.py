"""Every table, for both databases, one file an area. Documents are kept whole as JSON beside the columns we query."""

from __future__ import annotations

from hub.store.tables.base import metadata
from hub.store.tables.delivery import attempt, delivery
from hub.store.tables.message import archive, message, parked_record
from hub.store.tables.order import (
    allocation,
    decision,
    invoice,
    order_message,
    purchase,
    reservation,
    sales_order,
    shipment,
)
from hub.store.tables.partner import connection, connector_state, counter, cursor, external_ref
from hub.store.tables.run import event, request, sync_run
from hub.store.tables.stock import (
    catalogue,
    expected_receipt,
    feed,
    item,
    node,
    reported_node,
    stock,
    stock_confirmed,
    stock_published,
    unit_price,
)

__all__ = [
    "allocation",
    "archive",
    "attempt",
    "catalogue",
    "connection",
    "connector_state",
    "counter",
    "cursor",
    "decision",
    "delivery",
    "event",
    "expected_receipt",
    "external_ref",
    "feed",
    "invoice",
    "item",
    "message",
    "metadata",
    "node",
    "order_message",
    "parked_record",
    "purchase",
    "reported_node",
    "request",
    "reservation",
    "sales_order",
    "shipment",
    "stock",
    "stock_confirmed",
    "stock_published",
    "sync_run",
    "unit_price",
]
