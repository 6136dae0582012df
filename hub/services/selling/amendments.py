"""A customer's change of an order that it sent before: applied to the order, then settled as any version of it.

The same change again changes nothing. An older one never wins: neither one whose number is lower than the last, nor one
that was written before the order's newest version. One that comes before its order is held until the order comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.number import plain
from hub.model.order import OrderLine, SalesOrder
from hub.model.order_change import SalesOrderChange, SalesOrderChangeLine
from hub.model.purchase import LineChange
from hub.services.desk import Desk, Source
from hub.services.selling import early
from hub.services.selling import orders as taking
from hub.store import events, order_changes, orders
from hub.store.orders import OrderRow

#: A version that comes of a change is newer than the one that it changes, whatever the customer's clock says.
_LATER = timedelta(seconds=1)


def apply(tx: Connection, desk: Desk, source: Source, change: SalesOrderChange) -> bool:
    """Take a change over; true when it changed anything. BadRecord when it does not fit the order."""
    record = f"change {change.change_number} of order {change.order_id}"
    row = _order(tx, source, change, record)
    known = order_changes.known(tx, source.connection, row.id)
    content = hashlib.sha256(change.model_dump_json().encode()).hexdigest()[:32]
    if change.change_number in known:
        return _again(known[change.change_number] == content, record)
    order_changes.keep(tx, source.connection, row.id, change.change_number, content)
    if _is_older(change, row.doc, known):
        return False
    version = _changed(row.doc, change, record)
    detail = {"change": change.change_number, "reason": change.reason}
    events.record(tx, "order.changed_by_customer", row.id, desk.clock.now(), actor=source.connection, detail=detail)
    return taking.apply(tx, desk, source, version)


def _order(tx: Connection, source: Source, change: SalesOrderChange, record: str) -> OrderRow:
    row = orders.of_channel(tx, source.connection, [change.order_id], lock=True).get(change.order_id)
    if row is None or change.channel != source.connection:
        raise BadRecord(
            f"{source.connection} changes order {change.order_id}, and we have no such order of it",
            record=record,
            field="order_id",
            todo="it is applied by itself when the order comes; otherwise ask the customer which order it means",
            code=early.CODE,
            known={"order_id": change.order_id},
        )
    return row


def _again(same: bool, record: str) -> bool:  # noqa: FBT001 - the answer to the one question asked
    if same:
        return False
    raise BadRecord(
        f"{record} came before with other content",
        record=record,
        field="change_number",
        todo="ask the customer which one is right; a further change needs a number of its own",
        code="change number used twice",
    )


def _is_older(change: SalesOrderChange, order: SalesOrder, known: Iterable[str]) -> bool:
    number = _whole(change.change_number)
    later = [each for each in map(_whole, known) if each is not None and number is not None and each > number]
    return bool(later) or change.changed_at.date() < order.updated_at.date()


def _whole(number: str) -> int | None:
    return int(number) if number.isascii() and number.isdigit() else None


def _changed(order: SalesOrder, change: SalesOrderChange, record: str) -> SalesOrder:
    """Return the order as the customer wants it now."""
    fields: dict[str, Any] = {
        name: value for name in ("ship_to", "promise_by", "service") if (value := getattr(change, name))
    }
    lines = {line.line_id: line for line in order.lines}
    for each in change.lines:
        lines[each.line_id] = _line(lines.get(each.line_id), each, record)
    return order.changed(
        **fields,
        lines=tuple(lines.values()),
        cancelled=order.cancelled or change.cancelled,
        updated_at=max(change.changed_at, order.updated_at + _LATER),
    )


def _line(known: OrderLine | None, said: SalesOrderChangeLine, record: str) -> OrderLine:
    if known is None:
        return _added(said, record)
    quantity = _quantity(known.quantity, said, record)
    news: dict[str, Any] = {"quantity": quantity}
    news |= {name: value for name in ("sku", "name") if (value := getattr(said, name))}
    return known.changed(**news, price=known.price if said.price is None else said.price)


def _added(said: SalesOrderChangeLine, record: str) -> OrderLine:
    if said.change is LineChange.ADD and said.sku:
        quantity = _quantity(Decimal(0), said, record)
        price = said.price or Decimal(0)
        return OrderLine(line_id=said.line_id, sku=said.sku, name=said.name, quantity=quantity, price=price)
    missing = "names no SKU of ours" if said.change is LineChange.ADD else "is not in the order"
    raise BadRecord(
        f"{record}: line {said.line_id} {missing}",
        record=record,
        field="line_id",
        todo="ask the customer which line it means",
        code="unknown line",
    )


def _quantity(before: Decimal, said: SalesOrderChangeLine, record: str) -> Decimal:
    if said.change is LineChange.CANCEL:
        return Decimal(0)
    quantity = before + (said.difference or 0) if said.quantity is None else said.quantity
    if quantity >= 0:
        return quantity
    raise BadRecord(
        f"{record}: line {said.line_id} is to become {plain(quantity)}; it was {plain(before)}",
        record=record,
        field="difference",
        todo="ask the customer how many it wants",
        code="fewer than none",
    )
