"""The statements that run all day find their rows by an index, never by reading a whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text

from hub.model.state import DeliveryState, OrderStatus
from hub.services.summary import summarise
from hub.store import (
    archive,
    catalogue,
    deliveries,
    feeds,
    items,
    messages,
    order_list,
    orders,
    parking,
    published,
    purchases,
    refs,
    runs,
    stock,
)
from hub.store.columns import utc_text
from hub.store.engine import Store
from hub.store.order_list import OrderFilters
from hub.store.tables import parked_record

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


def _load(tx: Connection) -> None:
    with pytest.raises(archive.ContentGone):
        archive.load(tx, "0")


HOT: dict[str, Callable[[Connection], Any]] = {
    "levels": lambda tx: stock.levels(tx, ["A", "B"]),
    "available": lambda tx: stock.available(tx, [("E", "A"), ("E", "B")], NOW),
    "catalogue entries": lambda tx: catalogue.entries(tx, ["A", "B"]),
    "a catalogue's page": lambda tx: catalogue.page(tx, "acme", "A", 100),
    "items": lambda tx: items.of_skus(tx, ["A", "B"]),
    "a name of ours": lambda tx: refs.ours(tx, "order", "shop", "id", "1"),
    "a name of theirs": lambda tx: refs.theirs(tx, "order", "1", "shop", "id"),
    "waiting messages": lambda tx: messages.waiting(tx, 10),
    "a message by its key": lambda tx: messages.by_key(tx, "acme", "stock", "k"),
    "parked records": lambda tx: parking.search(tx, connection="acme"),
    "an archived content": _load,
    "what needs a person": lambda tx: tx.execute(select(parked_record.c.id).where(parking.needs_a_person(NOW))),
    "what waits for its order": lambda tx: parking.waiting(tx, NOW, "retail"),
    "what may be forgotten": lambda tx: archive.expire(tx, NOW),
    "what changed lately": lambda tx: published.recently_changed(tx, NOW, 100),
    "a lap's next step": lambda tx: published.next_skus(tx, "shop", "A", 100),
    "what is parked": lambda tx: deliveries.search(tx, states={DeliveryState.PARKED}),
    "orders whose time has come": lambda tx: orders.due(tx, NOW, 100),
    "who is silent": lambda tx: purchases.silent(tx, NOW, 100),
    "what a channel was told": lambda tx: published.figures(tx, "shop", ["A", "B"]),
}
#: Soft holds are few and short-lived; the look for recent changes reads all of them.
SMALL = {"reservation"}
#: A row for each partner, or for each feed of one.
FEW = {"connection", "feed"}


@contextmanager
def statements(tx: Connection) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(*called: Any) -> None:
        seen.append((called[2], called[3]))

    event.listen(tx, "before_cursor_execute", note)
    yield seen
    event.remove(tx, "before_cursor_execute", note)


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_reads_no_whole_table(sqlite_store: Store, name: str) -> None:
    with sqlite_store.write() as tx:
        with statements(tx) as seen:
            HOT[name](tx)
        assert seen
        for statement, values in seen:
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            scans = [row[3] for row in plan if row[3].startswith("SCAN ") and row[3].split()[1] not in SMALL]
            scans = [scan for scan in scans if "anon_" not in scan and "SUBQUERY" not in scan]
            assert scans == [], statement


def test_counting_everything_reads_indexes_only(sqlite_store: Store) -> None:
    """A delivery holds its whole document: reading a million of them to count them took seconds."""
    with sqlite_store.write() as tx:
        with statements(tx) as seen:
            summarise(tx, NOW)
        for statement, values in seen:
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            scans = [row[3] for row in plan if row[3].startswith("SCAN ") and "COVERING INDEX" not in row[3]]
            assert [scan for scan in scans if scan.split()[1] not in FEW] == [], statement


@pytest.mark.parametrize("look", [deliveries.awaited, lambda tx, now: deliveries.awaited(tx, now, "acme")])
def test_who_owes_an_answer_is_found_among_those_alone(
    sqlite_store: Store, look: Callable[[Connection, datetime], object]
) -> None:
    """On a page of what waits, all that were ever sent were read and sorted."""
    with sqlite_store.write() as tx:
        with statements(tx) as seen:
            look(tx, NOW)
        ((statement, values),) = seen
        (step,) = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert step[3].startswith("SEARCH delivery USING INDEX ix_delivery_answer_by")


LISTINGS = {
    "all": OrderFilters(),
    "of a status": OrderFilters([OrderStatus.CLOSED]),
    "of two": OrderFilters([OrderStatus.CLOSED, OrderStatus.HELD]),
    "of a channel": OrderFilters(channel="shop"),
    "of both": OrderFilters([OrderStatus.CLOSED], "shop"),
    "of a text": OrderFilters(text="4711"),
    "of a text and a status": OrderFilters([OrderStatus.CLOSED], text="4711"),
}


@pytest.mark.parametrize("name", LISTINGS)
@pytest.mark.parametrize("before", [None, (NOW, "SO7")])
def test_a_page_of_orders_is_read_along_an_index_and_not_sorted(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, name: str, before: order_list.Place | None
) -> None:
    """All orders of a status were read and sorted for a page of fifty: a second at a million."""
    monkeypatch.setattr(order_list, "LOOKED_THROUGH", 2)
    with sqlite_store.write() as tx:
        _some_orders(tx, 5)
        with statements(tx) as seen:
            order_list.page(tx, LISTINGS[name], 50, before)
        plans = [tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in seen]
    steps = [step[3] for plan in plans for step in plan]
    assert [step for step in steps if "TEMP B-TREE" in step or step == "SCAN sales_order"] == []


def _some_orders(tx: Connection, count: int) -> None:
    for number in range(count):
        at = utc_text(NOW - timedelta(minutes=number))
        tx.execute(_AN_ORDER, {"id": f"SO{number}", "number": f"#{number}", "at": at})


_AN_ORDER = text(
    "INSERT INTO sales_order (id, channel, channel_order, number, status, placed_at, source_updated_at, doc, "
    "created_at, updated_at) VALUES (:id, 'shop', :number, :number, 'closed', :at, :at, '{}', :at, :at)"
)


def test_what_was_shipped_before_a_figure_is_not_looked_at(sqlite_store: Store) -> None:
    """Each order of a SKU that sells well read all that was ever shipped of it: an hour of orders fell behind."""
    with sqlite_store.write() as tx:
        with statements(tx) as seen:
            stock.atp(tx, ["A"], NOW)
        (statement, values) = next(each for each in seen if "UNION ALL" in each[0])
        steps = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()]
    found = [step for step in steps if step.startswith("SEARCH allocation")]
    assert "ix_allocation_bound (node=? AND sku=? AND state=?)" in found[0]
    assert "ix_allocation_bound (node=? AND sku=? AND state=? AND updated_at>?)" in found[1]
    assert "ix_allocation_ships_later" in found[2]


NEWEST: dict[str, Callable[[Connection], Any]] = {
    "the newest run of each flow": runs.latest,
    "each flow's last good run": runs.last_good,
    "each flow's last stock": feeds.last_taken,
}


@pytest.mark.parametrize("name", NEWEST)
def test_the_newest_of_each_flow_costs_the_same_however_many_there_are(sqlite_store: Store, name: str) -> None:
    """The whole table of runs was read for every listing of connections, and for every look at the metrics."""
    with sqlite_store.write() as tx:
        _a_history(tx, 5)
        few = _work(tx, NEWEST[name])
        _a_history(tx, 400)
        assert NEWEST[name](tx)
        assert _work(tx, NEWEST[name]) <= few + 1


def _a_history(tx: Connection, count: int) -> None:
    """Let three flows have so many more runs, and stock with each."""
    for at in (utc_text(NOW + timedelta(minutes=count + each)) for each in range(count)):
        for code in ("acme", "bolt", "cord"):
            flow = {"connection": code, "document": "stock", "read": 1, "changed": 1, "parked": 0, "at": at}
            tx.execute(_A_RUN, flow)
            tx.execute(_A_FEED, flow)


_A_RUN = text(
    "INSERT INTO sync_run (schedule, connection, document, scheduled_at, started_at, ended_at, state, read, changed, "
    "parked) VALUES ('hourly', :connection, :document, :at, :at, :at, 'done', :read, :changed, :parked)"
)
_A_FEED = text(
    "INSERT INTO feed (connection, document, message_id, state, rows, changed, parked, started_at, ended_at) "
    "VALUES (:connection, :document, 1, 'applied', :read, :changed, :parked, :at, :at)"
)


def _work(tx: Connection, look: Callable[[Connection], Any]) -> int:
    """Return how many hundred steps SQLite's machine takes for it."""
    steps = []
    database = tx.connection.driver_connection
    assert database is not None
    database.set_progress_handler(lambda: steps.append(1), 100)
    look(tx)
    database.set_progress_handler(None, 100)
    return len(steps)
