"""The building blocks of a compiled formula: checked parts with a type, joined into closures."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Protocol

from hub.mapping.function import Type
from hub.mapping.rule import Numerals, Scalar

#: A row or a record: whatever the columns are read from.
Row = Any
#: A text, Decimal, bool or datetime.
Value = Any
Step = Callable[[Row], Value]
#: Returns how to read a column of a row.
Resolve = Callable[[str], Step]


class FormulaRefused(ValueError):
    """A formula that cannot be used; `column` counts from 1 within it."""

    def __init__(self, column: int, why: str) -> None:
        super().__init__(f"formula column {column}: {why}")
        self.column = column


@dataclass(frozen=True, slots=True)
class Scope:
    """What a formula may refer to: columns with their types (None: no such column), tables, the partner's habits."""

    column: Callable[[str], Type | None]
    zone: tzinfo
    tables: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    numerals: Numerals = field(default_factory=Numerals)
    columns: tuple[str, ...] = ()  # for suggestions


@dataclass(frozen=True, slots=True)
class Part:
    """A checked part of a formula: its type, and how to make the closure once the columns are known.

    `first_of` are the columns of which it is the first that is not empty, where it is nothing else.
    """

    type: Type
    bind: Callable[[Resolve], Step]
    first_of: tuple[str, ...] = ()


class Checker(Protocol):
    """What a function that checks its own arguments needs of the compiler."""

    scope: Scope

    def part(self, node: ast.expr, want: Type | None = None) -> Part:
        """Check a node."""
        ...

    def refused(self, node: ast.expr, why: str) -> FormulaRefused:
        """Return the error that names the node's column."""
        ...

    def literal(self, node: ast.expr, what: str) -> str:
        """Return the text that must stand there in quotes."""
        ...


def fixed(kind: Type, value: Value) -> Part:
    """Return a part that is always the same."""
    return Part(kind, lambda _: lambda _: value)


def applied(gives: Type, run: Callable[..., Value], parts: Sequence[Part]) -> Part:
    """Return a part that works its arguments out and hands them to a function."""

    def one(resolve: Resolve) -> Step:
        first = parts[0].bind(resolve)
        return lambda row: run(first(row))

    def two(resolve: Resolve) -> Step:
        first, second = parts[0].bind(resolve), parts[1].bind(resolve)
        return lambda row: run(first(row), second(row))

    def many(resolve: Resolve) -> Step:
        steps = [part.bind(resolve) for part in parts]
        return lambda row: run(*[step(row) for step in steps])

    return Part(gives, {1: one, 2: two}.get(len(parts), many))
