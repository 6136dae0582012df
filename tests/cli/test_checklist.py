"""`connection check`: what has to be well before going live, one point after the other."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

AT = "A,2026-11-20T06:00:00Z"


def points(desktop: Any, *options: str) -> dict[str, list[tuple[str, str]]]:
    """Verdict and finding of each point, by its name."""
    said = json.loads(desktop.run("connection", "check", "acme", *options, "--json").stdout)
    found: dict[str, list[tuple[str, str]]] = {}
    for each in said["points"]:
        found.setdefault(each["point"], []).append((each["verdict"], each["found"]))
    return found


def test_every_point_of_a_healthy_connection_is_named(desktop: Any) -> None:
    desktop.feed(f"AB-1,2,EA,{AT}")
    told = points(desktop)
    assert set(told) == {
        *("mapping file", "secrets", "credentials", "folders", "test document", "clocks"),
        *("SKUs", "locations", "schedule", "time zone"),
    }
    assert {verdict for found in told.values() for verdict, _ in found} == {"ok"}
    assert any("read back as it was" in words for _, words in told["test document"])
    assert any("stock: next 20" in words and "last done" in words for _, words in told["schedule"])
    assert os.listdir(desktop.folder / "theirs" / "in") == []  # noqa: PTH208 - nothing is left lying about
    assert json.loads(desktop.run("connection", "check", "acme", "--json").stdout)["ready"]


def test_without_leave_to_write_nothing_is_written(desktop: Any) -> None:
    assert [verdict for verdict, _ in points(desktop, "--read-only")["test document"]] == ["look"]


def test_a_missing_folder_is_a_point_of_its_own_and_fails(desktop: Any) -> None:
    (desktop.folder / "theirs" / "out").rmdir()
    result = desktop.run("connection", "check", "acme")
    assert result.exit_code == 1
    assert "folders" in result.output
    assert "NOT OK" in result.output


def test_a_file_that_is_broken_is_told_and_the_last_good_one_is_tried(desktop: Any) -> None:
    desktop.said("connection", "list")
    path = desktop.folder / "mappings" / "acme.toml"
    path.write_text(path.read_text("utf-8") + 'password = "secret:nowhere"\n', "utf-8")
    told = points(desktop)
    ((verdict, words),) = told["mapping file"]
    assert verdict == "NOT OK"
    assert "nowhere" in words
    assert told["credentials"][0][0] == "ok"


def test_what_is_parked_for_its_sku_or_location_is_counted(desktop: Any) -> None:
    desktop.feed(f",2,EA,{AT}")
    ((verdict, words),) = points(desktop)["SKUs"]
    assert verdict == "NOT OK"
    assert words.startswith("parked for their SKU: ")


def test_a_document_that_no_schedule_reads_is_told(desktop: Any) -> None:
    for each in (desktop.folder / "schedules").glob("*.toml"):
        each.unlink()
    found = points(desktop)["schedule"]
    assert ("NOT OK", "stock is read by no schedule") in found


def test_a_clock_that_is_far_off_is_told(desktop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.clock.SystemClock.now", lambda _: datetime.now(UTC) - timedelta(minutes=10))
    ((verdict, words),) = points(desktop)["clocks"]
    assert verdict == "NOT OK"
    assert words.endswith("s ahead")
