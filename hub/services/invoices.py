"""Invoices: kept whole and tied to our document; matching them to the last cent comes later."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.purchase import Invoice
from hub.services import answers, purchasing
from hub.services.desk import Desk, Source
from hub.store import purchases


def apply(tx: Connection, desk: Desk, source: Source, document: Invoice) -> bool:
    """Keep a supplier's invoice or credit memo; true when it was new."""
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
    purchases.keep_invoice(tx, source.connection, document, now)
    purchasing.roll_up(tx, answered.book, answered.row, now)
    return True
