"""Prometheus metrics, counted from the database when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from hub.services.desk import Desk
from hub.services.summary import summarise
from hub.store.tables import attempt, connection, delivery, feed, parked_record, request, sync_run

_NEWEST = 1000
_NEEDS_A_PERSON = (
    (parked_record, parked_record.c.state == "open"),
    (delivery, delivery.c.state == "parked"),
    (sync_run, sync_run.c.state == "failed"),
)


def exposition(desk: Desk) -> tuple[bytes, str]:
    """Return the metrics as text, and its content type."""
    registry = CollectorRegistry()
    registry.register(_FromStore(desk))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _FromStore(Collector):
    """Reads every figure in one consistent view."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not touch the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        with self._desk.store.read() as tx:
            yield from self._counts(tx)
            yield from self._queues(tx)
            yield from self._ages(tx)
            yield from self._troubles(tx)

    def _counts(self, tx: Connection) -> Iterator[Metric]:
        found = summarise(tx)
        yield _labelled("crossdock_orders", "Orders by status", "status", found.orders_by_status)
        yield _labelled("crossdock_line_portions", "Quantities of order lines by state", "state", found.lines_by_state)
        yield _labelled("crossdock_connections", "Connections by mode", "mode", found.connections_by_mode)
        yield GaugeMetricFamily(
            "crossdock_connections_down", "Connections with an outage now", value=found.connections_down
        )
        yield GaugeMetricFamily(
            "crossdock_messages_waiting", "Originals stored but not applied", value=found.messages_waiting
        )

    def _queues(self, tx: Connection) -> Iterator[Metric]:
        queue = GaugeMetricFamily("crossdock_deliveries", "Deliveries by state", labels=("connection", "state"))
        counts = select(delivery.c.connection, delivery.c.state, func.count())
        for code, state, count in tx.execute(counts.group_by(delivery.c.connection, delivery.c.state)):
            queue.add_metric((code, state), count)
        yield queue
        parked = GaugeMetricFamily(
            "crossdock_parked_records", "Records that need a person", labels=("connection", "code")
        )
        rows = select(parked_record.c.connection, parked_record.c.code, func.count())
        rows = rows.where(parked_record.c.state == "open").group_by(parked_record.c.connection, parked_record.c.code)
        for code, cause, count in tx.execute(rows):
            parked.add_metric((code, cause), count)
        yield parked

    def _ages(self, tx: Connection) -> Iterator[Metric]:
        now = self._desk.clock.now()
        age = GaugeMetricFamily(
            "crossdock_feed_age_seconds", "Since the last applied feed", labels=("connection", "document")
        )
        last = select(feed.c.connection, feed.c.document, func.max(feed.c.ended_at).label("at"))
        for code, document, at in tx.execute(last.group_by(feed.c.connection, feed.c.document)):
            if at is not None:
                age.add_metric((code, document), (now - at).total_seconds())
        yield age
        since = GaugeMetricFamily(
            "crossdock_sync_age_seconds", "Since the last good run", labels=("connection", "document")
        )
        good = select(sync_run.c.connection, sync_run.c.document, func.max(sync_run.c.ended_at).label("at"))
        good = good.where(sync_run.c.state == "done").group_by(sync_run.c.connection, sync_run.c.document)
        for code, document, at in tx.execute(good):
            if at is not None:
                since.add_metric((code, document), (now - at).total_seconds())
        yield since
        down = GaugeMetricFamily("crossdock_outage_seconds", "Since an outage began", labels=("connection",))
        for code, at in tx.execute(select(connection.c.code, connection.c.outage_since)):
            down.add_metric((code,), (now - at).total_seconds() if at is not None else 0.0)
        yield down

    def _troubles(self, tx: Connection) -> Iterator[Metric]:
        """What failed by class, how the newest attempts ended (RateLimited among them), and what waits longest."""
        failing = GaugeMetricFamily(
            "crossdock_failing", "What needs a person, by error class", labels=("connection", "error_class")
        )
        for table, where in _NEEDS_A_PERSON:
            rows = select(table.c.connection, table.c.error_class, func.count()).where(where)
            for code, error_class, count in tx.execute(rows.group_by(table.c.connection, table.c.error_class)):
                failing.add_metric((code, error_class or "none"), count)
        yield failing
        ended = GaugeMetricFamily(
            "crossdock_recent_attempts",
            f"How the newest {_NEWEST} attempts ended; RateLimited: the partner's pace held us back",
            labels=("connection", "outcome"),
        )
        newest = (
            select(attempt.c.delivery_id, attempt.c.outcome).order_by(attempt.c.id.desc()).limit(_NEWEST).subquery()
        )
        outcomes = select(delivery.c.connection, newest.c.outcome, func.count()).join(
            newest, newest.c.delivery_id == delivery.c.id
        )
        for code, outcome, count in tx.execute(outcomes.group_by(delivery.c.connection, newest.c.outcome)):
            ended.add_metric((code, outcome or "under way"), count)
        yield ended
        waits = GaugeMetricFamily(
            "crossdock_oldest_due_seconds", "Since the oldest delivery that may go was due", labels=("connection",)
        )
        now = self._desk.clock.now()
        oldest = select(delivery.c.connection, func.min(delivery.c.due_at).label("at"))
        oldest = oldest.where(delivery.c.state.in_(("queued", "waiting")), delivery.c.due_at < now)
        for code, at in tx.execute(oldest.group_by(delivery.c.connection)):
            waits.add_metric((code,), (now - at).total_seconds())
        yield waits
        asked = tx.execute(select(func.count()).where(request.c.state == "asked")).scalar_one()
        yield GaugeMetricFamily(
            "crossdock_requests_waiting", "What people asked for and the daemon has not done", asked
        )


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family
