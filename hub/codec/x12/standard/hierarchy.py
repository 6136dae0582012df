"""The tree of HL loops: which level is part of which, by the parent ids, and by the order of levels where they fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Segment, element
from hub.codec.x12.standard.walk import MOST_FAULTS, Loop

#: Shipment, order, pallet, carton, item: what holds what, as far as guides agree.
_ORDER: Final = ("S", "O", "T", "P", "Q", "I")
#: No real document nests deeper; what does is taken as a mistake, so that nobody's recursion ends badly.
MOST_LEVELS: Final = 30


@dataclass(slots=True, eq=False)
class Level:
    """One HL: its loop, its level code (S, O, P, I ...), its number, and the level that it is part of."""

    loop: Loop
    code: str
    number: str
    parent: Level | None = None
    depth: int = 1


class Hierarchy:
    """The levels of one transaction set, told one after the other. Numbers start anew with every set."""

    def __init__(self) -> None:
        self._by_number: dict[str, Level] = {}
        self._last: Level | None = None
        self.faults: list[Fault] = []

    def add(self, loop: Loop, segment: Segment, place: int) -> Level:
        """Take an HL segment at its place in the set, and return its level with the parent that it has."""
        number, parent, code = element(segment, 1), element(segment, 2), element(segment, 3)
        level = Level(loop, code, number)
        if number in self._by_number:
            self._say(place, 1, number, f"level number {number} is used before; the later one counts from here on")
        level.parent = self._parent(level, parent, place)
        level.depth = level.parent.depth + 1 if level.parent is not None else 1
        self._by_number[number] = self._last = level
        return level

    def _parent(self, level: Level, number: str, place: int) -> Level | None:
        found = self._by_number.get(number) if number else None
        if found is not None and found.depth < MOST_LEVELS:
            return found
        if not number and (self._last is None or level.code == _ORDER[0]):
            return None
        found = self._by_order(level.code)
        within = f"taken as part of level {found.number} ({found.code})" if found is not None else "taken as a root"
        why = f"there is no level {number} before it" if number else f"level {level.number} names no parent"
        self._say(place, 2, number, f"{why}; {within}")
        return found

    def _by_order(self, code: str) -> Level | None:
        """Return the nearest level on the path to the last one that usually holds such a level."""
        above = self._last
        while above is not None and _rank(above.code) >= _rank(code):
            above = above.parent
        return above

    def _say(self, place: int, position: int, value: str, message: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(
                Fault(
                    FaultCode.BAD_CODE,
                    place,
                    position,
                    value=value,
                    message=message,
                    tag="HL",
                    loop="HL",
                    graded=Severity.WARNING,
                )
            )


def _rank(code: str) -> int:
    return _ORDER.index(code) if code in _ORDER else len(_ORDER) - 1
