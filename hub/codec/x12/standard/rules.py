"""What the grammar is made of: elements, segments, and the loops of a transaction set."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

#: How often a segment or loop may come where the standard sets no limit.
NO_LIMIT: Final = sys.maxsize


@dataclass(frozen=True, slots=True)
class Element:
    """One data element: `kind` is AN, ID, N, R, DT or TM; lengths in characters, without sign and decimal point.

    `decimals` counts the implied ones of an N. `codes` is empty where we keep no list; `closed` says that the list is
    whole, so that another code is an error and not merely unknown to us.
    """

    number: str
    kind: str
    decimals: int
    shortest: int
    longest: int
    name: str
    codes: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A condition between elements, given by their positions (1 is the first).

    P all or none, R at least one, E at most one, C the others when the first is there, L at least one other then.
    """

    kind: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        return self.kind + "".join(f"{each:02d}" for each in self.positions)


@dataclass(frozen=True, slots=True)
class Part:
    """One position of a segment or composite."""

    what: Element | SegmentRule
    mandatory: bool = False

    @property
    def name(self) -> str:
        """The short name of what stands here."""
        return self.what.name

    @property
    def number(self) -> str:
        """The data element's number, or the composite's id."""
        return self.what.number if isinstance(self.what, Element) else self.what.tag


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """One segment, or one composite, whose components are its parts; `open` allows for more than we describe."""

    tag: str
    name: str
    parts: tuple[Part, ...] = ()
    notes: tuple[Note, ...] = ()
    open: bool = False

    def part(self, position: int) -> Part | None:
        """Return what stands at a position (1 is the first), or None where we describe nothing."""
        return self.parts[position - 1] if 0 < position <= len(self.parts) else None


@dataclass(slots=True, eq=False)
class Use:
    """A segment at its place in a loop; `opens` is the loop that it begins, if it begins one.

    `rank` is its place among the uses of `home`, from 0; the segment that begins a loop is use 0 of that loop and,
    by `opens`, stands for the loop in the loop around it. `most` is NO_LIMIT or the greatest use.
    """

    tag: str
    mandatory: bool
    most: int
    home: LoopRule
    rank: int
    opens: LoopRule | None = None


@dataclass(slots=True, eq=False)
class LoopRule:
    """A group of segments: `uses` in their order, the first of which begins it. The set itself is the outermost."""

    name: str
    around: LoopRule | None = None
    uses: list[Use] = field(default_factory=list)
    use: Use | None = None

    @property
    def path(self) -> str:
        """Where it is: `PO1/N1`, and "" for the set itself."""
        if self.around is None:
            return ""
        return f"{self.around.path}/{self.name}".lstrip("/")

    def order(self) -> dict[str, int]:
        """Return the rank of each segment and loop in here, by its tag; the first place counts."""
        ranks: dict[str, int] = {}
        for use in self.uses:
            ranks.setdefault(use.tag, use.rank)
        return ranks

    def loop(self, name: str) -> LoopRule | None:
        """Return the loop of this name right inside, or None."""
        return next((use.opens for use in self.uses if use.tag == name and use.opens is not None), None)

    def walk(self) -> Iterator[Use]:
        """Yield every use in here and in the loops inside, in document order."""
        for use in self.uses:
            if use.opens is None:
                yield use
            else:
                yield from use.opens.walk()


@dataclass(slots=True, eq=False)
class SetRule:
    """One transaction set of one release: `group` is its GS01."""

    code: str
    group: str
    name: str
    root: LoopRule

    def tags(self) -> frozenset[str]:
        """Return the ids of all segments that the set knows."""
        return frozenset(use.tag for use in self.root.walk())
