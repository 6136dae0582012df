"""Statements of the hot paths, spelled out once for each database and then only run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import BindParameter, Connection, Dialect, Executable
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Process = Callable[[Any], Any]


class Prepared:
    """A statement whose every run costs what the database does, and little more.

    Built by SQLAlchemy, so that it is the same text on both databases; run on the driver's own cursor, inside the
    transaction of `tx`, with our column types applied to what goes in. What comes back is as the driver gives it: for
    writes that return a count, or one plain integer.
    """

    def __init__(self, statement: Executable, *columns: str) -> None:
        """Take a statement; `columns` are those that an INSERT names, all parameters of their own."""
        self._statement = statement
        self._columns = columns
        self._spelled: dict[str, _Spelled] = {}

    def run(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """Run it with these values for its parameters and return how many rows it wrote; KeyError for a missing one."""
        with self._ran(tx, values) as cursor:
            return int(cursor.rowcount)

    def number(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """Run it and return the one integer that it returns."""
        with self._ran(tx, values) as cursor:
            row: Any = cursor.fetchone()
        return int(row[0])

    def _ran(self, tx: Connection, values: Mapping[str, Any]) -> closing[DBAPICursor]:
        spelled = self._spelled.get(tx.dialect.name)
        if spelled is None:
            spelled = self._spelled[tx.dialect.name] = _spell(self._statement, self._columns, tx.dialect)
        cursor = tx.connection.cursor()
        try:
            cursor.execute(spelled.text, spelled.parameters(values))
        except tx.dialect.loaded_dbapi.Error as error:
            cursor.close()
            raise _as_sqlalchemy(tx.dialect, spelled.text, error) from error
        return closing(cursor)


def _as_sqlalchemy(dialect: Dialect, statement: str, error: Exception) -> BaseException:
    """Return a driver's error as SQLAlchemy would raise it, so that nobody has to know of two families of them."""
    base = cast("type[Exception]", dialect.loaded_dbapi.Error)
    return DBAPIError.instance(statement, None, error, base, hide_parameters=True, dialect=dialect)


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
