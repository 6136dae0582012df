"""How delimited text is laid out: its separator, where the header stands, what stands above and below the rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hub.mapping.guess.vocabulary import known, tokens

_DELIMITERS: Final = ";\t|,"
_MOST_LINES: Final = 2000
_LAST_LINES: Final = 10  # a total stands there
_SEARCHED: Final = 40
_WIDEST: Final = 1000
_FIGURE = re.compile(r"[^A-Za-z]*\d[^A-Za-z]*")
_RULE = re.compile(r"[-=_*~+]{3,}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sample as a table: named columns, the rows of data, and what to pass over."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    header_line: int = 1
    delimiter: str = ""
    quote: str = '"'
    #: Rows that are totals: the column in which they say so, and what stands there.
    totals: tuple[tuple[int, str], ...] = ()
    lines: tuple[str, ...] = field(default=(), repr=False)  # the text of the data rows as it stood
    ragged: bool = False  # some rows are shorter than the header
    short: int = 0  # how many rows of data are
    labels: tuple[str, ...] = ()  # what the columns are called in words, where that is not their name

    def column(self, index: int) -> list[str]:
        """Return the cells of one column, without the blanks around them."""
        return [row[index].strip() for row in self.rows]


def read_sheet(text: str) -> Sheet:
    """Return the table of a delimited text, of a long one its two ends; raises ValueError when there is none."""
    lines = text.splitlines(keepends=True)
    if len(lines) > _MOST_LINES:
        text = "".join([*lines[: _MOST_LINES - _LAST_LINES], *lines[-_LAST_LINES:]])
    delimiter = _delimiter(text)
    widest = max((line.count(delimiter) for line in text.splitlines()), default=0)
    if widest > _WIDEST:
        raise ValueError(f"a line of it has {widest + 1} cells; ask for a file with a line for each record")
    return laid_out(_records(text, delimiter), delimiter, text)


def laid_out(records: list[tuple[int, list[str]]], delimiter: str, text: str = "") -> Sheet:
    """Find header, rows and totals among records; each comes with the line on which it starts."""
    if not records:
        raise ValueError("the sample is empty: not even a header line")
    place = _header(records)
    line, header = records[place]
    names = tuple(cell.strip() for cell in header)
    if _is_data(names, [row for _, row in records[place + 1 :]]):
        line, place, names = 0, -1, tuple(f"#{number}" for number in range(1, len(header) + 1))
    width = max((index for index, name in enumerate(names, 1) if name), default=0)
    data = [(number, _fitted(row, len(names))) for number, row in records[place + 1 :] if any(map(str.strip, row))]
    body, totals = without_totals(data, width, names)
    lines = text.splitlines()
    kept = tuple(lines[number - 1] for number, _ in body if 0 < number <= len(lines))
    short = {number for number, row in records[place + 1 :] if len(row) < len(names)}
    return Sheet(
        names,
        tuple(tuple(row) for _, row in body),
        line,
        delimiter,
        totals=totals,
        lines=kept,
        ragged=bool(short),
        short=len(short & {number for number, _ in body}),
    )


def _is_data(names: tuple[str, ...], below: list[list[str]]) -> bool:
    """Whether what stands where the header should be is a row of data: figures, and no cell that names its column."""
    figures = any(_FIGURE.fullmatch(name) for name in names)
    return figures and not any(_is_name(name, index, below) for index, name in enumerate(names))


def _is_name(cell: str, index: int, below: list[list[str]]) -> bool:
    """Whether every word of a cell is known, and the cell does not stand in its own column again."""
    found = tokens(cell)
    again = any(row[index].strip() == cell for row in below[:_SEARCHED] if index < len(row))
    return bool(found) and all(token.concepts for token in found) and not again


def _fitted(row: list[str], width: int) -> list[str]:
    return (row + [""] * width)[:width]


def _records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True)[:_MOST_LINES], delimiter=delimiter)
    found, start = [], 1
    try:
        for row in reader:
            if row:
                found.append((start, row))
            start = reader.line_num + 1
    except csv.Error:
        pass  # what was read up to here is enough to go by
    return found


def _delimiter(text: str) -> str:
    """Return the separator that cuts most lines into the same number of cells."""
    sample = "\n".join(text.splitlines()[:200])

    def evenness(mark: str) -> tuple[float, int]:
        widths = Counter(len(row) for _, row in _records(sample, mark))
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            return 0.0, 0
        width, count = max(wide.items(), key=lambda each: (each[1], each[0]))
        return count / sum(widths.values()) * (1 + min(width, 20) / 10), width

    best = max(_DELIMITERS, key=evenness)
    return best if evenness(best)[0] else ","


def _header(records: list[tuple[int, list[str]]]) -> int:
    """Return which record is the header: names above rows of the same width, with figures below and none in it."""
    marks = {
        place: _looks_like_a_header(records, place)
        for place in range(min(len(records), _SEARCHED))
        if any(records[place][1])
    }
    return max(marks, key=lambda place: (marks[place], -place))


def _looks_like_a_header(records: list[tuple[int, list[str]]], place: int) -> float:
    cells = [cell.strip() for cell in records[place][1]]
    filled = [cell for cell in cells if cell]
    below = [row for _, row in records[place + 1 : place + 12] if any(map(str.strip, row))]
    if not filled:
        return -10.0
    usual = Counter(len(row) for row in below).most_common(1)
    words = sum(1 for cell in filled if known(cell)) / len(filled)
    figures = sum(1 for cell in filled if _FIGURE.fullmatch(cell)) / len(filled)
    same = bool(usual) and usual[0][0] == len(cells)
    mark = 3 * words - 4 * figures + 2 * len(filled) / max(len(cells), 1) + (2 if same else 0)
    mark += 0.05 * min(len(filled), 20) - (3 if len(filled) == 1 and len(cells) > 1 else 0)
    return mark - (2 if len(set(filled)) < len(filled) else 0) - 0.1 * place


def without_totals(
    data: list[tuple[int, list[str]]], width: int, names: tuple[str, ...]
) -> tuple[list[tuple[int, list[str]]], tuple[tuple[int, str], ...]]:
    """Split off rows that are no data: a sum, a rule of dashes, the header once more on the next page."""
    body, totals = [], []
    for place, (number, row) in enumerate(data):
        found = _ruled(row) or _again(row, names)
        if found is None and (place >= len(data) - 6 or _nearly_empty(row, width)):
            found = _total(row, width)
            found = None if found is not None and _is_code(found, row, data) else found
        if found is None:
            body.append((number, row))
        else:
            totals.append(found)
    return body, tuple(totals)


def _is_code(found: tuple[int, str], row: list[str], data: list[tuple[int, list[str]]]) -> bool:
    """Whether what stands alone in a row is one of the articles, in a row that was cut off."""
    index, cell = found
    alone = sum(1 for each in row if each.strip()) == 1 and any(map(str.isdigit, cell)) and " " not in cell
    beside = [each[index].strip() for _, each in data[:_SEARCHED]]
    return alone and sum(any(map(str.isdigit, each)) and " " not in each for each in beside) * 2 > len(beside)


def _ruled(row: list[str]) -> tuple[int, str] | None:
    """Return the first cell of a row that is a line across the page."""
    filled = [(index, cell.strip()) for index, cell in enumerate(row) if cell.strip()]
    return filled[0] if filled and all(_RULE.fullmatch(cell) for _, cell in filled) else None


def _again(row: list[str], names: tuple[str, ...]) -> tuple[int, str] | None:
    """Return the first cell of a row that repeats the header."""
    cells = tuple(cell.strip() for cell in row)
    filled = [(index, cell) for index, cell in enumerate(cells) if cell]
    return filled[0] if len(filled) > 1 and cells == names else None


def _nearly_empty(row: list[str], width: int) -> bool:
    return sum(1 for cell in row if cell.strip()) * 2 <= width


def _total(row: list[str], width: int) -> tuple[int, str] | None:
    """Return where a row says that it is a total or a closing remark, and with which word."""
    filled = [(index, cell.strip()) for index, cell in enumerate(row) if cell.strip()]
    full = len(filled) >= max(width, 2)
    for index, cell in filled:
        found = tokens(cell)
        if not found or _FIGURE.fullmatch(cell):
            continue
        begins = "total" in found[0].concepts and (not full or (index == 0 and len(found) == 1))
        ends = "total" in found[-1].concepts and len(filled) * 2 <= width  # "Report total" in a row of little else
        if begins or ends:
            return index, cell
    only = len(filled) == 1 and width > 2
    return (filled[0][0], filled[0][1]) if only else None
