"""Transactions that PostgreSQL ends for the sake of another one are run again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from hub.store.again import until_it_goes_through
from hub.store.engine import Store
from hub.store.tables import counter


class LostRace(Exception):
    """What the driver raises, as far as we look at it."""

    sqlstate = "40001"


def add_one(tx: Connection, name: str) -> None:
    tx.execute(update(counter).where(counter.c.name == name).values(value=counter.c.value + 1))


ON_POSTGRESQL = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


@ON_POSTGRESQL
@pytest.mark.parametrize("way", ["transact", "submit"])
def test_two_that_wait_for_each_other_both_go_through(store: Store, way: str) -> None:
    both_hold_one = threading.Barrier(2)
    with store.write() as tx:
        tx.execute(insert(counter), [{"name": "a", "value": 0}, {"name": "b", "value": 0}])

    def crossing(first: str, second: str) -> Callable[[Connection], int]:
        tries: list[int] = []

        def work(tx: Connection) -> int:
            tries.append(1)
            tx.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            add_one(tx, first)
            if len(tries) == 1:
                both_hold_one.wait(10)
            add_one(tx, second)
            return len(tries)

        return work

    with ThreadPoolExecutor(2) as threads:
        tries = [threads.submit(getattr(store, way), crossing(*pair)) for pair in (("a", "b"), ("b", "a"))]
        assert sorted(each.result(20) for each in tries) == [1, 2]
    with store.read() as tx:
        assert set(tx.execute(select(counter.c.value)).scalars()) == {2}


def test_it_is_not_tried_for_ever() -> None:
    tries = []

    def never() -> None:
        tries.append(1)
        raise DBAPIError("UPDATE", None, LostRace())

    with pytest.raises(DBAPIError):
        until_it_goes_through(never)
    assert len(tries) == 5


@ON_POSTGRESQL
def test_any_other_error_is_not_tried_again(store: Store) -> None:
    tries = []

    def twice(tx: Connection) -> None:
        tries.append(1)
        tx.execute(insert(counter), [{"name": "a", "value": 0}, {"name": "a", "value": 0}])

    with pytest.raises(DBAPIError):
        store.transact(twice)
    assert len(tries) == 1
