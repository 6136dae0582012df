"""What makes the fields of one record: declared once, bound to the columns of a file, run for each row.

Speed comes from doing per file what need not be done per row: columns are found once, what a text becomes is
remembered, and a record whose every field is checked is put together without being checked a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Final

from hub.codec.x12.layout import Layout
from hub.mapping.build import assembler, new
from hub.mapping.cell import Cell, CellError, Memo
from hub.mapping.formula import Formula
from hub.mapping.function import Absent, FormulaFailed
from hub.mapping.located import Path as Way
from hub.mapping.part import Step
from hub.mapping.target import Target
from hub.model.base import Record

#: What a formula makes of so many columns is remembered; what more of them say seldom comes again.
_FEW_COLUMNS: Final = 4
#: The cells of a row that a formula reads, and what it makes of them.
_Cells = Callable[[Sequence[str]], tuple[str, ...]]
_Work = Callable[[tuple[str, ...]], object]


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
    firsts: list[tuple[str, int, tuple[int, ...], Memo[str]]] = field(default_factory=list)
    formulas: list[tuple[str, tuple[int, ...], _Cells, _Work]] = field(default_factory=list)
    said: tuple[int, ...] | None = None

    def values(self, row: list[str]) -> dict[str, object]:
        """Return the fields of one row; raises CellError."""
        values = self.base.copy()
        for name, index, memo in self.singles:
            values[name] = memo[row[index]]
        for name, index, unit, both in self.pairs:
            values[name] = both[row[index], row[unit]]
        for name, index, others, memo in self.firsts:
            text = row[index]
            if not text or text.isspace():
                text = next((row[other] for other in others if row[other] and not row[other].isspace()), "")
            values[name] = memo[text]
        for name, _, cells, work in self.formulas:
            values[name] = work(cells(row))
        return values

    def settle(self, formulas: Iterable[int] = ()) -> None:
        """Note, when all is said, the cells by which a row says anything: read straight, and those for `formulas`."""
        straight = (*(index for _, index, _ in self.singles), *(index for _, index, _, _ in self.pairs))
        self.said = tuple(dict.fromkeys((*straight, *formulas))) or None

    def says(self, row: list[str]) -> bool:
        """Whether a row says anything in the cells that are of it; all do where there are none."""
        if self.said is None:
            return True
        for place in self.said:  # most often the first one does
            cell = row[place]
            if cell and not cell.isspace():
                return True
        return False

    def add_formula(self, made: Made, formula: Formula, found: Mapping[str, int]) -> None:
        """Let a formula make a field; of few columns that is remembered: partners repeat prices and units."""
        names = tuple(dict.fromkeys(made.columns))
        step = formula_step(made, formula, {name: place for place, name in enumerate(names)})
        places = tuple(found[name] for name in names)
        work: _Work = Memo[tuple[str, ...]](step).__getitem__ if len(names) <= _FEW_COLUMNS else step
        self.formulas.append((made.target.name, places, _cells(places), work))

    def placed(self, places: Sequence[int], nothing: int) -> Plan:
        """Return the same plan for rows in which the cells stand at other places, or at the empty one: nowhere."""
        plan = Plan(self.base.copy(), said=self.said)
        if self.said is not None:
            plan.said = tuple(place for index in self.said if (place := places[index]) != nothing)
        for name, index, memo in self.singles:
            if places[index] != nothing or not _settled(plan.base, name, memo):
                plan.singles.append((name, places[index], memo))
        for name, index, unit, both in self.pairs:
            plan.pairs.append((name, places[index], places[unit], both))
        for name, first, others, memo in self.firsts:
            some = [places[index] for index in (first, *others) if places[index] != nothing]
            if some or not _settled(plan.base, name, memo):
                plan.firsts.append((name, some[0] if some else nothing, tuple(some[1:]), memo))
        for name, indexes, _, work in self.formulas:
            there = tuple(places[index] for index in indexes)
            plan.formulas.append((name, there, _cells(there), work))
        return plan

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
            self.said,
        )


def _settled(base: dict[str, object], name: str, memo: Memo[str]) -> bool:
    """Put what an empty text becomes into the base; not an error, which each row has to meet by itself."""
    try:
        base[name] = memo[""]
    except CellError:
        return False
    return True


def _cells(places: Sequence[int]) -> _Cells:
    """Return what gives the cells at these places; of fewer than two itemgetter gives no tuple."""
    return itemgetter(*places) if len(places) > 1 else lambda row: tuple(row[place] for place in places)


def _nothing(_: list[str]) -> object:
    return None


@dataclass(frozen=True, slots=True)
class Bound:
    """What makes records with lines of rows: `head` is what of a row a header is made of.

    `found` are the places of the columns in a row, `of_head` and `of_lines` those that header and lines are made of.
    """

    header: Plan
    lines: Plan
    identity: Plan
    line: Callable[[dict[str, object]], Record]
    record: Callable[[Mapping[str, object]], Record]
    head: Callable[[list[str]], object]
    found: Mapping[str, int]
    of_head: frozenset[int]
    of_lines: frozenset[int]

    @classmethod
    def of(
        cls,
        plans: tuple[Plan, Plan, Plan],
        line: Callable[[dict[str, object]], Record],
        record: Callable[[Mapping[str, object]], Record],
        found: Mapping[str, int],
        fields: tuple[Sequence[Made], Sequence[Made]],
    ) -> Bound:
        """Bind the plans of header, lines and identity to the places of cells; `fields` are those of the first two."""
        head, lines = ([found[name] for made in some for name in made.columns if name in found] for some in fields)
        getter = itemgetter(*head) if head else _nothing
        return cls(*plans, line, record, getter, found, frozenset(head), frozenset(lines))

    def parts_at(self, shared: int) -> bool:
        """Whether nothing but the header is made of the first cells, so many, and nothing but lines of the others."""
        return all(place < shared for place in self.of_head) and all(place >= shared for place in self.of_lines)

    def whole(self, pieces: Sequence[tuple[Layout[Plan | None], list[str]]], lines: str) -> Record | None:
        """Return the one record of a header and its rows, pieces of an X12 set; `lines` is where the lines go.

        None where they cannot be read, or not by themselves: whoever looks at the rows one by one says why.
        """
        line, made = self.line, []
        header = pieces[0][0].made
        try:
            for layout, row in pieces[1:]:
                plan = layout.made
                if plan is None:
                    return None
                if plan.says(row):
                    made.append(line(plan.values(row)))
            if header is None:
                return None
            values = header.values(pieces[0][1])
            values[lines] = tuple(made)
            return self.record(values)
        except CellError:
            return None


def columns(found: Mapping[str, int]) -> Callable[[str], Step]:
    """Return how a formula reads a column: without the blanks around it."""

    def resolve(name: str) -> Step:
        index = found[name]
        return lambda row: row[index].strip()

    return resolve


def formula_step(made: Made, formula: Formula, found: Mapping[str, int]) -> Step:
    """Return what works a formula out for a row; what it needs and is empty makes the field empty."""
    resolve = columns(found)
    step = formula.bind(resolve)
    unit = resolve(made.unit) if made.unit is not None else None

    def run(row: Sequence[str]) -> object:
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
