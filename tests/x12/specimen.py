"""Specimens made from the grammar itself: the smallest and the fullest transaction set, and what breaks one rule.

The conditions between elements are judged here once more, by code of its own, so that a mistake there shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.standard.release import Standard
from hub.codec.x12.standard.rules import Element, LoopRule, Note, Part, SegmentRule, SetRule, Use

SEPARATORS = Separators()


def value(part: Part) -> str:
    """The shortest value that is right."""
    if isinstance(part.what, SegmentRule):
        return ">".join(segment_of(part.what)[1:])
    element = part.what
    if element.codes:
        return element.codes[0]
    if element.kind == "DT":
        return "20260715"[-element.longest :]
    if element.kind == "TM":
        return "1200"
    return ("1" if element.kind in ("N", "R") else "A") * element.shortest


def broken(note: Note, there: set[int]) -> bool:
    """Is a note broken when just these elements are given?"""
    first, *others = note.positions
    given = [at for at in note.positions if at in there]
    if note.kind == "P":
        return 0 < len(given) < len(note.positions)
    if note.kind == "R":
        return not given
    if note.kind == "E":
        return len(given) > 1
    rest = [at for at in others if at in there]
    return first in there and (len(rest) < len(others) if note.kind == "C" else not rest)


def completed(rule: SegmentRule, wanted: Iterable[int] = (), without: Note | None = None) -> set[int]:
    """The elements that must be given besides the wanted ones, one note left out of it."""
    there = {at for at, part in enumerate(rule.parts, 1) if part.mandatory} | set(wanted)
    for _ in rule.parts:
        for note in rule.notes:
            if note is not without and note.kind != "E" and broken(note, there):
                there |= set(note.positions) if note.kind in "PC" else {note.positions[note.kind == "L"]}
    return there


def segment_of(rule: SegmentRule, there: set[int] | None = None) -> Segment:
    """A segment with these elements, or with no more than it must have."""
    there = completed(rule) if there is None else there
    last = max(there, default=0)
    return [rule.tag, *(value(part) if at in there else "" for at, part in enumerate(rule.parts[:last], 1))]


def segment(standard: Standard, tag: str) -> Segment:
    rule = standard.segment(tag)
    assert rule is not None, tag
    return segment_of(rule)


class Specimen:
    """Makes the segments of one transaction set."""

    def __init__(self, standard: Standard, code: str) -> None:
        rule = standard.set(code)
        assert rule is not None
        self.standard = standard
        self.rule: SetRule = rule

    def smallest(self) -> list[tuple[Use, Segment]]:
        """What must be there."""
        return list(self._loop(self.rule.root, full=False))

    def fullest(self) -> list[tuple[Use, Segment]]:
        """Everything there is, each once."""
        return list(self._loop(self.rule.root, full=True))

    def one(self, use: Use) -> list[tuple[Use, Segment]]:
        """A use with what its loop must have."""
        return list(self._use(use, full=False))

    def _loop(self, loop: LoopRule, *, full: bool) -> Iterator[tuple[Use, Segment]]:
        for use in loop.uses:
            if full or use.mandatory:
                yield from self._use(use, full=full)

    def _use(self, use: Use, *, full: bool) -> Iterator[tuple[Use, Segment]]:
        if use.opens is not None:
            yield from self._loop(use.opens, full=full)
            return
        made = segment(self.standard, use.tag)
        if use.tag == "ST":
            made[1] = self.rule.code
        yield use, made


def simple(part: Part) -> Element | None:
    return part.what if isinstance(part.what, Element) else None
