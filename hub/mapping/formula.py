"""Formulas: a small, typed, exact expression language, checked when the file is read and compiled once to closures.

Python's own parser reads the text; every node that is not listed here is refused with its column. Nothing is ever
looked up on an object, nothing loops, numbers are decimal, and text, depth and size are bounded, so that a formula
costs what its length says and no more.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any, Final

from hub.mapping.function import EXACT, PLAIN, FormulaFailed, Type, bounded
from hub.mapping.part import FormulaRefused, Part, Resolve, Row, Scope, Step, Value, applied, fixed
from hub.mapping.problem import did_you_mean
from hub.mapping.special import SPECIAL
from hub.model.number import NotANumber, parse_number

_LONGEST: Final = 500
_MOST_NODES: Final = 400
_DEEPEST: Final = 30
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ODD_NUMBER = re.compile(r"(?<![\w.])[0-9][0-9.]*[^\W\d]")
#: The names of all functions, for the documentation and for suggestions.
FUNCTIONS: Final = tuple(sorted((*PLAIN, *SPECIAL)))

_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Decimal, Decimal], Decimal]]] = {
    ast.Add: EXACT.add,
    ast.Sub: EXACT.subtract,
    ast.Mult: EXACT.multiply,
    ast.Div: EXACT.divide,
    ast.Mod: EXACT.remainder,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Value, Value], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_REFUSALS: Final[Mapping[type[ast.expr], str]] = {
    ast.Attribute: 'a dot reaches into nothing here; name a column as col["..."]',
    ast.Lambda: "functions cannot be made here",
    ast.JoinedStr: "f-texts are not allowed; use concat(...)",
    ast.List: "a list stands only after `in`",
    ast.Tuple: "a list stands only after `in`",
}


@dataclass(frozen=True, slots=True)
class Formula:
    """A checked formula; `columns` are the ones it reads, each with its column within the text."""

    text: str
    type: Type
    columns: Mapping[str, int]
    root: Part

    def bind(self, resolve: Resolve) -> Step:
        """Return the closure that works it out for a row; it raises FormulaFailed and nothing else."""
        step = self.root.bind(resolve)

        def run(row: Row) -> Value:
            try:
                return step(row)
            except DecimalException as error:
                raise FormulaFailed(_fault(error)) from None

        return run


def compile_formula(text: str, scope: Scope) -> Formula:
    """Check a formula and return it compiled; raises FormulaRefused with the column of what it does not allow."""
    compiler = _Compiler(text, scope)
    root = compiler.part(compiler.parsed())
    return Formula(text, root.type, compiler.columns, root)


def _fault(error: DecimalException) -> str:
    return "division by zero" if "Division" in type(error).__name__ else "a number grows beyond 24 digits"


class _Compiler:
    """Turns nodes into parts; every refusal names its column."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._whole = text
        self._text = text.strip()
        self._shift = len(text) - len(text.lstrip())
        self._depth = 0
        self.scope = scope
        self.columns: dict[str, int] = {}

    def parsed(self) -> ast.expr:
        """Return the tree; refuse what Python's parser would warn of, or not survive."""
        text = self._whole
        if len(text) > _LONGEST:
            raise FormulaRefused(_LONGEST + 1, f"a formula has at most {_LONGEST} characters, this one {len(text)}")
        for odd in "\\\n\r\x00":
            if odd in text:
                raise FormulaRefused(text.index(odd) + 1, f"{odd!r} has no place in a formula")
        number = _ODD_NUMBER.search(_QUOTED.sub(lambda match: " " * len(match[0]), text))
        if number is not None:
            raise FormulaRefused(number.start() + 1, "write numbers plainly, as 12 or 0.5")
        try:
            tree = ast.parse(self._text, mode="eval").body
        except SyntaxError as error:
            column = max(1, (error.offset or len(self._text)) + self._shift)  # 0: it ends too soon
            raise FormulaRefused(column, f"cannot be read: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError):
            raise FormulaRefused(1, "cannot be read") from None
        if sum(1 for _ in ast.walk(tree)) > _MOST_NODES:
            raise FormulaRefused(1, "has too many parts; split it, or use a table")
        return tree

    def part(self, node: ast.expr, want: Type | None = None) -> Part:
        """Check one node and what is below it; `want` is the type that it must have."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.refused(node, f"nested deeper than {_DEEPEST} levels")
        part = self._dispatch(node)
        self._depth -= 1
        return part if want is None else self._wanted(node, part, want)

    def _wanted(self, node: ast.expr, part: Part, want: Type) -> Part:
        if part.type is want:
            return part
        advice = "; use number(...)" if (want, part.type) == (Type.NUMBER, Type.TEXT) else ""
        raise self.refused(node, f"needs a {want}, this is a {part.type}{advice}")

    def refused(self, node: ast.AST, why: str) -> FormulaRefused:
        """Return the error that names the node's column; the parser counts bytes, people count characters."""
        offset = getattr(node, "col_offset", 0)
        return FormulaRefused(len(self._text.encode()[:offset].decode()) + self._shift + 1, why)

    def literal(self, node: ast.expr, what: str) -> str:
        """Return the text that must stand there in quotes."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        raise self.refused(node, f"{what} must stand here in quotes")

    def _dispatch(self, node: ast.expr) -> Part:
        check = _CHECKS.get(type(node))
        if check is None:
            raise self.refused(node, _REFUSALS.get(type(node), "this is not allowed in a formula"))
        return check(self, node)

    def _name(self, node: ast.Name) -> Part:
        if node.id in ("true", "false"):
            return fixed(Type.BOOLEAN, node.id == "true")
        return self._column(node, node.id)

    def _subscript(self, node: ast.Subscript) -> Part:
        if not isinstance(node.value, ast.Name) or node.value.id != "col":
            raise self.refused(node, 'only col["a column"] may be written so')
        return self._column(node, self.literal(node.slice, "a column's name"))

    def _constant(self, node: ast.Constant) -> Part:
        if isinstance(node.value, str):
            return fixed(Type.TEXT, node.value)
        if isinstance(node.value, bool):
            return fixed(Type.BOOLEAN, node.value)
        if isinstance(node.value, (int, float)):
            try:  # from the text itself: a float has already lost what was written
                written = self._text.encode()[node.col_offset : node.end_col_offset].decode()
                return fixed(Type.NUMBER, parse_number(written))
            except NotANumber as error:
                raise self.refused(node, str(error)) from None
        raise self.refused(node, f"{node.value!r} has no place in a formula")

    def _column(self, node: ast.expr, name: str) -> Part:
        kind = self.scope.column(name)
        if kind is None:
            raise self.refused(node, f"unknown field {name!r}{did_you_mean(name, self.scope.columns)}")
        self.columns.setdefault(name, self.refused(node, "").column)
        return Part(kind, lambda resolve: resolve(name), (name,))

    def _call(self, node: ast.Call) -> Part:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            what = f"unknown function {name!r}{did_you_mean(name, FUNCTIONS)}" if name else "this cannot be called"
            raise self.refused(node, what)
        function = PLAIN.get(name)
        least, most = (function.least, len(function.takes)) if function else SPECIAL[name][:2]
        if node.keywords or not least <= len(node.args) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise self.refused(node, f"{name} takes {count} argument{'s' * (most > 1)}, by place")
        if function is None:
            return SPECIAL[name][2](self, node)
        parts = [self.part(arg, want) for arg, want in zip(node.args, function.takes, strict=False)]
        return applied(function.gives, function.run, parts)

    def _binary(self, node: ast.BinOp) -> Part:
        run = _ARITHMETIC.get(type(node.op))
        if run is None:
            raise self.refused(node, "only + - * / % are allowed")
        left, right = self.part(node.left), self.part(node.right)
        if isinstance(node.op, ast.Add) and left.type is right.type is Type.TEXT:
            return applied(Type.TEXT, lambda one, two: bounded(one + two), [left, right])
        self._wanted(node.left, left, Type.NUMBER)
        return applied(Type.NUMBER, run, [left, self._wanted(node.right, right, Type.NUMBER)])

    def _unary(self, node: ast.UnaryOp) -> Part:
        if isinstance(node.op, ast.Not):
            return applied(Type.BOOLEAN, operator.not_, [self.part(node.operand, Type.BOOLEAN)])
        if isinstance(node.op, ast.USub):
            return applied(Type.NUMBER, EXACT.minus, [self.part(node.operand, Type.NUMBER)])
        raise self.refused(node, "only - and not stand before a value")

    def _logic(self, node: ast.BoolOp) -> Part:
        parts = [self.part(value, Type.BOOLEAN) for value in node.values]
        whole = all if isinstance(node.op, ast.And) else any

        def bind(resolve: Resolve) -> Step:
            steps = [part.bind(resolve) for part in parts]
            return lambda row: whole(step(row) for step in steps)

        return Part(Type.BOOLEAN, bind)

    def _compare(self, node: ast.Compare) -> Part:
        if len(node.ops) != 1:
            raise self.refused(node, "compare two values at a time; join comparisons with `and`")
        sign, right = node.ops[0], node.comparators[0]
        left = self.part(node.left)
        if isinstance(sign, (ast.In, ast.NotIn)):
            return self._among(left, right, wanted=isinstance(sign, ast.In))
        run = _COMPARISONS.get(type(sign))
        if run is None:
            raise self.refused(node, "use == and !=, not `is`")
        other = self.part(right)
        if other.type is not left.type:
            advice = "; use number(...)" if {left.type, other.type} == {Type.TEXT, Type.NUMBER} else ""
            raise self.refused(node, f"a {left.type} cannot be compared with a {other.type}{advice}")
        if left.type is Type.BOOLEAN and not isinstance(sign, (ast.Eq, ast.NotEq)):
            raise self.refused(node, "true and false have no order")
        return applied(Type.BOOLEAN, run, [left, other])

    def _among(self, left: Part, node: ast.expr, *, wanted: bool) -> Part:
        if not isinstance(node, (ast.List, ast.Tuple)) or not all(isinstance(each, ast.Constant) for each in node.elts):
            raise self.refused(node, 'after `in` stands a list of fixed values, as ["A", "B"]')
        values = frozenset(self.part(each, left.type).bind(_no_columns)(None) for each in node.elts)
        return applied(Type.BOOLEAN, lambda value: (value in values) is wanted, [left])

    def _choice(self, node: ast.IfExp) -> Part:
        test = self.part(node.test, Type.BOOLEAN)
        body = self.part(node.body)
        other = self.part(node.orelse, body.type)

        def bind(resolve: Resolve) -> Step:
            condition, then, otherwise = test.bind(resolve), body.bind(resolve), other.bind(resolve)
            return lambda row: then(row) if condition(row) else otherwise(row)

        return Part(body.type, bind)


def _no_columns(name: str) -> Step:
    raise AssertionError(f"a fixed value reads no column {name!r}")


_CHECKS: Final[Mapping[type[ast.expr], Callable[[_Compiler, Any], Part]]] = {
    ast.Constant: _Compiler._constant,  # noqa: SLF001 - the compiler's own methods
    ast.Name: _Compiler._name,  # noqa: SLF001
    ast.Subscript: _Compiler._subscript,  # noqa: SLF001
    ast.Call: _Compiler._call,  # noqa: SLF001
    ast.BinOp: _Compiler._binary,  # noqa: SLF001
    ast.UnaryOp: _Compiler._unary,  # noqa: SLF001
    ast.BoolOp: _Compiler._logic,  # noqa: SLF001
    ast.Compare: _Compiler._compare,  # noqa: SLF001
    ast.IfExp: _Compiler._choice,  # noqa: SLF001
}
