"""The neutral tree: what every codec but the delimited one makes of bytes, and what it writes bytes from.

A codec knows the syntax and its own hierarchy, no partner and no meaning. How each format fits:

- X12: the root is one transaction set (`ST`'s content, named by its number, "850"); a segment is a node whose values
  are its elements, keyed "01", "02", ...; of a composite, "03" is the whole and "03.1", "03.2" its components; a
  repeated element has its later repeats under "03#2". The segments of a loop are children of its first segment (`N1`
  holds `N3` and `N4`, `LIN` holds `QTY`), and `HL` loops nest by their parent ids.
- IDoc: the root is one IDoc; its children are the control record and the segments of the first level; a segment's
  fields are its values and the segments below it its children. Names are those of the XML form (`E1EDP01`).
- XML: an element with anything in it is a node; attributes are values named "@code", an element's own text is `text`.
- JSON: an object is a node, its scalars are values, each element of a list is a child named like the list.

Empty values are left out. Order is document order. Values are text as it was written: nothing is turned into a number
here, so nothing can be lost and nothing can take long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hub.codec.fault import Unreadable


class Bare(str):
    """A number, true or false, as text: a format that knows types (JSON) writes it without quotes."""

    __slots__ = ()


@dataclass(slots=True)
class Node:
    """One segment, element or object.

    `line` (1 is the first; 0: not known) and `offset` (bytes from the beginning; -1: not known) say where it begins,
    `number` what the format itself counts (a segment's number). `many` says that it is one of a list even when it is
    the only one.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""
    line: int = 0
    offset: int = -1
    number: int = 0
    many: bool = False

    def where(self) -> str:
        """Return its place in words, such as "LIN, segment 7" or "E1EDP01, line 12"."""
        if self.number:
            return f"{self.name}, segment {self.number}"
        if self.line:
            return f"{self.name}, line {self.line}"
        return f"{self.name}, byte {self.offset}" if self.offset >= 0 else self.name

    def add(self, child: Node) -> Node:
        """Append a child and return it."""
        self.children.append(child)
        return child

    def get(self, name: str) -> str:
        """Return the value or the child's text of this name, or an empty text."""
        value = self.values.get(name)
        if value is not None:
            return value
        return next((child.text for child in self.children if child.name == name and child.text), "")


@dataclass(frozen=True, slots=True)
class Here:
    """A node together with what encloses it; a record of a mapping is one of these."""

    node: Node
    above: Here | None = None


class TreeFormat(Protocol):
    """A format that is read to trees and written from them; a codec module offers one for the mapping to use.

    `pairs` says for each segment of qualifier and value pairs which element holds the first qualifier (X12: LIN 2,
    PO1 6); empty for formats without such segments. `leaves` is true where a value is an element of its own (XML).
    """

    @property
    def pairs(self) -> Mapping[str, int]:
        """The element of the first qualifier, by segment."""
        ...

    @property
    def leaves(self) -> bool:
        """Whether a value without a `@` is written as an element with text."""
        ...

    def read(self, content: bytes) -> Iterator[Node | Unreadable]:
        """Yield a root for each document in the bytes, or why one cannot be read; raises Refused for the whole.

        A fragment without its envelope (a test of a mapping file) is read too: X12 then uses `*`, `~` and `:`.
        """
        ...

    def write(self, roots: Iterable[Node]) -> bytes:
        """Return the bytes of whole documents; raises ValueError for a value that the format cannot hold.

        The nodes come in the order in which the mapping file mentions them; a format with a fixed order (X12, IDoc)
        puts them right.
        """
        ...
