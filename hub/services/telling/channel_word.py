"""What a channel is told while an order is under way: that we hold it, where its goods come from, our answers to it.

A channel whose connection has no document for one of these is not told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from hub.model.base import Record
from hub.model.channel import (
    Assignment,
    AssignmentLine,
    ChannelRequest,
    OrderHold,
    OrderPromise,
    ReadyForPickup,
    ReadyLine,
    RequestAnswer,
)
from hub.model.document import Kind
from hub.model.shipment import Fulfilment
from hub.model.state import LineState
from hub.services.book import AWAITED, GONE, Book, by_line, total
from hub.services.desk import Desk
from hub.store import counters, deliveries
from hub.store.delivery_row import NewDelivery
from hub.store.orders import OrderRow
from hub.store.shipments import ShipmentRow

_TAKEN = AWAITED | GONE


def tell_hold(tx: Connection, desk: Desk, order: OrderRow, why: str | None, now: datetime) -> None:
    """Let the channel show that we hold the order, or (None) hold it no longer; the newest word counts."""
    record = OrderHold(channel_order=order.doc.order_id, held=why is not None, reason=why or "")
    _enqueue(tx, desk, [(order, record, "")], Kind.ORDER_HOLD, now)


def assign(tx: Connection, desk: Desk, books: Iterable[Book], now: datetime) -> None:
    """Let the channel show where the goods of orders come from that have just been routed; the newest word counts."""
    told = [(book.order, made, "") for book in books if (made := _assignment(desk, book)) is not None]
    _enqueue(tx, desk, told, Kind.ASSIGNMENT, now)


def _assignment(desk: Desk, book: Book) -> Assignment | None:
    """Return where what has not left comes from, None when that is nowhere the channel knows."""
    order = book.order.doc
    if desk.directory.outbound(order.channel, Kind.ASSIGNMENT) is None:
        return None
    lines = [
        AssignmentLine(
            channel_line=portion.row.line_id,
            sku=portion.row.sku,
            quantity=portion.row.quantity,
            node=portion.row.node,
            location=location,
        )
        for portion in book.select(AWAITED)
        if portion.row.node and (location := desk.directory.location_of(order.channel, portion.row.node))
    ]
    return Assignment(channel_order=order.order_id, lines=tuple(lines)) if lines else None


def ready(tx: Connection, desk: Desk, book: Book, row: ShipmentRow, node: str, now: datetime) -> bool:
    """Let the channel tell the customer what can be collected at a node; false where it takes no such word.

    All that stands ready there is said again each time: a channel may want to hear only of the whole.
    """
    doc = book.order.doc
    if desk.directory.outbound(doc.channel, Kind.READY_FOR_PICKUP) is None:
        return False
    lines = by_line(each for each in book.select({LineState.SHIPPED}) if each.row.node == node)
    if lines:
        told = tuple(ReadyLine(channel_line=line, quantity=quantity) for line, quantity in lines.items())
        location = desk.directory.location_of(doc.channel, node) or ""
        record = ReadyForPickup(channel_order=doc.order_id, node=node, location=location, lines=told)
        _enqueue(tx, desk, [(book.order, record, f"{row.id}-READY")], Kind.READY_FOR_PICKUP, now)
    return True


def fulfilled(tx: Connection, desk: Desk, order: OrderRow, told: Iterable[Fulfilment], now: datetime) -> None:
    """Tell the channel what has left or was collected, each behind what it was told before."""
    said = [(order, each, each.fulfilment_id) for each in told]
    _enqueue(tx, desk, said, Kind.FULFILMENT, now, entity=f"order:{order.id}")


def promise(tx: Connection, desk: Desk, books: Iterable[Book], now: datetime) -> None:
    """Let the channel show when the customer may expect an order, each time another day is promised."""
    for book in books:
        day = book.promised
        if day is not None and (book.promised_told is None or book.promised_told.date() != day.date()):
            book.promised_told = day
            record = OrderPromise(channel_order=book.order.doc.order_id, promised_at=day)
            _enqueue(tx, desk, [(book.order, record, "")], Kind.ORDER_PROMISE, now)


def answer(tx: Connection, desk: Desk, books: Iterable[Book], now: datetime) -> None:
    """Accept or refuse what channels ask of us as a fulfilment service, as soon as it is decided; each only once."""
    for book in books:
        told = [
            (book.order, given, f"answer:{given.request_id}:{'cancel' if given.cancels else 'ship'}:{request.number}")
            for request in book.order.doc.requests
            if (given := _answer(book, request)) is not None
        ]
        _enqueue(tx, desk, told, Kind.REQUEST_ANSWER, now)


def _answer(book: Book, request: ChannelRequest) -> RequestAnswer | None:
    """Return the answer, None while nobody can say: what is held or backordered waits, and so does a node's word."""
    refusal = _not_stopped(book, request) if request.cancels else _not_shippable(book, request)
    if refusal is None:
        return None
    return RequestAnswer(
        channel_order=book.order.doc.order_id,
        request_id=request.request_id,
        cancels=request.cancels,
        accepted=not refusal,
        reason=refusal,
    )


def _not_shippable(book: Book, request: ChannelRequest) -> str | None:
    """Return why the goods will not be shipped, empty when a node has them, None when that is not decided."""
    for line in request.lines:
        if lost := book.select({LineState.UNFILLABLE}, line_id=line.channel_line):
            return lost[0].row.reason or "no place can ship it"
        if total(book.select(_TAKEN, line_id=line.channel_line)) < line.quantity:
            return None
    return ""


def _not_stopped(book: Book, request: ChannelRequest) -> str | None:
    """Return why the goods could not be stopped, empty when they were, None while a node is still asked for them."""
    for asked in request.lines:
        line = book.line(asked.channel_line)
        left = total(book.select(GONE, line_id=asked.channel_line))
        if line is not None and left > line.quantity:
            return "it has left already"
        if any(each.cancel_asked_at for each in book.select(AWAITED, line_id=asked.channel_line)):
            return None
    return ""


def _enqueue(
    tx: Connection,
    desk: Desk,
    told: Sequence[tuple[OrderRow, Record, str]],
    kind: Kind,
    now: datetime,
    entity: str = "",
) -> None:
    """Enqueue (order, record, key): without a key of its own a record takes the place of an older one."""
    for order, record, key in told:
        channel = order.doc.channel
        document = desk.directory.outbound(channel, kind)
        if document is None:
            continue
        new = NewDelivery(
            connection=channel,
            document=document,
            kind=kind,
            entity=entity or f"{kind.value}:{order.id}",
            key=key or f"{kind.value}:{counters.take(tx, kind.value)}",
            record=record,
            latest_wins=not key,
            order_id=order.id,
            order_placed_at=order.doc.placed_at,
        )
        deliveries.enqueue(tx, new, now)
