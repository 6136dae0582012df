"""What a customer who orders by document is told: what we will ship, what has left, what it owes.

Each goes out once, in this order for each order, and only where the customer's file declares the document. A shop that
is asked over its API (fulfilments) is told by `shipments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.base import Record
from hub.model.document import Kind
from hub.model.money import Money
from hub.model.number import plain
from hub.model.order import OrderLine
from hub.model.partner import Role
from hub.model.purchase import Acknowledgement, AcknowledgementLine, Invoice, InvoiceLine, LineChange, Outcome
from hub.model.shipment import Shipment, ShipmentLine
from hub.model.state import LineState
from hub.services.book import NOTHING, OPEN, Book, total
from hub.services.desk import Desk
from hub.store import counters, deliveries, order_changes
from hub.store.delivery_row import NewDelivery
from hub.store.orders import OrderRow
from hub.store.shipments import ShipmentRow

_FIRST_NUMBER = 100_000
#: What keeps an order from being acknowledged: nobody knows yet what becomes of it.
_UNDECIDED = OPEN - {LineState.BACKORDERED}
_PROMISED = frozenset(LineState) - _UNDECIDED - {LineState.BACKORDERED, LineState.REJECTED, LineState.CANCELLED}
_GONE = frozenset({LineState.SHIPPED, LineState.DELIVERED})


@dataclass(frozen=True, slots=True)
class Left:
    """What of one of the customer's lines has left: in one carton (its tracking number, its SSCC), of one lot."""

    channel_line: str
    quantity: Decimal
    tracking: str = ""
    sscc: str = ""
    lot: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """A shipment of one order, where it left, and what of it the customer is to be told."""

    order: OrderRow
    row: ShipmentRow
    node: str
    left: tuple[Left, ...]


def acknowledge(tx: Connection, desk: Desk, book: Book, now: datetime) -> None:
    """Tell the customer what it will get of each line, as soon as every line has been decided.

    A line without any source waits for a person, and the acknowledgement with it: what is refused here is refused for
    good. A change of the customer's is acknowledged in its turn.
    """
    order = book.order
    document = _document(desk, order, Kind.ACKNOWLEDGEMENT)
    if document is None or order.doc.test or not book.portions or book.select(_UNDECIDED):
        return
    change = order_changes.newest(tx, order.doc.channel, order.id)
    key = f"{order.id}-ACK{change}"
    if deliveries.by_key(tx, order.doc.channel, key) is None:
        answer = _acknowledgement(book, change, now)
        if change:
            answer = _of_change(answer, _answered(tx, order))
        _send(tx, order, document, Kind.ACKNOWLEDGEMENT, key, answer, now)


def shipped(tx: Connection, desk: Desk, gone: Departure, now: datetime) -> None:
    """Tell the customer what has left with a shipment, and what it owes for it."""
    order = gone.order
    if not gone.left or order.doc.test:
        return
    notice = _document(desk, order, Kind.SHIPMENT)
    if notice is not None:
        _send(tx, order, notice, Kind.SHIPMENT, f"{gone.row.id}-ASN", _ship_notice(gone), now)
    bill = _document(desk, order, Kind.INVOICE)
    if bill is not None:
        number = f"INV{_FIRST_NUMBER + counters.take(tx, 'sales_invoice')}"
        _send(tx, order, bill, Kind.INVOICE, number, _invoice(gone, number, now), now)


def _document(desk: Desk, order: OrderRow, kind: Kind) -> str | None:
    """Return the customer's document of this kind; None for a shop, and for who keeps our books."""
    document = desk.directory.outbound(order.doc.channel, kind)
    partner = desk.directory.partner(order.doc.channel) if document else None
    return document if partner is not None and partner.role is Role.CHANNEL else None


def _send(tx: Connection, order: OrderRow, document: str, kind: Kind, key: str, record: Record, now: datetime) -> None:
    new = NewDelivery(
        connection=order.doc.channel,
        document=document,
        kind=kind,
        entity=f"order:{order.id}",
        key=key,
        record=record,
        order_id=order.id,
        order_placed_at=order.doc.placed_at,
    )
    deliveries.enqueue(tx, new, now)


def _number(line_id: str) -> int | None:
    """Return a line id as the number that it is; None where it is none."""
    return int(line_id) if line_id.isascii() and line_id.isdigit() and int(line_id) > 0 else None


# --- what we will ship -----------------------------------------------------------------------------------------------


def _acknowledgement(book: Book, change: str, now: datetime) -> Acknowledgement:
    order = book.order.doc
    lines = tuple(_answer(book, line) for line in order.lines)
    return Acknowledgement(
        order_number=order.order_id,
        reference=book.order.id,
        change_number=change,
        ordered_at=order.placed_at,
        currency=order.currency,
        acknowledged_at=now,
        outcome=_together({line.outcome for line in lines}),
        lines=lines,
    )


def _answered(tx: Connection, order: OrderRow) -> Mapping[str, AcknowledgementLine] | None:
    """Return the lines that the customer was told of last; None when it was told nothing yet."""
    entity, kind = f"order:{order.id}", Kind.ACKNOWLEDGEMENT
    for each in deliveries.search(tx, connection=order.doc.channel, entity=entity, kind=kind, limit=1):
        if isinstance(each.record, Acknowledgement):
            return {line.line_id: line for line in each.record.lines}
    return None


def _of_change(answer: Acknowledgement, before: Mapping[str, AcknowledgementLine] | None) -> Acknowledgement:
    """Say of each line what was changed since it was answered last; of an order that never was, all of it."""
    lines = (each.changed(change=_change(each, before)) for each in answer.lines)
    return answer.changed(lines=tuple(lines))


def _change(line: AcknowledgementLine, before: Mapping[str, AcknowledgementLine] | None) -> LineChange | None:
    was = before.get(line.line_id) if before is not None else None
    if before is not None and was is None:
        return LineChange.ADD
    if was is not None and (was.ordered, was.unit_cost, was.sku) == (line.ordered, line.unit_cost, line.sku):
        return None
    return LineChange.CHANGE if line.ordered else LineChange.CANCEL


def _together(outcomes: set[Outcome]) -> Outcome:
    return outcomes.pop() if len(outcomes) == 1 else Outcome.CHANGED if outcomes else Outcome.REJECTED


def _answer(book: Book, line: OrderLine) -> AcknowledgementLine:
    kept = total(book.select(_PROMISED, line_id=line.line_id))
    waits = total(book.select({LineState.BACKORDERED}, line_id=line.line_id))
    ordered = NOTHING if book.order.doc.cancelled else line.quantity
    outcome = _outcome(ordered, min(kept, ordered), waits)
    return AcknowledgementLine(
        line_number=_number(line.line_id),
        line_id=line.line_id,
        sku=line.sku,
        name=line.name,
        ordered=ordered,
        quantity=waits if outcome is Outcome.BACKORDERED else min(kept, ordered),
        backordered=waits,
        outcome=outcome,
        too_late=total(book.select(_GONE, line_id=line.line_id)) > ordered,
        promised=book.order.doc.promise_by if kept else None,
        unit_cost=line.price,
        reason=_reason(book, line, ordered - kept),
    )


def _outcome(ordered: Decimal, kept: Decimal, waits: Decimal) -> Outcome:
    if kept >= ordered:
        return Outcome.ACCEPTED
    if kept:
        return Outcome.CHANGED
    return Outcome.BACKORDERED if waits else Outcome.REJECTED


def _reason(book: Book, line: OrderLine, missing: Decimal) -> str:
    """Return why a line is not shipped whole; nothing of our own partners in it."""
    if missing <= 0:
        return ""
    waits = total(book.select({LineState.BACKORDERED}, line_id=line.line_id))
    words = [f"{plain(waits)} backordered"] if waits else []
    return "; ".join([*words, *([f"{plain(missing - waits)} not available"] if missing > waits else [])])


# --- what has left ---------------------------------------------------------------------------------------------------


def _lines_of(order: OrderRow) -> Mapping[str, OrderLine]:
    return {line.line_id: line for line in order.doc.lines}


def _ship_notice(gone: Departure) -> Shipment:
    order, row, lines = gone.order, gone.row, _lines_of(gone.order)
    return row.doc.changed(
        order_number=order.doc.order_id,
        reference=order.id,
        ordered_at=order.doc.placed_at,
        shipment_number=row.id,
        shipped_at=row.doc.shipped_at or row.created_at,
        node=gone.node,
        ship_to=order.doc.ship_to,
        lines=tuple(_notice_line(each, lines.get(each.channel_line)) for each in gone.left),
    )


def _notice_line(left: Left, line: OrderLine | None) -> ShipmentLine:
    return ShipmentLine(
        line_number=_number(left.channel_line),
        line_id=left.channel_line,
        sku=line.sku if line else "",
        name=line.name if line else "",
        ordered=line.quantity if line else None,
        quantity=left.quantity,
        tracking=left.tracking,
        sscc=left.sscc,
        lot=left.lot,
        expires_at=left.expires_at,
    )


def _invoice(gone: Departure, number: str, now: datetime) -> Invoice:
    order, row = gone.order, gone.row
    quantities: dict[str, Decimal] = {}
    for each in gone.left:
        quantities[each.channel_line] = quantities.get(each.channel_line, NOTHING) + each.quantity
    known = _lines_of(order)
    lines = tuple(_invoice_line(line_id, quantity, known.get(line_id)) for line_id, quantity in quantities.items())
    amount = sum((line.quantity * line.price for line in lines), NOTHING)
    return Invoice(
        invoice_number=number,
        order_number=order.doc.order_id,
        reference=order.id,
        ordered_at=order.doc.placed_at,
        shipment_number=row.id,
        shipped_at=row.doc.shipped_at or row.created_at,
        ship_to=order.doc.ship_to,
        invoiced_at=now,
        currency=order.doc.currency,
        total=Money(amount=amount, currency=order.doc.currency).rounded().amount,
        lines=lines,
    )


def _invoice_line(line_id: str, quantity: Decimal, line: OrderLine | None) -> InvoiceLine:
    return InvoiceLine(
        line_number=_number(line_id),
        line_id=line_id,
        sku=line.sku if line else "",
        name=line.name if line else "",
        quantity=quantity,
        price=line.price if line else NOTHING,
    )
