"""What is wrong with values, each with its segment, field, line and byte; and how people see it."""

from __future__ import annotations

import pytest

from hub.codec.idoc.check import check
from hub.codec.idoc.fault import Fault, FaultCode, Severity
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.show import show
from hub.codec.idoc.writer import as_xml, write
from tests.idoc.idoc_kit import ORDER, Row, control, data, flat


def faults(rows: list[Row], kind: str = "ORDERS05") -> list[Fault]:
    (idoc,) = idocs(["\n".join([control(kind), *data(rows)]).encode()])
    return check(idoc)


HEAD: Row = ("E2EDK01005", 0, 1, "000 EUR")


def test_a_clean_order_has_no_fault() -> None:
    assert faults(list(ORDER)) == []


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        (("E2EDK03", 0, 2, "01220260230"), FaultCode.BAD_DATE, ("E1EDK03", "DATUM", 66)),
        (("E2EDK03", 0, 2, "01215.01.26"), FaultCode.BAD_DATE, ("E1EDK03", "DATUM", 66)),
        (("E2EDK03", 0, 2, "01220260115256000"), FaultCode.BAD_TIME, ("E1EDK03", "UZEIT", 74)),
        (("E2EDS01", 0, 2, "0021.234,50"), FaultCode.COMMA_DECIMAL, ("E1EDS01", "SUMME", 66)),
        (("E2EDS01", 0, 2, "002much"), FaultCode.BAD_NUMBER, ("E1EDS01", "SUMME", 66)),
        (("E2EDK14", 0, 2, "0991000"), FaultCode.UNKNOWN_QUALIFIER, ("E1EDK14", "QUALF", 63)),
        (("E2EDK03", 0, 2, f"{'01220260115':17}more"), FaultCode.EXTRA_DATA, ("E1EDK03", "SDATA", 80)),
    ],
)
def test_a_fault_says_segment_field_line_and_byte(row: Row, code: FaultCode, place: tuple[str, str, int]) -> None:
    (fault,) = faults([HEAD, row])
    name, field, column = place
    assert (fault.code, fault.name, fault.field) == (code, name, field)
    assert (fault.segment, fault.line, fault.offset) == (2, 3, 525 + 1064 + column)


@pytest.mark.parametrize("value", ["11.28-", "-11.28", "+3", "10.500-", "1", "0.000", ".5"])
def test_signs_may_stand_at_either_end(value: str) -> None:
    assert faults([HEAD, ("E2EDS01", 0, 2, f"002{value}")]) == []


@pytest.mark.parametrize("row", [("E2EDK03", 0, 2, "01200000000"), ("E2EDKA1003", 0, 2, "ZA 4711")])
def test_no_date_and_partners_own_qualifiers_are_no_faults(row: Row) -> None:
    assert faults([HEAD, row]) == []


def test_a_value_that_is_too_long_is_found_in_xml() -> None:
    raw = write(idocs([flat().encode()]), as_xml()).replace(b"<MENEE>PCE</MENEE>", b"<MENEE>PIECE</MENEE>", 1)
    (idoc,) = idocs([raw])
    (fault,) = check(idoc)
    assert (fault.code, fault.name, fault.field, fault.value) == (FaultCode.TOO_LONG, "E1EDP01", "MENEE", "PIECE")
    assert raw.splitlines()[fault.line - 1].strip() == b"<MENEE>PIECE</MENEE>"
    assert raw[fault.offset :].startswith(b"<MENEE>PIECE")


def test_what_stands_in_the_wrong_place_too_often_or_not_at_all_is_told() -> None:
    found = faults([("E2EDK03", 0, 2, "01220260115")] * 11)
    assert [fault.code for fault in found] == [FaultCode.TOO_OFTEN, FaultCode.SEGMENT_MISSING]
    raw = write(idocs([flat().encode()]), as_xml())
    moved = raw.replace(b'    <E1EDS01 SEGMENT="1">', b'    <E1EDP20 SEGMENT="1">').replace(
        b"</E1EDS01>", b"</E1EDP20>"
    )
    codes = {(fault.code, fault.name) for fault in check(next(idocs([moved])))}
    assert (FaultCode.WRONG_PLACE, "E1EDP20") in codes


def test_the_byte_of_a_field_is_right_behind_characters_of_two_bytes() -> None:
    text = "\n".join([control(), *data([HEAD, ("E2EDP19003", 0, 2, f"002{'Ä':35}{'':70}{'':42}{'':10}{'x':40}")])])
    raw = text.replace("002Ä ", "0xxÄ ").encode()
    (idoc,) = idocs([raw])
    found = [fault for fault in check(idoc) if fault.code is FaultCode.UNKNOWN_QUALIFIER]
    assert raw[found[0].offset :].startswith("0xxÄ".encode())


def test_unknown_segments_and_types_are_notes() -> None:
    found = faults([("Z2OWN000", 0, 2, "x"), ("Z2OWN000", 0, 2, "y")], "ZOWN01")
    assert [(fault.code, fault.severity) for fault in found] == [
        (FaultCode.UNKNOWN_TYPE, Severity.NOTE),
        (FaultCode.UNKNOWN_SEGMENT, Severity.NOTE),
    ]


def test_people_see_names_meanings_and_faults_where_they_stand() -> None:
    rows = [HEAD, ("E2EDK03", 0, 2, "01220260230"), ("E2EDP01011", 0, 2, "000010"), ("E2EDP20002", 3, 3, "2.000")]
    lines = list(show(["\n".join([control(), *data(rows)]).encode()]))
    assert lines[0].startswith("IDoc 0000000000000007 ORDERS (ORDERS05) from LS/ABCCLNT400 to KU/0000088333, into SAP")
    at = lines.index("    IDDAT date qualifier: 012 (document date)")
    assert lines[at + 1] == "    DATUM date: 20260230"
    assert lines[at + 2].startswith("!!    E1EDK03.DATUM (segment 2, line 3, byte 1655) '20260230'")
    assert "    E1EDP20 (E2EDP20002) segment 4" in lines
    assert lines[-1] == "4 segments, flat in utf-8, lines that end with LF"


def test_people_may_ask_for_one_line_a_segment() -> None:
    lines = list(show([flat().encode()], brief=True))
    assert "    E1EDP20 (E2EDP20002) WMENG=2.000 EDATU=20260131" in lines


def test_people_see_what_is_no_idoc() -> None:
    (line,) = show([b"hello"])
    assert line.startswith("!!")


def test_what_a_control_record_must_say_is_missed_at_its_place() -> None:
    raw = "\n".join([control("", ""), *data()]).encode()
    (idoc,) = idocs([raw])
    found = [fault for fault in check(idoc) if fault.code is FaultCode.FIELD_MISSING]
    assert [(fault.name, fault.field, fault.line, fault.offset) for fault in found] == [
        ("EDI_DC40", "IDOCTYP", 1, 39),
        ("EDI_DC40", "MESTYP", 1, 99),
    ]


def test_a_line_number_that_occurs_twice_is_told() -> None:
    rows: list[Row] = [HEAD, ("E2EDP01011", 0, 2, "000010"), ("E2EDP01011", 0, 2, "000010")]
    (fault,) = [each for each in faults(rows) if each.code is FaultCode.TWICE]
    assert (fault.field, fault.segment, fault.line) == ("POSEX", 3, 4)


def test_a_fault_of_a_control_record_in_xml_has_its_line_and_byte() -> None:
    raw = write(idocs([flat().encode()]), as_xml()).replace(b"<CREDAT>20260115", b"<CREDAT>15.01.26")
    (fault,) = check(next(idocs([raw])))
    assert (fault.code, fault.name, fault.field) == (FaultCode.BAD_DATE, "EDI_DC40", "CREDAT")
    assert raw[fault.offset :].startswith(b"<CREDAT>15.01.26")
    assert raw.splitlines()[fault.line - 1].strip() == b"<CREDAT>15.01.26</CREDAT>"
