"""What docs/deploy.md says about the service is done, on a machine of stand-ins, and the unit's own command is run.

Real are: the page's lines, the unit, the operator's command, the hub. Stood in for are: /opt, /etc and /var, what only
root or systemd can do, and the installing, which tests/packaging/test_wheel.py does.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_docs import blocks

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "deploy.md"
pytestmark = pytest.mark.timeout(180)
STAND_INS = {
    "useradd": "exit 0",
    "chown": "exit 0",
    "systemctl": "exit 0",
    "runuser": 'shift 3; exec "$@"',  # -u crossdock --
    "python3": f"""mkdir -p "$3/bin"
printf '#!/bin/sh\\nexit 0\\n' > "$3/bin/pip"
printf '#!/bin/sh\\nexec "{sys.executable}" -m hub.cli "$@"\\n' > "$3/bin/crossdock"
chmod +x "$3/bin/pip" "$3/bin/crossdock" """,
}


class Machine:
    """A machine below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for each in ("bin", "etc/systemd/system", "usr/local/bin", "var/lib/crossdock", "opt"):
            (folder / each).mkdir(parents=True)
        for name, script in STAND_INS.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
            (folder / "bin" / name).chmod(0o755)
        self.environ = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "CROSSDOCK__WEB__PORT": "0"}

    def here(self, text: str) -> str:
        """The same with the folders of this machine."""
        return re.sub(r"(?<![\w/])/(opt|etc|usr/local|var/lib)/", rf"{self.folder}/\1/", text)

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        command = ["/bin/sh", "-ec", script]
        return subprocess.run(
            command, cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=60, check=False
        )

    def crossdock(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The operator's command, as it was installed."""
        command = self.folder / "usr" / "local" / "bin" / "crossdock"
        command.write_text(self.here(command.read_text("utf-8")), "utf-8")
        return self.sh(" ".join([str(command), *arguments]))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    script = next(body for info, body in blocks(PAGE) if info == "sh service")
    done = made.sh(made.here(script))
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def service(machine: Machine) -> Iterator[subprocess.Popen[bytes]]:
    """What the unit starts, with the unit's environment, until it serves."""
    unit = machine.here((machine.folder / "etc" / "systemd" / "system" / "crossdock.service").read_text("utf-8"))
    (start,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    (folder,) = re.findall(r"^WorkingDirectory=(.+)$", unit, re.MULTILINE)
    own = dict(each.split("=", 1) for each in re.findall(r"^Environment=(.+)$", unit, re.MULTILINE))
    log = machine.folder / "journal"
    with log.open("wb") as out:
        running = subprocess.Popen(
            start.split(), cwd=folder, env={**machine.environ, **own}, stdout=out, stderr=subprocess.STDOUT
        )
    end = time.monotonic() + 60
    while "serving on" not in log.read_text("utf-8"):
        assert running.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < end, log.read_text("utf-8")
        time.sleep(0.1)
    yield running
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 0


@pytest.mark.usefixtures("service")
def test_the_operators_command_works_on_the_data_of_the_service(machine: Machine) -> None:
    second = machine.crossdock("run")
    assert second.returncode == 1
    assert f"already works on {machine.folder}/var/lib/crossdock" in second.stderr
    assert not (machine.folder / "etc" / "crossdock" / "data").exists()
    assert machine.crossdock("check").returncode == 0


@pytest.mark.usefixtures("service")
def test_the_nightly_line_backs_up_the_data_of_the_service(machine: Machine) -> None:
    line = next(body for info, body in blocks(PAGE) if info == "text cron").strip()
    command = line.split(None, 6)[6].replace(r"\%", "%")  # five fields say when, one who; cron takes \% for %
    for _ in range(2):
        assert machine.sh(machine.here(command)).returncode in (0, 1)
    (kept,) = (machine.folder / "var" / "lib" / "crossdock").glob("night-*.db")
    assert machine.crossdock("db", "restore", str(kept), "--yes").returncode == 1  # the hub runs
    assert kept.stat().st_mode & 0o077 == 0


def test_the_container_sees_no_secret_and_the_repository_keeps_none() -> None:
    assert "deploy/hub" in (ROOT / ".dockerignore").read_text("utf-8").split()
    assert "/deploy/hub/" in (ROOT / ".gitignore").read_text("utf-8").split()
    container = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    (user,) = re.findall(r"--uid (\d+)", container)
    assert f"chown -R {user} deploy/hub/secrets" in PAGE.read_text("utf-8")
