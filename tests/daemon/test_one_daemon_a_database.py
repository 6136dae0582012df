"""One daemon a PostgreSQL database, wherever it runs: refused, killed, cut off, and the server stopped and started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from sqlalchemy import make_url, text

from hub.cli.main import main
from hub.cli.processes import HubProcess
from hub.clock import SystemClock
from hub.instance import AlreadyRunning, InstanceLock
from hub.store import migrate, presence, runs
from hub.store.engine import Store
from hub.store.errors import StoreFenced
from hub.store.presence import Holder, Occupied, Presence
from hub.store.runs import Tick
from tests.cli.conftest import FEED, Desktop, logging_as_before
from tests.conftest import Cluster
from tests.waiting import wait_until

__all__ = ["logging_as_before"]
pytestmark = pytest.mark.timeout(300)
SCHEDULE = '[[schedule]]\nname = "stock"\nevery = "1s"\nselect = { kind = ["stock_level"] }\n'
AT = "A,2026-11-20T06:00:00Z"
HOLD = """
import pathlib, sys, time
from hub.instance import InstanceLock
from hub.store.engine import Store
lock = InstanceLock(pathlib.Path(sys.argv[1]), Store(sys.argv[2]))
lock.take()
print("held", flush=True)
time.sleep(60)
"""

ELSEWHERE = Holder("elsewhere", 4711, "/srv/hub", "2026-11-29T06:00:00+00:00")
HERE = Holder("here", 42, "/srv/hub", "2026-11-29T06:00:00+00:00")
LockOn = Callable[[Path, str], InstanceLock]


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    """A database of this test's own, on the server that all tests share."""
    made = postgres.create()
    upgraded(made)
    yield made
    postgres.drop(made)


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A server of this test's own, to stop and to start."""
    cluster = Cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def lock_on() -> Iterator[Callable[[Path, str], InstanceLock]]:
    """Make locks on a folder and a database; they and their stores are let go of in the end."""
    made: list[tuple[Store, InstanceLock]] = []

    def make(folder: Path, url: str) -> InstanceLock:
        store = Store(url)
        made.append((store, InstanceLock(folder, store)))
        return made[-1][1]

    yield make
    for store, lock in made:
        lock.release()
        store.close()


@pytest.fixture
def hub_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], Hub]]:
    """Make hubs in folders of their own, on one database; what they left running is killed."""
    made: list[Hub] = []

    def make(name: str, url: str) -> Hub:
        monkeypatch.setenv("CROSSDOCK__STORE__URL", url)
        monkeypatch.setenv("CROSSDOCK__WEB__PORT", "0")
        made.append(Hub(tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.end()


class Hub:
    """A hub in a folder, the daemon that runs there, and a supplier's file that it reads every second."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
        (folder / "theirs" / "out").mkdir(parents=True)
        (folder / "theirs" / "in").mkdir()
        for each in (folder / "schedules").glob("*.toml"):
            each.unlink()
        (folder / "schedules" / "stock.toml").write_text(SCHEDULE, "utf-8")
        self.folder, self.desktop = folder, Desktop(folder)
        self.desktop.map()
        self._running: list[HubProcess] = []

    def start(self) -> HubProcess:
        self._running.append(HubProcess(self.folder, os.environ))
        self._running[-1].wait_until_ready()
        return self._running[-1]

    def refused(self) -> subprocess.CompletedProcess[str]:
        """Start a daemon that is expected to end at once."""
        command = [sys.executable, "-m", "hub.cli", "-c", str(self.folder / "crossdock.toml"), "run"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def write(self, *skus: str) -> None:
        """Let the supplier write its file, whole at once."""
        fresh = self.folder / "theirs" / "new"
        fresh.write_text(FEED + "".join(f"{sku},5,EA,{AT}\n" for sku in skus), "utf-8")
        fresh.rename(self.folder / "theirs" / "out" / f"inventory{len(skus)}.csv")

    def log(self) -> str:
        return (self.folder / "hub.log").read_text("utf-8")

    def end(self) -> None:
        for each in self._running:
            if not each.ended:
                each.kill()


def known(url: str) -> set[str]:
    store = Store(url)
    try:
        with store.read() as tx:
            return set(tx.execute(text("SELECT sku FROM stock")).scalars())
    finally:
        store.close()


def begin_a_run(url: str) -> int:
    """Write down a run as one that will not come to its end: the server is stopped in the middle of it."""
    store, now = Store(url), SystemClock().now()
    with store.write() as tx:
        number = runs.start(tx, Tick("nightly", "acme", "catalogue", now), now)
    store.close()
    assert number is not None
    return number


def state_of(url: str, run: int) -> str:
    store = Store(url)
    with store.read() as tx:
        row = runs.get(tx, run)
    store.close()
    assert row is not None
    return str(row["state"])


def ready(daemon: HubProcess) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{daemon.url}/ready", timeout=30).status_code == 200
    return False


# --- two daemons -----------------------------------------------------------------------------------------------------


def test_a_second_daemon_with_another_folder_is_told_who_works_on_the_database(
    hub_at: Callable[[str, str], Hub], url: str
) -> None:
    first, second = hub_at("first", url), hub_at("second", url)
    daemon = first.start()
    refused = second.refused()
    assert refused.returncode == 1
    assert re.search(
        rf"Error: the hub of folder {first.folder / 'data'} on host {re.escape(socket.gethostname())}, "
        rf"process {daemon.pid} since \S+, is running on this database; stop it first",
        refused.stderr,
    ), refused.stderr
    assert "Traceback" not in refused.stderr
    assert daemon.stop() == 0


def test_after_kill_9_the_next_one_starts_at_once(hub_at: Callable[[str, str], Hub], url: str) -> None:
    first, second = hub_at("first", url), hub_at("second", url)
    first.start().kill()
    assert second.start().stop() == 0


def test_a_command_in_another_folder_has_the_daemon_do_it(hub_at: Callable[[str, str], Hub], url: str) -> None:
    first, second = hub_at("first", url), hub_at("second", url)
    daemon = first.start()
    first.write("A")
    wait_until(lambda: known(url) == {"A"})
    assert second.desktop.said("sync", "run", "acme")["done"] == "started", "it was done here, beside the daemon"
    assert daemon.stop() == 0
    assert second.desktop.said("sync", "run", "acme")["done"] == "done"


# --- the server goes, and comes back ---------------------------------------------------------------------------------


def test_a_daemon_outlives_a_restart_of_the_server(hub_at: Callable[[str, str], Hub], server: Cluster) -> None:
    url = server.create()
    hub = hub_at("first", url)
    daemon = hub.start()
    hub.write("A")
    wait_until(lambda: known(url) == {"A"})
    cut_off = begin_a_run(url)
    server.halt()
    wait_until(lambda: not ready(daemon))
    said = requests.get(f"{daemon.url}/health", timeout=30)
    assert said.status_code == 503
    assert said.json()["why"].startswith(
        f"the database {make_url(url).database} at {server.folder}:5432 cannot be used"
    )
    hub.write("A", "B")
    server.go_on()
    wait_until(lambda: ready(daemon) and known(url) == {"A", "B"}, told=hub.log)
    wait_until(lambda: state_of(url, cut_off) == "closed", 20)
    assert daemon.stop() == 0
    assert "Traceback" not in hub.log()
    assert "database.lost" in hub.log()
    assert "database.back" in hub.log()


def test_a_daemon_that_slept_ends_itself_when_another_has_taken_the_database(
    hub_at: Callable[[str, str], Hub], server: Cluster
) -> None:
    url = server.create()
    first = hub_at("first", url)
    daemon = first.start()
    os.kill(daemon.pid, signal.SIGSTOP)
    server.halt()
    server.go_on()
    with taken(url, ELSEWHERE):
        first.write("A")
        os.kill(daemon.pid, signal.SIGCONT)
        assert daemon.wait(60) == 1
    assert "Error: the connection to the database was lost, and the hub of folder /srv/hub on host elsewhere, " in (
        first.log()
    )
    assert known(url) == set(), "it went on working beside the other"


# --- the lock itself -------------------------------------------------------------------------------------------------


@contextmanager
def taken(url: str, holder: Holder) -> Iterator[Presence]:
    """Hold the lock of a database as somebody else."""
    held = Presence(url, holder)
    held.take()
    try:
        yield held
    finally:
        held.release()


def cut(url: str, victim: Holder) -> None:
    """End a session as an administrator does."""
    store = Store(url)
    with store.write() as tx:
        tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": victim.session})
    store.close()


def who(url: str) -> Holder | None:
    store = Store(url)
    try:
        with store.read() as tx:
            return presence.holder(tx)
    finally:
        store.close()


def test_the_holder_can_be_read_by_everybody(url: str) -> None:
    assert who(url) is None
    with taken(url, ELSEWHERE):
        found = who(url)
        assert found is not None
        assert found.is_same(ELSEWHERE)
    assert who(url) is None, "the row of a dead one was taken for the living"


def test_a_holder_is_seen_before_the_first_upgrade(server: Cluster) -> None:
    url = server.create()
    with taken(url, ELSEWHERE) as held:
        assert "has not said yet where it runs" in str(who(url))
        upgraded(url)
        held.confirm()
        assert "on host elsewhere" in str(who(url))


def test_two_locks_with_two_folders_on_one_database(tmp_path: Path, url: str, lock_on: LockOn) -> None:
    one, two = lock_on(tmp_path / "one", url), lock_on(tmp_path / "two", url)
    one.take()
    with pytest.raises(AlreadyRunning, match=f"folder {tmp_path}/one on host .* process {os.getpid()} since"):
        two.take()
    assert two.is_taken()
    assert not InstanceLock(tmp_path / "two").is_taken(), "a refused one must not keep its folder"
    one.release()
    two.take()


def test_a_process_killed_leaves_no_lock_behind(tmp_path: Path, url: str, lock_on: LockOn) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "a", url], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        child.kill()
    lock_on(tmp_path / "b", url).take()


def test_a_connection_that_is_cut_is_made_again(tmp_path: Path, url: str, lock_on: LockOn) -> None:
    lock = lock_on(tmp_path, url)
    lock.take()
    before = who(url)
    assert before is not None
    cut(url, before)
    wait_until(lambda: (now := who(url)) is not None and now.session != before.session and lock.holds())
    lock.require()


def test_nothing_is_written_while_the_lock_is_lost(tmp_path: Path, server: Cluster) -> None:
    url = server.create()
    upgraded(url)
    store = Store(url)
    lock = InstanceLock(tmp_path, store)
    lock.take()
    server.halt()
    wait_until(lambda: not lock.holds(), 20)
    with pytest.raises(StoreFenced), store.write():
        pass
    server.go_on()
    wait_until(lock.holds)
    with store.write() as tx:
        tx.execute(text("SELECT 1"))
    lock.release()
    store.close()


def test_who_was_away_does_not_go_on_where_another_has_been(url: str) -> None:
    mine = Presence(url, HERE)
    mine.take()
    mine.release()
    with taken(url, ELSEWHERE):
        pass
    with pytest.raises(Occupied, match="elsewhere"):
        mine.take()


def test_an_own_session_that_the_server_has_not_missed_yet_is_nobody_else(url: str) -> None:
    again = Presence(url, HERE)
    with taken(url, HERE), pytest.raises(Occupied) as occupied:
        again.take()
    assert again.is_mine(occupied.value.holder)
    with taken(url, ELSEWHERE), pytest.raises(Occupied) as occupied:
        again.take()
    assert not again.is_mine(occupied.value.holder)


def upgraded(url: str) -> None:
    store = Store(url)
    migrate.upgrade(store)
    store.close()
