"""Numbers as X12 writes them: with an explicit point (R), or with the point implied (N2 and its kin)."""

from __future__ import annotations

from decimal import Decimal

_MOST_DIGITS = 30


def with_point(number: Decimal) -> str:
    """Return a number as an R element: `12.5`, `-3`, `.5` is `0.5`; no exponent, no zeros behind.

    Raises ValueError for what is no finite number, or has more digits than any element.
    """
    _check(number)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def implied(number: Decimal, places: int = 2) -> str:
    """Return a number as an N element: 123.45 is `12345`. Raises ValueError when it has more decimals than that."""
    _check(number)
    scaled = number.scaleb(places)
    whole = scaled.to_integral_value()
    if scaled != whole:
        raise ValueError(f"{number} has more than {places} decimals")
    return str(int(whole))


def _check(number: Decimal) -> None:
    if not number.is_finite():
        raise ValueError(f"{number} is not a finite number")
    exponent = number.as_tuple().exponent
    if abs(number.adjusted()) > _MOST_DIGITS or (isinstance(exponent, int) and abs(exponent) > _MOST_DIGITS):
        raise ValueError(f"{number} has more than {_MOST_DIGITS} digits")
