"""Claiming: what is due on each connection, which of it is first of its entity, and taking it for this process.

Every query is a few seeks in an index, however long the queues are; they run at each round of the dispatcher.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from hub.delivery.policy import Verb
from hub.model.state import DELIVERY_MOVES, UNSENT, DeliveryState, check_move
from hub.store import deliveries
from hub.store.connections import ConnectionMode, older_than
from hub.store.delivery_row import Delivery, delivery_in_order
from hub.store.prepared import Prepared
from hub.store.tables import attempt, connection, delivery

#: States from which a delivery is claimed.
CLAIMABLE = (DeliveryState.UNKNOWN, DeliveryState.WAITING, DeliveryState.QUEUED)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One connection and when its next delivery of each state is due."""

    code: str
    mode: ConnectionMode
    live_from: datetime | None
    paused_by: str | None
    outage: bool
    due: Mapping[DeliveryState, datetime]


@dataclass(frozen=True, slots=True)
class Want:
    """How many deliveries of a connection there is room for, and in which states some may be due.

    `safe` are the kinds that the partner lets us repeat.
    """

    code: str
    room: int
    live_from: datetime | None
    safe: Collection[str] = ()
    states: Collection[DeliveryState] = CLAIMABLE


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is ours to try: the row as it rested before, the verb, and the number of this attempt."""

    delivery: Delivery
    verb: Verb
    number: int
    finds: bool

    @property
    def code(self) -> str:
        """The connection it goes over."""
        return self.delivery.connection


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one round of claiming gave: claims, and ids that were cancelled because their orders are too old."""

    claims: tuple[Claim, ...]
    too_old: tuple[int, ...]


def _survey_query() -> Select[Any]:
    """For each connection three seeks in the index (connection, state, due_at), however long its queue is."""
    columns = [
        select(func.min(delivery.c.due_at))
        .where(delivery.c.connection == connection.c.code, delivery.c.state == state)
        .scalar_subquery()
        .label(state.value)
        for state in CLAIMABLE
    ]
    of_connection = (
        connection.c.code,
        connection.c.mode,
        connection.c.live_from,
        connection.c.paused_by,
        connection.c.outage_since,
    )
    return select(*of_connection, *columns).order_by(connection.c.code)


SURVEY = _survey_query()


def survey(tx: Connection) -> list[Surveyed]:
    """Return every connection and when its next deliveries are due."""
    found = []
    for row in tx.execute(SURVEY).mappings():
        due = {state: row[state.value] for state in CLAIMABLE if row[state.value] is not None}
        mode, outage = ConnectionMode(row["mode"]), row["outage_since"] is not None
        found.append(Surveyed(row["code"], mode, row["live_from"], row["paused_by"], outage, due))
    return found


_NEWEST = select(func.max(delivery.c.id))


def newest(tx: Connection) -> int | None:
    """Return the id of the delivery enqueued last; one seek, to notice what another process has written."""
    found: int | None = tx.execute(_NEWEST).scalar_one()
    return found


def _ahead() -> ColumnElement[bool]:
    """Say whether an unfinished delivery of the same entity stands before one; a parked level holds no newer level.

    One exact seek for each state, spelled out: SQLite 3.40 answers `state IN (...) AND id < ...` wrongly over an index
    once ANALYZE has been run (the bound on the rowid is not looked at).
    """
    earlier = delivery.alias("earlier")
    seeks: list[Select[Any]] = []
    for state in sorted(UNSENT):
        before = and_(
            earlier.c.connection == delivery.c.connection,
            earlier.c.entity == delivery.c.entity,
            earlier.c.state == literal_column(f"'{state.value}'", String),
            earlier.c.id < delivery.c.id,
        )
        if state is DeliveryState.PARKED:
            before = and_(before, ~(earlier.c.latest_wins & delivery.c.latest_wins))
        seeks.append(select(literal_column("1")).select_from(earlier).where(before).correlate(delivery))
    return union_all(*seeks).exists()


def _due_query() -> Select[Any]:
    """The deliveries of one connection in one state that are due and first of their entity, longest due first."""
    due = and_(
        delivery.c.connection == bindparam("code"),
        delivery.c.state == bindparam("state"),
        delivery.c.due_at <= bindparam("now"),
    )
    ordered = select(delivery).where(due, ~_ahead()).order_by(delivery.c.due_at, delivery.c.id)
    return ordered.limit(bindparam("room")).with_for_update(skip_locked=True)


DUE = _due_query()
_DUE = Prepared(DUE)
_TAKE = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("b_id"))
    .values(
        state=DeliveryState.RUNNING.value,
        claimed_by=bindparam("b_worker"),
        claimed_at=bindparam("b_now"),
        updated_at=bindparam("b_now"),
        attempts=delivery.c.attempts + 1,
    )
)
WRITE_ATTEMPT = insert(attempt)


def claim(tx: Connection, wants: Iterable[Want], worker: str, now: datetime) -> Claimed:
    """Claim what is due, in one transaction for many connections.

    The attempt of a send is written when the connector is entered, that of a find at once: nothing can leave by it.
    """
    claims: list[Claim] = []
    too_old: list[int] = []
    for want in wants:
        for row in _due(tx, want, now):
            if _too_old(row, want.live_from):
                deliveries.cancel(tx, row.id, older_than(want.live_from or now), now)
                too_old.append(row.id)
                continue
            check_move(row.what, DELIVERY_MOVES, row.state, DeliveryState.RUNNING)
            finds = not (row.latest_wins or row.kind in want.safe)
            verb = Verb.FIND if row.doubt and finds else Verb.SEND
            claims.append(Claim(row, verb, row.attempts + 1, finds))
    _TAKE.run_many(tx, ({"b_id": each.delivery.id, "b_worker": worker, "b_now": now} for each in claims))
    if asking := [opened(each, now) for each in claims if each.verb is Verb.FIND]:
        tx.execute(WRITE_ATTEMPT, asking)
    return Claimed(tuple(claims), tuple(too_old))


def _due(tx: Connection, want: Want, now: datetime) -> list[Delivery]:
    """Return what has been due longest, in whatever state: nothing is tried again before all had their turn."""
    found: list[Delivery] = []
    for state in sorted(want.states, key=lambda each: each is not DeliveryState.QUEUED):
        # with room for no more, only what has been due for longer than those is worth reading
        until = now if len(found) < want.room else found[-1].due_at
        values = {"code": want.code, "state": state.value, "now": until, "room": want.room}
        found = sorted(found + [delivery_in_order(row) for row in _DUE.rows(tx, values)], key=_turn)[: want.room]
    return found


def _turn(row: Delivery) -> tuple[datetime, int]:
    return row.due_at, row.id


def _too_old(row: Delivery, live_from: datetime | None) -> bool:
    if live_from is None or row.order_placed_at is None or row.named or row.doubt:
        return False
    return row.order_placed_at < live_from and row.sent_at is None


def opened(claim: Claim, now: datetime, request: str | None = None) -> dict[str, Any]:
    """Return the row of an attempt that begins now."""
    row = {"delivery_id": claim.delivery.id, "number": claim.number, "verb": claim.verb}
    return {**row, "started_at": now, "request": request}


def give_back(tx: Connection, claims: Sequence[Claim], worker: str, now: datetime) -> int:
    """Put claims that were never begun back to where they rested, as if they had not been claimed."""
    returned = 0
    for each in claims:
        row = each.delivery
        check_move(row.what, DELIVERY_MOVES, DeliveryState.RUNNING, row.state)
        ours = and_(delivery.c.id == row.id, delivery.c.state == DeliveryState.RUNNING, delivery.c.claimed_by == worker)
        values = {
            "claimed_by": None,
            "claimed_at": None,
            "state": row.state,
            "attempts": each.number - 1,
            "updated_at": now,
        }
        if tx.execute(update(delivery).where(ours).values(values)).rowcount:
            tx.execute(delete(attempt).where(attempt.c.delivery_id == row.id, attempt.c.number == each.number))
            returned += 1
    return returned
