"""Looks at a segment element by element and says everything that is wrong with it, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Segment, Separators
from hub.codec.x12.standard.rules import Element, Note, Part, SegmentRule

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WHOLE = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?")


class _Wrong(NamedTuple):
    """A fault of one value, not yet at its place."""

    code: FaultCode
    message: str
    graded: Severity | None = None


def examine(segment: Segment, rule: SegmentRule, separators: Separators) -> Iterator[Fault]:
    """Yield the faults of one segment, without the place of the segment in its set."""
    tag = segment[0]
    for position, part in enumerate(rule.parts, 1):
        value = segment[position] if position < len(segment) else ""
        if value:
            yield from _value_faults(tag, position, part, value, separators)
        elif part.mandatory:
            message = f"{part.name} is missing"
            yield Fault(FaultCode.ELEMENT_MISSING, element=position, message=message, tag=tag, reference=part.number)
    if not rule.open:
        for position, value in enumerate(segment[len(rule.parts) + 1 :], len(rule.parts) + 1):
            if value:
                message = f"{tag} ({rule.name}) has {len(rule.parts)} elements, and this is number {position}"
                yield Fault(FaultCode.TOO_MANY_ELEMENTS, element=position, value=value, message=message, tag=tag)
    yield from _note_faults(tag, segment[1:], rule, 0)


def _value_faults(tag: str, position: int, part: Part, value: str, separators: Separators) -> Iterator[Fault]:
    if isinstance(part.what, Element):
        yield from _simple_faults(tag, (position, 0), part, value)
        return
    rule = part.what
    components = separators.components(value)
    for at, component in enumerate(rule.parts, 1):
        inner = components[at - 1] if at <= len(components) else ""
        if inner:
            yield from _simple_faults(tag, (position, at), component, inner)
        elif component.mandatory:
            code, message = FaultCode.ELEMENT_MISSING, f"{component.name} is missing in {part.name}"
            yield Fault(code, element=position, component=at, message=message, tag=tag, reference=component.number)
    if any(components[len(rule.parts) :]):
        message = f"{part.name} has {len(rule.parts)} components, and here are {len(components)}"
        code = FaultCode.TOO_MANY_COMPONENTS
        yield Fault(code, element=position, value=value, message=message, tag=tag, reference=rule.tag)
    yield from _note_faults(tag, components, rule, position)


def _simple_faults(tag: str, place: tuple[int, int], part: Part, value: str) -> Iterator[Fault]:
    if isinstance(part.what, Element):
        for code, message, graded in _told(part.what, value):
            yield Fault(
                code,
                element=place[0],
                component=place[1],
                value=value,
                message=f"{part.name} {message}",
                tag=tag,
                reference=part.number,
                graded=graded,
            )


def _told(element: Element, value: str) -> list[_Wrong]:
    """Say what is wrong with one value; that it was filled up with blanks takes nothing from it."""
    found = list(_wrong(element, value))
    bare = value.rstrip(" ")
    if found and bare and bare != value and not list(_wrong(element, bare)):
        return [_Wrong(found[0].code, "is filled with blanks, which belong to no value", Severity.WARNING)]
    return found


def _wrong(element: Element, value: str) -> Iterator[_Wrong]:
    """Say what is wrong with one value; only the first thing where one wrong thing leads to the next."""
    if _CONTROL.search(value):
        yield _Wrong(FaultCode.BAD_CHARACTER, "holds a control character")
        return
    if element.kind == "DT":
        yield from _wrong_date(element, value)
        return
    if element.kind in ("N", "R") and not (_WHOLE if element.kind == "N" else _DECIMAL).fullmatch(value):
        kind = "a whole number" if element.kind == "N" else "a number"
        yield _Wrong(FaultCode.BAD_CHARACTER, f"is not {kind}")
        return
    length = sum(map(str.isdigit, value)) if element.kind in ("N", "R") else len(value)
    if length < element.shortest:
        yield _Wrong(FaultCode.TOO_SHORT, f"has {length} characters and needs {element.shortest} at least")
    elif length > element.longest:
        yield _Wrong(FaultCode.TOO_LONG, f"has {length} characters and may have {element.longest} at most")
    elif element.kind == "TM" and not _TIME.fullmatch(value):
        yield _Wrong(FaultCode.BAD_TIME, "is not a time of day (HHMM, HHMMSS)")
    elif element.codes and value not in element.codes:
        graded = Severity.ERROR if element.closed else Severity.WARNING
        yield _Wrong(FaultCode.BAD_CODE, "is not a code of the standard's list" if element.closed else "is a code that"
                     " is not in our list", graded)  # fmt: skip


def _wrong_date(element: Element, value: str) -> Iterator[_Wrong]:
    if len(value) < element.shortest:
        yield _Wrong(FaultCode.TOO_SHORT, f"has {len(value)} characters and needs {element.shortest}")
    elif len(value) > element.longest:
        yield _Wrong(FaultCode.TOO_LONG, f"has {len(value)} characters and may have {element.longest}")
    elif not _is_date(value):
        yield _Wrong(FaultCode.BAD_DATE, "is not a day of the calendar (" + "CCYYMMDD"[-element.longest :] + ")")


def _is_date(value: str) -> bool:
    """Whether the digits are a day; a year of two digits is taken as one of this century."""
    if not (value.isascii() and value.isdigit()):
        return False
    year = value[:-4] if len(value) == 8 else "20" + value[:-4]
    try:
        date(int(year), int(value[-4:-2]), int(value[-2:]))
    except ValueError:
        return False
    return True


def _note_faults(tag: str, values: Sequence[str], rule: SegmentRule, element: int) -> Iterator[Fault]:
    """Yield the broken notes of a segment, or of the composite at `element`."""
    for note in rule.notes:
        there = [at for at in note.positions if at <= len(values) and values[at - 1]]
        missing = _missing(note, there)
        for at in missing:
            yield _note_fault(tag, rule, FaultCode.CONDITION_MISSING, at, element, _why_missing(note, rule, there))
        if note.kind == "E" and len(there) > 1:
            words = f"excludes {_names(rule, there[:1])}: only one of them may be given"
            yield _note_fault(tag, rule, FaultCode.EXCLUSION, there[1], element, words)


def _missing(note: Note, there: list[int]) -> Sequence[int]:
    """Return the positions that a note wants and that are empty; of several that would do, the first."""
    first, *others = note.positions
    if note.kind == "P" and there:
        return [at for at in note.positions if at not in there]
    if note.kind == "R" and not there:
        return [first]
    if note.kind == "C" and first in there:
        return [at for at in others if at not in there]
    if note.kind == "L" and there == [first]:
        return others[:1]
    return ()


def _why_missing(note: Note, rule: SegmentRule, there: list[int]) -> str:
    if note.kind == "R":
        return f"is missing: one of {_names(rule, note.positions)} must be given"
    if note.kind == "L":
        given = _names(rule, note.positions[:1])
        return f"is missing: {given} calls for one of {_names(rule, note.positions[1:])}"
    return f"is missing: {_names(rule, there[:1])} calls for it"


def _names(rule: SegmentRule, positions: Sequence[int]) -> str:
    return ", ".join(f"{rule.tag}{at:02d} {rule.parts[at - 1].name}" for at in positions)


def _note_fault(tag: str, rule: SegmentRule, code: FaultCode, at: int, element: int, words: str) -> Fault:
    part = rule.parts[at - 1]
    place = (element, at) if element else (at, 0)
    message = f"{part.name} {words}"
    return Fault(code, element=place[0], component=place[1], message=message, tag=tag, reference=part.number)
