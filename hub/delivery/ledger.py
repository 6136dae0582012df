"""The runner's own transactions over the ledger: what is due, claiming, entering a send, settling, taking up the dead.

Statements are made once, so that carrying out a delivery costs few and cheap ones. Reading a state and changing it
happen in one transaction; a claim is ours as long as `claimed_by` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    exists,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from hub.delivery.policy import Verb
from hub.delivery.port import Interrupted
from hub.model.state import DELIVERY_MOVES, UNSENT, DeliveryState, check_move
from hub.store import deliveries
from hub.store.connections import ConnectionMode, older_than
from hub.store.delivery_row import Delivery, delivery_of
from hub.store.prepared import Prepared
from hub.store.tables import attempt, connection, delivery

#: States from which a delivery is claimed.
CLAIMABLE = (DeliveryState.UNKNOWN, DeliveryState.WAITING, DeliveryState.QUEUED)
_ENDED = {"claimed_by": None, "claimed_at": None}


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


# --- what is due -----------------------------------------------------------------------------------------------------


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


_SURVEY = _survey_query()


def survey(tx: Connection) -> list[Surveyed]:
    """Return every connection and when its next deliveries are due."""
    found = []
    for row in tx.execute(_SURVEY).mappings():
        due = {state: row[state.value] for state in CLAIMABLE if row[state.value] is not None}
        mode, outage = ConnectionMode(row["mode"]), row["outage_since"] is not None
        found.append(Surveyed(row["code"], mode, row["live_from"], row["paused_by"], outage, due))
    return found


_NEWEST = select(func.max(delivery.c.id))


def newest(tx: Connection) -> int | None:
    """Return the id of the delivery enqueued last; one seek, to notice what another process has written."""
    found: int | None = tx.execute(_NEWEST).scalar_one()
    return found


# --- claiming --------------------------------------------------------------------------------------------------------


def _ahead() -> ColumnElement[bool]:
    """Say whether an unfinished delivery of the same entity stands before one; a level that is parked does not count.

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
            before = and_(before, ~earlier.c.latest_wins)
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
_TAKE = (
    update(delivery)
    .where(delivery.c.id.in_(bindparam("ids", expanding=True)))
    .values(
        state=DeliveryState.RUNNING.value,
        claimed_by=bindparam("worker"),
        claimed_at=bindparam("now"),
        updated_at=bindparam("now"),
        attempts=delivery.c.attempts + 1,
    )
)
_OPEN_ATTEMPT = Prepared(insert(attempt), "delivery_id", "number", "verb", "started_at", "request")
_WRITE_ATTEMPT = insert(attempt)


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
    if claims:
        tx.execute(_TAKE, {"ids": [each.delivery.id for each in claims], "worker": worker, "now": now})
        if asking := [_opened(each, now) for each in claims if each.verb is Verb.FIND]:
            tx.execute(_WRITE_ATTEMPT, asking)
    return Claimed(tuple(claims), tuple(too_old))


def _due(tx: Connection, want: Want, now: datetime) -> list[Delivery]:
    """Return what has been due longest, in whatever state: nothing is tried again before all had their turn."""
    found: list[Delivery] = []
    for state in want.states:
        values = {"code": want.code, "state": state, "now": now, "room": want.room}
        found += [delivery_of(row) for row in tx.execute(DUE, values).mappings()]
    if len(want.states) > 1:
        found.sort(key=lambda row: (row.due_at, row.id))
    return found[: want.room]


def _too_old(row: Delivery, live_from: datetime | None) -> bool:
    if live_from is None or row.order_placed_at is None or row.named or row.doubt:
        return False
    return row.order_placed_at < live_from and row.sent_at is None


def _opened(claim: Claim, now: datetime, request: str | None = None) -> dict[str, Any]:
    row = {"delivery_id": claim.delivery.id, "number": claim.number, "verb": claim.verb}
    return {**row, "started_at": now, "request": request}


# --- during an attempt -----------------------------------------------------------------------------------------------

_OURS = and_(
    delivery.c.id == bindparam("b_id"),
    delivery.c.state == DeliveryState.RUNNING.value,
    delivery.c.claimed_by == bindparam("b_worker"),
)
_THIS_TRY = and_(attempt.c.delivery_id == bindparam("b_id"), attempt.c.number == bindparam("b_number"))
_ENTER = Prepared(
    update(delivery)
    .where(
        _OURS,
        exists().where(connection.c.code == delivery.c.connection, connection.c.mode == ConnectionMode.LIVE.value),
    )
    .values(
        content_sha256=bindparam("b_sha"),
        content_name=bindparam("b_name"),
        updated_at=bindparam("b_now"),
    )
)


def enter(tx: Connection, claim: Claim, worker: str, content: tuple[str, str | None], now: datetime) -> bool:
    """Write down that the connector is about to be entered, with the bytes (sha256, name) that will leave.

    False when it must not be: the delivery is no longer ours (an answer has confirmed it) or its connection no longer
    live.
    """
    sha, name = content
    values = {"b_id": claim.delivery.id, "b_worker": worker, "b_sha": sha, "b_name": name, "b_now": now}
    if not _ENTER.run(tx, values).rowcount:
        return False
    _OPEN_ATTEMPT.run(tx, _opened(claim, now, f"{name or claim.delivery.key} sha256:{sha}"))
    return True


def again(tx: Connection, claim: Claim, worker: str, reply: str, now: datetime) -> Claim | None:
    """Close a find that said Absent and begin a send of the same claim; None when the claim is no longer ours."""
    where = and_(delivery.c.id == claim.delivery.id, delivery.c.state == DeliveryState.RUNNING)
    mine = update(delivery).where(where, delivery.c.claimed_by == worker).values(doubt=False, attempts=claim.number + 1)
    if not tx.execute(mine).rowcount:
        return None
    _end_attempt(tx, claim, Settlement(DeliveryState.RUNNING, {}, "absent", reply=reply), now)
    sure = replace(claim.delivery, doubt=False, state=DeliveryState.QUEUED)
    return replace(claim, verb=Verb.SEND, number=claim.number + 1, delivery=sure)


# --- settling --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an attempt ended: where the delivery stands now, the columns that change, and the attempt's own words."""

    state: DeliveryState
    values: Mapping[str, Any]
    outcome: str
    error: str | None = None
    reply: str | None = None


#: What a settlement writes; a column that it does not name keeps the value it had when the delivery was claimed.
_SETTLED = ("tries", "doubt", "due_at", "answer_by", "reference", "sent_at", "error_class", "code", "error", "todo")
_SETTLE = Prepared(
    update(delivery)
    .where(_OURS)
    .values(
        **{name: bindparam(f"b_{name}") for name in _SETTLED},
        **_ENDED,
        state=bindparam("b_state"),
        updated_at=bindparam("b_now"),
    )
)
_END = Prepared(
    update(attempt)
    .where(_THIS_TRY, attempt.c.ended_at.is_(None))
    .values(
        ended_at=bindparam("b_now"),
        outcome=bindparam("b_outcome"),
        error=bindparam("b_error"),
        reply=bindparam("b_reply"),
    )
)
_WAIT_TOO = (
    update(delivery)
    .where(
        delivery.c.connection == bindparam("b_code"),
        delivery.c.entity == bindparam("b_entity"),
        delivery.c.state == DeliveryState.QUEUED.value,
        delivery.c.id > bindparam("b_id"),
        delivery.c.due_at < bindparam("b_due"),
    )
    .values(due_at=bindparam("b_due"))
)


def settle(tx: Connection, claim: Claim, worker: str, end: Settlement, now: datetime, *, entered: bool) -> bool:
    """Write the end of an attempt down; false when the claim is no longer ours, and then only the attempt is closed."""
    row = claim.delivery
    check_move(row.what, DELIVERY_MOVES, DeliveryState.RUNNING, end.state)
    values = {f"b_{name}": end.values[name] if name in end.values else getattr(row, name) for name in _SETTLED}
    ours = {"b_id": row.id, "b_worker": worker, "b_state": end.state, "b_now": now}
    kept = bool(_SETTLE.run(tx, {**values, **ours}).rowcount)
    if entered or claim.verb is Verb.FIND:
        _end_attempt(tx, claim, end, now)
    else:
        ended = {"ended_at": now, "outcome": end.outcome, "error": end.error, "reply": end.reply}
        tx.execute(_WRITE_ATTEMPT, {**_opened(claim, now), **ended})
    if kept:
        _tell_followers(tx, claim, end, now)
    return kept


def _tell_followers(tx: Connection, claim: Claim, end: Settlement, now: datetime) -> None:
    """Let those behind in the entity go, wait as long, or say that they are blocked."""
    row = claim.delivery
    if end.state is DeliveryState.PARKED:
        deliveries.lock_entity(tx, row.connection, row.entity)
        deliveries.block_followers(tx, row, now)
    elif end.state in {DeliveryState.SENT, DeliveryState.CONFIRMED}:
        if claim.number > 1:  # a first success was never in anybody's way
            deliveries.release_followers(tx, row.connection, row.entity, now)
    elif end.values["due_at"] > now:
        chain = {"b_code": row.connection, "b_entity": row.entity, "b_id": row.id}
        tx.execute(_WAIT_TOO, {**chain, "b_due": end.values["due_at"]})


def _end_attempt(tx: Connection, claim: Claim, end: Settlement, now: datetime) -> None:
    row = {"b_id": claim.delivery.id, "b_number": claim.number}
    _END.run(tx, {**row, "b_now": now, "b_outcome": end.outcome, "b_error": end.error, "b_reply": end.reply})


def give_back(tx: Connection, claims: Sequence[Claim], worker: str, now: datetime) -> int:
    """Put claims that were never begun back to where they rested, as if they had not been claimed."""
    returned = 0
    for each in claims:
        row = each.delivery
        check_move(row.what, DELIVERY_MOVES, DeliveryState.RUNNING, row.state)
        ours = and_(delivery.c.id == row.id, delivery.c.state == DeliveryState.RUNNING, delivery.c.claimed_by == worker)
        values = {**_ENDED, "state": row.state, "attempts": each.number - 1, "updated_at": now}
        if tx.execute(update(delivery).where(ours).values(values)).rowcount:
            tx.execute(delete(attempt).where(attempt.c.delivery_id == row.id, attempt.c.number == each.number))
            returned += 1
    return returned


# --- after a crash ---------------------------------------------------------------------------------------------------


def abandoned(tx: Connection, alive: Callable[[str], bool]) -> list[int]:
    """Return the ids of deliveries that somebody claimed who is not alive."""
    query = select(delivery.c.id, delivery.c.claimed_by).where(delivery.c.state == DeliveryState.RUNNING)
    return [each for each, worker in tx.execute(query.order_by(delivery.c.id)) if worker is None or not alive(worker)]


def take_up(tx: Connection, delivery_id: int, now: datetime, settled_at: datetime) -> Interrupted | None:
    """Close the attempt that somebody left in the middle and say where the delivery stands.

    Where the connector had been entered, the outcome is in doubt, and the partner is asked once what was on its way has
    had time to arrive; where not, nothing has left and it is queued again.
    """
    row = deliveries.get(tx, delivery_id)
    if row.state is not DeliveryState.RUNNING:
        return None
    left = next((each for each in reversed(deliveries.attempts(tx, row.id)) if each.ended_at is None), None)
    entered = left is not None and left.verb == Verb.SEND
    doubt = row.doubt or entered
    became = DeliveryState.UNKNOWN if doubt else DeliveryState.QUEUED
    deliveries.move(tx, row, became, now, {"doubt": doubt, "due_at": settled_at if entered else now, **_ENDED})
    verb = Verb.SEND if left is None else Verb(left.verb)
    ended = {"ended_at": now, "outcome": "interrupted"}
    if left is None:
        begun = {"delivery_id": row.id, "number": row.attempts, "verb": verb, "started_at": row.claimed_at or now}
        tx.execute(_WRITE_ATTEMPT, {**begun, **ended})
    else:
        tx.execute(update(attempt).where(attempt.c.id == left.id).values(ended))
    return Interrupted(row.id, row.connection, row.key, verb, entered, became)
