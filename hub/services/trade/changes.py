"""Changes: a node that can take them is told what we want less of, or elsewhere; its answer counts, and what it ships.

A change goes out behind its document, with the whole quantity that each changed line is to have. Until its answer is
due it needs no person. What the node gives up is taken back; what it refuses, ships or never answers about stays where
it is, and a person is asked. Nothing that a change has asked back is wanted again while nobody knows what became of it:
whoever wants more gets it from anywhere, or the same goods could be sent twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.partner import Agreement
from hub.model.purchase import LineChange, PurchaseChangeLine, PurchaseLine, PurchaseOrderChange
from hub.model.state import DeliveryState, LineState
from hub.services.book import AWAITED, GONE, Book, total
from hub.services.desk import Desk
from hub.services.trade.answers import Answered, take_back
from hub.store import deliveries, events, purchases
from hub.store.allocations import Portion
from hub.store.delivery_row import Delivery, NewDelivery
from hub.store.purchases import PurchaseRow

#: A change in one of these may be at the partner.
_LEFT = frozenset({DeliveryState.RUNNING, DeliveryState.UNKNOWN, DeliveryState.SENT, DeliveryState.CONFIRMED})
_SILENT = frozenset({LineState.ALLOCATED, LineState.RELEASED})


@dataclass(frozen=True, slots=True)
class Told:
    """The newest change that a node was told, or is to be told; without one it knows its document only."""

    delivery: Delivery | None
    number: int
    lines: Mapping[int, Decimal]  # line number -> the whole quantity that it was told last, over all changes

    @property
    def left(self) -> bool:
        """Whether it may be at the partner."""
        return self.delivery is not None and (self.delivery.state in _LEFT or self.delivery.doubt)


def told(tx: Connection, row: PurchaseRow) -> Told:
    """Return what a document's node was told by changes; withdrawn ones do not count."""
    found = deliveries.search(
        tx, connection=row.partner, entity=entity_of(row.number), kind=Kind.PURCHASE_ORDER_CHANGE, limit=1000
    )
    standing = [each for each in reversed(found) if each.state is not DeliveryState.CANCELLED]
    lines: dict[int, Decimal] = {}
    for each in standing:
        lines |= {int(line["line_number"]): Decimal(line["quantity"]) for line in each.doc["lines"]}
    return Told(standing[-1] if standing else None, len(found), lines)


def entity_of(number: str) -> str:
    """Return the entity under which the deliveries of one of our documents go in order."""
    return f"purchase:{number}"


# --- telling ---------------------------------------------------------------------------------------------------------


def tell(tx: Connection, desk: Desk, book: Book, now: datetime) -> None:
    """Tell the nodes of an order what has changed about their documents since they were told last."""
    for number in sorted(book.recalled | book.readdressed):
        row = purchases.get(tx, number)
        document = desk.directory.outbound(row.partner, Kind.PURCHASE_ORDER_CHANGE) if row else None
        if row is not None and document is not None:
            _tell(tx, desk, book, row, document, now)
    book.recalled.clear()
    book.readdressed.clear()


def may_want_again(tx: Connection, book: Book, portion: Portion, now: datetime) -> bool:
    """Tell whether a quantity that was asked back may simply be wanted again; a change that waits is withdrawn."""
    if portion.recall_by is None:
        return True
    row = purchases.get(tx, portion.row.document or "")
    if row is None or not drop(tx, row, "wanted again", now):
        return False
    for each in book.select(AWAITED, document=row.number):
        each.recall_by, each.changed = None, True
    book.recalled.add(row.number)  # what is still asked back of it is told anew
    return True


def drop(tx: Connection, row: PurchaseRow, why: str, now: datetime) -> bool:
    """Take the newest change back if it has certainly not left; false when it may have."""
    last = told(tx, row).delivery
    return last is None or deliveries.withdraw(tx, row.partner, last.key, why, now)


def _tell(tx: Connection, desk: Desk, book: Book, row: PurchaseRow, document: str, now: datetime) -> None:
    before = told(tx, row)
    if before.delivery is not None and not before.left:
        deliveries.withdraw(tx, row.partner, before.delivery.key, "a newer change says it all", now)
        before = told(tx, row)
    lines = tuple(_lines(book, row, before))
    moved = row.number in book.readdressed
    partner = desk.directory.partner(row.partner)
    if partner is None or not (lines or moved):
        return
    number = before.number + 1
    change = PurchaseOrderChange(
        number=row.number,
        change_number=number,
        node=row.node,
        supplier=row.partner,
        currency=partner.currency,
        changed_at=now,
        cancelled=bool(lines) and not _wanted(book, row),
        ship_to=book.order.doc.ship_to if moved else None,
        service=book.order.doc.service if moved else "",
        ship_by=row.ship_by,
        reason=_words(lines, moved=moved),
        lines=lines,
    )
    _send(tx, book, row, document, change, now)
    _await_answer(book, row, number, _answer_by(partner.agreement, row, now))


def _words(lines: tuple[PurchaseChangeLine, ...], *, moved: bool) -> str:
    return "; ".join([*(["quantities"] if lines else []), *(["address or service"] if moved else [])])


def _lines(book: Book, row: PurchaseRow, before: Told) -> Iterator[PurchaseChangeLine]:
    """Yield the lines that are to have another quantity than the node knows of; what has left stays."""
    for line in row.doc.lines:
        here = book.select(AWAITED | GONE, document=row.number, line_id=line.channel_line)
        wanted = total(each for each in here if each.cancel_asked_at is None or each.row.state in GONE)
        known = min(before.lines.get(line.line_number, total(here)), total(here))
        if wanted != known:
            yield _line(line, wanted, known)


def _line(line: PurchaseLine, wanted: Decimal, known: Decimal) -> PurchaseChangeLine:
    return PurchaseChangeLine(
        line_number=line.line_number,
        sku=line.sku,
        supplier_sku=line.supplier_sku,
        name=line.name,
        change=LineChange.CHANGE if wanted else LineChange.CANCEL,
        quantity=wanted,
        previous=known,
        unit_cost=line.unit_cost,
    )


def _wanted(book: Book, row: PurchaseRow) -> Decimal:
    here = book.select(AWAITED | GONE, document=row.number)
    return total(each for each in here if each.cancel_asked_at is None or each.row.state in GONE)


def _send(
    tx: Connection, book: Book, row: PurchaseRow, document: str, change: PurchaseOrderChange, now: datetime
) -> None:
    new = NewDelivery(
        connection=row.partner,
        document=document,
        kind=Kind.PURCHASE_ORDER_CHANGE,
        entity=entity_of(row.number),
        key=f"{row.number}-C{change.change_number}",
        record=change,
        order_id=row.order_id,
        order_placed_at=book.order.doc.placed_at,
    )
    deliveries.enqueue(tx, new, now)
    detail = {"document": row.number, "change": change.change_number, "what": change.reason}
    events.record(tx, "document.changed", row.order_id, now, detail=detail)


def _answer_by(agreement: Agreement, row: PurchaseRow, now: datetime) -> datetime:
    """Return until when the node has to say what becomes of it: its answer, or what it ships."""
    if agreement.acknowledges:
        return now + timedelta(hours=agreement.acknowledge_hours)
    return max(row.ship_by or now, now + timedelta(hours=agreement.acknowledge_hours))


def _await_answer(book: Book, row: PurchaseRow, number: int, until: datetime) -> None:
    for portion in book.select(AWAITED, document=row.number):
        if portion.cancel_asked_at is not None:
            words = portion.row.reason.partition(";")[0]
            portion.row = portion.row.changed(reason=f"{words}; change {number} asks {row.partner} to stop it")
            portion.recall_by, portion.changed = until, True


# --- the answer ------------------------------------------------------------------------------------------------------


def pending(tx: Connection, answered: Answered) -> Told | None:
    """Return the change of a document whose answer is awaited; None when there is none at the partner."""
    asked = any(each.recall_by is not None for each in answered.book.select(AWAITED, document=answered.row.number))
    before = told(tx, answered.row) if asked else None
    return before if before is not None and before.left else None


def is_meant(answered: Answered, change: Told, change_number: str) -> bool:
    """Tell whether an answer is to the pending change: it says so, or everything was answered for before.

    One that says the number of an earlier change is to that.
    """
    if change_number.isascii() and change_number.isdigit():
        return int(change_number) >= change.number
    return bool(change_number) or not answered.book.select(_SILENT, document=answered.row.number)


def settle(tx: Connection, answered: Answered, change: Told, *, meant: bool, now: datetime) -> None:
    """Close a pending change after its answer was applied: what was not given up, the node has refused to stop."""
    book, row = answered.book, answered.row
    kept = [each for each in book.select(AWAITED, document=row.number) if each.cancel_asked_at is not None]
    if kept and not meant:
        return
    for portion in kept:
        words = portion.row.reason.partition(";")[0]
        portion.row = portion.row.changed(reason=f"{words}; {row.partner} does not stop it")
        portion.recall_by, portion.changed = None, True
    if change.delivery is not None:
        deliveries.confirm(tx, row.partner, change.delivery.key, None, now)
    name = "change.refused" if kept else "change.accepted"
    events.record(tx, name, row.order_id, now, actor=row.partner, detail={"document": row.number})


def shipped(tx: Connection, desk: Desk, answered: Answered, now: datetime) -> None:
    """Settle a change by what the node has shipped.

    With everything shipped there is nothing left to change. A node that never answers has given up what it was told to
    stop, as soon as it has shipped all that it was told to ship.
    """
    book, row = answered.book, answered.row
    change = pending(tx, answered)
    partner = desk.directory.partner(row.partner)
    if change is not None and partner is not None and not partner.agreement.acknowledges:
        for line in row.doc.lines:
            left = total(book.select(GONE, document=row.number, line_id=line.channel_line))
            if line.line_number in change.lines and left >= change.lines[line.line_number]:
                _give_up(answered, line)
    if not book.select(AWAITED, document=row.number):
        last = told(tx, row).delivery
        if last is not None and not deliveries.withdraw(tx, row.partner, last.key, "everything has been shipped", now):
            deliveries.confirm(tx, row.partner, last.key, None, now)


def taken(tx: Connection, desk: Desk, delivery: Delivery, now: datetime) -> Answered | None:
    """Take back what a change asked for when the reply to it is all that its partner ever says; None when it is not."""
    row = purchases.get(tx, delivery.doc["number"])
    partner = desk.directory.partner(delivery.connection)
    if row is None or partner is None or partner.agreement.acknowledges:
        return None
    answered = Answered(row, Book.open(tx, row.order_id))
    for line in row.doc.lines:
        _give_up(answered, line)
    answered.book.save(tx, now)
    return answered


def _give_up(answered: Answered, line: PurchaseLine) -> None:
    asked = [each for each in answered.awaited(line) if each.recall_by is not None]
    take_back(answered, asked, total(asked), f"{answered.row.partner} stopped it")
