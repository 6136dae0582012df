"""A daemon as the service manager knows it: a signal makes it read its files again, another makes it end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from hub.cli.processes import HubProcess
from tests.cli.conftest import Desktop, desktop, logging_as_before
from tests.waiting import wait_until

__all__ = ["desktop", "logging_as_before"]
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def daemon(desktop: Desktop) -> Iterator[HubProcess]:
    made = HubProcess(desktop.folder, {**os.environ, "CROSSDOCK__WEB__PORT": "0"})
    made.wait_until_ready()
    yield made
    made.stop()


def test_sighup_takes_over_what_is_sound_and_sigterm_drains(desktop: Desktop, daemon: HubProcess) -> None:
    def expect_logged(*words: str) -> None:
        wait_until(lambda: all(word in daemon.log.read_text("utf-8") for word in words))

    config = desktop.folder / "crossdock.toml"
    good = config.read_text("utf-8")
    config.write_text(good + "\n[nonsense]\nx = 1\n", "utf-8")
    os.kill(daemon.pid, signal.SIGHUP)
    expect_logged("config.refused", "nonsense")
    desktop.map(code="bolt")
    config.write_text(good.replace("archive_days = 90", "archive_days = 91"), "utf-8")
    os.kill(daemon.pid, signal.SIGHUP)
    expect_logged("config.reloaded")
    wait_until(lambda: {each["code"] for each in desktop.said("connection", "list")} == {"acme", "bolt"})
    os.kill(daemon.pid, signal.SIGTERM)
    assert daemon.wait(60) == 0
    expect_logged("daemon.stopped")
