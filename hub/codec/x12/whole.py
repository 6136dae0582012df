"""Read a small interchange whole, as what `write` takes; for acknowledgements, tests and tools.

What is read from partners goes through `reader.read`, which holds one transaction set at a time.
"""

from __future__ import annotations

from dataclasses import replace

from hub.codec.x12.interchange import (
    Group,
    GroupEnd,
    Interchange,
    InterchangeEnd,
    InterchangeNote,
    Segment,
    Separators,
    TransactionSet,
    element,
)
from hub.codec.x12.reader import read
from hub.codec.x12.writer import Envelope, GroupContent, Joined


def parse(content: bytes) -> list[Envelope]:
    """Return every interchange in the content; faults are not told here."""
    found: list[Envelope] = []
    digits = [0, 0, 0]
    groups: list[GroupContent] = []
    sets: list[list[Segment]] = []
    notes: list[Segment] = []
    for event in read([content], held=len(content) + 1):
        if isinstance(event, Interchange):
            groups, notes, digits = [], [], [0, 0, 0]
            found.append(Envelope(event.isa[:16], groups, notes, replace(event.separators, wrapped=False)))
        elif isinstance(event, Group):
            sets = []
            groups.append(GroupContent(event.gs, sets))
        elif isinstance(event, InterchangeNote):
            notes.append(event.segment)
        elif isinstance(event, TransactionSet) and groups:
            separators = event.interchange.separators
            sets.append([_structured(segment, separators) for segment in event.segments if segment[0] != "SE"])
            digits[0] = _filled(element(event.segments[-1], 1))
        elif isinstance(event, GroupEnd):
            digits[1] = _filled(event.count)
        elif isinstance(event, InterchangeEnd):
            digits[2] = _filled(event.count)
            found[-1] = replace(found[-1], digits=(digits[0], digits[1], digits[2]))
    return found


def _filled(count: str) -> int:
    """Return the width of a count that is filled with zeros, or 0."""
    return len(count) if count.startswith("0") and count.isdigit() and len(count) > 1 else 0


def _structured(segment: Segment, separators: Separators) -> Segment:
    """Mark the values that have components or repetitions, and drop empty elements at the end."""
    inner = separators.component + separators.repetition
    values = [Joined(value) if any(mark in value for mark in inner) else value for value in segment]
    while len(values) > 1 and not values[-1]:
        values.pop()
    return values
