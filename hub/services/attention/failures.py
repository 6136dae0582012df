"""Failures: everything that needs a person, in one list whatever it is made of, and the two verbs that end it.

`rerun` tries again; it is safe to repeat, because whatever is tried again keeps its key. `close` takes a person's word
that no more is to be done: a document that never left is taken back and its lines go elsewhere; one that may have
arrived counts as arrived; a line without a source stays unfilled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.state import DELIVERY_MOVES, DeliveryState, IllegalMove, LineState
from hub.services.attention.failure import Failure, Filters, excuses, number_of
from hub.services.attention.failure_list import by_ids, get, groups, ids_of, list_failures, page
from hub.services.book import AWAITED, Book
from hub.services.desk import Desk
from hub.services.requests import Refused, require_open
from hub.services.sourcing import routing
from hub.services.telling import customer
from hub.services.trade import accounts, changes, invoices, purchasing
from hub.store import allocations, deliveries, events, messages, parking, purchases, runs
from hub.store.allocations import CLOSED, STUCK, Portion
from hub.store.delivery_row import Delivery

__all__ = [
    "Failure",
    "Filters",
    "by_ids",
    "close",
    "excuses",
    "get",
    "groups",
    "ids_of",
    "list_failures",
    "page",
    "rerun",
]

_ASKS_A_NODE = frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER})


@dataclass(frozen=True, slots=True)
class _Word:
    """Who says so, why, and when."""

    actor: str
    why: str
    now: datetime


#: One failure by the number in its id; returns what was done, in words.
_Verb = Callable[[Connection, Desk, str, _Word], str]


def rerun(
    tx: Connection, desk: Desk, ids: Sequence[str], actor: str, *, send_again: bool = False
) -> Mapping[str, dict[str, str]]:
    """Try these again: returns what was done for each id, and why it was refused for the others.

    `send_again` is a person's word that a document which may have arrived has not.
    """
    delivery = _send_again if send_again else _ask_and_send
    verbs = {"r": _map_again, "d": delivery, "s": _run_again, "l": _route_again, "p": _cannot_hurry, "i": _match_again}
    return _each(tx, desk, ids, _Word(actor, "", desk.clock.now()), verbs)


def close(tx: Connection, desk: Desk, ids: Sequence[str], why: str, actor: str) -> Mapping[str, dict[str, str]]:
    """Close these for a reason; returns what was done for each id, and why it was refused for the others."""
    if not why.strip():
        raise Refused("closing a failure needs a reason; it is kept with it")
    verbs = {
        "r": _close_record,
        "d": _close_delivery,
        "s": _close_run,
        "l": _close_line,
        "p": _close_late,
        "i": _decline,
    }
    return _each(tx, desk, ids, _Word(actor, why, desk.clock.now()), verbs)


def _each(
    tx: Connection, desk: Desk, ids: Sequence[str], word: _Word, verbs: Mapping[str, _Verb]
) -> Mapping[str, dict[str, str]]:
    result: dict[str, dict[str, str]] = {"done": {}, "refused": {}}
    for each in dict.fromkeys(ids):
        savepoint = tx.begin_nested()
        try:
            result["done"][each] = verbs.get(each[:1], _unknown)(tx, desk, each[1:], word)
        except (Refused, LookupError, IllegalMove) as error:
            savepoint.rollback()
            result["refused"][each] = str(error)
        else:
            savepoint.commit()
    return result


def _unknown(_tx: Connection, _desk: Desk, number: str, _word: _Word) -> str:
    raise Refused(f"no failure's id ends in {number!r} like this; see `crossdock failed list`")


def _whole(number: str) -> int:
    found = number_of(number)
    if found is None:
        raise Refused(f"{number!r} is no failure's number; see `crossdock failed list`")
    return found


# --- records and runs ------------------------------------------------------------------------------------------------


def _map_again(tx: Connection, _desk: Desk, number: str, _word: _Word) -> str:
    found = parking.search(tx, ids=[_whole(number)])
    if not found:
        raise Refused(f"r{number} is not an open record")
    messages.apply_again(tx, found[0].message_id)
    return f"message {found[0].message_id} is mapped and applied again"


def _close_record(tx: Connection, _desk: Desk, number: str, word: _Word) -> str:
    if not parking.resolve(tx, ids=[_whole(number)], state="closed", why=word.why, now=word.now):
        raise Refused(f"r{number} is not an open record")
    return "closed"


def _run_again(tx: Connection, desk: Desk, number: str, word: _Word) -> str:
    run = runs.get(tx, _whole(number))
    if run is None or run["state"] != "failed":
        raise Refused(f"s{number} is not a failed run")
    partner, document = run["connection"], run["document"]
    names = {kind: (desk.directory.inbound(partner, kind), desk.directory.outbound(partner, kind)) for kind in Kind}
    kinds = [kind.value for kind in Kind if document in names[kind]]
    if not kinds:
        raise Refused(f"{partner} has no document {document!r} any more; close it instead")
    require_open(tx, partner)
    request = runs.ask(tx, "sync.run", {"connection": partner, "kinds": kinds}, word.actor, word.now)
    return f"request {request}: {partner} {document} runs again"


def _close_run(tx: Connection, _desk: Desk, number: str, word: _Word) -> str:
    if not runs.close(tx, _whole(number), word.why):
        raise Refused(f"s{number} is not a failed run")
    return "closed"


# --- deliveries ------------------------------------------------------------------------------------------------------


def _ask_and_send(tx: Connection, _desk: Desk, number: str, word: _Word) -> str:
    row = deliveries.requeue(tx, _whole(number), word.now)
    return "goes again" + (", after the partner was asked whether it has it" if row.doubt else "")


def _send_again(tx: Connection, _desk: Desk, number: str, word: _Word) -> str:
    deliveries.requeue(tx, _whole(number), word.now, send_again=True)
    return "is sent again"


def _close_delivery(tx: Connection, desk: Desk, number: str, word: _Word) -> str:
    row = deliveries.get(tx, _whole(number))
    if not DELIVERY_MOVES[row.state]:
        raise Refused(f"{row.what} is {row.state.value}; there is nothing to close")
    may_be_there = row.doubt or row.state in {DeliveryState.UNKNOWN, DeliveryState.SENT}
    book = _book_of(tx, row)
    words = _it_is_there(tx, desk, book, row, word.now) if may_be_there else _it_never_left(tx, desk, book, row, word)
    if book is not None:
        book.save(tx, word.now)
        _roll_up(tx, book, row, word.now)
    events.record(
        tx, "delivery.closed", row.order_id or row.connection, word.now, detail={"key": row.key, "why": word.why}
    )
    return words


def _book_of(tx: Connection, row: Delivery) -> Book | None:
    """Return the order whose lines the delivery carries; None for what only tells others of them."""
    if row.order_id is None or row.kind not in _ASKS_A_NODE or purchases.order_of(tx, row.key, row.connection) is None:
        return None
    return Book.open(tx, row.order_id)


def _it_is_there(tx: Connection, desk: Desk, book: Book | None, row: Delivery, now: datetime) -> str:
    if not deliveries.confirm(tx, row.connection, row.key, None, now):
        raise Refused(f"{row.what} is {row.state.value}; it cannot be closed now")
    if book is not None:
        book.arrived(row.key, now)
        purchase = purchases.get(tx, row.key)
        if purchase is not None:
            accounts.book_purchase(tx, desk, purchase, book, now)
    return "counts as arrived"


def _it_never_left(tx: Connection, desk: Desk, book: Book | None, row: Delivery, word: _Word) -> str:
    deliveries.cancel(tx, row.id, word.why, word.now)
    if row.kind is Kind.PURCHASE_ORDER_CHANGE:
        allocations.give_up_recall(tx, row.doc["number"], word.now)
        return "closed; it is not sent, and what it asked back is listed"
    if book is None:
        return "closed; it is not sent"
    purchase = purchases.get(tx, row.key)
    if purchase is not None:
        changes.drop(tx, purchase, "its document was closed", word.now)
    for portion in book.select(AWAITED, document=row.key):
        book.give_back(portion, f"closed: {word.why}")
    routing.route_book(tx, desk, book, word.now)
    return "closed; it is not sent, and its lines were routed again"


def _roll_up(tx: Connection, book: Book, row: Delivery, now: datetime) -> None:
    purchase = purchases.get(tx, row.key)
    if purchase is not None:
        purchasing.roll_up(tx, book, purchase, now)


# --- lines and late goods --------------------------------------------------------------------------------------------


def _route_again(tx: Connection, desk: Desk, number: str, word: _Word) -> str:
    book, portion = _portion(tx, number)
    if portion.row.state not in STUCK:
        raise Refused(f"l{number} is at {portion.row.node}: ask them to stop it, then close it")
    routing.reroute(tx, desk, book.order.id, word.actor)
    return f"order {book.order.doc.number} was routed again"


def _close_line(tx: Connection, desk: Desk, number: str, word: _Word) -> str:
    book, portion = _portion(tx, number)
    if portion.row.state in STUCK:
        book.move(portion, LineState.CANCELLED, reason=f"{CLOSED}{word.why}")
    elif portion.cancel_asked_at is not None:
        book.arrived(portion.row.document or "", word.now)
        _stop(tx, desk, book, portion, word)
    else:
        raise Refused(f"l{number} is {portion.row.state.value} and needs nobody")
    book.save(tx, word.now)
    customer.acknowledge(tx, desk, book, word.now)
    events.record(tx, "line.closed", book.order.id, word.now, detail={"line": portion.row.line_id, "why": word.why})
    return "closed"


def _stop(tx: Connection, desk: Desk, book: Book, portion: Portion, word: _Word) -> None:
    """Take a quantity back of which a person knows that its node will not ship it; the books know less of it then."""
    number = portion.row.document or ""
    book.give_back(portion, f"stopped: {word.why}")
    row = purchases.get(tx, number)
    if row is not None:
        accounts.book_purchase(tx, desk, row, book, word.now)


def _portion(tx: Connection, number: str) -> tuple[Book, Portion]:
    order_id = allocations.order_of(tx, _whole(number))
    if order_id is None:
        raise Refused(f"there is no line l{number}")
    book = Book.open(tx, order_id)
    return book, next(portion for portion in book.portions if portion.id == int(number))


def _cannot_hurry(_tx: Connection, _desk: Desk, number: str, _word: _Word) -> str:
    raise Refused(f"{number} is at the partner; nothing can be sent again. Ask them, or close it")


def _match_again(tx: Connection, desk: Desk, number: str, _word: _Word) -> str:
    return invoices.rerun(tx, desk, _whole(number))


def _decline(tx: Connection, desk: Desk, number: str, word: _Word) -> str:
    invoices.reject(tx, desk, _whole(number), word.why, word.actor)
    return "declined; it is not booked"


def _close_late(tx: Connection, _desk: Desk, number: str, word: _Word) -> str:
    if not purchases.forgive(tx, number, word.now):
        raise Refused(f"p{number} is not late")
    events.record(tx, "purchase.late_closed", number, word.now, detail={"why": word.why})
    return "closed; its goods are awaited without a deadline"
