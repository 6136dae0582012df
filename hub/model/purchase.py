"""What we send to a node and what it answers: purchase orders, ship orders, acknowledgements, invoices."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Exact, Moment, Quantity, Record, SomeQuantity, Text
from hub.model.money import Currency
from hub.model.place import Address


class StoreQuantity(Record):
    """How much of a line goes to one store."""

    store: Annotated[Code, Field(description="our code of the store, as the supplier knows it")]
    quantity: SomeQuantity


class PurchaseLine(Record):
    """One line of a document that asks a node to ship; `channel_line` ties it to the customer's own line.

    Where one order is for many stores, `stores` says how much each of them gets; together that is the quantity.
    """

    line_number: Annotated[int, Field(ge=1)]
    sku: Code
    supplier_sku: Annotated[str, Field(max_length=128, description="their SKU; ours when they have none")] = ""
    name: Text = ""
    quantity: SomeQuantity
    unit_cost: Quantity | None = None
    channel_line: Code
    stores: tuple[StoreQuantity, ...] = ()


class FulfillmentOrder(Record):
    """Lines of one order for one node and one shipping method: sent as a ship order to our own nodes and 3PLs."""

    number: Annotated[Code, Field(description="our number, told to the node and never used again")]
    node: Code
    order_id: Code
    channel: Code
    channel_order: Annotated[Code, Field(description="the channel's order id")]
    channel_number: Annotated[Code, Field(description="what the customer calls the order, e.g. #1001")]
    ordered_at: Moment
    service: Text = ""
    ship_to: Address | None = None
    ship_by: Moment | None = None
    note: Text = ""
    lines: Annotated[tuple[PurchaseLine, ...], Field(min_length=1)]


class PurchaseOrder(FulfillmentOrder):
    """The same, bought from a supplier: with prices, in the supplier's currency."""

    supplier: Code
    currency: Currency
    drop_ship: bool = True
    cancelled: Annotated[bool, Field(description="to who keeps our books: the supplier ships nothing of it")] = False


class LineChange(StrEnum):
    """What is to happen with a line of an order that was sent before."""

    ADD = "add"
    CHANGE = "change"
    CANCEL = "cancel"


class PurchaseChangeLine(Record):
    """One line as it is wanted now; `quantity` is the whole new quantity, zero when it is cancelled."""

    line_number: Annotated[int, Field(ge=1)]
    sku: Code
    supplier_sku: Annotated[str, Field(max_length=128, description="their SKU; ours when they have none")] = ""
    name: Text = ""
    change: Annotated[LineChange, Field(description="what is to happen with the line")] = LineChange.CHANGE
    quantity: Quantity
    previous: Annotated[Quantity | None, Field(description="the quantity that was ordered until now")] = None
    unit_cost: Quantity | None = None


class PurchaseOrderChange(Record):
    """What is to change of a PO or ship order that its node has; without lines, the whole of it when `cancelled`."""

    number: Annotated[Code, Field(description="our number of the PO or ship order")]
    change_number: Annotated[int, Field(ge=1, description="the first change of an order is 1")]
    node: Code
    supplier: Code
    currency: Currency
    changed_at: Annotated[Moment, Field(description="when it was changed")]
    cancelled: bool = False
    ship_to: Address | None = None
    ship_by: Moment | None = None
    service: Text = ""
    reason: Text = ""
    lines: tuple[PurchaseChangeLine, ...] = ()


class Outcome(StrEnum):
    """What the partner said it will do with a line."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    BACKORDERED = "backordered"
    REJECTED = "rejected"


class AcknowledgementLine(Record):
    """The answer for one line: `quantity` is what they will ship of it, or we when a customer is answered."""

    line_number: Annotated[int | None, Field(ge=1)] = None
    line_id: Annotated[str, Field(max_length=128, description="to a customer: its own number of the line")] = ""
    sku: Annotated[str, Field(max_length=128)] = ""
    name: Text = ""
    ordered: Annotated[Quantity | None, Field(description="to a customer: what it ordered of the line")] = None
    quantity: Quantity | None = None
    backordered: Annotated[Quantity | None, Field(description="to a customer: what it has to wait for")] = None
    outcome: Outcome = Outcome.ACCEPTED
    change: Annotated[
        LineChange | None, Field(description="to a customer: what its change did with the line; empty: nothing")
    ] = None
    too_late: Annotated[bool, Field(description="to a customer: more has left already than its change leaves")] = False
    promised: Moment | None = None
    unit_cost: Quantity | None = None
    reason: Text = ""


class Acknowledgement(Record):
    """A partner's answer to a PO or ship order, or ours to a customer; without lines it is for the whole document."""

    order_number: Annotated[Code, Field(description="our number of the PO or ship order; to a customer its own")]
    reference: Annotated[
        str, Field(max_length=128, description="the partner's own order number; to a customer ours")
    ] = ""
    change_number: Annotated[
        str, Field(max_length=32, description="which change it answers, where that is said; empty: the order")
    ] = ""
    ordered_at: Annotated[Moment | None, Field(description="to a customer: when it ordered")] = None
    currency: Currency | None = None
    acknowledged_at: Moment | None = None
    outcome: Annotated[Outcome | None, Field(description="for the whole document, when there are no lines")] = None
    reason: Text = ""
    lines: tuple[AcknowledgementLine, ...] = ()


class InvoiceLine(Record):
    """One invoiced line; the amount is quantity times price before tax."""

    line_number: Annotated[int | None, Field(ge=1)] = None
    line_id: Annotated[str, Field(max_length=128, description="to a customer: its own number of the line")] = ""
    sku: Annotated[str, Field(max_length=128)] = ""
    name: Text = ""
    quantity: Quantity
    price: Quantity


class Invoice(Record):
    """A supplier's invoice, or ours to a customer; a credit memo when `credit`."""

    invoice_number: Code
    order_number: Annotated[Code, Field(description="our number of the PO or ship order; to a customer its own")]
    reference: Annotated[str, Field(max_length=128, description="to a customer: our number of its order")] = ""
    ordered_at: Annotated[Moment | None, Field(description="to a customer: when it ordered")] = None
    shipment_number: Annotated[str, Field(max_length=128, description="to a customer: what it is for")] = ""
    shipped_at: Moment | None = None
    ship_to: Address | None = None
    invoiced_at: Moment | None = None
    currency: Currency | None = None
    credit: bool = False
    freight: Quantity | None = None
    tax: Quantity | None = None
    charges: Annotated[
        Exact | None, Field(description="other charges less allowances, before tax; negative where they lower it")
    ] = None
    total: Quantity | None = None
    lines: tuple[InvoiceLine, ...] = ()
