"""The listing of orders: filters, pages, and a text that is looked for without reading everything at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from hub.model.state import OrderStatus
from hub.store import order_list
from hub.store.engine import Store
from hub.store.order_list import OrderFilters, OrderSummary, Page
from hub.store.tables import sales_order

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
SMALL = "our id in small letters"
FILTERS = {
    "all": OrderFilters(),
    "a status": OrderFilters([OrderStatus.OPEN]),
    "two": OrderFilters([OrderStatus.OPEN, OrderStatus.CLOSED]),
    "a channel": OrderFilters(channel="shop"),
    "both": OrderFilters([OrderStatus.HELD], "shop"),
    "an end": OrderFilters(text="7"),
    "a beginning": OrderFilters(text="#1"),
    "a beginning without its mark": OrderFilters(text="101"),
    SMALL: OrderFilters(text="so2"),
    "a text of a status": OrderFilters([OrderStatus.OPEN], text="1"),
    "a text of a channel": OrderFilters(channel="shop", text="1"),
    "what would be a pattern": OrderFilters(text="_"),
}


def stored(store: Store, count: int = 60) -> list[OrderSummary]:
    """Store orders at few moments, so that many are of the same one, and return them, newest first."""
    rng, made = random.Random(1), []
    for number in range(count):
        at = NOW - timedelta(minutes=number // 3)
        names = {"channel_order": f"{9000 + number}", "number": f"#{1000 + number}" if number % 5 else f"A_{number}"}
        status = rng.choice((OrderStatus.OPEN, OrderStatus.CLOSED, OrderStatus.HELD))
        made.append(
            OrderSummary(
                f"SO{200 + number}", rng.choice(("shop", "b2b")), **names, status=status, placed_at=at, updated_at=at
            )
        )
    with store.write() as tx:
        for each in made:
            row = {name: getattr(each, name) for name in each.__slots__}
            tx.execute(insert(sales_order).values(**row, source_updated_at=NOW, created_at=NOW, doc={}))
    return sorted(made, key=lambda each: each.place, reverse=True)


def wanted(filters: OrderFilters) -> Callable[[OrderSummary], bool]:
    text = (filters.text or "").upper()  # the ids and numbers of these orders are in capitals
    return lambda each: (
        (not filters.statuses or each.status in filters.statuses)
        and filters.channel in (None, each.channel)
        and any(text in name for name in (each.id, each.channel_order, each.number))
    )


def walked(store: Store, filters: OrderFilters, limit: int) -> list[Page]:
    pages: list[Page] = []
    with store.read() as tx:
        while not pages or pages[-1].further:
            pages.append(order_list.page(tx, filters, limit, pages[-1].further if pages else None))
    return pages


@pytest.mark.parametrize("name", sorted(set(FILTERS) - {SMALL}))  # PostgreSQL tells small letters from capitals
def test_pages_one_after_another_are_all_that_is_wanted(store: Store, name: str) -> None:
    known, filters = stored(store), FILTERS[name]
    pages = walked(store, filters, 7)
    rows = [each for page in pages for each in page.rows]
    assert rows == list(filter(wanted(filters), known)) != []
    assert [len(page.rows) for page in pages[:-1]] == [7] * (len(pages) - 1)
    assert {page.back_to for page in pages} == {None}


@pytest.mark.parametrize("alike", [2, 1000])
@pytest.mark.parametrize("name", [name for name, filters in FILTERS.items() if filters.text])
def test_a_text_is_looked_for_step_by_step_and_nothing_is_passed_over(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, name: str, alike: int
) -> None:
    known, filters = stored(sqlite_store), FILTERS[name]
    monkeypatch.setattr(order_list, "LOOKED_THROUGH", 11)
    monkeypatch.setattr(order_list, "_ALIKE", alike)
    pages = walked(sqlite_store, filters, 4)
    found = {each.id: each for page in pages for each in page.rows}
    assert set(found.values()) == set(filter(wanted(filters), known))
    assert all(sorted(page.rows, key=lambda each: each.place, reverse=True) == list(page.rows) for page in pages)
    steps = [page.further for page in pages if page.further]
    assert steps == sorted(set(steps), reverse=True), "each page goes on behind the one before"


def test_how_far_back_was_looked_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    known = stored(store)
    monkeypatch.setattr(order_list, "LOOKED_THROUGH", 10)
    with store.read() as tx:
        nothing = order_list.page(tx, OrderFilters(text="nowhere"), 5)
        assert (nothing.rows, nothing.further, nothing.back_to) == ([], known[9].place, known[9].placed_at)
        oldest = known[-1]
        old = order_list.page(tx, OrderFilters(text=oldest.channel_order), 5)
        assert old.rows == [oldest], "a name that begins so is found however old it is"
        last = order_list.page(tx, OrderFilters(text="nowhere"), 5, known[-10].place)
        assert (last.rows, last.further, last.back_to) == ([], None, None)


def test_a_search_for_the_command_line_looks_through_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    known: Any = stored(store)
    monkeypatch.setattr(order_list, "LOOKED_THROUGH", 3)
    with store.read() as tx:
        assert order_list.search(tx, OrderFilters(text="057"), 10) == [known[-1]]
