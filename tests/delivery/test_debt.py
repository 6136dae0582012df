"""The end of an attempt, written together with the beginning of the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, insert, select

from hub.delivery.debt import Debt
from hub.store.engine import Store
from hub.store.tables import counter


def putting(name: str) -> Callable[[Connection], str]:
    def put(tx: Connection) -> str:
        tx.execute(insert(counter).values(name=name, value=1))
        return name

    return put


def failing(tx: Connection) -> str:
    putting("undone")(tx)
    raise ValueError("no")


def names(store: Store) -> set[str]:
    with store.read() as tx:
        return set(tx.execute(select(counter.c.name)).scalars())


class Payments:
    """What was told of what is owed."""

    def __init__(self) -> None:
        self.told: list[BaseException | None] = []


def test_what_is_owed_is_durable_before_the_next_work_returns(store: Store) -> None:
    debt, payments = Debt(store), Payments()
    debt.owe(putting("end"), payments.told.append)
    assert (names(store), payments.told) == (set(), [])
    assert debt.submit(putting("beginning")) == "beginning"
    assert (names(store), payments.told) == ({"end", "beginning"}, [None])


def test_owing_again_pays_what_was_owed_before(store: Store) -> None:
    debt, payments = Debt(store), Payments()
    debt.owe(putting("first"), payments.told.append)
    debt.owe(putting("second"), payments.told.append)
    assert (names(store), payments.told) == ({"first"}, [None])
    debt.pay()
    debt.pay()
    assert (names(store), payments.told) == ({"first", "second"}, [None, None])


def test_a_work_that_fails_leaves_the_end_before_it_written(store: Store) -> None:
    debt, payments = Debt(store), Payments()
    debt.owe(putting("end"), payments.told.append)
    with pytest.raises(ValueError, match="no"):
        debt.submit(failing)
    assert (names(store), payments.told) == ({"end"}, [None])


def test_an_end_that_fails_is_told_and_stops_nobody(store: Store) -> None:
    debt, payments = Debt(store), Payments()
    debt.owe(failing, payments.told.append)
    assert debt.submit(putting("beginning")) == "beginning"
    assert names(store) == {"beginning"}
    assert [str(each) for each in payments.told] == ["no"]


def test_after_the_end_of_the_store_both_are_told(store: Store) -> None:
    debt, payments = Debt(store), Payments()
    debt.owe(putting("end"), payments.told.append)
    store.close()
    with pytest.raises(RuntimeError):
        debt.submit(putting("beginning"))
    assert len(payments.told) == 1
    assert payments.told[0] is not None
