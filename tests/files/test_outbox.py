"""Dropping files: whole or not at all, never over something else, never two, and what `find` can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncssh
import pytest

from hub.contract import (
    Absent,
    AccessDenied,
    CannotTell,
    Connector,
    Found,
    Outbound,
    OutcomeUnknown,
    Rejected,
    TemporaryFailure,
)
from hub.testing.context import Crash, MemoryContext
from hub.wire.sftp import ConnectionLost, MissingFile, NotDone
from sandbox.moods import Mood
from sandbox.sftp import _Account

Connect = Callable[..., Connector]
Make = Callable[..., Outbound]


@pytest.fixture
def resend(context: MemoryContext, outbound: Make) -> Callable[..., Outbound]:
    """The same document with the note that an earlier try left, as the hub hands it over."""

    def again(number: int = 1, **changed: Any) -> Outbound:
        return outbound(number, note=context.notes.get(f"P{number}"), **changed)

    return again


def test_a_document_arrives_whole_under_its_name(server: Any, connect: Connect, outbound: Make) -> None:
    receipt = connect(server).send(outbound())
    assert receipt.reference == "/in/PO_P1.csv"
    assert not receipt.confirmed
    assert server.names("/in") == ["PO_P1.csv"]
    assert (server.folder / "in/PO_P1.csv").read_bytes() == b"P1,CUP,3\n"


def test_the_partner_never_sees_a_half_file(server: Any, connect: Connect, outbound: Make) -> None:
    content = b"x" * 300_000
    connect(server).send(outbound(content=content))
    assert [path for path in server.arrived if not path.endswith(".part")] == ["/in/PO_P1.csv"]
    assert all(path.endswith(".part") for path in server.calls("write"))


def test_a_name_that_is_taken_is_never_overwritten(server: Any, connect: Connect, outbound: Make) -> None:
    server.put("/in/PO_P1.csv", "somebody else's\n")
    with pytest.raises(Rejected, match="exists already and holds something else") as rejected:
        connect(server).send(outbound())
    assert "not overwritten" in rejected.value.what
    assert (server.folder / "in/PO_P1.csv").read_text() == "somebody else's\n"
    assert server.names("/in") == ["PO_P1.csv"]


def test_the_same_bytes_under_the_same_name_count_as_sent(server: Any, connect: Connect, outbound: Make) -> None:
    server.put("/in/PO_P1.csv", outbound().content)
    assert "already" in connect(server).send(outbound()).reply
    assert server.calls("rename") == []


def test_other_bytes_of_the_same_length_are_something_else(server: Any, connect: Connect, outbound: Make) -> None:
    server.put("/in/PO_P1.csv", outbound().content[::-1])
    with pytest.raises(Rejected):
        connect(server).send(outbound())


@pytest.mark.parametrize("name", ["/in/../../etc/passwd", "/in/", "/in/..", "/in/a\nb.csv", ""])
def test_a_name_that_leads_elsewhere_is_refused(server: Any, connect: Connect, name: str) -> None:
    with pytest.raises(Rejected, match="no name for a file"):
        connect(server).send(Outbound(document="orders", key="k", content=b"x", name=name))


# --- the instants of a send ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "seen", "finding"),
    [
        ("before_bytes", [], Absent),
        ("staged", [".part"], Absent),
        ("bytes_sent", [".csv"], Found),
    ],
)
def test_after_a_death_at_any_instant_find_knows_how_far_it_came(
    server: Any, connect: Connect, context: MemoryContext, resend: Make, instant: str, seen: list[str], finding: type
) -> None:
    context.crash_at = instant
    with pytest.raises(Crash):
        connect(server).send(resend())
    assert [name[name.rindex(".") :] for name in server.names("/in")] == seen
    connector = connect(server)
    assert isinstance(connector.find(resend()), finding)
    connector.send(resend())
    assert server.names("/in") == ["PO_P1.csv"]
    assert server.arrived.count("/in/PO_P1.csv") == 1


def test_an_upload_that_broke_off_is_written_anew(
    server: Any, connect: Connect, context: MemoryContext, resend: Make
) -> None:
    connector = connect(server)
    server.mood(Mood.DOWN, on="write *.part", times=1)
    with pytest.raises(ConnectionLost):
        connector.send(resend())
    assert context.notes == {}
    assert connector.find(resend()) == Absent()
    connector.send(resend())
    assert server.names("/in") == ["PO_P1.csv"]


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.HANG, Mood.LOST_REPLY])
def test_a_line_that_breaks_at_the_rename_leaves_it_unknown(
    server: Any, connect: Connect, resend: Make, mood: Mood
) -> None:
    connector = connect(server)
    server.mood(mood, on="rename *", times=1)
    with pytest.raises(OutcomeUnknown, match="it may have been renamed"):
        connector.send(resend())
    arrived = mood is Mood.LOST_REPLY
    assert isinstance(connector.find(resend()), Found if arrived else Absent)
    connector.send(resend())
    assert server.arrived.count("/in/PO_P1.csv") == 1


def test_a_plain_no_to_the_rename_is_no_doubt(server: Any, connect: Connect, resend: Make) -> None:
    connector = connect(server)
    server.mood(Mood.BUSY, on="rename *", times=1)
    with pytest.raises(NotDone):
        connector.send(resend())
    connector.send(resend())
    assert server.names("/in") == ["PO_P1.csv"]


# --- a partner that takes the file away ------------------------------------------------------------------------------


def _lose_the_answer(server: Any, connector: Connector, outbound: Outbound) -> None:
    server.mood(Mood.LOST_REPLY, on="rename *", times=1)
    with pytest.raises(OutcomeUnknown):
        connector.send(outbound)


def test_a_file_that_was_taken_away_cannot_be_told_and_is_not_sent_again(
    server: Any, connect: Connect, resend: Make
) -> None:
    connector = connect(server)
    _lose_the_answer(server, connector, resend())
    (server.folder / "in/PO_P1.csv").unlink()
    finding = connector.find(resend())
    assert isinstance(finding, CannotTell)
    assert "/in/PO_P1.csv" in finding.why
    with pytest.raises(OutcomeUnknown, match="an earlier rename may have happened"):
        connector.send(resend())
    assert server.names("/in") == []


def test_a_taken_file_is_found_in_a_folder_where_it_may_be_seen(server: Any, connect: Connect, resend: Make) -> None:
    connector = connect(server, visible=["/in/processed"])
    _lose_the_answer(server, connector, resend())
    (server.folder / "in/processed").mkdir()
    (server.folder / "in/PO_P1.csv").rename(server.folder / "in/processed/PO_P1.csv")
    finding = connector.find(resend())
    assert isinstance(finding, Found)
    assert finding.receipt.reference == "/in/processed/PO_P1.csv"


def test_somebody_elses_file_under_the_name_cannot_be_told(server: Any, connect: Connect, resend: Make) -> None:
    connector = connect(server)
    _lose_the_answer(server, connector, resend())
    server.put("/in/PO_P1.csv", "something else\n")
    assert isinstance(connector.find(resend()), CannotTell)


def test_a_rename_that_is_carried_out_late_is_still_the_only_one(
    server: Any, connect: Connect, resend: Make, context: Any
) -> None:
    """The server stalls, we resend over a new line, and then it wakes up and does what it was asked first."""
    connector = connect(server)
    server.mood(Mood.HANG, on="rename *", times=1)
    with pytest.raises(OutcomeUnknown):
        connector.send(resend())
    (part,) = server.names("/in")
    assert connector.find(resend()) == Absent()

    def late(name: str) -> None:  # between the look at the .part and our own rename
        context_checkpoint(name)
        if name == "staged":
            (server.folder / "in" / part).rename(server.folder / "in/PO_P1.csv")

    context_checkpoint = context.checkpoint
    context.checkpoint = late
    with pytest.raises(OutcomeUnknown):
        connector.send(resend())
    assert isinstance(connector.find(resend()), Found)
    assert server.names("/in") == ["PO_P1.csv"]
    assert [path for path in server.calls("write") if path.endswith(".part")] == [f"/in/{part}"]


def test_a_staged_file_that_is_no_longer_whole_is_left_alone(
    server: Any, connect: Connect, context: MemoryContext, resend: Make
) -> None:
    context.crash_at = "staged"
    with pytest.raises(Crash):
        connect(server).send(resend())
    (part,) = server.names("/in")
    server.put(f"/in/{part}", "half")
    connector = connect(server)
    assert isinstance(connector.find(resend()), CannotTell)
    with pytest.raises(OutcomeUnknown):
        connector.send(resend())
    assert (server.folder / "in" / part).read_text() == "half"


# --- servers with habits ---------------------------------------------------------------------------------------------


def test_an_upload_that_the_disk_had_no_room_for_is_noticed(
    server: Any, connect: Connect, outbound: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def swallow(_self: Any, _file: object, _offset: int, data: bytes) -> int:
        return len(data)

    monkeypatch.setattr(_Account, "write", swallow)
    with pytest.raises(TemporaryFailure, match="has 0 bytes after an upload of 9") as short:
        connect(server).send(outbound())
    assert "disk is full" in short.value.todo


def test_a_server_without_the_atomic_rename_says_what_to_set(
    server: Any, connect: Connect, resend: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_: object) -> None:
        raise asyncssh.SFTPOpUnsupported("Unsupported request: posix-rename@openssh.com")

    monkeypatch.setattr(_Account, "posix_rename", unknown)
    with pytest.raises(AccessDenied, match="posix-rename") as denied:
        connect(server).send(resend())
    assert 'rename = "plain"' in denied.value.todo
    health = connect(server).check()
    assert not health.ok
    assert 'rename = "plain"' in health.todo
    assert "orders" not in server.names("/in")
    connector = connect(server, rename="plain")
    assert connector.check().ok
    connector.send(resend())
    assert server.names("/in") == ["PO_P1.csv"]


def test_a_drop_folder_that_cannot_be_read_goes_by_name_and_size(
    server: Any, connect: Connect, resend: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = connect(server)
    _lose_the_answer(server, connector, resend())
    opened = _Account.open

    async def write_only(self: Any, path: bytes, pflags: int, attrs: Any) -> Any:
        if pflags & asyncssh.FXF_READ:
            raise asyncssh.SFTPPermissionDenied("no")
        return await opened(self, path, pflags, attrs)

    monkeypatch.setattr(_Account, "open", write_only)
    assert isinstance(connector.find(resend()), Found)


def test_a_missing_folder_is_told_with_what_to_do(server: Any, connect: Connect, outbound: Make) -> None:
    (server.folder / "in").rmdir()
    with pytest.raises(MissingFile, match=r"could not write /in/PO_P1\.csv") as missing:
        connect(server).send(outbound())
    assert "correct the folder" in missing.value.todo


def test_a_folder_where_we_may_not_write_denies_access(
    server: Any, connect: Connect, outbound: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forbidden(*_: object) -> None:
        raise asyncssh.SFTPPermissionDenied("read-only")

    monkeypatch.setattr(_Account, "open", forbidden)
    with pytest.raises(AccessDenied, match="permission denied") as denied:
        connect(server).send(outbound())
    assert "grant this account" in denied.value.todo
