"""One column of a sample with everything that its values say, worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from stdnum import ean

from hub.mapping.guess.day import Dates, dates
from hub.mapping.guess.numeral import MOST, Numbers, Writing, numbers
from hub.mapping.guess.vocabulary import Token, data, plain_words, tokens

PLACE = re.compile(r"#[0-9]+")
_ENTRIES = re.compile(r"'[^']*'|\S+")
#: What says that a figure is not exact: more than 50.
MORE_OR_LESS: Final = frozenset({">", "<", "+", "~", ">=", "<=", "\u2265", "\u2264", "ca.", "ca"})
_MOST_AROUND: Final = 4
#: What says in words how many there are: none, some.
STOCK_WORDS: Final = ("sold_out", "in_stock")
_TOLD: Final = 0.5
_MOST_WORDS: Final = 12
_RUINED: Final = re.compile(r"\d([.,]\d+)?E\+\d+|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2}")
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_TRACKED: Final = re.compile(r"1Z[0-9A-Z]{16}|[A-Z]{2}\d{9}[A-Z]{2}|[0-9A-Z]{11,30}")


@cache
def codes(group: str) -> frozenset[tuple[str, ...]]:
    """Return the values of one group of `codes.toml`, as plain words."""
    return frozenset(plain_words(entry.strip("'")) for entry in _ENTRIES.findall(data("codes")[group]))


def is_one_of(value: str, *groups: str) -> bool:
    """Whether a value belongs to one of these groups."""
    words = plain_words(value)
    return any(words in codes(group) for group in groups)


@cache
def currencies() -> frozenset[str]:
    """Return the currencies that feeds name."""
    return frozenset(data("codes")["currencies"].split())


def symbol(text: str) -> str:
    """Return the currency that a sign or code beside a figure means, or nothing."""
    text = text.strip()
    signs: Mapping[str, str] = data("codes")["symbols"]
    return signs.get(text, text if text in currencies() else "")


@dataclass(frozen=True)
class Column:
    """A named column; shares are of its filled cells."""

    name: str
    index: int
    cells: tuple[str, ...]
    month_first: bool = False
    label: str = ""

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """What its name is made of."""
        return () if PLACE.fullmatch(self.name) else tokens(self.label or self.name)

    @cached_property
    def concepts(self) -> frozenset[str]:
        """Everything that its name may mean."""
        return frozenset().union(*(token.concepts for token in self.tokens))

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """The cells that hold anything."""
        return tuple(cell for cell in self.cells if cell)

    @cached_property
    def filled_share(self) -> float:
        """How much of the column is filled."""
        return len(self.filled) / max(len(self.cells), 1)

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """Each different value once, in order."""
        return tuple(dict.fromkeys(self.filled))

    @cached_property
    def distinct_share(self) -> float:
        """How different the values are."""
        return len(self.distinct) / max(len(self.filled), 1)

    @cached_property
    def numbers(self) -> Numbers:
        """How its numbers are written; a share of 0 when what stands around them is no unit and no currency."""
        found = numbers(self.filled)
        fine = len(found.around) <= _MOST_AROUND and all(
            each in MORE_OR_LESS or symbol(each) or _measures(each) for each in found.around
        )
        return found if fine and found.share >= MOST else Numbers(0.0, Writing())

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The different values that are no numbers, of a column that says in numbers and words how many there are."""
        rest = tuple(value for value in self.distinct if not _is_amount(value))
        told = self.share(lambda cell: _is_amount(cell) or is_one_of(cell, *STOCK_WORDS))
        return rest if self.filled and told >= _TOLD and len(rest) <= _MOST_WORDS else ()

    @cached_property
    def excel_ruined(self) -> str:
        """A code that a spreadsheet has turned into a figure or a date, such as 4.00638E+12; nothing where none is."""
        return next((cell for cell in self.filled if _RUINED.fullmatch(cell)), "")

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.numbers.share >= MOST

    @cached_property
    def is_whole(self) -> bool:
        """Whether all its numbers are whole, whatever marks their thousands."""
        if all(cell.isdigit() for cell in self.filled):
            return bool(self.filled)
        values = self.numbers.values(self.numbers.writing) if self.is_number else []
        return bool(values) and all(value == int(value) for value in values)

    @cached_property
    def dates(self) -> Dates:
        """How its dates are written."""
        return dates(self.filled, month_first=self.month_first)

    @property
    def is_date(self) -> bool:
        """Whether it holds dates."""
        return self.dates.share > 0

    @cached_property
    def gtin_share(self) -> float:
        """How many values are GTINs with a right check digit."""
        return self.share(
            lambda cell: len(cell) in _GTIN_LENGTHS and cell.isascii() and cell.isdigit() and ean.is_valid(cell)
        )

    @cached_property
    def currency_share(self) -> float:
        """How many values are currencies."""
        return self.share(lambda cell: cell.upper() in currencies())

    @cached_property
    def unit_share(self) -> float:
        """How many values are units of measure."""
        return self.share(lambda cell: is_one_of(cell, "each", "packs", "dozen"))

    @cached_property
    def url_share(self) -> float:
        """How many values are addresses of the web."""
        return self.share(lambda cell: cell.startswith(("http://", "https://", "www.")))

    @cached_property
    def spaces(self) -> float:
        """How many blanks a value has on average."""
        return sum(cell.count(" ") for cell in self.filled) / max(len(self.filled), 1)

    @cached_property
    def letters(self) -> float:
        """How much of the text is letters."""
        text = "".join(self.filled)
        return sum(map(str.isalpha, text)) / max(len(text), 1)

    @cached_property
    def length(self) -> float:
        """How long a value is on average."""
        return sum(map(len, self.filled)) / max(len(self.filled), 1)

    @cached_property
    def tracking_share(self) -> float:
        """How many values look like tracking numbers."""
        return self.share(lambda cell: bool(_TRACKED.fullmatch(cell.replace(" ", ""))) and any(map(str.isdigit, cell)))

    def share(self, holds: Callable[[str], bool]) -> float:
        """Return the share of filled cells of which something holds."""
        return sum(1 for cell in self.filled if holds(cell)) / max(len(self.filled), 1)

    def share_of(self, *groups: str) -> float:
        """Return the share of filled cells that belong to groups of codes."""
        return self.share(lambda cell: is_one_of(cell, *groups))


def _is_amount(text: str) -> bool:
    """Whether a value says a figure, exact or not: 7, 10+, > 100."""
    found = numbers((text,))
    return found.share == 1.0 and MORE_OR_LESS.issuperset(found.around)


def _measures(text: str) -> bool:
    """Whether a text behind a figure is a unit: `450 g`, `12 pcs`, `3 Tage`."""
    if is_one_of(text, "each"):
        return True
    found = tokens(text)
    wanted = {"gram", "kilogram", "pound", "ounce", "days", "weeks", "unit", "quantity"}
    return bool(found) and all(token.concepts & wanted for token in found)


def columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, month_first: bool, labels: Sequence[str] = ()
) -> tuple[Column, ...]:
    """Return the columns that have a name."""
    made = (
        Column(name, index, tuple(row[index].strip() for row in rows), month_first, labels[index] if labels else "")
        for index, name in enumerate(header)
        if name
    )
    return tuple(made)
