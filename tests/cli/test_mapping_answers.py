"""What a person does with a file that `mapping new` drew up: answer its questions, check it, try it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.cli.main import main

Crossdock = Callable[..., Result]
STOCK = """Artikel;Bestand;ME;Stand
N-77;15;Stk;20.11.2026 06:00
N-80;3;Kart;20.11.2026 06:00
"""
ANSWERS = [
    {"po": "PO-1", "ackAt": "2026-11-20T06:00:00+01:00", "items": [{"pos": 1, "article": "A", "state": "later"}]}
]


@pytest.fixture
def crossdock(tmp_path: Path) -> Crossdock:
    assert CliRunner().invoke(main, ["init", str(tmp_path)]).exit_code == 0
    (tmp_path / "bestand.csv").write_text(STOCK, "utf-8")
    (tmp_path / "answers.json").write_text(json.dumps(ANSWERS), "utf-8")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["-c", str(tmp_path / "crossdock.toml"), *arguments], env={"COLUMNS": "160"})

    return run


def put_right(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_questions_are_listed_with_their_lines(crossdock: Crossdock, tmp_path: Path) -> None:
    result = crossdock("mapping", "new", "nord", "--from", str(tmp_path / "bestand.csv"))
    lines = (tmp_path / "mappings" / "nord.toml").read_text("utf-8").splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if text.startswith("Kart = 1")]
    assert f"\n{line}  " in result.output
    assert "how many pieces does it hold" in result.output


def test_an_answer_that_changes_what_comes_out_is_accepted_into_the_test(crossdock: Crossdock, tmp_path: Path) -> None:
    crossdock("mapping", "new", "nord", "--from", str(tmp_path / "bestand.csv"), "--timezone", "Europe/Berlin")
    path = tmp_path / "mappings" / "nord.toml"
    put_right(path, "Kart = 1  # ? how many pieces does it hold", "Kart = 24  # they say so")
    result = crossdock("mapping", "check", "nord")
    assert result.exit_code == 1
    assert "quantity is 72, expected 3" in result.output
    assert "crossdock mapping check nord --accept" in result.output
    assert crossdock("mapping", "check", "nord", "--accept").exit_code == 0
    text = path.read_text("utf-8")
    assert "quantity = 72" in text
    assert "Kart = 24  # they say so" in text
    assert crossdock("mapping", "check", "nord").exit_code == 0


def test_a_test_with_brackets_in_what_is_given_is_renewed_whole(crossdock: Crossdock, tmp_path: Path) -> None:
    crossdock("mapping", "new", "nord", "--from", str(tmp_path / "answers.json"), "--document", "acknowledgement")
    path = tmp_path / "mappings" / "nord.toml"
    put_right(path, 'later = "backordered"', 'later = "rejected"')
    put_right(path, "[[documents.acknowledgement.tests]]", "# mine\n[[documents.acknowledgement.tests]]")
    assert crossdock("mapping", "check", "nord").exit_code == 1
    assert crossdock("mapping", "check", "nord", "--accept").exit_code == 0
    assert path.read_text("utf-8").count("\n# mine\n[[documents.acknowledgement.tests]]") == 1


def test_only_drawn_up_tests_are_accepted_anew(crossdock: Crossdock, tmp_path: Path) -> None:
    crossdock("mapping", "new", "nord", "--from", str(tmp_path / "bestand.csv"))
    path = tmp_path / "mappings" / "nord.toml"
    put_right(path, '"the first rows of the sample"', '"what I want of it"')
    put_right(path, "Kart = 1 ", "Kart = 24 ")
    before = path.read_text("utf-8")
    assert crossdock("mapping", "check", "nord", "--accept").exit_code == 1
    assert path.read_text("utf-8") == before


def test_a_time_zone_that_is_put_right_breaks_no_test(crossdock: Crossdock, tmp_path: Path) -> None:
    crossdock("mapping", "new", "nord", "--from", str(tmp_path / "bestand.csv"))
    path = tmp_path / "mappings" / "nord.toml"
    put_right(path, 'timezone = "UTC"', 'timezone = "Europe/Berlin"')
    assert crossdock("mapping", "check", "nord").exit_code == 0


def test_a_file_is_tried_as_the_document_whose_files_its_name_fits(crossdock: Crossdock, tmp_path: Path) -> None:
    sample = str(tmp_path / "bestand.csv")
    crossdock("mapping", "new", "nord", "--from", sample)
    assert "2 good; 0 would be parked" in crossdock("mapping", "try", "nord", sample).output
    result = crossdock("mapping", "try", "nord", sample, "--document", "stok")
    assert result.exit_code == 2
    assert "did you mean 'stock'?" in result.output
