"""Routing an order: check what may be promised and bind it, in the caller's one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from hub.log import EventLog
from hub.model.decision import Alternative, Batched, Choice, Decision
from hub.model.item import Dimensions
from hub.model.number import plain
from hub.model.order import DeliveryMethod
from hub.model.state import BOUND, LineState
from hub.policy import facts
from hub.policy.policy import Ruling
from hub.routing.carriage import Size
from hub.routing.frozen import freeze
from hub.routing.postal import placed
from hub.routing.problem import Problem, Want, narrow
from hub.routing.promise import deadline, promises
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from hub.services.book import Book, hold_reason, total, up_to
from hub.services.desk import Desk
from hub.services.sourcing import nothing_fits, supply, workflows
from hub.services.sourcing.company import Asked, Company
from hub.services.sourcing.supply import Supply
from hub.services.telling import channel_word, customer
from hub.services.trade import accounts, purchasing
from hub.services.trade.purchasing import Buying
from hub.store import decisions, events
from hub.store.allocations import STUCK, Portion

log = EventLog(__name__)
#: The frozen question and the answer to it.
Decided = tuple[Mapping[str, Any], Decision]
#: (node, SKU, what a unit there is worth to other orders).
Prices = Sequence[tuple[str, str, Decimal]]
#: An order with a quantity in one of these has been routed before.
_ROUTED = BOUND | STUCK | {LineState.DELIVERED}


def route(tx: Connection, desk: Desk, order_id: str) -> Decision | None:
    """Give what is routable of an order to nodes, and write their documents; None when nothing was routable."""
    now = desk.clock.now()
    book = Book.open(tx, order_id)
    decision = route_book(tx, desk, book, now)
    book.save(tx, now)
    return decision


def route_book(tx: Connection, desk: Desk, book: Book, now: datetime) -> Decision | None:
    """Do the same for an order in hand; the caller saves the book."""
    made = route_books(tx, desk, [book], now)
    return made[0] if made else None


def route_books(tx: Connection, desk: Desk, books: Iterable[Book], now: datetime) -> list[Decision]:
    """Do the same for several orders, one after the other, with their supply read once; the caller saves the books.

    What the rules collect for a batch stays where it is until the batch is due.
    """
    books = list(books)
    rulings = {book.order.id: workflows.ruling_of(desk, book.order.doc) for book in books}
    waiting = [book for book in books if is_waiting(book) and not collects(rulings[book.order.id], book)]
    made = _routed(tx, desk, waiting, rulings, now) if waiting else []
    for book in books:
        book.look_again(workflows.due_at(book, rulings[book.order.id], now))
    channel_word.answer(tx, desk, books, now)
    accounts.book_orders(tx, desk, [book for book in books if book not in waiting], now)
    return made


def collects(ruling: Ruling, book: Book) -> bool:
    """Return whether an order waits for a batch: the rules say so, and nothing of it was routed before."""
    if ruling.batch is None or book.order.doc.method is DeliveryMethod.PICK_UP or book.select(_ROUTED):
        return False
    return not any(portion.row.excluded for portion in book.portions)


def is_waiting(book: Book) -> bool:
    """Return whether an order has something to route, and nothing keeps it back."""
    return not _held(book) and bool(book.select({LineState.ROUTABLE}))


def _routed(
    tx: Connection, desk: Desk, waiting: Sequence[Book], rulings: Mapping[str, Ruling], now: datetime
) -> list[Decision]:
    known = supply_for(tx, desk, waiting, now, guided=True)
    decided, company = [], Company(rulings)
    works = {book.order.id: Work(tx, desk, book, rulings[book.order.id], known, now) for book in waiting}
    if company.has_parties(waiting):
        asked = [Asked(each.book, each.question(), each.ruling.rules) for each in works.values()]
        waiting = company.in_turn(asked)
    for book in waiting:
        work = works[book.order.id]
        question = work.question()
        if question is not None:
            problem = narrow(company.joined(question, book))
            made = work.bind(problem, solve(problem, work.ruling.rules))
            for _, decision in made:
                company.note(book, problem, decision)
            decided += made
    return finish(tx, desk, waiting, rulings, known, decided, now)


def supply_for(
    tx: Connection, desk: Desk, waiting: Iterable[Book], now: datetime, *, lock: bool = True, guided: bool = False
) -> Supply:
    """Return the supply that these orders ask for, locked until the transaction ends; without `lock` only looked at.

    `guided` by what the last batch found scarce units to be worth.
    """
    waiting = list(waiting)
    for book in waiting if lock else ():
        book.make_known(tx, now)
    skus = {portion.row.sku for book in waiting for portion in book.select({LineState.ROUTABLE})}
    collected = {line.pick_up_node for book in waiting for line in book.order.doc.lines if line.pick_up_node}
    return supply.gather(tx, desk, skus, now, also=collected, lock=lock, guided=guided)


def finish(
    tx: Connection,
    desk: Desk,
    books: Sequence[Book],
    rulings: Mapping[str, Ruling],
    known: Supply,
    decided: Sequence[Decided],
    now: datetime,
) -> list[Decision]:
    """Keep the decisions and write the documents that follow from them."""
    decisions.keep(tx, decided)
    purchasing.place(tx, Buying(desk, known.nodes, known.catalogue, now, rulings), books)
    chosen = {decision.order_id for _, decision in decided if decision.choices}
    channel_word.promise(tx, desk, books, now)
    channel_word.assign(tx, desk, [book for book in books if book.order.id in chosen], now)
    accounts.book_orders(tx, desk, books, now)
    return [decision for _, decision in decided]


def _held(book: Book) -> bool:
    """Keep what is routable of a held order where it is: what a node gave back goes nowhere until the release."""
    why = hold_reason(book.order)
    if why:
        for portion in book.select({LineState.ROUTABLE}):
            book.move(portion, LineState.HELD, reason=why)
    return bool(why)


@dataclass(frozen=True, slots=True)
class Work:
    """One order under the hands of routing: its book, what the rules say of it, and the supply as it is now."""

    tx: Connection
    desk: Desk
    book: Book
    ruling: Ruling
    known: Supply
    now: datetime

    def question(self) -> Problem | None:
        """Return what is to be decided, after leaving to a person what no node can be asked for; None for nothing."""
        routable = self.book.select({LineState.ROUTABLE})
        routable = [portion for portion in routable if not _refuse(self.book, portion, self.known)]
        return _problem(self.desk, self.book, routable, self.known, self.now) if routable else None

    def bind(
        self, problem: Problem, decision: Decision, batch: Batched | None = None, prices: Prices = ()
    ) -> list[Decided]:
        """Bind what is routable as was decided; returns what is to be kept: the frozen question and the answer.

        `prices` are what units of its SKUs are worth to the batch. Nothing is kept where the rules keep the whole order
        back because not all of it has a source.
        """
        if nothing_fits.must_wait(self.book, decision, self.ruling):
            nothing_fits.keep_back(self.tx, self.book, decision, self.ruling, self.now)
            return []
        decision = decision.changed(
            alternatives=decision.alternatives + _barred(problem, self.known),
            rule_set=self.ruling.rule_set.name,
            policy_hash=self.desk.policy.hash if self.desk.policy else "",
            batch=batch,
        )
        _bind(self.book, decision, problem, self.ruling.rules)
        nothing_fits.leave(self.tx, self.book, decision, problem, self.ruling, self.now)
        for choice in decision.choices:
            self.known.give(choice.node, choice.sku, choice.quantity)
        for node in {choice.node for choice in decision.choices}:
            self.known.count(node)
        rules = self.ruling.rules.model_dump(mode="json", exclude_defaults=True)
        worth = {"prices": [[node, sku, plain(price)] for node, sku, price in prices]} if prices else {}
        asked = {"asked": facts.freeze(workflows.asked_of(self.desk, self.book.order.doc))}
        return [(freeze(problem) | {"rules": rules} | asked | worth, decision)]


def reroute(
    tx: Connection, desk: Desk, order_id: str, actor: str, why: str = "", *, forgive: bool = False
) -> Decision | None:
    """Try again what lacks a source; with `forgive` also at the nodes that refused it before."""
    now = desk.clock.now()
    book = Book.open(tx, order_id)
    for portion in book.select(STUCK):
        free(book, portion, forgive=forgive)
    decision = route_book(tx, desk, book, now)
    book.save(tx, now)
    customer.acknowledge(tx, desk, book, now)
    events.record(tx, "order.rerouted", order_id, now, actor=actor, detail={"why": why} if why else {})
    return decision


def free(book: Book, portion: Portion, *, forgive: bool = False) -> None:
    """Make a quantity routable that lacked a source."""
    kept = frozenset[str]() if forgive else portion.row.excluded
    ends = {} if forgive else portion.row.excluded_until
    book.move(portion, LineState.ROUTABLE, reason="", excluded=kept, excluded_until=ends, promised_at=None)


# --- the question ----------------------------------------------------------------------------------------------------


def _refuse(book: Book, portion: Portion, known: Supply) -> bool:
    """Leave a quantity to a person that no node can be asked for; true when it was left."""
    reason = _nowhere(book, portion) or _unknown(portion.row.sku, known)
    if reason:
        book.move(portion, LineState.UNFILLABLE, reason=reason)
    return bool(reason)


def _nowhere(book: Book, portion: Portion) -> str:
    """Goods that the customer collects must not be shipped from elsewhere, also when nobody knows where."""
    line = book.line(portion.row.line_id)
    if book.order.doc.method is not DeliveryMethod.PICK_UP or (line is not None and line.pick_up_node):
        return ""
    return "the customer collects it, and its pick-up location is not mapped to a node; map the location"


def _unknown(sku: str, known: Supply) -> str:
    if known.knows(sku):
        return ""
    return f"unknown SKU {sku!r}: no item, catalogue or stock feed names it" if sku else "the line has no SKU"


def _problem(desk: Desk, book: Book, routable: list[Portion], known: Supply, now: datetime) -> Problem:
    order = book.order.doc
    wants = _wants(book, routable, known, now)
    return Problem(
        order_id=book.order.id,
        currency=desk.currency,
        at=now,
        wants=wants,
        nodes=known.network,
        offers=known.offers(want.sku for want in wants),
        destination=placed(order.ship_to),
        country=order.ship_to.country if order.ship_to else None,
        promise_by=deadline(order.promise_by),
        load=dict(known.load),
        service=order.service,
        calendars=True,
    )


def _wants(book: Book, routable: list[Portion], known: Supply, now: datetime) -> tuple[Want, ...]:
    """Return one want for each line; a node that refused any part of a line is not asked for the rest of it."""
    lines: dict[str, list[Portion]] = {}
    for portion in routable:
        lines.setdefault(portion.row.line_id, []).append(portion)
    return tuple(_want(book, line_id, portions, known, now) for line_id, portions in lines.items())


def _want(book: Book, line_id: str, portions: list[Portion], known: Supply, now: datetime) -> Want:
    sku = portions[0].row.sku
    item, line = known.items.get(sku), book.line(line_id)
    return Want(
        line_id=line_id,
        sku=sku,
        quantity=total(portions),
        weight_g=known.weight_g(sku),
        flags=item.flags if item else frozenset(),
        excluded=frozenset().union(*(portion.row.refused_by(now) for portion in portions)),
        pick_up_node=line.pick_up_node if line else None,
        size=_size(item.dimensions) if item and item.dimensions else None,
    )


def _size(packed: Dimensions) -> Size:
    return packed.length_cm, packed.width_cm, packed.height_cm


def _barred(problem: Problem, known: Supply) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(line_id=want.line_id, node=barred.node, rule=barred.rule, detail=barred.detail)
        for want in problem.wants
        for barred in known.barred(want.sku)
    )


# --- the answer ------------------------------------------------------------------------------------------------------


def _bind(book: Book, decision: Decision, problem: Problem, rules: RoutingRules) -> None:
    """Move every quantity that has a source to it, with the day on which the customer may expect it."""
    expected = promises(problem, rules, decision)
    for choice in decision.choices:
        promised = expected[choice.line_id, choice.node]
        for portion in up_to(book, _routable(book, choice), choice.quantity):
            book.move(portion, LineState.ALLOCATED, node=choice.node, reason="", promised_at=promised)


def _routable(book: Book, what: Choice) -> list[Portion]:
    return book.select({LineState.ROUTABLE}, line_id=what.line_id)
