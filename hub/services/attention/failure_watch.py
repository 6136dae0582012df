"""What became of failures that were tried again: through, parked once more, or still under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial

from sqlalchemy import Connection

from hub.model.state import DeliveryState
from hub.store import allocations, deliveries, messages, parking, runs
from hub.store.allocations import STUCK


class Fate(StrEnum):
    """Where a rerun failure stands now."""

    THROUGH = "through"
    AGAIN = "parked again"
    UNDER_WAY = "under way"
    WAITS = "waits"  # it goes on by itself, later: a retry, an answer, a connection that only observes


_DELIVERY: Mapping[DeliveryState, Fate] = {
    DeliveryState.QUEUED: Fate.UNDER_WAY,
    DeliveryState.RUNNING: Fate.UNDER_WAY,
    DeliveryState.WAITING: Fate.WAITS,
    DeliveryState.UNKNOWN: Fate.WAITS,
    DeliveryState.BLOCKED: Fate.AGAIN,
    DeliveryState.PARKED: Fate.AGAIN,
}


def fates(tx: Connection, ids: Iterable[str], now: datetime) -> Mapping[str, Fate]:
    """Return where each of these failures stands, after a rerun."""
    looks: Mapping[str, Callable[[Connection, int], Fate]] = {
        "r": partial(_record, now=now),
        "d": _delivery,
        "s": _run,
        "l": _line,
    }
    return {each: looks[each[0]](tx, int(each[1:])) for each in ids if each[0] in looks}


def _record(tx: Connection, number: int, now: datetime) -> Fate:
    found = parking.search(tx, state=None, ids=[number])
    message = messages.get(tx, found[0].message_id) if found else None
    if message is not None and message.state == "received":
        return Fate.UNDER_WAY
    if found and found[0].waits(now):
        return Fate.WAITS
    return Fate.AGAIN if found and parking.again(tx, found[0]) else Fate.THROUGH


def _delivery(tx: Connection, number: int) -> Fate:
    return _DELIVERY.get(deliveries.get(tx, number).state, Fate.THROUGH)


def _run(tx: Connection, number: int) -> Fate:
    """A later run of the same flow says what became of it."""
    run = runs.get(tx, number)
    if run is None:
        return Fate.THROUGH
    later = next(
        (each for each in runs.history(tx, run["connection"], run["document"], 1) if each["id"] > number), None
    )
    if later is None or later["state"] == "running":
        return Fate.UNDER_WAY
    return Fate.AGAIN if later["state"] == "failed" else Fate.THROUGH


def _line(tx: Connection, number: int) -> Fate:
    order_id = allocations.order_of(tx, number)
    portions = allocations.of_order(tx, order_id) if order_id else []
    stuck = any(portion.id == number and portion.row.state in STUCK for portion in portions)
    return Fate.AGAIN if stuck else Fate.THROUGH
