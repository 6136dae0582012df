"""Partners with manners of their own: marker files beside what is whole, and accounts that may only read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncssh
import pytest

from hub.contract import BadRecord, Connector
from hub.testing.drive import first_page, read_all
from hub.wire.exchange import inbox, remembered
from sandbox.sftp import _Account

Connect = Callable[..., Connector]


def names_of(connector: Connector, cursor: str | None = None) -> tuple[list[str], str | None]:
    """Read on from the cursor; returns the names that came and the cursor after them."""
    got: list[str] = []
    for page in connector.fetch("stock", cursor):
        got.extend(item.name for item in page.items)
        cursor = page.cursor
    return got, cursor


# --- markers ---------------------------------------------------------------------------------------------------------


def test_a_file_waits_for_its_marker_and_takes_it_along(server: Any, connect: Connect) -> None:
    connector = connect(server, ready="marker")
    for name in ("inventory-1.csv", "inventory-2.csv", "inventory-3.csv"):
        server.put(f"/out/{name}", "CUP,1\n")
    server.put("/out/inventory-1.csv.done", "")
    server.put("/out/inventory-2.ok", "")
    assert names_of(connector)[0] == ["inventory-1.csv", "inventory-2.csv"]
    assert server.names("/out") == ["inventory-3.csv"]
    server.put("/out/inventory-3.rdy", "")
    assert names_of(connector)[0] == ["inventory-3.csv"]
    assert server.names("/out") == []


def test_a_marker_is_gone_before_the_file_is_read_so_that_the_next_version_waits(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n", modified=1_700_000_000)
    server.put("/out/inventory.csv.done", "")
    first_page(connect(server, ready="marker"), "stock")  # the hub dies with the page in its hands
    server.put("/out/inventory.csv", "CUP,", modified=1_700_000_100)
    assert [item.content for item in read_all(connect(server, ready="marker"), "stock")[0]] == [b"CUP,1\n"]
    assert server.names("/out") == ["inventory.csv"]
    assert names_of(connect(server, ready="marker"))[0] == []


def test_a_marker_of_two_files_goes_with_the_last(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    server.put("/out/inventory.xml", "<stock/>")
    server.put("/out/inventory.ok", "")
    assert names_of(connect(server, ready="marker"))[0] == ["inventory.csv"]
    assert server.names("/out") == ["inventory.ok", "inventory.xml"]


def test_a_marker_is_never_taken_for_a_document(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "")
    assert names_of(connect(server, ready="marker", markers=".csv"))[0] == []


def test_a_round_of_marked_files_takes_the_oldest_first(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ROUND", 2)
    for number in range(5):
        server.put(f"/out/inventory-{number}.csv", "CUP,1\n", modified=1_700_000_000 - number)
        server.put(f"/out/inventory-{number}.csv.done", "")
    assert names_of(connect(server, ready="marker"))[0] == [f"inventory-{number}.csv" for number in (4, 3, 2, 1, 0)]


# --- accounts that may only read -------------------------------------------------------------------------------------


@pytest.fixture
def only_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the server refuse everything that changes anything."""

    async def refuse(*_: Any, **__: Any) -> None:
        raise asyncssh.SFTPPermissionDenied("read only")

    for verb in ("rename", "posix_rename", "remove", "mkdir"):
        monkeypatch.setattr(_Account, verb, refuse)


@pytest.mark.usefixtures("only_reading")
def test_a_read_only_account_gives_each_version_of_a_file_once(server: Any, connect: Connect) -> None:
    connector = connect(server, after="leave")
    server.put("/out/inventory-1.csv", "CUP,1\n", modified=1_700_000_000)
    server.put("/out/inventory-2.csv", "CUP,2\n", modified=1_700_000_001)
    got, cursor = names_of(connector)
    assert got == ["inventory-1.csv", "inventory-2.csv"]
    assert names_of(connector, cursor) == ([], cursor)
    server.put("/out/inventory-1.csv", "CUP,3\n", modified=1_700_000_002)
    got, cursor = names_of(connect(server, after="leave"), cursor)
    assert got == ["inventory-1.csv"]
    assert server.names("/out") == ["inventory-1.csv", "inventory-2.csv"]
    assert names_of(connector, cursor)[0] == []


@pytest.mark.usefixtures("only_reading")
def test_an_unchanged_read_only_folder_is_listed_and_nothing_more(server: Any, connect: Connect) -> None:
    connector = connect(server, after="leave")
    server.put("/out/inventory.csv", "CUP,1\n")
    _got, cursor = names_of(connector)
    read_before = server.calls("read")
    assert names_of(connector, cursor)[0] == []
    assert server.calls("read") == read_before


@pytest.mark.usefixtures("only_reading")
def test_a_crash_after_the_first_page_leaves_no_gap_and_no_second_copy(server: Any, connect: Connect) -> None:
    count = 130
    for number in range(count):
        server.put(f"/out/inventory-{number:03}.csv", f"CUP,{number}\n", modified=1_700_000_000 + number)
    page = first_page(connect(server, after="leave"), "stock")
    rest, _cursor = names_of(connect(server, after="leave"), page.cursor)
    assert [item.name for item in page.items] + rest == [f"inventory-{number:03}.csv" for number in range(count)]


@pytest.mark.usefixtures("only_reading")
def test_a_read_only_partner_may_say_with_markers_what_is_whole(server: Any, connect: Connect) -> None:
    connector = connect(server, after="leave", ready="marker")
    server.put("/out/inventory-1.csv", "CUP,1\n")
    server.put("/out/inventory-1.csv.ok", "")
    server.put("/out/inventory-2.csv", "CUP,2\n")
    got, cursor = names_of(connector)
    assert got == ["inventory-1.csv"]
    server.put("/out/inventory-2.csv.ok", "")
    assert names_of(connector, cursor)[0] == ["inventory-2.csv"]


@pytest.mark.usefixtures("only_reading")
def test_a_file_that_is_too_large_to_read_is_told_once_where_nothing_can_be_set_aside(
    server: Any, connect: Connect
) -> None:
    connector = connect(server, after="leave", max_file_bytes=9)
    server.put("/out/inventory.csv", "CUP,1\n" * 9)
    ((item,), cursor) = read_all(connector, "stock")
    (bad,) = connector.parse("stock", item)
    assert isinstance(bad, BadRecord)
    assert bad.what.endswith("it was not read")
    assert names_of(connector, cursor)[0] == []


@pytest.mark.usefixtures("only_reading")
def test_what_the_folder_shows_no_more_is_forgotten_and_the_list_stays_bounded(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "REMEMBERED", 3)
    connector = connect(server, after="leave")
    for number in range(5):
        server.put(f"/out/inventory-{number}.csv", "CUP,1\n", modified=1_700_000_000 + number)
    _got, cursor = names_of(connector)
    assert cursor is not None
    assert cursor.count("[") == 1 + 3
    for number in range(4):
        (server.folder / f"out/inventory-{number}.csv").unlink()
    server.put("/out/inventory-9.csv", "CUP,1\n")
    _got, cursor = names_of(connector, cursor)
    assert cursor is not None
    assert cursor.count("[") == 1 + 2
