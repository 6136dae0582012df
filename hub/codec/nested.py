"""Header and detail rows: a flat file in which each line says by its beginning what it is.

    H,PO-1,2026-11-20
    D,1,AB-100,2

A line of a deeper level belongs to the last line of the level above it, which makes a tree for every line of the
first level: `rows = "H.D"` are the details, `../PO` is the header's. Values are named by the declared columns of their
level, or "01", "02", ... where none are declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.codec import delimited, fixed
from hub.codec.delimited import Dialect, Row, line_of
from hub.codec.fault import Unreadable
from hub.codec.fixed import Span
from hub.codec.tree import Node

_NO_PAIRS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class NestedFormat:
    """Implements TreeFormat; `levels` are the line types from the outside in, `ignored` those that say nothing.

    With `spans` the lines have fixed width, else they are delimited and `columns` names their cells.
    """

    levels: tuple[str, ...]
    dialect: Dialect = field(default_factory=Dialect)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    spans: Mapping[str, Mapping[str, Span]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def pairs(self) -> Mapping[str, int]:
        """Rows have no qualifiers."""
        return _NO_PAIRS

    @property
    def leaves(self) -> bool:
        """A value is a cell."""
        return False

    def read(self, content: bytes) -> Iterator[Node | Unreadable]:
        """Yield a nameless root for each line of the first level, and each line that cannot be read; raises Refused."""
        found = fixed.lines(content, self.dialect) if self.spans else delimited.records(content, self.dialect)
        open_: list[Node] = []  # the last line of each level so far
        for number, row in found:
            made = row if isinstance(row, Unreadable) else self._placed(number, row, open_)
            if made is not None:
                yield made
        if open_:
            yield Node("", children=[open_[0]])

    def write(self, roots: Iterable[Node]) -> bytes:
        """Return the lines of all trees, each before those below it; raises ValueError for what does not fit."""
        rows = [self._row(node) for root in roots for node in _lines_of(root)]
        if self.spans:
            return delimited.write(rows, _one_cell(self.dialect))
        return delimited.write(rows, self.dialect)

    def _placed(self, number: int, row: Row, open_: list[Node]) -> Node | Unreadable | None:
        """Hang a line where it belongs; returns the tree that it ends, or why it cannot be read."""
        kind = self._kind(row[0])
        if kind in self.ignored:
            return None
        if kind not in self.levels:
            known = ", ".join(self.levels)
            why = f"the line begins with {kind[:20]!r}, which is no line type; known: {known}"
            return self._unreadable(number, row, why, "add it to `nest`, or to `ignore` when it says nothing")
        level = self.levels.index(kind)
        if level > len(open_):
            why = f"there is no {self.levels[level - 1]!r} line before it"
            return self._unreadable(number, row, why, "ask the partner for the file again")
        node = Node(kind, self._values(kind, row), line=number)
        ended = Node("", children=[open_[0]]) if level == 0 and open_ else None
        del open_[level:]
        if open_:
            open_[-1].children.append(node)
        open_.append(node)
        return ended

    def _kind(self, first: str) -> str:
        if not self.spans:
            return first.strip()
        known = (*self.levels, *self.ignored)
        return max((each for each in known if first.startswith(each)), key=len, default=first[:10].strip())

    def _values(self, kind: str, row: Row) -> dict[str, str]:
        if self.spans:
            cells = [(name, span.cut(row[0])) for name, span in self.spans.get(kind, {}).items()]
        else:
            names = self.columns.get(kind) or tuple(f"{place:02}" for place in range(1, len(row) + 1))
            cells = list(zip(names, row, strict=False))
        return {name: cell.strip() for name, cell in cells if cell.strip()}

    def _unreadable(self, number: int, row: Row, why: str, todo: str) -> Unreadable:
        return Unreadable(why, todo, line_of(row, self.dialect), "line type", line=number)

    def _row(self, node: Node) -> Row:
        if node.name not in self.levels:
            raise ValueError(f"{node.name!r} is no line type; known: {', '.join(self.levels)}")
        if self.spans:
            spans = self.spans.get(node.name, {})
            first, *rest = spans
            cells = [node.values.get(first, node.name), *(node.values.get(name, "") for name in rest)]
            return [fixed.line(cells, spans)]
        names = self.columns.get(node.name) or tuple(sorted({"01", *node.values}))
        return [node.values.get(names[0], node.name), *(node.values.get(name, "") for name in names[1:])]


def _one_cell(dialect: Dialect) -> Dialect:
    return Dialect("\x1f", "", dialect.encoding, dialect.line_end, dialect.record_bytes)


def _lines_of(root: Node) -> Iterator[Node]:
    for child in root.children:
        yield child
        yield from _lines_of(child)
