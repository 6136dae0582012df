"""A partner's WE60 export (the "parser" file of an IDoc type) as a dictionary.

The file is text, one fact a line: blocks between BEGIN_x and END_x, and in them a name and its value, such as
`SEGMENTTYPE E1EDK01`, `LEVEL 02`, `STATUS MANDATORY`, `LOOPMAX 0000000099`. Fields are NAME, TEXT, TYPE, LENGTH,
FIELD_POS, CHARACTER_FIRST and CHARACTER_LAST; older exports say BYTE_FIRST and BYTE_LAST. Groups of segments lie in
each other; the first segment of a group encloses the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from hub.codec.idoc.dictionary import Dictionary, DictionaryRefused, Field, Layout, Place, Tree, standard, xml_name
from hub.codec.idoc.model import HEADER_WIDTH, RECORD_WIDTH

_LINE: Final = re.compile(r"\s*([A-Z_]+)(?:\s+(.*?))?\s*")
_KINDS: Final = {"DATE": "date", "TIME": "time", "NUMERIC": "", "DECIMAL": "number", "QUANTITY": "number"}
_ALWAYS: Final = 99_999


@dataclass(slots=True)
class _Group:
    """A group of segments that is open; its first segment encloses the others."""

    head: str = ""
    above: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Segment:
    """A segment that is open."""

    external: str
    line: int
    name: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)


class _Learner:
    """Reads the lines of a parser file."""

    def __init__(self) -> None:
        self.type = ""
        self.extension = ""
        self.segments: dict[str, Layout] = {}
        self.places: list[Place] = []
        self._groups = [_Group()]
        self._segment: _Segment | None = None
        self._field: dict[str, str] | None = None

    def take(self, line: int, key: str, value: str) -> None:
        """Understand one line."""
        if key == "BEGIN_IDOC":
            self.type = self.type or value
        elif key == "EXTENSION":
            self.extension = value
        elif key == "BEGIN_GROUP":
            self._groups.append(_Group(above=self._groups[-1].head))
        elif key == "END_GROUP":
            if len(self._groups) == 1:
                raise DictionaryRefused(f"line {line}: END_GROUP without BEGIN_GROUP")
            self._groups.pop()
        elif key == "BEGIN_SEGMENT":
            self._segment = _Segment(value, line)
        elif key == "END_SEGMENT":
            self._finish(line)
        elif self._segment is not None:
            self._fact(self._segment, key, value)
        else:
            self._groups[-1].facts[key] = value

    def _fact(self, segment: _Segment, key: str, value: str) -> None:
        if key == "BEGIN_FIELDS":
            self._field = {}
        elif key == "END_FIELDS":
            self._field = None
        elif self._field is None:
            segment.facts[key] = value
        else:
            if key == "NAME":
                self._field = {}
                segment.fields.append(self._field)
            self._field[key] = value

    def _finish(self, line: int) -> None:
        segment = self._segment
        if segment is None:
            raise DictionaryRefused(f"line {line}: END_SEGMENT without BEGIN_SEGMENT")
        name = xml_name(segment.facts.get("SEGMENTTYPE") or segment.external)
        self._segment = self._field = None
        self.segments[name] = Layout(name, segment.external or name, tuple(_fields(segment)))
        group = self._groups[-1]
        head = bool(len(self._groups) > 1 and not group.head)
        if head:
            group.head = name
        parent = group.above if head else group.head
        facts = group.facts if head else segment.facts
        most = _whole(facts.get("LOOPMAX", "0"), segment)
        needed = facts.get("STATUS") == "MANDATORY" and not parent
        level = _whole(segment.facts.get("LEVEL", "0"), segment)
        often = 0 if most >= _ALWAYS else most
        self.places.append(Place(name, parent, len(self.places), int(needed), often, min(level, 99)))


def _fields(segment: _Segment) -> Iterator[Field]:
    """Yield the fields; a gap between two of them gets a name, so that what follows stands right."""
    at = 0
    for each in segment.fields:
        first = _whole(each.get("CHARACTER_FIRST", each.get("BYTE_FIRST", "0")), segment)
        last = _whole(each.get("CHARACTER_LAST", each.get("BYTE_LAST", "0")), segment)
        width = _whole(each.get("LENGTH", str(last - first + 1)), segment)
        offset = first - HEADER_WIDTH - 1 if first > HEADER_WIDTH else at
        name = xml_name(each.get("NAME", "").strip())
        if not re.fullmatch(r"\S+", name) or width < 1 or offset < at or offset + width > RECORD_WIDTH:
            raise DictionaryRefused(f"line {segment.line}: {segment.external} has a field {name!r} that cannot be")
        if offset > at:
            yield Field(f"GAP{at}", at, offset - at)
        yield Field(name, offset, width, _KINDS.get(each.get("TYPE", ""), ""), each.get("TEXT", "").strip())
        at = offset + width


def _whole(text: str, segment: _Segment) -> int:
    if not re.fullmatch(r"\d{1,10}", text.strip(), re.ASCII):
        raise DictionaryRefused(f"line {segment.line}: {segment.external} has {text!r} where a number should be")
    return int(text)


def learn(lines: Iterable[str]) -> Dictionary:
    """Return what a WE60 parser file says; raises DictionaryRefused for what is none.

    What we know of a field's kind and of older releases is kept where the names are the same.
    """
    learner = _Learner()
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is not None:
            learner.take(number, match[1], match[2] or "")
    if not learner.segments:
        raise DictionaryRefused("the file describes no segments; export the IDoc type in WE60 as a parser file")
    name = learner.extension or learner.type
    known = standard().segments
    segments = {key: _with_kinds(each, known.get(key)) for key, each in learner.segments.items()}
    return Dictionary(segments, {name: Tree(name, tuple(learner.places))} if name else {})


def _with_kinds(layout: Layout, known: Layout | None) -> Layout:
    if known is None:
        return layout
    kinds = {each.name: each.kind for each in known.fields}
    fields = tuple(
        Field(each.name, each.offset, each.width, each.kind or kinds.get(each.name, ""), each.meaning)
        for each in layout.fields
    )
    return Layout(layout.name, layout.external, fields, known.older)
