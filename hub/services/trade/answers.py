"""What acknowledgements, shipments and invoices share: finding the document of ours that a partner speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.purchase import PurchaseLine
from hub.services.book import AWAITED, Book, total
from hub.services.desk import Source
from hub.store import purchases
from hub.store.allocations import Portion
from hub.store.purchases import PurchaseRow


class NamesALine(Protocol):
    """A line of a partner's document; it names ours by number or by SKU."""

    @property
    def line_number(self) -> int | None:
        """Our line number, where the partner repeats it."""
        ...

    @property
    def sku(self) -> str:
        """Our SKU or the partner's own."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """One of our documents that a partner answers, with its order in hand; the order is locked."""

    row: PurchaseRow
    book: Book

    def awaited(self, line: PurchaseLine) -> list[Portion]:
        """Return what of a line the node has still to ship; what is wanted no more comes last."""
        found = self.book.select(AWAITED, document=self.row.number, line_id=line.channel_line)
        return sorted(found, key=lambda portion: portion.cancel_asked_at is not None)


def find(tx: Connection, source: Source, number: str, record: str) -> Answered:
    """Return our document with this number and lock its order; BadRecord when this partner has no such document."""
    order_id = purchases.order_of(tx, number, source.connection)
    if order_id is None:
        raise BadRecord(
            f"{source.connection} answers {number}, and we never sent it a document with that number",
            record=record,
            field="order_number",
            todo="ask the partner which order it means, or correct the mapping of the order number",
            code="unknown document",
        )
    book = Book.open(tx, order_id)  # the lock comes first, so that the document is read as it is now
    row = purchases.get(tx, number)
    if row is None:
        raise LookupError(f"document {number} is gone")
    return Answered(row, book)


def line_of(answered: Answered, named: NamesALine, record: str) -> PurchaseLine:
    """Return the line of our document that the partner names; BadRecord when there is none or more than one."""
    lines = answered.row.doc.lines
    if named.line_number is not None:
        found = [line for line in lines if line.line_number == named.line_number]
        words = f"line {named.line_number}"
    else:
        found = [line for line in lines if named.sku and named.sku in (line.sku, line.supplier_sku)]
        words = f"SKU {named.sku!r}" if named.sku else "a line without number or SKU"
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{line.line_number} ({line.sku})" for line in lines)
    many = "several lines have it" if found else "it has no such line"
    raise BadRecord(
        f"{answered.row.number}: {words}: {many}; its lines are {known}",
        record=record,
        field="line_number" if named.line_number is not None else "sku",
        todo="ask the partner which line it means",
        code="unknown line",
    )


def take_back(
    answered: Answered, portions: Iterable[Portion], quantity: Decimal, reason: str, until: datetime | None = None
) -> Decimal:
    """Take a quantity back that the node will not ship, first what nobody wants any more; returns how much.

    The node is not asked for it again before `until`; never where no end is given.
    """
    taken = Decimal(0)
    book = answered.book
    for portion in sorted(portions, key=lambda each: each.cancel_asked_at is None):
        if taken >= quantity:
            break
        part = book.part(portion, min(quantity - taken, portion.row.quantity))
        taken += part.row.quantity
        book.give_back(part, reason, until)
    return taken


def remaining(answered: Answered, line: PurchaseLine) -> Decimal:
    """Return how much of a line the node has still to ship."""
    return total(answered.awaited(line))
