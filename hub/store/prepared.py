"""Statements of the hot paths, spelled out once for each database and then only run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, CursorResult, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Process = Callable[[Any], Any]


class Prepared:
    """A statement whose every run costs what the database does, and little more.

    Built by SQLAlchemy, so that it is the same text on both databases; run through the driver, with our column types
    applied to what goes in. What comes back is as the driver gives it: for writes, counts and plain integers only.
    """

    def __init__(self, statement: Executable, *columns: str) -> None:
        """Take a statement; `columns` are those that an INSERT names, all parameters of their own."""
        self._statement = statement
        self._columns = columns
        self._spelled: dict[str, _Spelled] = {}

    def run(self, tx: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it with these values for its parameters; one that is missing raises KeyError."""
        spelled = self._spelled.get(tx.dialect.name)
        if spelled is None:
            spelled = self._spelled[tx.dialect.name] = _spell(self._statement, self._columns, tx.dialect)
        return tx.exec_driver_sql(spelled.text, spelled.parameters(values))


@dataclass(frozen=True, slots=True)
class _Slot:
    """One parameter: its name, the value that it has in the statement itself, and what its type makes of a value."""

    name: str
    fixed: Any
    is_fixed: bool
    process: Process | None

    def value(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a parameter of any column
        value = self.fixed if self.is_fixed else values[self.name]
        return value if self.process is None else self.process(value)


@dataclass(frozen=True, slots=True)
class _Spelled:
    text: str
    slots: tuple[_Slot, ...]
    positional: bool

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        if self.positional:
            return tuple([slot.value(values) for slot in self.slots])
        return {slot.name: slot.value(values) for slot in self.slots}


def _spell(statement: Executable, columns: tuple[str, ...], dialect: Dialect) -> _Spelled:
    assert isinstance(statement, ClauseElement)  # noqa: S101 - every executable that we build is one
    compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - only DDL and sequences compile to something else
    names = compiled.positiontup if compiled.positional else list(compiled.binds)
    slots = tuple(_slot(name, compiled.binds[name], dialect) for name in names or ())
    return _Spelled(compiled.string, slots, bool(compiled.positional))


def _slot(name: str, bind: BindParameter[Any], dialect: Dialect) -> _Slot:
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return _Slot(name, None if bind.required else bind.effective_value, not bind.required, process)
