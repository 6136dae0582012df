"""What becomes of a quantity that no node can send: it waits for goods with a date, waits for a person, or ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub.model.decision import Decision, Unfilled
from hub.model.number import plain
from hub.model.order import Gate
from hub.model.state import LineState
from hub.policy.policy import Ruling
from hub.policy.rule_set import NothingFits
from hub.routing.problem import Problem
from hub.services.book import Book, up_to
from hub.services.sourcing.workflows import NOTHING_FITS, expected_at
from hub.store import events
from hub.store.allocations import CLOSED, STUCK


def leave(tx: Connection, book: Book, decision: Decision, problem: Problem, ruling: Ruling, now: datetime) -> None:
    """Move what was left without a source as the order's rule set says, and tell people where it wants that."""
    says = ruling.nothing_fits
    for unfilled in decision.unfilled:
        if says.then == "cancel":
            _end(book, unfilled, f"{CLOSED}nothing fits: {unfilled.reason}")
        else:
            _wait(tx, book, unfilled, problem, says, now)
    if says.notify and decision.unfilled:
        tell(tx, book, decision, ruling, now)


def must_wait(book: Book, decision: Decision, ruling: Ruling) -> bool:
    """Return whether the whole order waits for a person, because not all of it has a source."""
    released = any(gate.kind == NOTHING_FITS and not gate.shut for gate in book.order.gates)
    return bool(decision.unfilled) and ruling.nothing_fits.then == "hold" and not released


def keep_back(tx: Connection, book: Book, decision: Decision, ruling: Ruling, now: datetime) -> None:
    """Hold all that is to be routed until a person releases it; what fits then goes, and the rest waits for goods."""
    told = (f"{plain(each.quantity)} of {each.sku} ({each.reason})" for each in decision.unfilled)
    why = f"nothing fits {', '.join(told)}"
    for portion in book.select({LineState.ROUTABLE}):
        book.move(portion, LineState.HELD, reason=why)
    book.set_gates((*book.order.gates, Gate(name=NOTHING_FITS, kind=NOTHING_FITS, why=why)))
    tell(tx, book, decision, ruling, now)


def tell(tx: Connection, book: Book, decision: Decision, ruling: Ruling, now: datetime) -> None:
    """Record for people what has no source, and what the rule set does about it."""
    lines = [{"sku": each.sku, "quantity": plain(each.quantity), "why": each.reason} for each in decision.unfilled]
    detail = {"then": ruling.nothing_fits.then, "rules": ruling.rule_set.name, "lines": lines}
    events.record(tx, "order.nothing_fits", book.order.id, now, actor="rules", detail=detail)


def end_waiting(tx: Connection, book: Book, ruling: Ruling, now: datetime) -> bool:
    """End what has waited for goods longer than the rule set allows; returns whether there was anything."""
    days = ruling.nothing_fits.cancel_after_days
    stuck = book.select(STUCK)
    if days is None or not stuck or book.order.doc.placed_at + timedelta(days=days) > now:
        return False
    for portion in stuck:
        book.move(portion, LineState.CANCELLED, reason=f"{CLOSED}no goods within {days} days of the order")
    events.record(tx, "order.wait_ended", book.order.id, now, actor="rules", detail={"days": days})
    return True


def _end(book: Book, unfilled: Unfilled, reason: str) -> None:
    for portion in up_to(book, book.select({LineState.ROUTABLE}, line_id=unfilled.line_id), unfilled.quantity):
        book.move(portion, LineState.CANCELLED, reason=reason)


def _wait(tx: Connection, book: Book, unfilled: Unfilled, problem: Problem, says: NothingFits, now: datetime) -> None:
    """Leave the quantity waiting: for goods with the day on which they may come, or for a person who finds a source."""
    comes = _may_come(unfilled, problem)
    day = expected_at(tx, [unfilled.sku], now) if unfilled.sku else None
    if day is None and says.days is not None:
        day = now + timedelta(days=says.days)
    state = LineState.BACKORDERED if comes or day else LineState.UNFILLABLE
    reason = f"{unfilled.reason}; expected {day:%Y-%m-%d}" if day else unfilled.reason
    for portion in up_to(book, book.select({LineState.ROUTABLE}, line_id=unfilled.line_id), unfilled.quantity):
        book.move(portion, state, reason=reason, promised_at=day)


def _may_come(unfilled: Unfilled, problem: Problem) -> bool:
    """Tell whether more stock alone would help: some node that has not refused the line sells the SKU."""
    want = next(want for want in problem.wants if want.line_id == unfilled.line_id)
    return any(
        offer.sku == want.sku and offer.node not in want.excluded and want.pick_up_node in (None, offer.node)
        for offer in problem.offers
    )
