"""A full disk and a locked database: the daemon says so, takes nothing it cannot keep, and goes on by itself."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from hub.cli.processes import HubProcess
from tests.cli.conftest import FEED, Desktop, desktop, logging_as_before
from tests.waiting import wait_until

__all__ = ["desktop", "logging_as_before"]
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limit of a running process is set with prlimit"),
]
SCHEDULE = '[[schedule]]\nname = "stock"\nevery = "1s"\nselect = { kind = ["stock_level"] }\n'
AT = "A,2026-11-20T06:00:00Z"


@pytest.fixture
def daemon(desktop: Desktop) -> Iterator[HubProcess]:
    for each in (desktop.folder / "schedules").glob("*.toml"):
        each.unlink()
    (desktop.folder / "schedules" / "stock.toml").write_text(SCHEDULE, "utf-8")
    environ = {**os.environ, "CROSSDOCK__WEB__PORT": "0", "CROSSDOCK__HUB__LOG": "json"}
    made = HubProcess(desktop.folder, environ)
    made.wait_until_ready()
    yield made
    made.stop()


def write(desktop: Desktop, *skus: str) -> None:
    """Let the supplier write its file, whole at once."""
    rows = "".join(f"{sku},5,EA,{AT}\n" for sku in skus)
    fresh = desktop.folder / "theirs" / "new"
    fresh.write_text(FEED + rows, "utf-8")
    fresh.rename(desktop.folder / "theirs" / "out" / f"inventory{len(skus)}.csv")


def known(desktop: Desktop) -> set[str]:
    path = desktop.folder / "data" / "crossdock.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return {sku for (sku,) in database.execute("SELECT sku FROM stock")}


def healthy(daemon: HubProcess) -> bool:
    return requests.get(f"{daemon.url}/health", timeout=30).status_code == 200


def in_the_end(holds: Callable[[], bool]) -> None:
    """Wait until it holds, also when the daemon cannot answer meanwhile."""

    def asked() -> bool:
        with suppress(requests.RequestException):
            return holds()
        return False

    wait_until(asked, 90)


def room(daemon: HubProcess, most: int) -> None:
    """Let no file of the daemon grow beyond so many bytes: as on a full disk, what is written there fails."""
    _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (most, hard))


def test_on_a_full_disk_nothing_is_taken_and_all_of_it_comes_when_there_is_room(
    desktop: Desktop, daemon: HubProcess
) -> None:
    write(desktop, "A")
    in_the_end(lambda: known(desktop) == {"A"})
    room(daemon, 4096)
    write(desktop, "A", "B")
    in_the_end(lambda: not healthy(daemon))
    why = requests.get(f"{daemon.url}/health", timeout=30).json()["why"]
    assert why == "nothing can be written down: is the disk full, or the database locked?"
    assert known(desktop) == {"A"}
    assert waiting(desktop), "the file was taken from the partner although it could not be kept"
    room(daemon, resource.RLIM_INFINITY)
    in_the_end(lambda: known(desktop) == {"A", "B"} and healthy(daemon))
    assert daemon.stop() == 0


@pytest.fixture
def small_disk(desktop: Desktop) -> Iterator[Path]:
    """The data folder on a disk of its own that is soon full."""
    data = desktop.folder / "data"
    data.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", data], check=False).returncode
    ):
        pytest.skip("no disk can be mounted here")
    yield data
    subprocess.run(["umount", "--lazy", data], check=True)


def test_on_a_disk_that_is_really_full_the_log_tells_it_once_and_commands_say_so(
    desktop: Desktop, small_disk: Path, daemon: HubProcess
) -> None:
    write(desktop, "A")
    in_the_end(lambda: known(desktop) == {"A"})
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)
    write(desktop, "A", "B")
    desktop.map(code="bolt")
    in_the_end(lambda: not healthy(daemon))
    assert waiting(desktop)
    failed = desktop.run("connection", "pause", "acme", "--why", "stock count")
    assert (failed.exit_code, "disk is full: make room" in failed.output) == (1, True), failed.output
    (small_disk / "filler").unlink()
    in_the_end(lambda: known(desktop) == {"A", "B"} and healthy(daemon))
    in_the_end(lambda: {row["code"] for row in desktop.said("connection", "list")} == {"acme", "bolt"})
    assert daemon.stop() == 0
    events = [json.loads(line)["event"] for line in daemon.log.read_text("utf-8").splitlines() if line.startswith("{")]
    assert events.count("database.unwritable") == events.count("database.writable_again") == 1
    assert sum(event.endswith("unforeseen") for event in events) < 8, events


def waiting(desktop: Desktop) -> list[Path]:
    """The partner's file, under its own name or claimed."""
    return [path for path in (desktop.folder / "theirs" / "out").iterdir() if path.is_file()]


def test_a_database_that_somebody_holds_is_waited_for(desktop: Desktop, daemon: HubProcess) -> None:
    path = desktop.folder / "data" / "crossdock.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        write(desktop, "A")
        time.sleep(3)
        assert known(desktop) == set()
        other.execute("COMMIT")
    in_the_end(lambda: known(desktop) == {"A"} and healthy(daemon))
    assert daemon.stop() == 0
