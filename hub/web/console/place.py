"""Where a page of a listing begins, as its address says it: a time and an id."""

from __future__ import annotations

from datetime import datetime


def place_of(at: datetime, name: str) -> str:
    """Return a place as addresses say it."""
    return f"{at.isoformat()}_{name}"


def place(said: str) -> tuple[datetime, str] | None:
    """Return the place that an address says; None for what is none."""
    at, _, name = said.rpartition("_")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, name) if moment.tzinfo is not None else None
