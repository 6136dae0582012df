"""The runner's own transactions over the ledger: entering a send, settling it, taking up what a dead process left.

Statements are made once, so that carrying out a delivery costs few and cheap ones. A claim is ours as long as
`claimed_by` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, exists, insert, or_, select, update

from hub.delivery.claims import WRITE_ATTEMPT, Claim, opened
from hub.delivery.policy import Verb
from hub.model.state import DELIVERY_MOVES, DeliveryState, check_move
from hub.store import deliveries, ramp
from hub.store.connections import ConnectionMode
from hub.store.prepared import Prepared
from hub.store.tables import attempt, connection, delivery

_ENDED = {"claimed_by": None, "claimed_at": None}
_OPEN_ATTEMPT = Prepared(insert(attempt), "delivery_id", "number", "verb", "started_at", "request")

# --- during an attempt -----------------------------------------------------------------------------------------------

_OURS = and_(
    delivery.c.id == bindparam("b_id"),
    delivery.c.state == DeliveryState.RUNNING.value,
    delivery.c.claimed_by == bindparam("b_worker"),
)
_THIS_TRY = and_(attempt.c.delivery_id == bindparam("b_id"), attempt.c.number == bindparam("b_number"))
#: Claiming cancels what is older than the going live, but by what the dispatcher knew then.
_YOUNG_ENOUGH = or_(
    connection.c.live_from.is_(None),
    delivery.c.order_placed_at.is_(None),
    delivery.c.order_placed_at >= connection.c.live_from,
    delivery.c.named,
    delivery.c.doubt,
    delivery.c.sent_at.is_not(None),
)
_ENTER = Prepared(
    update(delivery)
    .where(
        _OURS,
        exists().where(
            connection.c.code == delivery.c.connection, connection.c.mode == ConnectionMode.LIVE.value, _YOUNG_ENOUGH
        ),
    )
    .values(
        content_sha256=bindparam("b_sha"),
        content_name=bindparam("b_name"),
        transmission=bindparam("b_transmission"),
        updated_at=bindparam("b_now"),
    )
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """The bytes that are about to leave: where they are kept, their name, and the number that they carry."""

    sha256: str
    name: str | None
    transmission: str | None


def enter(tx: Connection, claim: Claim, worker: str, leaving: Leaving, now: datetime) -> bool:
    """Write down that the connector is about to be entered, with the bytes that will leave.

    False when it must not be, and then the caller undoes the transaction: the delivery is no longer ours (an answer has
    confirmed it), its connection is no longer live, or was opened anew for younger orders since it was claimed.
    """
    sha, name = leaving.sha256, leaving.name
    kept = {"b_sha": sha, "b_name": name, "b_transmission": leaving.transmission}
    if not _ENTER.run(tx, {"b_id": claim.delivery.id, "b_worker": worker, "b_now": now, **kept}):
        return False
    if not ramp.spend(tx, claim.delivery.connection, now):
        return False
    _OPEN_ATTEMPT.run(tx, opened(claim, now, f"{name or claim.delivery.key} sha256:{sha}"))
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


@cache
def _settling(names: tuple[str, ...]) -> Prepared:
    """Return what writes a settlement with these columns; the others keep their values."""
    columns: dict[str, Any] = {name: bindparam(f"b_{name}") for name in names}
    made = update(delivery).where(_OURS).values(**columns, **_ENDED, state=bindparam("b_state"))
    return Prepared(made.values(updated_at=bindparam("b_now")))


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
    values = {f"b_{name}": value for name, value in end.values.items()}
    ours = {"b_id": row.id, "b_worker": worker, "b_state": end.state.value, "b_now": now}
    kept = bool(_settling(tuple(end.values)).run(tx, values | ours))
    if entered or claim.verb is Verb.FIND:
        _end_attempt(tx, claim, end, now)
    else:
        ended = {"ended_at": now, "outcome": end.outcome, "error": end.error, "reply": end.reply}
        tx.execute(WRITE_ATTEMPT, {**opened(claim, now), **ended})
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


# --- after a crash ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A delivery that a process left in the middle when it died, and what became of it.

    `verb` is what it was at, send or find; `entered` is true when the connector had been entered, so that bytes may
    have left.
    """

    delivery_id: int
    connection: str
    key: str
    verb: str
    entered: bool
    became: DeliveryState


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
        tx.execute(WRITE_ATTEMPT, {**begun, **ended})
    else:
        tx.execute(update(attempt).where(attempt.c.id == left.id).values(ended))
    return Interrupted(row.id, row.connection, row.key, verb, entered, became)
