"""What is stuck and needs nobody: it is tried again by itself, or waits for a partner's word or for its order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from hub.model.state import DeliveryState
from hub.services.trade.invoices import InvoiceState
from hub.store import deliveries, parking, purchases
from hub.store.delivery_row import NEVER, Delivery
from hub.store.parking import ParkedRecord
from hub.store.tables import delivery, invoice, parked_record


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits, for what, and until when."""

    id: str
    partner: str
    subject: str
    order_id: str | None
    why: str
    until: datetime | None
    since: datetime


def count(tx: Connection, now: datetime, partner: str | None = None) -> int:
    """Return how many things wait, without looking at each."""
    row = delivery.c
    wait = (
        and_(row.state == DeliveryState.WAITING.value, row.due_at >= now),
        and_(row.state == DeliveryState.UNKNOWN.value, or_(row.answer_by.is_(None), row.answer_by >= now)),
        and_(row.state.concat("") == DeliveryState.SENT.value, row.answer_by >= now),
    )
    queries = [select(func.count()).where(each, *_of(row.connection, partner)) for each in wait]
    early = parking.waits_for_its_order(now)
    queries.append(select(func.count()).where(early, *_of(parked_record.c.connection, partner)))
    bills = invoice.c.state == InvoiceState.WAITING.value
    queries.append(select(func.count()).where(bills, *_of(invoice.c.partner, partner)))
    return sum(tx.execute(query).scalar_one() for query in queries)


def _of(column: ColumnElement[str], partner: str | None) -> list[ColumnElement[bool]]:
    return [] if partner is None else [column == partner]


def listing(tx: Connection, now: datetime, partner: str | None = None, limit: int = 500) -> list[Waiting]:
    """Return what waits, the soonest first; what was sent waits where its partner has agreed to answer."""
    states = {DeliveryState.WAITING, DeliveryState.UNKNOWN}
    rows = deliveries.search(tx, states=states, connection=partner, limit=limit)
    found = [_delivery(row) for row in (*rows, *deliveries.awaited(tx, now, partner, limit))]
    kept = [each for each in found if each.until is None or each.until >= now]
    bills = purchases.invoices_in(tx, {InvoiceState.WAITING.value}, limit)
    kept += [
        Waiting(f"i{row.id}", row.partner, f"invoice {row.invoice_number}", None, row.why, None, row.created_at)
        for row in bills
        if partner in (None, row.partner)
    ]
    kept += [_early(row) for row in parking.waiting(tx, now, partner, limit)]
    return sorted(kept, key=lambda each: (each.until or NEVER, each.id))[:limit]


def _early(row: ParkedRecord) -> Waiting:
    why = "waits for its order, and is applied when that comes"
    return Waiting(f"r{row.id}", row.connection, row.record, None, why, row.waits_until, row.parked_at)


def _delivery(row: Delivery) -> Waiting:
    until = row.due_at if row.state is DeliveryState.WAITING else row.answer_by
    subject = f"{row.kind.value} {row.key}"
    return Waiting(f"d{row.id}", row.connection, subject, row.order_id, _why(row), until, row.updated_at)


def _why(row: Delivery) -> str:
    if row.state is DeliveryState.WAITING:
        return f"tried again after try {row.tries}: {row.error or ''}".rstrip(": ")
    if row.state is DeliveryState.UNKNOWN:
        return "the reply was lost; its partner is asked whether it arrived"
    return "sent; its partner has not confirmed it yet"
