"""Suppliers' invoices: matched with the order and with what was shipped, approved or held for a person, then booked.

One that only came before its goods waits for them, and is matched again with each shipment. What is approved is booked
as a bill, once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.purchase import Invoice, InvoiceLine
from hub.services import matching
from hub.services.book import GONE, Book, total
from hub.services.desk import Desk, Source
from hub.services.matching import NOTHING, Facts
from hub.services.requests import Refused
from hub.services.trade import accounts, answers, purchasing
from hub.services.trade.answers import Answered
from hub.store import events, purchases
from hub.store.purchases import InvoiceRow


class InvoiceState(StrEnum):
    """Where an invoice stands."""

    WAITING = "waiting"  # for its goods
    HELD = "held"  # for a person
    APPROVED = "approved"
    REJECTED = "rejected"


_OPEN = frozenset({InvoiceState.WAITING, InvoiceState.HELD})


@dataclass(frozen=True, slots=True)
class _Found:
    """An invoice with the document that it is for."""

    row: InvoiceRow
    answered: Answered


def apply(tx: Connection, desk: Desk, source: Source, document: Invoice) -> bool:
    """Keep a supplier's invoice or credit memo and match it; true when it was new."""
    now = desk.clock.now()
    record = f"invoice {document.invoice_number}"
    answered = answers.find(tx, source, document.order_number, record)
    known = purchases.invoice_of(tx, source.connection, document.invoice_number)
    if known == document:
        return False
    if known is not None:
        raise BadRecord(
            f"{record} came before with other content",
            record=record,
            field="invoice_number",
            todo="ask the partner which one is right; a correction needs a number of its own",
            code="invoice number used twice",
        )
    row = purchases.keep_invoice(tx, source.connection, document, InvoiceState.WAITING, now)
    _match(tx, desk, _Found(row, answered))
    purchasing.roll_up(tx, answered.book, answered.row, now)
    return True


def match_again(tx: Connection, desk: Desk, answered: Answered) -> None:
    """Match what waits of a document once more: more of it has left, or something was decided."""
    for row in purchases.invoices_of(tx, [answered.row.number]):
        if row.state in _OPEN:
            _match(tx, desk, _Found(row, answered))


def rerun(tx: Connection, desk: Desk, number: int) -> str:
    """Match an open invoice again at a person's word; returns what came of it."""
    found = _open(tx, number)
    state = _match(tx, desk, found)
    return f"matched again: {state}"


def approve(tx: Connection, desk: Desk, number: int, why: str, actor: str) -> None:
    """Approve an open invoice as it is, at a person's word, and book it."""
    if not why.strip():
        raise Refused("approving an invoice needs a reason; it is kept with it")
    found = _open(tx, number)
    _approve(tx, desk, found, f"{actor}: {why}")
    _note(tx, desk, found, "invoice.approved", {"why": why}, actor)


def reject(tx: Connection, desk: Desk, number: int, why: str, actor: str) -> None:
    """Decline an open invoice for a reason; it is never booked, and counts as not billed."""
    found = _open(tx, number)
    purchases.judge_invoice(tx, found.row.id, InvoiceState.REJECTED, f"{actor}: {why}")
    _note(tx, desk, found, "invoice.rejected", {"why": why}, actor)
    match_again(tx, desk, found.answered)


def _open(tx: Connection, number: int) -> _Found:
    row = purchases.invoice(tx, number)
    if row is None or row.state not in _OPEN:
        raise Refused(f"there is no open invoice {number}" + (f"; it is {row.state}" if row else ""))
    purchase = purchases.get(tx, row.purchase_number)
    if purchase is None:
        raise LookupError(f"document {row.purchase_number} is gone")
    return _Found(row, Answered(purchase, Book.open(tx, purchase.order_id)))


def _match(tx: Connection, desk: Desk, found: _Found) -> str:
    """Match, and write down what was found; returns the state and why."""
    result = matching.match(found.row.doc, _facts(tx, desk, found), desk.tolerances)
    if not result.differences and not result.waits:
        _approve(tx, desk, found, "")
        return InvoiceState.APPROVED.value
    state = InvoiceState.HELD if result.differences else InvoiceState.WAITING
    why = "; ".join([*result.differences, *result.waits])
    if (state, why) != (found.row.state, found.row.why):
        purchases.judge_invoice(tx, found.row.id, state, why)
        if state is InvoiceState.HELD:
            _note(tx, desk, found, "invoice.held", {"why": why})
    return f"{state.value}: {why}"


def _facts(tx: Connection, desk: Desk, found: _Found) -> Facts:
    book, purchase = found.answered.book, found.answered.row
    shipped = {
        line.line_number: total(book.select(GONE, document=purchase.number, line_id=line.channel_line))
        for line in purchase.doc.lines
    }
    partner = desk.directory.partner(purchase.partner)
    currency = getattr(purchase.doc, "currency", None) or (partner.currency if partner else desk.currency)
    return Facts(purchase.doc, currency, shipped, _billed(tx, found))


def _billed(tx: Connection, found: _Found) -> Mapping[int, Decimal]:
    """Return what other invoices have billed of each line: the approved ones, and of the open ones the older."""
    sums: dict[int, Decimal] = {}
    order = found.answered.row.doc
    for row in purchases.invoices_of(tx, [order.number]):
        counts = row.state == InvoiceState.APPROVED or (row.state in _OPEN and row.id < found.row.id)
        for said in row.doc.lines if counts and row.id != found.row.id else ():
            line = matching.line_of(order, said)
            if line is not None:
                signed = -said.quantity if row.doc.credit else said.quantity
                sums[line.line_number] = sums.get(line.line_number, NOTHING) + signed
    return sums


def _approve(tx: Connection, desk: Desk, found: _Found, why: str) -> None:
    now, answered = desk.clock.now(), found.answered
    purchases.judge_invoice(tx, found.row.id, InvoiceState.APPROVED, why)
    accounts.book_bill(tx, desk, answered, _in_our_words(found), now)


def _in_our_words(found: _Found) -> Invoice:
    """Return the invoice with our numbers and SKUs on its lines."""
    lines = tuple(_ours(found, said) for said in found.row.doc.lines)
    return found.row.doc.changed(lines=lines)


def _ours(found: _Found, said: InvoiceLine) -> InvoiceLine:
    line = matching.line_of(found.answered.row.doc, said)
    return said if line is None else said.changed(line_number=line.line_number, sku=line.sku)


def _note(tx: Connection, desk: Desk, found: _Found, name: str, detail: Mapping[str, Any], actor: str = "hub") -> None:
    told = {"invoice": found.row.doc.invoice_number, "document": found.row.purchase_number, **detail}
    events.record(tx, name, found.answered.row.order_id, desk.clock.now(), actor=actor, detail=told)
