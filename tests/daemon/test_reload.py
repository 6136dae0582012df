"""A running daemon takes over what changed when all of it is sound, and goes on as before when it is not."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from hub.composition import Hub
from hub.config import Config, load_config
from hub.daemon import Daemon
from hub.notify import notify
from hub.reload import merge
from hub.store import connections
from hub.web.app import WebServer, build_app
from tests.running import running
from tests.waiting import wait_until

CONFIG = '[web]\nport = 0\n[routing]\nsplit_penalty = "{penalty}"\n[store]\narchive_days = {days}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for name in ("mappings", "schedules", "secrets"):
        (tmp_path / name).mkdir()
    file = tmp_path / "crossdock.toml"
    file.write_text(CONFIG.format(penalty=1, days=90), "utf-8")
    return file


@pytest.fixture
def daemon(path: Path) -> Iterator[Daemon]:
    with running(Hub(load_config(path)), lambda: load_config(path)) as made:
        yield made


def test_a_sound_configuration_comes_into_force_without_a_restart(daemon: Daemon, path: Path) -> None:
    path.write_text(CONFIG.format(penalty=4, days=7), "utf-8")
    daemon.ask_to_reload()
    wait_until(lambda: daemon.hub.config.store.archive_days == 7)
    assert daemon.hub.desk.rules.split_penalty == 4


def test_a_partner_that_refused_us_is_asked_again_once_its_secret_is_another(daemon: Daemon, path: Path) -> None:
    """Only a reload took it over, and then the partner was left alone for minutes all the same."""
    hub, secret = daemon.hub, path.parent / "secrets" / "shop_token"
    secret.write_text("wrong", "utf-8")
    (path.parent / "theirs" / "out").mkdir(parents=True)
    (path.parent / "mappings" / "acme.toml").write_text(
        'version = 1\nextends = "csv_supplier"\n[partner]\ncode = "acme"\nrole = "supplier"\n'
        f'[connection]\nurl = "{(path.parent / "theirs").as_uri()}"\n',
        "utf-8",
    )
    wait_until(lambda: "acme" in hub.directory.entries)
    with hub.store.write() as tx:
        connections.pause(tx, "acme", "not let in", hub.clock.now(), automatic=True)
    lanes = daemon._runner._rounds._lanes
    wait_until(lambda: mode(hub) == "paused" and "acme" in lanes and lanes["acme"].gate.check_in() > 0)
    for _ in range(20):
        lanes["acme"].gate.refused()  # so often that the next check is an hour away
    (path.parent / "theirs" / "in").mkdir()
    assert mode(hub) == "paused"
    secret.write_text("the right one", "utf-8")
    wait_until(lambda: mode(hub) == "observe")


def mode(hub: Hub) -> str:
    with hub.store.read() as tx:
        row = connections.get(tx, "acme")
    return row.mode.value if row else ""


def test_another_log_level_comes_into_force_without_a_restart(
    daemon: Daemon, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reload said that it had taken it over, and went on at the old level."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "level", logging.INFO)
    path.write_text(CONFIG.format(penalty=1, days=90) + '[hub]\nlevel = "error"\n', "utf-8")
    daemon.ask_to_reload()
    wait_until(lambda: root.level == logging.ERROR)


def test_a_broken_configuration_leaves_the_last_good_one_in_force(daemon: Daemon, path: Path) -> None:
    path.write_text(CONFIG.format(penalty="much", days=7), "utf-8")
    daemon.ask_to_reload()
    wait_until(lambda: not daemon._reload_asked.is_set())
    assert daemon.hub.config.store.archive_days == 90
    path.write_text(CONFIG.format(penalty=4, days=7), "utf-8")
    (path.parent / "schedules" / "bad.toml").write_text("nonsense", "utf-8")
    daemon.ask_to_reload()
    wait_until(lambda: not daemon._reload_asked.is_set())
    assert daemon.state()["ready"]
    assert daemon.hub.config.store.archive_days == 90


def test_what_is_built_at_the_start_waits_for_a_restart_and_says_so(path: Path) -> None:
    running = load_config(path)
    fresh = load_config(path, {"CROSSDOCK__WEB__PORT": "9000", "CROSSDOCK__STORE__RUN_DAYS": "3"})
    merged, waiting = merge(running, fresh)
    assert waiting == ["web.port"]
    assert (merged.web.port, merged.store.run_days) == (0, 3)
    assert merge(running, running) == (running, [])
    assert isinstance(merged, Config)


def test_the_service_manager_is_told_and_nobody_else(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        assert notify("READY=1", "STATUS=2 partners", environ={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1\nSTATUS=2 partners"
    assert not notify("READY=1", environ={})
    assert not notify("READY=1", environ={"NOTIFY_SOCKET": str(tmp_path / "gone")})


def test_health_says_no_when_the_loop_stands_still(path: Path) -> None:
    hub = Hub(load_config(path))
    hub.upgrade()
    server = WebServer(build_app(lambda: hub.desk, lambda: {"ready": True, "loop_seconds": 500.0}), "127.0.0.1", 0)
    port = server.start()
    try:
        told = requests.get(f"http://127.0.0.1:{port}/health", timeout=5)
    finally:
        server.stop()
        hub.close()
    assert (told.status_code, told.json()["ok"]) == (503, False)


def test_a_routing_file_comes_into_force_while_running_and_a_broken_one_does_not(daemon: Daemon, path: Path) -> None:
    def policy() -> str:
        in_force = daemon.hub.desk.policy
        return ",".join(each.name for each in in_force.rule_sets) if in_force else ""

    file = path.parent / "routing.toml"
    file.write_text('version = 1\n[[rules]]\nname = "one"\n', "utf-8")
    wait_until(lambda: policy() == "one")
    file.write_text('version = 1\n[[rules]]\nnam = "two"\n', "utf-8")
    wait_until(lambda: bool(daemon.hub.policy_files.problems))
    assert policy() == "one"
    file.write_text('version = 1\n[[rules]]\nname = "three"\n', "utf-8")
    wait_until(lambda: policy() == "three")
