"""Every command and code block of the documents is run, in the order in which a reader meets them."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "connectors").rglob("*.md")])
#: Run by a test of its own, since it needs two versions: tests/journeys/test_bare_machine.py.
ELSEWHERE = ROOT / "docs" / "from-a-bare-machine.md"
#: Commands with nothing to do exit 3; that is no failure of a document.
FINE = (0, 3)
#: Seconds that a reader waits for anything.
PATIENCE = 180


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    for info, body in re.findall(r"^ *```(\S[^\n]*)\n(.*?)^ *```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield info, textwrap.dedent(body)


class Reader:
    """Somebody who does what a page says, word for word, in a folder of its own."""

    def __init__(self, folder: Path, path: str = str(Path(sys.executable).parent)) -> None:
        self._folder = folder
        self._seen = ""
        self._windows: list[subprocess.Popen[bytes]] = []
        self._opened = 0
        self._ports: dict[str, str] = {}
        self._environ = {
            **os.environ,
            "PATH": f"{path}:{os.environ['PATH']}",
            "CROSSDOCK__WEB__PORT": "0",
            "PYTHONUNBUFFERED": "1",
        }

    def follow(self, info: str, body: str) -> None:
        """Do what one block says.

        `console` runs each line that begins with `$`; with `fails` the last one is to fail, with `until=WORD` they are
        repeated until WORD is read. `window` leaves a command running, in a window of its own; `leave` closes the one
        that was opened last. `file=` writes a file, and `edit=` puts lines in place of those with the same key.
        """
        body = self._with_free_ports(body)
        language, *words = info.split()
        said = dict(word.partition("=")[::2] for word in words)
        if "file" in said:
            self._write(said["file"], body)
        elif "edit" in said:
            self._edit(self._folder / said["edit"], body)
        elif "leave" in said:
            _close(self._windows.pop())
        elif language == "console" and "window" in said:
            self._open(commands(body)[0], said["until"])
        elif language == "console":
            self._run_all(commands(body), said)
        elif language == "toml":
            tomllib.loads(body)

    def _with_free_ports(self, text: str) -> str:
        """Put a free port in place of each that the page chose: two readers on one machine would meet there."""
        for port in re.findall(r"--[a-z]+-port (\d+)", text):
            self._ports.setdefault(port, str(free_port()))
        for port, free in self._ports.items():
            text = text.replace(port, free)
        return text

    def leave(self) -> None:
        """Close every window, as Ctrl-C does."""
        for window in reversed(self._windows):
            _close(window)

    def _write(self, name: str, body: str) -> None:
        (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not (self._folder / "crossdock.toml").exists():
            self._run("crossdock init .")
        (self._folder / name).write_text(body, "utf-8")

    def _edit(self, path: Path, body: str) -> None:
        fingerprint = re.search(r"SHA256:[A-Za-z0-9+/]{43}", self._seen)
        lines = path.read_text("utf-8").splitlines()
        for line in body.splitlines():
            key = line.partition("=")[0].strip()
            if line.startswith("["):
                assert any(each.startswith(line) for each in lines), f"{path.name} has no {line}"
                continue
            places = [place for place, each in enumerate(lines) if re.match(rf"(# )?{re.escape(key)} *=", each)]
            assert len(places) == 1, f"{path.name} has {len(places)} lines with {key}"
            lines[places[0]] = line.replace("SHA256:...", fingerprint[0] if fingerprint else "")
        path.write_text("\n".join(lines) + "\n", "utf-8")

    def _open(self, command: str, until: str) -> None:
        self._opened += 1
        log = self._folder / f"window{self._opened}.log"
        with log.open("wb") as out:
            window = subprocess.Popen(
                shlex.split(command), cwd=self._folder, env=self._environ, stdout=out, stderr=subprocess.STDOUT
            )
        self._windows.append(window)
        end = time.monotonic() + PATIENCE
        while until not in log.read_text("utf-8"):
            assert window.poll() is None, f"{command}\n{log.read_text('utf-8')}"
            assert time.monotonic() < end, f"{command} never said {until}\n{log.read_text('utf-8')}"
            time.sleep(0.2)

    def _run_all(self, lines: list[str], said: dict[str, str]) -> None:
        if "until" not in said:
            self._run_each(lines, fails="fails" in said)
            return
        end = time.monotonic() + PATIENCE
        while not self._says(lines, said["until"]):
            assert time.monotonic() < end, f"{lines} never said {said['until']}\n{self._seen}"
            time.sleep(0.5)

    def _says(self, lines: list[str], word: str) -> bool:
        """Whether the lines run well by now, and say the word."""
        try:
            self._run_each(lines)
        except AssertionError:
            return False
        return word in self._seen

    def _run_each(self, lines: list[str], *, fails: bool = False) -> None:
        for place, command in enumerate(lines):
            if command.startswith("cd "):
                self._folder = self._folder / shlex.split(command)[1]
            else:
                self._run(command, fails=fails and place == len(lines) - 1)

    def _run(self, command: str, *, fails: bool = False) -> None:
        done = subprocess.run(
            ["/bin/sh", "-ec", command],
            cwd=self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self._seen = done.stdout + done.stderr
        assert (done.returncode not in FINE) is fails, f"{command}\n{self._seen}"


def _close(window: subprocess.Popen[bytes]) -> None:
    window.send_signal(signal.SIGINT)
    try:
        window.wait(30)
    except subprocess.TimeoutExpired:
        window.kill()
        window.wait()


def commands(body: str) -> list[str]:
    return [line.removeprefix("$ ") for line in body.splitlines() if line.startswith("$ ")]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "page", [page for page in PAGES if page != ELSEWHERE], ids=lambda page: str(page.relative_to(ROOT))
)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        for info, body in blocks(page):
            reader.follow(info, body)
    finally:
        reader.leave()


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"


def test_no_page_names_a_place_that_is_not_the_readers() -> None:
    for page in PAGES:
        assert not re.search(r"/(?:root|work|home)/", page.read_text("utf-8")), page
