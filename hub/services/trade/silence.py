"""Silence past the agreed hours: what a node was asked for and never answered is taken back and asked of another one.

Only where the rule set of the order says so (`answers = { silence = "reroute" }`), since a silent partner may still
ship: one that takes changes is told at once to stop, and what comes all the same waits for a person as more than
ordered. What the customer collects, and what has left, stays where it is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.log import EventLog
from hub.model.number import plain
from hub.model.state import LineState
from hub.services.book import Book, total
from hub.services.desk import Desk
from hub.services.sourcing import routing, workflows
from hub.services.telling import customer
from hub.services.trade import accounts, changes, purchasing
from hub.store import events, purchases
from hub.store.allocations import Portion
from hub.store.purchases import PurchaseRow

log = EventLog(__name__)
#: A node that has a document and has not said what it will ship.
_SILENT = frozenset({LineState.RELEASED})


def look(desk: Desk, limit: int = 10_000) -> int:
    """Take back what nodes were silent about, each document in a transaction of its own; returns how many."""
    if desk.policy is None or not any(each.answers.silence == "reroute" for each in desk.policy.rule_sets):
        return 0
    now = desk.clock.now()
    with desk.store.read() as tx:
        found = purchases.silent(tx, now, limit)
    return sum(_look_at(desk, number, order_id, now) for number, order_id in found)


def _look_at(desk: Desk, number: str, order_id: str, now: datetime) -> bool:
    try:
        return desk.store.transact(lambda tx: _take_back(tx, desk, number, order_id, now))
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one document must not keep the others
        log.unforeseen("silence.unforeseen", error, document=number)
        return False


def _take_back(tx: Connection, desk: Desk, number: str, order_id: str, now: datetime) -> bool:
    book = Book.open(tx, order_id)
    ruling = workflows.ruling_of(desk, book.order.doc)
    row = purchases.get(tx, number)
    if ruling.answers.silence != "reroute" or row is None or row.acknowledge_by is None or row.acknowledge_by > now:
        return False
    silent = [each for each in book.select(_SILENT, document=number) if not _collected(book, each)]
    if not silent:
        return False
    _ask_to_stop(tx, desk, book, row, silent, now)
    until = workflows.excluded_until(desk, book, now)
    words = f"{row.partner} has not said by {row.acknowledge_by:%Y-%m-%d %H:%M} UTC what it will ship"
    detail = {"document": number, "partner": row.partner, "quantity": plain(total(silent))}
    for portion in silent:
        book.give_back(portion, words, until)
    accounts.book_purchase(tx, desk, row, book, now)
    events.record(tx, "document.unanswered", order_id, now, actor="rules", detail=detail)
    routing.route_book(tx, desk, book, now)
    purchasing.roll_up(tx, book, row, now)
    book.save(tx, now)
    customer.acknowledge(tx, desk, book, now)
    return True


def _collected(book: Book, portion: Portion) -> bool:
    line = book.line(portion.row.line_id)
    return line is not None and line.pick_up_node is not None


def _ask_to_stop(
    tx: Connection, desk: Desk, book: Book, row: PurchaseRow, silent: list[Portion], now: datetime
) -> None:
    """Tell a partner that takes changes that these quantities are wanted no more; its answer is not waited for."""
    for portion in silent:
        portion.cancel_asked_at = now
    book.recalled.add(row.number)
    changes.tell(tx, desk, book, now)
    for portion in silent:
        portion.cancel_asked_at = portion.recall_by = None
