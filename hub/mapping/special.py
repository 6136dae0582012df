"""The functions of a formula that need more than their arguments' values: tables, formats, what is empty."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from hub.mapping.function import Absent, FormulaFailed, Type, bounded, written
from hub.mapping.moment import FormatRefused, IsoFormat, MomentFormat
from hub.mapping.part import Checker, Part, Resolve, Step, Value, applied
from hub.mapping.problem import did_you_mean
from hub.model.number import NotANumber, parse_number

Special = Callable[[Checker, ast.Call], Part]


def _number(checker: Checker, node: ast.Call) -> Part:
    numerals = checker.scope.numerals

    def run(text: str) -> Decimal:
        if not text.strip():
            raise Absent("number() of an empty text")
        try:
            return parse_number(
                text, decimal=numerals.decimal, thousands=numerals.thousands, trailing_sign=numerals.trailing_sign
            )
        except NotANumber as error:
            raise FormulaFailed(str(error)) from None

    return applied(Type.NUMBER, run, [checker.part(node.args[0], Type.TEXT)])


def _text(checker: Checker, node: ast.Call) -> Part:
    return applied(Type.TEXT, written, [checker.part(node.args[0])])


def _concat(checker: Checker, node: ast.Call) -> Part:
    parts = [checker.part(arg) for arg in node.args]
    return applied(Type.TEXT, lambda *values: bounded("".join(map(written, values))), parts)


def _extreme(choose: Callable[[tuple[Value, ...]], Value]) -> Special:
    def special(checker: Checker, node: ast.Call) -> Part:
        first = checker.part(node.args[0])
        if first.type not in (Type.NUMBER, Type.MOMENT):
            raise checker.refused(node.args[0], f"needs a number or a date, this is a {first.type}; use number(...)")
        parts = [first, *(checker.part(arg, first.type) for arg in node.args[1:])]
        return applied(first.type, lambda *values: choose(values), parts)

    return special


def _coalesce(checker: Checker, node: ast.Call) -> Part:
    first = checker.part(node.args[0])
    parts = [first, *(checker.part(arg, first.type) for arg in node.args[1:])]

    def bind(resolve: Resolve) -> Step:
        steps = [part.bind(resolve) for part in parts]

        def run(row: object) -> Value:
            for step in steps:
                try:
                    value = step(row)
                except Absent:
                    continue
                if not isinstance(value, str) or value.strip():
                    return value
            if first.type is Type.TEXT:
                return ""
            raise Absent("every argument of coalesce is empty")

        return run

    plain = first.type is Type.TEXT and all(part.first_of for part in parts)
    return Part(first.type, bind, tuple(name for part in parts for name in part.first_of) if plain else ())


def _date(checker: Checker, node: ast.Call) -> Part:
    form: MomentFormat | IsoFormat = IsoFormat(checker.scope.zone)
    if len(node.args) > 1:
        try:
            form = MomentFormat(checker.literal(node.args[1], "a date format"), checker.scope.zone)
        except FormatRefused as error:
            raise checker.refused(node.args[1], str(error)) from None

    def run(text: str) -> datetime:
        if not text.strip():
            raise Absent("date() of an empty text")
        try:
            return form.read(text.strip())
        except ValueError as error:
            raise FormulaFailed(str(error)) from None

    return applied(Type.MOMENT, run, [checker.part(node.args[0], Type.TEXT)])


def _lookup(checker: Checker, node: ast.Call) -> Part:
    name = checker.literal(node.args[0], "a table's name")
    tables = checker.scope.tables
    if name not in tables:
        raise checker.refused(node.args[0], f"table {name!r} is not defined{did_you_mean(name, tables)}")
    codes = {code: written(ours) for code, ours in tables[name].items()}

    def run(code: str, *default: str) -> str:
        found = codes.get(code.strip(), *default)
        if found is None:
            raise FormulaFailed(f"{code[:80]!r} is not in table {name!r}{did_you_mean(code, codes)}")
        return found

    return applied(Type.TEXT, run, [checker.part(arg, Type.TEXT) for arg in node.args[1:]])


#: Name, fewest and most arguments, and the check.
SPECIAL: Final[Mapping[str, tuple[int, int, Special]]] = {
    "coalesce": (1, 20, _coalesce),
    "concat": (1, 20, _concat),
    "date": (1, 2, _date),
    "lookup": (2, 3, _lookup),
    "max": (1, 20, _extreme(max)),
    "min": (1, 20, _extreme(min)),
    "number": (1, 1, _number),
    "text": (1, 1, _text),
}
