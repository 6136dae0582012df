"""What makes the fields of one record: declared once, bound to the columns of a file, run for each row.

Speed comes from doing per file what need not be done per row: columns are found once, what a text becomes is
remembered, and a record whose every field is checked is put together without being checked a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter

from hub.mapping.build import assembler, new
from hub.mapping.cell import Cell, CellError, Memo
from hub.mapping.formula import Formula
from hub.mapping.function import Absent, FormulaFailed
from hub.mapping.located import Path as Way
from hub.mapping.part import Step
from hub.mapping.target import Target
from hub.model.base import Record


@dataclass(frozen=True, slots=True)
class Made:
    """One field with what makes it: a column, a column and its unit, a formula, or a constant."""

    way: Way
    target: Target
    cell: Cell
    column: str | None = None
    unit: str | None = None
    formula: Formula | None = None
    constant: object = None
    optional: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        if self.formula is not None:
            return (*self.formula.columns, *([self.unit] if self.unit is not None else ()))
        return tuple(each for each in (self.column, self.unit) if each is not None)


@dataclass(slots=True)
class Plan:
    """What makes the fields of one record, with every column found in the file at hand."""

    base: dict[str, object] = field(default_factory=dict)
    singles: list[tuple[str, int, Memo[str]]] = field(default_factory=list)
    pairs: list[tuple[str, int, int, Memo[tuple[str, str]]]] = field(default_factory=list)
    firsts: list[tuple[str, tuple[int, ...], Memo[str]]] = field(default_factory=list)
    formulas: list[tuple[str, Step]] = field(default_factory=list)

    def values(self, row: list[str]) -> dict[str, object]:
        """Return the fields of one row; raises CellError."""
        values = self.base.copy()
        for name, index, memo in self.singles:
            values[name] = memo[row[index]]
        for name, index, unit, both in self.pairs:
            values[name] = both[row[index], row[unit]]
        for name, indexes, memo in self.firsts:
            for index in indexes:
                text = row[index]
                if text and not text.isspace():
                    values[name] = memo[text]
                    break
            else:
                values[name] = memo[""]
        for name, step in self.formulas:
            values[name] = step(row)
        return values

    def cells(self) -> tuple[int, ...]:
        """Return the places of the cells that are read straight from the row."""
        return (*(index for _, index, _ in self.singles), *(index for _, index, _, _ in self.pairs))

    def names(self) -> set[str]:
        """Return the names of all the fields that it makes."""
        made = (name for parts in (self.singles, self.pairs, self.firsts, self.formulas) for name, *_ in parts)
        return {*self.base, *made}

    def only(self, names: tuple[str, ...]) -> Plan:
        """Return the plan of some of the fields."""
        return Plan(
            {name: value for name, value in self.base.items() if name in names},
            [each for each in self.singles if each[0] in names],
            [each for each in self.pairs if each[0] in names],
            [each for each in self.firsts if each[0] in names],
            [each for each in self.formulas if each[0] in names],
        )


def _nothing(_: list[str]) -> object:
    return None


@dataclass(frozen=True, slots=True)
class Bound:
    """What makes records with lines of rows: `head` is what of a row a header is made of, `cells` what a line is."""

    header: Plan
    lines: Plan
    identity: Plan
    line: Callable[[dict[str, object]], Record]
    record: Callable[[Mapping[str, object]], Record]
    head: Callable[[list[str]], object]
    last_of_head: int
    cells: tuple[int, ...]

    @classmethod
    def of(
        cls,
        header: Plan,
        lines: Plan,
        identity: Plan,
        line: Callable[[dict[str, object]], Record],
        record: Callable[[Mapping[str, object]], Record],
        head: list[int],
    ) -> Bound:
        """Bind plans to the places of cells; `head` are those that any field of the header reads."""
        getter = itemgetter(*head) if head else _nothing
        return cls(header, lines, identity, line, record, getter, max(head, default=-1), lines.cells())

    def whole(self, rows: list[list[str]], shared: int, lines: str) -> Record | None:
        """Return the one record of rows whose first cells, so many, are the same; `lines` is where its lines go.

        None where they may be several records, or cannot be read: whoever looks at the rows one by one says why.
        """
        if not rows or self.last_of_head >= shared:
            return None
        try:
            made = [self.line(self.lines.values(row)) for row in rows if self.has_line(row)]
            values = self.header.values(rows[0])
            values[lines] = tuple(made)
            return self.record(values)
        except CellError:
            return None

    def has_line(self, row: list[str]) -> bool:
        """Whether a row says anything of a line."""
        if not self.cells:
            return True
        for place in self.cells:  # most often the first one does
            cell = row[place]
            if cell and not cell.isspace():
                return True
        return False


def columns(found: Mapping[str, int]) -> Callable[[str], Step]:
    """Return how a formula reads a column: without the blanks around it."""

    def resolve(name: str) -> Step:
        index = found[name]
        return lambda row: row[index].strip()

    return resolve


def formula_step(made: Made, formula: Formula, resolve: Callable[[str], Step]) -> Step:
    """Return what works a formula out for a row; what it needs and is empty makes the field empty."""
    step = formula.bind(resolve)
    unit = resolve(made.unit) if made.unit is not None else None

    def run(row: list[str]) -> object:
        try:
            value = step(row)
        except Absent:
            return made.cell.read("")
        except FormulaFailed as error:
            raise CellError(f"formula: {error}", code="formula", field=made.target.name) from None
        if unit is not None and isinstance(value, Decimal):
            return made.cell.take_with_unit(value, str(unit(row)))
        return made.cell.take(value)

    return run


def builder(record: type[Record], plan: Plan, prefix: str = "") -> Callable[[dict[str, object]], Record]:
    """Return the fastest right way to make a record of the plan's values; its base is given what no field makes.

    `prefix` stands before the names of fields in errors.
    """
    base = plan.base
    decorators = record.__pydantic_decorators__
    whole = decorators.model_validators or decorators.field_validators or decorators.root_validators
    if whole or not plan.names() <= record.model_fields.keys():
        return assembler(record, plan.names(), prefix)
    given = plan.names()  # one for all: the records are frozen
    known = {name: base[name] for name in base}
    base.clear()
    for name, info in record.model_fields.items():  # in the model's order, with room for what each row brings
        base[name] = known.get(name, None if info.is_required() else info.get_default(call_default_factory=True))
    return lambda values: new(record, values, given)
