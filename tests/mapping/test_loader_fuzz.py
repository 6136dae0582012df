"""However a mapping file is mangled, it loads or its problems are told; nothing else ever comes out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hub.mapping.house import house_folder
from hub.mapping.problem import MappingErrors, Problem
from tests.mapping.lab import Lab

TEMPLATES = sorted((house_folder() / "templates").glob("*.toml"))
PIECES = [
    "=",
    '"',
    "[",
    "]",
    "{",
    "}",
    "\n",
    "5",
    "true",
    "-1",
    "1e999",
    "nan",
    "[]",
    "{}",
    "''",
    "[x]\n",
    "from",
    "é",
    "\x00",
]


def mangled(text: str, dice: random.Random) -> str:
    """Return the text with a few pieces cut, doubled or put in."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(text))
        length = dice.choice([0, 1, 3, 10, 60])
        text = text[:at] + dice.choice([*PIECES, "", text[at : at + length] * 2]) + text[at + length :]
    return text


def values_swapped(text: str, dice: random.Random) -> str:
    """Return the text with the values of a few keys replaced: valid TOML that says something wrong."""
    lines = text.splitlines()
    for _ in range(dice.randint(1, 5)):
        number = dice.randrange(len(lines))
        key, sign, _ = lines[number].partition("=")
        if sign and '"""' not in lines[number]:
            lines[number] = (
                f"{key}= {dice.choice(['5', '-0.5', 'nan', 'true', '[]', '{}', '[1]', '1979-05-27', quoted(dice)])}"
            )
    return "\n".join(lines)


def quoted(dice: random.Random) -> str:
    return "'" + dice.choice(["", " ", "x", "in", "out", "line", "number", "#0", "{", "secret:x", "%", "\\"]) + "'"


@pytest.mark.parametrize("seed", range(8))
def test_a_mangled_file_loads_or_tells_its_problems(house_lab: Lab, seed: int) -> None:
    dice = random.Random(seed)
    told = 0
    for path in TEMPLATES:
        whole = path.read_text("utf-8").replace("[partner]\n", '[partner]\ncode = "acme"\n', 1)
        for change in (mangled, values_swapped) * 12:
            told += _told(house_lab, house_lab.write(change(whole, dice)))
    assert told > 20


def _told(lab: Lab, path: Path) -> int:
    problems: tuple[Problem, ...] = ()
    try:
        lab.open(path).run_tests()
    except MappingErrors as error:
        problems = error.problems or (Problem("", 0, 0, "no problem was told"),)
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in problems)
    return min(1, len(problems))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_more_mangled_files_load_or_tell_their_problems(house_lab: Lab, seed: int) -> None:
    dice = random.Random(seed)
    for path in TEMPLATES:
        whole = path.read_text("utf-8").replace("[partner]\n", '[partner]\ncode = "acme"\n', 1)
        for change in (mangled, values_swapped) * 25:
            _told(house_lab, house_lab.write(change(whole, dice)))
