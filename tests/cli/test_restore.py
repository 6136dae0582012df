"""A backup put back: checked first, what stood there kept, and nothing leaves before somebody has looked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hub.instance import InstanceLock

AT = "A,2026-11-20T06:00:00Z"


def test_last_nights_backup_is_put_back(desktop: Any) -> None:
    desktop.feed(f"AB-1,2,EA,{AT}")
    desktop.said("connection", "live", "acme", "--from", "2026-11-01")
    desktop.said("db", "backup", str(desktop.folder / "night.db"))
    desktop.feed(f"AB-1,3,EA,{AT}", f"AB-2,3,XX,{AT}")
    assert len(desktop.said("failed", "list")) == 1
    told = desktop.said("db", "restore", str(desktop.folder / "night.db"), "--yes")
    assert told["observing"] == ["acme"]
    assert desktop.said("failed", "list") == []
    (row,) = desktop.said("connection", "list")
    assert row["mode"] == "observe"
    kept = sqlite3.connect(told["kept"])
    assert kept.execute("SELECT count(*) FROM parked_record").fetchone() == (1,)
    kept.close()


def written_and_not_taken_in(database: Path) -> bytes:
    """Write a table called stray, and return the log in which it stands alone."""
    with closing(sqlite3.connect(database)) as writing:
        writing.execute("CREATE TABLE stray (x)")
        return database.with_name(f"{database.name}-wal").read_bytes()


def tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as reading:
        assert reading.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name for (name,) in reading.execute("SELECT name FROM sqlite_master")}


def test_the_log_of_a_lost_database_is_not_read_into_the_copy(desktop: Any) -> None:
    """Only crossdock.db was gone; its log stayed, and SQLite took it for the log of the backup."""
    desktop.feed(f"AB-1,2,EA,{AT}")
    desktop.said("db", "backup", str(desktop.folder / "night.db"))
    database = desktop.folder / "data" / "crossdock.db"
    log = database.with_name("crossdock.db-wal")
    log_left = written_and_not_taken_in(database)
    database.unlink()
    log.write_bytes(log_left)
    told = desktop.said("db", "restore", str(desktop.folder / "night.db"), "--yes")
    assert told["kept"] is None
    assert "stray" not in tables(database)
    assert len(desktop.said("connection", "list")) == 1


def test_what_stood_there_is_kept_with_what_its_log_held(desktop: Any) -> None:
    desktop.feed(f"AB-1,2,EA,{AT}")
    desktop.said("db", "backup", str(desktop.folder / "night.db"))
    database = desktop.folder / "data" / "crossdock.db"
    log_left = written_and_not_taken_in(database)
    desktop.said("db", "restore", str(desktop.folder / "night.db"), "--yes")
    database.with_name("crossdock.db-wal").write_bytes(log_left)  # as a killed daemon leaves it behind
    told = desktop.said("db", "restore", str(desktop.folder / "night.db"), "--yes")
    assert "stray" not in tables(database)
    assert Path(told["kept"]).exists()


def test_a_copy_that_was_made_of_both_files_is_put_back_with_its_log(desktop: Any) -> None:
    desktop.said("connection", "list")
    database, night = desktop.folder / "data" / "crossdock.db", desktop.folder / "night.db"
    plain = database.read_bytes()
    log = written_and_not_taken_in(database)
    night.write_bytes(plain)
    night.with_name("night.db-wal").write_bytes(log)
    desktop.said("db", "restore", str(night), "--yes")
    assert "stray" in tables(database)


def test_a_restore_that_breaks_off_leaves_the_database_that_stood_there(
    desktop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood in its place before its connections were put back to observe: a start then sent everything again."""
    desktop.said("connection", "live", "acme", "--from", "2026-11-01")
    desktop.said("db", "backup", str(desktop.folder / "night.db"))
    desktop.feed(f"AB-1,3,EA,{AT}", f"AB-2,3,XX,{AT}")

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("hub.store.connections.observe", breaks)
        assert desktop.run("db", "restore", str(desktop.folder / "night.db"), "--yes").exit_code
    assert len(desktop.said("failed", "list")) == 1
    (row,) = desktop.said("connection", "list")
    assert row["mode"] == "live"
    assert desktop.said("db", "restore", str(desktop.folder / "night.db"), "--yes")["observing"] == ["acme"]


def test_a_backup_is_put_back_whatever_it_is_called(desktop: Any) -> None:
    """`o?u#t %41.db` was looked for as `o`, and made there."""
    desktop.said("connection", "list")
    copy = desktop.folder / "o?u#t %41.db"
    desktop.said("db", "backup", str(copy))
    assert desktop.said("db", "restore", str(copy), "--yes")["restored"] == str(copy)
    assert not (desktop.folder / "o").exists()


def test_a_backup_that_cannot_be_written_says_so(desktop: Any) -> None:
    desktop.said("connection", "list")
    result = desktop.run("db", "backup", str(desktop.folder / "nowhere" / "night.db"))
    assert (result.exit_code, "cannot be written" in result.output) == (1, True)


def test_a_backup_that_is_broken_off_leaves_nothing_that_looks_like_one(
    desktop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.said("order", "list")
    before = sorted(path.name for path in desktop.folder.iterdir())

    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hub.cli.db.to_disk", full)
    result = desktop.run("db", "backup", str(desktop.folder / "night.db"))
    assert (result.exit_code, "cannot be written: No space left on device" in result.output) == (1, True)
    assert sorted(path.name for path in desktop.folder.iterdir()) == before


def test_a_backup_is_for_its_owners_eyes(desktop: Any) -> None:
    desktop.said("order", "list")
    desktop.said("db", "backup", str(desktop.folder / "night.db"))
    assert (desktop.folder / "night.db").stat().st_mode & 0o777 == 0o600


def test_a_backup_of_nothing_is_refused(desktop: Any) -> None:
    """It made an empty database and wrote a copy of that, which no restore takes."""
    result = desktop.run("db", "backup", str(desktop.folder / "night.db"))
    assert (result.exit_code, "no database yet" in result.output) == (1, True)
    assert not (desktop.folder / "night.db").exists()
    assert not (desktop.folder / "data" / "crossdock.db").exists()


def test_what_is_no_backup_is_refused_before_anything_is_touched(desktop: Any) -> None:
    desktop.said("connection", "list")
    noise = desktop.folder / "noise.db"
    noise.write_bytes(b"this is no database" * 100)
    assert "is no database" in desktop.run("db", "restore", str(noise), "--yes").output
    other = desktop.folder / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    assert "none of Crossdock" in desktop.run("db", "restore", str(other), "--yes").output
    assert len(desktop.said("connection", "list")) == 1


def test_nothing_is_put_back_under_a_running_daemon(desktop: Any) -> None:
    desktop.said("connection", "list")
    desktop.said("db", "backup", str(desktop.folder / "night.db"))
    lock = InstanceLock(desktop.folder / "data")
    lock.take()
    try:
        result = desktop.run("db", "restore", str(desktop.folder / "night.db"), "--yes")
    finally:
        lock.release()
    assert (result.exit_code, "stop it first" in result.output) == (1, True)
