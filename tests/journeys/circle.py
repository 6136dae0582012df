"""The daemon and the sandbox as processes, driven as anyone would: files, HTTP and the command line."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from hub.cli.demo import is_quiet, open_for_business, prepare
from hub.cli.processes import HubProcess, SandboxProcess, crossdock
from hub.killpoint import VARIABLE
from sandbox.auditor import AuditReport, audit_from_json


class Circle:
    """A sandbox that lives through the test, and a hub that may die and be started again."""

    def __init__(self, folder: Path, orders: int, seed: int, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.sandbox = SandboxProcess(folder, ["--orders", str(orders), "--seed", str(seed), *options])
        self.hub: HubProcess | None = None

    def start_sandbox(self) -> None:
        self.sandbox.wait_until_ready()
        prepare(self.folder)

    def configure(self, before: str, after: str) -> None:
        """Say something else in the configuration file."""
        file = self.folder / "crossdock.toml"
        text = file.read_text("utf-8")
        assert before in text
        file.write_text(text.replace(before, after), "utf-8")

    def start_hub(self, kill_at: str = "") -> HubProcess:
        environ = {**os.environ, VARIABLE: kill_at} if kill_at else dict(os.environ)
        self.hub = HubProcess(self.folder, environ)
        return self.hub

    def open_for_business(self) -> None:
        """Start the hub, read stock and prices, then let the shop in and go live."""
        open_for_business(self.folder, self.start_hub())

    def go_live(self) -> None:
        self.command("connection", "live", "--all", "--from", "2000-01-01T00:00:00Z")

    def second_hub(self) -> HubProcess:
        """Try to start another hub on the same folder."""
        return HubProcess(self.folder)

    def command(self, *arguments: str, codes: Sequence[int] = (0, 3)) -> Any:
        return crossdock(self.folder, *arguments, codes=codes)

    def wait(self, holds: Callable[[Mapping[str, Any], Mapping[str, Any]], bool], seconds: float = 90.0) -> None:
        """Wait until it holds for (sandbox state, hub summary); fails with both when it never does."""
        until = time.monotonic() + seconds
        while True:
            assert self.hub is not None
            self.hub.check()
            state, summary = self.sandbox.get("/state"), self.hub.summary()
            if holds(state, summary):
                return
            assert time.monotonic() < until, f"never came true within {seconds} s: {state} {summary}"
            time.sleep(0.2)

    def wait_until_quiet(self, seconds: float = 120.0) -> None:
        quiet = 0
        until = time.monotonic() + seconds
        while quiet < 5:
            assert self.hub is not None
            self.hub.check()
            state, summary = self.sandbox.get("/state"), self.hub.summary()
            quiet = quiet + 1 if is_quiet(state, summary) else 0
            assert time.monotonic() < until, f"not quiet within {seconds} s: {state} {summary}"
            time.sleep(0.3)

    def audit(self) -> AuditReport:
        # The failures first: a line that waits for stock may leave their list, and go to a partner, at any moment.
        failed = self.command("failed", "list")
        return audit_from_json(self.sandbox.get("/audit"), failed)

    def last_audit(self, seconds: float = 120.0) -> AuditReport:
        """Audit a hub that goes on: stock that has just come in sets waiting lines going, and a loss stays a loss."""
        until = time.monotonic() + seconds
        while True:
            self.wait_until_quiet(seconds)
            report = self.audit()
            if not report.findings or time.monotonic() > until:
                return report
            print(f"under way, or wrong: {report.as_text()}", flush=True)
            time.sleep(5)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the database of a hub that is not running: for a test's own eyes only."""
        with closing(sqlite3.connect(self.folder / "data" / "crossdock.db")) as database:
            return database.execute(query).fetchall()

    def close(self) -> None:
        if self.hub is not None:
            self.hub.stop()
        self.sandbox.stop()
