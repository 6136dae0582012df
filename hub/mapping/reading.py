"""From the bytes of a file, or the trees that a connector has, to the rows that a plan is run for.

A record of a tree becomes a row too: one cell for each path that the document names. So what comes after need not know
in which format a partner writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from hub.codec import delimited, fixed, workbook
from hub.codec.delimited import Numbered, Row
from hub.codec.fault import Refused, Unreadable
from hub.codec.path import Path
from hub.codec.tree import Here, Node
from hub.mapping.layout import Layout

#: Where the length of a preamble is not declared, the header is among so many rows.
MOST_LOOKED_AT = 100
_EMPTY = "ask the partner whether the export failed"


@dataclass(frozen=True, slots=True)
class Opened:
    """The columns of a file and its rows, each with a number; `place` and `show` tell people of one."""

    header: tuple[str, ...]
    rows: Iterator[Numbered]
    place: Callable[[int], str]
    show: Callable[[Row], str]


def open_table(content: bytes, layout: Layout, needed: frozenset[str]) -> Opened:
    """Open a file of rows and columns; raises Refused. `needed` are the columns that its header must have."""
    dialect = layout.dialect
    if layout.format == "fixed":
        table = fixed.read(content, layout.spans, dialect)
        header, rows = table.header, _without_preamble(table.rows, layout.preamble or 0)
    else:
        found = workbook.rows(content, layout.sheet) if layout.format == "xlsx" else delimited.records(content, dialect)
        header, rows = _with_header(found, layout, needed)
    if layout.footer:
        rows = _without_footer(rows, layout.footer)
    return Opened(header, rows, "row {}".format, lambda row: delimited.line_of(row[: len(header)], dialect))


def open_trees(
    roots: Iterable[Node | Unreadable],
    rows: Path | None,
    paths: Mapping[str, Path],
    *,
    empty: bool,
    whole: bool = False,
) -> Opened:
    """Open trees: a row for each node that `rows` leads to (each root without it), with a cell for each path.

    With `empty` a row too for what holds no such node, and with `whole` for a root in which there is none at all.
    """
    places: list[str] = []

    def numbered() -> Iterator[Numbered]:
        for root in roots:
            if isinstance(root, Unreadable):
                places.append(f"line {root.line}" if root.line else f"record {len(places) + 1}")
                yield len(places), root
                continue
            here = Here(root)
            for each in _reached(rows, here, empty=empty, whole=whole) if rows else (here,):
                places.append(_place(each, len(places) + 1))
                yield len(places), [path.value(each) for path in paths.values()]

    return Opened(tuple(paths), numbered(), lambda number: places[number - 1], partial(_show, paths))


def _reached(rows: Path, root: Here, *, empty: bool, whole: bool) -> Iterator[Here]:
    none = True
    for each in rows.nodes(root, empty=empty):
        none = False
        yield each
    if none and whole:
        yield Here(Node(""), root)


def open_rows(rows: Sequence[tuple[int, str, list[str]]], names: tuple[str, ...]) -> Opened:
    """Open rows that were picked without a tree: the place and id of the segment of each, a cell for each path."""

    def place(number: int) -> str:
        where, tag, _ = rows[number - 1]
        return f"{tag}, segment {where}"

    numbered = ((number, row) for number, (_, _, row) in enumerate(rows, 1))
    return Opened(names, numbered, place, partial(_show, names))


def _show(paths: Iterable[str], row: Row) -> str:
    return delimited.shown("; ".join(f"{name}={cell}" for name, cell in zip(paths, row, strict=False) if cell))


def _place(here: Here, number: int) -> str:
    node = here.node if here.node.name or here.above is None else here.above.node
    return node.where() if node.line or node.number or node.offset >= 0 else f"record {number}"


def _with_header(
    rows: Iterator[Numbered], layout: Layout, needed: frozenset[str]
) -> tuple[tuple[str, ...], Iterator[Numbered]]:
    rows = _without_preamble(rows, layout.preamble or 0)
    if layout.preamble is None:
        rows = _from_header(rows, needed)
    if not layout.header:
        return _headless(rows, layout)
    number, row = next(rows, (0, None))
    if row is None:
        raise Refused("the file is empty: not even a header line", _EMPTY)
    if isinstance(row, Unreadable):
        raise Refused(f"the header (line {number}) cannot be read: {row.why}", row.todo)
    return tuple(name.strip() for name in row), _even(rows, len(row), layout)


def _headless(rows: Iterator[Numbered], layout: Layout) -> tuple[tuple[str, ...], Iterator[Numbered]]:
    """Return the declared columns; where there are none, the first row that can be read says how many there are."""
    before: list[Numbered] = []
    for each in rows:
        before.append(each)
        if isinstance(each[1], list):
            break
    if not before:
        raise Refused("the file is empty: not one row", _EMPTY)
    last = before[-1][1]
    header = layout.columns or ("",) * (len(last) if isinstance(last, list) else 0)
    return header, _even(chain(before, rows), len(header), layout)


def _even(rows: Iterator[Numbered], width: int, layout: Layout) -> Iterator[Numbered]:
    if layout.filled:
        rows = (
            (number, row if isinstance(row, Unreadable) or len(row) >= width else row + [""] * (width - len(row)))
            for number, row in rows
        )
    return delimited.even(rows, width, layout.dialect)


def _without_preamble(rows: Iterator[Numbered], lines: int) -> Iterator[Numbered]:
    return (each for each in rows if each[0] > lines) if lines else rows


def _from_header(rows: Iterator[Numbered], needed: frozenset[str]) -> Iterator[Numbered]:
    """Pass over what stands before the row that has the names of all needed columns."""
    before: list[Numbered] = []
    for each in rows:
        before.append(each)
        if isinstance(each[1], list) and needed <= {name.strip() for name in each[1]}:
            return chain([each], rows)
        if len(before) == MOST_LOOKED_AT:
            break
    return chain(_likeliest(before, needed), rows)


def _likeliest(before: list[Numbered], needed: frozenset[str]) -> list[Numbered]:
    """Return the rows from the one that looks most like the header on, so that the complaint is about that one."""

    def hits(place: int) -> int:
        row = before[place][1]
        return len(needed & {name.strip() for name in row}) if isinstance(row, list) else 0

    return before[max(range(len(before)), key=hits) :] if before else before


def _without_footer(rows: Iterator[Numbered], lines: int) -> Iterator[Numbered]:
    held: deque[Numbered] = deque()
    for each in rows:
        held.append(each)
        if len(held) > lines:
            yield held.popleft()
