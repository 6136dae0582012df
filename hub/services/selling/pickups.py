"""Pick-ups: a person says that a customer has collected the goods, where the channel does not find out by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.order import DeliveryMethod
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.state import LineState
from hub.services.book import Book, by_line
from hub.services.desk import Desk
from hub.services.telling import channel_word
from hub.store import counters, events


def collected(tx: Connection, desk: Desk, order_id: str, actor: str, why: str = "") -> None:
    """Close what stands ready of a pick-up, and tell the channel; raises ValueError when nothing stands ready."""
    now = desk.clock.now()
    book = Book.open(tx, order_id)
    ready = book.select({LineState.SHIPPED}) if book.order.doc.method is DeliveryMethod.PICK_UP else []
    if not ready:
        raise ValueError(f"nothing of order {book.order.doc.number} stands ready for its customer to collect")
    for portion in ready:
        book.move(portion, LineState.DELIVERED, reason="collected")
    for node in sorted({portion.row.node or "" for portion in ready}):
        here = by_line(portion for portion in ready if (portion.row.node or "") == node)
        _tell_channel(tx, desk, book, node, here, now)
    events.record(tx, "order.collected", order_id, now, actor=actor, detail={"why": why} if why else {})
    book.save(tx, now)


def _tell_channel(
    tx: Connection, desk: Desk, book: Book, node: str, lines: Mapping[str, Decimal], now: datetime
) -> None:
    """Tell a channel that knows the goods as ready; any other was told that they had left when they stood ready."""
    order = book.order.doc
    if desk.directory.outbound(order.channel, Kind.READY_FOR_PICKUP) is None:
        return
    record = Fulfilment(
        fulfilment_id=f"{book.order.id}-COLLECTED{counters.take(tx, 'collected')}",
        channel_order=order.order_id,
        node=node,
        location=desk.directory.location_of(order.channel, node) or "",
        shipped_at=now,
        lines=tuple(FulfilmentLine(channel_line=line, quantity=quantity) for line, quantity in lines.items()),
    )
    channel_word.fulfilled(tx, desk, book.order, [record], now)
