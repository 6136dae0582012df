"""Dates and times as partners write them: a `format` compiled once, read and written without locale or strptime.

A format uses `%Y %y %m %d %H %I %M %S %f %p %b %B %z %%`. A time without a zone is the partner's local time; a `Z` that
ends a format says UTC, as everybody means it who writes one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

_LONGEST: Final = 40
_MONTHS: Final = "January February March April May June July August September October November December".split()
_MONTH_NUMBERS: Final = {name[:3].lower(): number for number, name in enumerate(_MONTHS, 1)}
_NUMERIC: Final = "YymdHIMSf"
_PATTERNS: Final[Mapping[str, str]] = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    **{each: rf"(?P<{each}>[0-9]{{1,2}})" for each in "mdHIMS"},
    "f": r"(?P<f>[0-9]{1,6})",
    "p": r"(?P<p>[AaPp][Mm])",
    "b": rf"(?P<b>{'|'.join(name[:3] for name in _MONTHS)})",
    "B": rf"(?P<B>{'|'.join(_MONTHS)})",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
}
_WRITERS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "d": lambda at: f"{at.day:02}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{at.hour % 12 or 12:02}",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "B": lambda at: _MONTHS[at.month - 1],
    "z": lambda at: at.strftime("%z"),
}


#: How other programs write the parts of a date and a time.
_MEANINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("YYYY", "yyyy", "JJJJ", "jjjj", "AAAA", "aaaa"), "%Y"),
    **dict.fromkeys(("YY", "yy"), "%y"),
    **dict.fromkeys(("DD", "dd", "D", "d", "TT", "JJ"), "%d"),
    **dict.fromkeys(("MMM", "Mon"), "%b"),
    **dict.fromkeys(("MM", "M"), "%m"),
    **dict.fromkeys(("HH", "hh"), "%H"),
    **dict.fromkeys(("mm", "mi", "MI"), "%M"),
    **dict.fromkeys(("SS", "ss"), "%S"),
}
_LETTERS: Final = re.compile(r"([A-Za-z])\1*|Mon|mi|MI")
_PARTS_OF_A_DATE: Final = 3


class FormatRefused(ValueError):
    """A date format that cannot be used; `column` counts from 1 within it."""

    def __init__(self, column: int, why: str) -> None:
        super().__init__(why)
        self.column = column


class MomentFormat:
    """One way of writing a moment, in both directions."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        self.text = text
        self._utc = re.search(r"%[HMSf]Z$", text) is not None
        self._zone: tzinfo = UTC if self._utc else zone
        self._pieces = _split(text)
        self._pattern = re.compile(_pattern(self._pieces), re.ASCII | re.IGNORECASE)

    def read(self, text: str) -> datetime:
        """Return the moment in UTC; raises ValueError when the text is not written like this or names no moment."""
        match = self._pattern.fullmatch(text) if len(text) <= _LONGEST else None
        if match is None:
            raise ValueError(f"{text[:_LONGEST]!r} is not written as {self.text!r}")
        try:
            return _moment(match.groupdict(), self._zone).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{text!r} is no date: {error}") from None

    def write(self, moment: datetime) -> str:
        """Return the moment as the partner writes it, in its own zone."""
        local = moment.astimezone(self._zone)
        return "".join(_WRITERS[piece[1]](local) if piece[0] == "%" else piece[1:] for piece in self._pieces)


class IsoFormat:
    """ISO 8601, what is meant when a mapping file names no format: `2026-11-20T06:00:00Z`, `2026-11-20`."""

    text = "ISO 8601"

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def read(self, text: str) -> datetime:
        """Return the moment in UTC; without a zone it is the partner's local time, without a time its midnight."""
        try:
            at = datetime.fromisoformat(text if len(text) <= _LONGEST and text.isascii() else "")
            return (at if at.tzinfo else at.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{text[:_LONGEST]!r} is no date as 2026-11-20T06:00:00Z; declare its `format`, such as '%m/%d/%Y'"
            ) from None

    def write(self, moment: datetime) -> str:
        """Return `2026-11-20T06:00:00Z`."""
        at = moment.astimezone(UTC)
        return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _split(text: str) -> list[str]:
    """Return the directives as `%Y` and everything else, character by character, as `=x`."""
    pieces: list[str] = []
    seen: set[str] = set()
    at = 0
    while at < len(text):
        if text[at] != "%":
            pieces.append("=" + text[at])
            at += 1
            continue
        letter = text[at + 1 : at + 2]
        if letter != "%" and letter not in _PATTERNS:
            raise FormatRefused(at + 1, f"unknown '%{letter}'; known: {' '.join('%' + each for each in _PATTERNS)}")
        if letter in seen:
            raise FormatRefused(at + 1, f"'%{letter}' stands twice")
        seen.update(letter.replace("%", ""))
        pieces.append("=%" if letter == "%" else "%" + letter)
        at += 2
    if not ({"d"} <= seen and seen & {"m", "b", "B"} and seen & {"Y", "y"}):
        raise FormatRefused(1, f"a date needs a day, a month and a year, such as {_meant(text)!r}")
    return pieces


def _meant(text: str) -> str:
    """Return what was probably meant by `DD.MM.YYYY`, as other programs write dates; else an example."""
    found = _LETTERS.sub(lambda letters: _MEANINGS.get(letters[0], letters[0]), text.replace("%", ""))
    return found if found.count("%") >= _PARTS_OF_A_DATE else "%m/%d/%Y"


def _pattern(pieces: list[str]) -> str:
    """Digits that touch other digits have their full width; where something stands between, one digit is enough."""
    parts = []
    for place, piece in enumerate(pieces):
        if piece[0] == "=":
            parts.append(re.escape(piece[1:]))
            continue
        beside = pieces[max(0, place - 1) : place] + pieces[place + 1 : place + 2]
        touches = any(other[0] == "%" and other[1] in _NUMERIC for other in beside)
        part = _PATTERNS[piece[1]]
        parts.append(part.replace("{1,2}", "{2}") if touches else part)
    return "".join(parts)


def _moment(found: dict[str, str], zone: tzinfo) -> datetime:
    year = int(found["Y"]) if "Y" in found else _full_year(int(found["y"]))
    name = found.get("b") or found.get("B")
    month = _MONTH_NUMBERS[name[:3].lower()] if name else int(found["m"])
    return datetime(
        year,
        month,
        int(found["d"]),
        _hour(found),
        int(found.get("M", 0)),
        int(found.get("S", 0)),
        int(found.get("f", "0").ljust(6, "0")),
        tzinfo=_offset(found["z"]) if "z" in found else zone,
    )


def _full_year(short: int) -> int:
    """Return 1969 to 2068, as POSIX reads two digits."""
    return short + (1900 if short >= 69 else 2000)


def _hour(found: dict[str, str]) -> int:
    hour = int(found.get("H") or found.get("I") or 0)
    if "I" not in found:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("an hour of the 12-hour clock is 1 to 12")
    return hour % 12 + (12 if found.get("p", "AM").upper() == "PM" else 0)


def _offset(text: str) -> tzinfo:
    if text.upper() == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if text[0] == "-" else span)
