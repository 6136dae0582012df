"""Forecasts: what a node will receive and when, kept as its source says, never promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.contract import BadRecord, Mode
from hub.model.stock import Certainty, ExpectedReceipt
from hub.services.desk import Desk
from hub.services.inventory import receipts as service
from hub.services.inventory.feed import FeedResult
from hub.store import receipts, stock
from hub.testing.clock import FakeClock
from tests.stock.conftest import Feeding

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
FRIDAY = datetime(2026, 12, 4, tzinfo=UTC)


def coming(sku: str, quantity: int, at: datetime = MONDAY, **more: Any) -> ExpectedReceipt:
    return ExpectedReceipt(sku=sku, quantity=Decimal(quantity), expected_at=at, **more)


def apply(feeding: Feeding, *records: ExpectedReceipt | BadRecord, mode: Mode = Mode.SNAPSHOT) -> FeedResult:
    source = replace(feeding.source(), document="forecast", mode=mode)
    return service.apply_feed(feeding.desk, source, iter(records))


def told(desk: Desk, *skus: str) -> list[tuple[str, str, str, datetime]]:
    with desk.store.read() as tx:
        return [
            (each.node, each.sku, str(each.quantity), each.expected_at) for each in receipts.expected(tx, skus or "ABC")
        ]


@pytest.fixture
def feeding(desk: Desk) -> Feeding:
    return Feeding(desk)


def test_what_comes_is_known_by_day_and_not_promised(desk: Desk, feeding: Feeding) -> None:
    result = apply(feeding, coming("A", 5, certainty=Certainty.ORDERED), coming("A", 7, FRIDAY), coming("B", 0))
    assert (result.read, result.changed, result.parked) == (3, 3, ())
    assert told(desk) == [("ACME", "A", "5", MONDAY), ("ACME", "A", "7", FRIDAY)]
    with desk.store.read() as tx:
        assert stock.atp(tx, ["A"], desk.clock.now()) == {}


def test_a_snapshot_forgets_what_it_does_not_name_and_a_delta_does_not(
    desk: Desk, feeding: Feeding, clock: FakeClock
) -> None:
    apply(feeding, coming("A", 5), coming("B", 6))
    clock.advance(60)
    apply(feeding, coming("A", 4), mode=Mode.DELTA)
    assert told(desk) == [("ACME", "A", "4", MONDAY), ("ACME", "B", "6", MONDAY)]
    clock.advance(60)
    apply(feeding, coming("A", 3, FRIDAY))
    assert told(desk) == [("ACME", "A", "3", FRIDAY)]


def test_an_older_word_changes_nothing(desk: Desk, feeding: Feeding, clock: FakeClock) -> None:
    now = clock.now()
    apply(feeding, coming("A", 5, as_of=now), mode=Mode.DELTA)
    apply(feeding, coming("A", 9, as_of=now.replace(year=2020)), mode=Mode.DELTA)
    assert told(desk) == [("ACME", "A", "5", MONDAY)]


def test_the_newer_of_two_rows_counts(desk: Desk, feeding: Feeding) -> None:
    apply(feeding, coming("A", 5), coming("A", 6))
    assert told(desk) == [("ACME", "A", "6", MONDAY)]


def test_what_cannot_be_read_or_placed_keeps_everything(desk: Desk, feeding: Feeding, clock: FakeClock) -> None:
    apply(feeding, coming("A", 5))
    clock.advance(60)
    bad = BadRecord("no number", record="row 7", field="quantity")
    result = apply(feeding, coming("B", 1), bad, coming("C", 1, location="NOWHERE"))
    assert [each.code for each in result.parked] == ["BadRecord", "unknown location"]
    assert [row[1] for row in told(desk)] == ["A", "B"]
    assert feeding.feeds()[-1][0] == "suspended"
    empty = apply(feeding)
    assert [each.code for each in empty.parked] == ["empty snapshot"]
    assert [row[1] for row in told(desk)] == ["A", "B"]


def test_a_partner_with_several_nodes_names_the_one(desk: Desk, feeding: Feeding) -> None:
    result = apply(feeding.of("own"), coming("A", 1, location="WEST"), coming("B", 1))
    assert [each.record for each in result.parked] == ["sku B at no location"]
    assert told(desk) == [("WEST", "A", "1", MONDAY)]


def test_a_forecast_that_is_suddenly_short_is_held(desk: Desk, feeding: Feeding) -> None:
    apply(feeding, *(coming(f"S{number}", 1) for number in range(40)))
    assert [each.code for each in apply(feeding, coming("S1", 1)).parked] == ["snapshot shrank"]
    assert len(told(desk, *(f"S{number}" for number in range(40)))) == 40


def test_what_lies_behind_us_is_forgotten(desk: Desk, feeding: Feeding) -> None:
    apply(feeding, coming("A", 5), coming("A", 7, FRIDAY))
    with desk.store.write() as tx:
        assert receipts.expire(tx, FRIDAY) == 1
    assert told(desk) == [("ACME", "A", "7", FRIDAY)]


def test_a_feed_that_breaks_stands_as_failed(feeding: Feeding) -> None:
    with pytest.raises(TypeError, match="gave a StockLevel"):
        service.apply_feed(feeding.desk, feeding.source(), iter([feeding.figure("A", 1)]))
    assert feeding.feeds()[-1][0] == "failed"
