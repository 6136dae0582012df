"""The schema: made step by step, the same on both databases as the tables in the code."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, inspect, text
from sqlalchemy.types import TypeEngine

from hub.store import migrate
from hub.store.columns import ExactNumber, Json, UtcTime
from hub.store.engine import Store
from hub.store.migrate import SchemaTooNew
from hub.store.tables import metadata


@pytest.fixture
def empty(empty_url: str) -> Iterator[Store]:
    opened = Store(empty_url)
    yield opened
    opened.close()


def test_an_empty_database_is_brought_up_to_date_once(empty: Store) -> None:
    assert migrate.current(empty) is None
    steps = migrate.pending(empty)
    assert steps[0] == "0001"
    assert migrate.upgrade(empty) == steps
    assert migrate.current(empty) == steps[-1]
    assert migrate.pending(empty) == []
    assert migrate.upgrade(empty) == []


def test_the_steps_make_exactly_the_tables_of_the_code(empty: Store) -> None:
    """If this fails, write a new file in hub/store/migrations/versions that does what is listed here."""
    migrate.upgrade(empty)
    with empty.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": _differs})
        assert compare_metadata(context, metadata) == []


def _differs(
    _context: MigrationContext, _found: Column, _wanted: Column, found: TypeEngine, wanted: TypeEngine
) -> bool | None:
    """Our own types are compared by what the database makes of them."""
    if not isinstance(wanted, ExactNumber | UtcTime | Json):
        return None
    dialect = _context.dialect
    return str(found.compile(dialect)) != str(wanted.load_dialect_impl(dialect).compile(dialect))


def test_the_comparison_sees_a_difference(empty: Store) -> None:
    migrate.upgrade(empty)
    other = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(other)
    Table("extra", other, Column("at", UtcTime))
    with empty.read() as tx:
        (difference,) = compare_metadata(MigrationContext.configure(tx), other)
    assert difference[0] == "add_table"


def test_indexes_and_constraints_have_the_names_of_the_code(empty: Store) -> None:
    migrate.upgrade(empty)
    inspector = inspect(empty._writer)
    for table in metadata.sorted_tables:
        found = {index["name"] for index in inspector.get_indexes(table.name) if not index.get("duplicates_constraint")}
        assert found == {index.name for index in table.indexes}
        assert inspector.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"


def test_a_step_that_fails_leaves_the_database_as_it_was(empty: Store) -> None:
    with empty.write() as tx:
        tx.execute(text("CREATE TABLE shipment (id INTEGER)"))  # stands in the way of the first step
    with pytest.raises(Exception, match="shipment"):
        migrate.upgrade(empty)
    assert migrate.current(empty) is None
    assert inspect(empty._writer).get_table_names() == ["shipment"]


def test_a_database_of_a_newer_version_is_refused_with_advice(empty: Store) -> None:
    migrate.upgrade(empty)
    with empty.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match=r"schema 9999.*install the newer version again"):
        migrate.upgrade(empty)


def test_two_programs_upgrade_at_once_and_one_of_them_does_it(empty_url: str) -> None:
    done: list[list[str]] = []

    def start() -> None:
        opened = Store(empty_url)
        done.append(migrate.upgrade(opened))
        opened.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, done)) == [0, len(max(done, key=len))]
    assert done[0] != done[1]
