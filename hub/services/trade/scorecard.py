"""How good a supplier or 3PL is: how fresh its feed, how fast its answer, how much comes, in time, at which price.

Counted over its newest documents, so that a page is quick however long the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median

from sqlalchemy import Connection, func, select

from hub.model.partner import Partner, Role
from hub.model.state import DeliveryState
from hub.services.desk import Desk
from hub.services.matching import line_of
from hub.store import feeds, purchases
from hub.store.parking import needs_a_person
from hub.store.purchases import Asked
from hub.store.tables import allocation, delivery, event, parked_record, shipment

#: So many of a partner's newest documents count.
NEWEST = 200
_GONE = ("shipped", "delivered", "closed")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One partner; shares are from 0 to 1, and None where there is nothing to count."""

    code: str
    name: str
    role: str
    documents: int
    fed_at: datetime | None
    feed_due_hours: float
    answer_hours: float | None
    agreed_answer_hours: float | None
    filled: Decimal | None
    on_time: Decimal | None
    price_variance: Decimal | None
    refused: Mapping[str, int]
    unconfirmed: int


def page(tx: Connection, desk: Desk, *, after: str = "", limit: int = 25) -> list[Scorecard]:
    """Return the partners that ship for us, by code, after the given one."""
    ship = [each for each in desk.directory.partners() if each.role is not Role.CHANNEL and each.code > after]
    return [score(tx, each, desk.clock.now()) for each in sorted(ship, key=lambda each: each.code)[:limit]]


def score(tx: Connection, partner: Partner, now: datetime) -> Scorecard:
    """Count one partner."""
    rows = purchases.newest_of(tx, partner.code, NEWEST)
    return Scorecard(
        code=partner.code,
        name=partner.name,
        role=partner.role.value,
        documents=len(rows),
        fed_at=feeds.last_taken_of(tx, partner.code),
        feed_due_hours=partner.agreement.stock_hours,
        answer_hours=_answer_hours(tx, partner.code, rows),
        agreed_answer_hours=partner.agreement.acknowledge_hours if partner.agreement.acknowledges else None,
        filled=_filled(tx, partner.code, rows),
        on_time=_on_time(tx, partner.code, rows),
        price_variance=_price_variance(tx, rows),
        refused=_refused(tx, partner.code, now),
        unconfirmed=_unconfirmed(tx, partner.code),
    )


def _answer_hours(tx: Connection, code: str, rows: Sequence[Asked]) -> float | None:
    """Return the median of hours from a document to its acknowledgement."""
    written = {row.number: row.created_at for row in rows}
    orders = purchases.newest_alone(code, NEWEST, "order_id")
    query = select(event.c.detail, event.c.at).where(
        event.c.subject.in_(orders), event.c.name == "document.acknowledged"
    )
    hours = [
        (at - written[detail["document"]]).total_seconds() / 3600
        for detail, at in tx.execute(query)
        if detail.get("document") in written
    ]
    return median(hours) if hours else None


def _filled(tx: Connection, code: str, rows: Sequence[Asked]) -> Decimal | None:
    """Return how much of what was ordered has left, over documents of which nothing is awaited any more."""
    query = select(allocation.c.document, allocation.c.state, allocation.c.quantity).where(
        allocation.c.document.in_(purchases.newest_alone(code, NEWEST))
    )
    left: dict[str, Decimal] = {}
    awaited = set()
    for number, state, quantity in tx.execute(query):
        if state in _GONE:
            left[number] = left.get(number, _NOTHING) + quantity
        else:
            awaited.add(number)
    done = [row for row in rows if row.number not in awaited]
    ordered = sum((Decimal(line["quantity"]) for row in done for line in row.doc["lines"]), _NOTHING)
    return sum((left.get(row.number, _NOTHING) for row in done), _NOTHING) / ordered if ordered else None


def _on_time(tx: Connection, code: str, rows: Sequence[Asked]) -> Decimal | None:
    due = {row.number: row.ship_by for row in rows if row.ship_by is not None}
    query = select(shipment.c.purchase_number, shipment.c.created_at).where(
        shipment.c.purchase_number.in_(purchases.newest_alone(code, NEWEST))
    )
    in_time = [at <= due[number] for number, at in tx.execute(query) if number in due]
    return Decimal(sum(in_time)) / len(in_time) if in_time else None


def _price_variance(tx: Connection, rows: Sequence[Asked]) -> Decimal | None:
    """Return by which share what was billed is above what was agreed, for the same goods."""
    by_number = {row.number: row for row in rows}
    agreed = billed = _NOTHING
    for bill in purchases.invoices_for(tx, sorted(by_number)):
        asked = by_number[bill.order_number].document
        for said in bill.lines:
            line = line_of(asked, said)
            if line is not None and line.unit_cost is not None and not bill.credit:
                agreed += said.quantity * line.unit_cost
                billed += said.quantity * said.price
    return (billed - agreed) / agreed if agreed else None


def _refused(tx: Connection, code: str, now: datetime) -> Mapping[str, int]:
    """Return how often each cause parked something of this partner that still needs a person."""
    counts: dict[str, int] = {}
    records = select(parked_record.c.code, func.count()).where(parked_record.c.connection == code, needs_a_person(now))
    sent = select(delivery.c.code, func.count()).where(
        delivery.c.connection == code, delivery.c.state == DeliveryState.PARKED.value
    )
    for query in (records.group_by(parked_record.c.code), sent.group_by(delivery.c.code)):
        for cause, count in tx.execute(query):
            counts[cause or "parked"] = counts.get(cause or "parked", 0) + count
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _unconfirmed(tx: Connection, code: str) -> int:
    """Return how many documents were sent of which nobody has said that they arrived (997, STATUS, answer)."""
    where = (delivery.c.connection == code, delivery.c.state == DeliveryState.SENT.value)
    return int(tx.execute(select(func.count()).where(*where)).scalar_one())
