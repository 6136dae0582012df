"""One pass over one inbound file: rows to records, each bad row told and passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final

from hub.codec.fault import Refused, Unreadable
from hub.contract import BadRecord
from hub.mapping.build import assembler
from hub.mapping.cell import CellError, Memo
from hub.mapping.compiled import Compiled
from hub.mapping.formula import Formula
from hub.mapping.function import FormulaFailed
from hub.mapping.plan import Bound, Made, Plan, builder, columns, formula_step
from hub.mapping.reading import Opened
from hub.model.base import Record

#: After so many bad rows, when they are most of the file, the file itself is wrong.
MOST_BAD_ROWS: Final = 10_000
_TODO: Final = "correct the value at its origin, or what is made of it in the mapping file; then rerun"
_Row = list[str] | BadRecord
#: A row that was not skipped, with its number, or why it cannot be read.
_Wanted = tuple[int, list[str] | BadRecord]


@dataclass(slots=True)
class _Group:
    """The rows that make one record with lines."""

    row: int
    known: Mapping[str, object]
    rows: list[list[str]] = field(default_factory=list)
    header: dict[str, object] = field(default_factory=dict)
    lines: list[Record] = field(default_factory=list)
    bad: BadRecord | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An opened file, its columns found; `each` are the columns of which every one makes a record of its own."""

    document: Compiled
    opened: Opened
    found: Mapping[str, int]
    each: tuple[tuple[int, str], ...]
    identity: tuple[str, ...]

    def records(self) -> Iterator[Record | BadRecord]:
        """Yield what the file holds."""
        if self.document.lines:
            return (result for _, result in self._assembled(self._wanted()))
        return self._flat(self._wanted())

    def traced(self) -> Iterator[tuple[str, Record | BadRecord]]:
        """Yield the same, each with the text that it was made from."""
        if self.document.lines:
            for rows, result in self._assembled(self._wanted()):
                yield "\n".join(map(self._shown, rows)), result
            return
        seen = [""]

        def noted() -> Iterator[_Wanted]:
            for number, row in self._wanted():
                seen[0] = row.extract if isinstance(row, BadRecord) else self.opened.show(row)
                yield number, row

        for result in self._flat(noted()):
            yield seen[0], result

    def named(self) -> Mapping[str, str]:
        """Return by what a document that is refused whole can be known again: what all of its rows agree in.

        Of a list, whose rows are records of their own, that is nothing.
        """
        agreed: Mapping[str, str] | None = None
        listed = not self.document.lines or self.document.shaped.aside
        for _, row in () if listed else self._wanted():
            known = _known(self.bound().identity, row) if isinstance(row, list) else {}
            agreed = (
                known if agreed is None else {name: text for name, text in known.items() if agreed.get(name) == text}
            )
        return agreed or {}

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _wanted(self) -> Iterator[_Wanted]:
        """Yield the rows that are not skipped, and what cannot be read as BadRecord."""
        rows = self._spread(self._rows()) if self.each else self._rows()
        if self.document.skip is None:
            return rows
        return self._not_skipped(rows)

    def _rows(self) -> Iterator[_Wanted]:
        number = 0
        try:
            for number, row in self.opened.rows:
                yield number, (row if isinstance(row, list) else self._unreadable(number, row))
        except Refused as error:
            what = "the rest of the file" if number else "the whole file"
            yield number + 1, self.document.refused(what, error.what, error.todo, "file")

    def _not_skipped(self, rows: Iterator[_Wanted]) -> Iterator[_Wanted]:
        assert self.document.skip is not None  # noqa: S101 - the caller looked
        skip = self.document.skip.bind(columns(self.found))
        for number, row in rows:
            try:
                if isinstance(row, list) and skip(row):
                    continue
            except FormulaFailed as error:
                yield number, self._bad(number, row, CellError(f"skip_when: {error}", code="formula"))
                continue
            yield number, row

    def _spread(self, rows: Iterator[_Wanted]) -> Iterator[_Wanted]:
        """Make a row for each of the `each` columns that says anything: its value and what it stands for behind.

        Where lines are an aside, a row without any is still a record.
        """
        for number, row in rows:
            if isinstance(row, BadRecord):
                yield number, row
                continue
            filled = [(place, constant) for place, constant in self.each if row[place].strip()]
            for place, constant in filled:
                yield number, [*row, row[place], constant]
            if not filled and self.document.shaped.aside:
                yield number, [*row, "", ""]

    # --- records ------------------------------------------------------------------------------------------------------

    def _flat(self, rows: Iterator[_Wanted]) -> Iterator[Record | BadRecord]:
        """Make one record of each row."""
        plan = self._plan(self.document.header)
        build = builder(self.document.shaped.record, plan)
        identity = plan.only(self.identity)
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

    def _assembled(self, rows: Iterator[_Wanted]) -> Iterator[tuple[list[_Row], Record | BadRecord]]:
        """Make one record of all rows that agree in what identifies it, with these rows."""
        bound = self.bound()
        if self.each and self.document.shaped.aside:  # the rows of a record came of one row: no need to wait for more
            for _, some in groupby(rows, key=itemgetter(0)):
                yield from self._grouped(some, bound)
        else:
            yield from self._grouped(rows, bound)

    def _grouped(self, rows: Iterator[_Wanted], bound: Bound) -> Iterator[tuple[list[_Row], Record | BadRecord]]:
        """Do so for some rows; one bad row makes the whole of its record bad."""
        groups: dict[tuple[object, ...], _Group] = {}
        group: _Group | None = None
        before: object = None
        for number, row in rows:
            if isinstance(row, BadRecord):
                yield [row], row
                continue
            head = bound.head(row)
            fresh = group is None or head != before
            try:
                if group is None or fresh:
                    group, before = self._group_of(groups, number, bound.identity.values(row)), head
            except CellError as error:
                group = None
                yield [row], self._bad(number, row, error)
                continue
            group.rows.append(row)
            try:
                if fresh:
                    _merge(group.header, bound.header.values(row))
                if bound.lines.says(row):
                    group.lines.append(bound.line(bound.lines.values(row)))
            except CellError as error:
                group.bad = group.bad or self._bad(number, row, error, _texts(group.known))
        for group in groups.values():
            yield list(group.rows), group.bad or self._record(group, bound)

    def _group_of(self, groups: dict[tuple[object, ...], _Group], number: int, known: Mapping[str, object]) -> _Group:
        return groups.setdefault(_key(known), _Group(number, known))

    def _shown(self, row: _Row) -> str:
        return row.extract if isinstance(row, BadRecord) else self.opened.show(row)

    def _record(self, group: _Group, bound: Bound) -> Record | BadRecord:
        try:
            return bound.record({**group.header, self.document.shaped.lines: tuple(group.lines)})
        except CellError as error:
            raw = "\n".join(map(self.opened.show, group.rows))
            return self._told(self.opened.place(group.row), error, raw, _texts(group.known))

    def bound(self) -> Bound:
        """Return what makes records with lines of the rows; the columns of a tree are the same in every file."""
        bound = self.document.bound.get(self.opened.header) if self.document.paths else None
        if bound is None:
            shaped = self.document.shaped
            header, lines = self._plan(self.document.header), self._plan(self.document.lines)
            bound = Bound.of(
                (header, lines, header.only(self.identity)),
                builder(shaped.line_record or Record, lines, f"{shaped.line}."),
                assembler(shaped.record, {*header.names(), shaped.lines}),
                self.found,
                (self.document.header, self.document.lines),
            )
            if self.document.paths:
                self.document.bound[self.opened.header] = bound
        return bound

    def _plan(self, fields: tuple[Made, ...]) -> Plan:
        plan = Plan(dict(self.document.fixed) if fields is self.document.header else {})
        found = self.found
        for made in fields:
            name = made.target.name
            if any(column not in found for column in made.columns):
                plan.base[name] = made.cell.read("")  # an optional column that this file does not have
            elif made.formula is not None and made.formula.root.first_of and made.unit is None:
                first, *others = (found[column] for column in made.formula.root.first_of)
                plan.firsts.append((name, first, tuple(others), Memo(made.cell.read)))
            elif made.formula is not None and len(made.formula.columns) == 1 and made.unit is None:
                (column,) = made.formula.columns
                plan.firsts.append((name, found[column], (), Memo(_of_one(made, made.formula))))
            elif made.formula is not None:
                plan.add_formula(made, made.formula, found)
            elif made.column is None:
                plan.base[name] = made.constant
            elif made.unit is None:
                plan.singles.append((name, found[made.column], Memo(made.cell.read)))
            else:
                memo = Memo(made.cell.read_with_unit)
                plan.pairs.append((name, found[made.column], found[made.unit], memo))
        plan.settle(found[name] for name in self._own(fields) if name in found)
        return plan

    def _own(self, fields: tuple[Made, ...]) -> Iterator[str]:
        """Yield the columns that only formulas of these fields read, unless they look for it in all that is around."""
        shared = {name for made in self.document.header for name in made.columns}
        for made in fields:
            for name in made.formula.columns if made.formula is not None else ():
                path = self.document.paths.get(name)
                if name not in shared and (path is None or path.up >= 0):
                    yield name

    # --- what cannot be read ------------------------------------------------------------------------------------------

    def _hopeless(self, lost: int, number: int) -> BadRecord:
        why = f"{lost} of {number} rows cannot be read; the rest of the file is not looked at"
        todo = "correct the mapping file or ask the partner for the file again, then rerun this message"
        return self.document.refused("the rest of the file", why, todo, "too many bad rows")

    def _unreadable(self, number: int, row: Unreadable) -> BadRecord:
        return self.document.refused(self.opened.place(number), row.why, row.todo, row.code, row.raw)

    def _bad(
        self, number: int, row: list[str] | BadRecord, error: CellError, known: Mapping[str, str] | None = None
    ) -> BadRecord:
        raw = self.opened.show(row) if isinstance(row, list) else row.extract
        return self._told(self.opened.place(number), error, raw, known)

    def _told(self, record: str, error: CellError, raw: str, known: Mapping[str, str] | None) -> BadRecord:
        document = self.document
        what = f"{document.partner} {document.declared.name}, {record}: {self._what(error)}"
        todo = error.todo or _TODO
        return BadRecord(what, record=record, field=error.field, raw=raw, todo=todo, code=error.code, known=known)

    def _what(self, error: CellError) -> str:
        word = "path" if self.document.paths else "column"
        origin = f" ({word} {error.source!r})" if error.source else ""
        return f"{error.field}{origin}: {error.why}" if error.field else error.why


def _of_one(made: Made, formula: Formula) -> Callable[[str], object]:
    """Return what a formula makes of the text of the only column that it reads."""
    step = formula_step(made, formula, dict.fromkeys(formula.columns, 0))
    return lambda text: step([text])


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
