"""Shipments: what left a node, in which parcels, and what the carrier says of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Moment, Quantity, Record, Text
from hub.model.place import Address


class TrackingStatus(StrEnum):
    """What the carrier says; data only, it never moves the fulfilment status by itself."""

    UNKNOWN = "unknown"
    LABELLED = "labelled"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    EXCEPTION = "exception"


class ShipmentLine(Record):
    """What of one line left; `short` is what the partner says will never come; `tracking`, `sscc` are its parcel's."""

    line_number: Annotated[int | None, Field(ge=1)] = None
    line_id: Annotated[str, Field(max_length=128, description="to a customer: its own number of the line")] = ""
    sku: Annotated[str, Field(max_length=128)] = ""
    name: Text = ""
    ordered: Annotated[Quantity | None, Field(description="to a customer: what it ordered of the line")] = None
    quantity: Quantity
    short: Annotated[Quantity | None, Field(description="of this line, cancelled by the partner")] = None
    tracking: Annotated[str, Field(max_length=128)] = ""
    sscc: Annotated[str, Field(max_length=20)] = ""
    lot: Annotated[str, Field(max_length=64, description="the batch that the goods are of")] = ""
    expires_at: Annotated[Moment | None, Field(description="when the lot expires")] = None


class Parcel(Record):
    """One parcel: the carrier's tracking number, its SSCC where there is one."""

    tracking: Annotated[str, Field(max_length=128)] = ""
    carrier: Annotated[str, Field(max_length=64)] = ""
    service: Annotated[str, Field(max_length=64)] = ""
    sscc: Annotated[str, Field(max_length=20)] = ""
    weight_g: Quantity | None = None
    url: Annotated[str, Field(max_length=2000)] = ""
    tracking_status: TrackingStatus = TrackingStatus.UNKNOWN


class Shipment(Record):
    """What left a node for one of our documents, or for a customer's; (partner, shipment_number) is its identity."""

    order_number: Annotated[Code, Field(description="our number of the PO or ship order; to a customer its own")]
    reference: Annotated[str, Field(max_length=128, description="to a customer: our number of its order")] = ""
    ordered_at: Annotated[Moment | None, Field(description="to a customer: when it ordered")] = None
    node: Annotated[str, Field(max_length=128, description="to a customer: where it left")] = ""
    ship_to: Address | None = None
    shipment_number: Annotated[str, Field(max_length=128, description="theirs; the tracking number when absent")] = ""
    shipped_at: Moment | None = None
    carrier: Annotated[str, Field(max_length=64)] = ""
    service: Annotated[str, Field(max_length=64)] = ""
    tracking: Annotated[str, Field(max_length=128)] = ""
    tracking_url: Annotated[str, Field(max_length=2000)] = ""
    weight_g: Quantity | None = None
    parcels: tuple[Parcel, ...] = ()
    lines: tuple[ShipmentLine, ...] = ()


class FulfilmentLine(Record):
    """A quantity of one of the channel's own lines that has left."""

    channel_line: Code
    sku: Annotated[str, Field(max_length=128)] = ""
    quantity: Quantity


class Fulfilment(Record):
    """What a channel is told when goods have left: its own order and lines, with tracking."""

    fulfilment_id: Annotated[Code, Field(description="our id, unique for ever; ties a resend to the first send")]
    channel_order: Code
    channel: Annotated[str, Field(max_length=128, description="whose order it is; empty: the receiver's own")] = ""
    node: Code
    location: Annotated[Text, Field(description="the channel's location id for the node, when it has one")] = ""
    carrier: Text = ""
    tracking: Text = ""
    tracking_url: Text = ""
    notify_customer: bool = False
    shipped_at: Moment | None = None
    lines: Annotated[tuple[FulfilmentLine, ...], Field(min_length=1)]
