"""Inbound documents: compiled once, then rows to canonical records; what cannot be read is told and passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.codec import delimited
from hub.contract import BadRecord
from hub.mapping.cell import CellError, Memo
from hub.mapping.column import WrongHeader, places
from hub.mapping.document import Declared
from hub.mapping.formula import Formula
from hub.mapping.function import FormulaFailed
from hub.mapping.plan import Made, Plan, builder, checked, columns, formula_step
from hub.mapping.target import Shaped
from hub.model.base import Record
from hub.model.document import Kind

#: The fields that say what a record is about; rows that agree in them are one record.
IDENTITY: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.STOCK_LEVEL: ("sku", "location"),
    Kind.CATALOGUE_ENTRY: ("sku",),
    Kind.ACKNOWLEDGEMENT: ("order_number", "reference"),
    Kind.SHIPMENT: ("order_number", "shipment_number", "tracking"),
    Kind.INVOICE: ("invoice_number", "order_number"),
    Kind.SALES_ORDER: ("order_id",),
}
#: After so many bad rows, when they are most of the file, the file itself is wrong.
MOST_BAD_ROWS: Final = 10_000
#: A row that was not skipped, with the line it starts on, or why it cannot be read.
_Wanted = tuple[int, list[str] | BadRecord]


@dataclass(slots=True)
class _Group:
    """The rows that make one record with lines."""

    row: int
    rows: list[list[str]] = field(default_factory=list)
    header: dict[str, object] = field(default_factory=dict)
    lines: list[Record] = field(default_factory=list)
    bad: BadRecord | None = None


@dataclass(frozen=True, slots=True)
class Inward:
    """One inbound document, compiled."""

    partner: str
    declared: Declared
    shaped: Shaped
    header: tuple[Made, ...]
    lines: tuple[Made, ...]
    skip: Formula | None
    fixed: Mapping[str, object]  # fields that the file need not make, such as the channel of an order

    def parse(self, content: bytes) -> Iterator[Record | BadRecord]:
        """Yield the records of a file; what cannot be read is yielded as BadRecord, and the rest goes on."""
        opened = self._open(content)
        if isinstance(opened, BadRecord):
            yield opened
        elif self.lines:
            yield from (result for _, result in self._assembled(*opened))
        else:
            yield from self._flat(*opened)

    def traced(self, content: bytes) -> Iterator[tuple[str, Record | BadRecord]]:
        """Yield the same, each with the text that it was made from."""
        opened = self._open(content)
        if isinstance(opened, BadRecord):
            yield opened.extract, opened
            return
        if self.lines:
            yield from self._assembled(*opened)
            return
        seen = [""]

        def noted(rows: Iterator[_Wanted]) -> Iterator[_Wanted]:
            for number, row in rows:
                seen[0] = row.extract if isinstance(row, BadRecord) else self._raw(row)
                yield number, row

        for result in self._flat(noted(opened[0]), opened[1]):
            yield seen[0], result

    def _open(self, content: bytes) -> tuple[Iterator[_Wanted], Mapping[str, int]] | BadRecord:
        """Return the rows that are wanted and where the columns are, or why the file cannot be read at all."""
        try:
            table = delimited.read(content, self.declared.dialect)
            found = places(table.header, self._needed(), self._optional())
            self._whole_or_not(found)
        except delimited.Refused as error:
            return self._refused("the whole file", error.what, error.todo, "file")
        except WrongHeader as error:
            todo = "ask the partner what changed, or name the columns as they are now in the mapping file"
            raw = delimited.line_of(table.header, self.declared.dialect)
            return self._refused("the header", str(error), todo, "header", raw)
        return self._wanted(table.rows, found), found

    def _whole_or_not(self, found: Mapping[str, int]) -> None:
        """An optional field may miss all of its columns, but not one of two: a figure without its unit is none."""
        for made in (*self.header, *self.lines):
            missing = [column for column in made.columns if column not in found]
            if missing and len(missing) < len(made.columns):
                raise WrongHeader(f"column {missing[0]!r} is missing, and {made.target.name} needs it")

    def _needed(self) -> Iterator[str]:
        for made in (*self.header, *self.lines):
            yield from made.columns
        if self.skip is not None:
            yield from self.skip.columns

    def _optional(self) -> frozenset[str]:
        """Return the columns that may be missing: nothing but optional fields reads them."""
        fields = (*self.header, *self.lines)
        needed = {column for made in fields if not made.optional for column in made.columns}
        needed.update(self.skip.columns if self.skip else ())
        return frozenset(column for made in fields for column in made.columns) - needed

    def _wanted(self, rows: Iterator[delimited.Numbered], found: Mapping[str, int]) -> Iterator[_Wanted]:
        """Yield the rows that are not skipped, and what cannot be read as BadRecord."""
        skip = None if self.skip is None else self.skip.bind(columns(found))
        for number, row in rows:
            if not isinstance(row, list):
                yield number, self._unreadable(number, row)
                continue
            try:
                if skip is not None and skip(row):
                    continue
            except FormulaFailed as error:
                yield number, self._bad(number, row, CellError(f"skip_when: {error}", code="formula"))
                continue
            yield number, row

    def _flat(self, rows: Iterator[_Wanted], found: Mapping[str, int]) -> Iterator[Record | BadRecord]:
        """Make one record of each row."""
        plan = self._plan(self.header, found)
        build = builder(self.shaped.record, plan)
        identity = plan.only(IDENTITY[self.declared.kind])
        values, lost = plan.values, 0
        for number, row in rows:
            if isinstance(row, list):
                try:
                    record = build(values(row))
                except CellError as error:
                    bad = self._bad(number, row, error, _known(identity, row))
                else:
                    yield record
                    continue
            else:
                bad = row
            yield bad
            lost += 1
            if lost >= MOST_BAD_ROWS and lost * 2 > number:
                yield self._hopeless(lost, number)
                return

    def _assembled(self, rows: Iterator[_Wanted], found: Mapping[str, int]) -> Iterator[tuple[str, Record | BadRecord]]:
        """Make one record of all rows that agree in what identifies it; one bad row makes the whole of it bad."""
        header, lines = self._plan(self.header, found), self._plan(self.lines, found)
        identity = header.only(IDENTITY[self.declared.kind])
        filled = lines.cells()
        groups: dict[tuple[object, ...], _Group] = {}
        for number, row in rows:
            if isinstance(row, BadRecord):
                yield row.extract, row
                continue
            try:
                known = identity.values(row)
            except CellError as error:
                yield self._raw(row), self._bad(number, row, error)
                continue
            group = groups.setdefault(_key(known), _Group(number))
            group.rows.append(row)
            try:
                _merge(group.header, header.values(row))
                if any(row[index].strip() for index in filled):
                    group.lines.append(self._line(lines.values(row)))
            except CellError as error:
                group.bad = group.bad or self._bad(number, row, error, _texts(known))
        for group in groups.values():
            yield "\n".join(map(self._raw, group.rows)), group.bad or self._record(group)

    def _line(self, values: dict[str, object]) -> Record:
        return checked(self.shaped.line_record or Record, values, f"{self.shaped.line}.")

    def _record(self, group: _Group) -> Record | BadRecord:
        values = {**group.header, self.shaped.lines: tuple(group.lines)}
        try:
            return checked(self.shaped.record, values)
        except CellError as error:
            raw = "\n".join(map(self._raw, group.rows))
            return self._refused(f"row {group.row}", _what(error), error.todo, error.code, raw, error.field)

    def _plan(self, fields: tuple[Made, ...], found: Mapping[str, int]) -> Plan:
        plan = Plan(dict(self.fixed) if fields is self.header else {})
        resolve = columns(found)
        for made in fields:
            name = made.target.name
            if any(column not in found for column in made.columns):
                plan.base[name] = made.cell.read("")  # an optional column that this file does not have
            elif made.formula is not None:
                plan.formulas.append((name, formula_step(made, made.formula.bind(resolve))))
            elif made.column is None:
                plan.base[name] = made.constant
            elif made.unit is None:
                plan.singles.append((name, found[made.column], Memo(made.cell.read)))
            else:
                memo = Memo(made.cell.read_with_unit)
                plan.pairs.append((name, found[made.column], found[made.unit], memo))
        return plan

    def _raw(self, row: list[str]) -> str:
        return delimited.line_of(row, self.declared.dialect)

    def _hopeless(self, lost: int, number: int) -> BadRecord:
        why = f"{lost} of {number} rows cannot be read; the rest of the file is not looked at"
        todo = "correct the mapping file or ask the partner for the file again, then rerun this message"
        return self._refused("the rest of the file", why, todo, "too many bad rows")

    def _unreadable(self, number: int, row: delimited.Unreadable) -> BadRecord:
        return self._refused(f"row {number}", row.why, row.todo, row.code, row.raw)

    def _bad(self, number: int, row: list[str], error: CellError, known: Mapping[str, str] | None = None) -> BadRecord:
        what, raw = _what(error), self._raw(row)
        return self._refused(f"row {number}", what, error.todo, error.code, raw, error.field, known)

    def _refused(
        self,
        record: str,
        why: str,
        todo: str,
        code: str,
        raw: str = "",
        name: str = "",
        known: Mapping[str, str] | None = None,
    ) -> BadRecord:
        what = f"{self.partner} {self.declared.name}, {record}: {why}"
        return BadRecord(what, record=record, field=name, raw=raw, todo=todo, code=code, known=known)


def _what(error: CellError) -> str:
    origin = f" (column {error.source!r})" if error.source else ""
    return f"{error.field}{origin}: {error.why}" if error.field else error.why


def _merge(header: dict[str, object], values: dict[str, object]) -> None:
    """Keep the first row's values; a later row fills what was empty."""
    for name, value in values.items():
        if header.get(name) in (None, ""):
            header[name] = value


def _key(known: Mapping[str, object]) -> tuple[object, ...]:
    """Return what rows of one record agree in; a shipment with a number is told apart by that, not by its parcels."""
    if known.get("shipment_number"):
        return tuple(value for name, value in known.items() if name != "tracking")
    return tuple(known.values())


def _known(identity: Plan, row: list[str]) -> Mapping[str, str]:
    """Return what of the identity can be read of a row that cannot be read whole."""
    try:
        return _texts(identity.values(row))
    except CellError:
        return {}


def _texts(values: Mapping[str, object]) -> Mapping[str, str]:
    return {name: str(value) for name, value in values.items() if value not in (None, "")}
