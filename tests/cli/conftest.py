"""A hub in a folder, with a CSV supplier whose files lie in another one, and the command line that works there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli.main import main

FEED = "Item,Qty Avail,UOM,Status,Updated\n"


@dataclass(frozen=True)
class Desktop:
    """One folder with a hub in it, and somebody at the keyboard."""

    folder: Path

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["-c", str(self.folder / "crossdock.toml"), *arguments], input=typed)

    def said(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def map(self, more: str = "", code: str = "acme") -> None:
        """Write a supplier's mapping file; `more` is put behind it."""
        text = (
            f'version = 1\nextends = "csv_supplier"\n[partner]\ncode = "{code}"\nrole = "supplier"\n'
            f'[connection]\nurl = "{(self.folder / "theirs").as_uri()}"\nready = "rename"\n{more}'
        )
        (self.folder / "mappings" / f"{code}.toml").write_text(text, "utf-8")

    def feed(self, *rows: str) -> None:
        """Let the supplier write its stock file, and read it."""
        (self.folder / "theirs" / "out" / "inventory.csv").write_text(FEED + "".join(f"{row}\n" for row in rows))
        self.said("stock", "sync", "acme")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take away what a command has set up, in this process, for its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    (tmp_path / "theirs" / "out").mkdir(parents=True)
    (tmp_path / "theirs" / "in").mkdir()
    made = Desktop(tmp_path)
    made.map()
    return made
