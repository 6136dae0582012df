"""Batches: orders that were collected for a while are routed together, on stock that may not reach for all of them.

Three steps, so that nothing waits for the solver: the questions are read from one moment's supply; the plan is made
without any transaction; then some orders at a time are bound, each chunk in one transaction that locks their stock and
looks again. An order whose part of the plan no longer holds (it changed, its node gave the units to somebody else) is
routed by itself there and then. So no unit is ever promised twice, and an interrupted batch is simply still due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.log import EventLog
from hub.model.decision import Batched, Decision
from hub.policy.policy import Ruling
from hub.policy.rule_set import Batch
from hub.routing.batch.result import BatchResult, Limits, Question, Routed
from hub.routing.problem import narrow
from hub.routing.solve import solve
from hub.services.book import Book, save
from hub.services.desk import Desk
from hub.services.sourcing import apart, routing, workflows
from hub.services.sourcing.routing import Work
from hub.services.sourcing.supply import Supply
from hub.services.telling import customer
from hub.store import allocations, counters, orders, unit_prices

log = EventLog(__name__)
#: So many orders are bound in one transaction: it stays well under half a second.
_TOGETHER = 40


@dataclass(frozen=True, slots=True)
class Collected:
    """The orders that one rule set has collected, by the time at which they came, and how they are to be routed."""

    rule_set: str
    batch: Batch
    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A batch that was solved: its number, what came out, and each order's part in it by the order's id."""

    note: Batched
    parts: Mapping[str, Routed]
    prices: Mapping[tuple[str, str], Decimal]

    def worth(self, part: Routed) -> list[tuple[str, str, Decimal]]:
        """Return what a unit of the order's SKUs is worth to the batch, at each node where it is scarce."""
        skus = {want.sku for want in part.problem.wants}
        return sorted(
            (node, sku, round(price, 6)) for (node, sku), price in self.prices.items() if sku in skus and price
        )


def route_due(desk: Desk) -> int:
    """Route every batch whose time has come; returns how many orders that was."""
    return sum(_route(desk, each) for each in due(desk))


def due(desk: Desk) -> list[Collected]:
    """Return the batches whose first order has waited its time, or that are as large as they may be."""
    if desk.policy is None or not any(each.batch for each in desk.policy.rule_sets):
        return []
    now = desk.clock.now()
    least = min(each.batch.most for each in desk.policy.rule_sets if each.batch)
    waiting: dict[str, list[tuple[datetime, str]]] = {}
    batches: dict[str, Batch] = {}
    with desk.store.read() as tx:
        if not orders.due(tx, now, 1) and orders.count_later(tx) < least:
            return []
        for row in orders.looked_at_later(tx):
            ruling = workflows.ruling_of(desk, row.doc)
            if ruling.batch is not None and routing.collects(ruling, Book(row, allocations.of_order(tx, row.id))):
                waiting.setdefault(ruling.rule_set.name, []).append((row.created_at, row.id))
                batches[ruling.rule_set.name] = ruling.batch
    return [
        Collected(name, batches[name], tuple(order_id for _, order_id in sorted(found)[: batches[name].most]))
        for name, found in sorted(waiting.items())
        if len(found) >= batches[name].most or min(found)[0] + _minutes(batches[name]) <= now
    ]


def _minutes(batch: Batch) -> timedelta:
    return timedelta(minutes=float(batch.minutes))


def _route(desk: Desk, collected: Collected) -> int:
    with desk.store.read() as tx:
        questions = _questions(tx, desk, collected.order_ids)
    if not questions:
        return 0
    result = apart.solved(questions, Limits(seconds=collected.batch.seconds))
    with desk.store.write() as tx:
        number = f"B{counters.take(tx, 'batch')}"
        _keep_prices(tx, desk, collected, result)
    planned = _Planned(
        _note(number, result),
        {each.problem.order_id: part for each, part in zip(questions, result.routed, strict=True)},
        result.prices,
    )
    kept = 0
    for start in range(0, len(collected.order_ids), _TOGETHER):
        ids = collected.order_ids[start : start + _TOGETHER]
        kept += desk.store.transact(lambda tx, ids=ids: _bind(tx, desk, ids, planned))  # type: ignore[misc]
    log.info(
        "batch.routed",
        batch=number,
        rules=collected.rule_set,
        orders=len(questions),
        by_the_plan=kept,
        status=result.status.value,
        gap=f"{result.gap:.4%}",
        saving=f"{result.saving:.4%}",
    )
    return len(questions)


def _keep_prices(tx: Connection, desk: Desk, collected: Collected, result: BatchResult) -> None:
    """Let the orders outside count what scarce units are worth: until the next batch, and for a day at the most."""
    share = collected.batch.guide
    worth = {pair: round(price * share, 6) for pair, price in result.prices.items()}
    unit_prices.put(tx, collected.rule_set, worth, desk.clock.now() + timedelta(days=1))


def _note(number: str, result: BatchResult) -> Batched:
    return Batched(
        number=number,
        orders=len(result.routed),
        status=result.status.value,
        cost=round(result.cost, 6),
        bound=round(result.bound, 6),
        one_at_a_time=round(result.one_at_a_time, 6),
    )


def _questions(tx: Connection, desk: Desk, order_ids: Sequence[str]) -> list[Question]:
    """Return what each order asks, all of them from one supply; nothing is locked and nothing kept."""
    books = list(_books(tx, order_ids))
    known = routing.supply_for(tx, desk, books, desk.clock.now(), lock=False)
    questions = []
    for book in books:
        work = _work(tx, desk, book, known)
        asked = work.question()
        if asked is not None:
            questions.append(Question(narrow(asked), work.ruling.rules))
    return questions


def _books(tx: Connection, order_ids: Sequence[str]) -> Iterator[Book]:
    for order_id in order_ids:
        row = orders.get(tx, order_id)
        if row is not None:
            yield Book(row, allocations.of_order(tx, order_id))


def _work(tx: Connection, desk: Desk, book: Book, known: Supply) -> Work:
    return Work(tx, desk, book, workflows.ruling_of(desk, book.order.doc), known, desk.clock.now())


# --- binding ---------------------------------------------------------------------------------------------------------


def _bind(tx: Connection, desk: Desk, order_ids: Sequence[str], planned: _Planned) -> int:
    """Bind some orders as planned, or by themselves where the plan no longer holds; returns how many as planned."""
    now = desk.clock.now()
    books = [Book.open(tx, order_id) for order_id in sorted(order_ids)]
    rulings = {book.order.id: workflows.ruling_of(desk, book.order.doc) for book in books}
    waiting = [book for book in books if routing.is_waiting(book) and routing.collects(rulings[book.order.id], book)]
    if not waiting:
        return 0
    known = routing.supply_for(tx, desk, waiting, now)
    decided, kept = [], 0
    for book in waiting:
        work = Work(tx, desk, book, rulings[book.order.id], known, now)
        asked = work.question()
        part = planned.parts.get(book.order.id)
        if asked is None:
            continue
        if part is not None and asked.wants == part.problem.wants and _holds(known, part.decision, rulings, book):
            decided += work.bind(part.problem, part.decision, planned.note, planned.worth(part))
            kept += 1
        else:
            problem = narrow(asked)
            decided += work.bind(problem, solve(problem, work.ruling.rules))
    routing.finish(tx, desk, waiting, rulings, known, decided, now)
    for book in waiting:
        book.look_again(workflows.due_at(book, rulings[book.order.id], now))
    save(tx, waiting, now)
    for book in waiting:
        customer.acknowledge(tx, desk, book, now)
    return kept


def _holds(known: Supply, decision: Decision, rulings: Mapping[str, Ruling], book: Book) -> bool:
    """Return whether everything that the plan gives an order is there, and its rules are those of the plan."""
    same = rulings[book.order.id].rules.hash == decision.rules_hash
    return same and known.can_give([(each.node, each.sku, each.quantity) for each in decision.choices])
