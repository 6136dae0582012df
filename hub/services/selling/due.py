"""Orders whose time has come: a gate that opens by itself, a wait for goods that ends, a pre-order whose goods came."""

from __future__ import annotations

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
    """Look at the orders that are due, each in a transaction of its own; returns how many.

    One that cannot be looked at is left as it was, and does not stop the others. Those of a batch are routed together
    elsewhere, and passed over here.
    """
    now = desk.clock.now()
    with desk.store.read() as tx:
        found = [row.id for row in orders.due(tx, now, limit) if not _collected(tx, desk, row)]
    return sum(_look_at(desk, order_id, now) for order_id in found)


def _collected(tx: Connection, desk: Desk, row: OrderRow) -> bool:
    """Return whether the order waits for nothing but its batch."""
    ruling = ruling_of(desk, row.doc)
    if ruling.batch is None or any(gate.shut for gate in row.gates):
        return False
    return routing.collects(ruling, Book(row, allocations.of_order(tx, row.id)))


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
