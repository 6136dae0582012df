"""Write X12: headers to their widths, trailers and counts computed, no trailing empties, nothing that cannot be read.

X12 has no escape: a separator in data must be refused or replaced, and which of the two is the caller's policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Final

from hub.codec.x12.groups import FUNCTIONAL_IDS
from hub.codec.x12.interchange import Segment, Separators, element

#: What we write unless a partner wants it otherwise.
SEPARATORS: Final = Separators(element="*", segment="~", component=">", after="\n")
_ISA_WIDTHS: Final = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1)
_SENDER_AND_RECEIVER: Final = 15
_HIGHEST: Final = 999_999_999


class Policy(Enum):
    """What to do with a separator, or a line break, in data."""

    REFUSE = "refuse"
    REPLACE = "replace"  # by a blank


class CannotWrite(ValueError):
    """A value that X12 cannot hold: which, where, and why."""


class Joined(str):
    """A value whose component and repetition separators are structure, not data."""

    __slots__ = ()


def composite(separators: Separators, *components: str, policy: Policy = Policy.REFUSE) -> Joined:
    """Join components into one element; empty ones at the end are left out."""
    if len(components) > 1 and not separators.component:
        raise CannotWrite("this interchange has no component separator")
    clean = [_clean(text, separators, f"component {number}", policy) for number, text in enumerate(components, 1)]
    return Joined(separators.component.join(clean).rstrip(separators.component))


def repeated(separators: Separators, *values: str, policy: Policy = Policy.REFUSE) -> Joined:
    """Join the repetitions of an element; raises CannotWrite where the version knows none."""
    if len(values) > 1 and not separators.repetition:
        raise CannotWrite("this version of the interchange has no repetitions")
    clean = [
        text if isinstance(text, Joined) else _clean(text, separators, f"repetition {number}", policy)
        for number, text in enumerate(values, 1)
    ]
    return Joined(separators.repetition.join(clean).rstrip(separators.repetition or None))


@dataclass(frozen=True)
class GroupContent:
    """A group to be written, or read whole: GS, and its sets, each from ST to the segment before SE."""

    gs: Segment
    sets: Sequence[Sequence[Segment]] = ()


@dataclass(frozen=True)
class Envelope:
    """An interchange to be written, or read whole: ISA without ISA16, the segments before the first GS, groups.

    `digits` are the widths to which SE01, GE01 and IEA01 are filled with zeros, for partners that want that.
    """

    isa: Segment
    groups: Sequence[GroupContent] = field(default_factory=list)
    notes: Sequence[Segment] = field(default_factory=list)
    separators: Separators = field(default=SEPARATORS)
    digits: tuple[int, int, int] = (0, 0, 0)


def isa_segment(  # noqa: PLR0913 - as many as ISA has
    sender: tuple[str, str],
    receiver: tuple[str, str],
    control: int,
    at: datetime,
    *,
    version: str = "00401",
    usage: str = "P",
    acknowledge: bool = False,
    repetition: str = "",
) -> Segment:
    """Return an ISA; sender and receiver are (qualifier, id), `at` is in the time that the partner expects.

    Raises CannotWrite for ids that are too long and control numbers that are out of range.
    """
    if not 0 < control <= _HIGHEST:
        raise CannotWrite(f"the control number {control} is not between 1 and {_HIGHEST}")
    for what, (qualifier, name) in (("sender", sender), ("receiver", receiver)):
        if len(qualifier) != 2 or not 0 < len(name) <= _SENDER_AND_RECEIVER:
            raise CannotWrite(
                f"the {what} {qualifier!r} {name!r} does not fit ISA: two and one to {_SENDER_AND_RECEIVER} characters"
            )
    day, time = at.strftime("%y%m%d"), at.strftime("%H%M")
    flag = "1" if acknowledge else "0"
    values = [
        "00",
        "",
        "00",
        "",
        *sender,
        *receiver,
        day,
        time,
        repetition or "U",
        version,
        f"{control:09d}",
        flag,
        usage,
    ]
    return ["ISA", *(value.ljust(width) for value, width in zip(values, _ISA_WIDTHS, strict=True))]


def gs_segment(
    code: str, sender: str, receiver: str, control: int, at: datetime, *, version: str = "004010"
) -> Segment:
    """Return the GS for sets with this number (850 ...); raises CannotWrite for a set whose group is not known."""
    if code not in FUNCTIONAL_IDS:
        raise CannotWrite(f"the functional group of a set {code} is not known")
    if not 0 < control <= _HIGHEST:
        raise CannotWrite(f"the group control number {control} is not between 1 and {_HIGHEST}")
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M")
    return ["GS", FUNCTIONAL_IDS[code], sender, receiver, day, time, str(control), "X", version]


def write(envelope: Envelope, *, policy: Policy = Policy.REFUSE, encoding: str = "utf-8") -> bytes:
    """Return the bytes of an interchange; raises CannotWrite (a ValueError) for a value that X12 cannot hold.

    Separators beyond ASCII are single bytes, which only Latin-1 has.
    """
    separators = envelope.separators
    if not (separators.element + separators.segment + separators.component + separators.repetition).isascii():
        encoding = "latin-1"
    lines = [_isa(envelope.isa, separators)]
    lines += [_line(note, separators, policy) for note in envelope.notes]
    for group in envelope.groups:
        lines.append(_line(group.gs, separators, policy))
        for segments in group.sets:
            lines += set_lines(segments, separators, policy, envelope.digits[0])
        count = str(len(group.sets)).zfill(envelope.digits[1])
        lines.append(_line(["GE", count, element(group.gs, 6)], separators, policy))
    count = str(len(envelope.groups)).zfill(envelope.digits[2])
    lines.append(_line(["IEA", count, element(envelope.isa, 13)], separators, policy))
    end = separators.segment + separators.after
    try:
        return (end.join(lines) + end).encode(encoding)
    except UnicodeEncodeError as error:
        raise CannotWrite(f"{error.object[error.start]!r} cannot be written in {encoding}") from error


def set_lines(
    segments: Iterable[Segment], separators: Separators, policy: Policy = Policy.REFUSE, digits: int = 0
) -> list[str]:
    """Return the segments of a set as text, without terminators, with the SE that belongs to them."""
    control = ""
    lines: list[str] = []
    for segment in segments:
        if not lines:
            control = element(segment, 2)
        line = _line(segment, separators, policy)
        if separators.element in line:  # a segment without any value is not written
            lines.append(line)
    lines.append(_line(["SE", str(len(lines) + 1).zfill(digits), control], separators, policy))
    return lines


def _isa(isa: Segment, separators: Separators) -> str:
    """Lay ISA out to its widths."""
    values = list(isa[1:16])
    if len(values) != len(_ISA_WIDTHS):
        raise CannotWrite(f"ISA has {len(values)} elements before the component separator, not {len(_ISA_WIDTHS)}")
    if separators.repetition not in {"", values[10]}:
        raise CannotWrite(f"ISA11 is {values[10]!r}, not the repetition separator {separators.repetition!r}")
    for number, (value, width) in enumerate(zip(values, _ISA_WIDTHS, strict=True), 1):
        if len(value.rstrip()) > width or separators.element in value or separators.segment in value:
            raise CannotWrite(f"ISA{number:02d} cannot hold {value!r}: {width} characters and no separator")
    padded = [value.rstrip().ljust(width) for value, width in zip(values, _ISA_WIDTHS, strict=True)]
    return separators.element.join(["ISA", *padded, separators.component])


def _line(segment: Segment, separators: Separators, policy: Policy) -> str:
    forbidden = _forbidden(separators)
    values = [
        value if not forbidden.search(value) else _clean(value, separators, f"{segment[0]}{number:02d}", policy)
        for number, value in enumerate(segment)
    ]
    return separators.element.join(values).rstrip(separators.element)


def _clean(value: str, separators: Separators, place: str, policy: Policy) -> str:
    """Return a value without what would cut it in two."""
    pattern = _structure(separators) if isinstance(value, Joined) else _forbidden(separators)
    found = pattern.search(value)
    if found is None:
        return value
    if policy is Policy.REFUSE:
        raise CannotWrite(f"{place} {value[:80]!r} holds {found.group()!r}, which structures the interchange")
    return pattern.sub(" ", value)


@lru_cache(maxsize=64)
def _forbidden(separators: Separators) -> re.Pattern[str]:
    marks = separators.element + separators.segment + separators.component + separators.repetition
    return re.compile(f"[{re.escape(marks)}\r\n]")


@lru_cache(maxsize=64)
def _structure(separators: Separators) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(separators.element + separators.segment)}\r\n]")
