"""A partner's guide on top of the standard: what it wants, what it does not take, and what is wrong with it."""

from __future__ import annotations

import tomllib

import pytest

from hub.codec.tree import Node
from hub.codec.x12.fault import FaultCode, Severity
from hub.codec.x12.reader import transaction_sets
from hub.codec.x12.standard.guide import Guide, read_guide
from hub.codec.x12.tree import tree

_ORDER = """
BEG*00*SA*4711**20260715~REF*DP*012~N1*ST*ACME STORE 7*92*0007~N3*1 MAIN STREET~N4*ANYTOWN*NY*10001~
N1*BT*ACME~PO1*1*5*EA*9.99**UP*012345678905*VN*MUG-1~PID*F****A BLUE MUG~PO1*2*1*EA*1**VN*MUG-2~CTT*2~
"""


def order(body: str = _ORDER, code: str = "850") -> Node:
    body = body.replace("\n", "")
    text = (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260715*1200*U*00401*000000001*0*P*>~"
        f"GS*PO*A*B*20260715*1200*1*X*004010~ST*{code}*0001~{body}SE*{body.count('~') + 2}*0001~GE*1*1~IEA*1*000000001~"
    )
    (one,) = transaction_sets([text.encode()])
    return tree(one)


def guide(text: str) -> Guide:
    made, problems = read_guide(tomllib.loads(text))
    assert problems == []
    return made


def said(text: str, body: str = _ORDER, code: str = "850") -> list[tuple[str, FaultCode]]:
    return [(fault.place, fault.code) for fault in guide(text).check(order(body, code))]


@pytest.mark.parametrize(
    ("wish", "faults"),
    [
        ('"REF[DP]" = { least = 1, most = 1 }', []),
        ('"REF[IA]" = { least = 1 }', [("REF (segment 1)", FaultCode.GUIDE_SEGMENT_MISSING)]),
        ('"PO1" = { least = 3 }', [("PO1 (segment 1)", FaultCode.GUIDE_SEGMENT_UNDER_MINIMUM)]),
        ('"PO1" = { most = 1 }', [("PO1 (segment 10)", FaultCode.SEGMENT_OVER_MAXIMUM)]),
        ('"CTT" = { most = 0 }', [("CTT (segment 11)", FaultCode.GUIDE_SEGMENT_NOT_USED)]),
        ('"PO1.PID" = { least = 1 }', [("PID (segment 10)", FaultCode.GUIDE_SEGMENT_MISSING)]),
        ('"N1[ST].N3" = { least = 1 }', []),
        ('"N1.N3" = { least = 1 }', [("N3 (segment 7)", FaultCode.GUIDE_SEGMENT_MISSING)]),
        ('"N1[SF].N3" = { least = 1 }', []),
        ('"**.PID" = { least = 2 }', [("PID (segment 1)", FaultCode.GUIDE_SEGMENT_UNDER_MINIMUM)]),
    ],
)
def test_segments_are_counted_in_what_is_around_them(wish: str, faults: list[tuple[str, FaultCode]]) -> None:
    assert said(f"[segments]\n{wish}") == faults


@pytest.mark.parametrize(
    ("wish", "faults"),
    [
        ('"BEG.01" = { codes = ["00", "05"] }', []),
        ('"BEG.01" = { codes = ["05"] }', [("BEG01 (segment 2)", FaultCode.GUIDE_BAD_CODE)]),
        ('"BEG.03" = { longest = 3 }', [("BEG03 (segment 2)", FaultCode.TOO_LONG)]),
        ('"BEG.03" = { shortest = 5 }', [("BEG03 (segment 2)", FaultCode.TOO_SHORT)]),
        ('"BEG.04" = { needed = true }', [("BEG04 (segment 2)", FaultCode.GUIDE_ELEMENT_MISSING)]),
        ('"BEG.04" = { codes = ["1"], longest = 1, unused = true }', []),
        ('"PO1.04" = { unused = true }', [("PO104 (segment 8)", FaultCode.GUIDE_ELEMENT_NOT_USED),
         ("PO104 (segment 10)", FaultCode.GUIDE_ELEMENT_NOT_USED)]),
        ('"N1[ST].N4.03" = { forms = ["99999", "99999-9999"] }', []),
        ('"N1[ST].N4.03" = { forms = ["A9A 9A9"] }', [("N403 (segment 6)", FaultCode.GUIDE_PATTERN)]),
        ('"PO1[UP]" = { shortest = 13 }', [("PO107 (segment 8)", FaultCode.TOO_SHORT)]),
        ('"PO1[UP]" = { needed = true }', [("PO1 (segment 10)", FaultCode.GUIDE_ELEMENT_MISSING)]),
        ('"PO1[VN]" = { needed = true }', []),
        ('"PO1[VN]" = { forms = ["XXX-9"] }', []),
        ('"REF[XX].02" = { needed = true }', []),
    ],
)  # fmt: skip
def test_values_are_looked_at_where_the_place_is_found(wish: str, faults: list[tuple[str, FaultCode]]) -> None:
    assert said(f"[elements]\n{wish}") == faults


def test_levels_of_a_ship_notice_are_found_at_any_depth() -> None:
    notice = "BSN*00*1*20260715*1200~HL*1**S~HL*2*1*O~PRF*4711~HL*3*2*P~MAN*GM*00123~HL*4*2*P~"
    wish = '[segments]\n"**.HL[03=P].MAN" = { least = 1 }\n[elements]\n"**.MAN[GM].02" = { shortest = 20 }'
    assert said(wish, notice, "856") == [
        ("MAN02 (segment 7)", FaultCode.TOO_SHORT),
        ("MAN (segment 8)", FaultCode.GUIDE_SEGMENT_MISSING),
    ]


def test_a_guide_speaks_in_plain_words_and_its_codes_reject() -> None:
    (fault,) = guide('[elements]\n"BEG.02" = { codes = ["DS"] }').check(order())
    assert str(fault) == "BEG02 (segment 2) 'SA': the guide takes only DS here"
    assert fault.severity is Severity.ERROR
    (fault,) = guide('[segments]\n"PO1.PID" = { least = 1 }').check(order())
    assert str(fault) == "PID (segment 10): the guide wants PO1.PID at least once, and it comes 0 times"


@pytest.mark.parametrize(
    ("text", "way", "why"),
    [
        ("segment = {}", ("segment",), "unknown setting 'segment'; a guide has segments and elements"),
        ("segments = 3", ("segments",), "segments must be a table"),
        (
            "[segments]\nREF = { at_least = 1 }",
            ("segments", "REF", "at_least"),
            "unknown setting 'at_least'; known: least, most",
        ),
        ("[segments]\nREF = {}", ("segments", "REF"), "REF must be a table that says something: least, most"),
        ("[segments]\nREF = { least = 2, most = 1 }", ("segments", "REF", "least"),
         "at least 2 and at most 1 cannot both be"),
        ("[segments]\nREF = { least = -1 }", ("segments", "REF", "least"), "least must be a whole number, 0 or more"),
        ('[segments]\n"../REF" = { least = 1 }', ("segments", "../REF"), "../ leads out of the transaction set"),
        ("[elements]\nBEG = { needed = true }", ("elements", "BEG"),
         "BEG is a segment; add which element of it, such as .02, or a qualifier"),
        ('[elements]\n"BEG.01" = { codes = "00" }', ("elements", "BEG.01", "codes"), "codes must be a list of texts"),
        ('[elements]\n"BEG.01" = { needed = 1 }', ("elements", "BEG.01", "needed"), "needed must be true or false"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_guide_is_said_with_the_way_to_it(text: str, way: tuple[str, ...], why: str) -> None:
    _, problems = read_guide(tomllib.loads(text))
    assert [(each.way, each.why) for each in problems] == [(way, why)]


def test_a_place_that_cannot_be_read_is_a_problem_and_the_rest_counts() -> None:
    made, problems = read_guide(tomllib.loads('[segments]\n"REF[" = { least = 1 }\nCTT = { least = 1 }'))
    assert [each.way for each in problems] == [("segments", "REF[")]
    assert [wish.path.text for wish in made.segments] == ["CTT"]


def test_no_guide_wants_nothing() -> None:
    assert guide("").check(order()) == []


@pytest.mark.parametrize(
    ("code", "faults"),
    [
        ("106141411234567897", []),
        ("00106141411234567897", []),
        ("00106141411234567898", [(FaultCode.GUIDE_PATTERN, Severity.WARNING)]),
        ("106141411234567", [(FaultCode.GUIDE_PATTERN, Severity.WARNING)]),
        ("1061414112345678\u0669\u0667", [(FaultCode.GUIDE_PATTERN, Severity.WARNING)]),
    ],
)
def test_the_check_digit_of_a_carton_is_told_and_the_goods_are_taken_all_the_same(
    code: str, faults: list[tuple[FaultCode, Severity]]
) -> None:
    notice = f"BSN*00*S1*20260115*1200*0001~HL*1**S~HL*2*1*P~MAN*GM*{code}~CTT*2~"
    found = guide('[elements]\n"**.MAN[GM].02" = { sscc = true }').check(order(notice, "856"))
    assert [(fault.code, fault.severity) for fault in found] == faults
