"""However many ask at the same time, nothing is promised twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select

from hub.model.state import LineState
from hub.model.stock import Demand, Nets
from hub.store import feeds
from hub.store import stock as stock_store
from hub.store.engine import Store
from hub.store.feeds import Level
from hub.store.stock import Pair
from hub.store.tables import allocation, reservation, sales_order, stock

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
Wants = Mapping[Pair, int]


def fill(store: Store, figures: Mapping[Pair, int]) -> None:
    """Empty the tables and put these figures in."""
    with store.write() as tx:
        for table in (allocation, reservation, stock, sales_order):
            tx.execute(delete(table))
        same = {"safety": Decimal(0), "nets": Nets.ORDERS, "status": "active", "as_of": NOW, "generation": 1}
        for (node, sku), quantity in figures.items():
            values = {"node": node, "sku": sku, "on_hand": Decimal(quantity), "updated_at": NOW}
            tx.execute(insert(stock).values(same | values))
        order = {"id": "SO1", "channel": "shop", "channel_order": "1", "number": "#1", "status": "open", "doc": {}}
        times = dict.fromkeys(("placed_at", "source_updated_at", "created_at", "updated_at"), NOW)
        tx.execute(insert(sales_order).values(order | times))


def reserve(tx: Connection, owner: int, wants: Wants) -> bool:
    demands = [Demand(node=node, sku=sku, quantity=Decimal(quantity)) for (node, sku), quantity in wants.items()]
    return not stock_store.reserve(tx, f"owner {owner}", demands, NOW, LATER)


def allocate(tx: Connection, owner: int, wants: Wants) -> bool:
    """Check and bind as routing does it: lock, look, write, in one transaction."""
    stock_store.lock(tx, wants)
    free = stock_store.available(tx, wants, NOW)
    if any(free[pair] < quantity for pair, quantity in wants.items()):
        return False
    for (node, sku), quantity in wants.items():
        values = {"order_id": "SO1", "line_id": str(owner), "sku": sku, "node": node, "quantity": Decimal(quantity)}
        values |= {"state": LineState.ALLOCATED, "excluded": [], "reason": "", "updated_at": NOW}
        tx.execute(insert(allocation).values(values))
    return True


Taking = Callable[[Connection, int, Wants], bool]


def all_at_once(store: Store, wants: Sequence[Wants], taking: Sequence[Taking]) -> list[bool]:
    """Let everybody take at the same time; returns who got what they asked for."""
    together = threading.Barrier(len(wants))

    def run(owner: int) -> bool:
        together.wait(10)
        with store.write() as tx:
            return taking[owner % len(taking)](tx, owner, wants[owner])

    with ThreadPoolExecutor(len(wants)) as pool:
        return list(pool.map(run, range(len(wants))))


def taken(store: Store) -> dict[Pair, Decimal]:
    sums: dict[Pair, Decimal] = defaultdict(Decimal)
    with store.read() as tx:
        for table in (reservation, allocation):
            for node, sku, quantity in tx.execute(select(table.c.node, table.c.sku, table.c.quantity)):
                sums[node, sku] += quantity
    return sums


def total(wants: Iterable[Wants]) -> dict[Pair, int]:
    sums: dict[Pair, int] = defaultdict(int)
    for each in wants:
        for pair, quantity in each.items():
            sums[pair] += quantity
    return sums


PAIRS = st.tuples(st.sampled_from("AB"), st.sampled_from("XYZ"))
FIGURES = st.dictionaries(PAIRS, st.integers(0, 6), min_size=1)
WANTS = st.lists(st.dictionaries(PAIRS, st.integers(1, 4), min_size=1, max_size=4), min_size=2, max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(figures=FIGURES, wants=WANTS)
def test_reservers_and_orders_together_never_take_more_than_there_is(
    store: Store, figures: dict[Pair, int], wants: list[dict[Pair, int]]
) -> None:
    fill(store, figures)
    got = all_at_once(store, wants, [reserve, allocate])
    granted = total(each for each, ok in zip(wants, got, strict=True) if ok)
    assert taken(store) == granted
    assert all(quantity <= figures.get(pair, 0) for pair, quantity in granted.items())
    left = {pair: quantity - granted[pair] for pair, quantity in figures.items()}
    for each, ok in zip(wants, got, strict=True):  # nobody was refused what is there still
        assert ok or any(left.get(pair, 0) < quantity for pair, quantity in each.items())


def test_those_who_want_the_same_in_opposite_order_do_not_wait_for_each_other_for_ever(store: Store) -> None:
    there, back = {("A", "X"): 1, ("B", "Y"): 1}, {("B", "Y"): 1, ("A", "X"): 1}
    fill(store, {("A", "X"): 20, ("B", "Y"): 20})
    for _ in range(5):
        assert all_at_once(store, [there, back] * 2, [reserve]) == [True] * 4
    assert all_at_once(store, [there, back], [reserve]) == [False, False]


def test_processes_that_reserve_from_the_same_stock_get_exactly_what_there_is(store_url: str, store: Store) -> None:
    fill(store, {("A", "X"): 25})
    script = Path(__file__).with_name("reserver.py")
    started = [
        subprocess.Popen(
            [sys.executable, script, store_url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    for child in started:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    held = [int(child.communicate("go\n", timeout=30)[0]) for child in started]
    assert sum(held) == 25
    assert taken(store) == {("A", "X"): 25}


def test_a_feed_in_the_middle_of_reserving_does_no_harm(store: Store) -> None:

    fill(store, {("A", "X"): 10, ("A", "Y"): 10})

    def feed(tx: Connection, owner: int, _wants: Wants) -> bool:
        figures = [Level("A", sku, "10", "0", "active", f"2026-11-20T06:0{owner}:00.000000Z") for sku in "YX"]
        feeds.write_levels(tx, figures, Nets.ORDERS, 1, "", NOW)
        feeds.move_times(tx, [(level.node, level.sku, level.as_of) for level in figures])
        return True

    got = all_at_once(store, [{("A", "Y"): 4, ("A", "X"): 4}] * 6, [reserve, feed])
    assert got[1::2] == [True] * 3
    assert sum(got[::2]) == 2
    assert taken(store) == {("A", "X"): 8, ("A", "Y"): 8}


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(figures=FIGURES, wants=st.lists(st.dictionaries(PAIRS, st.integers(1, 4), min_size=1), min_size=2, max_size=12))
def test_reservers_never_oversell_the_long_form(
    store: Store, figures: dict[Pair, int], wants: list[dict[Pair, int]]
) -> None:
    fill(store, figures)
    got = all_at_once(store, wants, [reserve, allocate])
    granted = total(each for each, ok in zip(wants, got, strict=True) if ok)
    assert taken(store) == granted
    assert all(quantity <= figures.get(pair, 0) for pair, quantity in granted.items())
