"""Telling a channel what it is to show, whenever that changes.

A location's figure is the sum, over the nodes it stands for, of what each may still promise in whole units: on hand
less our own allocations that the node's figure does not know of yet, less reservations, less safety. What customers
have bought in the shop and we have not read yet is in no figure of ours; the shop takes that off itself.

At most one delivery of a channel waits at a time. While it does, news joins it: a new delivery takes its place and its
rows, with the figures of this moment. What has changed is found by the times of the last changes. Once in a while
everything is compared, in a lap of bounded steps, which finds what no time tells: a figure that was only confirmed, a
reservation that expired, a delivery that parked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.model.stock import StockPush, StockPushRow
from hub.services.desk import Desk
from hub.services.inventory.stock_shown import Shown
from hub.store import counters, deliveries, published, runs
from hub.store.columns import utc_text, utc_time
from hub.store.delivery_row import NewDelivery
from hub.store.published import Place

__all__ = ["MOST_ROWS", "plan", "push_everything"]

#: The most figures in one delivery: what a channel takes in some seconds.
MOST_ROWS = 250
#: The most SKUs that one call looks at because they changed; more than that are found by a lap.
MOST_CHANGED = 2000
_PAGE = 1000
_PAGES_A_CALL = 10
_LAP_EVERY = timedelta(minutes=15)
#: What the channel did not take (a SKU it does not know) is told again when it changes, and after so long in any case.
_UNTAKEN_AGAIN = timedelta(days=1)
#: A transaction may commit this much later than the time that it wrote.
_OVERLAP = timedelta(seconds=30)
_CURSOR = "#stock_push"
_WAITING = (DeliveryState.QUEUED, DeliveryState.WAITING)


def plan(desk: Desk, channel: str, now: datetime) -> int:
    """Put what has changed for the channel on its way, as one delivery; returns how many figures, 0 when none has.

    Cheap while nothing changes. What does not fit into one delivery follows with the next calls.
    """
    document = desk.directory.outbound(channel, Kind.STOCK_PUSH)
    shown = Shown.of(desk, channel)
    if document is None or not shown.locations:
        return 0
    before = _progress(desk, channel, shown, now)
    with desk.store.read() as tx:
        search = _Search(tx, channel, shown, now, _waiting(tx, channel))
        after = _look_round(search, before)
        rows = search.with_waiting() if search.found else {}
    if rows or after != before:
        with desk.store.write() as tx:
            if rows:
                _enqueue(tx, channel, document, rows, now)
            after.save(tx, channel, now)
    return len(search.found)


def push_everything(desk: Desk, channel: str, now: datetime) -> None:
    """Let the next calls of `plan` tell the channel every figure again, whatever it was told before."""
    with desk.store.write() as tx:
        published.forget(tx, channel)
        runs.move_cursor(tx, channel, _CURSOR, None, now)


# --- how far we are --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Progress:
    """Up to when changes were seen, and where the lap over everything stands (None: none is under way).

    `again` says that a whole new lap has to follow this one.
    """

    seen_at: datetime
    lap_at: str | None
    lapped_at: datetime
    fingerprint: str
    again: bool = False

    @classmethod
    def load(cls, tx: Connection, channel: str) -> _Progress | None:
        text = runs.cursor_of(tx, channel, _CURSOR)
        if text is None:
            return None
        seen_at, lap_at, lapped_at, fingerprint, again = json.loads(text)
        return cls(utc_time(seen_at), lap_at, utc_time(lapped_at), fingerprint, again)

    def save(self, tx: Connection, channel: str, now: datetime) -> None:
        values = [utc_text(self.seen_at), self.lap_at, utc_text(self.lapped_at), self.fingerprint, self.again]
        runs.move_cursor(tx, channel, _CURSOR, json.dumps(values), now)

    def with_lap(self) -> _Progress:
        """Compare everything from here on: in a new lap, or in one more when one is under way."""
        return replace(self, lap_at="") if self.lap_at is None else replace(self, again=True)

    def lap_ended(self, now: datetime) -> _Progress:
        return replace(self, lap_at="" if self.again else None, again=False, lapped_at=now)


def _progress(desk: Desk, channel: str, shown: Shown, now: datetime) -> _Progress:
    """Return how far we are; begin a lap when it is time, or when the channel shows other nodes than before."""
    with desk.store.read() as tx:
        known = _Progress.load(tx, channel)
    if known is not None and known.fingerprint == shown.fingerprint:
        if known.lap_at is not None or now - known.lapped_at < _LAP_EVERY:
            return known
        begun = known.with_lap()
    else:
        begun = _Progress(now, "", now, shown.fingerprint)
    with desk.store.write() as tx:
        published.forget_undelivered(tx, channel, now - _UNTAKEN_AGAIN)
        begun.save(tx, channel, now)
    return begun


# --- what is to be told ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Search:
    """Looks for figures that the channel does not show yet, until a delivery is full."""

    tx: Connection
    channel: str
    shown: Shown
    now: datetime
    waiting: frozenset[Place]
    found: dict[Place, Decimal] = field(default_factory=dict)
    room: int = field(init=False)

    def __post_init__(self) -> None:
        self.room = MOST_ROWS - len(self.waiting)

    def look_at(self, skus: Sequence[str]) -> int:
        """Take up what differs of these SKUs, one after the other; returns how many were done before it was full."""
        told = published.figures(self.tx, self.channel, skus)
        differences = self.shown.differences(self.tx, skus, told, self.now)
        order = {sku: number for number, sku in enumerate(skus)}
        done = len(skus)
        for place in sorted(differences, key=lambda place: order[place[0]]):
            known = place in self.waiting or place in self.found
            if known or self.room > 0:
                self.found[place] = differences[place]
                self.room -= not known
            else:
                done = min(done, order[place[0]])
        return done

    def with_waiting(self) -> dict[Place, Decimal]:
        """Return what was found together with the rows of the delivery that it replaces, as they are now."""
        figures = self.shown.figures(self.tx, {sku for sku, _ in self.waiting}, self.now)
        kept = {place for place in self.waiting if place[1] in self.shown.locations}
        return {place: figures.get(place, Decimal(0)) for place in kept} | self.found


def _look_round(search: _Search, progress: _Progress) -> _Progress:
    """Look at what changed lately, then go on with the lap; returns how far that went."""
    changed = published.recently_changed(search.tx, progress.seen_at - _OVERLAP, MOST_CHANGED)
    if changed is None:
        progress = replace(progress.with_lap(), seen_at=search.now)
    elif changed and search.look_at(sorted(changed)) == len(changed) and search.now - progress.seen_at > _OVERLAP:
        progress = replace(progress, seen_at=search.now)
    for _ in range(_PAGES_A_CALL):
        if progress.lap_at is None or search.room <= 0:
            break
        page = published.next_skus(search.tx, search.channel, progress.lap_at, _PAGE)
        done = search.look_at(page)
        if done:
            progress = replace(progress, lap_at=page[done - 1])
        if done == len(page) < _PAGE:
            progress = progress.lap_ended(search.now)
    return progress


def _waiting(tx: Connection, channel: str) -> frozenset[Place]:
    """Return what stands in the channel's deliveries that have not begun to leave."""
    found = deliveries.search(tx, states=_WAITING, connection=channel, entity=_entity(channel))
    return frozenset((row["sku"], row["location"]) for each in found for row in each.doc["rows"])


def _enqueue(tx: Connection, channel: str, document: str, rows: dict[Place, Decimal], now: datetime) -> None:
    last = published.figures(tx, channel, {sku for sku, _ in rows})
    told = [
        StockPushRow(sku=sku, location=place, quantity=rows[sku, place], was=last.get((sku, place)))
        for sku, place in sorted(rows)
    ]
    new = NewDelivery(
        connection=channel,
        document=document,
        kind=Kind.STOCK_PUSH,
        entity=_entity(channel),
        key=f"stock:{counters.take(tx, 'stock_push')}",
        record=StockPush(rows=tuple(told)),
        latest_wins=True,
    )
    published.put(tx, channel, rows, deliveries.enqueue(tx, new, now), now)


def _entity(channel: str) -> str:
    return f"stock:{channel}"
