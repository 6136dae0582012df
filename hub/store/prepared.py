"""Statements of the hot paths, spelled out once for each database and then only run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

Process = Callable[[Any], Any]


class Prepared:
    """A statement whose every run costs what the database does, and little more.

    Built by SQLAlchemy, so that it is the same text on both databases; run on the driver's own connection, inside the
    transaction of `tx`, with our column types applied to what goes in and, in `rows`, to what comes back.
    """

    def __init__(self, statement: Executable, *columns: str) -> None:
        """Take a statement; `columns` are those that an INSERT names, all parameters of their own."""
        self._statement = statement
        self._columns = columns
        self._spelled: dict[str, _Spelled] = {}

    def run(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """Run it with these values for its parameters and return how many rows it wrote; KeyError for a missing one."""
        return int(self._ran(tx, values).rowcount)

    def run_many(self, tx: Connection, each: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each of these, in order."""
        spelled = self._on(tx.dialect)
        parameters: Any = [spelled.parameters(values) for values in each]
        if not parameters:
            return
        cursor = tx.connection.cursor()
        try:
            cursor.executemany(spelled.text, parameters)
        except tx.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(tx.dialect, spelled.text, error) from error
        finally:
            cursor.close()

    def number(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """Run it and return the one integer that it returns."""
        return int(self._ran(tx, values).fetchall()[0][0])

    def rows(self, tx: Connection, values: Mapping[str, Any]) -> list[list[Any]]:
        """Run it and return its rows, each value as its column's type gives it."""
        processes = self._on(tx.dialect).processes
        found = [list(row) for row in self._ran(tx, values).fetchall()]
        for row in found:
            for place, process in processes:
                row[place] = process(row[place])
        return found

    def _on(self, dialect: Dialect) -> _Spelled:
        spelled = self._spelled.get(dialect.name)
        if spelled is None:
            spelled = self._spelled[dialect.name] = _spell(self._statement, self._columns, dialect)
        return spelled

    def _ran(self, tx: Connection, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a cursor of either driver
        spelled = self._on(tx.dialect)
        raw: Any = tx.connection.dbapi_connection  # of both drivers: it makes the cursor, and is quicker than we are
        try:
            return raw.execute(spelled.text, spelled.parameters(values))
        except tx.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(tx.dialect, spelled.text, error) from error


def _as_sqlalchemy(dialect: Dialect, statement: str, error: Exception) -> BaseException:
    """Return a driver's error as SQLAlchemy would raise it, so that nobody has to know of two families of them."""
    base = cast("type[Exception]", dialect.loaded_dbapi.Error)
    return DBAPIError.instance(statement, None, error, base, hide_parameters=True, dialect=dialect)


@dataclass(frozen=True, slots=True)
class _Spelled:
    """The text for one database; parameters as (place, name, what its type makes of a value), and those that are fixed.

    `places` are their names, or None where the driver takes them by position.
    """

    text: str
    template: tuple[Any, ...]
    given: tuple[tuple[int, str, Process | None], ...]
    places: tuple[str, ...] | None
    processes: tuple[tuple[int, Process], ...]

    def parameters(self, values: Mapping[str, Any]) -> list[Any] | dict[str, Any]:
        filled = list(self.template)
        for place, name, process in self.given:
            value = values[name]
            filled[place] = value if process is None else process(value)
        return filled if self.places is None else dict(zip(self.places, filled, strict=True))


def _spell(statement: Executable, columns: tuple[str, ...], dialect: Dialect) -> _Spelled:
    assert isinstance(statement, ClauseElement)  # noqa: S101 - every executable that we build is one
    compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - only DDL and sequences compile to something else
    names = tuple((compiled.positiontup if compiled.positional else list(compiled.binds)) or ())
    template: list[Any] = []
    given = []
    for place, name in enumerate(names):
        bind = compiled.binds[name]
        process = _own(bind.type, dialect).bind_processor(dialect)
        fixed = None if bind.required else bind.effective_value
        template.append(fixed if bind.required or process is None else process(fixed))
        if bind.required:
            given.append((place, name, process))
    returned = [each.type for each in getattr(statement, "exported_columns", ())]
    reading = [(place, _own(kind, dialect).result_processor(dialect, None)) for place, kind in enumerate(returned)]
    processes = tuple((place, process) for place, process in reading if process is not None)
    places = None if compiled.positional else names
    return _Spelled(compiled.string, tuple(template), tuple(given), places, processes)


def _own(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)
