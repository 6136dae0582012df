"""What the unit forbids, the daemon and the programs that it starts can do without."""

from __future__ import annotations

import ctypes.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "crossdock.service"
pytestmark = [
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"),
    pytest.mark.skipif(ctypes.util.find_library("seccomp") is None, reason="libseccomp is not installed here"),
]


def members(name: str) -> set[str]:
    """The system calls of a group such as @process, those of the groups in it too."""
    if not name.startswith("@"):
        return {name}
    command = ["systemd-analyze", "syscall-filter", name]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    listed = [line.strip() for line in told.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set[str]().union(*(members(each) for each in listed))


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the system calls that the unit leaves to the daemon."""
    names: set[str] = members("@default") | {"execve"}
    for line in re.findall(r"^SystemCallFilter=(.+)$", UNIT.read_text("utf-8"), re.MULTILINE):
        groups = set[str]().union(*(members(each) for each in line.removeprefix("~").split()))
        names = names - groups if line.startswith("~") else names | groups
    path = tmp_path_factory.mktemp("confined") / "allowed"
    path.write_text("\n".join(sorted(names)), "utf-8")
    return path


def confined(allowed: Path, *arguments: str) -> list[str]:
    error = re.search(r"^SystemCallErrorNumber=(\w+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    launcher = str(Path(__file__).parent / "confined.py")
    return [sys.executable, launcher, str(allowed), error[1] if error else "-", sys.executable, *arguments]


@pytest.mark.timeout(120)
def test_the_daemon_serves_and_stops_with_the_system_calls_that_the_unit_leaves_it(
    allowed: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "hub.cli", "init", tmp_path], check=True, capture_output=True, timeout=60)
    environ = {**os.environ, "CROSSDOCK__WEB__PORT": "0", "PYTHONUNBUFFERED": "1"}
    command = confined(allowed, "-m", "hub.cli", "--config", str(tmp_path / "crossdock.toml"), "run")
    log = tmp_path / "log"
    with log.open("wb") as out:
        daemon = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environ)
    try:
        end = time.monotonic() + 60
        while "serving on" not in log.read_text("utf-8"):
            assert daemon.poll() is None, f"ended with {daemon.returncode}\n{log.read_text('utf-8')}"
            assert time.monotonic() < end, log.read_text("utf-8")
            time.sleep(0.1)
    finally:
        daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0, log.read_text("utf-8")


@pytest.mark.parametrize("module", ["hub.routing.batch", "hub.services.sourcing.simulate_apart"])
def test_what_the_daemon_starts_may_give_way(allowed: Path, module: str) -> None:
    command = confined(allowed, "-m", module)
    done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert b"EOFError" in done.stderr, (done.returncode, done.stderr)  # past os.nice, and nobody asked anything
