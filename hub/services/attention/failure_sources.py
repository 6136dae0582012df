"""Where failures stand: failed runs, parked records, deliveries, lines without a source, late goods, held invoices.

Each source says, in one SELECT, which rows need a person and what a person reads of them. So causes are counted, and a
page is cut, where the rows are, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, String, and_, bindparam, case, cast, exists, func, literal, or_, true

from hub.model.state import DeliveryState, LineState, PurchaseState
from hub.services.attention.failure import FailureKind
from hub.services.trade.invoices import InvoiceState
from hub.store.allocations import CLOSED, STUCK
from hub.store.columns import UtcTime
from hub.store.parking import needs_a_person, waits_for_its_order
from hub.store.tables import allocation, delivery, invoice, parked_record, purchase, sales_order, sync_run
from hub.store.words import exact, minute

#: The cause of a line that its node was asked to give back, and has not.
ASKED_BACK: Final = "cancelled after sending"
#: The parameter of every source: the present moment.
NOW: ColumnElement[datetime] = bindparam("now", type_=UtcTime)


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that need a person: which, the number behind the letter of their ids, and what each says, by field.

    `column` is what `number` is read from, as the table keeps it.
    """

    kind: FailureKind
    rows: FromClause
    where: ColumnElement[bool]
    column: ColumnElement[Any]
    said: Mapping[str, ColumnElement[Any]]

    @property
    def id(self) -> ColumnElement[str]:
        """The id of a failure: its kind's letter and the number."""
        return literal(self.kind.value[0]) + cast(self.column, String)


def _text(*parts: ColumnElement[Any] | str) -> ColumnElement[str]:
    """Return a text made of columns and words."""
    words = (literal(part) if isinstance(part, str) else cast(part, String) for part in parts)
    return reduce(ColumnElement.concat, words)


def _or(column: ColumnElement[Any], words: str = "") -> ColumnElement[str]:
    """Return a text, or these words where there is none."""
    return func.coalesce(func.nullif(column, ""), words) if words else func.coalesce(column, "")


def _when(column: ColumnElement[Any], words: ColumnElement[str]) -> ColumnElement[str]:
    """Return these words where a column holds something, nothing elsewhere."""
    return case((_or(column) != "", words), else_="")


# --- records and runs ------------------------------------------------------------------------------------------------


def _record(where: ColumnElement[bool]) -> Source:
    row = parked_record.c
    waited = row.waits_until <= case((row.state == "open", NOW), else_=row.changed_at)
    in_vain = _text(row.error, "; it waited for it until ", minute(row.waits_until), " UTC")
    said = {
        "partner": row.connection,
        "document": row.document,
        "subject": _text("message ", row.message_id, ", ", row.record) + _when(row.field, _text(", ", row.field)),
        "error_class": row.error_class,
        "code": row.code,
        "error": case((waited, in_vain), else_=row.error),
        "todo": case((row.state == "open", row.todo), else_=_or(row.closed_why)),
        "since": case((waited, row.waits_until), else_=row.parked_at),
        "waits_until": case((and_(row.state == "open", row.waits_until > NOW), row.waits_until)),
    }
    return Source(FailureKind.RECORD, parked_record, where, row.id, said)


def _run(state: str) -> Source:
    row = sync_run.c
    said = {
        "partner": row.connection,
        "document": row.document,
        "subject": _text("run ", row.id, " of ", row.schedule),
        "error_class": _or(row.error_class),
        "code": _or(row.code),
        "error": _or(row.error),
        "todo": _or(row.closed_why if state == "closed" else row.todo),
        "since": row.started_at,
    }
    where = and_(row.state == state, row.error.is_not(None))
    return Source(FailureKind.RUN, sync_run, where, row.id, said)


# --- deliveries ------------------------------------------------------------------------------------------------------


def _delivery(where: ColumnElement[bool], **words: ColumnElement[Any]) -> Source:
    row = delivery.c
    said = {
        "partner": row.connection,
        "document": row.document,
        "subject": _text(row.kind, " ", row.key) + _when(row.order_id, _text(" for ", row.order_id)),
        "error_class": _or(row.error_class),
        "code": _or(row.code),
        "since": row.updated_at,
    }
    return Source(FailureKind.DELIVERY, delivery, where, row.id, {**said, **words})


def _in(state: DeliveryState) -> ColumnElement[bool]:
    return delivery.c.state == state.value


def _silent(state: DeliveryState) -> ColumnElement[bool]:
    # few owe an answer, and most that were ever sent do not: `|| ''` keeps the planner from the other indexes
    return and_(delivery.c.state.concat("") == state.value, delivery.c.answer_by < NOW)


def _deliveries() -> tuple[Source, ...]:
    row = delivery.c
    parked = _delivery(_in(DeliveryState.PARKED), error=_or(row.error, "parked"), todo=_or(row.todo))
    blocked = _delivery(
        _in(DeliveryState.BLOCKED),
        code=literal("blocked"),
        error=literal("waits behind an earlier document about the same thing that is parked"),
        todo=_text("rerun or close the parked one of ", row.entity),
    )
    in_doubt = _delivery(
        _silent(DeliveryState.UNKNOWN),
        code=literal("in doubt"),
        error=_text("nobody can tell whether ", row.key, " arrived"),
        todo=_text("ask ", row.connection, " whether it has it, then rerun or close"),
    )
    overdue = _delivery(
        _silent(DeliveryState.SENT),
        code=literal("overdue"),
        error=_text(row.connection, " has not answered ", row.key, " in the agreed hours"),
        todo=_text("ask ", row.connection, "; close it when they have it"),
        since=func.coalesce(row.sent_at, row.updated_at),
    )
    return parked, blocked, in_doubt, overdue


# --- lines -----------------------------------------------------------------------------------------------------------

_LACKS = allocation.c.state.in_([state.value for state in STUCK])
_NOT_GIVEN_BACK = and_(
    allocation.c.cancel_asked_at.is_not(None),
    or_(allocation.c.recall_by.is_(None), allocation.c.recall_by < NOW),
    allocation.c.state.in_([LineState.ALLOCATED.value, LineState.RELEASED.value, LineState.ACKNOWLEDGED.value]),
)
_CLOSED_LINE = and_(allocation.c.state == LineState.CANCELLED.value, allocation.c.reason.like(f"{CLOSED}%"))


def _line(where: ColumnElement[bool]) -> Source:
    row, order = allocation.c, sales_order.c
    asked = row.cancel_asked_at.is_not(None)
    todo = case(
        (asked, "ask the partner; close it when they have stopped it"),
        (row.sku != "", "it is tried again when stock comes; or `order reroute`, or close it and refund"),
        else_="give the product a SKU in the shop, or close it",
    )
    order_words = _text("order ", order.number, " (", order.id, ") line ", row.line_id, ", ")
    said = {
        "partner": order.channel,
        "document": literal("order"),
        "subject": order_words + exact(row.quantity) + _text(" of '", row.sku, "'"),
        "error_class": literal("Line"),
        "code": case((asked, ASKED_BACK), else_=row.state),
        "error": row.reason,
        "todo": todo,
        "since": func.coalesce(row.cancel_asked_at, row.stuck_since, row.updated_at),
    }
    rows = allocation.join(sales_order, order.id == row.order_id)
    return Source(FailureKind.LINE, rows, where, row.id, said)


# --- late goods and invoices -----------------------------------------------------------------------------------------

#: A document that its node should have acknowledged first, and has not, is late for that and not for its goods.
_NOT_SHIPPED = and_(
    or_(
        and_(purchase.c.state == PurchaseState.ISSUED.value, purchase.c.acknowledge_by.is_(None)),
        purchase.c.state.in_([PurchaseState.ACKNOWLEDGED.value, PurchaseState.PARTIALLY_SHIPPED.value]),
    ),
    purchase.c.ship_by < NOW,
)
#: One whose arrival is not confirmed stands as a delivery without an answer, and not here.
_NOT_ACKNOWLEDGED = and_(
    purchase.c.state == PurchaseState.ISSUED.value,
    purchase.c.acknowledge_by < NOW,
    exists().where(
        delivery.c.connection == purchase.c.partner,
        delivery.c.key == purchase.c.number,
        delivery.c.state == DeliveryState.CONFIRMED.value,
    ),
)


def _late(where: ColumnElement[bool], code: str, has_not: ColumnElement[str], todo: str, due: str) -> Source:
    row, order = purchase.c, sales_order.c
    said = {
        "partner": row.partner,
        "document": row.kind,
        "subject": _text(row.number, " for order ", order.number, " (", order.channel_order, ")"),
        "error_class": literal("Late"),
        "code": literal(code),
        "error": row.partner.concat(has_not),
        "todo": _text("ask ", row.partner, todo, "; close it to wait without a deadline"),
        "since": row[due],
    }
    rows = purchase.join(sales_order, order.id == row.order_id)
    return Source(FailureKind.LATE, rows, where, row.number, said)


def _late_ones() -> tuple[Source, ...]:
    goods = _text(" has not shipped all of it by ", minute(purchase.c.ship_by), " UTC")
    by = minute(purchase.c.acknowledge_by)
    answer = _text(" has it and has not said by ", by, " UTC what it will ship")
    return (
        _late(_NOT_SHIPPED, "not shipped", goods, " when it comes", "ship_by"),
        _late(_NOT_ACKNOWLEDGED, "not acknowledged", answer, "", "acknowledge_by"),
    )


def _bill(state: InvoiceState) -> Source:
    row = invoice.c
    approve = _text(" for a credit memo, or `invoice approve ", row.id, "`; close it to decline it")
    said = {
        "partner": row.partner,
        "document": literal("invoice"),
        "subject": _text("invoice ", row.invoice_number, " for ", _or(row.purchase_number)),
        "error_class": literal("Invoice"),
        "code": literal("differs"),
        "error": row.why,
        "todo": _text("ask ", row.partner) + approve,
        "since": row.created_at,
    }
    return Source(FailureKind.INVOICE, invoice, row.state == state.value, row.id, said)


#: What needs a person.
OPEN: tuple[Source, ...] = (
    _run("failed"),
    _record(needs_a_person(NOW)),
    *_deliveries(),
    _line(_LACKS),
    _line(_NOT_GIVEN_BACK),
    *_late_ones(),
    _bill(InvoiceState.HELD),
)
#: Documents, whatever has become of them.
DOCUMENTS: tuple[Source, ...] = (
    _delivery(true(), error=_text("it is ", delivery.c.state), todo=_or(delivery.c.closed_why)),
)
#: What needs nobody yet, and is found by its id all the same.
EARLY: tuple[Source, ...] = (_record(waits_for_its_order(NOW)),)
#: What a person closed, or a later success.
RESOLVED: tuple[Source, ...] = (
    _run("closed"),
    _record(parked_record.c.state != "open"),
    _delivery(_in(DeliveryState.CANCELLED), error=_or(delivery.c.error, "closed"), todo=_or(delivery.c.closed_why)),
    _line(_CLOSED_LINE),
    _bill(InvoiceState.REJECTED),
)
