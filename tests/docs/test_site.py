"""The site is built without a warning, and its reference pages are what the program says now."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import reference
from hub.config import Config

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.timeout(300)
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", tmp_path / "trees"]
    done = subprocess.run([*command, DOCS, tmp_path / "site"], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    built = {str(path.relative_to(tmp_path / "site").with_suffix("")) for path in (tmp_path / "site").rglob("*.html")}
    assert {str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md")} <= built


@pytest.mark.parametrize("name", reference.pages())
def test_a_reference_page_is_current(name: str) -> None:
    assert (DOCS / "reference" / name).read_text("utf-8") == reference.pages()[name], "run `make docs`"


def test_the_page_of_settings_names_every_section() -> None:
    text = reference.pages()["settings.md"]
    assert [name for name in Config.model_fields if name != "folder" and f"## [{name}]" not in text] == []


def test_the_page_of_commands_says_what_each_is_for_and_what_each_option_means() -> None:
    text = reference.pages()["commands.md"]
    for part in text.split("\n## ")[1:]:
        title, words = part.split("\n")[:2]
        assert words.endswith((".", ":")) or len(words) > 20, title
    assert [
        line
        for line in text.splitlines()
        if line.endswith("|  |") and line.startswith("| `--") and "one of" not in line
    ] == []


@pytest.mark.parametrize("page", sorted((DOCS / "why").glob("*.md")), ids=lambda page: page.stem)
def test_a_page_on_a_decision_says_choice_cost_and_when_to_look_again(page: Path) -> None:
    text = page.read_text("utf-8").lower()
    assert "cost" in text, page.name
    assert re.search(r"\*\*revisit|when to look at this again", text), page.name
