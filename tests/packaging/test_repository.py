"""What the repository promises about itself: pinned dependencies, no foreign addresses, files that fit in the head."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Files may be longer than this only with a reason that stands here.
LONGEST_FILE = 460
LONGEST_FUNCTION = 60
#: No file of ours needs more bytes; what is larger was left behind by somebody's experiment.
LARGEST_FILE = 1_000_000


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_no_large_file_was_left_behind() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > LARGEST_FILE] == []


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_dependency_is_pinned_by_hash_and_names_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
    pins = re.findall(r"^[a-z0-9][^\s]*==", text, re.MULTILINE)
    assert len(pins) > 30
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text


def test_the_locks_hold_every_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = (ROOT / "requirements" / "runtime.lock").read_text("utf-8")
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=\[ ]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE | re.IGNORECASE), name


def test_no_file_names_a_place_of_a_machine() -> None:
    for path in tracked("*.py", "*.toml", "*.md", "Makefile", ".ci/*"):
        text = path.read_text("utf-8")
        assert not re.search(r"(?<![\w.])/(?:root|work|home/\w+)/", text), path


def test_files_and_functions_fit_in_the_head() -> None:
    long = []
    for path in tracked(
        "hub/*.py", "connectors/*.py", "sandbox/*.py", ":!hub/store/migrations"
    ):  # a migration is a list
        text = path.read_text("utf-8")
        if len(text.splitlines()) > LONGEST_FILE:
            long.append(f"{path.relative_to(ROOT)}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.name}: {lines} lines")
    assert not long, "\n".join(long)
