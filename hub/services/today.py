"""Is anything stuck? Counts by cause, how old the oldest is, who is down, what is under way, what runs next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, func, select

from hub.model.state import DeliveryState
from hub.services.attention import failures
from hub.services.attention.failure import Group
from hub.services.desk import Desk
from hub.services.syncing import connections
from hub.services.syncing.connections import ConnectionView
from hub.services.syncing.schedules import Job
from hub.services.syncing.sync_view import next_runs
from hub.store.tables import connection, delivery, message, sales_order, shipment, sync_run
from hub.store.tally import by_value

_UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.RUNNING, DeliveryState.WAITING, DeliveryState.UNKNOWN)
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is on its way to one partner by itself, and since when the oldest has been due."""

    connection: str
    count: int
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True)
class Coming:
    """When a flow runs next."""

    connection: str
    document: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted along an index each, so that the page is quick however much is stored."""

    orders_by_status: Mapping[str, int]
    under_way: int
    shipments: int
    connections_down: int

    @property
    def orders(self) -> int:
        """How many orders there are."""
        return sum(self.orders_by_status.values())


@dataclass(frozen=True, slots=True)
class Today:
    """Everything that the first page shows."""

    at: datetime
    groups: list[Group]
    troubled: list[ConnectionView]
    backlog: list[Backlog]
    coming: list[Coming]
    counts: Counts
    orders_by_hour: list[int]
    read_today: int

    @property
    def stuck(self) -> int:
        """How many things need a person."""
        return sum(group.count for group in self.groups)


def look(tx: Connection, desk: Desk, jobs: Iterable[Job], *, with_ids: bool = False) -> Today:
    """Return how things stand now; each cause with the ids of all that it is made of where these are asked for."""
    now = desk.clock.now()
    upcoming = sorted(next_runs(jobs, now).items(), key=lambda each: each[1])[:8]
    return Today(
        at=now,
        groups=failures.groups(tx, now, with_ids=with_ids),
        troubled=[each for each in connections.listing(tx, desk) if each.trouble or each.mode == "paused"],
        backlog=_backlog(tx),
        coming=[Coming(code, document, at) for (_, code, document), at in upcoming],
        counts=_counts(tx),
        orders_by_hour=_by_hour(tx, now),
        read_today=_read(tx, now),
    )


def _counts(tx: Connection) -> Counts:
    leaving = select(func.count()).where(delivery.c.state.in_([state.value for state in _UNDER_WAY]))
    waiting = select(func.count()).where(message.c.state == "received")
    down = select(func.count()).where(connection.c.outage_since.is_not(None))
    return Counts(
        orders_by_status=by_value(tx, sales_order, "status"),
        under_way=_one(tx, leaving) + _one(tx, waiting),
        shipments=_one(tx, select(func.count()).select_from(shipment)),
        connections_down=_one(tx, down),
    )


def _one(tx: Connection, query: Select[int]) -> int:
    return int(tx.execute(query).scalar_one())


def _backlog(tx: Connection) -> list[Backlog]:
    query = (
        select(delivery.c.connection, func.count().label("count"), func.min(delivery.c.due_at).label("oldest"))
        .where(delivery.c.state.in_([state.value for state in _UNDER_WAY]))
        .group_by(delivery.c.connection)
        .order_by(func.count().desc(), delivery.c.connection)
        .limit(12)
    )
    return [Backlog(row["connection"], row["count"], row["oldest"]) for row in tx.execute(query).mappings()]


def _by_hour(tx: Connection, now: datetime) -> list[int]:
    """Return how many orders were placed in each of the last hours, the oldest first."""
    since = now - timedelta(hours=_HOURS)
    counts = [0] * _HOURS
    for at in tx.execute(select(sales_order.c.placed_at).where(sales_order.c.placed_at > since)).scalars():
        counts[min(int((at - since).total_seconds() // 3600), _HOURS - 1)] += 1
    return counts


def _read(tx: Connection, now: datetime) -> int:
    since = now - timedelta(hours=_HOURS)
    query = select(func.coalesce(func.sum(sync_run.c.read), 0)).where(sync_run.c.started_at > since)
    return int(tx.execute(query).scalar_one())
