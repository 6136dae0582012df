"""From a declared inbound document to a compiled one; what cannot work is noted at its line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from hub.codec.path import Path, PathRefused
from hub.mapping.cell import Cell, CellError, Ground
from hub.mapping.document import Declared
from hub.mapping.formula import Formula, compile_formula
from hub.mapping.function import Type
from hub.mapping.inward import Inward
from hub.mapping.layout import EACH_COLUMN, EACH_VALUE
from hub.mapping.located import Path as Way
from hub.mapping.part import FormulaRefused, Scope
from hub.mapping.plan import Made
from hub.mapping.problem import did_you_mean
from hub.mapping.rule import Numerals, Rule
from hub.mapping.section import Section
from hub.mapping.source import Source
from hub.mapping.target import Shape, Shaped, Target, shaped
from hub.mapping.verbs import cell_for, fits
from hub.model.document import Kind

_TYPE_OF: Final[Mapping[Shape, Type]] = {
    Shape.TEXT: Type.TEXT,
    Shape.CHOICE: Type.TEXT,
    Shape.NUMBER: Type.NUMBER,
    Shape.INTEGER: Type.NUMBER,
    Shape.BOOLEAN: Type.BOOLEAN,
    Shape.MOMENT: Type.MOMENT,
}

#: What a partner says of its own orders: it need not name itself.
_OF_A_CHANNEL = frozenset({Kind.SALES_ORDER, Kind.SALES_ORDER_CHANGE})


@dataclass(frozen=True, slots=True)
class _Placed:
    """A rule, the field that it makes, and whether that is a field of the line."""

    rule: Rule
    target: Target
    in_line: bool


def inward(source: Source, declared: Declared, ground: Ground, partner: str) -> Inward:
    """Return an inbound document compiled; only to be used when the source has no problems."""
    form = shaped(declared.kind)
    placed = list(_placed(source, declared, form))
    fixed: dict[str, object] = {"channel": partner} if declared.kind in _OF_A_CHANNEL else {}
    _all_there(source, declared, form, placed, fixed)
    made = [(each.in_line, _made(source, each, ground)) for each in placed]
    skip = _skip(source, declared, ground)
    return Inward(
        partner=partner,
        declared=declared,
        shaped=form,
        header=tuple(one for in_line, one in made if one is not None and not in_line),
        lines=tuple(one for in_line, one in made if one is not None and in_line),
        skip=skip,
        fixed=fixed,
        paths=_paths(source, declared, [one for _, one in made if one is not None], skip),
    )


def _paths(source: Source, declared: Declared, made: list[Made], skip: Formula | None) -> Mapping[str, Path]:
    """Return every place that a tree is asked for; note what is no path, and in a table what is no column."""
    layout, paths = declared.layout, {}
    for way, name, shift in _named(source, declared, made, skip):
        if layout.each and name in (EACH_VALUE, EACH_COLUMN):
            continue
        if layout.tree is None:
            known = layout.spans or layout.columns
            if known and name not in known and not name.startswith("#"):
                source.report(way, f"there is no column {name!r}{did_you_mean(name, known)}", value=True)
            continue
        try:
            paths[name] = layout.path(name, sums=True)
        except PathRefused as error:
            source.report(way, str(error), value=not shift, shift=shift or error.column)
    return paths


def _named(
    source: Source, declared: Declared, made: list[Made], skip: Formula | None
) -> Iterator[tuple[Way, str, int]]:
    """Yield every column that the document names, with where it does and at which column within a formula."""
    for each in made:
        way = each.way
        if each.formula is not None:
            yield from (((*way, "formula"), name, shift) for name, shift in each.formula.columns.items())
        for verb, name in (("from", each.column), ("unit_from", each.unit)):
            if name is not None:
                yield ((*way, verb) if (*way, verb) in source.spots else way), name, 0
    if skip is not None:
        yield from (((*declared.way, "skip_when"), name, shift) for name, shift in skip.columns.items())
    yield from (((*declared.way, "each", name), name, 0) for name in declared.layout.each)


def _placed(source: Source, declared: Declared, form: Shaped) -> Iterator[_Placed]:
    """Yield each rule with its field; a name that record and line share is the line's as soon as any other field is."""
    sure = [_sure(rule, form) for rule in declared.rules]
    rows_are_lines = any(each is not None and each.in_line for each in sure)
    taken: dict[tuple[str, bool], str] = {}
    for rule, found in zip(declared.rules, sure, strict=True):
        each = found
        if each is None and rule.left in form.fields and rule.left in form.line_fields:
            fields = form.line_fields if rows_are_lines else form.fields
            each = _Placed(rule, fields[rule.left], rows_are_lines)
        if each is None:
            known = {*form.names(), *form.line_fields}
            message = f"{str(declared.kind)!r} has no field {rule.left!r}{did_you_mean(rule.left, known)}"
            source.report(rule.way, message)
            continue
        first = taken.setdefault((each.target.name, each.in_line), rule.left)
        if first != rule.left:
            source.report(rule.way, f"{rule.left} and {first} make the same field")
        yield each


def _sure(rule: Rule, form: Shaped) -> _Placed | None:
    group, _, name = rule.left.partition(".")
    if group == form.line and name in form.line_fields:
        return _Placed(rule, form.line_fields[name], in_line=True)
    if group == "record" and name in form.fields:
        return _Placed(rule, form.fields[name], in_line=False)
    in_record, in_line = rule.left in form.fields, rule.left in form.line_fields
    if form.aside and in_record:
        return _Placed(rule, form.fields[rule.left], in_line=False)
    if in_record is in_line:
        return None
    return _Placed(rule, (form.line_fields if in_line else form.fields)[rule.left], in_line)


def _all_there(
    source: Source, declared: Declared, form: Shaped, placed: list[_Placed], fixed: Mapping[str, object]
) -> None:
    """Note every field that a record cannot be without and that nothing makes."""
    made = {(each.target.name, each.in_line) for each in placed}
    tried = Section(source, (*declared.way, "fields")).data.keys() - {each.rule.left for each in placed}
    needed = [(name, False, target) for name, target in form.fields.items()]
    if any(each.in_line for each in placed) or declared.kind is Kind.SALES_ORDER:
        needed += [(name, True, target) for name, target in form.line_fields.items()]
    for name, in_line, target in needed:
        meant = tried and get_close_matches(name, tried, n=1)  # told already, as what is wrong with it
        if target.required and (name, in_line) not in made and name not in fixed and not meant:
            full = f"{form.line}.{name}" if in_line else name
            where = (*declared.way, "fields") if declared.rules else declared.way
            source.report(where, f"{str(declared.kind)!r} needs {full!r} and nothing makes it")


def _made(source: Source, placed: _Placed, ground: Ground) -> Made | None:
    rule, target = placed.rule, placed.target
    if not fits(source, rule, target.shape, ground):
        return None
    cell = cell_for(source, rule, target, ground)
    if cell is None:
        return None
    if rule.optional and target.required and rule.default is None:
        message = f"every record needs {rule.left}: an optional column must declare a default"
        source.report((*rule.way, "optional"), message)
    if rule.formula is not None:
        formula = _formula(source, rule, target, ground)
        return (
            None
            if formula is None
            else Made(rule.way, target, cell, unit=rule.unit_from, formula=formula, optional=rule.optional)
        )
    if rule.source is not None:
        return Made(rule.way, target, cell, rule.source, rule.unit_from, optional=rule.optional)
    return _constant(source, rule, target, cell)


def _constant(source: Source, rule: Rule, target: Target, cell: Cell) -> Made | None:
    try:
        return Made(rule.way, target, cell, constant=cell.constant(rule.value if rule.value is not None else ""))
    except CellError as error:
        source.report((*rule.way, "value"), f"{rule.left} cannot be {rule.value!r}: {error.why}", value=True)
        return None


def _formula(source: Source, rule: Rule, target: Target, ground: Ground) -> Formula | None:
    way = (*rule.way, "formula")
    formula = _compiled(source, rule.formula or "", ground, rule.numerals, way)
    want = _TYPE_OF[target.shape]
    if formula is not None and formula.type is not Type.TEXT and formula.type is not want:
        number_as_text = (formula.type, target.shape) == (Type.NUMBER, Shape.TEXT)
        if not number_as_text:
            message = f"{rule.left} needs a {want}; the formula gives a {formula.type}"
            source.report(way, message, value=True)
    return formula


def _skip(source: Source, declared: Declared, ground: Ground) -> Formula | None:
    if declared.skip_when is None:
        return None
    way = (*declared.way, "skip_when")
    formula = _compiled(source, declared.skip_when, ground, declared.numerals, way)
    if formula is not None and formula.type is not Type.BOOLEAN:
        source.report(way, f"skip_when must be true or false; the formula gives a {formula.type}", value=True)
    return formula


def _compiled(source: Source, text: str, ground: Ground, numerals: Numerals, way: Way) -> Formula | None:
    scope = Scope(lambda _: Type.TEXT, ground.zone, ground.tables, numerals)
    try:
        return compile_formula(text, scope)
    except FormulaRefused as error:
        left = way[-1] if way[-1] == "skip_when" else way[-2]
        source.report(way, f"{left}: {error}", shift=error.column)
        return None
