"""Levels: deliveries that say how something stands now, so that only the newest of an entity counts.

A newer level makes an older one needless as long as nothing builds on that. A fulfilment that was enqueued behind a
sales order needs one there, and must not see a later one before it leaves: so the older order keeps its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, select, update

from hub.model.state import DELIVERY_MOVES, UNSENT, DeliveryState, check_move
from hub.store.delivery_row import Delivery, NewDelivery
from hub.store.tables import delivery

#: States in which nothing is under way: the delivery may be taken back, or give its place to a newer level.
REPLACEABLE = (DeliveryState.QUEUED, DeliveryState.WAITING, DeliveryState.BLOCKED, DeliveryState.PARKED)
#: A newer level in one of these says nothing any more.
_VOID = (DeliveryState.CANCELLED, DeliveryState.SUPERSEDED)
_RENDER_ANEW = {"content_sha256": None, "content_name": None, "note": None}


def replace_older(tx: Connection, new: NewDelivery, newest: int, now: datetime) -> bool:
    """Let a new level take the place of the older ones that are not under way; true when a parked one goes again.

    One that something builds on which has not left either goes first: as it is, or with the newest words if it is
    parked, since nobody takes it as it is.
    """
    for state in REPLACEABLE:
        check_move("an older level", DELIVERY_MOVES, state, DeliveryState.SUPERSEDED)
    older = and_(_levels(new.connection, new.entity), delivery.c.state.in_(REPLACEABLE), delivery.c.id + 0 < newest)
    values = {"state": DeliveryState.SUPERSEDED, "closed_why": _newer(newest), "updated_at": now}
    tx.execute(update(delivery).where(older, ~_built_upon(newest)).values(values))
    parked = and_(older, delivery.c.state == DeliveryState.PARKED)
    return _say_anew(tx, parked, new.record.model_dump(mode="json"), now)


def give_way(tx: Connection, row: Delivery, now: datetime) -> bool:
    """Let a level that has just parked give way to the newest one behind it; false when there is none to help.

    Where something between them builds on it, it goes again in its own place with the newest words, once: it rests
    when it was refused with these.
    """
    behind = and_(_levels(row.connection, row.entity), delivery.c.id + 0 > row.id, delivery.c.state.not_in(_VOID))
    query = select(delivery.c.id, delivery.c.record).where(behind).order_by((delivery.c.id + 0).desc()).limit(1)
    newest = tx.execute(query).one_or_none()
    if newest is None:
        return False
    values = {"state": DeliveryState.SUPERSEDED, "closed_why": _newer(newest.id), "updated_at": now}
    this = and_(delivery.c.id == row.id, delivery.c.state == DeliveryState.PARKED)
    if tx.execute(update(delivery).where(this, ~_built_upon(newest.id)).values(values)).rowcount:
        return True
    return newest.record != row.doc and _say_anew(tx, this, newest.record, now)


def _say_anew(tx: Connection, parked: ColumnElement[bool], record: Mapping[str, Any], now: datetime) -> bool:
    check_move("a parked level", DELIVERY_MOVES, DeliveryState.PARKED, DeliveryState.QUEUED)
    values = {**_RENDER_ANEW, "record": record, "state": DeliveryState.QUEUED, "tries": 0}
    return bool(tx.execute(update(delivery).where(parked).values(**values, due_at=now, updated_at=now)).rowcount)


def _built_upon(newest: int) -> ColumnElement[bool]:
    """Say whether something that is no level and has not left stands between a delivery and the newest one."""
    between = delivery.alias("between")
    return exists().where(
        between.c.connection == delivery.c.connection,
        between.c.entity == delivery.c.entity,
        between.c.state.in_(sorted(UNSENT)),
        ~between.c.latest_wins,
        between.c.id + 0 > delivery.c.id,  # not by the rowid: see _ahead() in hub.delivery.claims
        between.c.id + 0 < newest,
    )


def _levels(connection: str, entity: str) -> ColumnElement[bool]:
    return and_(delivery.c.connection == connection, delivery.c.entity == entity, delivery.c.latest_wins)


def _newer(newest: int) -> str:
    return f"delivery {newest} is newer"
