"""Prometheus metrics, counted from the database when they are asked for; rate limits come from the daemon itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from hub.delivery.limits import Standing
from hub.services.attention import failures
from hub.services.desk import Desk
from hub.services.summary import summarise
from hub.store import connections, feeds, runs
from hub.store.parking import needs_a_person, waits_for_its_order
from hub.store.tables import attempt, connection, delivery, message, parked_record, request

_NEWEST = 1000
#: Every metric with what it means and its labels; the reference page and the dashboard's test read them here.
FAMILIES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "crossdock_orders": ("Orders by status", ("status",)),
    "crossdock_line_portions": ("Portions of order lines by state", ("state",)),
    "crossdock_connections": ("Connections by mode", ("mode",)),
    "crossdock_connections_down": ("Connections with an outage now", ()),
    "crossdock_messages_waiting": ("Originals stored but not applied", ("connection", "document")),
    "crossdock_deliveries": ("Deliveries by state", ("connection", "state")),
    "crossdock_parked_records": ("Records that need a person", ("connection", "code")),
    "crossdock_early_changes": ("Changes of orders that wait for their order and need nobody", ("connection",)),
    "crossdock_requests_waiting": ("What people asked for and the daemon has not done", ()),
    "crossdock_feed_age_seconds": ("Since the last applied feed", ("connection", "document")),
    "crossdock_sync_age_seconds": ("Since the last good run", ("connection", "document")),
    "crossdock_outage_seconds": ("Since an outage began; 0 where there is none", ("connection",)),
    "crossdock_oldest_due_seconds": ("Since the oldest delivery that may go was due", ("connection",)),
    "crossdock_failing": ("What needs a person, by error class", ("connection", "error_class")),
    "crossdock_failing_oldest_seconds": ("Since the oldest of these failed", ("connection", "error_class")),
    "crossdock_unknown_codes": (
        "Answers with a code of the partner's that has no meaning here",
        ("connection", "code"),
    ),
    "crossdock_recent_attempts": (f"How the newest {_NEWEST} attempts ended", ("connection", "outcome")),
    "crossdock_rate_limit_used": ("How full the account's bucket is: 1 is at the limit", ("connection", "bucket")),
    "crossdock_rate_limit_pause_seconds": ("How long the partner asked us to wait from now", ("connection", "bucket")),
    "crossdock_rate_limit_waiting": ("Threads that wait for their turn", ("connection", "bucket")),
    "crossdock_rate_limit_pauses_total": (
        "Pauses that the partner asked for since the start",
        ("connection", "bucket"),
    ),
}
#: One figure: its metric, the values of its labels, itself.
Figure = tuple[str, tuple[str, ...], float]
#: The pace of each account and of its further buckets, by (connection, bucket).
Paces = Callable[[], Mapping[tuple[str, str], Standing]]


def exposition(desk: Desk, paces: Paces = dict) -> tuple[bytes, str]:
    """Return the metrics as text, and its content type."""
    registry = CollectorRegistry()
    registry.register(_Figures(desk, paces))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Figures(Collector):
    """Reads every figure of the store in one consistent view."""

    def __init__(self, desk: Desk, paces: Paces) -> None:
        self._desk = desk
        self._paces = paces

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not touch the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        families = {name: _family(name)(name, words, labels=tags) for name, (words, tags) in FAMILIES.items()}
        with self._desk.store.read() as tx:
            now = self._desk.clock.now()
            for look in (_counts, _queues, _ages, _troubles):
                for name, labels, value in look(tx, now):
                    families[name].add_metric(labels, value)
        for name, labels, value in _rates(self._paces()):
            families[name].add_metric(labels, value)
        yield from families.values()


def _family(name: str) -> type[GaugeMetricFamily | CounterMetricFamily]:
    return CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily


def _counts(tx: Connection, now: datetime) -> Iterator[Figure]:
    found = summarise(tx, now)
    by_name = {
        "crossdock_orders": found.orders_by_status,
        "crossdock_line_portions": found.lines_by_state,
        "crossdock_connections": found.connections_by_mode,
    }
    for name, counts in by_name.items():
        yield from ((name, (value,), count) for value, count in counts.items())
    yield "crossdock_connections_down", (), found.connections_down


def _queues(tx: Connection, now: datetime) -> Iterator[Figure]:
    waiting = select(message.c.connection, message.c.document, func.count()).where(message.c.state == "received")
    for code, document, count in tx.execute(waiting.group_by(message.c.connection, message.c.document)):
        yield "crossdock_messages_waiting", (code, document), count
    counts = select(delivery.c.connection, delivery.c.state, func.count())
    for code, state, count in tx.execute(counts.group_by(delivery.c.connection, delivery.c.state)):
        yield "crossdock_deliveries", (code, state), count
    rows = select(parked_record.c.connection, parked_record.c.code, func.count())
    rows = rows.where(needs_a_person(now)).group_by(parked_record.c.connection, parked_record.c.code)
    for code, cause, count in tx.execute(rows):
        yield "crossdock_parked_records", (code, cause), count
    early = select(parked_record.c.connection, func.count())
    early = early.where(waits_for_its_order(now))
    for code, count in tx.execute(early.group_by(parked_record.c.connection)):
        yield "crossdock_early_changes", (code,), count
    asked = tx.execute(select(func.count()).where(request.c.state == "asked")).scalar_one()
    yield "crossdock_requests_waiting", (), asked


def _ages(tx: Connection, now: datetime) -> Iterator[Figure]:
    for flow, at in feeds.last_taken(tx).items():
        yield "crossdock_feed_age_seconds", flow, (now - at).total_seconds()
    for flow, at in runs.last_good(tx).items():
        yield "crossdock_sync_age_seconds", flow, (now - at).total_seconds()
    for code, at in tx.execute(select(connection.c.code, connection.c.outage_since)):
        yield "crossdock_outage_seconds", (code,), (now - at).total_seconds() if at is not None else 0.0
    oldest = select(delivery.c.connection, func.min(delivery.c.due_at).label("at"))
    oldest = oldest.where(delivery.c.state.in_(("queued", "waiting")), delivery.c.due_at < now)
    for code, at in tx.execute(oldest.group_by(delivery.c.connection)):
        yield "crossdock_oldest_due_seconds", (code,), (now - at).total_seconds()


def _troubles(tx: Connection, now: datetime) -> Iterator[Figure]:
    """Yield what failed by class, and how the newest attempts ended (RateLimited among them)."""
    failing: dict[tuple[str, str], tuple[int, datetime]] = {}
    for each in failures.groups(tx, now):
        labels = (each.partner, each.error_class or each.code or "none")
        count, oldest = failing.get(labels, (0, each.since))
        failing[labels] = count + each.count, min(oldest, each.since)
    for labels, (count, at) in failing.items():
        yield "crossdock_failing", labels, count
        yield "crossdock_failing_oldest_seconds", labels, (now - at).total_seconds()
    for about, count in connections.unknown_codes(tx).items():
        yield "crossdock_unknown_codes", about, count
    newest = select(attempt.c.delivery_id, attempt.c.outcome).order_by(attempt.c.id.desc()).limit(_NEWEST).subquery()
    ended = select(delivery.c.connection, newest.c.outcome, func.count())
    ended = ended.join(newest, newest.c.delivery_id == delivery.c.id)
    for code, outcome, count in tx.execute(ended.group_by(delivery.c.connection, newest.c.outcome)):
        yield "crossdock_recent_attempts", (code, outcome or "under way"), count


def _rates(paces: Mapping[tuple[str, str], Standing]) -> Iterator[Figure]:
    for labels, standing in paces.items():
        yield "crossdock_rate_limit_used", labels, standing.used
        yield "crossdock_rate_limit_pause_seconds", labels, standing.pause
        yield "crossdock_rate_limit_waiting", labels, standing.waiting
        yield "crossdock_rate_limit_pauses_total", labels, standing.pauses
