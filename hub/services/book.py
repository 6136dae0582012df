"""One order in hand: every quantity of every line, moved only as the state table allows, stored in one go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.order import Allocation, Gate, OrderLine, move, order_status
from hub.model.state import BOUND, LineState
from hub.store import allocations, events, orders
from hub.store.allocations import Portion
from hub.store.orders import OrderRow

NOTHING = Decimal(0)
#: Quantities that have left a node.
GONE = frozenset({LineState.SHIPPED, LineState.DELIVERED, LineState.CLOSED})
#: Quantities that a node has been asked for and has not shipped.
AWAITED = frozenset({LineState.ALLOCATED, LineState.RELEASED, LineState.ACKNOWLEDGED})
#: Quantities that no node has been asked for.
OPEN = frozenset({LineState.NEW, LineState.HELD, LineState.ROUTABLE, LineState.BACKORDERED, LineState.UNFILLABLE})

_TEST_ORDER = "a test order: kept, never routed"


class Book:
    """The allocation rows of one order, from `open` to `save`; whoever opens it has locked the order's row."""

    def __init__(self, order: OrderRow, portions: list[Portion]) -> None:
        self.order = order
        self.portions = portions
        self.recalled: set[str] = set()  # documents of which another quantity is wanted now than their nodes know
        self.readdressed: set[str] = set()  # documents that were to go elsewhere
        self.company: dict[str, list[str]] = {}  # by node: the numbers of orders that leave there in one parcel with it
        self.plan_changed = False
        self.promised_before = self.promised_told = self.promised

    @classmethod
    def open(cls, tx: Connection, order_id: str) -> Book:
        """Lock the order and take its rows in hand; raises LookupError for an order that is not there."""
        order = orders.get(tx, order_id, lock=True)
        if order is None:
            raise LookupError(f"no order {order_id}")
        return cls(order, allocations.of_order(tx, order_id, lock=True))

    @property
    def promised(self) -> datetime | None:
        """Return when the customer may expect the last of what is promised; None when nothing is."""
        days = [each.row.promised_at for each in self.portions if each.row.state is not LineState.CANCELLED]
        return max((day for day in days if day is not None), default=None)

    def set_gates(self, gates: tuple[Gate, ...]) -> None:
        """Take over what the workflows keep the order back for."""
        self.order, self.plan_changed = replace(self.order, gates=gates), True

    def look_again(self, at: datetime | None) -> None:
        """Note when the order has to be looked at by itself."""
        if at != self.order.due_at:
            self.order, self.plan_changed = replace(self.order, due_at=at), True

    def line(self, line_id: str) -> OrderLine | None:
        """Return the channel's line, or None when its newest version has it no more."""
        return next((line for line in self.order.doc.lines if line.line_id == line_id), None)

    def select(
        self,
        states: Collection[LineState] | None = None,
        *,
        line_id: str | None = None,
        document: str | None = None,
    ) -> list[Portion]:
        """Return the portions in these states, of this line, under this document."""
        return [
            portion
            for portion in self.portions
            if (states is None or portion.row.state in states)
            and (line_id is None or portion.row.line_id == line_id)
            and (document is None or portion.row.document == document)
        ]

    def add(self, line_id: str, sku: str, quantity: Decimal, state: LineState, reason: str = "") -> Portion:
        """Take up a quantity that the customer has newly ordered."""
        row = Allocation(line_id=line_id, sku=sku, quantity=quantity, state=LineState.NEW)
        portion = Portion(None, row, changed=True)
        self.portions.append(portion)
        return self.move(portion, state, reason=reason)

    def move(self, portion: Portion, target: LineState, quantity: Decimal | None = None, **fields: object) -> Portion:
        """Move all or part of a portion to another state and return what moved; the rest stays as it was."""
        moved, stayed = move(portion.row, target, quantity, **fields)
        if stayed is None:
            portion.row, portion.changed = moved, True
            return portion
        return self._split(portion, moved, stayed)

    def part(self, portion: Portion, quantity: Decimal) -> Portion:
        """Return a portion of exactly this quantity in the same state, split off when it is less than the whole."""
        if quantity == portion.row.quantity:
            return portion
        stayed = portion.row.changed(quantity=portion.row.quantity - quantity)
        return self._split(portion, portion.row.changed(quantity=quantity), stayed)

    def _split(self, portion: Portion, moved: Allocation, stayed: Allocation) -> Portion:
        portion.row, portion.changed = stayed, True
        apart = replace(portion, id=None, row=moved, changed=True)
        self.portions.append(apart)
        return apart

    def arrived(self, document: str, now: datetime) -> None:
        """Note that the node has the document: what was allocated under it is released."""
        for portion in self.select({LineState.ALLOCATED}, document=document):
            self.move(portion, LineState.RELEASED)
            portion.sent_at = now

    def give_back(self, portion: Portion, reason: str, until: datetime | None = None) -> Portion:
        """Take a quantity back from a node that will not ship it; it is routed again, unless nobody wants it any more.

        The node is excluded for this quantity until then; for ever where no end is given.
        """
        node = portion.row.node
        self.move(portion, LineState.REJECTED, reason=reason)
        excluded = portion.row.excluded | ({node} if node else frozenset())
        ends = {code: end for code, end in portion.row.excluded_until.items() if code != node}
        if node and until:
            ends[node] = until
        wanted = portion.cancel_asked_at is None
        target = LineState.ROUTABLE if wanted else LineState.CANCELLED
        self.move(portion, target, node=None, document=None, excluded=excluded, excluded_until=ends, promised_at=None)
        portion.sent_at = portion.cancel_asked_at = portion.recall_by = None
        return portion

    def unbind(self, portion: Portion) -> Portion:
        """Take a quantity back whose document never left; no node is excluded for it."""
        wanted = portion.cancel_asked_at is None
        portion.cancel_asked_at = portion.recall_by = None
        return self.move(portion, LineState.ROUTABLE if wanted else LineState.CANCELLED, node=None, document=None)

    def make_known(self, tx: Connection, now: datetime) -> None:
        """Store what changes the promises of nodes, so that the next look at their stock sees it."""
        told = (portion for portion in self.portions if portion.changed or portion.id is None)
        if any(portion.id is not None or portion.row.state in BOUND for portion in told):
            allocations.save(tx, {self.order.id: self.portions}, now)

    def save(self, tx: Connection, now: datetime) -> bool:
        """Store every change and the status of the order that follows from them; returns whether there was any."""
        return save(tx, [self], now)


def save(tx: Connection, books: Iterable[Book], now: datetime) -> bool:
    """Do the same for several orders at once."""
    held = {book.order.id: book for book in books}
    changed = allocations.save(tx, {order_id: book.portions for order_id, book in held.items()}, now)
    rolled_up = {order_id: order_status(each.row.state for each in book.portions) for order_id, book in held.items()}
    plans = {each.order.id: (each.order.gates, each.order.due_at) for each in held.values() if each.plan_changed}
    orders.set_plans(tx, plans)
    for each in held.values():
        _tell_promise(tx, each, now)
    for each in held.values():
        each.plan_changed = False
    news = {order_id: status for order_id, status in rolled_up.items() if status is not held[order_id].order.status}
    orders.set_statuses(tx, news, now)
    return changed or bool(news) or bool(plans)


def _tell_promise(tx: Connection, book: Book, now: datetime) -> None:
    """Record that the customer may expect the goods on another day than was said before."""
    was, becomes = book.promised_before, book.promised
    if was is not None and becomes is not None and was.date() != becomes.date():
        detail = {"was": was.isoformat(), "becomes": becomes.isoformat()}
        events.record(tx, "order.promise_changed", book.order.id, now, detail=detail)
    book.promised_before = becomes or was


def hold_reason(order: OrderRow) -> str:
    """Return why an order must not be routed now; empty when it may be."""
    if order.doc.test:
        return _TEST_ORDER
    shut = (gate.why for gate in order.gates if gate.shut)
    return order.hold or order.doc.hold or next(shut, "")


def total(portions: Iterable[Portion]) -> Decimal:
    """Return the sum of the quantities."""
    return sum((portion.row.quantity for portion in portions), NOTHING)


def by_line(portions: Iterable[Portion]) -> dict[str, Decimal]:
    """Return the sums of the quantities by the channel's line."""
    sums: dict[str, Decimal] = {}
    for portion in portions:
        sums[portion.row.line_id] = sums.get(portion.row.line_id, NOTHING) + portion.row.quantity
    return sums


def up_to(book: Book, portions: Iterable[Portion], quantity: Decimal) -> Iterator[Portion]:
    """Yield portions that add up to the quantity, the last one split where it has to be."""
    for portion in list(portions):
        if quantity <= 0:
            return
        taken = book.part(portion, min(quantity, portion.row.quantity))
        quantity -= taken.row.quantity
        yield taken
