"""Space that was freed goes back to the file system, in short steps."""

from __future__ import annotations

from pathlib import Path

from hub.store.engine import Store
from hub.store.upkeep import tidy


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
