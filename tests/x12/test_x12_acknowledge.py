"""Acknowledgements: made from faults, mirrored, and read back to the same faults by whoever sent the original."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.codec.x12.acknowledge import acknowledge
from hub.codec.x12.answers import GroupAnswer, group_key, read_answers, read_ta1
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, FaultCode, Level, Severity
from hub.codec.x12.interchange import InterchangeNote, TransactionSet
from hub.codec.x12.reader import read
from hub.codec.x12.verdict import InterchangeVerdict, Status, judge
from hub.codec.x12.writer import Envelope, Policy, write

AT = datetime(2026, 1, 15, 13, 5, tzinfo=UTC)
ISA = "ISA*00*          *00*          *ZZ*THEM           *01*US             *260115*1200*U*00401*000000007*0*P*>~"
GS = "GS*PO*THEMGS*USGS*20260115*1200*70*X*004010VICS~"
GOOD = "ST*850*0001~BEG*00*SA*4711**20260115~PO1*1*2*EA*9.5**UP*012345678905~CTT*1~SE*5*0001~"
BAD = GOOD.replace("0001", "0002").replace("20260115", "20269999")
WHOLE = ISA + GS + GOOD + BAD + "GE*2*70~IEA*1*000000007~"


def verdict(text: str = WHOLE) -> InterchangeVerdict:
    (one,) = judge(read([text.encode()]), StandardCheck())
    return one


def answer(text: str = WHOLE, form: str = "997") -> Envelope:
    made = acknowledge(verdict(text), AT, 500, 600, form=form)
    assert made is not None
    return made


def lines(envelope: Envelope) -> list[str]:
    return write(envelope, policy=Policy.REPLACE).decode().replace("\n", "").split("~")


def read_back(envelope: Envelope) -> list[GroupAnswer]:
    return [
        found
        for event in read([write(envelope, policy=Policy.REPLACE)])
        if isinstance(event, TransactionSet)
        for found in read_answers(event.segments, event.interchange.separators)
    ]


def test_a_group_with_one_good_and_one_bad_set_is_taken_in_part() -> None:
    assert lines(answer()) == [
        "ISA*00*          *00*          *01*US             *ZZ*THEM           *260115*1305*U*00401*000000500*0*P*>",
        "GS*FA*USGS*THEMGS*20260115*1305*600*X*004010VICS",
        "ST*997*0001",
        "AK1*PO*70",
        "AK2*850*0001",
        "AK5*A",
        "AK2*850*0002",
        "AK3*BEG*2**8",
        "AK4*5*373*8*20269999",
        "AK5*R*5",
        "AK9*P*2*2*1",
        "SE*10*0001",
        "GE*1*600",
        "IEA*1*000000500",
        "",
    ]


def test_a_999_has_its_own_segments_and_versions() -> None:
    written = lines(answer(form="999"))
    assert "ST*999*0001*005010X231A1" in written
    assert "AK1*PO*70*004010VICS" in written
    assert "IK3*BEG*2**8" in written
    assert "IK4*5*373*8*20269999" in written
    assert "IK5*R*5" in written


@pytest.mark.parametrize("form", ["997", "999"])
def test_what_we_say_is_read_back_as_the_same_faults(form: str) -> None:
    (found,) = read_back(answer(form=form))
    assert found.key == group_key("PO", "0070")
    assert (found.status, found.accepted) == (Status.PARTLY, 1)
    first, second = found.outcomes([("850", "0001"), ("850", "0002")])
    assert first is not None
    assert first.status is Status.ACCEPTED
    assert second is not None
    assert second.status is Status.REJECTED
    fault = second.faults[0]
    assert (fault.code, fault.tag, fault.segment, fault.element, fault.value) == (
        FaultCode.BAD_DATE, "BEG", 2, 5, "20269999",
    )  # fmt: skip
    assert str(fault) == "BEG05 (segment 2) '20269999': the date is not valid"


@pytest.mark.parametrize(
    ("text", "ak5", "ak9"),
    [
        (ISA + GS + GOOD + "GE*1*70~IEA*1*000000007~", "AK5*A", "AK9*A*1*1*1"),
        (ISA + GS + BAD + "GE*1*70~IEA*1*000000007~", "AK5*R*5", "AK9*R*1*1*0"),
        (ISA + GS + GOOD.replace("SE*5", "SE*9") + "GE*1*70~IEA*1*000000007~", "AK5*R*4", "AK9*R*1*1*0"),
        (ISA + GS + GOOD + "GE*2*70~IEA*1*000000007~", "AK5*A", "AK9*R*2*1*0*5"),
        (ISA + GS + GOOD + "IEA*1*000000007~", "AK5*A", "AK9*R*1*1*0*3"),
        (ISA + GS + GOOD.replace("SE*5*0001~", "") + "GE*1*70~IEA*1*000000007~", "AK5*R*2", "AK9*R*1*1*0"),
        (
            ISA + GS + GOOD.replace("CTT*1~SE*5", "ZZZ*1~CTT*1~SE*6") + "GE*1*70~IEA*1*000000007~",
            "AK5*E*5",
            "AK9*E*1*1*1",
        ),
    ],
)
def test_each_fault_gives_the_status_that_it_deserves(text: str, ak5: str, ak9: str) -> None:
    written = lines(answer(text))
    assert ak5 in written
    assert ak9 in written


def test_an_acknowledgement_is_not_acknowledged() -> None:
    text = write(answer(ISA + GS + GOOD + "GE*1*70~IEA*1*000000007~")).decode()
    assert acknowledge(verdict(text), AT, 501, 601) is None


def test_a_ta1_is_made_when_asked_for_or_when_the_envelope_is_wrong() -> None:
    asked = answer(WHOLE.replace("*0*P*>", "*1*P*>"))
    assert asked.notes == [["TA1", "000000007", "260115", "1200", "A", "000"]]
    wrong = answer(WHOLE.replace("IEA*1*000000007", "IEA*1*000000008"))
    assert wrong.notes == [["TA1", "000000007", "260115", "1200", "R", "001"]]
    (note,) = [event for event in read([write(wrong)]) if isinstance(event, InterchangeNote)]
    said = read_ta1(note.segment)
    assert (said.control, said.status) == ("000000007", Status.REJECTED)
    assert said.fault is not None
    assert said.fault.code is FaultCode.ICN_MISMATCH
    assert answer().notes == []


def test_several_groups_are_answered_in_one_group_of_several_sets() -> None:
    second = GS.replace("*70*", "*71*") + GOOD + "GE*1*71~"
    found = read_back(answer(ISA + GS + GOOD + "GE*1*70~" + second + "IEA*2*000000007~"))
    assert [each.control for each in found] == ["70", "71"]


def test_an_accepted_group_without_sets_accepts_every_set() -> None:
    segments = [["ST", "997", "1"], ["AK1", "PO", "70"], ["AK9", "A", "2", "2", "2"], ["SE", "4", "1"]]
    (found,) = read_answers(segments, verdict().interchange.separators)
    statuses = [each and each.status for each in found.outcomes([("850", "1"), ("850", "2")])]
    assert statuses == [Status.ACCEPTED] * 2


def test_a_rejected_group_without_sets_rejects_every_set_with_its_reason() -> None:
    segments = [["AK1", "PO", "70"], ["AK9", "R", "1", "1", "0", "5"]]
    (found,) = read_answers(segments, verdict().interchange.separators)
    (only,) = found.outcomes([("850", "1")])
    assert only is not None
    assert only.status is Status.REJECTED
    assert only.faults[0].code is FaultCode.SET_COUNT


def test_a_set_that_nobody_speaks_of_stays_unanswered() -> None:
    segments = [["AK1", "PO", "70"], ["AK2", "850", "0001"], ["AK5", "R", "5"], ["AK9", "P", "3", "3", "1"]]
    (found,) = read_answers(segments, verdict().interchange.separators)
    said = found.outcomes([("850", "0001"), ("850", "0002"), ("850", "0003")])
    assert [each and each.status for each in said] == [Status.REJECTED, None, None]
    (cut_short,) = read_answers(segments[:-1], verdict().interchange.separators)
    assert cut_short.outcomes([("850", "0002")]) == [None]


def test_a_status_that_the_standard_does_not_know_is_no_acceptance() -> None:
    segments = [
        ["AK3"],
        ["AK1", "PO", "70"],
        ["AK4", "1"],
        ["AK2", "850", "1"],
        ["AK5", "X"],
        ["AK9", "", "x", "y", "z"],
    ]
    (found,) = read_answers(segments, verdict().interchange.separators)
    assert found.sets[0].status is found.status is Status.REJECTED


def test_every_code_has_a_fault_and_every_fault_a_code() -> None:
    for code in FaultCode:
        assert code.ack
        assert code.words
        fault = Fault(code, 3, tag="PO1", value="x", graded=Severity.ERROR)
        assert str(fault)
        assert fault.level is code.level
    assert {code.level for code in FaultCode} == set(Level)


def test_bad_data_never_breaks_the_answer() -> None:
    text = WHOLE.replace("20269999", "2026|99\x0799").replace("*00401*", "*4*")
    written = write(answer(text), policy=Policy.REPLACE)
    assert next(type(event).__name__ for event in read([written])) == "Interchange"
