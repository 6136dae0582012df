"""Spans of time as people write them (30s, 15m, 4h, 2d) and read them (3 h)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_WRITTEN = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TOLD = (("d", 86400), ("h", 3600), ("min", 60))


def read(text: str) -> timedelta:
    """Return the span that a text says; raises ValueError with an example of one that can be read."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a span such as 30s, 15m, 4h or 2d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def told(span: timedelta) -> str:
    """Say how long a span is, in its largest whole unit; a negative one is `0 s`."""
    seconds = max(int(span.total_seconds()), 0)
    return next((f"{seconds // length} {unit}" for unit, length in _TOLD if seconds >= length), f"{seconds} s")


#: A span in a file of settings: a text, or a number of seconds.
Span = Annotated[timedelta, BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)]
