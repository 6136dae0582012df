"""A person with only the docs: bare machine, daemon, broken mapping, alert, mend, rerun, upgrade, restore.

The page docs/from-a-bare-machine.md is followed word for word. Its commands are those of an installed copy: first of
the previous version, from `upgrade` on of this one.
"""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from shutil import which

import pytest

from tests.docs.test_docs import ELSEWHERE, Reader, blocks

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]


def git(*arguments: str) -> bytes:
    """What git says; nothing where this is no checkout or it does not know."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else b""


def previous(folder: Path) -> tuple[str, Path]:
    """The name of the version before this one and its source; this one where no history is known (a shallow copy).

    That is the newest tag (v1.2.3) before this commit. A copy without tags takes the last commit with the schema before
    this one, so that there is data to bring up to date all the same.
    """
    name = git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^").decode().strip()
    if not name:
        newest = git("log", "-1", "--format=%h", "--diff-filter=A", "--", "hub/store/migrations/versions")
        name = f"{newest.decode().strip()}^"
    tree = git("archive", "--format=tar", name)
    if not tree:
        return "", ROOT
    with tarfile.open(fileobj=io.BytesIO(tree)) as packed:
        packed.extractall(folder, filter="data")
    return name, folder


def migrations(source: Path) -> list[str]:
    """The numbers of the schema's steps in a version's source, first to last."""
    return sorted(path.name[1:5] for path in (source / "hub" / "store" / "migrations" / "versions").glob("r*.py"))


def schema(hub: Path) -> str:
    """The schema of a stopped hub's database."""
    with closing(sqlite3.connect(hub / "data" / "crossdock.db")) as database:
        (number,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(number)


class Machine:
    """A bare machine: one folder of programs, into which a version is installed without its dependencies.

    Those are the locked ones that this test runs with; tests/packaging/test_wheel.py installs them from nothing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)

    def install(self, source: Path) -> None:
        """Build and install what stands in a folder, and let `crossdock` be that."""
        target = self._folder / f"site{len(list(self._folder.glob('site*')))}"
        options = ("-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", target)
        command = [sys.executable, "-m", "pip", "install", *options, source]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=bare())
        assert done.returncode == 0, done.stderr
        program = self.bin / "crossdock"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{target}" exec "{sys.executable}" -m hub.cli "$@"\n', "utf-8")
        program.chmod(0o755)


def bare() -> dict[str, str]:
    """The environment without what belongs to this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE", "COV_"))}


@pytest.mark.skipif(which("curl") is None, reason="the page asks the simulated shop for orders with curl")
def test_from_a_bare_machine_to_last_nights_backup(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "opt")
    name, source = previous(tmp_path / "previous")
    print(f"from {name or 'this version'} to this one")
    reader = Reader(tmp_path, str(machine.bin))
    done = []
    try:
        for info, body in blocks(ELSEWHERE):
            done.append(info)
            if info == "sh install":
                machine.install(source)
            elif info == "sh upgrade":
                assert schema(tmp_path / "hub") == migrations(source)[-1]
                machine.install(ROOT)
            else:
                reader.follow(info, body)
    finally:
        reader.leave()
    assert schema(tmp_path / "hub") == migrations(ROOT)[-1]
    assert {"sh install", "sh upgrade", "text leave"} <= set(done)
    told = (tmp_path / "hub" / "alerts.txt").read_text("utf-8").splitlines()
    (at,) = [place for place, line in enumerate(told) if line.startswith("acme01: acme01 stock")]  # once, for all rows
    assert told[at + 1].startswith("  do: ")
    assert sum(line.startswith("over: acme01: acme01 stock") for line in told) == 1
    assert list((tmp_path / "hub").glob("night-*.db"))
