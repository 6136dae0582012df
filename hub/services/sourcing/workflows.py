"""Workflows at work: which gates keep an order back now, when it has to be looked at again, what its documents say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.money import Money, UnknownRate
from hub.model.order import DeliveryMethod, Gate, SalesOrder
from hub.model.state import LineState
from hub.policy.facts import Asked, worth_of
from hub.policy.policy import Ruling
from hub.policy.step import Approve, Gift, Hold, Note, Notify, PickUp, Receipt, Step, Wait
from hub.services.book import Book
from hub.services.desk import Desk
from hub.services.inventory import fresh
from hub.store import events, receipts
from hub.store.allocations import STUCK

#: How often it is looked whether the goods of a pre-order have come.
_GOODS_EVERY = timedelta(minutes=5)
#: The gate that a rule set shuts when nothing fits; no workflow has a name like it.
NOTHING_FITS = "nothing fits"


def ruling_of(desk: Desk, order: SalesOrder) -> Ruling:
    """Return what the routing files say of an order; the rules of the configuration where there are none."""
    return judged(desk, asked_of(desk, order))


def asked_of(desk: Desk, order: SalesOrder) -> Asked:
    """Return what the conditions of routing files are asked of, as things stand."""
    return Asked(order, value_of(desk, order))


def judged(desk: Desk, asked: Asked) -> Ruling:
    """Return what the routing files say of what was asked; the rules of the configuration where there are none."""
    return Ruling.of(desk.rules) if desk.policy is None else desk.policy.ruling(asked)


def value_of(desk: Desk, order: SalesOrder) -> Decimal | None:
    """Return what an order is worth in the hub's currency; None when no exchange rate is known."""
    try:
        return desk.rates.convert(Money(amount=worth_of(order), currency=order.currency), desk.currency).amount
    except UnknownRate:
        return None


def review(tx: Connection, desk: Desk, book: Book, now: datetime) -> Ruling:
    """Bring the gates of an order to what its workflows ask now, and say in events what was shut and what opened.

    A gate whose workflow no longer takes the order is gone: an order that was held for its payment goes on when it is
    paid. One that was opened stays open, unless the order is worth more by now than was approved.
    """
    ruling = ruling_of(desk, book.order.doc)
    known = {gate.name: gate for gate in book.order.gates}
    wanted = [gate for step in ruling.steps if (gate := _gate(tx, desk, book, step, known.get(step.name), now))]
    kept = [gate for gate in book.order.gates if gate.kind == NOTHING_FITS]
    gates = (*wanted, *kept)
    if gates != book.order.gates:
        _tell(tx, book, known, gates, now)
        book.set_gates(gates)
    return ruling


def open_gates(tx: Connection, book: Book, actor: str, now: datetime) -> None:
    """Open every gate that is shut, at a person's word: a release, an approval."""
    opened = tuple(gate.changed(opened_at=now, opened_by=actor) if gate.shut else gate for gate in book.order.gates)
    if opened != book.order.gates:
        for gate in book.order.gates:
            if gate.shut:
                events.record(tx, "order.gate_opened", book.order.id, now, actor=actor, detail={"gate": gate.name})
        book.set_gates(opened)


def due_at(book: Book, ruling: Ruling, now: datetime) -> datetime | None:
    """Return when the order has to be looked at by itself; None when only news can change anything."""
    return min(_moments(book, ruling, now), default=None)


def _moments(book: Book, ruling: Ruling, now: datetime) -> Iterator[datetime]:
    held = bool(book.select({LineState.HELD}))
    for gate in book.order.gates if held else ():
        if gate.shut and gate.kind == "receipt":
            yield now + _GOODS_EVERY
        elif gate.shut and gate.until is not None:
            yield gate.until
    if ruling.batch is not None and book.select({LineState.ROUTABLE}):
        yield book.order.created_at + timedelta(minutes=float(ruling.batch.minutes))
    days = ruling.nothing_fits.cancel_after_days
    if days is not None and book.select(STUCK):
        yield max(now, book.order.doc.placed_at + timedelta(days=days))


def excluded_until(desk: Desk, book: Book, now: datetime) -> datetime | None:
    """Return until when a node that refuses a line of this order is not asked for it again; None for ever."""
    days = ruling_of(desk, book.order.doc).answers.exclude_days
    return None if days is None else now + timedelta(days=days)


# --- gates -----------------------------------------------------------------------------------------------------------


def _gate(tx: Connection, desk: Desk, book: Book, step: Step, known: Gate | None, now: datetime) -> Gate | None:
    does = step.does
    if isinstance(does, Hold):
        return known or Gate(name=step.name, kind=step.kind, why=does.why)
    if isinstance(does, Approve):
        return _approval(desk, book.order.doc, step, does, known)
    if isinstance(does, Wait):
        return _pause(book.order.doc, step, does, known, now)
    if isinstance(does, Receipt):
        return _goods(tx, desk, book, step, known, now)
    return None


def _approval(desk: Desk, order: SalesOrder, step: Step, does: Approve, known: Gate | None) -> Gate | None:
    """Return the gate of an order that is worth so much; what nobody can work out is looked at by somebody, too."""
    worth = value_of(desk, order)
    if worth is not None and worth <= does.above:
        return None
    if known is None or (worth is not None and known.value is not None and worth > known.value):
        return Gate(name=step.name, kind=step.kind, why=does.why, value=worth)
    return known


def _pause(order: SalesOrder, step: Step, does: Wait, known: Gate | None, now: datetime) -> Gate:
    until = order.placed_at + timedelta(minutes=float(does.minutes))
    gate = known or Gate(name=step.name, kind=step.kind, why=does.why, until=until)
    return gate.changed(opened_at=now, opened_by="time") if gate.shut and until <= now else gate


def _goods(tx: Connection, desk: Desk, book: Book, step: Step, known: Gate | None, now: datetime) -> Gate:
    """Return the gate of a pre-order: open once a node has all of it, else with the day on which it is expected."""
    gate = known or Gate(name=step.name, kind=step.kind, why=step.does.why if isinstance(step.does, Receipt) else "")
    if not gate.shut:
        return gate
    wanted = _wanted(book.order.doc)
    available = fresh.promised(tx, desk, set(wanted), now).available
    if all(
        any(figure >= quantity for (_, at), figure in available.items() if at == sku)
        for sku, quantity in wanted.items()
    ):
        return gate.changed(opened_at=now, opened_by="goods", until=None)
    return gate.changed(until=expected_at(tx, wanted, now))


def _wanted(order: SalesOrder) -> dict[str, Decimal]:
    wanted: dict[str, Decimal] = {}
    for line in order.lines:
        if line.ships and line.sku:
            wanted[line.sku] = wanted.get(line.sku, Decimal(0)) + line.quantity
    return wanted


def expected_at(tx: Connection, skus: Iterable[str], now: datetime) -> datetime | None:
    """Return when all of these SKUs are expected somewhere; None when of one of them nothing is."""
    days: dict[str, datetime] = {}
    wanted = set(skus)
    for each in receipts.expected(tx, wanted):
        if each.expected_at >= now:
            days[each.sku] = min(each.expected_at, days.get(each.sku, each.expected_at))
    return max(days.values()) if days and days.keys() == wanted else None


def _tell(tx: Connection, book: Book, known: dict[str, Gate], gates: tuple[Gate, ...], now: datetime) -> None:
    """Record what was shut, what opened by itself, and what is gone because its workflow takes the order no more."""
    for gate in gates:
        before = known.get(gate.name)
        if gate.shut and (before is None or not before.shut):
            detail = {"gate": gate.name, "why": gate.why}
            events.record(tx, "order.gate_shut", book.order.id, now, actor="workflow", detail=detail)
        elif not gate.shut and (before is None or before.shut):
            events.record(tx, "order.gate_opened", book.order.id, now, actor=gate.opened_by, detail={"gate": gate.name})
    for name in sorted(known.keys() - {gate.name for gate in gates}):
        if known[name].shut:
            events.record(tx, "order.gate_gone", book.order.id, now, actor="workflow", detail={"gate": name})


# --- what is told ----------------------------------------------------------------------------------------------------


def notify(tx: Connection, book: Book, ruling: Ruling, now: datetime) -> None:
    """Record what the workflows of a new order want people to be told."""
    for step in ruling.steps:
        if isinstance(step.does, Notify):
            detail = {"text": step.does.text, "workflow": step.name}
            events.record(tx, "order.notice", book.order.id, now, actor="workflow", detail=detail)


def note_of(order: SalesOrder, ruling: Ruling) -> str:
    """Return what the node's document has to say beside its lines."""
    return "\n".join(_notes(order, ruling))


def _notes(order: SalesOrder, ruling: Ruling) -> Iterator[str]:
    for step in ruling.steps:
        if isinstance(step.does, Gift):
            yield "GIFT: show no price" + (f'; message: "{order.gift_message}"' if order.gift_message else "")
        elif isinstance(step.does, Note):
            yield step.does.text
        elif isinstance(step.does, PickUp) and order.method is DeliveryMethod.PICK_UP:
            yield "PICK-UP: the customer collects it"


def ready_hours(order: SalesOrder, ruling: Ruling) -> Decimal | None:
    """Return within how many hours a node has to have ready what a customer collects; None when nothing says so."""
    found = [step.does.ready_hours for step in ruling.steps if isinstance(step.does, PickUp)]
    given = [hours for hours in found if hours is not None]
    return min(given) if given and order.method is DeliveryMethod.PICK_UP else None
