"""What one inbound cell becomes: a checked canonical value, or an error that says why and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Generic, TypeVar

from pydantic import ValidationError

from hub.mapping.moment import IsoFormat, MomentFormat
from hub.mapping.problem import did_you_mean, in_words
from hub.mapping.rule import Rule, Scalar
from hub.mapping.target import Shape, Target
from hub.model.number import NotANumber, exact, parse_number, plain
from hub.model.unit import Units, UnknownUnit

K = TypeVar("K", str, tuple[str, str], tuple[str, ...])
_MEMO_ENTRIES: Final = 8192
_MEMO_TEXT: Final = 80
_MOST_SUGGESTIONS: Final = 100
_NINTH: Final = Decimal("1e-9")
_WORDS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What all documents of a partner share: code tables (theirs = ours), units, the partner's zone."""

    tables: Mapping[str, Mapping[str, Scalar]]
    units: Units
    zone: tzinfo


class CellError(Exception):
    """A value cannot become what the field needs; `field` names the canonical field, `source` what it was made from."""

    def __init__(self, why: str, *, todo: str = "", code: str = "value", field: str = "", source: str = "") -> None:
        super().__init__(why)
        self.why, self.todo, self.code, self.field, self.source = why, todo, code, field, source


class Memo(dict[K, object], Generic[K]):
    """Remembers what texts became: partners repeat units, dates and quantities, and a hit costs no Python call."""

    __slots__ = ("_convert",)

    def __init__(self, convert: Callable[[K], object]) -> None:
        super().__init__()
        self._convert: Callable[[K], object] = convert

    def __missing__(self, key: K) -> object:
        value = self._convert(key)
        if len(self) < _MEMO_ENTRIES and sum(map(len, key)) <= _MEMO_TEXT:
            self[key] = value
        return value


class Cell:
    """The way from text to one field of a record; raises CellError when built from what cannot work."""

    def __init__(self, rule: Rule, target: Target, ground: Ground) -> None:
        self._rule = rule
        self._target = target
        self._units = ground.units
        self._format = MomentFormat(rule.format, ground.zone) if rule.format else IsoFormat(ground.zone)
        self._parse = self._parser()
        table = None if rule.table is None else ground.tables[rule.table]
        self._codes = None if table is None else {code: self.constant(ours) for code, ours in table.items()}
        self._default = None if rule.default is None else self.constant(rule.default)
        self._suggestions: dict[str, str] = {}

    def read(self, text: str) -> object:
        """Return what the text of one cell becomes."""
        text = text.strip()
        if not text:
            return self._blank()
        return self._parse(text) if self._codes is None else self._code(self._codes, text)

    def read_with_unit(self, texts: tuple[str, str]) -> object:
        """Return what a figure in the partner's unit is in ours."""
        text = texts[0].strip()
        if not text:
            return self._blank()
        return self.take_with_unit(self._figure(text), texts[1])

    def take_with_unit(self, figure: Decimal, unit: str) -> object:
        """Return what a number in the partner's unit is in ours."""
        try:
            return self._number(self._units.inward(figure, unit.strip()))
        except UnknownUnit as error:
            todo = "add it to [units]: how many of our selling unit it holds"
            raise self._error(str(error), todo, "unit") from None

    def take(self, value: object) -> object:
        """Return what a formula's value becomes; text is read as a cell would be."""
        if isinstance(value, str):
            return self.read(value)
        if isinstance(value, Decimal) and self._target.shape is Shape.TEXT:
            return self._text(plain(value))
        return self._number(value) if isinstance(value, Decimal) else self._checked(value)

    def constant(self, value: Scalar) -> object:
        """Return what a value of the mapping file becomes; numbers there are written as TOML writes them."""
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            number = self._exact(value)
            return self._checked(plain(number)) if self._target.shape is Shape.TEXT else self._number(number)
        if self._target.shape in (Shape.NUMBER, Shape.INTEGER) and isinstance(value, str):
            return self._number(self._exact(value))
        return self._parse(value.strip()) if isinstance(value, str) else self._checked(value)

    def _blank(self) -> object:
        if self._default is not None:
            return self._default
        if self._target.required:
            raise self._error("is empty and cannot be", "ask the partner for it, or declare a default", "empty")
        return self._target.default

    def _code(self, codes: Mapping[str, object], text: str) -> object:
        if text in codes:
            return codes[text]
        if self._default is not None:
            return self._default
        why = f"{text[:80]!r} is not in table {self._rule.table!r}{self._suggest(text[:80], codes)}"
        raise self._error(why, f"add it to [tables.{self._rule.table}]", "table")

    def _suggest(self, text: str, codes: Mapping[str, object]) -> str:
        """Return a suggestion; a whole feed may hold the same wrong code, and looking for the nearest one is slow."""
        if text not in self._suggestions and len(self._suggestions) < _MOST_SUGGESTIONS:
            self._suggestions[text] = did_you_mean(text, codes)
        return self._suggestions.get(text, "")

    def _parser(self) -> Callable[[str], object]:
        shape = self._target.shape
        if shape is Shape.TEXT and self._rule.type in ("integer", "decimal"):
            return lambda text: self._text(plain(self._rounded(self._figure(text))))
        return {
            Shape.TEXT: self._text,
            Shape.NUMBER: lambda text: self._number(self._figure(text)),
            Shape.INTEGER: lambda text: self._number(self._figure(text)),
            Shape.BOOLEAN: self._boolean,
            Shape.MOMENT: self._moment,
            Shape.CHOICE: self._choice,
        }[shape]

    def _text(self, text: str) -> object:
        if self._rule.pad is not None:
            text = text.rjust(self._rule.pad, "0")
        limits = self._target.limits
        if limits is None:
            return self._checked(text)
        if limits[0] <= len(text) <= limits[1]:
            return text
        why = f"{text[:40]!r} has {len(text)} characters; {limits[0]} to {limits[1]} are allowed"
        raise self._error(why, "", "length")

    def _figure(self, text: str) -> Decimal:
        numerals = self._rule.numerals
        try:
            return parse_number(
                text,
                decimal=numerals.decimal,
                thousands=numerals.thousands,
                trailing_sign=numerals.trailing_sign,
            )
        except NotANumber as error:
            todo = "ask the partner to correct it; declare `decimal` and `thousands` when it is only written otherwise"
            raise self._error(str(error), todo, "number") from None

    def _exact(self, value: Scalar) -> Decimal:
        try:
            return exact(value)
        except ValueError as error:
            raise self._error(str(error), "", "number") from None

    def _rounded(self, value: Decimal) -> Decimal:
        if self._rule.places is not None:
            value = value.quantize(Decimal(1).scaleb(-self._rule.places), ROUND_HALF_UP)
        if self._rule.min is not None and value < self._rule.min:
            raise self._error(f"{plain(value)} is less than {plain(self._rule.min)}", "", "minimum")
        if (self._rule.type == "integer" or self._target.shape is Shape.INTEGER) and value % 1:
            raise self._error(f"{plain(value)} is not a whole number", "", "whole number")
        return value

    def _number(self, value: Decimal) -> object:
        value = self._rounded(_fitting(value))
        return self._checked(int(value) if self._target.shape is Shape.INTEGER else value)

    def _boolean(self, text: str) -> object:
        try:
            return _WORDS[text.lower()]
        except KeyError:
            todo = "map the partner's words with a table"
            raise self._error(f"{text[:40]!r} is neither true nor false", todo, "boolean") from None

    def _moment(self, text: str) -> datetime:
        try:
            return self._format.read(text)
        except ValueError as error:
            raise self._error(str(error), "", "date") from None

    def _choice(self, text: str) -> object:
        if text in self._target.choices:
            return self._checked(text)
        why = f"{text[:80]!r} is not one of {', '.join(self._target.choices)}"
        raise self._error(why, "map the partner's codes with a table", "choice")

    def _checked(self, value: object) -> object:
        try:
            return self._target.check(value)
        except ValidationError as error:
            raise self._error(in_words(error.errors()[0]), "", "value") from None

    def _error(self, why: str, todo: str, code: str) -> CellError:
        return CellError(why, todo=todo, code=code, field=self._target.name, source=self._rule.source or "")


def _fitting(value: Decimal) -> Decimal:
    """Return a worked-out number with at most the nine places that the model keeps."""
    exponent = value.as_tuple().exponent
    too_fine = isinstance(exponent, int) and exponent < -9 and value.adjusted() < 15
    return value.quantize(_NINTH, ROUND_HALF_UP) if too_fine else value
