"""Orders whose time has come: a gate that opens by itself, a wait for goods that ends, a pre-order whose goods came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.log import EventLog
from hub.policy.policy import Ruling
from hub.services.book import Book, save
from hub.services.desk import Desk
from hub.services.selling.orders import settle
from hub.services.sourcing import company, nothing_fits, routing, workflows
from hub.services.sourcing.workflows import ruling_of
from hub.services.telling import customer
from hub.services.trade import changes
from hub.store import allocations, orders
from hub.store.orders import OrderRow

log = EventLog(__name__)
_PAGE = 200


def look(desk: Desk, limit: int = _PAGE) -> int:
    """Look at the orders that are due, `limit` read at a time, each in a transaction of its own; returns how many.

    One that cannot be looked at is left as it was, and does not stop the others. Those of a batch are routed together
    elsewhere, and passed over here.
    """
    now, looked = desk.clock.now(), 0
    last: OrderRow | None = None
    while True:  # also behind those that stay: a batch may hold any number
        with desk.store.read() as tx:
            page = orders.due(tx, now, limit, after=last)
            found = _alone(tx, desk, page)
        looked += sum(_look_at(desk, order_id, now) for order_id in found)
        if len(page) < limit:
            return looked
        last = page[-1]


def _alone(tx: Connection, desk: Desk, page: Sequence[OrderRow]) -> list[str]:
    """Return the ids of those that wait for something else than their batch."""
    portions = allocations.of_orders(tx, [row.id for row in page])
    return [row.id for row in page if not _collected(desk, Book(row, portions[row.id]))]


def _collected(desk: Desk, book: Book) -> bool:
    """Return whether the order waits for nothing but its batch."""
    if any(gate.shut for gate in book.order.gates):
        return False
    return routing.collects(ruling_of(desk, book.order.doc), book)


def _look_at(desk: Desk, order_id: str, now: datetime) -> bool:
    try:
        return desk.store.transact(lambda tx: _again(tx, desk, order_id, now))
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one order must not keep the others back
        log.unforeseen("due.unforeseen", error, order=order_id)
        return False


def _again(tx: Connection, desk: Desk, order_id: str, now: datetime) -> bool:
    book = Book.open(tx, order_id)
    if book.order.due_at is None or book.order.due_at > now:
        return False  # somebody else was here
    ruling = settle(tx, desk, book, now)
    changes.tell(tx, desk, book, now)
    nothing_fits.end_waiting(tx, book, ruling, now)
    books = [book, *_company(tx, desk, book, ruling, now)]
    routing.route_books(tx, desk, books, now)
    changed = save(tx, books, now)
    for each in books:
        customer.acknowledge(tx, desk, each, now)
    return changed


def _company(tx: Connection, desk: Desk, book: Book, ruling: Ruling, now: datetime) -> list[Book]:
    """Return the customer's other orders that wait, let go on with this one: its wait is over, and theirs with it."""
    if not routing.is_waiting(book):
        return []
    found = [Book.open(tx, row.id) for row in company.waiting_with(tx, desk, book, ruling)]
    found = [each for each in found if company.only_waits(each.order)]  # as it is under the lock
    for each in found:
        workflows.open_gates(tx, each, f"goes with {book.order.doc.number}", now)
        settle(tx, desk, each, now)
        changes.tell(tx, desk, each, now)
    return found
