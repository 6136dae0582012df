"""A backup put back: checked first, what stood there kept, and nothing leaves before somebody has looked."""

from __future__ import annotations

import sqlite3
from typing import Any

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
