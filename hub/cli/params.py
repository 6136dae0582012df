"""Kinds of values on the command line: moments and spans of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from hub import span


class Moment(click.ParamType[str]):
    """A time with its zone; a date alone is its first moment in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the time in ISO form, UTC."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-20 or 2026-11-20T06:00:00Z", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


class Span(click.ParamType[timedelta]):
    """A span of time such as 30m, 3h or 2d."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401
        """Return the span."""
        try:
            return span.read(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
