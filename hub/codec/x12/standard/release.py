"""The grammar of one release, read when it is first asked for, and the choice of the release for a version (GS08)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Final

from hub.codec.x12.fault import Fault
from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.standard import reading
from hub.codec.x12.standard.examine import examine
from hub.codec.x12.standard.moves import Moves
from hub.codec.x12.standard.pattern import Patterns
from hub.codec.x12.standard.rules import Element, SegmentRule, SetRule
from hub.codec.x12.standard.walk import Shapes, Walker

#: The releases that we describe; a later one is said as what it changes of the first.
RELEASES: Final = ("004010", "005010")
#: The transaction sets that we describe.
SETS: Final = tuple("810 832 846 850 852 855 856 860 865 940 943 944 945 997 999".split())


class Standard:
    """One release of the standard. `exact` is false where it stands in for a release that we do not describe."""

    def __init__(self, release: str = RELEASES[0], *, exact: bool = True) -> None:
        self.release = release
        self.exact = exact
        self._later = RELEASES[1 : RELEASES.index(release) + 1]
        self._element_lines = self._merged("elements.txt")
        self._segment_lines = self._merged("segments.txt")
        self._elements: dict[str, Element] = {}
        self._segments: dict[str, SegmentRule] = {}
        self._patterns: dict[tuple[str, str], Patterns] = {}
        self._sets: dict[str, SetRule] = {}
        self._moves: dict[tuple[str, str], tuple[Moves, Shapes]] = {}

    def element(self, number: str) -> Element | SegmentRule:
        """Return a data element, or a composite by its id; raises KeyError for what is not described."""
        if number in self._segment_lines:
            return self._rule(number)
        if number not in self._elements:
            self._elements[number] = reading.read_element(self._element_lines[number])
        return self._elements[number]

    def segment(self, tag: str) -> SegmentRule | None:
        """Return what a segment is made of, or None for an id that the standard does not know."""
        return self._rule(tag) if tag in self._segment_lines else None

    @property
    def segments(self) -> tuple[str, ...]:
        """The ids of all segments and composites described."""
        return tuple(self._segment_lines)

    def set(self, code: str) -> SetRule | None:
        """Return what a transaction set is made of, or None where we do not describe it."""
        if code not in SETS:
            return None
        if code not in self._sets:
            places = reading.lines(RELEASES[0], "sets", f"{code}.txt")
            self._sets[code] = reading.read_set(places, self._additions(code))
        return self._sets[code]

    def walker(self, code: str, separators: Separators) -> Walker | None:
        """Return a walker at the beginning of a transaction set, or None where we do not describe it."""
        rule = self.set(code)
        if rule is None:
            return None
        key = (code, separators.element)
        if key not in self._moves:
            moves = Moves(rule, self.segment, partial(self.patterns, separator=separators.element))
            self._moves[key] = moves, {}
        moves, shapes = self._moves[key]
        return Walker(moves, separators, shapes, exact=self.exact)

    def check(self, segment: Segment, separators: Separators) -> list[Fault]:
        """Return the faults of one segment by itself, a TA1 for instance; what is not described has none."""
        rule = self.segment(segment[0])
        if rule is None or self.clean(segment, separators.element):
            return []
        return list(examine(segment, rule, separators))

    def clean(self, segment: Segment, separator: str) -> bool:
        """Whether the quick look at a segment already says that nothing is wrong; it is cautious."""
        text = separator.join(segment)
        return bool(self.patterns(segment[0], separator).other(text)) and text.isprintable()

    def patterns(self, tag: str, separator: str) -> Patterns:
        """Return what says that a segment joined by the separator is clean."""
        key = (tag, separator)
        if key not in self._patterns:
            self._patterns[key] = Patterns(self.segment(tag), separator)
        return self._patterns[key]

    def _rule(self, tag: str) -> SegmentRule:
        if tag not in self._segments:
            self._segments[tag] = reading.read_segment(self._segment_lines[tag], self.element)
        return self._segments[tag]

    def _merged(self, name: str) -> dict[str, str]:
        """Return the lines of the first release with those of the later ones in their place."""
        merged = reading.by_name(RELEASES[0], name)
        for release in self._later:
            merged.update(reading.by_name(release, name))
        return merged

    def _additions(self, code: str) -> Iterator[tuple[str, str]]:
        for release in self._later:
            for line in reading.lines(release, "sets.txt"):
                its_code, path, _, place = line.split(" ", 3)
                if its_code == code:
                    yield path, place


@cache
def _standard(release: str, exact: bool) -> Standard:  # noqa: FBT001
    return Standard(release, exact=exact)


def standard(version: str) -> Standard:
    """Return the grammar for a version such as 004010 or 005010X231A1.

    A release that we do not describe is read by the one before it, or by the first, and then only warned of.
    """
    release = version[:6]
    nearest = max((each for each in RELEASES if each <= release), default=RELEASES[0])
    return _standard(nearest, release in RELEASES)
