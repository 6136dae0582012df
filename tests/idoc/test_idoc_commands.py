"""`crossdock idoc show` and `crossdock idoc learn`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors.sap.commands import idoc
from tests.idoc.idoc_kit import ORDER, control, data, flat
from tests.idoc.test_idoc_learn import EXPORT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.idoc"


def run(file: Path, text: str, *arguments: str, encoding: str = "utf-8") -> Result:
    file.write_text(text, encoding)
    return CliRunner().invoke(idoc, [arguments[0], str(file), *arguments[1:]])


def test_show_prints_the_tree_with_its_faults(file: Path) -> None:
    result = run(file, flat().replace("01220260115", "01220269999"), "show")
    assert result.exit_code == 0
    assert "    MENGE quantity: 2.000" in result.output
    assert "!!    E1EDK03.DATUM (segment 2, line 3, byte 1655) '20269999': the date is not valid" in result.output
    assert "  E1EDS01 (E2EDS01) SUMID=002 SUMME=131.38" in run(file, flat(), "show", "--brief").output


def test_show_as_json_has_fields_and_faults(file: Path) -> None:
    (told,) = json.loads(run(file, flat().replace("01220260115", "01220269999"), "show", "--json").stdout)
    assert (told["number"], told["message_type"], len(told["segments"])) == ("0000000000000007", "ORDERS", len(ORDER))
    (fault,) = told["faults"]
    assert (fault["fault"], fault["name"], fault["field"], fault["offset"]) == ("bad_date", "E1EDK03", "DATUM", 1655)


def test_what_is_no_idoc_fails(file: Path) -> None:
    assert run(file, "a,b\n", "show", "--json").exit_code == 1
    result = run(file, "a,b\n", "show")
    assert result.exit_code == 1
    assert "the file holds no IDoc: it is text that begins with 'a,b'" in result.output


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "it is empty"),
        (b" \r\n ", "nothing but blanks"),
        (b"ISA*00*          *00*", "an X12 interchange"),
        (b"UNA:+.? 'UNB+UNOC:3", "an EDIFACT interchange"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x1f\x8b\x08\x00", "packed with gzip"),
        (b"PK\x03\x04zzz", "a ZIP archive or an Excel workbook"),
        (b'{"a": 1}', "JSON"),
        (b"<!DOCTYPE html>\n<html><body/></html>", "a web page"),
        (b'<?xml version="1.0"?><a:Order xmlns:a="urn:a"/>', "XML whose root is Order"),
        ("\ufeffsku;qty\n".encode("utf-16-le"), "text that begins with 'sku;qty'"),
        (b"BEGIN_RECORD_SECTION\n", "crossdock idoc learn"),
        (b"EDI_DS40  400", "status records"),
        (b"\x01\x02\x03", "no text"),
    ],
)
def test_a_file_without_an_idoc_fails_and_is_told_for_what_it_is(file: Path, content: bytes, what: str) -> None:
    file.write_bytes(content)
    result = CliRunner().invoke(idoc, ["show", str(file)])
    assert result.exit_code == 1
    assert "the file holds no IDoc" in result.output
    assert what in result.output
    assert "\x00" not in result.output


def test_an_idoc_from_before_4_0_is_refused_and_fails(file: Path) -> None:
    result = run(file, "EDI_DC  0100000000000000001\nE1EDK01", "show")
    assert (result.exit_code, "EDI_DC" in result.output) == (1, True)


def test_a_code_page_may_be_named_by_saps_number(file: Path) -> None:
    text = "\n".join([control(), *data([("E2EDKA1003", 0, 2, f"WE {'':34}Bäcker")])])
    assert "NAME1 name: Bäcker" in run(file, text, "show", "--encoding", "1100", encoding="latin-1").output
    result = run(file, text, "show", "--encoding", "4711")
    assert result.exit_code == 2
    assert "no code page '4711'" in result.output


def test_what_was_learned_names_the_partners_own_fields(file: Path, tmp_path: Path) -> None:
    words = tmp_path / "acme.toml"
    result = run(tmp_path / "we60.txt", EXPORT, "learn", "--out", str(words))
    assert result.output.endswith("ZORDERS5 with 3 segments\n")
    rows = [("E2EDP01011", 0, 2, "000010"), ("/NS/Z1GIFT000", 1, 3, "X20260224")]
    shown = run(file, "\n".join([control(), *data(rows)]), "show", "--dictionary", str(words)).output
    assert 'WHEN The when of "it": 20260224' in shown


def test_learn_prints_and_refuses(file: Path, tmp_path: Path) -> None:
    assert "[segments._-NS_-Z1GIFT]" in run(file, EXPORT, "learn").output
    result = run(file, "hello", "learn")
    assert result.exit_code == 1
    assert "describes no segments" in result.output
    words = tmp_path / "broken.toml"
    words.write_text("[segments", "utf-8")
    result = run(file, flat(), "show", "--dictionary", str(words))
    assert result.exit_code == 1
    assert "no TOML" in result.output
