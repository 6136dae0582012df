"""One table of a mapping file, read strictly: unknown keys and wrong types are noted, each at its place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from hub.mapping.located import Path as Way
from hub.mapping.problem import did_you_mean
from hub.mapping.source import Source
from hub.model.number import NotANumber, exact

D = TypeVar("D")
#: What people write for a sign, and how TOML has it.
_SIGNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("comma", ", "), '","'),
    **dict.fromkeys(("semicolon", "; ", ";;"), '";"'),
    **dict.fromkeys(("point", "dot", "period"), '"."'),
    **dict.fromkeys(("tab", "tabulator", "\\t"), '"\\t"'),
    **dict.fromkeys(("pipe", "bar"), '"|"'),
    **dict.fromkeys(("space", "blank"), '" "'),
    **dict.fromkeys(("apostrophe", "quote"), '"\'"'),
}


class Section:
    """A table at `way`; what is wrong in it goes to the source's problems, and the default is used instead."""

    def __init__(self, source: Source, way: Way) -> None:
        self.source = source
        self.way = way
        value = _at(source.data, way)
        if value is not None and not isinstance(value, dict):
            source.report(way, f"{name_of(way)} must be a table", value=True)
        self.data: dict[str, Any] = value if isinstance(value, dict) else {}

    def only(self, known: Collection[str], likely: Collection[str] = ()) -> None:
        """Note every key that is not one of these; the likely ones are suggested first."""
        for key in self.data.keys() - set(known):
            meant = did_you_mean(key, likely) if likely else ""
            self.report(key, f"unknown setting {key!r}{meant if '?' in meant else did_you_mean(key, known)}")

    def report(self, key: str, message: str, *, value: bool = False, shift: int = 0) -> None:
        """Note a problem at a key of this table."""
        self.source.report((*self.way, key), message, value=value, shift=shift)

    def text(self, key: str, default: D) -> str | D:
        """Return a text."""
        value = self.data.get(key)
        if value is None or isinstance(value, str):
            return default if value is None else value
        self.report(key, f"{key} must be a text in quotes", value=True)
        return default

    def choice(self, key: str, choices: Iterable[str], default: D) -> str | D:
        """Return one of these texts."""
        value = self.text(key, None)
        names = [str(choice) for choice in choices]
        if value is None or value in names:
            return default if value is None else value
        self.report(key, f"{key} cannot be {value!r}{did_you_mean(value, names)}", value=True)
        return default

    def character(self, key: str, default: str, *, empty: bool = False) -> str:
        """Return a single character, or nothing where that means something."""
        value = self.text(key, None)
        if value is None or len(value) == 1 or (empty and not value):
            return default if value is None else value
        meant = _SIGNS.get(value.strip().casefold(), "")
        self.report(key, f"{key} must be one character, got {value!r}{meant and f'; write {meant}'}", value=True)
        return default

    def flag(self, key: str, default: bool = False) -> bool:  # noqa: FBT001, FBT002 - read like the other defaults
        """Return true or false."""
        value = self.data.get(key, default)
        if isinstance(value, bool):
            return value
        self.report(key, f"{key} must be true or false", value=True)
        return default

    def count(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number within bounds."""
        value = self.data.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and low <= value <= high):
            return value
        self.report(key, f"{key} must be a whole number from {low} to {high}", value=True)
        return None

    def number(self, key: str) -> Decimal | None:
        """Return an exact number."""
        value = self.data.get(key)
        try:
            return None if value is None else exact(value)
        except (NotANumber, ValueError):
            self.report(key, f"{key} must be a number", value=True)
            return None

    def scalar(self, key: str) -> str | int | Decimal | bool | None:
        """Return a text, a number, or true or false."""
        value = self.data.get(key)
        if isinstance(value, Decimal) and not value.is_finite():
            self.report(key, f"{key} must be a plain number", value=True)
            return None
        if value is None or isinstance(value, (str, int, Decimal)):
            return value
        self.report(key, f"{key} must be a text, a number, true or false", value=True)
        return None


def name_of(way: Way) -> str:
    """Return how a file names a place: `[documents.stock]`."""
    return "[" + ".".join(str(part) for part in way) + "]"


def _at(data: Any, way: Way) -> object:  # noqa: ANN401 - TOML
    for part in way:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
