"""Reconciliation: day by day, what a channel has and what we have, and reading again what differs.

Webhooks get lost, a list may leave an order out, somebody restores a backup. What is compared is what both sides say of
the same order: that it is there, cancelled or not, how much of each line is wanted and how much has left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.contract import BadRecord, DocumentSpec, Page, RawItem, Recounts, Rejected
from hub.log import EventLog
from hub.model.document import Kind
from hub.model.number import plain
from hub.model.order import SalesOrder
from hub.services.book import GONE, by_line
from hub.services.intake import ingest
from hub.services.intake.ingest import Counts
from hub.services.intake.keeping import Inlet
from hub.services.syncing import sync
from hub.services.syncing.sync import Flows, inlet
from hub.store import allocations, connections, messages, orders, runs
from hub.store.orders import OrderRow
from hub.store.runs import Tick

log = EventLog(__name__)

#: What a reconciliation that a person asked a daemon for has for a schedule.
BY_HAND = "reconciled by hand"
_NOTHING = Decimal(0)
#: So many differences are named in the log; `crossdock reconcile` lists them all.
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that both sides say differently; `day` is when the order was placed."""

    day: str
    order: str
    what: str
    theirs: str
    ours: str

    def as_row(self) -> Mapping[str, str]:
        """Return it for a table or for JSON."""
        return asdict(self)


@dataclass(slots=True)
class Comparison:
    """What was compared: orders by day, what differs, and how many orders were read again for it."""

    days: dict[str, int]
    differences: list[Difference]
    read_again: int = 0

    def by_day(self) -> list[Mapping[str, object]]:
        """Return how many orders of each day were compared, and how many of them differ."""
        bad = {day: len({each.order for each in self.differences if each.day == day}) for day in self.days}
        return [{"day": day, "orders": self.days[day], "differ": bad[day]} for day in sorted(self.days)]


def reconcile(flows: Flows, connection: str, since: datetime, *, fix: bool = False) -> Comparison:
    """Compare everything that changed since then; with `fix` what differs is read again, and then compared again.

    Raises Rejected when the partner's kind of connector cannot count over, and what its reading raises.
    """
    with flows.links.use(connection) as connector:
        document = next((each for each in connector.documents() if _counts(each)), None)
        if document is None or not isinstance(connector, Recounts):
            raise Rejected(
                f"{connection} cannot be reconciled: its connector has no orders to count over", code="recount"
            )
        with flows.locks.hold(connection, document.name):
            at = inlet(flows, connection, connector, document)
            return _compared(flows, at, connector.recount(document.name, since), since, fix=fix)


def run_job(
    flows: Flows, schedule: str, connection: str, documents: Sequence[DocumentSpec], at: datetime, back: timedelta
) -> bool:
    """Carry out a scheduled reconciliation, and mend what differs; returns whether there may be something to send now.

    What still differs after that is named in the log. A kind of connector that cannot count over is left alone.
    """
    with flows.desk.store.read() as tx:
        if not connections.is_open(tx, connection):
            return False
    with flows.links.use(connection) as connector:
        able = isinstance(connector, Recounts)
    wanted = [document for document in documents if able and _counts(document)]
    ran = [
        sync.run_as(
            flows, Tick(schedule, connection, document.name, at), document, _mending(flows, connection, at - back)
        )
        for document in wanted
    ]
    return any(each.well and each.news for each in ran)


def _counts(document: DocumentSpec) -> bool:
    return document.kind is Kind.SALES_ORDER and not document.comes_with


def _mending(flows: Flows, connection: str, since: datetime) -> Callable[[int], Counts]:
    def mend(run: int) -> Counts:
        found = reconcile(flows, connection, since, fix=True)
        counts = Counts(read=sum(found.days.values()), changed=found.read_again)
        with flows.desk.store.write() as tx:
            runs.count(tx, run, read=counts.read, changed=counts.changed)
        if found.differences:
            told = [f"{each.order} {each.what}: {each.theirs} / {each.ours}" for each in found.differences[:_NAMED]]
            todo = f"see crossdock reconcile {connection}"
            log.warning("reconcile.differs", partner=connection, count=len(found.differences), first=told, todo=todo)
        return counts

    return mend


def _compared(flows: Flows, at: Inlet, pages: Iterator[Page], since: datetime, *, fix: bool) -> Comparison:
    found = Comparison({}, [])
    seen: set[str] = set()
    for page in pages:
        theirs = dict(_read(at, page))
        seen |= {order.order_id for order in theirs.values() if isinstance(order, SalesOrder)}
        differing = _page(flows, at, theirs, found)
        if fix and differing:
            _read_again(flows, at, [item for item in page.items if item.key in differing])
            found.read_again += len(differing)
            again = Comparison({}, [])
            _page(flows, at, {key: theirs[key] for key in differing}, again)
            found.differences = [each for each in found.differences if each.order not in _named(theirs, differing)]
            found.differences += again.differences
    with flows.desk.store.read() as tx:
        found.differences += _gone(orders.changed_since(tx, at.connection, since), seen)
    return found


def _named(theirs: Mapping[str, SalesOrder | BadRecord], keys: Sequence[str]) -> frozenset[str]:
    return frozenset(_number(theirs[key]) for key in keys)


def _number(order: SalesOrder | BadRecord) -> str:
    return order.number if isinstance(order, SalesOrder) else order.record


def _read(at: Inlet, page: Page) -> Iterator[tuple[str, SalesOrder | BadRecord]]:
    for item in page.items:
        for record in at.connector.parse(at.document.name, item):
            if isinstance(record, SalesOrder | BadRecord):
                yield item.key, record


def _page(flows: Flows, at: Inlet, theirs: Mapping[str, SalesOrder | BadRecord], found: Comparison) -> list[str]:
    """Compare the orders of a page; returns the keys of those that differ."""
    ids = [order.order_id for order in theirs.values() if isinstance(order, SalesOrder)]
    with flows.desk.store.read() as tx:
        known = orders.of_channel(tx, at.connection, ids)
        gone = _gone_by_line(tx, [row.id for row in known.values()])
    differing = []
    for key, order in theirs.items():
        if isinstance(order, BadRecord):
            found.differences.append(Difference("", order.record, "cannot be read", order.what, "parked"))
            continue
        day = order.placed_at.date().isoformat()
        found.days[day] = found.days.get(day, 0) + 1
        row = known.get(order.order_id)
        here = list(_differences(day, order, row, gone.get(row.id, {}) if row else {}))
        found.differences += here
        differing += [key] if here else []
    return differing


def _gone_by_line(tx: Connection, ids: Collection[str]) -> Mapping[str, Mapping[str, Decimal]]:
    """Return what has left of each line of these orders as we have it, by our order id."""
    known = allocations.of_orders(tx, ids)
    return {order_id: by_line(each for each in known[order_id] if each.row.state in GONE) for order_id in known}


def _differences(
    day: str, order: SalesOrder, row: OrderRow | None, gone: Mapping[str, Decimal]
) -> Iterator[Difference]:
    if row is None:
        yield Difference(day, order.number, "the order", "is there", "unknown")
        return
    if row.doc.cancelled != order.cancelled:
        words = {True: "cancelled", False: "wanted"}
        yield Difference(day, order.number, "the order", words[order.cancelled], words[row.doc.cancelled])
    ours = {line.line_id: line for line in row.doc.lines}
    for line in order.lines:
        name = f"line {line.line_id} ({line.sku or line.name})"
        mine = ours.get(line.line_id)
        if mine is None or mine.quantity != line.quantity:
            known = plain(mine.quantity) if mine else "unknown"
            yield Difference(day, order.number, f"{name}: quantity", plain(line.quantity), known)
        left = gone.get(line.line_id, _NOTHING)
        if line.ships and left != line.fulfilled:
            yield Difference(day, order.number, f"{name}: has left", plain(line.fulfilled), plain(left))


def _gone(known: Sequence[OrderRow], seen: set[str]) -> Iterator[Difference]:
    """Yield the orders that we know and that the channel did not list."""
    for row in known:
        if row.doc.order_id not in seen:
            day = row.doc.placed_at.date().isoformat()
            yield Difference(day, row.doc.number, "the order", "not listed", "is there")


def _read_again(flows: Flows, at: Inlet, items: Sequence[RawItem]) -> None:
    """Keep what was read and apply it, also where the same was kept and applied before."""
    desk = flows.desk

    def keep(tx: Connection) -> list[messages.MessageRow]:
        kept = [
            messages.receive(
                tx,
                connection=at.connection,
                document=at.document.name,
                key=item.key,
                name=item.name,
                content=item.content,
                now=desk.clock.now(),
                dated_at=item.at,
            )
            for item in items
        ]
        return messages.by_ids(tx, [each.id for each in kept if not each.quarantined])

    received = desk.store.transact(keep)
    ingest.apply_messages(desk, at, received)
