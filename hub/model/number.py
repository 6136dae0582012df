"""The one way a partner's text becomes a number.

`Decimal` alone takes NaN, Infinity, `1_000`, full-width digits and `1E+2000000`; one such cell could stop the daemon,
so nothing that came from outside reaches it unchecked.
"""

from __future__ import annotations

import re
from decimal import Decimal

#: X12 writes `.5` and `5.` too: zeros that say nothing may be left out on either side of the point, not on both.
_PLAIN = re.compile(r"[+-]?(?:[0-9]{1,15}(?:[.][0-9]{0,9})?|[.][0-9]{1,9})", re.ASCII)
_SHOWN = 40


class NotANumber(ValueError):
    """The text is not a plain decimal number of at most 15 digits before and 9 after the point."""

    def __init__(self, text: str) -> None:
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
        super().__init__(f"{shown!r} is not a plain number (digits, one sign, at most 15 before and 9 after the point)")
        self.text = text


def parse_number(text: str, *, decimal: str = ".", thousands: str = "", trailing_sign: bool = False) -> Decimal:
    """Read a plain decimal number with declared separators.

    `trailing_sign` also takes `12.50-`, as SAP writes it. Raises NotANumber for everything else: exponents, NaN,
    infinities, underscores, digits of other scripts, or separators that were not declared.
    """
    if len(text) > 64:
        raise NotANumber(text)
    plain_text = text.strip(" \t")
    if trailing_sign and plain_text.endswith("-") and not plain_text.startswith(("-", "+")):
        plain_text = "-" + plain_text[:-1]
    if thousands:
        plain_text = _without_thousands(plain_text, thousands, decimal, text)
    if decimal != ".":
        if "." in plain_text:
            raise NotANumber(text)
        plain_text = plain_text.replace(decimal, ".", 1)
    if _PLAIN.fullmatch(plain_text) is None:
        raise NotANumber(text)
    return Decimal(plain_text)


def _without_thousands(text: str, thousands: str, decimal: str, original: str) -> str:
    whole, point, rest = text.partition(decimal)
    groups = whole.lstrip("+-").split(thousands)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        raise NotANumber(original)
    return whole.replace(thousands, "") + point + rest


def exact(value: object) -> Decimal:
    """Return an exact Decimal from a Decimal, int or plain text; refuse floats and everything that is not finite."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        kind = type(value).__name__
        raise ValueError(f"a number must be a decimal, a whole number or text, not {kind}")  # noqa: TRY004 - for pydantic
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, int):
        if abs(value) >= 10**15:
            raise NotANumber(f"about 2**{value.bit_length() - 1}")  # str() itself refuses very long ones
        return Decimal(value)
    if not value.is_finite():
        raise NotANumber(str(value))
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and (exponent < -9 or value.adjusted() >= 15):
        raise NotANumber(str(value))
    return value


def plain(value: Decimal) -> str:
    """Write a number without an exponent and without trailing zeros: 5, 5.25, 0."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
