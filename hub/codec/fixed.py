"""Fixed width: each column has its place in the line, counted in characters from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.codec import delimited
from hub.codec.delimited import Dialect, Numbered, Table
from hub.codec.fault import Unreadable
from hub.codec.packed import Stream

#: A character that no line of text holds, so that each line is one cell.
_NEVER = "\x1f"
_SPAN = re.compile(r"([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?( right)?")


@dataclass(frozen=True, slots=True)
class Span:
    """The place of a column, both ends included; `right` says that values are written at its right end."""

    first: int
    last: int
    right: bool = False

    @classmethod
    def read(cls, text: str) -> Span | None:
        """Return the span that `1-12` or `13-20 right` means, or None."""
        match = _SPAN.fullmatch(text.strip())
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        return cls(first, last, match[3] is not None) if first <= last else None

    def cut(self, line: str) -> str:
        """Return the cell of a line; a line that ends before it has an empty one."""
        return line[self.first - 1 : self.last]

    def filled(self, text: str, name: str) -> str:
        """Return the text as wide as the column; raises ValueError when it does not fit."""
        width = self.last - self.first + 1
        if len(text) > width:
            raise ValueError(f"{text[:40]!r} has {len(text)} characters, and {name} has room for {width}")
        return text.rjust(width) if self.right else text.ljust(width)


def read(source: bytes | Stream, spans: Mapping[str, Span], dialect: Dialect) -> Table:
    """Read lines as rows; the header is what is declared."""
    return Table(tuple(spans), _rows(lines(source, dialect), tuple(spans.values())))


def lines(source: bytes | Stream, dialect: Dialect) -> Iterator[Numbered]:
    """Yield each line that holds anything as a row of one cell."""
    return delimited.records(source, replace(dialect, delimiter=_NEVER, quote=""))


def _rows(found: Iterator[Numbered], spans: tuple[Span, ...]) -> Iterator[Numbered]:
    for number, row in found:
        yield number, row if isinstance(row, Unreadable) else [span.cut(row[0]) for span in spans]


def line(cells: Sequence[str], spans: Mapping[str, Span]) -> str:
    """Return one line; raises ValueError for a cell that does not fit or holds a line break."""
    text = ""
    for cell, (name, span) in zip(cells, spans.items(), strict=True):
        if "\n" in cell or "\r" in cell:
            raise ValueError(f"{cell[:40]!r} holds a line break, and {name} is a line's part")
        text = text.ljust(span.first - 1)[: span.first - 1] + span.filled(cell, name)
    return text


def write(rows: Iterable[Sequence[str]], spans: Mapping[str, Span], dialect: Dialect) -> bytes:
    """Write rows so that `read` gives the same back; raises ValueError for what cannot be written."""
    written = ([line(row, spans)] for row in rows)
    return delimited.write(written, replace(dialect, delimiter=_NEVER, quote=""))
