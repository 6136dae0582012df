"""Values as words within a statement, the same on both databases, so that what is listed can be searched and sorted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Words(FunctionElement[str]):
    """A function of ours that each database spells in its own way."""

    inherit_cache = True
    type = String()


class _Moment(_Words):
    inherit_cache = True


class _Minute(_Words):
    inherit_cache = True


class _Exact(_Words):
    inherit_cache = True


class _ByCode(_Words):
    inherit_cache = True


class _Place(_Words):
    inherit_cache = True


def moment(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a time as `utc_text` writes it: texts sort as times follow."""
    return _Moment(column)


def minute(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Return a time to the minute: 2026-11-20 06:00."""
    return _Minute(column)


def exact(column: ColumnElement[Any]) -> ColumnElement[str]:
    """Return an exact number as `plain` writes it."""
    return _Exact(column)


def by_code(text: ColumnElement[str]) -> ColumnElement[str]:
    """Return a text that sorts by its characters' codes, whatever the language of the database."""
    return _ByCode(text)


def holds(text: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """Tell whether a text holds another one, in just these letters, none of which means anything but itself."""
    return _Place(text, part) > 0


def _spell(name: type[_Words], sqlite: str, postgresql: str) -> None:
    """Say how a function is written on each database; `{0}`, `{1}` are what it is of."""

    def spelt(form: str) -> Any:  # noqa: ANN401 - what SQLAlchemy calls
        def write(element: _Words, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401
            return form.format(*(compiler.process(each, **options) for each in element.clauses))

        return write

    compiles(name, "sqlite")(spelt(sqlite))
    compiles(name, "postgresql")(spelt(postgresql))


_UTC = "timezone('UTC', {0})"
_spell(_Moment, "({0})", f'to_char({_UTC}, \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')')
_spell(_Minute, "(substr({0}, 1, 10) || ' ' || substr({0}, 12, 5))", f"to_char({_UTC}, 'YYYY-MM-DD HH24:MI')")
_spell(_Exact, "({0})", "CAST(trim_scale({0}) AS TEXT)")
_spell(_ByCode, "({0})", '(({0}) COLLATE "C")')
_spell(_Place, "instr({0}, {1})", "strpos({0}, {1})")
