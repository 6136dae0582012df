"""Column types: exact decimals, aware UTC times and JSON come back as they went in, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, delete, insert, select
from sqlalchemy.exc import StatementError

from hub.store.columns import ExactNumber, Json, UtcTime, utc_text, utc_time
from hub.store.engine import Store

metadata = MetaData()
kept = Table(
    "kept",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", ExactNumber),
    Column("moment", UtcTime),
    Column("doc", Json),
)


@pytest.fixture
def with_table(empty_url: str) -> Any:
    store = Store(empty_url)
    with store.write() as tx:
        metadata.create_all(tx)
    yield store
    store.close()


def there_and_back(tx: Connection, column: str, value: object) -> Any:
    tx.execute(delete(kept))
    tx.execute(insert(kept).values({column: value}))
    return tx.execute(select(kept.c[column])).scalar_one()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.decimals(min_value=-(10**15) + 1, max_value=10**15 - 1, places=9))
def test_a_decimal_keeps_every_digit(with_table: Store, number: Decimal) -> None:
    with with_table.write() as tx:
        assert there_and_back(tx, "number", number) == number


@pytest.mark.parametrize(
    ("given", "text"), [("5.00", "5"), ("100", "100"), ("0.0", "0"), ("-0", "0"), ("1E+3", "1000")]
)
def test_a_decimal_comes_back_in_its_plain_form(with_table: Store, given: str, text: str) -> None:
    with with_table.write() as tx:
        assert str(there_and_back(tx, "number", Decimal(given))) == text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moment=st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - the zone follows
    hours=st.integers(-12, 14),
)
def test_a_moment_is_the_same_moment_in_utc(with_table: Store, moment: datetime, hours: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    with with_table.write() as tx:
        back = there_and_back(tx, "moment", aware)
    assert back == aware
    assert back.tzinfo is UTC or back.utcoffset() == timedelta(0)
    assert utc_time(utc_text(aware)) == aware


def test_a_moment_without_a_zone_is_refused(with_table: Store) -> None:
    naive = datetime(2026, 11, 20, 6)  # noqa: DTZ001 - what is refused
    with with_table.write() as tx, pytest.raises(StatementError, match="a naive time cannot be stored"):
        there_and_back(tx, "moment", naive)


def test_moments_are_sorted_and_compared_as_they_follow(with_table: Store) -> None:
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    moments = [start, start + timedelta(microseconds=1), start + timedelta(seconds=1), start + timedelta(days=40)]
    with with_table.write() as tx:
        tx.execute(insert(kept), [{"moment": moment} for moment in reversed(moments)])
        assert tx.execute(select(kept.c.moment).order_by(kept.c.moment)).scalars().all() == moments
        assert len(tx.execute(select(kept).where(kept.c.moment > start)).all()) == 3


@pytest.mark.parametrize("doc", [{}, [], {"b": 1, "a": [None, True, "é\x00"]}, "text", 5, {"n": "1.50"}])
def test_a_document_comes_back_as_it_was(with_table: Store, doc: object) -> None:
    with with_table.write() as tx:
        assert there_and_back(tx, "doc", doc) == doc


@pytest.mark.parametrize("column", ["number", "moment", "doc"])
def test_nothing_stays_nothing(with_table: Store, column: str) -> None:
    with with_table.write() as tx:
        assert there_and_back(tx, column, None) is None
