"""The ledger of what has to go out: enqueued with what caused it, durable until it has arrived or a person closed it.

Services write and read here; how a delivery is carried out is `hub.delivery`'s. Every change of state is checked
against the one table of legal moves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Update, and_, bindparam, exists, select, text, update
from sqlalchemy.sql.dml import ReturningInsert

from hub.model.document import Kind
from hub.model.state import DELIVERY_MOVES, DeliveryState, IllegalMove, check_move
from hub.store import levels
from hub.store.delivery_row import NEVER, Attempt, Delivery, NewDelivery, attempt_of, delivery_of
from hub.store.tables import attempt, delivery
from hub.store.upsert import insert_for

__all__ = [
    "Attempt",
    "Delivery",
    "NewDelivery",
    "NoSuchDelivery",
    "arrived",
    "attempts",
    "awaited",
    "block_followers",
    "by_key",
    "by_transmission",
    "cancel",
    "confirm",
    "enqueue",
    "get",
    "hold",
    "lock_entity",
    "move",
    "name_order",
    "refuse",
    "release_followers",
    "requeue",
    "search",
    "supersede",
    "withdraw",
]

#: States of a delivery that those behind it in the same entity have to look at when they are enqueued.
_HOLDING = (DeliveryState.PARKED, DeliveryState.WAITING, DeliveryState.UNKNOWN)
_NOT_SENT = frozenset({DeliveryState.QUEUED, DeliveryState.BLOCKED, DeliveryState.WAITING})
#: Bytes that the partner refused as unreadable are never sent again: a rerun renders it once more.
_RENDER_ANEW = {"content_sha256": None, "content_name": None, "note": None, "doubt": False}
_OPEN_ENDED = {"claimed_by": None, "claimed_at": None}


class NoSuchDelivery(LookupError):
    """Nobody knows a delivery with this id."""

    def __init__(self, delivery_id: int) -> None:
        super().__init__(f"there is no delivery {delivery_id}: see `crossdock failed list`")


# --- writing ---------------------------------------------------------------------------------------------------------


def enqueue(tx: Connection, new: NewDelivery, now: datetime) -> int:
    """Write down, in the caller's transaction, that a document has to go out; the same key twice is a no-op.

    It starts as `blocked` when an earlier one of its entity is parked. A level (`latest_wins`) supersedes the older
    ones that are not under way and that nothing builds on. Returns the delivery's id.
    """
    lock_entity(tx, new.connection, new.entity)
    state, due_at = DeliveryState.QUEUED, now
    if not new.latest_wins:
        state, due_at = _place_behind(tx, new, now)
    made = tx.execute(_inserting(tx.dialect.name), _first_values(new, state, due_at, now)).scalar_one_or_none()
    if made is None:
        return _id_of(tx, new.connection, new.key)
    if new.latest_wins and levels.replace_older(tx, new, made, now):
        release_followers(tx, new.connection, new.entity, now)
    return int(made)


def enqueue_first(tx: Connection, news: Sequence[NewDelivery], now: datetime) -> None:
    """Write down the first deliveries of entities that are new themselves, all in one step.

    Nothing can stand before them and no key of theirs was used before, so there is nothing to look at.
    """
    if news:
        rows = [_first_values(new, DeliveryState.QUEUED, now, now) for new in news]
        tx.execute(insert_for(tx.dialect.name, delivery), rows)


def confirm(tx: Connection, connection: str, key: str, reference: str | None, now: datetime) -> bool:
    """Take an answer of the partner as proof that the document with this key arrived; true when it was news.

    What was never sent stays as it is (false), and so does what is over. The caller does what the arrival means for
    the order: the runner's own callback is not called for it.
    """
    found = tx.execute(_by_key(connection, key).with_for_update()).mappings().one_or_none()
    if found is None:
        return False
    row = delivery_of(found)
    if DeliveryState.CONFIRMED not in DELIVERY_MOVES[row.state] or (row.state in _NOT_SENT and not row.doubt):
        return False
    values = {"reference": reference or row.reference, "sent_at": row.sent_at or now, "doubt": False, **_OPEN_ENDED}
    move(tx, row, DeliveryState.CONFIRMED, now, {**values, "answer_by": None})
    if row.state is DeliveryState.RUNNING:
        _close_open_attempts(tx, row.id, "confirmed", now)
    if row.state is not DeliveryState.SENT:
        release_followers(tx, row.connection, row.entity, now)
    return True


def arrived(tx: Connection, connection: str, key: str, reference: str | None, now: datetime) -> bool:
    """Take a word of the partner as proof that the bytes arrived, while its answer to them is still due.

    It ends the doubt about a delivery, true then; any other stays as it is.
    """
    row = by_key(tx, connection, key, lock=True)
    if row is None or row.state is not DeliveryState.UNKNOWN:
        return False
    values = {"reference": reference or row.reference, "sent_at": row.sent_at or now, "doubt": False, **_OPEN_ENDED}
    move(tx, row, DeliveryState.SENT, now, values)
    release_followers(tx, row.connection, row.entity, now)
    return True


def requeue(tx: Connection, delivery_id: int, now: datetime, *, send_again: bool = False) -> Delivery:
    """Let a parked delivery go again, and a waiting or unknown one at once; its tries count from zero.

    Where an earlier send may have arrived, the partner is asked first; `send_again` says that somebody knows that it
    did not. Raises IllegalMove for a delivery that is over or under way.
    """
    row = hold(tx, delivery_id)
    if row.state is DeliveryState.RUNNING:
        raise IllegalMove(row.what, row.state, DeliveryState.QUEUED)
    values: dict[str, Any] = {"due_at": now, "tries": 0, "answer_by": None, "doubt": row.doubt and not send_again}
    if send_again:
        values["note"] = None  # how far the earlier send had come counts no more
    if row.state in {DeliveryState.QUEUED, DeliveryState.WAITING, DeliveryState.UNKNOWN}:
        tx.execute(update(delivery).where(delivery.c.id == row.id).values(**values, updated_at=now))
    else:
        move(tx, row, DeliveryState.QUEUED, now, values)
        release_followers(tx, row.connection, row.entity, now)
        _block_behind_parked(tx, row, now)
    return get(tx, delivery_id)


def cancel(tx: Connection, delivery_id: int, why: str, now: datetime) -> None:
    """Close a delivery that is no longer wanted; raises IllegalMove when it is under way or has arrived."""
    row = hold(tx, delivery_id)
    move(tx, row, DeliveryState.CANCELLED, now, {"closed_why": why})
    release_followers(tx, row.connection, row.entity, now)


def withdraw(tx: Connection, connection: str, key: str, why: str, now: datetime) -> bool:
    """Cancel the delivery with this key if it has certainly not reached the partner; false when it may have."""
    found = by_key(tx, connection, key)
    if found is None:
        return False
    row = hold(tx, found.id)
    if row.doubt or row.sent_at is not None or row.state not in levels.REPLACEABLE:
        return False
    move(tx, row, DeliveryState.CANCELLED, now, {"closed_why": why})
    release_followers(tx, row.connection, row.entity, now)
    return True


def supersede(tx: Connection, delivery_id: int, now: datetime) -> None:
    """Close a delivery whose place a newer one takes; raises IllegalMove when it is under way or has arrived."""
    row = hold(tx, delivery_id)
    move(tx, row, DeliveryState.SUPERSEDED, now, {"closed_why": "a newer one takes its place"})
    release_followers(tx, row.connection, row.entity, now)


def name_order(tx: Connection, connection: str, order_id: str, now: datetime) -> int:
    """Say by name that an order's deliveries go although the order is older than the connection's going live."""
    where = and_(
        delivery.c.order_id == order_id, delivery.c.connection == connection, delivery.c.state.in_(sorted(_NOT_SENT))
    )
    return tx.execute(update(delivery).where(where).values(named=True, updated_at=now)).rowcount


# --- reading ---------------------------------------------------------------------------------------------------------


def get(tx: Connection, delivery_id: int) -> Delivery:
    """Return a delivery; raises NoSuchDelivery."""
    return _one(tx, select(delivery).where(delivery.c.id == delivery_id), delivery_id)


def by_key(tx: Connection, connection: str, key: str, *, lock: bool = False) -> Delivery | None:
    """Return the delivery with this key on this connection, or None; `lock` keeps runners from taking it meanwhile."""
    query = _by_key(connection, key)
    row = tx.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return None if row is None else delivery_of(row)


def by_transmission(tx: Connection, connection: str, transmission: str) -> Delivery | None:
    """Return the newest delivery whose bytes carry this number (`PO 17`, or ` 17` for any group), or None."""
    told = delivery.c.transmission
    whole = transmission.startswith(" ")
    named = told.endswith(transmission, autoescape=True) if whole else told == transmission
    query = select(delivery).where(delivery.c.connection == connection, named).order_by((delivery.c.id + 0).desc())
    row = tx.execute(query.limit(1)).mappings().one_or_none()
    return None if row is None else delivery_of(row)


def refuse(tx: Connection, row: Delivery, error: Mapping[str, str], now: datetime) -> bool:
    """Park a document that arrived and was refused there; false when it has gone on without that meanwhile.

    `error` holds the columns error_class, code, error and todo. Those behind it in its entity wait for a person too.
    """
    held = hold(tx, row.id)
    under_way = held.doubt and held.state in {DeliveryState.QUEUED, DeliveryState.WAITING}
    if not under_way and held.state not in {DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.RUNNING}:
        return False
    move(tx, held, DeliveryState.PARKED, now, {**error, **_RENDER_ANEW, "answer_by": None, **_OPEN_ENDED})
    if held.state is DeliveryState.RUNNING:
        _close_open_attempts(tx, held.id, "rejected", now)
    block_followers(tx, held, now)
    return True


def search(
    tx: Connection,
    *,
    states: Collection[DeliveryState] = (),
    connection: str | None = None,
    kind: Kind | None = None,
    entity: str | None = None,
    order_id: str | None = None,
    limit: int = 200,
) -> list[Delivery]:
    """Return deliveries by what is given, newest first."""
    # With states their index is the way, and never the newest ids backwards: `+ 0` keeps the planner from that.
    newest = (delivery.c.id + 0).desc() if states else delivery.c.id.desc()
    query = select(delivery).order_by(newest).limit(limit)
    equal = {"connection": connection, "entity": entity, "order_id": order_id}
    for name, value in equal.items():
        if value is not None:
            query = query.where(delivery.c[name] == value)
    if kind is not None:  # there are too many of a kind to go by its index, which is there to count
        query = query.where(delivery.c.kind.concat("") == kind)
    if states:
        query = query.where(delivery.c.state.in_(sorted(states)))
    return [delivery_of(row) for row in tx.execute(query).mappings()]


def awaited(tx: Connection, now: datetime, connection: str | None = None, limit: int = 1000) -> list[Delivery]:
    """Return what was sent and may still be answered within the partner's agreed hours, the soonest first."""
    # Few owe an answer, and most that were ever sent do not: `|| ''` keeps the planner from the other indexes.
    where = [delivery.c.state.concat("") == DeliveryState.SENT.value, delivery.c.answer_by >= now]
    if connection is not None:
        where.append(delivery.c.connection.concat("") == connection)
    query = select(delivery).where(*where).order_by(delivery.c.answer_by).limit(limit)
    return [delivery_of(row) for row in tx.execute(query).mappings()]


def attempts(tx: Connection, delivery_id: int) -> list[Attempt]:
    """Return every try of a delivery, first to last."""
    query = select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.number)
    return [attempt_of(row) for row in tx.execute(query).mappings()]


# --- shared with the runner ------------------------------------------------------------------------------------------


def move(
    tx: Connection, row: Delivery, target: DeliveryState, now: datetime, values: Mapping[str, Any] | None = None
) -> None:
    """Move one delivery, checked against the table of legal moves, and write these values with it."""
    check_move(row.what, DELIVERY_MOVES, row.state, target)
    where = and_(delivery.c.id == row.id, delivery.c.state == row.state)
    tx.execute(update(delivery).where(where).values(**(values or {}), state=target, updated_at=now))


def _unblocking() -> Update:
    parked = delivery.alias("parked")
    held = exists().where(
        parked.c.connection == bindparam("b_code"),
        parked.c.entity == bindparam("b_entity"),
        parked.c.state == DeliveryState.PARKED.value,
        parked.c.id < delivery.c.id,
        ~(parked.c.latest_wins & delivery.c.latest_wins),
    )
    blocked = and_(_CHAIN, delivery.c.state == DeliveryState.BLOCKED.value, ~held)
    values: dict[str, Any] = {"due_at": bindparam("b_now"), "updated_at": bindparam("b_now")}
    return update(delivery).where(blocked).values(state=DeliveryState.QUEUED.value, **values)


_CHAIN = and_(delivery.c.connection == bindparam("b_code"), delivery.c.entity == bindparam("b_entity"))
_UNBLOCK = _unblocking()
_HASTEN = (
    update(delivery)
    .where(
        _CHAIN,
        delivery.c.state == DeliveryState.QUEUED.value,
        delivery.c.due_at > bindparam("b_now"),
        delivery.c.due_at < NEVER,
    )
    .values(due_at=bindparam("b_now"))
)


def release_followers(tx: Connection, connection: str, entity: str, now: datetime) -> None:
    """Let those go on that stood blocked or late behind a delivery of their entity which holds them no longer."""
    chain = {"b_code": connection, "b_entity": entity, "b_now": now}
    tx.execute(_UNBLOCK, chain)
    tx.execute(_HASTEN, chain)


def block_followers(tx: Connection, row: Delivery, now: datetime) -> None:
    """Let those behind a delivery that has just parked say that they wait for a person; no level waits for another."""
    if row.latest_wins and levels.give_way(tx, row, now):
        return
    behind = and_(
        _of(row.connection, row.entity),
        delivery.c.state.in_([DeliveryState.QUEUED, DeliveryState.WAITING]),
        delivery.c.id + 0 > row.id,  # not by the rowid: see _ahead() in hub.delivery.claims
    )
    if row.latest_wins:
        behind &= ~delivery.c.latest_wins
    tx.execute(update(delivery).where(behind).values(state=DeliveryState.BLOCKED, updated_at=now))


def lock_entity(tx: Connection, connection: str, entity: str) -> None:
    """Keep others from changing the same chain until the transaction ends; SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:chain, 0))"), {"chain": f"{connection}/{entity}"}
        )


def hold(tx: Connection, delivery_id: int) -> Delivery:
    """Return a delivery that nobody else changes, nor anything of its entity, until the transaction ends."""
    row = get(tx, delivery_id)
    lock_entity(tx, row.connection, row.entity)
    return _one(tx, select(delivery).where(delivery.c.id == delivery_id).with_for_update(), delivery_id)


# --- inside ----------------------------------------------------------------------------------------------------------

#: What holds a new delivery of the same entity; made once, like the insert, because enqueueing is done so often.
_AHEAD = select(delivery.c.state, delivery.c.due_at).where(
    delivery.c.connection == bindparam("code"),
    delivery.c.entity == bindparam("entity"),
    delivery.c.state.in_(_HOLDING),
)


@cache
def _inserting(dialect: str) -> ReturningInsert[Any]:
    return insert_for(dialect, delivery).on_conflict_do_nothing().returning(delivery.c.id)


def _one(tx: Connection, query: Select[Any], delivery_id: int) -> Delivery:
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NoSuchDelivery(delivery_id)
    return delivery_of(row)


def _first_values(new: NewDelivery, state: DeliveryState, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "connection": new.connection,
        "document": new.document,
        "kind": new.kind,
        "entity": new.entity,
        "latest_wins": new.latest_wins,
        "key": new.key,
        "state": state,
        "record": new.record.model_dump(mode="json"),
        "order_id": new.order_id,
        "order_placed_at": new.order_placed_at,
        "named": False,
        "doubt": False,
        "attempts": 0,
        "tries": 0,
        "due_at": due_at,
        "created_at": now,
        "updated_at": now,
    }


def _place_behind(tx: Connection, new: NewDelivery, now: datetime) -> tuple[DeliveryState, datetime]:
    """Say how a new delivery starts behind the unfinished ones of its entity: never due before what holds it."""
    holding = tx.execute(_AHEAD, {"code": new.connection, "entity": new.entity}).all()
    if any(state == DeliveryState.PARKED for state, _ in holding):
        return DeliveryState.BLOCKED, now
    return DeliveryState.QUEUED, max((due_at for _, due_at in holding), default=now)


def _block_behind_parked(tx: Connection, row: Delivery, now: datetime) -> None:
    """Block what was just requeued when an earlier one of its entity is parked still."""
    if row.latest_wins:
        return
    earlier = and_(_of(row.connection, row.entity), delivery.c.state == DeliveryState.PARKED, delivery.c.id < row.id)
    if tx.execute(select(delivery.c.id).where(earlier).limit(1)).first():
        blocked = update(delivery).where(delivery.c.id == row.id, delivery.c.state == DeliveryState.QUEUED)
        tx.execute(blocked.values(state=DeliveryState.BLOCKED, updated_at=now))


def _close_open_attempts(tx: Connection, delivery_id: int, outcome: str, now: datetime) -> None:
    where = and_(attempt.c.delivery_id == delivery_id, attempt.c.ended_at.is_(None))
    tx.execute(update(attempt).where(where).values(ended_at=now, outcome=outcome))


def _of(connection: str, entity: str) -> ColumnElement[bool]:
    return and_(delivery.c.connection == connection, delivery.c.entity == entity)


def _by_key(connection: str, key: str) -> Select[Any]:
    return select(delivery).where(delivery.c.connection == connection, delivery.c.key == key)


def _id_of(tx: Connection, connection: str, key: str) -> int:
    query = select(delivery.c.id).where(delivery.c.connection == connection, delivery.c.key == key)
    return int(tx.execute(query).scalar_one())
