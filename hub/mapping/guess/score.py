"""How well a column makes a field: by its name, by its values, and by both together, of 100."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hub.mapping.guess.column import PLACE, Column, is_one_of
from hub.mapping.guess.meaning import CERTAINTIES
from hub.mapping.guess.vocabulary import Token, data

_AGAINST: Final = 60
_BESIDE: Final = 14
_UNKNOWN: Final = 6
#: A rate of tax or discount is no field of any document.
_NO_FIELD: Final = "rate"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field with the names that make it."""

    name: str
    names: tuple[tuple[frozenset[str], float], ...]
    allow: frozenset[str]
    against: frozenset[str]

    @property
    def last(self) -> str:
        """The field without what it belongs to."""
        return self.name.rpartition(".")[2]


@cache
def wanted(kind: str) -> tuple[Wanted, ...]:
    """Return the fields of a kind of document that feeds make."""
    table: Mapping[str, Any] = data("fields")[kind]
    return tuple(
        Wanted(
            name,
            tuple((frozenset(words.split()), float(mark)) for words, mark in entry["names"].items()),
            frozenset(entry.get("allow", ())),
            frozenset(entry.get("against", ())),
        )
        for name, entry in table.items()
    )


def by_name(field: Wanted, tokens: tuple[Token, ...]) -> float:
    """Return how sure the name of a column makes a field."""
    return max((_matched(field, concepts, mark, tokens) for concepts, mark in field.names), default=0.0)


def _matched(field: Wanted, concepts: frozenset[str], mark: float, tokens: tuple[Token, ...]) -> float:
    """Cover every concept of a pattern with a word of its own; what is left over speaks against it."""
    used: set[int] = set()
    for concept in sorted(concepts, key=lambda each: sum(each in token.concepts for token in tokens)):
        fitting = [place for place, token in enumerate(tokens) if concept in token.concepts and place not in used]
        if not fitting:
            return 0.0
        used.add(min(fitting, key=lambda place: len(tokens[place].concepts & concepts)))
    for place, token in enumerate(tokens):
        if place not in used and not token.concepts & concepts:
            mark -= _speaks_against(field, token)
    return max(mark, 0.0)


def _speaks_against(field: Wanted, token: Token) -> int:
    """Return how much a word beside those of the pattern speaks against the field."""
    if not token.concepts:
        return _UNKNOWN
    if _NO_FIELD in token.concepts:
        return _AGAINST
    if token.concepts & field.against:
        return _AGAINST if not token.concepts - field.against - field.allow else _AGAINST // 2
    return 0 if token.concepts & field.allow else _BESIDE


def score(kind: str, field: Wanted, column: Column) -> float:
    """Return how well a column makes a field, of 100."""
    if not column.filled:
        return by_name(field, column.tokens) * 0.3
    fit, alone = _FITS.get(field.last, _text)(column, kind)
    named = by_name(field, column.tokens)
    contradicted = bool(column.concepts & field.against) and not named
    return max(named * fit, 0.0 if contradicted else alone)


#: How far the values allow the field (0 to 1), and how sure they make it without any name (of 100).
Fit = tuple[float, float]


def _text(column: Column, _kind: str) -> Fit:
    return (0.3 if column.is_date else 1.0), 0.0


def _code(column: Column, _kind: str) -> Fit:
    if column.is_date or column.spaces > 1.5 or column.length > 40 or column.url_share:
        return 0.1, 0.0
    if column.is_number and not column.is_whole:
        alike = len({len(cell) for cell in column.filled}) == 1 and column.distinct_share == 1.0
        return (0.85 if alike else 0.05), 0.0  # 100.200 may be an article, as its name says
    return (1.0 if column.filled_share > 0.9 else 0.8), 0.0


def _sku(column: Column, kind: str) -> Fit:
    fit, _ = _code(column, kind)
    if _counts_rows(column):
        return 0.2, 0.0
    if column.spaces > 0.4:  # words, and no numbers of articles
        fit *= 0.5
    if kind in ("stock_level", "catalogue_entry"):
        fit *= 0.5 if column.filled_share < 0.8 else 1.0
        fit *= 0.1 if len(column.distinct) == 1 < len(column.filled) else 1.0
        fit *= 1.0 if column.distinct_share > 0.8 else 0.85 if column.distinct_share > 0.3 else 0.5
    mixed = column.letters > 0 and not column.is_number and column.spaces < 0.2
    has_digits = column.share(lambda cell: any(map(str.isdigit, cell))) > 0.8
    alone = 48.0 if mixed and has_digits and not column.concepts else _unnamed_number(column)
    return fit, alone if fit == 1.0 else 0.0


def _unnamed_number(column: Column) -> float:
    """Return how much a first column without a name looks like article numbers of figures alone."""
    alike = len({len(cell) for cell in column.filled}) == 1 and column.length >= 4 and column.distinct_share == 1.0
    figures = all(map(str.isdigit, column.filled))
    return 46.0 if PLACE.fullmatch(column.name) and column.index == 0 and figures and alike else 0.0


def _counts_rows(column: Column) -> bool:
    return len(column.filled) > 2 and list(column.filled) == [
        str(number) for number in range(1, len(column.filled) + 1)
    ]


def _quantity(column: Column, kind: str) -> Fit:
    if column.words and column.concepts:  # in stock, 10+, sold out
        return (0.8 if column.share(lambda cell: any(map(str.isdigit, cell))) else 0.6), 0.0
    if column.is_date or not column.is_number or column.gtin_share > 0.5:
        return 0.05, 0.0
    whole = column.is_whole
    alone = 48.0 if whole and kind == "stock_level" and not column.concepts and not _counts_rows(column) else 0.0
    return (1.0 if whole else 0.75), alone


def _safety(column: Column, kind: str) -> Fit:
    return _quantity(column, kind)[0], 0.0


def _price(column: Column, _kind: str) -> Fit:
    if column.is_date or not column.is_number or column.gtin_share > 0.5:
        return 0.05, 0.0
    return (1.0 if not column.is_whole or column.length <= 6 else 0.7), 0.0


def _whole(column: Column, _kind: str) -> Fit:
    if column.is_date or not column.is_number or not column.is_whole or column.gtin_share > 0.5:
        return 0.05, 0.0
    return (1.0 if column.numbers.length <= 6 else 0.3), 0.0


def _weight(column: Column, _kind: str) -> Fit:
    alone = 30.0 if column.is_number and column.numbers.around and not column.concepts else 0.0
    return (1.0 if column.is_number and not column.is_date else 0.05), alone


def _moment(column: Column, kind: str) -> Fit:
    if not column.is_date:
        return 0.05, 0.0
    seldom = kind == "expected_receipt" and column.filled_share < 0.8
    return (0.6 if seldom else 1.0), (42.0 if kind == "stock_level" and not column.concepts else 0.0)


def _gtin(column: Column, _kind: str) -> Fit:
    share = column.gtin_share
    if share >= 0.9:
        return 1.0, 88.0
    return (0.75 if share >= 0.5 else 0.05), 0.0


def _currency(column: Column, _kind: str) -> Fit:
    return (1.0, 86.0) if column.currency_share >= 0.95 else (0.05, 0.0)


def _unit(column: Column, _kind: str) -> Fit:
    if column.is_number or column.is_date or column.length > 12 or len(column.distinct) > 20:
        return 0.05, 0.0
    return (1.0 if column.unit_share > 0.5 else 0.7), (
        60.0 if column.unit_share >= 0.95 and not column.concepts else 0.0
    )


def _name(column: Column, _kind: str) -> Fit:
    if column.is_number or column.is_date or column.gtin_share > 0.5 or column.url_share > 0.5:
        return 0.05, 0.0
    wordy = column.letters > 0.55 and column.length >= 4
    alone = 46.0 if wordy and column.spaces >= 1 and column.distinct_share > 0.7 and not column.concepts else 0.0
    return (1.0 if wordy else 0.55), alone


def _location(column: Column, _kind: str) -> Fit:
    if column.is_date or (column.is_number and not column.is_whole) or column.length > 40:
        return 0.05, 0.0
    if column.is_number:  # 01, 02 are places; 140, 75, 6 are figures
        return (
            (0.9, 0.0)
            if len({len(cell) for cell in column.filled}) == 1 and column.distinct_share < 0.7
            else (0.1, 0.0)
        )
    return 1.0, 0.0


def _status(column: Column, _kind: str) -> Fit:
    if len(column.distinct) > 12 or column.is_date or column.length > 30:
        return 0.05, 0.0
    known = column.share_of("active", "discontinued", "yes", "no")
    alone = known == 1.0 and column.letters and len(column.distinct) > 1 and not column.concepts
    return (1.0 if known > 0.7 else 0.75), (50.0 if alone else 0.0)


def _outcome(column: Column, _kind: str) -> Fit:
    if len(column.distinct) > 14 or column.is_date or (column.is_number and not column.is_whole):
        return 0.05, 0.0
    known = column.share_of("accepted", "changed", "backordered", "rejected")
    return (1.0 if known > 0.5 else 0.8), (
        55.0 if known >= 0.9 and column.letters > 0.5 and not column.concepts else 0.0
    )


def _certainty(column: Column, _kind: str) -> Fit:
    if len(column.distinct) > 12 or column.is_date or column.is_number:
        return 0.05, 0.0
    return (1.0 if column.share_of(*CERTAINTIES) > 0.7 else 0.6), 0.0


def _carrier(column: Column, _kind: str) -> Fit:
    if column.is_number or column.is_date:
        return 0.05, 0.0
    known = column.share_of("carriers")
    return 1.0, (80.0 if known > 0.9 else 0.0)


def _tracking(column: Column, _kind: str) -> Fit:
    if column.is_date or column.url_share > 0.5 or column.length < 6:
        return 0.1, 0.0
    ups = column.share(lambda cell: cell.startswith("1Z") and len(cell) == 18)
    return (1.0 if column.tracking_share > 0.7 else 0.8), (92.0 if ups > 0.9 else 0.0)


def _url(column: Column, _kind: str) -> Fit:
    return (1.0, 80.0) if column.url_share > 0.9 else (0.05, 0.0)


def _words(column: Column, _kind: str) -> Fit:
    return (0.2 if column.is_number or column.is_date else 1.0), 0.0


def _flag(column: Column, kind: str) -> Fit:
    known = column.share(lambda cell: is_one_of(cell, "yes", "no", "active", "discontinued"))
    return (1.0 if known >= 0.95 else 0.3) if len(column.distinct) <= 6 or kind == "invoice" else 0.05, 0.0


_FITS: Final[Mapping[str, Callable[[Column, str], Fit]]] = {
    "sku": _sku,
    "supplier_sku": _sku,
    "quantity": _quantity,
    "safety": _safety,
    "short": _quantity,
    "backordered": _quantity,
    "minimum": _quantity,
    "price": _price,
    "unit_cost": _price,
    "freight": _price,
    "tax": _price,
    "total": _price,
    "lead_days": _whole,
    "line_number": _whole,
    "weight_g": _weight,
    "as_of": _moment,
    "expected_at": _moment,
    "acknowledged_at": _moment,
    "promised": _moment,
    "shipped_at": _moment,
    "invoiced_at": _moment,
    "gtin": _gtin,
    "currency": _currency,
    "unit": _unit,
    "name": _name,
    "location": _location,
    "status": _status,
    "outcome": _outcome,
    "certainty": _certainty,
    "carrier": _carrier,
    "tracking": _tracking,
    "tracking_url": _url,
    "reason": _words,
    "service": _words,
    "active": _flag,
    "credit": _flag,
    "order_number": _code,
    "reference": _code,
    "shipment_number": _code,
    "invoice_number": _code,
}
