"""Stock as a source reports it, and available to promise as we derive it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Exact, Moment, Quantity, Record, SomeQuantity, Text


class Nets(StrEnum):
    """What a source has already taken off its figure by its `as_of`."""

    SHIPMENTS = "shipments"  # a physical count: it falls when goods leave
    ORDERS = "orders"  # an availability: it falls when our order reached them


class StockLevel(Record):
    """How much of one SKU one node has, as its source said at `as_of`."""

    sku: Code
    location: Annotated[Code | None, Field(description="our node code; the partner's only node when absent")] = None
    quantity: Quantity
    lot: Annotated[str, Field(max_length=64, description="of this lot alone; a document's lots of a SKU add up")] = ""
    safety: Annotated[Quantity | None, Field(description="kept back from sale at this node")] = None
    status: Annotated[str, Field(pattern="^(active|discontinued)$", description="active or discontinued")] = "active"
    as_of: Moment | None = None


class Certainty(StrEnum):
    """How sure it is that goods come."""

    PLANNED = "planned"  # a forecast: nobody has ordered it yet
    ORDERED = "ordered"
    IN_TRANSIT = "in_transit"


class ExpectedReceipt(Record):
    """Goods that one node will receive on a day, as its source said at `as_of`: a forecast, not stock."""

    sku: Code
    location: Annotated[Code | None, Field(description="our node code; the partner's only node when absent")] = None
    expected_at: Annotated[Moment, Field(description="when the goods are to arrive")]
    quantity: Quantity
    reference: Annotated[str, Field(max_length=128, description="their order or shipment that it comes with")] = ""
    certainty: Certainty = Certainty.PLANNED
    as_of: Moment | None = None


class StockAdjustment(Record):
    """A correction of a count: so many more or, below zero, fewer than the books of one node say; a step, no level."""

    number: Annotated[Code, Field(description="who counted calls it this; the same number twice changes nothing")]
    sku: Code
    location: Annotated[Code | None, Field(description="our node code; the partner's only node when absent")] = None
    change: Annotated[Exact, Field(description="what is to be added; negative for goods that are gone")]
    reason: Text = ""
    counted_at: Moment | None = None


class TransferLine(Record):
    """So many of a SKU that are to be moved."""

    sku: Code
    quantity: SomeQuantity


class TransferOrder(Record):
    """Goods that are to be moved from one node of a partner to another; the partner moves them and its stock tells."""

    number: Annotated[Code, Field(description="our number, told to the partner and never used again")]
    source: Annotated[Code, Field(description="our code of the node that ships")]
    target: Annotated[Code, Field(description="our code of the node that receives")]
    ordered_at: Moment
    expected_at: Annotated[Moment | None, Field(description="when the goods are to arrive")] = None
    note: Text = ""
    lines: Annotated[tuple[TransferLine, ...], Field(min_length=1)]


class StockPush(Record):
    """What a channel should show: sellable quantity of SKUs at its locations; the newest figure wins."""

    rows: Annotated[tuple[StockPushRow, ...], Field(min_length=1)]


class StockPushRow(Record):
    """One figure for a channel: our SKU, the channel's location id, whole units."""

    sku: Code
    location: Code
    quantity: Quantity
    was: Annotated[Quantity | None, Field(description="what the channel was told last; absent when never")] = None


class Demand(Record):
    """A quantity of one SKU wanted from one node."""

    node: Code
    sku: Code
    quantity: SomeQuantity


def available_to_promise(on_hand: Decimal, committed: Decimal, reserved: Decimal, safety: Decimal) -> Decimal:
    """Return what may still be promised: on hand less committed, reserved and safety, never below zero.

    `committed` counts only what the source had not yet taken off its figure.
    """
    return max(Decimal(0), on_hand - committed - reserved - safety)


StockPush.model_rebuild()
