"""One rule of the grammar is broken, and just that is said: for each rule of each set and of each segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.standard.release import RELEASES, SETS, Standard, standard
from hub.codec.x12.standard.rules import NO_LIMIT, Element, LoopRule, Note, Part, SegmentRule, Use
from tests.x12.specimen import SEPARATORS, Specimen, broken, completed, segment_of, value

each_release = pytest.mark.parametrize("release", RELEASES)
each_set = pytest.mark.parametrize("code", SETS)
#: Repeating a segment more often than this, to be one over its maximum, tells nothing new.
_PATIENCE = 30
#: Notes that other notes of the segment keep: SAC02 or SAC04 is always there, as SAC03 calls for SAC04.
_NEVER_ALONE = {("SAC", "L130204")}


def faults_of(specimen: Specimen, segments: list[Segment]) -> list[Fault]:
    walker = specimen.standard.walker(specimen.rule.code, SEPARATORS)
    assert walker is not None
    return walker.feed(segments).faults + walker.finish()


def bare(made: list[tuple[Use, Segment]]) -> list[Segment]:
    return [segment for _, segment in made]


def uses(loop: LoopRule) -> Iterator[Use]:
    """Every use, and every loop as one."""
    for use in loop.uses:
        yield use
        if use.opens is not None:
            yield from uses(use.opens)


@each_release
@each_set
def test_a_mandatory_segment_that_is_left_out_is_missing(release: str, code: str) -> None:
    specimen = Specimen(standard(release), code)
    whole = specimen.smallest()
    for use, _ in whole[1:-1]:
        home = use.home.use if use.rank == 0 else use
        assert home is not None
        left = [segment for each, segment in whole if each is not use and not _within(each, home)]
        told = [(fault.code, fault.tag) for fault in faults_of(specimen, left)]
        assert told == [(FaultCode.SEGMENT_MISSING, use.tag)], use.tag


def _within(use: Use, loop: Use) -> bool:
    home: LoopRule | None = use.home
    while home is not None:
        if home is loop.opens:
            return True
        home = home.around
    return False


@each_release
@each_set
def test_a_mandatory_segment_of_an_optional_loop_is_missing_when_the_loop_is_there(release: str, code: str) -> None:
    specimen = Specimen(standard(release), code)
    whole = specimen.fullest()
    seen = 0
    for use in {each for each, _ in whole}:
        if use.mandatory and use.rank and use.home.around is not None:
            left = [segment for each, segment in whole if each is not use]
            told = [(fault.code, fault.tag) for fault in faults_of(specimen, left)]
            assert told == [(FaultCode.SEGMENT_MISSING, use.tag)], f"{use.home.path}/{use.tag}"
            seen += 1
    assert seen or code in ("846", "850", "810", "856", "852", "944", "943", "860", "865", "855", "940", "945")


@each_set
def test_what_comes_once_too_often_is_said_once(code: str) -> None:
    specimen = Specimen(standard("004010"), code)
    whole = specimen.fullest()
    for use in uses(specimen.rule.root):
        if use.tag in ("ST", "SE") or use.most == NO_LIMIT or use.most > _PATIENCE or (use.rank == 0 and use.home.use):
            continue
        last = max(at for at, (each, _) in enumerate(whole) if each is use or (use.opens and _within(each, use)))
        more = bare(specimen.one(use)) * use.most
        told = faults_of(specimen, bare(whole[: last + 1]) + more + bare(whole[last + 1 :]))
        expected = FaultCode.LOOP_OVER_MAXIMUM if use.opens else FaultCode.SEGMENT_OVER_MAXIMUM
        assert [(fault.code, fault.tag) for fault in told] == [(expected, use.tag)], f"{use.home.path}/{use.tag}"


@each_release
@each_set
def test_segments_that_do_not_belong_are_warned_of_and_change_nothing_else(release: str, code: str) -> None:
    specimen = Specimen(standard(release), code)
    whole = bare(specimen.smallest())
    foreign = next(tag for tag in ("W05", "PO1") if tag not in specimen.rule.tags())
    made = segment_of(_rule(specimen.standard, foreign))
    for at in range(1, len(whole)):
        for extra, expected in ((["QQQ", "1"], FaultCode.UNKNOWN_SEGMENT), (made, FaultCode.SEGMENT_NOT_IN_SET)):
            told = faults_of(specimen, [*whole[:at], extra, *whole[at:]])
            assert [(fault.code, fault.segment, fault.severity) for fault in told] == [
                (expected, at + 1, Severity.WARNING)
            ]


@each_set
def test_what_stands_too_late_is_out_of_sequence(code: str) -> None:
    specimen = Specimen(standard("004010"), code)
    count = Counter(use.tag for use in specimen.rule.root.walk())
    root = [use for use in specimen.rule.root.uses[2:-1] if use.opens is None and count[use.tag] == 1]
    for early, late in pairwise(root):
        swapped = {early: late, late: early}
        whole = [(use, segment) for use, segment in specimen.fullest() if use not in swapped]
        at = next(place for place, (use, _) in enumerate(whole) if _after(use, late))
        made = whole[:at] + specimen.one(late) + specimen.one(early) + whole[at:]
        told = [(fault.code, fault.tag) for fault in faults_of(specimen, bare(made))]
        missing = [(FaultCode.SEGMENT_MISSING, early.tag)] if early.mandatory else []
        assert told == [*missing, (FaultCode.SEGMENT_OUT_OF_SEQUENCE, early.tag)], (early.tag, late.tag)


def _after(use: Use, late: Use) -> bool:
    while use.home.use is not None:
        use = use.home.use
    return use.rank > late.rank


def test_a_segment_of_a_loop_without_its_loop_is_unexpected() -> None:
    specimen = Specimen(standard("004010"), "850")
    whole = bare(specimen.smallest())
    told = faults_of(specimen, [*whole[:2], ["N3", "1 MAIN STREET"], *whole[2:]])
    assert [(fault.code, fault.tag) for fault in told] == [(FaultCode.UNEXPECTED_SEGMENT, "N3")]


# Elements.


def _rule(grammar: Standard, tag: str) -> SegmentRule:
    rule = grammar.segment(tag)
    assert rule is not None
    return rule


def _segments(grammar: Standard) -> Iterator[SegmentRule]:
    """The segments, without the composites."""
    for tag in grammar.segments:
        if not (tag[0] == "C" and tag[1:].isdigit()):
            yield _rule(grammar, tag)


def _with(rule: SegmentRule, position: int) -> set[int]:
    return completed(rule, {position})


def _codes(grammar: Standard, segment: Segment, separators: Separators = SEPARATORS) -> list[tuple[FaultCode, int]]:
    return [(fault.code, fault.element) for fault in grammar.check(segment, separators)]


#: Values that are wrong in one way, by the kind of element.
_WRONG = {
    "N": [(wrong, FaultCode.BAD_CHARACTER) for wrong in ("A", "1 2", "--1", "+1", "1e3", "1.5")],
    "R": [(wrong, FaultCode.BAD_CHARACTER) for wrong in ("A", "1 2", "--1", "+1", "1e3", "1.2.3", ".", "-", "1,5")],
    "TM": [(wrong, FaultCode.BAD_TIME) for wrong in ("2400", "1260", "12A0")],
    "AN": [],
    "ID": [],
    "DT": [],
}


def _wrong_values(element: Element) -> Iterator[tuple[str, FaultCode]]:
    yield from _WRONG[element.kind]
    if element.shortest > 1:
        yield value(Part(element))[: element.shortest - 1], FaultCode.TOO_SHORT
    yield ("A" if element.kind in ("AN", "ID") else "1") * (element.longest + 1), FaultCode.TOO_LONG
    if element.kind in ("N", "R"):
        yield "-" + "1" * (element.longest + 1), FaultCode.TOO_LONG
    elif element.kind == "DT":
        for wrong in ("0231", "1301", "0001", "0631", "AB12"):
            yield f"2026{wrong}"[-element.longest :], FaultCode.BAD_DATE
    else:
        yield "\x07" * element.shortest, FaultCode.BAD_CHARACTER
    if element.codes:
        yield "?" * element.shortest, FaultCode.BAD_CODE


@each_release
def test_a_wrong_value_has_the_one_fault_that_fits(release: str) -> None:
    grammar = standard(release)
    for rule in _segments(grammar):
        for position, part in enumerate(rule.parts, 1):
            if not isinstance(part.what, Element):
                continue
            segment = segment_of(rule, _with(rule, position))
            for wrong, expected in _wrong_values(part.what):
                spoiled = [*segment[:position], wrong, *segment[position + 1 :]]
                assert _codes(grammar, spoiled) == [(expected, position)], (rule.tag, position, wrong)


@each_release
def test_a_code_is_an_error_where_the_list_is_whole_and_a_warning_where_it_is_ours(release: str) -> None:
    grammar = standard(release)
    for rule in _segments(grammar):
        for position, part in enumerate(rule.parts, 1):
            if isinstance(part.what, Element) and part.what.codes:
                segment = segment_of(rule, _with(rule, position))
                segment[position] = "?" * part.what.shortest
                (fault,) = grammar.check(segment, SEPARATORS)
                assert fault.severity is (Severity.ERROR if part.what.closed else Severity.WARNING)
                assert fault.reference == part.what.number


@each_release
def test_a_mandatory_element_that_is_empty_is_missing(release: str) -> None:
    grammar = standard(release)
    for rule in _segments(grammar):
        for position, part in enumerate(rule.parts, 1):
            if part.mandatory and not any(position in note.positions for note in rule.notes):
                segment = segment_of(rule)
                segment[position] = ""
                assert _codes(grammar, segment) == [(FaultCode.ELEMENT_MISSING, position)], rule.tag


@each_release
def test_an_element_more_than_there_may_be_is_too_many(release: str) -> None:
    grammar = standard(release)
    for rule in _segments(grammar):
        segment = segment_of(rule)
        segment += [""] * (len(rule.parts) + 1 - len(segment))
        assert grammar.check(segment, SEPARATORS) == [], rule.tag  # empty ones at the end say nothing
        expected = [] if rule.open else [(FaultCode.TOO_MANY_ELEMENTS, len(rule.parts) + 1)]
        assert _codes(grammar, [*segment, "X"]) == expected, rule.tag


@each_release
def test_each_condition_between_elements_is_said_when_it_alone_is_broken(release: str) -> None:
    grammar = standard(release)
    for rule in _segments(grammar):
        for note in rule.notes:
            there = _breaking(rule, note)
            if there is None:
                assert (rule.tag, str(note)) in _NEVER_ALONE
                continue
            told = _codes(grammar, segment_of(rule, there))
            expected = FaultCode.EXCLUSION if note.kind == "E" else FaultCode.CONDITION_MISSING
            assert told, (rule.tag, str(note), there)
            assert {code for code, _ in told} == {expected}, (rule.tag, str(note), there)
            assert {at for _, at in told} <= set(note.positions), (rule.tag, str(note), there)


def _breaking(rule: SegmentRule, note: Note) -> set[int] | None:
    """Elements that break one note and keep all others."""
    wanted = note.positions[:2] if note.kind == "E" else note.positions[: note.kind != "R"]
    others = [each for each in rule.notes if each is not note]
    more = [(*wanted, at) for at in range(1, len(rule.parts) + 1)]
    for start in (wanted, note.positions[1:2], *more):
        there = completed(rule, start, without=note)
        if broken(note, there) and not any(broken(each, there) for each in others):
            return there
    return None


def test_components_are_looked_at_one_by_one() -> None:
    grammar = standard("004010")
    assert grammar.check(["REF", "DP", "1", "", "IA>123"], SEPARATORS) == []
    (fault,) = grammar.check(["REF", "DP", "1", "", "IA"], SEPARATORS)
    assert (fault.code, fault.element, fault.component) == (FaultCode.ELEMENT_MISSING, 4, 2)
    (fault,) = grammar.check(["REF", "DP", "1", "", "IA>1>>2"], SEPARATORS)
    assert (fault.code, fault.element, fault.component) == (FaultCode.CONDITION_MISSING, 4, 3)
    (fault,) = grammar.check(["REF", "DP", "1", "", "IAXX>1"], SEPARATORS)
    assert (fault.code, fault.element, fault.component) == (FaultCode.TOO_LONG, 4, 1)
    (fault,) = grammar.check(["UIT", ">".join(["EA"] * 2 + ["1"] * 20)], SEPARATORS)[-1:]
    assert fault.code is FaultCode.TOO_MANY_COMPONENTS


def test_the_words_name_the_element_and_what_is_wrong_with_it() -> None:
    grammar = standard("004010")
    (fault,) = grammar.check(["BEG", "00", "SA", "P" * 23, "", "20260715"], SEPARATORS)
    assert str(fault) == f"BEG03 '{'P' * 23}': purchase order number has 23 characters and may have 22 at most"
    (fault,) = grammar.check(["N1", "ST", "ACME", "92"], SEPARATORS)
    assert str(fault) == "N104: id is missing: N103 id qualifier calls for it"
    (fault,) = grammar.check(["TA1", "000000001", "260715", "1200", "Z", "000"], SEPARATORS)
    assert str(fault) == "TA104 'Z': interchange outcome is not a code of the standard's list"


def test_in_a_release_that_we_do_not_describe_nothing_is_worse_than_a_warning() -> None:
    nearest = standard("003060")
    walker = nearest.walker("850", SEPARATORS)
    assert walker is not None
    told = walker.feed([["ST", "850", "0001"], ["BEG", "00", "SA", "1", "", "260715"], ["SE", "3", "0001"]]).faults
    assert [fault.code for fault in told] == [FaultCode.TOO_SHORT, FaultCode.SEGMENT_MISSING]
    assert {fault.severity for fault in told} == {Severity.WARNING}


def test_more_faults_than_anybody_reads_are_counted_and_not_kept() -> None:
    walker = standard("004010").walker("850", SEPARATORS)
    assert walker is not None
    walked = walker.feed([["QQQ"]] * 2500)
    assert (len(walked.loops), len(walked.faults), walked.unsaid) == (2500, 1000, 1500)


def test_a_loop_that_lacks_something_is_counted_all_the_same() -> None:
    specimen = Specimen(standard("004010"), "997")
    walker = specimen.standard.walker("997", SEPARATORS)
    assert walker is not None
    walked = walker.feed([["ST", "997", "0001"], ["AK1", "PO", "1"], *[["AK2", "850", f"000{at}"] for at in range(3)]])
    assert [loop.ordinal for loop in walked.loops[2:]] == [1, 2, 3]
    assert [(fault.tag, fault.segment) for fault in walked.faults] == [("AK5", 4), ("AK5", 5)]
    assert [fault.tag for fault in walker.finish()] == ["AK5", "AK9"]


def test_a_set_in_parts_is_walked_as_one() -> None:
    specimen = Specimen(standard("004010"), "856")
    whole = bare(specimen.fullest())
    once = specimen.standard.walker("856", SEPARATORS)
    parts = specimen.standard.walker("856", SEPARATORS)
    assert once is not None
    assert parts is not None
    expected = [loop.rule.path for loop in once.feed(whole).loops]
    found = [loop.rule.path for at in range(0, len(whole), 7) for loop in parts.feed(whole[at : at + 7]).loops]
    assert found == expected
    assert parts.finish() == []
