"""The functions a formula may call: each bounded in what it makes, each exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from enum import StrEnum
from typing import Any, Final

from hub.model.number import plain

#: The longest text that any step of a formula may make.
LONGEST_TEXT: Final = 2000
_WIDEST_PAD: Final = 128
#: The arithmetic of formulas: decimal, 34 digits, and nothing beyond 24 digits before the point.
EXACT: Final = Context(
    prec=34, rounding=ROUND_HALF_UP, Emax=24, Emin=-34, traps=[Overflow, DivisionByZero, InvalidOperation]
)


class Type(StrEnum):
    """What a part of a formula gives."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "true or false"
    MOMENT = "date"


class FormulaFailed(Exception):
    """A formula could not be worked out for one record."""


class Absent(FormulaFailed):
    """It could not because something is empty; `coalesce` takes its next argument instead."""


@dataclass(frozen=True, slots=True)
class Function:
    """A plain function: what it takes, how many at least, what it gives, and the work itself."""

    takes: tuple[Type, ...]
    gives: Type
    run: Callable[..., Any]
    least: int


def number_to_int(value: Decimal, most: int, what: str) -> int:
    """Return a small whole number, for lengths and places."""
    if value % 1 or not 0 <= value <= most:
        raise FormulaFailed(f"{what} must be a whole number from 0 to {most}, got {plain(value)}")
    return int(value)


def bounded(text: str) -> str:
    """Return the text unless it is longer than a formula may make."""
    if len(text) > LONGEST_TEXT:
        raise FormulaFailed(f"a text grows over {LONGEST_TEXT} characters")
    return text


def written(value: Any) -> str:  # noqa: ANN401 - any value of a formula
    """Return a value as text: numbers plainly, moments as ISO 8601 in UTC."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    return str(value)


def rounded(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
    """Round half up, as spreadsheets do."""
    digits = number_to_int(places, 9, "the second argument of round")
    return value.quantize(Decimal(1).scaleb(-digits), context=EXACT)


def _left(text: str, length: Decimal) -> str:
    return text[: number_to_int(length, LONGEST_TEXT, "the length")]


def _right(text: str, length: Decimal) -> str:
    count = number_to_int(length, LONGEST_TEXT, "the length")
    return text[-count:] if count else ""


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        raise FormulaFailed("replace needs something to look for, got an empty text")
    if len(text) + text.count(old) * (len(new) - len(old)) > LONGEST_TEXT:
        raise FormulaFailed(f"a text grows over {LONGEST_TEXT} characters")
    return text.replace(old, new)


def _pad(text: str, width: Decimal, fill: str = "0") -> str:
    if len(fill) != 1:
        raise FormulaFailed(f"pad fills with one character, got {fill[:20]!r}")
    return text.rjust(number_to_int(width, _WIDEST_PAD, "the width"), fill)


def _unpadded(text: str) -> str:
    """Return a material number without the zeros that SAP fills numeric ones with, to 18 characters or 40."""
    filled = len(text) in (18, 40) and text.isascii() and text.isdigit()
    return text.lstrip("0") or "0" if filled else text


def _days_after(moment: datetime, days: Decimal) -> datetime:
    if abs(days) > 100_000 or days % 1:
        raise FormulaFailed(f"days_after takes whole days up to 100000, got {plain(days)}")
    try:
        return moment + timedelta(days=int(days))
    except OverflowError:
        raise FormulaFailed("the date is beyond the calendar") from None


#: The functions with fixed types; the ones that need more than their arguments' values stand in `formula.py`.
PLAIN: Final[Mapping[str, Function]] = {
    "trim": Function((Type.TEXT,), Type.TEXT, str.strip, 1),
    "upper": Function((Type.TEXT,), Type.TEXT, lambda text: bounded(text.upper()), 1),
    "lower": Function((Type.TEXT,), Type.TEXT, lambda text: bounded(text.lower()), 1),
    "left": Function((Type.TEXT, Type.NUMBER), Type.TEXT, _left, 2),
    "right": Function((Type.TEXT, Type.NUMBER), Type.TEXT, _right, 2),
    "replace": Function((Type.TEXT, Type.TEXT, Type.TEXT), Type.TEXT, _replace, 3),
    "pad": Function((Type.TEXT, Type.NUMBER, Type.TEXT), Type.TEXT, _pad, 2),
    "before": Function(
        (Type.TEXT, Type.TEXT), Type.TEXT, lambda text, mark: text.partition(mark)[0] if mark else text, 2
    ),
    "after": Function((Type.TEXT, Type.TEXT), Type.TEXT, lambda text, mark: text.partition(mark)[2] if mark else "", 2),
    "unpadded": Function((Type.TEXT,), Type.TEXT, _unpadded, 1),
    "contains": Function((Type.TEXT, Type.TEXT), Type.BOOLEAN, lambda text, part: part in text, 2),
    "round": Function((Type.NUMBER, Type.NUMBER), Type.NUMBER, rounded, 1),
    "days_after": Function((Type.MOMENT, Type.NUMBER), Type.MOMENT, _days_after, 2),
}
