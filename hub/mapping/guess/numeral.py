"""How the numbers of a column are written: decimal mark, thousands, a sign behind, and what stands around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.model.number import NotANumber, parse_number

_SHAPE = re.compile(
    r"(?P<before>[^\d+\-.,]{0,8}?)\s*(?P<number>[+-]?\d[\d.,'\u00a0\u202f ]*-?)\s*(?P<after>[^\d]{0,12})"
)
_MARKS = re.compile(r"[.,'\u00a0\u202f ]")
#: So much of a column must be numbers before it is one of numbers.
MOST: Final = 0.9


@dataclass(frozen=True, slots=True)
class Writing:
    """How numbers are written; `sure` is false where 1.250 could be either."""

    decimal: str = ""
    thousands: str = ""
    trailing_sign: bool = False
    sure: bool = True

    @property
    def mark(self) -> str:
        """The decimal mark: where none was seen, the one that is not taken."""
        return self.decimal or ("," if self.thousands == "." else ".")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a column: how they are written, what surrounds each, and how many of the cells they are."""

    share: float
    writing: Writing
    around: tuple[str, ...] = ()  # what stands before or behind a figure in some cells: "€", "kg", ">"
    bodies: tuple[str, ...] = ()

    @property
    def length(self) -> float:
        """How many characters a figure has on average, without what stands around it."""
        return sum(map(len, self.bodies)) / max(len(self.bodies), 1)

    def values(self, writing: Writing) -> list[Decimal]:
        """Return what the cells say when read in a certain way; what cannot be read so is left out."""
        found = []
        for body in self.bodies:
            try:
                found.append(
                    parse_number(
                        body,
                        decimal=writing.mark,
                        thousands=writing.thousands,
                        trailing_sign=writing.trailing_sign,
                    )
                )
            except NotANumber:
                continue
        return found


def numbers(cells: Iterable[str]) -> Numbers:
    """Look at the filled cells of a column."""
    filled = [cell for cell in cells if cell]
    matches = [match for match in map(_SHAPE.fullmatch, filled) if match is not None]
    if not filled or not matches:
        return Numbers(0.0, Writing())
    around = Counter(match[side].strip() for match in matches for side in ("before", "after"))
    del around[""]
    bodies = tuple(match["number"].strip() for match in matches)
    return Numbers(len(matches) / len(filled), written(bodies), tuple(around), bodies)


def written(bodies: Iterable[str]) -> Writing:
    """Return how these numbers are written."""
    bodies = list(bodies)
    trailing = any(body.endswith("-") for body in bodies)
    votes: Counter[tuple[str, str]] = Counter()  # (role, mark)
    doubtful: Counter[str] = Counter()
    for body in bodies:
        _vote(body.strip("+-"), votes, doubtful)
    decimal = _elected(votes, "decimal")
    thousands = _elected(votes, "thousands")
    sure = True
    for mark, count in doubtful.items():  # 1.250: a thousand where other figures have no decimals, else three places
        if mark in (decimal, thousands):
            continue
        whole = not decimal and count < len(bodies)
        if decimal or (whole and not thousands):
            thousands = thousands or mark
        else:
            decimal = decimal or mark
            sure = False
        if not votes:
            sure = False
    return Writing(decimal, thousands, trailing, sure)


def _vote(body: str, votes: Counter[tuple[str, str]], doubtful: Counter[str]) -> None:
    marks = _MARKS.findall(body)
    if not marks:
        return
    last = marks[-1]
    if len(set(marks)) > 1:
        votes["decimal", last] += 1
        votes["thousands", marks[0]] += 1
    elif len(marks) > 1 or last in " \u00a0\u202f'":
        votes["thousands", last] += 1
    elif len(body.rpartition(last)[2]) == 3 and body[0] != "0" and len(body.partition(last)[0]) <= 3:
        doubtful[last] += 1
    else:
        votes["decimal", last] += 1


def _elected(votes: Counter[tuple[str, str]], role: str) -> str:
    found = [(count, mark) for (what, mark), count in votes.items() if what == role]
    return max(found)[1] if found else ""
