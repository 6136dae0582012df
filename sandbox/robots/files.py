"""The tables that the robots' documents are, whatever they are written in, and how an order is read strictly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_ADDRESS = ("Name", "Company", "Street", "Street 2", "City", "Region", "Postal Code", "Country", "Phone", "Email")
_AFTER = ("Order", "Order Line", "Ordered At", "Service", *_ADDRESS)
PURCHASE_HEADER = ("PO", "Line", "Item", "Supplier Item", "Qty", "Price", "Currency", *_AFTER)
SHIP_ORDER_HEADER = ("PO", "Line", "Item", "Qty", *_AFTER)
STOCK_HEADER = ("Item", "Qty Avail", "UOM", "Status", "Updated")
CATALOGUE_HEADER = ("Item", "Supplier Item", "Description", "Price", "Currency", "Min Qty", "Lead Days", "Weight g")
ACKNOWLEDGEMENT_HEADER = ("PO", "Line", "Item", "Status", "Qty", "Ship Date", "Reason")
INVOICE_HEADER = ("Invoice", "PO", "Date", "Currency", "Line", "Item", "Qty", "Price", "Total")
SHIPMENT_HEADER = ("PO", "Line", "Item", "Shipped", "Short", "Shipment", "Carrier", "Tracking", "Shipped At")
RECEIPT_HEADER = ("Receipt", "Item", "Qty")
_MUST_HAVE = ("PO", "Line", "Item", "Order", "Order Line", "Name", "Street", "City", "Postal Code", "Country")
#: Why a line is not what a change asked for.
NOT_DONE = "too late"


class Unreadable(Exception):
    """An order file that a partner could not work with; the text says why."""


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line of an order file as the partner understood it."""

    po: str
    line: str
    sku: str
    quantity: int
    order: str
    order_line: str


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """What a line that was ordered before is to have from now on; 0 for none of it. No line: all of the order."""

    po: str
    line: str
    quantity: int


def ordered_lines(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[OrderedLine]:
    """Return the lines of an order's table; raises Unreadable for anything a careful clerk would send back."""
    if not rows or tuple(rows[0]) != tuple(header):
        raise Unreadable(f"the header is {rows[0] if rows else 'missing'}, not {list(header)}")
    if len(rows) == 1:
        raise Unreadable("there are no lines")
    return [_ordered_line(row, header) for row in rows[1:]]


def _ordered_line(row: Sequence[str], header: Sequence[str]) -> OrderedLine:
    if len(row) != len(header):
        raise Unreadable(f"a line has {len(row)} cells, not {len(header)}: {row}")
    cells = dict(zip(header, row, strict=True))
    missing = [name for name in _MUST_HAVE if not cells[name].strip()]
    if missing:
        raise Unreadable(f"empty: {', '.join(missing)}")
    quantity = cells["Qty"]
    if not quantity.isascii() or not quantity.isdigit() or int(quantity) < 1:
        raise Unreadable(f"Qty {quantity!r} is not a whole number above zero")
    return OrderedLine(cells["PO"], cells["Line"], cells["Item"], int(quantity), cells["Order"], cells["Order Line"])


def stamp(moment: datetime) -> str:
    """Return a moment as these files write it: UTC, to the second, never later than it was."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
