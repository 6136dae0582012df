"""Every command and code block of the documents is run, in the order in which a reader meets them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "connectors").rglob("*.md")])
#: Commands with nothing to do exit 3; that is no failure of a document.
FINE = (0, 3)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    for info, body in re.findall(r"^ *```(\S[^\n]*)\n(.*?)^ *```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        yield info, textwrap.dedent(body)


def run(command: str, folder: Path) -> None:
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-ec", command], cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in FINE, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    folder = tmp_path
    for info, body in blocks(page):
        language, _, target = info.partition(" file=")
        if target:
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / "crossdock.toml").exists():
                run("crossdock init .", folder)
            (folder / target).write_text(body, "utf-8")
        elif language == "console":
            for line in body.splitlines():
                if not line.startswith("$ "):
                    continue
                command = line.removeprefix("$ ")
                if command.startswith("cd "):
                    folder = folder / shlex.split(command)[1]
                else:
                    run(command, folder)
        elif language == "toml":
            tomllib.loads(body)


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"


def test_no_page_names_a_place_that_is_not_the_readers() -> None:
    for page in PAGES:
        assert not re.search(r"/(?:root|work|home)/", page.read_text("utf-8")), page
