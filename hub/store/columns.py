"""Column types that keep what SQLite loses: exact decimals, aware UTC times, JSON with a fixed key order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from hub.model.number import plain


def utc_text(value: datetime) -> str:
    """Return an aware time as SQLite keeps it: in UTC, always as long, so that texts sort as times follow."""
    return f"{value.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def utc_time(text: str) -> datetime:
    """Return the time that `utc_text` wrote."""
    return datetime.fromisoformat(text)


def _aware(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive time cannot be stored")
    return value.astimezone(UTC)


def _aware_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a naive time cannot be stored")
    return utc_text(value)


def _taken_back(value: Any) -> datetime | None:
    if value is None:
        return None
    return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)


class ExactNumber(TypeDecorator[Decimal]):
    """A Decimal, exact on both databases: NUMERIC(24, 9) on PostgreSQL, plain text on SQLite (never sum it in SQL)."""

    impl = String(26)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the dialect's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(24, 9))
        return dialect.type_descriptor(String(26))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Hand a Decimal to the database."""
        if value is None or dialect.name == "postgresql":
            return value
        return plain(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Take a Decimal back, without the zeros that NUMERIC pads."""
        if value is None:
            return None
        return Decimal(plain(value)) if isinstance(value, Decimal) else Decimal(value)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time: TIMESTAMPTZ on PostgreSQL, sortable ISO text with microseconds on SQLite."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the dialect's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Do for one value, as for a literal, what `bind_processor` does for many."""
        return self.bind_processor(dialect)(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Return what hands an aware time to the database; a naive one is a bug and refused."""
        return _aware if dialect.name == "postgresql" else _aware_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what takes an aware UTC time back."""
        return _taken_back


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_decode = json.JSONDecoder().decode


def _json_text(value: Any) -> str | None:
    return None if value is None else _encode(value)


def _json_value(text: str | None) -> Any:
    return None if text is None else _decode(text)


class Json(TypeDecorator[Any]):
    """A JSON value as text with sorted keys, the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Do for one value, as for a literal, what `bind_processor` does for many."""
        return self.bind_processor(dialect)(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """Return what writes a value with sorted keys."""
        return _json_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:
        """Return what reads it back."""
        return _json_value


def storable(text: str) -> str:
    """Return a partner's text as both databases can keep it: NUL and broken characters are written out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
