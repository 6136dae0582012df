"""A customer's change of an order that it sent before: applied to the order, then settled as any version of it.

The same change again changes nothing. An older one never wins: neither one whose number is lower than the last, nor one
that was written before the order's newest version. One that comes before its order is held until the order comes. The
cancellation of an order that came as one for each place (`4711@12`) is of each of them.
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

#: A version that comes of a change is newer than the one that it changes, whatever the customer's clock says.
_LATER = timedelta(seconds=1)


def apply(tx: Connection, desk: Desk, source: Source, change: SalesOrderChange) -> bool:
    """Take a change over; true when it changed anything. BadRecord when it does not fit the order."""
    parts = [_apply(tx, desk, source, each) for each in _by_place(tx, source, change)]
    return any(parts)


def _apply(tx: Connection, desk: Desk, source: Source, change: SalesOrderChange) -> bool:
    record = _name(change)
    row = orders.of_channel(tx, source.connection, [change.order_id], lock=True)[change.order_id]
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


def _name(change: SalesOrderChange) -> str:
    return f"change {change.change_number} of order {change.order_id}"


def _by_place(tx: Connection, source: Source, change: SalesOrderChange) -> list[SalesOrderChange]:
    """Return the change for each order of ours that it is of: one, or one for each place; BadRecord for none."""
    if change.channel != source.connection:
        raise _of_another(source, change)
    if orders.of_channel(tx, source.connection, [change.order_id]):
        return [change]
    places = orders.of_places(tx, source.connection, change.order_id)
    if places and change.cancelled:
        return [change.changed(order_id=each, lines=()) for each in places]
    if places:
        raise _which(change, places)
    raise BadRecord(
        f"{source.connection} changes order {change.order_id}, and we have no such order of it",
        record=_name(change),
        field="order_id",
        todo="it is applied by itself when the order comes; otherwise ask the customer which order it means",
        code=early.CODE,
        known={"order_id": change.order_id},
    )


def _of_another(source: Source, change: SalesOrderChange) -> BadRecord:
    return BadRecord(
        f"{_name(change)} says it is of {change.channel!r} and came over {source.connection!r}",
        record=_name(change),
        field="channel",
        todo="a connection brings its own channel's changes only; correct its mapping",
    )


def _which(change: SalesOrderChange, places: list[str]) -> BadRecord:
    return BadRecord(
        f"order {change.order_id} is one for each place, and the change names none of {', '.join(places)}",
        record=_name(change),
        field="order_id",
        todo="ask the customer for the places of each line (SDQ)",
        code="change without places",
    )


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
