"""The demo's two processes, the sandbox and the hub, as anyone would run them: by the command line and over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests

_STARTING = 120.0


class ProcessFailed(Exception):
    """A process of the demo ended or did not answer; the text says which and shows the end of its log."""


class Process:
    """One child process that writes its log beside its data and is stopped with SIGTERM."""

    def __init__(
        self, name: str, arguments: Sequence[str], log: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as stream:
            # Its own session: Ctrl-C reaches the demo alone, which then stops its children in the right order.
            self._child = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                [sys.executable, *arguments], stdout=stream, stderr=stream, start_new_session=True, env=environ
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._child.pid

    def check(self) -> None:
        """Raise ProcessFailed when it has ended."""
        if (code := self._child.poll()) is not None:
            raise ProcessFailed(f"the {self.name} ended with exit code {code}:\n{self._tail()}")

    def stop(self, seconds: float = 40.0) -> int:
        """Ask it to end, wait, and return its exit code; it is killed when it does not end in time."""
        if self._child.poll() is None:
            self._child.terminate()
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._child.poll() is not None

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself and return its exit code."""
        return self._child.wait(seconds)

    def kill(self) -> None:
        """Kill -9."""
        self._child.kill()
        self._child.wait()

    def _tail(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-15:])
        return ""


class SandboxProcess(Process):
    """The simulated partners."""

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        super().__init__("sandbox", ["-m", "sandbox", "--folder", str(folder), *options], folder / "sandbox.log")
        self._ready_file = folder / "sandbox.json"
        self.facts: Mapping[str, Any] = {}

    def wait_until_ready(self) -> None:
        """Wait for the file that says where everything listens."""
        until = time.monotonic() + _STARTING
        while not self._ready_file.exists():
            self.check()
            if time.monotonic() > until:
                raise ProcessFailed(f"the sandbox was not ready within {_STARTING:.0f} s:\n{self._tail()}")
            time.sleep(0.05)
        self.facts = json.loads(self._ready_file.read_text("utf-8"))

    def get(self, path: str) -> dict[str, Any]:
        """Ask the control interface."""
        return _json(f"{self.facts['control_url']}{path}")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell the control interface something."""
        reply = requests.post(f"{self.facts['control_url']}{path}", json=body, timeout=60)
        reply.raise_for_status()
        return dict(reply.json())


class HubProcess(Process):
    """The daemon."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._address = folder / "data" / "daemon.address"
        arguments = ["-m", "hub.cli", "-c", str(folder / "crossdock.toml"), "run"]
        super().__init__("hub", arguments, folder / "hub.log", environ)
        self.url = ""

    def wait_until_ready(self) -> None:
        """Wait until the daemon has written down where it listens and says that it is ready."""
        until = time.monotonic() + _STARTING
        while True:
            self.check()
            with suppress(OSError, requests.RequestException):
                self.url = self._address.read_text("utf-8").strip()
                said = requests.get(f"{self.url}/ready", timeout=5).json()
                if said["ready"] and said["process"] == self.pid:  # not an address that a dead one left behind
                    return
            if time.monotonic() > until:
                raise ProcessFailed(f"the hub was not ready within {_STARTING:.0f} s:\n{self._tail()}")
            time.sleep(0.05)

    def summary(self) -> dict[str, Any]:
        """Return the counts of the daemon."""
        return _json(f"{self.url}/api/summary")


def crossdock(folder: Path, *arguments: str, codes: Sequence[int] = (0, 3)) -> Any:  # noqa: ANN401 - what it prints
    """Run a crossdock command on the demo's configuration and return the JSON that it prints.

    Raises ProcessFailed for an exit code that is not among `codes`.
    """
    command = [sys.executable, "-m", "hub.cli", "-c", str(folder / "crossdock.toml"), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)  # noqa: S603 - our own
    if done.returncode not in codes:
        raise ProcessFailed(f"crossdock {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def _json(url: str) -> dict[str, Any]:
    reply = requests.get(url, timeout=60)
    reply.raise_for_status()
    return dict(reply.json())
