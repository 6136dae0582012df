"""The grammar holds together, and what it calls right is walked through without a word."""

from __future__ import annotations

import pytest

from hub.codec.x12.groups import FUNCTIONAL_IDS
from hub.codec.x12.interchange import Segment
from hub.codec.x12.standard.release import RELEASES, SETS, Standard, standard
from hub.codec.x12.standard.rules import Element, LoopRule
from tests.x12.specimen import SEPARATORS, Specimen, completed, segment_of

everything = pytest.mark.parametrize("release", RELEASES)
every_set = pytest.mark.parametrize("code", SETS)


@everything
def test_every_segment_can_be_read_and_its_notes_speak_of_elements_that_it_has(release: str) -> None:
    grammar = standard(release)
    for tag in grammar.segments:
        rule = grammar.segment(tag)
        assert rule is not None
        assert rule.name
        for note in rule.notes:
            assert len(note.positions) > 1, (tag, str(note))
            assert set(note.positions) <= set(range(1, len(rule.parts) + 1)), (tag, str(note))
            assert note.kind in "PRECL"


@everything
def test_every_element_has_lengths_that_its_codes_keep(release: str) -> None:
    grammar = standard(release)
    for tag in grammar.segments:
        rule = grammar.segment(tag)
        assert rule is not None
        for part in rule.parts:
            element = part.what
            if isinstance(element, Element):
                assert 0 < element.shortest <= element.longest, element
                assert all(element.shortest <= len(code) <= element.longest for code in element.codes), element
                assert len(set(element.codes)) == len(element.codes), element


@everything
@every_set
def test_every_segment_of_a_set_is_described_and_its_group_is_the_one_it_travels_in(release: str, code: str) -> None:
    grammar = standard(release)
    rule = grammar.set(code)
    assert rule is not None
    assert all(grammar.segment(tag) is not None for tag in rule.tags())
    assert rule.group == FUNCTIONAL_IDS[code]
    assert [use.tag for use in (rule.root.uses[0], rule.root.uses[-1])] == ["ST", "SE"]


def _paths(grammar: Standard, code: str, segments: list[Segment]) -> list[str]:
    walker = grammar.walker(code, SEPARATORS)
    assert walker is not None
    walked = walker.feed(segments)
    assert [str(fault) for fault in walked.faults + walker.finish()] == []
    return [f"{loop.rule.path}:{segment[0]}" for loop, segment in zip(walked.loops, segments, strict=True)]


@everything
@every_set
def test_the_smallest_set_is_clean(release: str, code: str) -> None:
    specimen = Specimen(standard(release), code)
    made = specimen.smallest()
    expected = [f"{use.home.path}:{use.tag}" for use, _ in made]
    assert _paths(specimen.standard, code, [segment for _, segment in made]) == expected


@everything
@every_set
def test_the_fullest_set_is_clean_and_each_segment_is_in_its_loop(release: str, code: str) -> None:
    specimen = Specimen(standard(release), code)
    made = specimen.fullest()
    expected = [f"{use.home.path}:{use.tag}" for use, _ in made]
    assert _paths(specimen.standard, code, [segment for _, segment in made]) == expected


@everything
def test_a_segment_with_all_that_it_may_have_is_clean(release: str) -> None:
    grammar = standard(release)
    for tag in grammar.segments:
        rule = grammar.segment(tag)
        assert rule is not None
        excluded = {note.positions[1] for note in rule.notes if note.kind == "E"}
        there = completed(rule, set(range(1, len(rule.parts) + 1)) - excluded)
        if not excluded & there:
            assert grammar.check(segment_of(rule, there), SEPARATORS) == [], tag


def test_the_later_release_adds_without_losing_what_was_there() -> None:
    first, later = (standard(release).set("850") for release in RELEASES)
    assert first is not None
    assert later is not None
    assert _tags(later.root) == _tags(first.root) | {"N9/MTX", "N1/MTX", "LDT/MTX", "SPI/MTX", "PO1/MTX"} | {
        "PO1/N9/MTX",
        "PO1/SLN/MTX",
        "PO1/SLN/N9/MTX",
    }
    party = standard("005010").segment("N4")
    assert party is not None
    assert len(party.parts) == 7


def _tags(loop: LoopRule) -> set[str]:
    return {f"{use.home.path}/{use.tag}".lstrip("/") for use in loop.walk()}


@pytest.mark.parametrize(
    ("version", "release", "exact"),
    [
        ("004010", "004010", True),
        ("004010VICS", "004010", True),
        ("005010X231A1", "005010", True),
        ("004030", "004010", False),
        ("006020", "005010", False),
        ("003040", "004010", False),
        ("", "004010", False),
    ],
)
def test_a_version_is_read_by_its_release_or_by_the_one_before_it(version: str, release: str, exact: bool) -> None:
    chosen = standard(version)
    assert (chosen.release, chosen.exact) == (release, exact)


def test_a_set_that_we_do_not_describe_has_no_walker() -> None:
    assert standard("004010").walker("204", SEPARATORS) is None
    assert standard("004010").walker("../004010/sets/850", SEPARATORS) is None
