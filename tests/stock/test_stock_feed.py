"""Stock feeds: which figure counts, what a snapshot takes away, what a bad row may not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from hub.contract import BadRecord, Mode
from hub.model.base import Record
from hub.model.item import CatalogueEntry
from hub.model.stock import Nets, StockLevel
from hub.services.desk import Desk
from hub.services.inventory import stock as stock_service
from hub.services.inventory.feed import LEAST_TOGETHER, LONG, MOST_PARKED, MOST_TOGETHER, Pace
from hub.store import feeds, parking
from hub.store.tables import feed, stock, stock_confirmed
from hub.testing.clock import FakeClock

Feeding = Any
Directory = Any
EARLY = datetime(2026, 11, 20, 5, tzinfo=UTC)
LATE = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)


# --- figures ---------------------------------------------------------------------------------------------------------


def test_a_first_snapshot_is_what_the_node_has(feeding: Feeding) -> None:
    result = feeding.apply(feeding.figure("A", 5), feeding.figure("B", "2.5"))
    assert (result.read, result.changed, result.parked) == (2, 2, ())
    assert feeding.on_hand() == {"A": 5, "B": Decimal("2.5")}
    assert feeding.feeds() == [("applied", 2, 2, 0)]


def test_the_lots_of_a_sku_are_one_figure_however_far_apart_they_stand(feeding: Feeding) -> None:
    rows = [feeding.figure(f"S{number}", 1) for number in range(2 * MOST_TOGETHER)]
    feeding.apply(feeding.figure("A", 5, lot="B1"), feeding.figure("B", 2), *rows, feeding.figure("A", "2.5", lot="B2"))
    assert (feeding.on_hand()["A"], feeding.on_hand()["B"]) == (Decimal("7.5"), 2)
    feeding.apply(feeding.figure("A", 1, lot="B2"))
    assert feeding.on_hand()["A"] == 1


def test_only_what_differs_counts_as_changed_and_is_written(feeding: Feeding, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 2))
    first = feeding.row("A")
    clock.advance(60)
    result = feeding.apply(feeding.figure("A", 5), feeding.figure("B", "3.0"))
    assert result.changed == 1
    again = feeding.row("A")
    assert (again.updated_at, again.generation) == (first.updated_at, first.generation)
    assert feeding.row("B").generation > first.generation
    assert again.as_of == clock.now()  # the whole snapshot says that it still holds


def test_a_row_keeps_what_its_feed_knows_of_it(feeding: Feeding, directory: Directory) -> None:
    directory.agree("acme", stock_nets=Nets.SHIPMENTS, stock_safety=Decimal(2))
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5, safety=Decimal(0), status="discontinued", as_of=EARLY))
    a, b = feeding.row("A"), feeding.row("B")
    assert (a.safety, a.nets, a.status) == (2, Nets.SHIPMENTS, "active")
    assert (b.safety, b.status, b.as_of) == (0, "discontinued", EARLY)


def test_a_changed_agreement_reaches_the_figures_with_the_next_feed(feeding: Feeding, directory: Directory) -> None:
    feeding.apply(feeding.figure("A", 5))
    directory.agree("acme", stock_safety=Decimal(1))
    assert feeding.apply(feeding.figure("A", 5)).changed == 1
    assert feeding.row("A").safety == 1


@pytest.mark.parametrize("mode", list(Mode))
def test_an_older_figure_never_wins(feeding: Feeding, mode: Mode) -> None:
    feeding = feeding.of("acme", mode)
    feeding.apply(feeding.figure("A", 5, as_of=LATE))
    assert feeding.apply(feeding.figure("A", 9, as_of=EARLY)).changed == 0
    assert feeding.row("A").on_hand == 5
    feeding.apply(feeding.figure("A", 7, as_of=LATE))  # the same time, said later
    assert feeding.row("A").on_hand == 7


def test_a_figure_that_only_held_on_beats_what_is_older_than_its_confirmation(feeding: Feeding) -> None:
    feeding.apply(feeding.figure("A", 5), at=EARLY)
    feeding.apply(feeding.figure("A", 5), at=LATE)  # writes nothing, but says that 5 holds until LATE
    feeding.of("acme", Mode.DELTA).apply(feeding.figure("A", 9), at=EARLY + timedelta(minutes=10))
    assert feeding.row("A").on_hand == 5


def test_without_a_time_a_row_holds_as_of_its_document_and_else_of_now(feeding: Feeding, clock: FakeClock) -> None:
    feeding = feeding.of("acme", Mode.DELTA)
    feeding.apply(feeding.figure("A", 5), at=EARLY)
    feeding.apply(feeding.figure("B", 5))
    assert feeding.row("A").as_of == EARLY
    assert feeding.row("B").as_of == clock.now()


def test_a_partner_whose_clock_runs_ahead_does_not_shut_out_what_follows(feeding: Feeding, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5, as_of=clock.now() + timedelta(days=400)))
    assert feeding.row("A").as_of == clock.now()
    clock.advance(60)
    feeding.apply(feeding.figure("A", 6))
    assert feeding.row("A").on_hand == 6


def test_of_two_rows_for_one_sku_the_newer_counts_and_else_the_last(feeding: Feeding) -> None:
    feeding.apply(
        feeding.figure("A", 1, as_of=LATE),
        feeding.figure("A", 2, as_of=EARLY),
        feeding.figure("B", 1),
        feeding.figure("B", 2),
    )
    assert feeding.on_hand() == {"A": 1, "B": 2}


def test_a_delta_leaves_alone_what_it_does_not_name(feeding: Feeding) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5), at=EARLY)
    feeding.of("acme", Mode.DELTA).apply(feeding.figure("A", 5), feeding.figure("C", 1), at=LATE)
    assert feeding.on_hand() == {"A": 5, "B": 5, "C": 1}
    assert feeding.row("A").as_of == LATE
    assert feeding.row("B").as_of == EARLY


# --- what a snapshot takes away --------------------------------------------------------------------------------------


def test_what_a_snapshot_does_not_name_is_gone(feeding: Feeding, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5))
    clock.advance(60)
    result = feeding.apply(feeding.figure("A", 5))
    assert result.changed == 1
    assert feeding.on_hand() == {"A": 5, "B": 0}
    assert feeding.row("B").as_of == clock.now()
    assert feeding.apply(feeding.figure("A", 5)).changed == 0


def test_an_older_snapshot_takes_nothing_away(feeding: Feeding) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5), at=LATE)
    feeding.apply(feeding.figure("A", 9), at=EARLY)
    assert feeding.on_hand() == {"A": 5, "B": 5}


def test_a_figure_newer_than_the_snapshot_is_not_taken_away(feeding: Feeding) -> None:
    feeding.apply(feeding.figure("A", 5), at=EARLY)
    feeding.of("acme", Mode.DELTA).apply(feeding.figure("B", 5), at=LATE)
    feeding.apply(feeding.figure("A", 4), at=EARLY + timedelta(minutes=1))
    assert feeding.on_hand() == {"A": 4, "B": 5}


def test_an_unreadable_row_keeps_its_figure_and_the_others_go_on(feeding: Feeding, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5), feeding.figure("C", 5))
    before = feeding.row("A").as_of
    clock.advance(60)
    result = feeding.apply(feeding.bad(sku=" A "), feeding.figure("B", 6))
    assert [each.record for each in result.parked] == ["row 7"]
    assert feeding.on_hand() == {"A": 5, "B": 6, "C": 0}
    assert feeding.row("A").as_of == before  # nobody said that it still holds
    assert feeding.row("B").as_of == clock.now()


def test_when_a_row_does_not_say_what_it_is_about_nothing_is_zeroed(feeding: Feeding, clock: FakeClock) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5), feeding.figure("C", 5))
    before = feeding.row("C").as_of
    clock.advance(60)
    result = feeding.apply(feeding.figure("A", 5), feeding.bad(), feeding.figure("B", 6))
    assert (result.read, result.changed, len(result.parked)) == (3, 1, 1)
    assert feeding.on_hand() == {"A": 5, "B": 6, "C": 5}
    assert feeding.row("A").as_of == clock.now()
    assert feeding.row("C").as_of == before
    assert feeding.feeds()[-1] == ("suspended", 3, 1, 1)


def test_an_empty_snapshot_takes_nothing_away_and_needs_a_person(feeding: Feeding) -> None:
    feeding.apply(feeding.figure("A", 5))
    result = feeding.apply()
    (parked,) = result.parked
    assert "holds no row at all" in parked.what
    assert "ask acme for a full document" in parked.todo
    assert feeding.on_hand() == {"A": 5}
    assert feeding.feeds()[-1] == ("suspended", 0, 0, 1)


def test_an_empty_delta_is_fine(feeding: Feeding) -> None:
    assert feeding.of("acme", Mode.DELTA).apply().parked == ()


# --- places ----------------------------------------------------------------------------------------------------------


def test_each_row_goes_to_the_node_it_names(feeding: Feeding) -> None:
    own = feeding.of("own")
    own.apply(own.figure("A", 1, "EAST"), own.figure("A", 2, "WEST"))
    assert (own.on_hand("EAST"), own.on_hand("WEST")) == ({"A": 1}, {"A": 2})


def test_a_snapshot_takes_away_only_at_the_nodes_that_it_names(feeding: Feeding) -> None:
    own = feeding.of("own")
    own.apply(own.figure("A", 1, "EAST"), own.figure("B", 1, "EAST"), own.figure("A", 2, "WEST"))
    own.apply(own.figure("A", 1, "EAST"))
    assert (own.on_hand("EAST"), own.on_hand("WEST")) == ({"A": 1, "B": 0}, {"A": 2})


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("NORTH", "location 'NORTH' is no node of own (known: EAST, WEST)"),
        (None, "the row names no location, and own has 2 nodes (known: EAST, WEST)"),
        ("ACME", "location 'ACME' is no node of own"),  # a partner speaks of its own nodes only
    ],
)
def test_an_unknown_place_is_named_and_its_sku_keeps_its_figures(
    feeding: Feeding, location: str | None, words: str
) -> None:
    own = feeding.of("own")
    own.apply(own.figure("A", 1, "EAST"), own.figure("B", 1, "EAST"), own.figure("C", 1, "EAST"))
    result = own.apply(own.figure("A", 3, location), own.figure("C", 2, "EAST"))
    (parked,) = result.parked
    assert words in parked.what
    assert (parked.field, parked.code, parked.record) == (
        "location",
        "unknown location",
        f"sku A at {location or 'no location'}",
    )
    assert own.on_hand("EAST") == {"A": 1, "B": 0, "C": 2}
    assert own.on_hand("WEST") == {}


def test_bad_rows_alone_name_no_node(feeding: Feeding) -> None:
    own = feeding.of("own")
    own.apply(own.figure("A", 1, "EAST"), own.figure("B", 2, "WEST"))
    own.apply(own.bad(sku="A"), own.figure("A", 4, "EAST"))
    assert (own.on_hand("EAST"), own.on_hand("WEST")) == ({"A": 4}, {"B": 2})
    own.apply(own.bad(sku="X", location="WEST"))
    assert (own.on_hand("EAST"), own.on_hand("WEST")) == ({"A": 4}, {"B": 2})


def test_a_partner_without_a_mapping_file_in_force_is_named(feeding: Feeding) -> None:
    with pytest.raises(LookupError, match="no mapping file in force names nobody"):
        feeding.of("nobody").apply(feeding.figure("A", 1))


# --- many and wrong --------------------------------------------------------------------------------------------------


def test_a_file_in_a_wrong_layout_is_one_problem_not_a_million(feeding: Feeding) -> None:
    result = feeding.apply(*(feeding.bad(f"row {number}") for number in range(MOST_PARKED + 500)))
    assert len(result.parked) == MOST_PARKED + 1
    assert result.parked[-1].what == "500 more records could not be read"
    assert feeding.feeds()[-1] == ("suspended", 1500, 0, 1500)


def test_a_feed_larger_than_one_transaction(feeding: Feeding, desk: Desk) -> None:
    feeding.apply(*(feeding.figure(f"S{number:05}", 1) for number in range(9000)))
    result = feeding.apply(*(feeding.figure(f"S{number:05}", 2) for number in range(0, 9000, 2)))
    assert (result.read, result.changed) == (4500, 9000)
    with desk.store.read() as tx:
        quantities = tx.execute(select(stock.c.on_hand).order_by(stock.c.sku)).scalars().all()
    assert quantities == [2, 0] * 4500


def test_records_are_taken_as_they_come_and_never_all_at_once(feeding: Feeding, desk: Desk) -> None:
    most = 0

    def rows() -> Iterator[Record | BadRecord]:
        nonlocal most
        for number in range(20_000):
            if number % 1000 == 0:
                with desk.store.read() as tx:
                    written = len(tx.execute(select(stock.c.sku)).all())
                most = max(most, number - written)
            yield feeding.figure(f"S{number}", 1)

    stock_service.apply_feed(desk, feeding.source(), rows())
    assert most <= MOST_TOGETHER


def test_a_document_that_breaks_off_takes_nothing_away(feeding: Feeding, desk: Desk) -> None:
    feeding.apply(feeding.figure("A", 5), feeding.figure("B", 5))

    def breaks() -> Iterator[Record | BadRecord]:
        yield feeding.figure("A", 6)
        raise OSError("the parser broke")

    with pytest.raises(OSError, match="the parser broke"):
        stock_service.apply_feed(desk, feeding.source(), breaks())
    assert feeding.on_hand()["B"] == 5
    assert feeding.feeds()[-1][0] == "failed"


def test_a_record_of_another_kind_is_a_bug_and_says_so(feeding: Feeding) -> None:
    with pytest.raises(TypeError, match="stock of acme gave a CatalogueEntry"):
        feeding.apply(CatalogueEntry(sku="A", price=Decimal(1)))


def test_a_feed_that_was_interrupted_is_closed_when_its_message_is_applied_again(desk: Desk, feeding: Feeding) -> None:
    source = feeding.source()
    with desk.store.write() as tx:
        values = {"connection": "acme", "document": "stock", "message_id": source.message_id, "state": "applying"}
        counts = {"rows": 0, "changed": 0, "parked": 0, "started_at": desk.clock.now()}
        tx.execute(feed.insert().values(values | counts))
    stock_service.apply_feed(desk, source, iter([feeding.figure("A", 5)]))
    assert [state for state, *_ in feeding.feeds()] == ["failed", "applied"]


def test_a_newer_snapshot_settles_what_was_parked_of_older_ones(desk: Desk, feeding: Feeding) -> None:
    first = feeding.source()
    with desk.store.write() as tx:
        parking.park(tx, first.message_id, "acme", "stock", feeding.bad(), desk.clock.now())
        parking.park(tx, first.message_id, "acme", "catalogue", feeding.bad("row 8"), desk.clock.now())
    feeding.apply(feeding.figure("A", 5))
    with desk.store.read() as tx:
        assert [row.document for row in parking.search(tx)] == ["catalogue"]


def test_the_next_piece_is_as_long_as_the_last_one_was_quick(clock: FakeClock) -> None:
    pace = Pace(clock, 2000)

    def take(seconds: float) -> int:
        with pace.timed():
            clock.advance(seconds)
        return pace.size

    assert [take(0) for _ in range(4)] == [4000, 8000, MOST_TOGETHER, MOST_TOGETHER]
    assert take(LONG - 0.01) == MOST_TOGETHER
    assert [take(1) for _ in range(6)][-2:] == [LEAST_TOGETHER, LEAST_TOGETHER]


def test_old_feeds_are_forgotten_but_the_newest_of_each_flow(feeding: Feeding, desk: Desk, clock: FakeClock) -> None:
    for _ in range(3):
        feeding.apply(feeding.figure("A", 5))
    clock.advance(60)
    feeding.of("own").apply(feeding.figure("A", 5, "EAST"))
    with desk.store.write() as tx:
        assert feeds.expire(tx, clock.now()) == 2
        assert feeds.expire(tx, clock.now()) == 0
    assert len(feeding.feeds()) == 2


# --- against a naive model -------------------------------------------------------------------------------------------

SKUS = st.sampled_from("ABCD")
ROWS = st.lists(
    st.one_of(
        st.tuples(SKUS, st.integers(0, 5), st.one_of(st.none(), st.integers(0, 6))),
        st.tuples(st.just("bad"), st.one_of(st.none(), SKUS), st.none()),
    ),
    min_size=1,
    max_size=5,
)
DOCUMENTS = st.lists(st.tuples(st.sampled_from(Mode), st.integers(0, 6), ROWS), min_size=1, max_size=5)


class Naive:
    """What the rules of the module say, in the plainest way."""

    def __init__(self) -> None:
        self.figures: dict[str, tuple[int, int]] = {}  # SKU: quantity, as of
        self.confirmed = -1

    def apply(self, mode: Mode, at: int, rows: list[tuple[Any, Any, Any]]) -> None:
        named: dict[str, int] = {}
        kept: set[str] = set()
        whole = True
        for sku, quantity, as_of in rows:
            if sku == "bad":
                whole &= quantity is not None
                kept |= {quantity} - {None}
                continue
            time = at if as_of is None else as_of
            named[sku] = max(named.get(sku, -1), time)
            old = self.figures.get(sku)
            if time >= self.confirmed and (old is None or time >= old[1]):
                self.figures[sku] = quantity, time
        for sku, time in named.items():
            if sku in self.figures:
                quantity, old_time = self.figures[sku]
                self.figures[sku] = quantity, max(time, old_time)
        if mode is Mode.SNAPSHOT and whole and named:
            for sku, (quantity, time) in self.figures.items():
                if sku not in named and sku not in kept and max(time, self.confirmed) <= at and quantity:
                    self.figures[sku] = 0, at
            if not kept:
                self.confirmed = max(self.confirmed, min(named.values()))

    def on_hand(self) -> dict[str, int]:
        return {sku: quantity for sku, (quantity, _) in self.figures.items()}

    def as_of(self, sku: str) -> int:
        return max(self.figures[sku][1], self.confirmed)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=DOCUMENTS)
def test_any_sequence_of_documents_leaves_what_the_naive_model_says(
    feeding: Feeding, desk: Desk, documents: list[tuple[Mode, int, list[tuple[Any, Any, Any]]]]
) -> None:
    with desk.store.write() as tx:
        tx.execute(delete(stock))
        tx.execute(delete(stock_confirmed))
    naive = Naive()

    def record(sku: str, quantity: Any, as_of: int | None) -> StockLevel | BadRecord:
        if sku == "bad":
            return feeding.bad(**({"sku": quantity} if quantity else {}))
        return feeding.figure(sku, quantity, as_of=None if as_of is None else EARLY + timedelta(minutes=as_of))

    for mode, at, rows in documents:
        feeding.of("acme", mode).apply(*(record(*row) for row in rows), at=EARLY + timedelta(minutes=at))
        naive.apply(mode, at, rows)
        assert feeding.on_hand() == naive.on_hand()
        for sku in naive.figures:
            assert feeding.row(sku).as_of == EARLY + timedelta(minutes=naive.as_of(sku))
