"""Outbound documents: compiled once, then a record to the bytes and the name of the partner's file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeVar

from hub.codec import delimited, fixed, workbook
from hub.codec.grow import Grower
from hub.codec.path import Step as PathStep
from hub.codec.tree import Bare, Node
from hub.contract import BadRecord
from hub.mapping.cell import CellError, Ground
from hub.mapping.document import Declared
from hub.mapping.function import Absent, FormulaFailed, written
from hub.mapping.moment import IsoFormat, MomentFormat
from hub.mapping.part import Step
from hub.mapping.problem import did_you_mean
from hub.mapping.rule import Rule, Scalar
from hub.mapping.target import Shaped
from hub.model.base import Record
from hub.model.number import exact, plain

T = TypeVar("T")
#: A record and, where there is a row for each line, the line.
Row = tuple[Record, Record | None]
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
#: What a value may bring into a file name: nothing that leaves the folder or hides the file.
_SAFE = re.compile(r"[\w#+=@-][\w .#+=@-]*", re.ASCII)
_LABELS: Final = ("number", "fulfilment_id", "order_number", "sku")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file, or one place of a tree, with what makes its text.

    `steps` are the way from the root, or from the node of a line where `in_loop`; `fixed` says that it is the same for
    every record.
    """

    name: str
    step: Step
    writer: Writer
    steps: tuple[PathStep, ...] = ()
    in_loop: bool = False
    fixed: bool = False

    def text(self, row: Row) -> str:
        """Return the cell of one row; raises CellError."""
        try:
            value = self.step(row)
        except Absent:
            value = None
        except FormulaFailed as error:
            raise CellError(f"formula: {error}", code="formula", field=self.name) from None
        return self.writer.write(value)


class Writer:
    """The way from one value to the text of a cell."""

    def __init__(self, rule: Rule, ground: Ground) -> None:
        self._rule = rule
        self._format = _moment_format(rule, ground.zone)
        self._default = "" if rule.default is None else self._text(rule.default)
        self._codes = None if rule.table is None else inverted(ground.tables[rule.table], rule.prefer)[0]

    def write(self, value: object) -> str:
        """Return the text of a value; raises CellError."""
        text = "" if value is None else self._text(value)
        if not text:
            return self._default
        if self._codes is not None:
            text = self._code(self._codes, text)
        return text if self._rule.pad is None else text.rjust(self._rule.pad, "0")

    def _text(self, value: object) -> str:
        if isinstance(value, datetime):
            return self._format.write(value)
        if isinstance(value, bool):
            return Bare(written(value))
        if isinstance(value, (Decimal, int, float)):
            text = self._number(value if isinstance(value, Decimal) else _decimal(value))
            return text if self._rule.type == "text" or self._rule.numerals.decimal != "." else Bare(text)
        return written(value)

    def _number(self, value: Decimal) -> str:
        rule = self._rule
        if rule.min is not None and value < rule.min:
            raise self._error(f"{plain(value)} is less than {plain(rule.min)}", "", "minimum")
        if rule.type == "integer" and value % 1:
            raise self._error(f"{plain(value)} is not a whole number", "", "whole number")
        text = plain(value)
        if rule.places is not None:
            text = f"{value.quantize(Decimal(1).scaleb(-rule.places), ROUND_HALF_UP):f}"
        return text.replace(".", rule.numerals.decimal)

    def _code(self, codes: Mapping[str, str], text: str) -> str:
        if text in codes:
            return codes[text]
        if self._default:
            return self._default
        why = f"table {self._rule.table!r} has no code for {text[:80]!r}{did_you_mean(text, codes)}"
        raise self._error(why, f"add it to [tables.{self._rule.table}]", "table")

    def _error(self, why: str, todo: str, code: str) -> CellError:
        return CellError(why, todo=todo, code=code, field=self._rule.left)


@dataclass(frozen=True, slots=True)
class Outward:
    """One outbound document, compiled."""

    partner: str
    declared: Declared
    shaped: Shaped
    columns: tuple[Column, ...]
    names: tuple[tuple[str, Step], ...]  # the text before each placeholder of the file name, and what fills it
    tail: str

    def render(self, record: Record) -> bytes:
        """Return the file for a record; raises BadRecord when a value cannot be written."""
        tree = self.declared.layout.tree
        if tree is None:
            return self._written(record, self._table)
        return self._written(record, lambda each: tree.write([self._tree(each)]))

    def tree(self, record: Record) -> Node:
        """Return a record as a tree, for a connector that writes what is around it; raises BadRecord."""
        return self._written(record, self._tree)

    def _written(self, record: Record, write: Callable[[Record], T]) -> T:
        try:
            return write(record)
        except CellError as error:
            raise self._bad(record, error.why, error.todo, error.code, error.field) from None
        except ValueError as error:
            todo = "correct the value at its origin, or declare another `encoding`"
            raise self._bad(record, str(error), todo, "unwritable") from None

    def _table(self, record: Record) -> bytes:
        layout = self.declared.layout
        lines = self._lines(record) if self.declared.rows else (None,)
        rows = [[column.text((record, line)) for column in self.columns] for line in lines]
        names = [column.name for column in self.columns]
        if layout.format == "fixed":
            return fixed.write((self._placed(names, row) for row in rows), layout.spans, layout.dialect)
        table = [names, *rows] if layout.header else rows
        return (
            workbook.write(table, layout.sheet) if layout.format == "xlsx" else delimited.write(table, layout.dialect)
        )

    def _placed(self, names: Sequence[str], row: Sequence[str]) -> list[str]:
        """Return a row in the order of the declared places; those that nothing is written to stay blank."""
        cells = dict(zip(names, row, strict=True))
        return [cells.get(name, "") for name in self.declared.layout.spans]

    def _tree(self, record: Record) -> Node:
        """Write the columns in the order of the file; the lines stand where the first column of a line does."""
        layout = self.declared.layout
        grower = Grower(Node(layout.root), leaves=layout.tree is not None and layout.tree.leaves)
        begun = False
        for column in self.columns:
            if not column.in_loop:
                grower.put(column.steps, column.text((record, None)), fixed=column.fixed)
            elif not begun:
                begun = True
                self._loops(grower, record)
        return grower.finished()

    def _loops(self, grower: Grower, record: Record) -> None:
        loop = self.declared.layout.loop
        for line in self._lines(record):
            node = grower.another(loop.steps if loop else ())
            for column in self.columns:
                if column.in_loop:
                    grower.put(column.steps, column.text((record, line)), fixed=column.fixed, below=node)

    def _lines(self, record: Record) -> tuple[Record, ...]:
        return getattr(record, self.declared.rows) if self.declared.rows else ()

    def file_name(self, record: Record) -> str:
        """Return the name of the file for a record; raises BadRecord for a value that no file name may hold."""
        parts = []
        for before, step in self.names:
            value = step((record, None))
            text = "" if value is None else written(value)
            if not _SAFE.fullmatch(text):
                raise self._bad(record, f"{text[:80]!r} cannot stand in a file name", "", "file name", "files")
            parts += [before, text]
        return "".join(parts) + self.tail

    def _bad(self, record: Record, why: str, todo: str, code: str, name: str = "") -> BadRecord:
        label = next((f"{each} {getattr(record, each)}" for each in _LABELS if getattr(record, each, "")), "record")
        what = f"{self.partner} {self.declared.name}, {label}{', ' if name else ''}{name}: {why}"
        return BadRecord(what, record=label, field=name, todo=todo, code=code)


def path_step(path: tuple[str, ...], *, line: bool) -> Step:
    """Return how to read a field of a record, or of its line; None where anything on the way is absent."""
    which = 1 if line else 0

    def run(row: Row) -> object:
        value: object = row[which]
        for name in path:
            if value is None:
                return None
            value = getattr(value, name)
        return value

    return run


def present(step: Step, name: str, *, text: bool) -> Step:
    """Return the step for a formula: an absent text is empty, anything else that is absent stops it."""

    def run(row: Row) -> object:
        value = step(row)
        if value is None:
            if text:
                return ""
            raise Absent(f"{name} is absent")
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        return _decimal(value) if isinstance(value, float) else value

    return run


def inverted(table: Mapping[str, Scalar], prefer: tuple[str, ...]) -> tuple[Mapping[str, str], dict[str, list[str]]]:
    """Return (ours = theirs, what stays ambiguous: ours with all of theirs)."""
    codes: dict[str, list[str]] = {}
    for theirs, ours in table.items():
        codes.setdefault(written(exact(ours) if _is_number(ours) else ours), []).append(theirs)
    chosen = {ours: next((each for each in theirs if each in prefer), theirs[0]) for ours, theirs in codes.items()}
    unclear = {ours: theirs for ours, theirs in codes.items() if len(theirs) > 1 and not set(theirs) & set(prefer)}
    return chosen, unclear


def name_parts(pattern: str, resolve: Callable[[str], Step]) -> tuple[tuple[tuple[str, Step], ...], str]:
    """Return the pieces of a file name such as `/in/PO_{number}.csv`, and the text after the last placeholder."""
    pieces = _PLACEHOLDER.split(pattern)
    pairs = zip(pieces[::2], pieces[1::2], strict=False)
    return tuple((before, resolve(name)) for before, name in pairs), pieces[-1]


def placeholders(pattern: str) -> list[tuple[str, int]]:
    """Return the fields that a file name needs, each with its column."""
    return [(match[1], match.start() + 1) for match in _PLACEHOLDER.finditer(pattern)]


def _moment_format(rule: Rule, zone: tzinfo) -> MomentFormat | IsoFormat:
    text = rule.format or ("%Y-%m-%d" if rule.type == "date" else None)
    return MomentFormat(text, zone) if text else IsoFormat(zone)


def _decimal(value: float) -> Decimal:
    """Return a whole number or a coordinate as a decimal; a hundredth of a millimetre on the globe is enough."""
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.9f}").normalize() + 0


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
