"""Acknowledgements: what a partner will ship is acknowledged, what it will not is routed elsewhere at once.

The quantity that a line keeps here is counted together with what has left already, so the same answer again, or one
that comes after the goods, changes nothing. A backorder with a date that the order can wait for stays where it is; one
without a date, or too late, counts as a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.number import plain
from hub.model.purchase import Acknowledgement, AcknowledgementLine, Outcome, PurchaseLine
from hub.model.state import LineState, PurchaseState
from hub.services.book import GONE, NOTHING, total
from hub.services.desk import Desk, Source
from hub.services.sourcing import routing, workflows
from hub.services.telling import channel_word, customer
from hub.services.trade import accounts, answers, changes, purchasing
from hub.services.trade.answers import Answered
from hub.services.trade.changes import Told
from hub.store import deliveries, events

_STOPPED = "stopped it"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a line keeps at the node, and the partner's words about it."""

    keeps: Decimal
    note: str = ""
    refusal: str = ""
    promised: datetime | None = None


def apply(tx: Connection, desk: Desk, source: Source, document: Acknowledgement) -> bool:
    """Take a partner's answer to one of our documents over; true when it changed anything."""
    now = desk.clock.now()
    record = f"acknowledgement of {document.order_number}"
    # first, so that it waits for a runner that is just noting the sending
    news = deliveries.confirm(tx, source.connection, document.order_number, document.reference or None, now)
    answered = answers.find(tx, source, document.order_number, record)
    change = changes.pending(tx, answered)
    meant = change is not None and changes.is_meant(answered, change, document.change_number)
    if change is not None and meant:
        given = _of_change(answered, document, change, record)
    else:
        given = (_of_no_change if document.change_number else _answers)(answered, document, record)
    until = workflows.excluded_until(desk, answered.book, now)
    answered.book.arrived(document.order_number, now)
    if answered.row.state is PurchaseState.ISSUED:
        detail = {"document": answered.row.number, "partner": answered.row.partner}
        events.record(tx, "document.acknowledged", answered.row.order_id, now, detail=detail)
    for line in answered.row.doc.lines:
        if line.line_number in given:
            _settle(answered, line, given[line.line_number], until)
    if change is not None:
        changes.settle(tx, answered, change, meant=meant, now=now)
    accounts.book_purchase(tx, desk, answered.row, answered.book, now)
    routing.route_book(tx, desk, answered.book, now)
    purchasing.roll_up(tx, answered.book, answered.row, now)
    channel_word.promise(tx, desk, [answered.book], now)
    changed = answered.book.save(tx, now)
    customer.acknowledge(tx, desk, answered.book, now)
    return changed or news


def _answers(answered: Answered, document: Acknowledgement, record: str) -> Mapping[int, _Answer]:
    """Return the answer for each of our lines that the document speaks of, by line number."""
    if not document.lines:
        return _whole(answered, document, record)
    spoken = _spoken(answered, document, record)
    return {number: _answer(answered, line, said, record) for number, (line, said) in spoken.items()}


def _spoken(
    answered: Answered, document: Acknowledgement, record: str
) -> Mapping[int, tuple[PurchaseLine, list[AcknowledgementLine]]]:
    """Return what is said of each of our lines, by line number."""
    spoken: dict[int, tuple[PurchaseLine, list[AcknowledgementLine]]] = {}
    for said in document.lines:
        line = answers.line_of(answered, said, record)
        spoken.setdefault(line.line_number, (line, []))[1].append(said)
    return spoken


def _whole(answered: Answered, document: Acknowledgement, record: str) -> Mapping[int, _Answer]:
    if document.outcome is None:
        raise BadRecord(
            f"{document.order_number}: the answer is for no line and not for the whole document either",
            record=record,
            field="outcome",
            todo="map the partner's field that says accepted or rejected",
            code="no answer",
        )
    said = AcknowledgementLine(outcome=document.outcome, reason=document.reason)
    return {line.line_number: _answer(answered, line, [said], record) for line in answered.row.doc.lines}


def _of_change(answered: Answered, document: Acknowledgement, change: Told, record: str) -> Mapping[int, _Answer]:
    """Return what an answer to a change says: a line that it refuses stays as it was, and never counts as refused.

    What it accepts without a quantity becomes what it was told. "Rejected" for a line that was told to stop: an answer
    that names the change speaks of the change, and goes on shipping; one that does not speaks of the line, and stops.
    """
    if not document.lines:
        refused = document.outcome is Outcome.REJECTED
        return {} if refused else {number: _Answer(told, refusal=_STOPPED) for number, told in change.lines.items()}
    found = {}
    for number, (line, said) in _spoken(answered, document, record).items():
        told = change.lines.get(number)
        refused = _refuses(said)
        if refused and (told or document.change_number):
            continue  # it does not do it
        if told is not None and (refused or said[0].quantity is None):
            found[number] = _Answer(told, refusal=_STOPPED)
        else:
            found[number] = _answer(answered, line, said, record)
    return found


def _of_no_change(answered: Answered, document: Acknowledgement, record: str) -> Mapping[int, _Answer]:
    """Return what an answer to an earlier change, or to one that is settled, still says: how much of a line it ships.

    That it does not do what nobody asks for any more is no refusal of the goods.
    """
    spoken = _spoken(answered, document, record)
    return {
        number: _answer(answered, line, said, record) for number, (line, said) in spoken.items() if not _refuses(said)
    }


def _refuses(said: list[AcknowledgementLine]) -> bool:
    return all(each.outcome is Outcome.REJECTED for each in said)


def _answer(answered: Answered, line: PurchaseLine, said: list[AcknowledgementLine], record: str) -> _Answer:
    """Add up what several answers say about one line, such as 3 accepted and 2 backordered."""
    keeps, reasons, notes = NOTHING, [], []
    days = [each.promised for each in said if each.promised is not None and _will_ship(answered, each)]
    for each in said:
        if not _will_ship(answered, each):
            reasons.append(each.reason or _refusal(each))
            continue
        keeps += line.quantity if each.quantity is None else each.quantity
        if each.promised is not None and each.outcome is Outcome.BACKORDERED:
            notes.append(f"promised for {each.promised:%Y-%m-%d}")
    if keeps > line.quantity:
        raise BadRecord(
            f"{answered.row.number} line {line.line_number}: {plain(keeps)} acknowledged, "
            f"and {plain(line.quantity)} were ordered",
            record=record,
            field="quantity",
            todo="ask the partner; perhaps the unit is another one",
            code="more than ordered",
        )
    refusal = "; ".join(reasons) or f"only {plain(keeps)} of {plain(line.quantity)} confirmed"
    return _Answer(keeps, "; ".join(notes), refusal, max(days, default=None))


def _will_ship(answered: Answered, said: AcknowledgementLine) -> bool:
    if said.outcome is Outcome.REJECTED:
        return False
    if said.outcome is not Outcome.BACKORDERED:
        return True
    promise = answered.book.order.doc.promise_by
    return said.promised is not None and (promise is None or said.promised <= promise)


def _refusal(said: AcknowledgementLine) -> str:
    if said.outcome is Outcome.REJECTED:
        return "rejected"
    return "backordered without a date" if said.promised is None else f"not before {said.promised:%Y-%m-%d}"


def _settle(answered: Answered, line: PurchaseLine, answer: _Answer, until: datetime | None) -> None:
    """Acknowledge what the line keeps here and take the rest back."""
    book, number = answered.book, answered.row.number
    left = total(book.select(GONE, document=number, line_id=line.channel_line))
    excess = answers.remaining(answered, line) - max(NOTHING, answer.keeps - left)
    if excess > 0:
        words = f"{answered.row.partner}: {answer.refusal}"
        answers.take_back(answered, answered.awaited(line), excess, words, until)
    for portion in book.select({LineState.RELEASED}, document=number, line_id=line.channel_line):
        reason = portion.row.reason if portion.cancel_asked_at else answer.note
        promised = answer.promised or portion.row.promised_at
        book.move(portion, LineState.ACKNOWLEDGED, reason=reason, promised_at=promised)
