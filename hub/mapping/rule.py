"""One field of a document as the file declares it: what it is made from, and the verbs that shape it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hub.mapping.cross_reference import read_reference
from hub.mapping.located import Path as Way
from hub.mapping.section import Section
from hub.mapping.source import Source

_MAKERS: Final = ("from", "value", "formula")
TYPES: Final = ("text", "integer", "decimal", "date", "datetime", "boolean")
#: Everything that may stand in the table of a field.
VERBS: Final = (
    *_MAKERS,
    *"type format table prefer unit_from default optional min places pad decimal thousands trailing_sign".split(),
)
#: What a field may be made of: the scalars of TOML.
Scalar = str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a partner writes numbers."""

    decimal: str = "."
    thousands: str = ""
    trailing_sign: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Left is made from right: exactly one of `source`, `value`, `formula` is set."""

    way: Way
    left: str
    source: str | None = None
    value: Scalar | None = None
    formula: str | None = None
    type: str | None = None
    format: str | None = None
    table: str | None = None
    prefer: tuple[str, ...] = ()
    unit_from: str | None = None
    default: Scalar | None = None
    optional: bool = False
    min: Decimal | None = None
    places: int | None = None
    pad: int | None = None
    numerals: Numerals = Numerals()


def read_rule(source: Source, way: Way, numerals: Numerals) -> Rule | None:
    """Read the rule at `fields.<left>`; returns None when its problems leave nothing to go on with."""
    left = str(way[-1])
    data: object = Section(source, way[:-1]).data[left]
    if isinstance(data, str):
        if not data.strip():
            source.report(way, f"{left} is made from nothing; name a column", value=True)
            return None
        return Rule(way, left, source=data.strip(), numerals=numerals)
    if not isinstance(data, dict):
        always = data if isinstance(data, (int, Decimal)) else "..."
        message = f"{left} must be a column name in quotes, or a table such as {{ value = {str(always).lower()} }}"
        source.report(way, message, value=True)
        return None
    return _from_table(Section(source, way), left, numerals)


def read_numerals(section: Section, base: Numerals) -> Numerals:
    """Read `decimal`, `thousands` and `trailing_sign`, and see that they do not contradict each other."""
    decimal = section.character("decimal", base.decimal)
    thousands = section.character("thousands", base.thousands, empty=True)
    for key, mark in (("decimal", decimal), ("thousands", thousands)):
        if mark.isalnum() or mark in ("+", "-"):
            section.report(key, f"{key} cannot be {mark!r}", value=True)
    if decimal == thousands and {"decimal", "thousands"} & section.data.keys():
        at = "thousands" if "thousands" in section.data else "decimal"
        section.report(at, f"decimal and thousands are both {decimal!r}; declare the other one too", value=True)
    return Numerals(decimal, thousands, section.flag("trailing_sign", base.trailing_sign))


def _from_table(section: Section, left: str, numerals: Numerals) -> Rule | None:
    makers = [maker for maker in _MAKERS if maker in section.data]
    section.only(VERBS, () if makers else _MAKERS)
    if len(makers) != 1:
        found = " and ".join(makers) or "none"
        section.source.report(section.way, f"{left} needs exactly one of from, value, formula; found {found}")
        return None
    made = section.scalar("value"), section.text("from", None), section.text("formula", None)
    value, origin, formula = made
    if made == (None, None, None):
        return None
    if origin is not None and not origin.strip():
        section.report("from", f"{left} is made from nothing; name a column", value=True)
        return None
    return Rule(
        section.way,
        left,
        None if origin is None else origin.strip(),
        value,
        formula,
        section.choice("type", TYPES, None),
        section.text("format", None),
        read_reference(section),
        _prefer(section),
        section.text("unit_from", None),
        section.scalar("default"),
        section.flag("optional"),
        section.number("min"),
        section.count("places", 0, 9),
        section.count("pad", 1, 128),
        read_numerals(section, numerals),
    )


def _prefer(section: Section) -> tuple[str, ...]:
    value = section.data.get("prefer", [])
    codes = [value] if isinstance(value, str) else value
    if isinstance(codes, list) and all(isinstance(code, str) for code in codes):
        return tuple(codes)
    section.report("prefer", "prefer must be one of the table's codes, or a list of them", value=True)
    return ()
