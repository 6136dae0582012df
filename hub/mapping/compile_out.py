"""From a declared outbound document to a compiled one; what cannot work is noted at its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from hub.codec.grow import buildable
from hub.codec.path import PathRefused
from hub.codec.path import Step as PathStep
from hub.mapping.cell import Ground
from hub.mapping.document import Declared
from hub.mapping.formula import compile_formula
from hub.mapping.function import Type
from hub.mapping.outward import (
    Column,
    Outward,
    Writer,
    inverted,
    name_parts,
    path_step,
    placeholders,
    present,
)
from hub.mapping.part import FormulaRefused, Scope, Step
from hub.mapping.problem import did_you_mean
from hub.mapping.rule import Rule
from hub.mapping.source import Source
from hub.mapping.target import Shape, Shaped, Target, shaped
from hub.mapping.verbs import fits_out
from hub.model.document import Kind

_TYPE_OF: Final[Mapping[Shape, Type]] = {
    Shape.TEXT: Type.TEXT,
    Shape.CHOICE: Type.TEXT,
    Shape.NUMBER: Type.NUMBER,
    Shape.INTEGER: Type.NUMBER,
    Shape.BOOLEAN: Type.BOOLEAN,
    Shape.MOMENT: Type.MOMENT,
}
_SHAPE_OF: Final[Mapping[Type, Shape]] = {
    Type.TEXT: Shape.TEXT,
    Type.NUMBER: Shape.NUMBER,
    Type.BOOLEAN: Shape.BOOLEAN,
    Type.MOMENT: Shape.MOMENT,
}
_MOST_TOLD: Final = 10
#: What the name of a file must hold, so that one document never overwrites another.
_NAMED_BY: Final[Mapping[Kind, str]] = {
    Kind.PURCHASE_ORDER: "number",
    Kind.PURCHASE_ORDER_CHANGE: "change_number",
    Kind.SHIP_ORDER: "number",
    Kind.STOCK_ADJUSTMENT: "number",
    Kind.FULFILMENT: "fulfilment_id",
    Kind.ACKNOWLEDGEMENT: "order_number",
    Kind.SHIPMENT: "shipment_number",
    Kind.INVOICE: "invoice_number",
}


def outward(source: Source, declared: Declared, ground: Ground, partner: str) -> Outward:
    """Return an outbound document compiled; only to be used when the source has no problems."""
    form = shaped(declared.kind)
    readable = dict(_readable(form, lines=bool(declared.rows)))
    columns = [_column(source, declared, rule, ground, readable) for rule in declared.rules]
    if declared.layout.tree is not None and declared.rows and declared.layout.loop is None:
        message = f'rows = "{declared.rows}" needs a loop: the node that is written for each line, such as loop = "PO1"'
        source.report((*declared.way, "rows"), message)
    names, tail = _file_name(source, declared, form)
    return Outward(partner, declared, form, tuple(each for each in columns if each is not None), names, tail)


def _readable(form: Shaped, *, lines: bool) -> Iterator[tuple[str, tuple[Target, Step]]]:
    """Yield what an outbound document may name, with how it is read."""
    for name, target in form.fields.items():
        yield name, (target, path_step(target.path, line=False))
    for name, target in form.line_fields.items() if lines else ():
        yield f"{form.line}.{name}", (target, path_step(target.path, line=True))


def _column(
    source: Source, declared: Declared, rule: Rule, ground: Ground, readable: Mapping[str, tuple[Target, Step]]
) -> Column | None:
    made = _made(source, declared, rule, ground, readable)
    if made is None or not fits_out(source, rule, made[0], ground):
        return None
    if rule.table is not None:
        _unambiguous(source, rule, ground)
    column = Column(rule.left, made[1], Writer(rule, ground), fixed=rule.value is not None)
    if declared.layout.tree is not None:
        return _in_tree(source, declared, rule, column)
    spans = declared.layout.spans
    if spans and rule.left not in spans:
        source.report(rule.way, f"there is no column {rule.left!r}{did_you_mean(rule.left, spans)}")
    return column


def _in_tree(source: Source, declared: Declared, rule: Rule, column: Column) -> Column | None:
    """Return a column with its place in the tree: from the root, or from the node of a line."""
    try:
        path = declared.layout.path(rule.left)
    except PathRefused as error:
        source.report(rule.way, f"{rule.left}: {error}")
        return None
    if why := buildable(path):
        source.report(rule.way, f"{rule.left}: {why}")
        return None
    loop = declared.layout.loop
    steps = path.steps
    in_loop = loop is not None and _below(steps, loop.steps)
    if loop is not None and in_loop:
        return replace(column, steps=steps[len(loop.steps) - 1 :], in_loop=True)
    line = f"{shaped(declared.kind).line}."
    if declared.rows and any(name.startswith(line) for name in _reads(rule)):
        where = f"begin {rule.left!r} with {loop.text!r}" if loop else "declare a loop"
        source.report(rule.way, f"{rule.left} is made from a line and stands outside of it; {where}")
    return replace(column, steps=steps)


def _below(steps: tuple[PathStep, ...], loop: tuple[PathStep, ...]) -> bool:
    """Whether a path leads into the node of a line; that node itself may be named with a qualifier of its own."""
    *above, last = loop
    same = list(steps[: len(above)]) == above and len(steps) >= len(loop)
    return same and steps[len(above)].name == last.name


def _reads(rule: Rule) -> tuple[str, ...]:
    if rule.source is not None:
        return (rule.source,)
    return tuple(re.findall(r"[\w.]+", rule.formula or ""))


def _made(
    source: Source, declared: Declared, rule: Rule, ground: Ground, readable: Mapping[str, tuple[Target, Step]]
) -> tuple[Shape, Step] | None:
    """Return what a column holds and how it is read."""
    if rule.source is not None:
        found = readable.get(rule.source)
        if found is None:
            way = (*rule.way, "from") if (*rule.way, "from") in source.spots else rule.way
            source.report(way, _unknown(declared, rule.source, readable), value=True)
            return None
        return found[0].shape, found[1]
    if rule.formula is not None:
        return _formula(source, rule, ground, readable)
    value = rule.value
    return Shape.TEXT, lambda _: value


def _formula(
    source: Source, rule: Rule, ground: Ground, readable: Mapping[str, tuple[Target, Step]]
) -> tuple[Shape, Step] | None:
    def kind(name: str) -> Type | None:
        return _TYPE_OF[readable[name][0].shape] if name in readable else None

    def resolve(name: str) -> Step:
        target, step = readable[name]
        return present(step, name, text=_TYPE_OF[target.shape] is Type.TEXT)

    try:
        formula = compile_formula(
            rule.formula or "", Scope(kind, ground.zone, ground.tables, rule.numerals, tuple(readable))
        )
    except FormulaRefused as error:
        source.report((*rule.way, "formula"), f"{rule.left}: {error}", shift=error.column)
        return None
    return _SHAPE_OF[formula.type], formula.bind(resolve)


def _unknown(declared: Declared, name: str, readable: Mapping[str, object]) -> str:
    form = shaped(declared.kind)
    if not declared.rows and name.partition(".")[0] == form.line:
        return f'{name!r} is a field of a line: declare rows = "{form.lines}" to write a row for each'
    return f"{str(declared.kind)!r} has no field {name!r}{did_you_mean(name, readable)}"


def _unambiguous(source: Source, rule: Rule, ground: Ground) -> None:
    table = ground.tables[rule.table or ""]
    for code in rule.prefer:
        if code not in table:
            message = f"prefer: {code!r} is not in table {rule.table!r}{did_you_mean(code, table)}"
            source.report((*rule.way, "prefer"), message, value=True)
    for ours, theirs in islice(inverted(table, rule.prefer)[1].items(), _MOST_TOLD):
        message = (
            f"table {rule.table!r} has {len(theirs)} codes for {ours!r} ({', '.join(theirs[:_MOST_TOLD])}); "
            f"say which one to send: prefer = {theirs[0]!r}"
        )
        source.report((*rule.way, "table"), message, value=True)


def _file_name(source: Source, declared: Declared, form: Shaped) -> tuple[tuple[tuple[str, Step], ...], str]:
    way = (*declared.way, "files")
    found = placeholders(declared.files)
    for name, column in found:
        if name not in form.fields:
            message = f"files: {str(declared.kind)!r} has no field {name!r}{did_you_mean(name, form.fields)}"
            source.report(way, message, shift=column)
    needed = _NAMED_BY.get(declared.kind)
    if declared.files and needed is not None and needed not in {name for name, _ in found}:
        message = f"files must hold {{{needed}}}, or one file would overwrite the other"
        source.report(way, message, value=True)
    paths = {name: target.path for name, target in form.fields.items()}
    return name_parts(declared.files, lambda name: path_step(paths.get(name, ()), line=False))
