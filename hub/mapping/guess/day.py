"""Which date format a column is written in, tried with the very reader that will read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from typing import Final

from hub.mapping.moment import IsoFormat, MomentFormat

_DAYS: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *(
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%d.%m.%y",
        "%d/%m/%y",
        "%m/%d/%y",
        "%d-%m-%y",
        "%m-%d-%y",
    ),
    *(
        "%d-%b-%Y",
        "%d %b %Y",
        "%b %d, %Y",
        "%b %d %Y",
        "%d-%b-%y",
        "%d %B %Y",
        "%B %d, %Y",
        "%d. %B %Y",
        "%d%m%Y",
        "%d %m %Y",
    ),
)
_TIMES: Final = (
    *(
        "",
        " %H:%M",
        " %H:%M:%S",
        " %I:%M %p",
        " %I:%M:%S %p",
        " %I:%M%p",
        "T%H:%M",
        "T%H:%M:%S",
        "T%H:%M:%SZ",
        " %H:%M:%S %z",
    ),
    *(
        " %H:%M:%S%z",
        ", %H:%M",
        " - %H:%M",
        "%H%M",
        "%H%M%S",
        " %H.%M",
        " %H:%M Uhr",
        " %H:%M:%S.%f",
        " %H:%M:%SZ",
        " %H:%MZ",
        "T%H%M%S",
    ),
)
_DATE_LIKE = re.compile(
    r"[\dTZ:./ +,-]*\d[\dTZ:./ +,-]*|.*\d.*[A-Za-z]{3}.*\d.*|[A-Za-z]{3}.*\d.*|.*\d.*[AaPp][Mm]|.*\d Uhr"
)
_YEARS: Final = range(1995, 2061)
MOST: Final = 0.9
_TRIED: Final = 200


@dataclass(frozen=True, slots=True)
class Dates:
    """A column of dates: the format (empty: ISO 8601), and the other one that fits as well (03/04 is two days)."""

    share: float
    format: str = ""
    other: str = ""
    timed: bool = False


def dates(cells: Iterable[str], *, month_first: bool) -> Dates:
    """Look at the filled cells; `month_first` decides between 03/04 and 03/04 and leaves the other one on record."""
    filled = [cell for cell in cells if cell][:_TRIED]
    likely = [cell for cell in filled if len(cell) >= 6 and _DATE_LIKE.fullmatch(cell)]
    if (
        not filled
        or len(likely) < MOST * len(filled)
        or all(cell.isdigit() and len(cell) not in (8, 12, 14) for cell in likely)
    ):
        return Dates(0.0)
    fits = [text for text in _formats() if _reads(text, likely)]
    share = len(likely) / len(filled)
    if not fits:
        return Dates(0.0)
    if "" in fits and not all(cell.isdigit() for cell in likely):
        return Dates(share, "", "", any(":" in cell for cell in likely))
    fits = [text for text in fits if text]
    if not fits:
        return Dates(0.0)
    first = _chosen(fits, month_first=month_first)
    other = next((text for text in fits if text != first and sorted(text) == sorted(first)), "")
    return Dates(share, first, other, "%H" in first or "%I" in first)


@cache
def _formats() -> tuple[str, ...]:
    return ("", *(day + time for day in _DAYS for time in _TIMES))


@cache
def _form(text: str) -> MomentFormat | IsoFormat:
    return MomentFormat(text, UTC) if text else IsoFormat(UTC)


def _reads(text: str, cells: list[str]) -> bool:
    form = _form(text)
    try:
        return all(form.read(cell).year in _YEARS for cell in cells)
    except ValueError:
        return False


def _chosen(fits: list[str], *, month_first: bool) -> str:
    """Return the format of the usual order of day and month; four-digit years and longer formats go first."""

    def rank(text: str) -> tuple[bool, bool]:
        is_month_first = text.startswith(("%m", "%b", "%B"))
        return text.startswith("%y"), text.startswith("%d") is month_first if not is_month_first else not month_first

    return min(fits, key=rank)
