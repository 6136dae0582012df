"""CTT against the set that it closes: the number of lines (CTT01), and the hash total of their quantities (CTT02).

What is counted and what is added up stands in the notes to CTT in each transaction set. A hash total is made of digits:
points and signs do not count, and what does not fit into ten digits is cut off on the left (element 347). Many partners
send the plain sum instead, so that is right too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import add
from typing import Final, NamedTuple

from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.model.number import NotANumber, parse_number, plain

_LARGEST: Final = 10**10


class Counted(NamedTuple):
    """The segment that is a line, or what else partners count as one; and whose element (0: none) is added up."""

    lines: tuple[str, ...]
    added: str = ""
    element: int = 0


COUNTED: Final[Mapping[str, Counted]] = {
    "810": Counted(("IT1",), "IT1", 2),
    "832": Counted(("LIN",)),
    "846": Counted(("LIN",), "QTY", 2),
    "850": Counted(("PO1",), "PO1", 2),
    "852": Counted(("LIN",)),
    "855": Counted(("PO1",), "PO1", 2),
    "856": Counted(("HL", "LIN"), "SN1", 2),  # the levels, says the standard; the items, say many guides
    "860": Counted(("POC",), "POC", 3),
    "865": Counted(("POC",), "POC", 3),
}


class Spots(NamedTuple):
    """What matters here in a set, or a part of one: how many lines, and where what is added up and CTT are, from 0."""

    lines: tuple[int, ...]
    added: tuple[int, ...]
    total: int = -1


def spots(code: str, tags: Sequence[str]) -> Spots:
    """Return where to look in a set, or a part of one, whose segments have these ids."""
    rule = COUNTED.get(code)
    if rule is None:
        return Spots((), ())
    added = tuple(at for at, tag in enumerate(tags) if tag == rule.added) if rule.element else ()
    total = next((at for at in range(len(tags) - 1, -1, -1) if tags[at] == "CTT"), -1)
    return Spots(tuple(map(tags.count, rule.lines)), added, total)


class Totals:
    """Counts through one set, part by part. `lines` and `hashes` say how bad a difference is; None: nobody looks."""

    __slots__ = ("_broken", "_counted", "_cut", "_digits", "_hashes", "_lines", "_rule", "_sum")

    def __init__(self, rule: Counted, cut: str, lines: Severity | None, hashes: Severity | None) -> None:
        self._rule, self._cut, self._lines, self._hashes = rule, cut, lines, hashes
        self._counted: tuple[int, ...] = ()
        self._digits = 0
        self._sum: Decimal | int = 0
        self._broken = False  # a quantity that is no number: nothing can be said of the sum

    def add(self, texts: Sequence[str], where: Spots, first: int) -> list[Fault]:
        """Count what stands in a part of the set, of which the first segment has this place; return what is wrong."""
        counted = self._counted
        self._counted = tuple(map(add, counted, where.lines)) if counted else where.lines
        total = texts[where.total].split(self._cut) if where.total >= 0 else []
        if self._hashes is not None and where.added and (not total or len(total) > 2):
            self._add([texts[at] for at in where.added])
        return self._compared(total, first + where.total) if total else []

    def _add(self, texts: Sequence[str]) -> None:
        cut, element = self._cut, self._rule.element
        values = [text.split(cut, element + 1)[element] for text in texts if text.count(cut) >= element]
        try:
            if "".join(values).isdecimal():
                whole = sum(map(int, filter(None, values)))
                self._digits += whole
                self._sum += whole
                return
            for value in filter(None, map(str.strip, values)):
                self._sum += parse_number(value)
                self._digits += int(value.replace(".", "").lstrip("+-"))
        except ValueError:
            self._broken = True

    def _compared(self, total: Sequence[str], place: int) -> list[Fault]:
        faults = []
        lines, said = (value.strip() for value in (*total[1:3], "", "")[:2])
        if self._lines is not None and lines.isdecimal() and not self._is_count(lines):
            words = f"CTT01 says {lines}, and there are {self._counted[0]} {self._rule.lines[0]} segments"
            faults.append(_fault(FaultCode.LINE_COUNT, place, lines, words, self._lines))
        if self._hashes is not None and said and not self._is_sum(said):
            added, real = f"{self._rule.added}{self._rule.element:02d}", plain(Decimal(self._sum))
            words = f"CTT02 says {said}, and {added} add up to {real}"
            faults.append(_fault(FaultCode.HASH_TOTAL, place, said, words, self._hashes))
        return faults

    def _is_count(self, said: str) -> bool:
        return said.lstrip("0") in [str(count).lstrip("0") for count in self._counted]

    def _is_sum(self, said: str) -> bool:
        """Whether a hash total is right; where that cannot be told, it is not wrong."""
        if self._broken or not self._rule.element or said == str(self._digits % _LARGEST):
            return True
        try:
            return parse_number(said) in (self._sum, self._digits % _LARGEST)
        except NotANumber:
            return True  # told as what it is already


def _fault(code: FaultCode, place: int, value: str, words: str, graded: Severity) -> Fault:
    element, reference = (1, "354") if code is FaultCode.LINE_COUNT else (2, "347")
    return Fault(code, place, element, value=value, message=words, tag="CTT", reference=reference, graded=graded)
