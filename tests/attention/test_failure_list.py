"""Failures are counted, cut into pages and found in the database as plain Python would do it, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from hub.services.attention import failures, waiting
from hub.services.attention.failure import FailureKind, Filters
from hub.store.engine import Store
from hub.store.tables import parked_record
from tests.attention.failure_rows import NOW, World, causes, expected

CHOICES = {
    "everything": Filters(),
    "what is closed": Filters(closed=True),
    "one partner": Filters(partner="Çelik"),
    "one kind": Filters(kinds=frozenset({FailureKind.LATE, FailureKind.RECORD})),
    "a document": Filters(document="stock"),
    "a code": Filters(code="unit"),
    "a class": Filters(code="BadRecord"),
    "a cause": Filters(code="Rejected/100%"),
    "older": Filters(before=NOW - timedelta(hours=1)),
    "newer": Filters(after=NOW - timedelta(hours=1)),
    "a text": Filters(text="PAL"),
    "a text in other letters": Filters(text="pal"),
    "a text that would be a pattern": Filters(text="100%"),
    "part of a subject": Filters(text="line L1"),
    "closed ones of a partner": Filters(partner="acme", closed=True, code="sku"),
    "nothing at all": Filters(partner="nobody"),
}
NONE = {"a text in other letters", "nothing at all"}


@pytest.mark.parametrize("choice", CHOICES)
def test_lists_and_causes_are_what_plain_python_makes_of_the_rows(store: Store, choice: str) -> None:
    filters = CHOICES[choice]
    world = World(1)
    with store.write() as tx:
        world.store(tx)
    wanted = expected(world, filters)
    assert bool(wanted) is (choice not in NONE)
    with store.read() as tx:
        assert failures.list_failures(tx, NOW, filters) == wanted
        assert failures.ids_of(tx, NOW, filters) == [each.id for each in wanted]
        told = failures.groups(tx, NOW, filters, with_ids=True)
    assert [tuple(getattr(each, name) for name in each.__slots__) for each in told] == causes(wanted)


@pytest.mark.parametrize("seed", range(2, 8))
def test_of_other_rows_too(sqlite_store: Store, seed: int) -> None:
    world = World(seed)
    with sqlite_store.write() as tx:
        world.store(tx)
        for closed in (False, True):
            wanted = expected(world, Filters(closed=closed))
            assert failures.list_failures(tx, NOW, Filters(closed=closed)) == wanted
            told = failures.groups(tx, NOW, Filters(closed=closed), with_ids=True)
            assert [tuple(getattr(each, name) for name in each.__slots__) for each in told] == causes(wanted)


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_one_after_another_are_the_whole_list(store: Store, newest_first: bool) -> None:
    world = World(1)
    with store.write() as tx:
        world.store(tx)
    wanted = expected(world, Filters())
    paged, after = [], None
    with store.read() as tx:
        while found := failures.page(tx, NOW, Filters(), after=after, limit=7, newest_first=newest_first):
            paged += found
            after = found[-1].since, found[-1].id
    assert paged == (wanted[::-1] if newest_first else wanted)


def test_each_is_found_by_its_id_open_or_closed(store: Store) -> None:
    world = World(1)
    with store.write() as tx:
        world.store(tx)
    both = [*expected(world, Filters()), *expected(world, Filters(closed=True))]
    with store.read() as tx:
        assert [failures.get(tx, each.id, NOW) for each in both] == both
        for name in ("", "r", "r99", "d-1", "x1", "pPO99", "r" + "9" * 30, "d1e3", "l\N{SUPERSCRIPT TWO}"):
            assert failures.get(tx, name, NOW) is None


def test_a_list_has_no_end_of_its_own(sqlite_store: Store) -> None:
    """At 10,000 of a kind the list stopped without a word, and what was beyond could be seen nowhere."""
    world = World(1)
    row = {**world.rows[parked_record][0], "state": "open", "error_class": "BadRecord", "code": "many"}
    world.rows[parked_record] = [{**row, "id": number, "record": f"{number}"} for number in range(1, 10_051)]
    with sqlite_store.write() as tx:
        world.store(tx)
        (group,) = failures.groups(tx, NOW, Filters(code="many"))
        assert group.count == 10_050
        assert len(failures.ids_of(tx, NOW, Filters(code="many"))) == 10_050


def test_what_waits_is_counted_as_it_is_listed(store: Store) -> None:
    world = World(3)
    with store.write() as tx:
        world.store(tx)
        for partner in (None, "acme"):
            assert waiting.count(tx, NOW, partner) == len(waiting.listing(tx, NOW, partner)) > 0


LOOKS: dict[str, Callable[[Connection], Any]] = {
    "causes": lambda tx: failures.groups(tx, NOW),
    "causes of a partner": lambda tx: failures.groups(tx, NOW, Filters(partner="acme")),
    "a page": lambda tx: failures.page(tx, NOW, Filters()),
    "one": lambda tx: failures.get(tx, "d7", NOW),
    "what waits": lambda tx: waiting.count(tx, NOW),
}


@pytest.mark.parametrize("look", LOOKS)
def test_no_table_is_read_whole_for_what_needs_a_person(sqlite_store: Store, look: str) -> None:
    seen: list[tuple[str, Any]] = []
    world = World(1)
    with sqlite_store.write() as tx:
        world.store(tx)
        event.listen(tx, "before_cursor_execute", lambda *called: seen.append((called[2], called[3])))
        LOOKS[look](tx)
        plans = [tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in list(seen)]
    steps = [step[3] for plan in plans for step in plan]
    assert any(step.startswith("SEARCH delivery") for step in steps)
    assert [step for step in steps if step.startswith("SCAN ") and "anon_" not in step and "SUBQUERY" not in step] == []
