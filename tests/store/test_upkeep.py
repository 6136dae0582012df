"""Space that was freed goes back to the file system, in short steps."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from sqlalchemy import event

from hub.store import messages
from hub.store.engine import Store
from hub.store.upkeep import forget_statistics, tidy


def test_freed_pages_are_given_back(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'hub.db'}")
    with store.write() as tx:
        tx.exec_driver_sql("CREATE TABLE t (x BLOB)")
        for _ in range(700):
            tx.exec_driver_sql("INSERT INTO t VALUES (zeroblob(4000))")
    with store.write() as tx:
        tx.exec_driver_sql("DELETE FROM t")
    assert tidy(store) > 600
    assert tidy(store) == 0
    store.close()


def test_after_somebody_analyzed_a_rare_state_is_still_found_by_its_index(sqlite_store: Store) -> None:
    """SQLite keeps averages: of a million messages of which none waits it believed that half do, and read them all."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
    insert = (
        "INSERT INTO message (connection, document, direction, key, name, sha256, size, state, records, parked,"
        " received_at) SELECT 'acme', 'stock', 'in', 'k' || i, 'n', hex(i), 1, 'applied', 1, 0, '2026' FROM n"
    )
    with sqlite_store.write() as tx:
        tx.exec_driver_sql(numbers + insert)
        tx.exec_driver_sql("ANALYZE")
    assert _plan(sqlite_store).startswith("SCAN message")
    assert forget_statistics(sqlite_store)
    assert _plan(sqlite_store).startswith("SEARCH message USING INDEX ix_message_state_message_connection")
    assert not forget_statistics(sqlite_store)


def _plan(store: Store) -> str:
    """How a reader, whose connection was open all the time, finds the messages that wait."""
    seen: list[tuple[str, object]] = []
    with store.read() as tx:
        event.listen(tx, "before_cursor_execute", lambda *called: seen.append((called[2], called[3])))
        messages.waiting(tx, 10)
        statement, values = seen[0]
        asked = f"EXPLAIN QUERY PLAN {statement} -- {uuid4()}"  # a plan that was asked for before is not made again
        return str(tx.exec_driver_sql(asked, values).all()[0][3])
