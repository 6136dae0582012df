"""Taking files: which, in what order, what stays of them, and what happens when anything breaks in between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import asyncssh
import pytest

from hub.contract import AccessDenied, BadRecord, Connector, TemporaryFailure
from hub.testing.clock import FakeClock
from hub.testing.drive import first_page, read_all
from hub.wire.exchange import inbox
from hub.wire.exchange.names import version_stamp
from hub.wire.sftp import ConnectionLost, MissingFile, SftpSession
from sandbox.moods import Mood
from sandbox.sftp import _Account

Connect = Callable[..., Connector]


def until_trouble(connector: Connector) -> tuple[list[str], TemporaryFailure | None]:
    got: list[str] = []
    try:
        for page in connector.fetch("stock", None):
            got.extend(item.name for item in page.items)
    except TemporaryFailure as error:
        return got, error
    return got, None


def names_of(connector: Connector, document: str = "stock") -> list[str]:
    return [item.name for item in read_all(connector, document)[0]]


def test_a_file_is_read_and_then_archived_under_its_own_name(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,7\n", modified=1_700_000_000)
    ((item,), _cursor) = read_all(connect(server), "stock")
    assert (item.name, item.content) == ("inventory.csv", b"CUP,7\n")
    assert item.at is not None
    assert item.at.timestamp() == 1_700_000_000
    assert server.names("/out") == []
    assert server.names("/out/done") == ["inventory.csv"]


def test_the_archive_keeps_every_version_of_a_file_that_is_overwritten_daily(server: Any, connect: Connect) -> None:
    connector = connect(server)
    keys = []
    for day in range(3):
        server.put("/out/inventory.csv", f"CUP,{day}\n", modified=1_700_000_000 + day * 86_400)
        keys += [item.key for item in read_all(connector, "stock")[0]]
    assert len(set(keys)) == 3
    assert server.names("/out") == []
    kept = server.names("/out/done")
    assert len(kept) == 3
    assert kept[0].startswith("inventory.2023111")
    assert {(server.folder / "out/done" / name).read_text() for name in kept} == {"CUP,0\n", "CUP,1\n", "CUP,2\n"}


def test_the_same_bytes_at_another_time_are_another_version(server: Any, connect: Connect) -> None:
    connector = connect(server)
    keys = set()
    for modified in (1_700_000_000, 1_700_086_400):
        server.put("/out/inventory.csv", "CUP,7\n", modified=modified)
        keys |= {item.key for item in read_all(connector, "stock")[0]}
    assert len(keys) == 2


def test_a_taken_file_may_be_deleted_instead(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,7\n")
    assert names_of(connect(server, after="delete")) == ["inventory.csv"]
    assert not (server.folder / "out/done").exists()
    assert server.names("/out") == []


def test_an_archive_folder_may_stand_anywhere_below_the_url(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,7\n")
    names_of(connect(server, archive_folder="/taken"))
    assert server.names("/taken") == ["inventory.csv"]


def test_the_url_may_name_a_folder_that_everything_is_below(server: Any, connect: Connect) -> None:
    (server.folder / "clients/us/out").mkdir(parents=True)
    server.put("/clients/us/out/inventory.csv", "CUP,7\n")
    ((item,), _cursor) = read_all(connect(server, url=f"sftp://acme@127.0.0.1:{server.port}/clients/us"), "stock")
    assert item.key.startswith("/out/inventory.csv:")
    assert server.names("/clients/us/out/done") == ["inventory.csv"]


def test_files_of_other_patterns_are_not_touched(server: Any, connect: Connect) -> None:
    for name in ("ACK_1.csv", "readme.txt", "inventory.csv.part", "inventory.csv.claimed-otherhub", "x.refused"):
        server.put(f"/out/{name}", "x,1\n")
    before = server.names("/out")
    assert names_of(connect(server)) == []
    assert server.names("/out") == before


def test_older_files_come_first(server: Any, connect: Connect) -> None:
    for name, age in (("inventory-a.csv", 3), ("inventory-b.csv", 1), ("inventory-c.csv", 2), ("inventory-0.csv", 2)):
        server.put(f"/out/{name}", "CUP,1\n", modified=1_700_000_000 - age)
    assert names_of(connect(server)) == ["inventory-a.csv", "inventory-0.csv", "inventory-c.csv", "inventory-b.csv"]


def test_what_was_claimed_before_a_crash_comes_first_and_under_the_same_key(server: Any, connect: Connect) -> None:
    server.put("/out/inventory-old.csv", "CUP,1\n", modified=1_700_000_000)
    page = first_page(connect(server), "stock")  # the hub dies with the page in its hands
    assert server.names("/out") == ["inventory-old.csv.claimed-crossdock"]
    server.put("/out/inventory-new.csv", "CUP,2\n", modified=1_600_000_000)
    items, _cursor = read_all(connect(server), "stock")
    assert [item.name for item in items] == ["inventory-old.csv", "inventory-new.csv"]
    assert items[0].key == page.items[0].key
    assert server.names("/out/done") == ["inventory-new.csv", "inventory-old.csv"]


def test_a_new_version_waits_until_the_one_claimed_before_a_crash_is_through(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n", modified=1_700_000_000)
    first_page(connect(server), "stock")
    server.put("/out/inventory.csv", "CUP,2\n", modified=1_700_000_100)
    contents = [item.content for _ in range(2) for item in read_all(connect(server), "stock")[0]]
    assert contents == [b"CUP,1\n", b"CUP,2\n"]
    assert len(server.names("/out/done")) == 2


def test_an_archived_twin_lets_the_claim_go(server: Any, connect: Connect) -> None:
    """The answer to the archiving rename was lost on a server that copies: the file is there twice."""
    connector = connect(server)
    for _ in range(3):
        server.put("/out/inventory.csv", "CUP,1\n", modified=1_700_000_000)
        names_of(connector)
    assert server.names("/out") == []
    assert len(server.names("/out/done")) == 2


def test_two_hubs_on_one_account_never_get_the_same_file(server: Any, connect: Connect) -> None:
    for number in range(20):
        server.put(f"/out/inventory-{number:02}.csv", f"CUP,{number}\n")
    one, two = connect(server, instance="one"), connect(server, instance="two")
    pages = [one.fetch("stock", None), two.fetch("stock", None)]
    got = [item.name for each in pages for page in each for item in page.items]
    assert sorted(got) == [f"inventory-{number:02}.csv" for number in range(20)]


def test_a_file_that_somebody_else_took_in_between_is_passed_over(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/out/inventory-1.csv", "CUP,1\n")
    server.put("/out/inventory-2.csv", "CUP,2\n")
    rename = SftpSession.rename

    def slow(self: SftpSession, source: str, target: str) -> None:
        if source.endswith("inventory-1.csv"):
            (server.folder / "out/inventory-1.csv").unlink(missing_ok=True)
        rename(self, source, target)

    monkeypatch.setattr(SftpSession, "rename", slow)
    assert names_of(connect(server)) == ["inventory-2.csv"]


# --- files that are not ready ----------------------------------------------------------------------------------------


def test_a_stable_file_is_taken_after_the_agreed_while(server: Any, connect: Connect, clock: FakeClock) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    assert names_of(connect(server, ready="stable", stable_seconds=7)) == ["inventory.csv"]
    assert clock.monotonic() == 7


def test_a_file_that_still_grows_is_left_for_the_next_sweep(
    server: Any, connect: Connect, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/out/inventory-1.csv", "CUP,1\n")
    server.put("/out/inventory-2.csv", "CUP,2\n")
    monkeypatch.setattr(clock, "sleep", lambda _seconds: server.put("/out/inventory-1.csv", "CUP,1\nPOT,2\n"))
    connector = connect(server, ready="stable")
    assert names_of(connector) == ["inventory-2.csv"]
    assert server.names("/out") == ["inventory-1.csv"]
    assert names_of(connector) == ["inventory-1.csv"]


def test_nothing_waits_when_there_is_nothing(server: Any, connect: Connect, clock: FakeClock) -> None:
    assert names_of(connect(server, ready="stable")) == []
    assert clock.monotonic() == 0


def test_a_file_that_grows_while_it_is_read_is_given_back(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = server.put("/out/inventory.csv", "CUP,1\n")
    opened = _Account.open

    async def growing(self: Any, path: bytes, *more: Any) -> Any:
        if path.endswith(b"claimed-crossdock"):
            target.with_name("inventory.csv.claimed-crossdock").write_text("CUP,1\nPOT,2\n")
        return await opened(self, path, *more)

    with monkeypatch.context() as patched:
        patched.setattr(_Account, "open", growing)
        assert names_of(connect(server)) == []
    assert server.names("/out") == ["inventory.csv"]
    assert [item.content for item in read_all(connect(server), "stock")[0]] == [b"CUP,1\nPOT,2\n"]


# --- files that cannot be taken --------------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_set_aside_told_once_and_stops_nobody(server: Any, connect: Connect) -> None:
    server.put("/out/inventory-1.csv", "CUP,1\n" * 100)
    server.put("/out/inventory-2.csv", "CUP,2\n")
    connector = connect(server, max_file_bytes=99)
    items, _cursor = read_all(connector, "stock")
    parsed = {item.name: list(connector.parse("stock", item)) for item in items}
    (bad,) = parsed["inventory-1.csv"]
    assert isinstance(bad, BadRecord)
    assert "/out/inventory-1.csv holds 600 bytes, more than the 99 of max_file_bytes" in bad.what
    assert bad.record == "file inventory-1.csv"
    assert "raise max_file_bytes" in bad.todo
    assert len(parsed["inventory-2.csv"]) == 1
    assert server.names("/out") == ["inventory-1.csv.refused"]
    assert server.calls("read /out/inventory-1.csv") == []
    assert names_of(connector) == []


def test_a_refused_file_with_its_old_name_back_is_read_when_it_fits(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n" * 100)
    names_of(connect(server, max_file_bytes=99))
    (server.folder / "out/inventory.csv.refused").rename(server.folder / "out/inventory.csv")
    assert names_of(connect(server, max_file_bytes=999)) == ["inventory.csv"]


def test_two_large_files_of_one_name_are_both_kept(server: Any, connect: Connect) -> None:
    connector = connect(server, max_file_bytes=9)
    for number in range(2):
        server.put("/out/inventory.csv", "CUP,1\n" * (100 + number), modified=1_700_000_000 + number)
        names_of(connector)
    assert len(server.names("/out")) == 2


def refuse_to_read(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """Make the partner's server refuse to hand out files whose name holds this part."""
    read = SftpSession.read

    def picky(self: SftpSession, path: str, size: int) -> bytes:
        if part in path:
            raise AccessDenied(f"could not read {path}: permission denied")
        return read(self, path, size)

    monkeypatch.setattr(SftpSession, "read", picky)


def test_one_unreadable_file_counts_against_itself_alone(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        server.put(f"/out/inventory-{number}.csv", f"CUP,{number}\n")
    refuse_to_read(monkeypatch, "inventory-2")
    assert names_of(connect(server)) == ["inventory-1.csv", "inventory-3.csv"]
    assert names_of(connect(server)) == []
    assert server.names("/out/done") == ["inventory-1.csv", "inventory-3.csv"]
    assert server.names("/out") == ["inventory-2.csv.claimed-crossdock"]


def test_a_file_that_stays_unreadable_is_told_once_and_still_read_when_it_can_be(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    connector = connect(server)
    with monkeypatch.context() as patched:
        refuse_to_read(patched, "inventory")
        looks = [read_all(connector, "stock")[0] for _ in range(5)]
    assert [len(items) for items in looks] == [0, 0, 1, 0, 0]
    (told,) = looks[2]
    (bad,) = connector.parse("stock", told)
    assert isinstance(bad, BadRecord)
    assert "inventory.csv.claimed-crossdock: permission denied; it was tried at 3 looks" in bad.what
    assert (bad.record, bad.code) == ("file inventory.csv", "file unreadable")
    (item,) = read_all(connector, "stock")[0]
    assert item.content == b"CUP,1\n"
    assert item.key != told.key


def test_a_new_version_of_an_unreadable_file_starts_anew(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = connect(server, after="leave")
    refuse_to_read(monkeypatch, "inventory")
    looks = []
    for day in (1, 1, 2, 2, 2):
        server.put("/out/inventory.csv", "CUP,1\n", modified=1_700_000_000 + day)
        looks.append(len(read_all(connector, "stock")[0]))
    assert looks == [0, 0, 0, 0, 1]


def test_many_files_in_trouble_and_none_that_is_not_are_an_outage(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(inbox.ALL_IN_TROUBLE):
        server.put(f"/out/inventory-{number}.csv", "CUP,1\n")
    refuse_to_read(monkeypatch, "inventory-")
    got, trouble = until_trouble(connect(server))
    assert got == []
    assert "inventory-0.csv.claimed-crossdock: permission denied" in str(trouble)


def test_a_file_at_which_the_line_breaks_does_not_hold_up_the_others(server: Any, connect: Connect) -> None:
    for number in (1, 2, 3):
        server.put(f"/out/inventory-{number}.csv", f"CUP,{number}\n", modified=1_700_000_000 + number)
    server.mood(Mood.DOWN, on="*open /out/inventory-1*")
    assert names_of(connect(server)) == ["inventory-2.csv", "inventory-3.csv"]
    server.moods.calm()
    assert names_of(connect(server)) == ["inventory-1.csv"]


def test_a_line_that_breaks_at_the_only_file_and_stays_broken_is_an_outage(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    server.mood(Mood.DOWN, on="*open /out/*")
    server.mood(Mood.DOWN, on="stat /out*")
    _got, trouble = until_trouble(connect(server))
    assert isinstance(trouble, ConnectionLost)


def test_what_was_read_before_the_server_went_away_is_handed_over(server: Any, connect: Connect) -> None:
    for number in range(6):
        server.put(f"/out/inventory-{number}.csv", f"CUP,{number}\n", modified=1_700_000_000 + number)
    for number in range(2, 6):
        server.mood(Mood.DOWN, on=f"open /out/inventory-{number}*")
    pages = connect(server).fetch("stock", None)
    assert [item.name for item in next(pages).items] == ["inventory-0.csv", "inventory-1.csv"]
    with pytest.raises(ConnectionLost):
        next(pages)
    server.moods.calm()
    assert len(names_of(connect(server))) == 4


def test_a_claim_whose_answer_was_lost_is_found_again(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    server.mood(Mood.LOST_REPLY, on="rename *", times=1)
    assert names_of(connect(server)) == []
    assert server.names("/out") == ["inventory.csv.claimed-crossdock"]
    assert names_of(connect(server)) == ["inventory.csv"]


def test_an_archiving_whose_answer_was_lost_is_not_done_twice(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    (server.folder / "out/done").mkdir()
    pages = connect(server).fetch("stock", None)
    next(pages)
    server.mood(Mood.LOST_REPLY, on="rename *", times=1)
    with pytest.raises(ConnectionLost):
        next(pages)
    assert names_of(connect(server)) == []
    assert server.names("/out/done") == ["inventory.csv"]


def test_a_folder_where_we_may_not_rename_says_so(server: Any, connect: Connect) -> None:
    for number in range(inbox.ALL_IN_TROUBLE):
        server.put(f"/out/inventory-{number}.csv", "CUP,1\n")
    server.mood(Mood.BUSY, on="rename *")
    with pytest.raises(TemporaryFailure, match=r"could not rename /out/inventory-0\.csv"):
        names_of(connect(server))


def test_a_missing_folder_says_what_to_do(server: Any, connect: Connect) -> None:
    (server.folder / "out").rmdir()
    with pytest.raises(MissingFile, match="could not list /out") as missing:
        names_of(connect(server))
    assert "correct the folder" in missing.value.todo


# --- many files ------------------------------------------------------------------------------------------------------


def test_a_page_holds_no_more_than_it_should(server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        server.put(f"/out/inventory-{number}.csv", "CUP,1\n" * 10)
    monkeypatch.setattr(inbox, "PAGE_BYTES", 100)
    assert [len(page.items) for page in connect(server).fetch("stock", None)] == [2, 2, 2, 1]


def test_a_huge_folder_is_left_half_way_and_taken_round_by_round(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(230):
        server.put(f"/out/inventory-{number:04}.csv", f"CUP,{number}\n")
    monkeypatch.setattr(inbox, "ROUND", 50)
    listed: list[int] = []
    whole = SftpSession.list

    def counting(self: SftpSession, folder: str) -> Any:
        listed.append(0)
        for each in whole(self, folder):
            listed[-1] += 1
            yield each

    monkeypatch.setattr(SftpSession, "list", counting)
    assert len(set(names_of(connect(server)))) == 230
    assert len(listed) == 5
    assert listed[0] == 50


def test_a_crowded_folder_is_warned_about(server: Any, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        server.put(f"/out/other-{number}.txt", "")
    with caplog.at_level(logging.WARNING):
        names_of(connect(server, crowded=20))
    assert [record.message for record in caplog.records] == ["folder crowded"]
    assert caplog.records[0].fields["entries"] == 30  # type: ignore[attr-defined]


def test_a_name_that_is_no_utf8_is_passed_over(server: Any, connect: Connect) -> None:
    (server.folder / "out").joinpath(b"inventory-\xe9.csv".decode("utf-8", "surrogateescape")).write_text("CUP,1\n")
    server.put("/out/inventory-é.csv", "CUP,2\n")
    assert names_of(connect(server)) == ["inventory-é.csv"]


# --- archives that are not as they were ------------------------------------------------------------------------------


def test_a_twin_of_this_very_version_in_the_archive_is_enough(server: Any, connect: Connect) -> None:
    """An archiving by copy and delete was cut in between: the copy is there, and so is our claim."""
    content = b"CUP,1\n"
    server.put("/out/inventory.csv", content, modified=1_700_000_000)
    (server.folder / "out/done").mkdir()
    for name in ("inventory.csv", f"inventory.{version_stamp(1_700_000_000, content)}.csv"):
        server.put(f"/out/done/{name}", content)
    assert names_of(connect(server)) == ["inventory.csv"]
    assert server.names("/out") == []
    assert len(server.names("/out/done")) == 2


def test_a_claim_that_vanished_before_it_was_archived_is_no_trouble(server: Any, connect: Connect) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    pages = connect(server).fetch("stock", None)
    next(pages)
    (server.folder / "out/inventory.csv.claimed-crossdock").unlink()
    assert next(pages, None) is None


def test_a_claim_that_vanished_before_it_was_read_is_no_trouble(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/out/inventory-1.csv", "CUP,1\n")
    server.put("/out/inventory-2.csv", "CUP,2\n")
    read = SftpSession.read

    def late(self: SftpSession, path: str, size: int) -> bytes:
        (server.folder / "out/inventory-1.csv.claimed-crossdock").unlink(missing_ok=True)
        return read(self, path, size)

    monkeypatch.setattr(SftpSession, "read", late)
    assert names_of(connect(server)) == ["inventory-2.csv"]


def test_an_archive_that_may_not_be_written_denies_access_and_loses_nothing(
    server: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/out/inventory.csv", "CUP,1\n")
    rename = _Account.rename

    async def only_here(self: Any, old: bytes, new: bytes) -> None:
        if b"/done/" in new:
            raise asyncssh.SFTPPermissionDenied("no")
        await rename(self, old, new)

    with monkeypatch.context() as patched:
        patched.setattr(_Account, "rename", only_here)
        with pytest.raises(AccessDenied, match="permission denied"):
            names_of(connect(server))
    assert names_of(connect(server)) == ["inventory.csv"]
    assert server.names("/out/done") == ["inventory.csv"]
