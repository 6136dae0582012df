"""The quick look at a segment never lets one through that has a fault, and seldom sends a clean one the long way."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.codec.x12.interchange import Segment, Separators, TransactionSet
from hub.codec.x12.reader import transaction_sets
from hub.codec.x12.standard.examine import examine
from hub.codec.x12.standard.release import RELEASES, standard
from hub.codec.x12.standard.rules import Element, SegmentRule
from hub.codec.x12.standard.walk import Walker
from tests.x12.specimen import completed, segment_of

_TAGS = "BEG PO1 N1 REF DTM SAC ITD TD5 PO4 PID CTP SDQ ACK HL SN1 LIN QTY TDS CUR AK4 W01 SCH MEA TXI PER".split()
_AWKWARD = [
    "",
    "",
    "",
    "A",
    "EA",
    "UP",
    "00",
    "1",
    "12",
    "-1",
    "1.5",
    ".5",
    "-.5",
    "5.",
    ".",
    "-",
    "20260715",
    "20240229",
]
_AWKWARD += [
    "20230229",
    "1200",
    "2460",
    "12345678901234567890",
    "Ü",
    "\x01",
    "é" * 81,
    "A>B",
    "EA>1",
    "N0",
    "010",
    "IA>1",
]
_NUMBERS = st.from_regex(r"-?[0-9]{0,18}(\.[0-9]{0,18})?", fullmatch=True)
_ANY = st.one_of(st.sampled_from(_AWKWARD), _NUMBERS, st.text("AB*>~1. ", max_size=4))


@st.composite
def segments(draw: st.DrawFn) -> tuple[str, Segment]:
    """A segment that is nearly right."""
    release = draw(st.sampled_from(RELEASES))
    rule = standard(release).segment(draw(st.sampled_from(_TAGS)))
    assert rule is not None
    wanted = draw(st.sets(st.integers(1, len(rule.parts)), max_size=6))
    made = segment_of(rule, completed(rule, wanted) if draw(st.booleans()) else wanted)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(1, len(rule.parts) + 1))
        made += [""] * (at + 1 - len(made))
        made[at] = draw(_ANY)
    return release, made


@settings(max_examples=300, deadline=None)
@given(segments(), st.sampled_from(["*", "|", "^", "]", "\\", "\x1d", "-", "."]))
def test_what_the_quick_look_lets_through_has_no_fault(case: tuple[str, Segment], separator: str) -> None:
    release, made = case
    made = [value.replace(separator, "") for value in made]
    grammar = standard(release)
    rule = grammar.segment(made[0])
    assert rule is not None
    if grammar.clean(made, separator):
        assert list(examine(made, rule, Separators(element=separator))) == []


@pytest.mark.parametrize("release", RELEASES)
def test_clean_segments_take_the_quick_way(release: str) -> None:
    grammar = standard(release)
    slow = []
    for tag in grammar.segments:
        rule = grammar.segment(tag)
        assert rule is not None
        if not any(isinstance(part.what, SegmentRule) for part in rule.parts):
            slow += [str(made) for made in _specimens(rule) if not grammar.clean(made, "*")]
    assert slow == []


def _specimens(rule: SegmentRule) -> list[Segment]:
    """Clean segments: the smallest, and with each element in turn."""
    numbered = [completed(rule, {at}) for at in range(1, len(rule.parts) + 1)]
    excluded = [set(note.positions) for note in rule.notes if note.kind == "E"]
    fits = [there for there in (completed(rule), *numbered) if not any(each <= there for each in excluded)]
    return [segment_of(rule, there) for there in fits if there]


def test_the_29th_of_february_goes_the_long_way_and_comes_out_clean() -> None:
    grammar = standard("004010")
    made = ["DTM", "011", "20240229"]
    assert not grammar.clean(made, "*")
    assert grammar.check(made, Separators()) == []


def test_numbers_are_measured_without_sign_and_point() -> None:
    grammar = standard("004010")
    quantity = grammar.element("380")
    assert isinstance(quantity, Element)
    assert quantity.longest == 15
    for right in ("1", "-1", ".5", "5.", "-.5", "1" * 15, "-" + "1" * 15, "1" * 14 + ".5", "." + "1" * 15):
        assert grammar.check(["QTY", "17", right], Separators()) == [], right
    for wrong in ("1" * 16, "." + "1" * 16, "1" * 15 + ".5", ".", "-", "1.1.1", "1e3", "1_0", "NaN", "٣"):
        assert not grammar.clean(["QTY", "17", wrong], "*"), wrong
        assert grammar.check(["QTY", "17", wrong], Separators()), wrong


_ISA = "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*1200*U*00401*000000007*1*P*>~"
_ORDER = (
    "ST*850*0001~BEG*00*SA*4711**20260115~DTM*002*20260131~N1*ST*Ann*92*0007~N3*1 Main St~N4*Austin*TX*78701*US~"
    "PO1*1*2*EA*9.5**UP*012345678905*VN*CUP~PID*F****Cup~PO1*2*1*DZ*4**VN*VN*SK*X~PID*F****Jug~CTT*2~SE*12*0001~"
)
_ODD = ("", "X", "20260230", "20240229", "A>B", "é", "\x01", "PO1X", "PID1", "N1", "9" * 30)


def _set(text: str) -> TransactionSet:
    content = f"{_ISA}GS*PO*US*THEM*20260115*1200*70*X*004010~{text}GE*1*70~IEA*1*000000007~".encode()
    return next(transaction_sets([content]))


def _same(text: str) -> None:
    """Both ways tell the same faults, and put every segment into the same loop."""
    one = _set(text)
    quick = standard(one.version).walker("850", one.interchange.separators)
    assert quick is not None
    slow = Walker(quick.moves, one.interchange.separators, {})
    found, told = quick.read(one.texts()), slow.read(one.texts())
    assert found.faults + quick.finish() == told.faults + slow.finish()
    assert [(loop.name, loop.first, loop.ordinal) for loop in found.loops] == [
        (loop.name, loop.first, loop.ordinal) for loop in told.loops
    ]


def test_a_set_like_one_before_is_told_the_same_faults_and_loops_as_by_the_whole_walk() -> None:
    rng = random.Random(20261129)
    for _ in range(400):
        segments = [text.split("*") for text in _ORDER.split("~")]
        for _ in range(rng.randrange(3)):
            segment = rng.choice(segments[1:-2])
            segment[rng.randrange(len(segment))] = rng.choice(_ODD)
        _same("~".join(map("*".join, segments)))


def test_a_set_that_turns_out_unlike_behind_a_fault_is_walked_from_its_beginning() -> None:
    _same(_ORDER)
    _same(_ORDER.replace("PO1*1*2", "PO1*1*two").replace("PID*F****Jug", "PID1*F****Jug"))
