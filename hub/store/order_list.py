"""Orders as a listing: by status, by channel, by a text, one page after another, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select, union_all

from hub.model.state import OrderStatus
from hub.store.orders import find
from hub.store.tables import sales_order

#: So many orders are looked through for a text that may stand anywhere in a name, before it is said how far that was.
LOOKED_THROUGH = 100_000
#: More orders than this whose names begin alike are found among the newest just as well.
_ALIKE = 1000
_LAST = "\U0010ffff"

#: Where an order stands among all: when it was placed, and our id.
Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """One line of a listing."""

    id: str
    channel: str
    channel_order: str
    number: str
    status: OrderStatus
    placed_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """Where it stands among all."""
        return self.placed_at, self.id


@dataclass(frozen=True, slots=True)
class Page:
    """Orders, newest first; `further` is where the next page begins, None when there is none.

    For a text `back_to` says how far back names were looked through for it; None when that was all orders.
    """

    rows: Sequence[OrderSummary]
    further: Place | None = None
    back_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderFilters:
    """Which orders to list; what is not given lets all through.

    `text` is part of our id, the channel's id or the number.
    """

    statuses: Sequence[OrderStatus] = ()
    channel: str | None = None
    text: str | None = None


_SHOWN = tuple(sales_order.c[name] for name in OrderSummary.__slots__)
_PLACE = (sales_order.c.placed_at, sales_order.c.id)
_NAMES = (sales_order.c.id, sales_order.c.number, sales_order.c.channel_order)


def named(tx: Connection, reference: str) -> list[OrderSummary]:
    """Return the orders that are called exactly so, without looking through all of them."""
    found = find(tx, reference) if reference else []
    return [
        OrderSummary(
            id=row.id,
            channel=row.doc.channel,
            channel_order=row.doc.order_id,
            number=row.doc.number,
            status=row.status,
            placed_at=row.doc.placed_at,
            updated_at=row.updated_at,
        )
        for row in found
    ]


def search(tx: Connection, filters: OrderFilters, limit: int, before: Place | None = None) -> list[OrderSummary]:
    """Return orders, newest first; for a text all of them are looked through."""
    legs = [select(*_SHOWN).where(*_older(before), *each) for each in _alternatives(filters)]
    return _newest(tx, legs, limit)


def page(tx: Connection, filters: OrderFilters, limit: int, before: Place | None = None) -> Page:
    """Return one page of orders, behind the last one of the page before it if given.

    Names that begin with the text are found along an index, whenever they were placed. A text within a name is looked
    for among the newest orders alone; the next page goes on where that ended.
    """
    if not filters.text:
        rows = search(tx, filters, limit + 1, before)
        return Page(rows[:limit], rows[limit - 1].place if len(rows) > limit else None)
    end = _end_of_look(tx, before)
    near = search(tx, filters, limit + 1, before) if end is None else _near(tx, filters, limit + 1, before, end)
    found = {each.id: each for each in (*near, *_beginning(tx, filters, before))}
    rows = sorted(found.values(), key=lambda each: each.place, reverse=True)
    further = rows[limit - 1].place if len(rows) > limit else None
    if end is not None and (further is None or further < end):
        further = end
    return Page(rows[:limit], further, end[0] if end is not None and further == end else None)


def _end_of_look(tx: Connection, before: Place | None) -> Place | None:
    """Return the last order that is looked through for a text; None when there are not that many."""
    newest = select(*_PLACE).where(*_older(before)).order_by(*(each.desc() for each in _PLACE))
    row = tx.execute(newest.offset(LOOKED_THROUGH - 1).limit(1)).one_or_none()
    return None if row is None else (row[0], row[1])


def _near(tx: Connection, filters: OrderFilters, limit: int, before: Place | None, end: Place) -> list[OrderSummary]:
    placed_at, order_id = _PLACE
    not_older = and_(placed_at >= end[0], or_(placed_at > end[0], order_id >= end[1]))
    where = (*_older(before), not_older, *_along_time(filters), _within(str(filters.text)))
    return _newest(tx, [select(*_SHOWN).where(*where)], limit)


def _beginning(tx: Connection, filters: OrderFilters, before: Place | None) -> list[OrderSummary]:
    """Return the orders of which a name begins with the text; none when there are too many for that."""
    found: dict[str, OrderSummary] = {}
    for column, text in _beginnings(str(filters.text)):
        rows = tx.execute(select(*_SHOWN).where(_begins(tx, column, text)).limit(_ALIKE + 1)).mappings().all()
        if len(rows) > _ALIKE:
            return []
        found |= {row["id"]: _summary(row) for row in rows}
    return [each for each in found.values() if _admits(filters, each, before)]


def _beginnings(text: str) -> Iterator[tuple[ColumnElement[str], str]]:
    """Yield how a name may begin: our ids are written in capitals, and numbers with # before them or without."""
    order_id, number, channel_order = _NAMES
    yield from ((order_id, text.upper()), (channel_order, text), (number, text))
    if not text.startswith("#"):
        yield number, f"#{text}"


def _begins(tx: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    if tx.dialect.name == "sqlite":  # LIKE knows no case there, and no index of ours
        return and_(column >= text, column < text + _LAST)
    return column.startswith(text, autoescape=True)


def _admits(filters: OrderFilters, order: OrderSummary, before: Place | None) -> bool:
    return (
        (not filters.statuses or order.status in filters.statuses)
        and filters.channel in (None, order.channel)
        and (before is None or order.place < before)
    )


def _alternatives(filters: OrderFilters) -> list[list[ColumnElement[bool]]]:
    """Return conditions that exclude each other: along an index each, whose rows come in the order of the listing."""
    text = [] if filters.text is None else [_within(filters.text)]
    if filters.channel is None and not filters.statuses:
        return [text]
    of = [] if filters.channel is None else [sales_order.c.channel == filters.channel]
    return [[sales_order.c.status == each.value, *of, *text] for each in filters.statuses or OrderStatus]


def _along_time(filters: OrderFilters) -> Iterator[ColumnElement[bool]]:
    """Yield the same for few orders that come as they were placed; `|| ''` keeps the planner from other indexes."""
    if filters.statuses:
        yield sales_order.c.status.concat("").in_([each.value for each in filters.statuses])
    if filters.channel is not None:
        yield sales_order.c.channel.concat("") == filters.channel


def _within(text: str) -> ColumnElement[bool]:
    return or_(*(name.contains(text, autoescape=True) for name in _NAMES))


def _older(before: Place | None) -> Iterable[ColumnElement[bool]]:
    if before is not None:
        placed_at, order_id = _PLACE
        yield placed_at <= before[0]
        yield or_(placed_at < before[0], order_id < before[1])


def _newest(tx: Connection, legs: Sequence[Select[Any]], limit: int) -> list[OrderSummary]:
    """Return the newest rows of these statements, of which each row is in one."""
    query: Any = legs[0] if len(legs) == 1 else union_all(*legs)
    at, order_id = (query.selected_columns[name] for name in ("placed_at", "id"))
    query = query.order_by(at.desc(), order_id.desc()).limit(limit)
    return [_summary(row) for row in tx.execute(query).mappings()]


def _summary(row: Any) -> OrderSummary:  # noqa: ANN401 - a row's mapping
    return OrderSummary(**{**row, "status": OrderStatus(row["status"])})
