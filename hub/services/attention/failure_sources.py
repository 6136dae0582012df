"""Where failures are found: failed runs, parked records, deliveries, lines without a source, late goods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.number import plain
from hub.model.state import DeliveryState
from hub.services.attention.failure import Concerned, Failure, FailureKind, Filters
from hub.store import allocations, deliveries, messages, purchases, runs
from hub.store.allocations import StuckLine
from hub.store.delivery_row import Delivery
from hub.store.messages import ParkedRecord
from hub.store.purchases import PurchaseRow

#: The cause of a line that its node was asked to give back, and has not.
ASKED_BACK = "cancelled after sending"
_MOST = 10_000
_HAS_LINES = frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER, Kind.FULFILMENT})


class _Of(TypedDict):
    """Whose documents are looked at, and how many: another partner's thousands hide nobody's."""

    connection: str | None
    limit: int


def _records(tx: Connection, _now: datetime, filters: Filters) -> Iterator[Failure]:
    if filters.closed:
        yield from map(_record, messages.done_with(tx, limit=_MOST))
        return
    found = messages.parked(tx, connection=filters.partner, document=filters.document, limit=_MOST)
    yield from map(_record, found)


def record(tx: Connection, number: int) -> Failure | None:
    """Return a parked record as a failure whatever has become of it, or None."""
    found = messages.parked(tx, state=None, ids=[number])
    return _record(found[0]) if found else None


def _record(row: ParkedRecord) -> Failure:
    return Failure(
        id=f"r{row.id}",
        kind=FailureKind.RECORD,
        partner=row.connection,
        document=row.document,
        subject=f"message {row.message_id}, {row.record}" + (f", {row.field}" if row.field else ""),
        error_class=row.error_class,
        code=row.code,
        error=row.error,
        todo=row.todo if row.state == "open" else row.closed_why or "",
        since=row.parked_at,
        lines=(Concerned(row.connection, row.known["order_id"]),) if "order_id" in row.known else (),
    )


def _runs(tx: Connection, _now: datetime, filters: Filters) -> Iterator[Failure]:
    for row in runs.failed(tx, closed=filters.closed, limit=_MOST):
        yield Failure(
            id=f"s{row['id']}",
            kind=FailureKind.RUN,
            partner=row["connection"],
            document=row["document"],
            subject=f"run {row['id']} of {row['schedule']}",
            error_class=row["error_class"] or "",
            code=row["code"] or "",
            error=row["error"] or "",
            todo=(row["closed_why"] if filters.closed else row["todo"]) or "",
            since=row["started_at"],
        )


# --- deliveries ------------------------------------------------------------------------------------------------------


def _deliveries(tx: Connection, now: datetime, filters: Filters) -> Iterator[Failure]:
    of: _Of = {"connection": filters.partner, "limit": _MOST}
    if filters.closed:
        cancelled = deliveries.search(tx, states={DeliveryState.CANCELLED}, **of)
        yield from (_delivery(row, row.error or "closed", row.closed_why or "") for row in cancelled)
        return
    for row in deliveries.search(tx, states={DeliveryState.PARKED}, **of):
        yield _delivery(row, row.error or "parked", row.todo or "")
    for row in deliveries.search(tx, states={DeliveryState.BLOCKED}, **of):
        words = "waits behind an earlier document of the same kind that is parked"
        yield _delivery(row, words, f"rerun or close the parked one of {row.entity}", code="blocked")
    for row in deliveries.overdue(tx, now, limit=_MOST):
        yield _silence(row)


def document(tx: Connection, number: int) -> Failure | None:
    """Return a delivery as a failure whatever has become of it, or None."""
    try:
        row = deliveries.get(tx, number)
    except LookupError:
        return None
    return _delivery(row, f"it is {row.state.value}", row.closed_why or "")


def _silence(row: Delivery) -> Failure:
    if row.state is DeliveryState.UNKNOWN:
        words = f"nobody can tell whether {row.key} arrived"
        return _delivery(row, words, f"ask {row.connection} whether it has it, then rerun or close", code="in doubt")
    words = f"{row.connection} has not answered {row.key} in the agreed hours"
    return _delivery(row, words, f"ask {row.connection}; close it when they have it", code="overdue")


def _delivery(row: Delivery, error: str, todo: str, code: str = "") -> Failure:
    return Failure(
        id=f"d{row.id}",
        kind=FailureKind.DELIVERY,
        partner=row.connection,
        document=row.document,
        subject=f"{row.kind.value} {row.key}" + (f" for {row.order_id}" if row.order_id else ""),
        error_class=row.error_class or "",
        code=code or row.code or "",
        error=error,
        todo=todo,
        since=row.sent_at if code == "overdue" and row.sent_at else row.updated_at,
        lines=_lines_of(row),
    )


def _lines_of(row: Delivery) -> tuple[Concerned, ...]:
    """Return the customer's lines in a document; one that was sent and not answered keeps nothing back."""
    if row.kind not in _HAS_LINES or row.state is DeliveryState.SENT or row.key not in _own_names(row):
        return ()
    channel = row.doc.get("channel") or row.connection
    return tuple(
        Concerned(channel, row.doc["channel_order"], line["channel_line"], Decimal(line["quantity"]))
        for line in row.doc["lines"]
    )


def _own_names(row: Delivery) -> tuple[object, ...]:
    """Return the key that the document itself goes under; what only tells our books of it has another one."""
    return row.doc.get("number"), row.doc.get("fulfilment_id")


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(tx: Connection, now: datetime, filters: Filters) -> Iterator[Failure]:
    yield from (_line(row) for row in allocations.stuck(tx, now, closed=filters.closed))


def _line(stuck: StuckLine) -> Failure:
    portion, row = stuck.portion, stuck.portion.row
    asked = portion.cancel_asked_at is not None
    if asked:
        todo = "ask the partner; close it when they have stopped it"
    elif row.sku:
        todo = "it is tried again when stock comes; or `order reroute`, or close it and refund"
    else:
        todo = "give the product a SKU in the shop, or close it"
    return Failure(
        id=f"l{portion.id}",
        kind=FailureKind.LINE,
        partner=stuck.channel,
        document="order",
        subject=f"order {stuck.number} ({stuck.order_id}) line {row.line_id}, {plain(row.quantity)} of {row.sku!r}",
        error_class="Line",
        code=ASKED_BACK if asked else row.state.value,
        error=row.reason,
        todo=todo,
        since=stuck.since,
        lines=(Concerned(stuck.channel, stuck.channel_order, row.line_id, row.quantity),),
    )


def _late(tx: Connection, now: datetime, filters: Filters) -> Iterator[Failure]:
    if filters.closed:
        return
    for owed in purchases.late(tx, now):
        row = owed[0]
        words = f"has not shipped all of it by {row.ship_by:%Y-%m-%d %H:%M} UTC"
        yield _owed(owed, "not shipped", words, f"ask {row.partner} when it comes", row.ship_by)
    for owed in purchases.unanswered(tx, now):
        row = owed[0]
        words = f"has it and has not said by {row.acknowledge_by:%Y-%m-%d %H:%M} UTC what it will ship"
        yield _owed(owed, "not acknowledged", words, f"ask {row.partner}", row.acknowledge_by)


def _owed(owed: tuple[PurchaseRow, str, str], code: str, words: str, todo: str, since: datetime | None) -> Failure:
    row, channel_order, number = owed
    return Failure(
        id=f"p{row.number}",
        kind=FailureKind.LATE,
        partner=row.partner,
        document=row.kind.value,
        subject=f"{row.number} for order {number} ({channel_order})",
        error_class="Late",
        code=code,
        error=f"{row.partner} {words}",
        todo=f"{todo}; close it to wait without a deadline",
        since=since or row.created_at,
    )


def _held(tx: Connection, _now: datetime, filters: Filters) -> Iterator[Failure]:
    for row in purchases.invoices_in(tx, {"rejected" if filters.closed else "held"}, limit=_MOST):
        yield Failure(
            id=f"i{row.id}",
            kind=FailureKind.INVOICE,
            partner=row.partner,
            document="invoice",
            subject=f"invoice {row.invoice_number} for {row.purchase_number}",
            error_class="Invoice",
            code="differs",
            error=row.why,
            todo=f"ask {row.partner} for a credit memo, or `invoice approve {row.id}`; close it to decline it",
            since=row.created_at,
        )


#: Where each kind of failure is found.
SOURCES: Mapping[FailureKind, Callable[[Connection, datetime, Filters], Iterator[Failure]]] = {
    FailureKind.RUN: _runs,
    FailureKind.RECORD: _records,
    FailureKind.DELIVERY: _deliveries,
    FailureKind.LINE: _lines,
    FailureKind.LATE: _late,
    FailureKind.INVOICE: _held,
}
