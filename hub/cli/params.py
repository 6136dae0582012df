"""Kinds of values on the command line: moments, spans of time, and how an age is said."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value).strip())
        if found is None:
            self.fail(f"{value!r} is not a span such as 30m, 3h or 2d", param, ctx)
        return timedelta(seconds=int(found[1]) * _SPANS[found[2]])


def age(since: datetime, now: datetime) -> str:
    """Say how long ago something began, in its largest whole unit: `3 h`."""
    seconds = max(int((now - since).total_seconds()), 0)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
