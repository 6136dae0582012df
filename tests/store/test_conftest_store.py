"""The fixtures themselves: both databases start empty, with every table."""

from sqlalchemy import inspect, select

from hub.store.engine import Store
from hub.store.tables import item, metadata


def test_a_fresh_store_has_every_table_and_no_row(store: Store) -> None:
    assert set(inspect(store._writer).get_table_names()) == set(metadata.tables)
    with store.read() as view:
        assert view.execute(select(item)).all() == []
