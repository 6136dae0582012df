"""Prometheus metrics, counted from the database when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from hub.services.desk import Desk
from hub.services.summary import summarise
from hub.store.tables import connection, delivery, feed, parked_record, sync_run


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


def _labelled(name: str, help_text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family
