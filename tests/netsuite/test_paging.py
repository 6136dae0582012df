"""Reading never skips a record, whatever changes while it reads and in whatever order a search answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from connectors.netsuite.gateway import Found, Slice, Wanted
from connectors.netsuite.slices import Cursor, read_since
from hub.contract import Profile
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.trade import ShipOrderBench

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
Open = Callable[..., object]


class Shuffled:
    """An account whose searches answer in no order at all."""

    def __init__(self, ids: list[int], seed: int) -> None:
        self.ids, self.random, self.calls = ids, Random(seed), 0

    def now(self) -> datetime:
        return NOW

    def search(self, wanted: Wanted) -> Slice:
        self.calls += 1
        found = [each for each in self.ids if each > wanted.beyond and (wanted.up_to is None or each <= wanted.up_to)]
        self.random.shuffle(found)
        page = found[: wanted.size]
        return Slice(tuple(Found("X", str(each), "", "", b"") for each in page), total=len(found))


@pytest.mark.parametrize("seed", range(20))
def test_a_search_in_no_order_is_still_read_whole(seed: int) -> None:
    ids = sorted(Random(seed).sample(range(1, 5000), 60))
    account = Shuffled(ids, seed)
    parts = list(read_since(account, Wanted("X", size=7), None, timedelta(minutes=5)))
    assert sorted({int(each.id) for part in parts for each in part.records}) == ids
    assert parts[-1].cursor == Cursor(since=NOW)
    assert account.calls < 250


def test_rows_that_change_while_we_read_are_neither_skipped_nor_lost(
    account: RunningNetSuite, make_profile: Callable[..., Profile], connect: Open
) -> None:
    bench = ShipOrderBench(account, make_profile())
    bench.place(23)
    everything = set(account.ask(lambda service: list(service.books.transactions)))
    seen: set[str] = set()
    pages = 0
    cursor = None
    for page in connect().fetch("orders", None):
        pages += 1
        seen |= {item.key.split(":")[1] for item in page.items}
        cursor = page.cursor
        account.ask(lambda service: [service.books.touch(each) for each in list(service.books.transactions)[::3]])
        if pages == 2:
            bench.place(1)
    everything |= set(account.ask(lambda service: list(service.books.transactions)))
    assert pages > 4
    again = {item.key for page in connect().fetch("orders", cursor) for item in page.items}
    assert seen | {key.split(":")[1] for key in again} == everything
    newest = account.ask(lambda service: {each.id: each.modified for each in service.books.transactions.values()})
    read_again = {key.split(":")[1] for key in again}
    assert all(id_ in read_again for id_, modified in newest.items() if modified > NOW + timedelta(milliseconds=60))


def test_a_reading_stopped_after_any_page_goes_on_there(
    account: RunningNetSuite, make_profile: Callable[..., Profile], connect: Open
) -> None:
    ShipOrderBench(account, make_profile()).place(12)
    whole = [item.key for page in connect().fetch("orders", None) for item in page.items]
    cursor, found = None, []
    while len(found) < len(whole):
        page = next(iter(connect().fetch("orders", cursor)))
        found += [item.key for item in page.items]
        cursor = page.cursor
    assert found == whole


def test_a_cursor_of_somebody_else_is_a_fresh_start() -> None:
    assert Cursor.read("not json") == Cursor.read('{"since": 5}') == Cursor.read("[]") == Cursor()
    cursor = Cursor(since=NOW, began=NOW, beyond=7)
    assert Cursor.read(cursor.write()) == cursor
