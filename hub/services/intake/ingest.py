"""Inbound: originals are made durable first, then mapped and applied, one record at a time.

A page of raw items and its cursor commit together as `received` messages; only then is anything mapped. A crash in
between leaves them waiting, and `apply_waiting` goes on with them. So an original is never lost, and what could not be
read yesterday is mapped again after a fix. Why not in one transaction: docs/why/inbox.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.contract import BadRecord, ConnectorError, Cuts, RawItem
from hub.log import EventLog, bound
from hub.model.base import Record
from hub.model.document import Kind
from hub.services.desk import Desk, Source
from hub.services.intake import said_again, traces
from hub.services.intake.keeping import Come, Inlet, keep_parts, receive
from hub.services.inventory import catalogue, places, receipts, stock
from hub.services.selling import amendments, early, orders
from hub.services.trade import acknowledgements, adjustments, invoices, shipments, transmissions
from hub.store import archive, messages, parking, runs, successors
from hub.store.messages import MessageRow
from hub.store.upsert import batches

log = EventLog(__name__)

#: How each kind of record is applied inside one transaction; true when it changed something.
APPLIERS: Mapping[Kind, Callable[[Connection, Desk, Source, Any], bool]] = {
    Kind.NODE: places.apply,
    Kind.STOCK_ADJUSTMENT: adjustments.apply,
    Kind.SALES_ORDER: orders.apply,
    Kind.SALES_ORDER_CHANGE: amendments.apply,
    Kind.ACKNOWLEDGEMENT: acknowledgements.apply,
    Kind.SHIPMENT: shipments.apply,
    Kind.INVOICE: invoices.apply,
    Kind.INTERCHANGE: transmissions.owe,
    Kind.FUNCTIONAL_ACKNOWLEDGEMENT: transmissions.apply,
}
#: What is much cheaper many at a time: the store is asked once for all of them.
TOGETHER: Mapping[Kind, Callable[[Connection, Desk, Source, Sequence[Any]], Sequence[bool]]] = {
    Kind.SALES_ORDER: orders.apply_many,
}
#: So many records, and ends of messages, are applied together at first and at least, and so many at most.
HANDFUL, MOST_TOGETHER = 60, 600
#: Levels come in floods; these take a whole stream and see to their own short transactions.
FEEDS = {
    Kind.STOCK_LEVEL: stock.apply_feed,
    Kind.CATALOGUE_ENTRY: catalogue.apply_feed,
    Kind.EXPECTED_RECEIPT: receipts.apply_feed,
}
#: Messages that wait are taken so many at a time.
_MANY = 500
#: How long one transaction may hold the store while others wait, in seconds.
LONGEST_CHUNK = 0.25
#: By the id of a message that has just come, its bytes as they were archived.
Contents = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records were read, changed something, and were parked."""

    read: int = 0
    changed: int = 0
    parked: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.read + other.read, self.changed + other.changed, self.parked + other.parked)


def fetch(desk: Desk, inlet: Inlet, run: int) -> Counts:
    """Apply what waits of this flow, then read everything that is new since its cursor; returns the run's counts."""
    with desk.store.read() as tx:
        cursor = runs.cursor_of(tx, inlet.connection, inlet.document.name)
        waits = messages.any_waits(tx, inlet.connection, inlet.document.name)
    total = apply_waiting(desk, inlet) if waits else Counts()
    come = Come()
    for page in inlet.connector.fetch(inlet.document.name, cursor):
        receive(desk, inlet, page, run, come)
        if page.more:
            continue
        counts = apply_messages(desk, inlet, come.fresh, come.contents)
        if counts.read or counts.parked:
            _count(desk, run, counts)
        total += counts
        come = Come()
    return total


def _count(desk: Desk, run: int, counts: Counts) -> None:
    def write(tx: Connection) -> None:
        runs.count(tx, run, read=counts.read, changed=counts.changed, parked=counts.parked)

    desk.store.submit(write)


def apply_waiting(desk: Desk, inlet: Inlet) -> Counts:
    """Apply what a flow has stored but not applied: after a crash, a fault, or because a person asked for it again.

    Whoever calls holds the flow, so that nobody else applies the same messages at this moment.
    """
    total = Counts()
    while True:
        with desk.store.read() as tx:
            waiting = messages.waiting(tx, _MANY, inlet.connection, inlet.document.name)
        if not waiting:
            return total
        if isinstance(inlet.connector, Cuts):
            for message in waiting:
                keep_parts(desk, inlet, inlet.connector, message)
        total += apply_messages(desk, inlet, waiting)


def apply_messages(
    desk: Desk, inlet: Inlet, received: Sequence[MessageRow], contents: Contents = MappingProxyType({})
) -> Counts:
    """Map and apply messages in order; what cannot be read is parked and the rest goes on.

    `contents` are those of messages that have just come for the first time; the others' are read from the archive.
    """
    with bound(partner=inlet.connection, document=inlet.document.name):
        if inlet.document.kind in FEEDS:
            return sum((_apply_feed(desk, inlet, message) for message in received), Counts())
        return _apply_records(desk, inlet, received, contents)


def _standing(desk: Desk, inlet: Inlet) -> said_again.Standing | None:
    mapping = said_again.Mapped(inlet.mapping_hash, lambda message: _parse(desk, inlet, message, None))
    return said_again.standing_by(desk, inlet.connection, inlet.document, mapping)


def _apply_feed(desk: Desk, inlet: Inlet, message: MessageRow) -> Counts:
    standing = _standing(desk, inlet)
    watch = standing.beside(message.id) if standing else None
    records = _parse(desk, inlet, message, None)
    result = FEEDS[inlet.document.kind](desk, inlet.source(message), watch.over(records) if watch else records)
    with desk.store.write() as tx:
        for bad in result.parked:
            parking.park(tx, message.id, inlet.connection, inlet.document.name, bad, desk.clock.now())
        ended = _Progress(
            message, None, Counts(result.read, result.changed, len(result.parked)), list(result.parked), watch
        )
        _end(tx, desk, inlet, [ended])
    return Counts(result.read, result.changed, len(result.parked))


@dataclass(slots=True)
class _Progress:
    """What has become of one message so far; `content` of one that has just come for the first time."""

    message: MessageRow
    content: bytes | None
    counts: Counts = field(default_factory=Counts)
    parked: list[BadRecord] = field(default_factory=list)
    watch: said_again.Watch | None = None
    _stays: tuple[Counts, int] = (Counts(), 0)

    def stay(self) -> None:
        """Take note that what has become of it is durable."""
        self._stays = self.counts, len(self.parked)

    def go_back(self) -> None:
        """Forget what was not."""
        self.counts = self._stays[0]
        del self.parked[self._stays[1] :]


#: One record of a message, or None after its last.
_Step = tuple[_Progress, Record | BadRecord | None]


def _apply_records(desk: Desk, inlet: Inlet, received: Sequence[MessageRow], contents: Contents) -> Counts:
    """Apply handful after handful of records, many to a transaction, but none longer than the longest chunk."""
    progress = [_Progress(message, contents.get(message.id)) for message in received]
    standing = _standing(desk, inlet) if received else None
    if standing is not None:
        for each in progress:
            each.watch = standing.beside(each.message.id)
    steps, together = _steps(desk, inlet, progress), inlet.document.kind in TOGETHER
    handfuls = _handfuls(desk.clock, steps) if together else batches(steps, 1)
    taken: list[Sequence[_Step]] = []

    def chunk(tx: Connection) -> bool:
        """Apply what fits into one transaction; the same again, first of all, when it has to be run again."""
        until = desk.clock.monotonic() + LONGEST_CHUNK
        again = taken.copy()
        for each in _touched(again):
            each.go_back()
        for number, handful in enumerate(chain(again, handfuls), start=1):
            if number > len(again):
                taken.append(handful)
            _apply_handful(tx, desk, inlet, handful)
            if number >= len(again) and (together or desk.clock.monotonic() >= until):
                return True
        return False

    while desk.store.transact(chunk):
        for each in _touched(taken):
            each.stay()
        taken.clear()
    page = [(each.message.id, each.parked) for each in progress]
    told = (_parse(desk, inlet, each.message, each.content) for each in progress)
    said_again.look_back(desk, inlet.connection, inlet.document, page, told)
    early.look_back(desk, inlet.connection, inlet.document.kind, page)
    return sum((each.counts for each in progress), Counts())


def _touched(handfuls: Sequence[Sequence[_Step]]) -> Iterator[_Progress]:
    return (each for handful in handfuls for each, _ in handful)


def _handfuls(clock: Clock, steps: Iterator[_Step]) -> Iterator[Sequence[_Step]]:
    """Yield as many steps as can be applied in one chunk, going by the last ones: the store is asked once for all."""
    size = HANDFUL
    while handful := list(islice(steps, size)):
        began = clock.monotonic()
        yield handful
        spent = max(clock.monotonic() - began, 0.001)
        size = round(min(max(len(handful) * LONGEST_CHUNK / spent, HANDFUL), 2 * size, MOST_TOGETHER))


def _apply_handful(tx: Connection, desk: Desk, inlet: Inlet, steps: Sequence[_Step]) -> None:
    """Apply these records together where their kind allows it and none of them is bad, else one by one."""
    records = [(each, record) for each, record in steps if isinstance(record, Record)]
    together = _apply_together(tx, desk, inlet, records) if len(records) > 1 else None
    ended: list[_Progress] = []
    applied: list[tuple[int, Record]] = []
    for each, record in steps:
        if record is None:
            ended.append(each)
            continue
        if together is not None and isinstance(record, Record):
            each.counts += Counts(1, int(next(together)), 0)
            applied.append((each.message.id, record))
        elif _apply_one(tx, desk, inlet, each, record) and isinstance(record, Record):
            applied.append((each.message.id, record))
    traces.keep(tx, inlet.connection, inlet.document.kind, applied)
    _end(tx, desk, inlet, ended)


def _apply_together(
    tx: Connection, desk: Desk, inlet: Inlet, records: Sequence[tuple[_Progress, Record]]
) -> Iterator[bool] | None:
    """Apply records in one step; returns for each whether it changed anything, None when one of them is bad."""
    savepoint = tx.begin_nested()
    try:
        source = inlet.source(records[0][0].message)
        changed = TOGETHER[inlet.document.kind](tx, desk, source, [record for _, record in records])
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001 - whichever it was shows, and is told, when they are applied one by one
        savepoint.rollback()
        return None
    savepoint.commit()
    return iter(changed)


def _steps(desk: Desk, inlet: Inlet, progress: Sequence[_Progress]) -> Iterator[_Step]:
    """Yield each message's records and then None, one message after the other."""
    for each in progress:
        records = _parse(desk, inlet, each.message, each.content)
        for record in each.watch.over(records) if each.watch else records:
            yield each, record
        yield each, None


def _parse(desk: Desk, inlet: Inlet, message: MessageRow, content: bytes | None) -> Iterator[Record | BadRecord]:
    """Map an archived original; a document that cannot be read at all is one bad record."""
    if content is None:
        with desk.store.read() as tx:
            content = archive.load(tx, message.sha256)
    item = RawItem(message.key, content, message.name, message.dated_at or message.received_at)
    try:
        yield from inlet.connector.parse(inlet.document.name, item)
    except BadRecord as bad:
        yield bad
    except ConnectorError as error:
        yield BadRecord(error.what, record="the whole document", raw=error.extract, todo=error.todo, code=error.code)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one document must never stop the others
        yield _unforeseen(error, "the whole document", message)


def _apply_one(tx: Connection, desk: Desk, inlet: Inlet, each: _Progress, record: Record | BadRecord) -> bool:
    """Apply one record, or park it; returns whether it was applied."""
    changed, bad = False, record if isinstance(record, BadRecord) else None
    if isinstance(record, Record):
        changed, bad = _apply_record(tx, desk, inlet, each.message, record)
    if bad is not None:
        until = early.waits_until(desk, inlet.connection, inlet.document.kind, bad)
        parking.park(tx, each.message.id, inlet.connection, inlet.document.name, bad, desk.clock.now(), until)
        each.parked.append(bad)
    each.counts += Counts(1, int(changed), int(bad is not None))
    return bad is None


def _apply_record(
    tx: Connection, desk: Desk, inlet: Inlet, message: MessageRow, record: Record
) -> tuple[bool, BadRecord | None]:
    """Apply one record in a savepoint of its own; returns (changed something, why it was parked)."""
    savepoint = tx.begin_nested()
    try:
        changed = APPLIERS[inlet.document.kind](tx, desk, inlet.source(message), record)
    except BadRecord as bad:
        savepoint.rollback()
        bad.known = said_again.known_again(inlet.document.kind, record, bad)
        return False, bad
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one record must never stop the others
        savepoint.rollback()
        return False, _unforeseen(error, _name_of(record), message)
    savepoint.commit()
    return changed, None


def _name_of(record: Record) -> str:
    names = ("number", "order_number", "invoice_number", "sku")
    return next((f"{name} {getattr(record, name)}" for name in names if getattr(record, name, None)), "a record")


def _unforeseen(error: Exception, record: str, message: MessageRow) -> BadRecord:
    log.unforeseen("record.unforeseen", error, record=record, message=message.id)
    return BadRecord(
        f"{type(error).__name__}: {error}",
        record=record,
        todo="this is a fault of the hub or of the connector: report it with this message's id, then rerun",
        code=f"unforeseen {type(error).__name__}",
    )


def _end(tx: Connection, desk: Desk, inlet: Inlet, ended: Sequence[_Progress]) -> None:
    """Mark messages as applied; what was parked of them before and went through this time is resolved."""
    now = desk.clock.now()
    counts = [(each.message.id, each.counts.read, each.counts.parked) for each in ended]
    messages.applied_all(tx, counts, inlet.mapping_hash, now)
    for each in ended:
        if each.content is None:  # of one that has just come nothing was parked before
            parking.resolve_mended(tx, each.message.id, {(bad.record, bad.field) for bad in each.parked}, now)
        if each.watch is not None:
            each.watch.resolve(tx, each.parked, now)
    if inlet.document.kind is not Kind.INTERCHANGE:
        _leave_keys(tx, inlet, [each for each in ended if each.counts.parked == each.counts.read > 0], now)


def _leave_keys(tx: Connection, inlet: Inlet, failed: Sequence[_Progress], now: datetime) -> None:
    """Let the keys of messages that came to nothing go to what waits for them; but once something came, they stand."""
    for each in failed:
        if each.message.records > each.message.parked:
            successors.stands(tx, each.message.id, now)
    if failed:
        ids = [each.message.id for each in failed]
        successors.let_in(tx, inlet.connection, inlet.document.name, ids, now)
