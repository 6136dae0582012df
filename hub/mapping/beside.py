"""What each record of a file would become, field by field beside what the partner wrote; failed fields marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hub.contract import BadRecord
from hub.mapping.cell import CellError
from hub.mapping.inward import Inward
from hub.mapping.plan import Made, formula_step
from hub.mapping.run import Run
from hub.model.base import Record

_MARK: Final = "\x00"


@dataclass(frozen=True, slots=True)
class Part:
    """One field: its name, the columns it is made from, what stands there, what it becomes or why it cannot."""

    field: str
    source: str
    theirs: str
    ours: object = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """One record: the text that it is made from, its fields, and what comes of it."""

    raw: str
    parts: tuple[Part, ...]
    result: Record | BadRecord

    @property
    def problem(self) -> str:
        """Why it cannot be read, or nothing."""
        if not isinstance(self.result, BadRecord):
            return ""
        where = f"{self.result.record} {self.result.field}".strip()
        return f"{where}: {self.result.what}"


def side_by_side(document: Inward, content: bytes) -> Iterator[Beside]:
    """Yield each record of a file beside what it is made from; nothing is stored."""
    opened = document.opened(content)
    if isinstance(opened, BadRecord):
        yield Beside(opened.extract, (), opened)
        return
    rows: dict[str, list[str]] = {}

    def remember(row: list[str]) -> str:
        """Stand in for the text of a row, so that the rows of a record are known again."""
        token = f"{_MARK}{len(rows)}"
        rows[token] = list(row)
        return token

    run = replace(opened, opened=replace(opened.opened, show=remember))
    fields = _Fields(run)
    for text, result in run.traced():
        made = [rows[token] for token in text.split("\n") if token in rows]
        raw = "\n".join(map(opened.opened.show, made)) if made else text.replace(_MARK, "")
        yield Beside(raw, tuple(fields.of(made)), result)


class _Fields:
    """Works each field of a row out by itself, so that one that fails hides no other."""

    def __init__(self, run: Run) -> None:
        self._found = run.found
        self._header = [(made, self._step(made)) for made in run.document.header]
        self._lines = [(made, self._step(made)) for made in run.document.lines]
        self._line = run.document.shaped.line

    def of(self, rows: list[list[str]]) -> Iterator[Part]:
        """Yield the fields of a record from its rows: its own from the first, those of its lines from each."""
        for made, step in self._header if rows else ():
            yield self._part(made, step, rows[0], made.target.name)
        for number, row in enumerate(rows if self._lines else (), 1):
            for made, step in self._lines:
                yield self._part(made, step, row, f"{self._line} {number} {made.target.name}")

    def _part(self, made: Made, step: Callable[[list[str]], object], row: list[str], name: str) -> Part:
        cells = {column: row[self._found[column]] for column in made.columns if column in self._found}
        theirs = " ".join(cell.strip() for cell in cells.values())
        try:
            return Part(name, ", ".join(made.columns), theirs, step(row))
        except CellError as error:
            return Part(name, ", ".join(made.columns), theirs, None, error.why)

    def _step(self, made: Made) -> Callable[[list[str]], object]:
        found: Mapping[str, int] = self._found
        if any(column not in found for column in made.columns):
            return lambda _: made.cell.read("")
        if made.formula is not None:
            return formula_step(made, made.formula, found)
        if made.column is None:
            return lambda _: made.constant
        place = found[made.column]
        if made.unit is None:
            return lambda row: made.cell.read(row[place])
        unit = found[made.unit]
        return lambda row: made.cell.read_with_unit((row[place], row[unit]))
