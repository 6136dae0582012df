"""Sync flows at a glance, and running one now with what came of it."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.contract import DocumentSpec
from hub.model.document import Direction, Kind
from hub.services.syncing.schedules import Job, Schedule
from hub.services.syncing.sync_view import next_runs, sparkline

AT = "A,2026-11-20T06:00:00Z"


def test_a_listing_shows_the_last_run_the_next_and_the_trend(desktop: Any) -> None:
    desktop.feed(f"AB-1,2,EA,{AT}")
    run = desktop.said("sync", "run", "acme", "--kind", "stock_level")
    assert [(each["document"], each["state"]) for each in run["runs"]] == [("stock", "done")]
    rows = {each["document"]: each for each in desktop.said("sync", "list", "--connection", "acme") if each["id"]}
    assert rows["stock"]["seconds"] >= 0
    assert len(rows["stock"]["trend"]) == len(rows["stock"]["reads"]) == 2
    assert rows["stock"]["next"] is None  # it ran by hand; its schedule has not run it yet
    assert "trend" in desktop.run("sync", "list").output


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_number_of_rows(desktop: Any, limit: str) -> None:
    """-1 listed everything, and left one out of the flows that never ran."""
    assert desktop.run("sync", "list", "--limit", limit).exit_code == 2


def test_a_scheduled_flow_that_never_ran_is_listed_with_its_next_run(desktop: Any) -> None:
    (desktop.folder / "schedules" / "nightly.toml").write_text(
        '[[schedule]]\nname = "nightly"\nevery = "24h"\nselect = { kind = ["stock_level"] }\n', "utf-8"
    )
    desktop.feed(f"AB-1,2,EA,{AT}")
    (row,) = [each for each in desktop.said("sync", "list") if each["schedule"] == "nightly"]
    assert (row["connection"], row["document"], row["state"], row["read"]) == ("acme", "stock", "never", 0)
    assert datetime.fromisoformat(row["next"]) > datetime.now(UTC)
    shown = next(line for line in desktop.run("sync", "list").output.splitlines() if "nightly" in line)
    assert "never" in shown
    assert [each["connection"] for each in desktop.said("sync", "list", "--connection", "somebody")] == []


def test_a_scheduled_flow_says_when_it_runs_next() -> None:
    schedule = Schedule.model_validate({"name": "stock", "every": "15m"})
    job = Job(schedule, "acme", (DocumentSpec(name="stock", kind=Kind.STOCK_LEVEL, direction=Direction.IN),))
    now = datetime(2026, 11, 20, 6, 1, tzinfo=UTC)
    assert next_runs([job], now) == {("stock", "acme", "stock"): datetime(2026, 11, 20, 6, 15, tzinfo=UTC)}


def test_a_run_that_fails_ends_with_one(desktop: Any) -> None:
    (desktop.folder / "theirs" / "out").rmdir()
    result = desktop.run("sync", "run", "acme", "--kind", "stock_level", "--json")
    assert result.exit_code == 1
    (run,) = json.loads(result.stdout)["runs"]
    assert (run["state"], bool(run["error"])) == ("failed", True)


def test_a_run_that_was_killed_without_a_daemon_does_not_run_for_ever(desktop: Any) -> None:
    desktop.said("sync", "run", "acme", "--kind", "stock_level")
    with sqlite3.connect(desktop.folder / "data" / "crossdock.db") as books:
        books.execute("update sync_run set state = 'running', ended_at = null")
    (row,) = [each for each in desktop.said("sync", "list") if each["id"]]
    assert (row["state"], row["closed_why"]) == ("closed", "interrupted; the next run resumes at its cursor")


def test_a_paused_connection_is_not_read_and_that_is_told(desktop: Any) -> None:
    """It said that the flow had started, and waited five minutes for its end."""
    desktop.said("sync", "run", "acme")
    desktop.run("connection", "pause", "acme", "--why", "stock count")
    result = desktop.run("sync", "run", "acme")
    assert (result.exit_code, result.output) == (
        1,
        "Error: acme is paused (stock count); `crossdock connection resume acme` first\n",
    )
    assert desktop.run("stock", "sync").exit_code == 3


@pytest.mark.parametrize(
    ("values", "drawn"), [((), ""), ((0, 0), "▁▁"), ((0, 5, 10), "▁▄█"), ((7,), "█"), ((1, 1000), "▁█")]
)
def test_a_trend_is_drawn_in_bars(values: tuple[int, ...], drawn: str) -> None:
    assert sparkline(values) == drawn


def test_a_connection_that_goes_live_step_by_step_says_so(desktop: Any) -> None:
    desktop.said("connection", "live", "acme", "--from", "2026-11-01", "--ramp", "5")
    (row,) = desktop.said("connection", "list")
    assert (row["mode"], row["trouble"]) == ("live", "5 more document(s) may leave, then it observes")
    desktop.said("connection", "live", "acme", "--from", "2026-11-01")
    (row,) = desktop.said("connection", "list")
    assert row["trouble"] == ""
