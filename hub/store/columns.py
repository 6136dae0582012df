"""Column types that keep what SQLite loses: exact decimals, aware UTC times, JSON with a fixed key order."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from hub.model.number import plain

_UTC_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_text(value: datetime) -> str:
    """Return an aware time as SQLite keeps it: in UTC, always as long, so that texts sort as times follow."""
    return value.astimezone(UTC).strftime(_UTC_FORMAT)


def utc_time(text: str) -> datetime:
    """Return the time that `utc_text` wrote."""
    return datetime.fromisoformat(text)


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
        """Hand an aware time to the database; a naive one is a bug and refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        return value.astimezone(UTC) if dialect.name == "postgresql" else utc_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Take an aware UTC time back."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON value as text with sorted keys, the same bytes on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the value with sorted keys."""
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the value back."""
        return None if value is None else json.loads(value)
