"""Canonical records as drafts: what is made of an order in NetSuite, and an adjustment of stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from connectors.netsuite.currencies import Currencies
from connectors.netsuite.draft import Draft, Line, made, number, whole_name
from connectors.netsuite.order_drafts import OrderDrafting
from connectors.netsuite.places import Places
from connectors.netsuite.settings import Flow, NetSuiteSettings
from hub.contract import Rejected
from hub.model.base import Record
from hub.model.order import SalesOrder
from hub.model.purchase import FulfillmentOrder, Invoice, PurchaseOrder
from hub.model.shipment import Fulfilment, Shipment
from hub.model.stock import StockAdjustment, TransferOrder


class Drafting:
    """Canonical records as drafts for one account."""

    def __init__(self, settings: NetSuiteSettings, partner: str, currency: str) -> None:
        self._settings, self._partner = settings, partner
        self._places, self._currencies = Places(settings, partner), Currencies(settings, currency)
        self._orders = OrderDrafting(settings, self._places, self._currencies)

    def draft(self, flow: Flow, record: Record) -> Draft:
        """Return the draft of a record; Rejected with what to do when it cannot be one."""
        kind, make = self._makers()[flow]
        if not isinstance(record, kind):
            raise Rejected(f"a {type(record).__name__} is no {flow} of NetSuite", code="document")
        return make(record)

    def _makers(self) -> Mapping[Flow, tuple[type[Record], Callable[..., Draft]]]:
        return {
            Flow.SHIP_ORDERS: (FulfillmentOrder, self._orders.of_node),
            Flow.SUPPLIER_ORDERS: (PurchaseOrder, self._orders.of_node),
            Flow.SALES_ORDERS: (SalesOrder, self._orders.whole),
            Flow.PURCHASE_ORDERS: (PurchaseOrder, self._orders.bought),
            Flow.FULFILMENTS: (Fulfilment, self._fulfilment),
            Flow.RECEIPTS: (Shipment, self._receipt),
            Flow.BILLS: (Invoice, self._bill),
            Flow.ADJUSTMENTS: (StockAdjustment, self._adjustment),
            Flow.TRANSFER_ORDERS: (TransferOrder, self._transfer),
        }

    def _fulfilment(self, record: Fulfilment) -> Draft:
        """Return a fulfilment: of an order of NetSuite's own, or of one that we made of a channel's order."""
        elsewhere = record.channel not in ("", self._partner)
        location = self._places.location_of(record.node) or self._settings.drop_ship_location or ""
        location = location if elsewhere else record.location or location
        lines = tuple(
            Line(number(each.quantity), each.sku if elsewhere else "", "" if elsewhere else each.channel_line)
            for each in record.lines
        )
        when = record.shipped_at.isoformat() if record.shipped_at else None
        fields = {"shipStatus": "_shipped", "shippedDate": when, "tranDate": when, "memo": record.carrier or None}
        draft = made(self._settings, "ItemFulfillment", record.fulfilment_id, fields, lines, location)
        packages = (record.tracking,) if record.tracking else ()
        if elsewhere:
            source = whole_name(self._settings, record.channel, record.channel_order)
            return replace(draft, source_type="SalesOrder", source=source, source_is_ours=True, packages=packages)
        return replace(draft, source_type="SalesOrder", source=record.channel_order, packages=packages)

    def _receipt(self, record: Shipment) -> Draft:
        shipment = record.shipment_number or record.tracking
        lines = tuple(
            Line(number(each.quantity), each.sku, str(each.line_number or "")) for each in record.lines if each.quantity
        )
        when = record.shipped_at.isoformat() if record.shipped_at else None
        fields = {"tranDate": when, "memo": record.tracking or None}
        draft = made(self._settings, "ItemReceipt", f"receipt:{record.order_number}:{shipment}", fields, lines)
        return self._of_purchase(draft, record.order_number)

    def _bill(self, record: Invoice) -> Draft:
        if record.credit:
            raise Rejected(
                f"credit memo {record.invoice_number} is no bill", todo="enter it in NetSuite by hand", code="credit"
            )
        lines = tuple(
            Line(number(each.quantity), each.sku, str(each.line_number or ""), number(each.price))
            for each in record.lines
        )
        fields = {
            "tranDate": record.invoiced_at.isoformat() if record.invoiced_at else None,
            "tranId": record.invoice_number,
            "currency": self._currencies.id_of(record.currency, f"invoice {record.invoice_number}")
            if record.currency
            else None,
            "userTotal": number(record.total) if record.total is not None else None,
        }
        name = f"bill:{record.order_number}:{record.invoice_number}"
        return self._of_purchase(made(self._settings, "VendorBill", name, fields, lines), record.order_number)

    def _of_purchase(self, draft: Draft, purchase: str) -> Draft:
        source = f"{self._settings.prefix}{purchase}"
        return replace(draft, source_type="PurchaseOrder", source=source, source_is_ours=True)

    def _adjustment(self, record: StockAdjustment) -> Draft:
        location = self._location(record.location or "")
        fields = {
            "account": self._settings.adjustment_account,
            "tranDate": record.counted_at.isoformat() if record.counted_at else None,
            "memo": record.reason or None,
        }
        line = Line(number(record.change), record.sku)
        # one number may speak of several SKUs, and two nodes may use it: one would take the place of the other
        name = f"adjustment:{record.location}:{record.number}:{record.sku}"
        return made(self._settings, "InventoryAdjustment", name, fields, (line,), location)

    def _transfer(self, record: TransferOrder) -> Draft:
        day = record.expected_at.isoformat() if record.expected_at else ""
        fields = {
            "transferLocation": self._location(record.target),
            "orderStatus": "_pendingFulfillment",
            "tranDate": record.ordered_at.isoformat(),
            "memo": record.note or None,
        }
        lines = tuple(Line(number(each.quantity), each.sku, expected=day) for each in record.lines)
        return made(self._settings, "TransferOrder", record.number, fields, lines, self._location(record.source))

    def _location(self, node: str) -> str:
        location = self._places.location_of(node)
        if location is None:
            todo = f'add to [connection.locations] the location id = "{node}"'
            raise Rejected(f"node {node} is no location of NetSuite", todo=todo, code="location")
        return location
