"""Sales orders: what a channel says becomes quantities in states, whatever order its versions arrive in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.number import plain
from hub.model.order import DeliveryMethod, OrderLine, SalesOrder
from hub.model.state import LineState, OrderStatus
from hub.policy.policy import Ruling
from hub.services.book import AWAITED, GONE, NOTHING, OPEN, Book, hold_reason, save, total, up_to
from hub.services.desk import Desk, Source
from hub.services.selling import early
from hub.services.sourcing import routing, workflows
from hub.services.telling import channel_word, customer
from hub.services.trade import changes, purchasing
from hub.store import allocations, counters, events, orders
from hub.store.allocations import STUCK, Portion
from hub.store.orders import OrderRow

_FIRST_NUMBER = 100_000


def apply(tx: Connection, desk: Desk, source: Source, order: SalesOrder) -> bool:
    """Take over one version of an order, route what is new, and take back what is no longer wanted.

    A version older than the one we have never wins, and the same again changes nothing.
    """
    return apply_many(tx, desk, source, [order])[0]


def apply_many(tx: Connection, desk: Desk, source: Source, versions: Sequence[SalesOrder]) -> list[bool]:
    """Do the same for many orders at once, in order; returns for each whether it changed anything.

    It is much cheaper than one by one, because what the store knows is asked once for all of them. An error undoes
    all of them; the caller then applies them one by one to find the bad one.
    """
    for order in versions:
        _check(source, order)
    return [changed for distinct in _distinct(versions) for changed in _apply(tx, desk, source, distinct)]


def _check(source: Source, order: SalesOrder) -> None:
    if order.channel != source.connection:
        raise BadRecord(
            f"order {order.number} says it is of {order.channel!r} and came over {source.connection!r}",
            record=f"order {order.order_id}",
            field="channel",
            todo="a connection brings its own channel's orders only; correct its mapping",
        )


def _distinct(versions: Sequence[SalesOrder]) -> Iterator[list[SalesOrder]]:
    """Yield the versions in order, in runs that hold no order twice."""
    run: dict[str, SalesOrder] = {}
    for order in versions:
        if order.order_id in run:
            yield list(run.values())
            run = {}
        run[order.order_id] = order
    yield list(run.values())


def _apply(tx: Connection, desk: Desk, source: Source, versions: Sequence[SalesOrder]) -> list[bool]:
    now = desk.clock.now()
    channel, ids = source.connection, [order.order_id for order in versions]
    known = orders.of_channel(tx, channel, ids, lock=True)
    books = _write_down(tx, [order for order in versions if order.order_id not in known], now)
    overtaken = [each for each in ids if each not in known and each not in books]
    if overtaken:  # somebody else stored them in the meantime
        known |= orders.of_channel(tx, channel, overtaken, lock=True)
    books |= _newer(tx, known, versions, now)
    for order_id, book in books.items():
        ruling = settle(tx, desk, book, now)
        if order_id not in known:
            workflows.notify(tx, book, ruling, now)
        changes.tell(tx, desk, book, now)
    routing.route_books(tx, desk, books.values(), now)
    save(tx, books.values(), now)
    for book in books.values():
        customer.acknowledge(tx, desk, book, now)
    early.release(tx, desk, channel, books.keys() - known.keys())
    return [order_id in books for order_id in ids]


def hold(tx: Connection, desk: Desk, order_id: str, why: str, actor: str) -> None:
    """Keep an order from being routed until `release`; what has left already is not called back."""
    now = desk.clock.now()
    orders.set_hold(tx, order_id, why, now)
    events.record(tx, "order.held", order_id, now, actor=actor, detail={"why": why})
    book = _settle_again(tx, desk, order_id, now)
    channel_word.tell_hold(tx, desk, book.order, why, now)


def release(tx: Connection, desk: Desk, order_id: str, actor: str, why: str = "") -> None:
    """End our own hold of an order and open its workflows' gates; a hold of the channel stays in force."""
    now = desk.clock.now()
    orders.set_hold(tx, order_id, None, now)
    events.record(tx, "order.released", order_id, now, actor=actor, detail={"why": why} if why else {})
    book = _settle_again(tx, desk, order_id, now, opened_by=actor)
    channel_word.tell_hold(tx, desk, book.order, None, now)


def cancel(tx: Connection, desk: Desk, order_id: str, why: str, actor: str) -> None:
    """Cancel an order here, whatever the channel says later; what has left already must be asked back by a person."""
    now = desk.clock.now()
    orders.set_cancelled(tx, order_id, why, now)
    events.record(tx, "order.cancelled", order_id, now, actor=actor, detail={"why": why})
    _settle_again(tx, desk, order_id, now)


def settle(tx: Connection, desk: Desk, book: Book, now: datetime) -> Ruling:
    """Make the quantities follow what the order says now: more, fewer, held, free. What is new is left to be routed.

    Returns what the routing files say of the order.
    """
    lines = {line.line_id: line for line in book.order.doc.lines}
    for line in lines.values():
        _fit(tx, book, line, now)
    for line_id in {portion.row.line_id for portion in book.portions} - set(lines):
        _shrink(tx, book, line_id, total(_live(book, line_id)), _CANCELLED, now)
    ruling = workflows.review(tx, desk, book, now)
    _hold_or_free(tx, book, now)
    return ruling


def _settle_again(tx: Connection, desk: Desk, order_id: str, now: datetime, *, opened_by: str = "") -> Book:
    book = Book.open(tx, order_id)
    if opened_by:
        workflows.open_gates(tx, book, opened_by, now)
    settle(tx, desk, book, now)
    changes.tell(tx, desk, book, now)
    routing.route_book(tx, desk, book, now)
    book.save(tx, now)
    customer.acknowledge(tx, desk, book, now)
    return book


def _write_down(tx: Connection, fresh: Sequence[SalesOrder], now: datetime) -> dict[str, Book]:
    """Store new orders and return their books by the channel's id, without those that somebody else stored first."""
    numbers = counters.take_many(tx, "sales_order", len(fresh))
    ours = {f"SO{_FIRST_NUMBER + number}": order for number, order in zip(numbers, fresh, strict=True)}
    added = orders.add(tx, ours, OrderStatus.OPEN, now)
    return {
        order.order_id: Book(OrderRow(order_id, OrderStatus.OPEN, order, None, None, now, now), [])
        for order_id, order in ours.items()
        if order_id in added
    }


def _newer(
    tx: Connection, known: Mapping[str, OrderRow], versions: Sequence[SalesOrder], now: datetime
) -> dict[str, Book]:
    """Put newer versions in the place of the older ones, and return the books of their orders."""
    news = [
        (known[order.order_id], order)
        for order in versions
        if order.order_id in known and _is_news(known[order.order_id].doc, order)
    ]
    if not news:
        return {}
    portions = allocations.of_orders(tx, [row.id for row, _ in news], lock=True)
    books = {}
    for row, order in news:
        orders.replace_document(tx, row.id, order, now)
        book = books[order.order_id] = Book(replace(row, doc=order), portions[row.id])
        if _goes_elsewhere(row.doc, order):
            _take_back_for_new_address(tx, book, now)
    return books


def _is_news(known: SalesOrder, order: SalesOrder) -> bool:
    """Two versions with one time are told apart by their content: channels keep whole seconds."""
    return order.updated_at >= known.updated_at and order != known


def _goes_elsewhere(known: SalesOrder, order: SalesOrder) -> bool:
    before, after = _collected_at(known), _collected_at(order)
    return (known.ship_to, known.service, known.method) != (order.ship_to, order.service, order.method) or any(
        before[line_id] != after[line_id] for line_id in before.keys() & after.keys()
    )


def _collected_at(order: SalesOrder) -> dict[str, str | None]:
    return {line.line_id: line.pick_up_node for line in order.lines}


def _take_back_for_new_address(tx: Connection, book: Book, now: datetime) -> None:
    for number in _documents(book, AWAITED):
        if not purchasing.withdraw(tx, book, number, "the shop changed the address or the service", now):
            events.record(tx, "order.changed_after_sending", book.order.id, now, detail={"document": number})
            book.readdressed.add(number)
    for portion in book.select(STUCK):
        routing.free(book, portion)


def _documents(book: Book, states: Collection[LineState], line_id: str | None = None) -> list[str]:
    """Return the documents under which quantities stand in these states."""
    found = book.select(states, line_id=line_id)
    return sorted({portion.row.document for portion in found if portion.row.document})


# --- more and fewer --------------------------------------------------------------------------------------------------


def _fit(tx: Connection, book: Book, line: OrderLine, now: datetime) -> None:
    _correct_sku(book, line)
    _collected(book, line)
    elsewhere = _fulfilled_elsewhere(book, line)
    asked = total(_asked_back(book, line.line_id))
    covered = min(elsewhere, asked)
    wanted = line.quantity if _is_wanted(book.order) else NOTHING
    missing = wanted - total(_live(book, line.line_id)) - covered
    if missing > 0:
        _increase(tx, book, line, missing, asked - covered, now)
    elif missing < 0:
        _shrink(tx, book, line.line_id, -missing, _CANCELLED, now)
    if elsewhere > covered:
        _shrink(tx, book, line.line_id, elsewhere - covered, _FULFILLED, now)


def _correct_sku(book: Book, line: OrderLine) -> None:
    """Follow the shop when it names another SKU; what no node could be found for under the old one is tried again."""
    for portion in book.select(OPEN, line_id=line.line_id):
        if portion.row.sku == line.sku:
            continue
        portion.row, portion.changed = portion.row.changed(sku=line.sku), True
        if portion.row.state in STUCK:
            book.move(portion, LineState.ROUTABLE, reason="")


def _collected(book: Book, line: OrderLine) -> None:
    """Note what the customer has collected: a channel that was told that it stands ready has it fulfilled only then."""
    if line.pick_up_node is None or book.order.doc.method is not DeliveryMethod.PICK_UP:
        return
    more = line.fulfilled - total(book.select({LineState.DELIVERED, LineState.CLOSED}, line_id=line.line_id))
    for portion in up_to(book, book.select({LineState.SHIPPED}, line_id=line.line_id), more):
        book.move(portion, LineState.DELIVERED, reason="collected")


def _fulfilled_elsewhere(book: Book, line: OrderLine) -> Decimal:
    """Return what the channel has as fulfilled and we have not: somebody there shipped it by hand."""
    if not line.ships:
        return NOTHING
    return max(NOTHING, line.fulfilled - total(book.select(GONE, line_id=line.line_id)))


def _is_wanted(order: OrderRow) -> bool:
    return not order.doc.cancelled and order.cancelled_why is None


def _live(book: Book, line_id: str) -> list[Portion]:
    """Return what counts as taken up of a line: neither cancelled nor asked back.

    What a person closed for want of a source counts, or the order's next version would bring it back.
    """
    return [
        portion
        for portion in book.select(line_id=line_id)
        if portion.cancel_asked_at is None
        and (portion.row.state is not LineState.CANCELLED or portion.row.reason.startswith(allocations.CLOSED))
    ]


def _asked_back(book: Book, line_id: str) -> list[Portion]:
    return [portion for portion in book.select(AWAITED, line_id=line_id) if portion.cancel_asked_at is not None]


def _increase(tx: Connection, book: Book, line: OrderLine, quantity: Decimal, asked: Decimal, now: datetime) -> None:
    """Take up a newly wanted quantity; what was asked back but is still under way is simply wanted again."""
    free = [each for each in _asked_back(book, line.line_id) if changes.may_want_again(tx, book, each, now)]
    for portion in up_to(book, free, min(asked, quantity)):
        portion.cancel_asked_at, portion.changed = None, True
        portion.row = portion.row.changed(reason="")
        quantity -= portion.row.quantity
        book.recalled.add(portion.row.document or "")
    if quantity > 0:
        state = LineState.ROUTABLE if line.ships else LineState.CLOSED
        book.add(line.line_id, line.sku, quantity, state, "" if line.ships else "nothing to ship")


@dataclass(frozen=True, slots=True)
class _Less:
    """Why a quantity is ours to send no more, and the state that it ends in."""

    state: LineState
    words: str


_CANCELLED = _Less(LineState.CANCELLED, "cancelled at the shop")
_FULFILLED = _Less(LineState.CLOSED, "fulfilled at the shop, not by us")


def _shrink(tx: Connection, book: Book, line_id: str, excess: Decimal, less: _Less, now: datetime) -> None:
    """Take a quantity out: first what no node was asked for, then what has not left, and at last by asking."""
    if excess > total(book.select(OPEN, line_id=line_id)):
        for number in _documents(book, {LineState.ALLOCATED}, line_id):
            purchasing.withdraw(tx, book, number, f"{less.words} before it was sent", now)
    for portion in up_to(book, book.select(OPEN, line_id=line_id), excess):
        book.move(portion, less.state, reason=less.words)
        excess -= portion.row.quantity
    under_way = [each for each in book.select(AWAITED, line_id=line_id) if each.cancel_asked_at is None]
    for portion in up_to(book, under_way, excess):
        _ask_back(tx, book, portion, less, now)


def _ask_back(tx: Connection, book: Book, portion: Portion, less: _Less, now: datetime) -> None:
    where = f"{portion.row.node} as {portion.row.document}"
    portion.row = portion.row.changed(reason=f"{less.words} after it was sent to {where}; ask them to stop it")
    portion.cancel_asked_at, portion.changed = now, True
    book.recalled.add(portion.row.document or "")
    detail = {"line": portion.row.line_id, "quantity": plain(portion.row.quantity), "document": portion.row.document}
    events.record(tx, "line.cancel_requested", book.order.id, now, detail=detail)


# --- held and free ---------------------------------------------------------------------------------------------------


def _hold_or_free(tx: Connection, book: Book, now: datetime) -> None:
    why = hold_reason(book.order)
    if not why:
        for portion in book.select({LineState.HELD}):
            book.move(portion, LineState.ROUTABLE, reason="")
        return
    for number in _documents(book, {LineState.ALLOCATED}):
        purchasing.withdraw(tx, book, number, f"held: {why}", now)
    for portion in book.select({LineState.ROUTABLE, LineState.BACKORDERED, LineState.UNFILLABLE}):
        book.move(portion, LineState.HELD, reason=why)
