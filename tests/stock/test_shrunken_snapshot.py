"""A snapshot that is suddenly much smaller than the last one: what it does not name waits for a person."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from hub.contract import BadRecord
from hub.model.item import CatalogueEntry
from hub.services.desk import Desk, Source
from hub.services.inventory import catalogue, stock
from hub.services.inventory.feed import SHRUNK, FeedResult
from hub.store import parking
from hub.testing.clock import FakeClock
from tests.stock.conftest import Feeding


@pytest.fixture
def feeding(desk: Desk, clock: FakeClock) -> Feeding:
    made = Feeding(desk)
    made.apply(*(made.figure(f"S{number}", 5) for number in range(40)))
    clock.advance(60)
    return made


def small(feeding: Feeding, source: Source) -> FeedResult:
    return stock.apply_feed(feeding.desk, source, iter([feeding.figure("S1", 7), feeding.figure("S2", 5)]))


def park(feeding: Feeding, source: Source, bad: BadRecord) -> None:
    """As ingest does after a feed."""
    with feeding.desk.store.write() as tx:
        parking.park(tx, source.message_id, source.connection, source.document, bad, feeding.desk.clock.now())


def test_what_it_names_counts_and_what_it_does_not_name_stays(feeding: Feeding) -> None:
    (bad,) = small(feeding, feeding.source()).parked
    assert feeding.feeds()[-1] == ("held", 2, 1, 1)
    assert (bad.code, bad.record) == (SHRUNK, "the whole document")
    assert bad.what.startswith("the snapshot holds 2 rows that can be read and the last one held 40; what")
    assert feeding.row("S1").on_hand == 7
    assert feeding.row("S39").on_hand == 5


def test_the_next_one_that_is_as_small_is_held_too(feeding: Feeding) -> None:
    small(feeding, feeding.source())
    assert [bad.code for bad in small(feeding, feeding.source()).parked] == [SHRUNK]
    feeding.apply(*(feeding.figure(f"S{number}", 5) for number in range(39)))
    assert feeding.feeds()[-1][0] == "applied"
    assert feeding.row("S39").on_hand == 0


def test_a_person_who_runs_it_again_says_that_it_is_right(feeding: Feeding) -> None:
    source = feeding.source()
    (bad,) = small(feeding, source).parked
    park(feeding, source, bad)
    assert small(feeding, source).parked == ()
    assert feeding.feeds()[-1][0] == "applied"
    assert (feeding.row("S1").on_hand, feeding.row("S39").on_hand) == (7, 0)
    assert small(feeding, feeding.source()).parked == ()


def test_a_crash_before_it_was_parked_says_nothing(feeding: Feeding) -> None:
    source = feeding.source()
    small(feeding, source)
    assert [bad.code for bad in small(feeding, source).parked] == [SHRUNK]


def test_the_file_says_how_small_is_too_small(feeding: Feeding) -> None:
    assert small(feeding, replace(feeding.source(), hold_below=Decimal(0))).parked == ()
    assert feeding.row("S39").on_hand == 0


def test_a_short_list_may_be_halved(desk: Desk) -> None:
    feeding = Feeding(desk)
    feeding.apply(*(feeding.figure(f"S{number}", 5) for number in range(19)))
    feeding.apply(feeding.figure("S1", 5))
    assert [state for state, *_ in feeding.feeds()] == ["applied", "applied"]


def test_a_catalogue_is_held_too(feeding: Feeding) -> None:
    desk = feeding.desk
    entries = [CatalogueEntry(sku=f"S{number}", price=Decimal(1)) for number in range(40)]
    source = replace(feeding.source(), document="catalogue")
    assert catalogue.apply_feed(desk, source, iter(entries)).parked == ()
    again = replace(feeding.source(), document="catalogue")
    assert [bad.code for bad in catalogue.apply_feed(desk, again, iter(entries[:3])).parked] == [SHRUNK]


def unreadable(names: range) -> list[BadRecord]:
    """Rows whose columns have moved: what stands where the SKU was is none, and the figure is none either."""
    skus = [f"Colour {each}" for each in names]
    return [BadRecord("'Tent' is not a number", record=sku, field="quantity", known={"sku": sku}) for sku in skus]


def test_forty_rows_that_are_all_parked_sell_nothing_out(feeding: Feeding) -> None:
    assert len(feeding.apply(*unreadable(range(40))).parked) == 40
    assert feeding.feeds()[-1][0] == "suspended"
    assert feeding.row("S39").on_hand == 5


def test_a_short_list_of_which_all_is_parked_sells_nothing_out(desk: Desk) -> None:
    feeding = Feeding(desk)
    feeding.apply(feeding.figure("S1", 5))
    feeding.apply(*unreadable(range(1)))
    assert feeding.row("S1").on_hand == 5


def test_rows_that_are_parked_do_not_count_as_rows_that_are_there(feeding: Feeding) -> None:
    result = feeding.apply(feeding.figure("S1", 5), *unreadable(range(39)))
    assert result.parked[-1].code == SHRUNK
    assert feeding.feeds()[-1][0] == "held"
    assert feeding.row("S39").on_hand == 5


def test_a_feed_that_always_holds_bad_rows_is_not_held_for_them_every_day(feeding: Feeding) -> None:
    rows = [*(feeding.figure(f"S{number}", 5) for number in range(40)), *unreadable(range(60))]
    feeding.apply(*rows)
    assert [bad.code for bad in feeding.apply(*rows).parked if bad.code == SHRUNK] == []
    assert feeding.feeds()[-1][0] == "applied"


def test_a_catalogue_of_which_all_is_parked_takes_nothing_out(feeding: Feeding) -> None:
    source = replace(feeding.source(), document="catalogue")
    catalogue.apply_feed(feeding.desk, source, iter([CatalogueEntry(sku="S1", price=Decimal(1))]))
    again = replace(feeding.source(), document="catalogue")
    catalogue.apply_feed(feeding.desk, again, iter(unreadable(range(1))))
    assert feeding.feeds()[-1][0] == "suspended"
