"""`crossdock edi show` and `crossdock edi ack`, and how the hub mounts the commands that connectors bring."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from connectors.edi.commands import edi
from hub.cli.main import COMMANDS_GROUP, LazyGroup, main

TEXT = """ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*0*T*>~
GS*PO*US*THEM*20260115*1200*70*X*004010~
ST*850*0001~
BEG*00*SA*4711**20269999~
PO1*1*2*EA*9.5**UP*012345678905~
CTT*1~
SE*5*0001~
GE*1*70~
IEA*1*000000007~
"""


def run(file: Path, text: str, *arguments: str) -> Result:
    file.write_text(text, "utf-8")
    return CliRunner().invoke(edi, [arguments[0], str(file), *arguments[1:]])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "in.edi"


def test_show_prints_the_tree_with_its_faults(file: Path) -> None:
    result = run(file, TEXT, "show")
    assert result.exit_code == 0
    assert "03 purchase order number: 4711" in result.output
    assert "!!          BEG05 (segment 2) '20269999'" in result.output
    assert "BEG 01=00" in run(file, TEXT, "show", "--brief").output


def test_show_as_json_has_every_fault_with_its_place(file: Path) -> None:
    (told,) = json.loads(run(file, TEXT, "show", "--json").stdout)
    (one,) = told["groups"][0]["sets"]
    assert (one["set"], one["status"]) == ("850 0001", "R")
    assert one["faults"][0] | {"words": ""} == {
        "fault": "bad_date", "severity": "error", "place": "BEG05 (segment 2)",
        "offset": TEXT.index("BEG"), "value": "20269999", "words": "",
    }  # fmt: skip


def test_a_file_that_is_none_says_so(file: Path) -> None:
    shown = run(file, "a,b\n", "show")
    assert "no readable ISA" in shown.output
    assert shown.exit_code == 1
    assert run(file, "a,b\n", "show", "--json").exit_code == 1
    assert run(file, "a,b\n", "ack").exit_code == 3


def test_ack_prints_the_997_or_999_that_the_file_deserves(file: Path) -> None:
    result = run(file, TEXT, "ack")
    assert result.exit_code == 0
    assert "AK9*R*1*1*0~" in result.stdout
    assert result.stdout.splitlines()[0].startswith("ISA*00*          *00*          *01*THEM           *ZZ*US")
    assert "IK5*R*5~" in run(file, TEXT, "ack", "--form", "999").stdout
    (text,) = json.loads(run(file, TEXT, "ack", "--json").stdout)["acknowledgements"]
    assert "AK4*5*373*8*20269999~" in text


def test_an_acknowledgement_deserves_none(file: Path) -> None:
    answer = run(file, TEXT, "ack").stdout
    assert run(file, answer, "ack").exit_code == 3


def test_the_hub_mounts_what_an_installed_connector_brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "their_connector-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: their-connector\nVersion: 1.0\n", "utf-8")
    points = f"[{COMMANDS_GROUP}]\ntheirs = their_commands:theirs\norder = their_commands:theirs\n"
    (folder / "entry_points.txt").write_text(points, "utf-8")
    source = (
        "import click\n@click.command()\ndef theirs():\n    '''Say hello from elsewhere.'''\n    click.echo('hello')\n"
    )
    (tmp_path / "their_commands.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert CliRunner().invoke(main, ["theirs"]).output == "hello\n"
    assert "Say hello from elsewhere." in CliRunner().invoke(main, ["--help"]).output
    assert isinstance(main, LazyGroup)
    order = main.get_command(click.Context(main), "order")
    assert isinstance(order, click.Group)  # the hub's own name stays the hub's
