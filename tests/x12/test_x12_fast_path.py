"""The quick look at a segment never lets one through that has a fault, and seldom sends a clean one the long way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.standard.examine import examine
from hub.codec.x12.standard.release import RELEASES, standard
from hub.codec.x12.standard.rules import Element, SegmentRule
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
