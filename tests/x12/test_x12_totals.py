"""CTT is held against the set that it closes: its lines and the hash total of their quantities."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.reader import read, transaction_sets
from hub.codec.x12.verdict import Status, judge

_ISA = "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*1*P*>~"
_GROUPS = {"850": "PO", "856": "SH", "860": "PC", "810": "IN"}
_ORDER = "BEG*00*SA*4711**20260115~PO1*1*2*EA*9.5**VN*CUP~PO1*2*10*EA*4**VN*MUG~"
_CHANGE = "BCH*04*SA*4711***20261120~POC*1*QI*3**EA*5**VN*CUP~"
_INVOICE = "BIG*20260115*1~IT1*1*1.5*LB*3**VN*CUP~IT1*2*2*EA*3**VN*MUG~TDS*1050~"
_ITEMS = "HL*3*2*I~LIN**VN*CUP~SN1**4*EA~HL*4*2*I~LIN**VN*MUG~SN1**2*EA~"
_NOTICE = f"BSN*00*S1*20260115*1200*0004~HL*1**S~HL*2*1*O~PRF*4711~{_ITEMS}"


def interchange(code: str, body: str) -> bytes:
    count = body.count("~") + 2
    sets = f"ST*{code}*0001~{body}SE*{count}*0001~"
    return f"{_ISA}GS*{_GROUPS[code]}*US*THEM*20260115*1200*70*X*004010~{sets}GE*1*70~IEA*1*000000007~".encode()


def faults(code: str, body: str, check: StandardCheck | None = None, held: int = 1 << 20) -> list[Fault]:
    check = check or StandardCheck()
    return [fault for part in parts(interchange(code, body), held) for fault in check(part)]


def parts(content: bytes, held: int) -> Iterator[TransactionSet]:
    return transaction_sets((content[at : at + 8192] for at in range(0, len(content), 8192)), held=held)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("850", _ORDER + "CTT*2~"),
        ("850", _ORDER + "CTT*2*12~"),
        ("850", _ORDER + "CTT*02*12.0~"),
        ("850", _ORDER),  # nobody has to say it
        ("860", _CHANGE + "CTT*1*3~"),
        ("810", _INVOICE + "CTT*2*3.5~"),  # the plain sum
        ("810", _INVOICE + "CTT*2*17~"),  # the digits: 15 and 2, as the standard makes it
        ("856", _NOTICE + "CTT*4*6~"),  # the levels
        ("856", _NOTICE + "CTT*2*6~"),  # the items, as many guides count
        ("850", "BEG*00*SA*1**20260115~PO1*1*9999999999*EA~PO1*2*3*EA~CTT*2*2~"),  # cut off on the left
    ],
)
def test_totals_that_are_right_are_no_fault(code: str, body: str) -> None:
    assert faults(code, body) == []


@pytest.mark.parametrize(
    ("code", "body", "expected", "words"),
    [
        ("850", _ORDER + "CTT*3~", FaultCode.LINE_COUNT, "CTT01 says 3, and there are 2 PO1 segments"),
        ("850", _ORDER + "CTT*2*13~", FaultCode.HASH_TOTAL, "CTT02 says 13, and PO102 add up to 12"),
        ("856", _NOTICE + "CTT*3~", FaultCode.LINE_COUNT, "CTT01 says 3, and there are 4 HL segments"),
        ("810", _INVOICE + "CTT*2*18~", FaultCode.HASH_TOTAL, "CTT02 says 18, and IT102 add up to 3.5"),
    ],
)
def test_a_total_that_differs_is_told_at_its_place(code: str, body: str, expected: FaultCode, words: str) -> None:
    content = interchange(code, body)
    (fault,) = faults(code, body)
    assert (fault.code, fault.tag, fault.segment, fault.message) == (expected, "CTT", body.count("~") + 1, words)
    assert (fault.element, fault.reference) == ((1, "354") if expected is FaultCode.LINE_COUNT else (2, "347"))
    assert content[fault.offset :].startswith(b"CTT*")
    assert fault.severity is Severity.WARNING
    (verdict,) = judge(read([content]), StandardCheck())
    assert verdict.groups[0].status is Status.WITH_ERRORS


def test_totals_of_a_set_that_comes_in_parts_are_those_of_the_whole() -> None:
    lines = "".join(f"PO1*{number}*2*EA*9.5**VN*CUP-{number}~" for number in range(1, 4001))
    body = f"BEG*00*SA*4711**20260115~{lines}CTT*"
    assert len(list(parts(interchange("850", body + "4000*8000~"), 1 << 14))) > 1
    assert faults("850", body + "4000*8000~", held=1 << 14) == []
    assert [each.code for each in faults("850", body + "3999*8001~", held=1 << 14)] == [
        FaultCode.LINE_COUNT,
        FaultCode.HASH_TOTAL,
    ]


def test_a_quantity_that_is_no_number_makes_no_second_fault() -> None:
    body = _ORDER.replace("*10*", "*ten*") + "CTT*2*12~"
    assert [each.code for each in faults("850", body)] == [FaultCode.BAD_CHARACTER]


def test_a_ctt_that_says_nothing_is_wrong_only_for_that() -> None:
    assert {each.code for each in faults("850", _ORDER + "CTT~")} == {FaultCode.ELEMENT_MISSING}


def test_whoever_holds_the_check_says_how_bad_a_total_is() -> None:
    body = _ORDER + "CTT*3*13~"
    assert faults("850", body, StandardCheck(None, None)) == []
    told = faults("850", body, StandardCheck(Severity.ERROR, None))
    assert [(each.code, each.severity) for each in told] == [(FaultCode.LINE_COUNT, Severity.ERROR)]


def test_a_set_that_is_like_one_before_is_counted_for_itself() -> None:
    check = StandardCheck()
    assert faults("850", _ORDER + "CTT*2*12~", check) == []
    assert [each.code for each in faults("850", _ORDER.replace("*10*", "*11*") + "CTT*2*12~", check)] == [
        FaultCode.HASH_TOTAL
    ]
    assert faults("850", _ORDER.replace("PO1*2*", "PO1X*2*") + "CTT*2*12~", check)[0].code is FaultCode.UNKNOWN_SEGMENT
