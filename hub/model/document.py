"""The kinds of canonical document, and the record that each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hub.model.base import Record
from hub.model.channel import Assignment, OrderHold, OrderPromise, ReadyForPickup, RequestAnswer
from hub.model.item import CatalogueEntry
from hub.model.node import Node
from hub.model.notice import Notice
from hub.model.order import SalesOrder
from hub.model.order_change import SalesOrderChange
from hub.model.purchase import Acknowledgement, FulfillmentOrder, Invoice, PurchaseOrder, PurchaseOrderChange
from hub.model.shipment import Fulfilment, Shipment
from hub.model.stock import ExpectedReceipt, StockAdjustment, StockLevel, StockPush, TransferOrder
from hub.model.transmission import FunctionalAcknowledgement


class Direction(StrEnum):
    """Seen from the hub."""

    IN = "in"
    OUT = "out"


class Kind(StrEnum):
    """What a document says, whoever sends it."""

    NODE = "node"  # inbound: a place that the partner has, in the shape of our own
    SALES_ORDER = "sales_order"
    SALES_ORDER_CHANGE = "sales_order_change"
    STOCK_LEVEL = "stock_level"
    STOCK_PUSH = "stock_push"
    STOCK_ADJUSTMENT = "stock_adjustment"
    TRANSFER_ORDER = "transfer_order"
    EXPECTED_RECEIPT = "expected_receipt"
    CATALOGUE_ENTRY = "catalogue_entry"
    PURCHASE_ORDER = "purchase_order"
    PURCHASE_ORDER_CHANGE = "purchase_order_change"
    SHIP_ORDER = "ship_order"
    ACKNOWLEDGEMENT = "acknowledgement"
    SHIPMENT = "shipment"
    FULFILMENT = "fulfilment"
    ASSIGNMENT = "assignment"
    ORDER_HOLD = "order_hold"
    REQUEST_ANSWER = "request_answer"
    READY_FOR_PICKUP = "ready_for_pickup"
    ORDER_PROMISE = "order_promise"
    INVOICE = "invoice"
    INTERCHANGE = "interchange"  # inbound, whole: its records are the acknowledgements that we owe for it
    FUNCTIONAL_ACKNOWLEDGEMENT = "functional_acknowledgement"  # theirs about what we sent, or ours about theirs
    NOTICE = "notice"  # to people, by the hub's own channels


RECORDS: Mapping[Kind, type[Record]] = {
    Kind.NODE: Node,
    Kind.SALES_ORDER: SalesOrder,
    Kind.SALES_ORDER_CHANGE: SalesOrderChange,
    Kind.STOCK_LEVEL: StockLevel,
    Kind.STOCK_PUSH: StockPush,
    Kind.STOCK_ADJUSTMENT: StockAdjustment,
    Kind.TRANSFER_ORDER: TransferOrder,
    Kind.EXPECTED_RECEIPT: ExpectedReceipt,
    Kind.CATALOGUE_ENTRY: CatalogueEntry,
    Kind.PURCHASE_ORDER: PurchaseOrder,
    Kind.PURCHASE_ORDER_CHANGE: PurchaseOrderChange,
    Kind.SHIP_ORDER: FulfillmentOrder,
    Kind.ACKNOWLEDGEMENT: Acknowledgement,
    Kind.SHIPMENT: Shipment,
    Kind.FULFILMENT: Fulfilment,
    Kind.ASSIGNMENT: Assignment,
    Kind.ORDER_HOLD: OrderHold,
    Kind.REQUEST_ANSWER: RequestAnswer,
    Kind.READY_FOR_PICKUP: ReadyForPickup,
    Kind.ORDER_PROMISE: OrderPromise,
    Kind.INVOICE: Invoice,
    Kind.INTERCHANGE: FunctionalAcknowledgement,
    Kind.FUNCTIONAL_ACKNOWLEDGEMENT: FunctionalAcknowledgement,
    Kind.NOTICE: Notice,
}
