"""A database of every released schema, with data in it, is brought to this version's and read whole.

`released/0001.sql.gz` is what a demo left behind at that schema, and a few failures. A new schema that was released
gets a file of its own: `crossdock demo --orders 5 --exit --folder F`, and what `sqlite3.Connection.iterdump` gives.
"""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, create_engine, func, select, text

from hub.model.money import ExchangeRates
from hub.routing.rules import RoutingRules
from hub.services import explain
from hub.services.attention import failures
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory
from hub.services.summary import summarise
from hub.store import archive, connections, deliveries, messages, migrate, order_list, parking, runs
from hub.store.engine import Store
from hub.store.order_list import OrderFilters
from hub.store.tables import metadata
from hub.testing.clock import FakeClock
from hub.web.metrics import exposition

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql.gz"))
#: Filled anew by the database itself.
_NOT_OURS = {"alembic_version", "sqlite_stat1", "sqlite_sequence"}


@pytest.fixture(params=RELEASED, ids=lambda path: path.name.partition(".")[0])
def dump(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A SQLite file as that version left it."""
    path = tmp_path / "released.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(gzip.decompress(request.param.read_bytes()).decode())
    return path


@pytest.fixture
def released(empty_url: str, dump: Path) -> Iterator[Store]:
    """The same data on each database, at its released schema."""
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).write_bytes(dump.read_bytes())
        store = Store(empty_url)
    else:
        store = Store(empty_url)
        _carry_over(dump, store)
    yield store
    store.close()


def _carry_over(dump: Path, store: Store) -> None:
    """Make the released schema on another database and copy every row there."""
    with create_engine(f"sqlite:///{dump}").connect() as old, store.write() as tx:
        revision = old.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        config = migrate._config()
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
        found = MetaData()
        found.reflect(old)
        for name in (each.name for each in metadata.sorted_tables if each.name in found.tables):
            _copy(old, tx, name, list(found.tables[name].c.keys()))
    old.engine.dispose()


def _copy(old: Connection, tx: Connection, name: str, columns: list[str]) -> None:
    table = metadata.tables[name]
    kept = [table.c[column] for column in columns if column in table.c]
    rows = [dict(row) for row in old.execute(select(*kept)).mappings()]
    if not rows:
        return
    tx.execute(Table(name, MetaData(), *(each._copy() for each in kept)).insert(), rows)
    if "id" in table.c and table.c.id.type.python_type is int:
        last = tx.execute(select(func.max(table.c.id))).scalar_one()
        tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), :last)"), {"last": last})


def counts(store: Store, names: set[str]) -> dict[str, int]:
    with store.read() as tx:
        return {name: tx.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in sorted(names)}  # noqa: S608


def tables(dump: Path) -> set[str]:
    with closing(sqlite3.connect(dump)) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name for (name,) in found} - _NOT_OURS


def test_what_was_released_is_a_step_that_there_still_is() -> None:
    steps = {each.revision for each in ScriptDirectory.from_config(migrate._config()).walk_revisions()}
    dumped = {path.name.partition(".")[0] for path in RELEASED}
    assert min(steps) in dumped
    assert dumped <= steps


def test_no_row_is_lost_and_the_schema_is_the_newest(released: Store, dump: Path) -> None:
    before = counts(released, tables(dump))
    assert before["sales_order"] > 0
    steps = migrate.pending(released)
    assert migrate.upgrade(released) == steps
    assert migrate.pending(released) == []
    with released.read() as tx:
        assert MigrationContext.configure(tx).get_current_revision() == migrate.current(released)
    assert counts(released, {name for name in before if name in metadata.tables}) == {
        name: count for name, count in before.items() if name in metadata.tables
    }


def test_everything_that_was_there_is_read_by_this_version(released: Store, clock: FakeClock) -> None:
    migrate.upgrade(released)
    desk = Desk(released, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")
    with released.read() as tx:
        for order in order_list.search(tx, OrderFilters(), 100):
            told = explain.show(tx, desk, order.id)
            assert told["lines"]
            assert told["deliveries"]
        for row in deliveries.search(tx, limit=1000):
            assert row.record.model_dump()
            assert archive.load(tx, row.content_sha256) if row.content_sha256 else True
        assert {each.id[0] for each in failures.list_failures(tx, clock.now())} >= {"r", "s"}
        assert summarise(tx, clock.now()).orders == 5
        assert len(connections.every(tx)) == 8
        assert runs.latest(tx)
    assert b"crossdock_orders" in exposition(desk)[0]


def test_the_metrics_count_as_failing_whatever_the_list_of_failures_shows(released: Store, clock: FakeClock) -> None:
    migrate.upgrade(released)
    clock.advance(365 * 86_400)  # whoever had something to answer has not
    desk = Desk(released, clock, PartnerDirectory(), ExchangeRates(base="USD"), RoutingRules(), "USD")
    with released.write() as tx:
        tx.execute(text("UPDATE allocation SET state = 'unfillable' WHERE id = (SELECT min(id) FROM allocation)"))
        tx.execute(
            text("UPDATE delivery SET state = 'sent', answer_by = due_at WHERE id = (SELECT min(id) FROM delivery)")
        )
        tx.execute(text("UPDATE delivery SET state = 'blocked' WHERE id = (SELECT max(id) FROM delivery)"))
    with released.read() as tx:
        listed = failures.list_failures(tx, clock.now())
    assert {each.id[0] for each in listed} >= {"r", "s", "d", "l"}
    failing = [line for line in exposition(desk)[0].decode().splitlines() if line.startswith("crossdock_failing{")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in failing) == len(listed)


def test_work_goes_on_behind_what_was_there(released: Store, clock: FakeClock) -> None:
    migrate.upgrade(released)
    with released.write() as tx:
        before = [row.id for row in deliveries.search(tx, limit=1)]
        received = messages.receive(
            tx, connection="shop", document="orders", key="new", name="n", content=b"{}", now=clock.now()
        )
        assert received.fresh
        assert received.id > max(each.message_id for each in parking.search(tx))
        assert before
