"""Which document a sample is, and which column makes which of its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.mapping.guess.assign import assign
from hub.mapping.guess.column import Column
from hub.mapping.guess.score import score, wanted
from hub.mapping.guess.vocabulary import data, tokens
from hub.model.document import Kind

_FIGURES: Final = re.compile(r"[0-9]+")
#: A weaker guess is not written at all.
WORTH_WRITING: Final = 45.0
#: From here on a guess stands without its question mark, if no other column comes near.
SURE: Final = 78.0
_NEAR: Final = 7.0
#: From here on a column that is named after stock is the stock, though it may hold parts of a unit or words.
_COUNTED: Final = 0.7 * SURE
#: A column that is named less clearly than this is not our SKU beside one that names the supplier's.
_OUR_OWN: Final = 65.0
#: An order says this much of an address, and nothing of what only an answer to it says.
_FEWEST_ADDRESSES: Final = 2
_ANSWERS: Final = frozenset({"tracking", "confirmed", "invoice", "reply", "backordered", "acked", "confirmno"})
#: The documents that a sample may be, as a mapping file calls them.
DOCUMENTS: Final[Mapping[str, Kind]] = {
    "stock": Kind.STOCK_LEVEL,
    "catalogue": Kind.CATALOGUE_ENTRY,
    "acknowledgement": Kind.ACKNOWLEDGEMENT,
    "shipment": Kind.SHIPMENT,
    "invoice": Kind.INVOICE,
    "inbound": Kind.EXPECTED_RECEIPT,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A field and the column that makes it; `rival` is another column that might."""

    field: str
    column: Column
    mark: float
    rival: str = ""

    @property
    def sure(self) -> bool:
        """Whether names and values leave no doubt."""
        return self.mark >= SURE and not self.rival


@dataclass(frozen=True, slots=True)
class Choice:
    """A document with its fields; `sure` is false where the sample could be another one."""

    document: str
    kind: Kind
    fields: tuple[Chosen, ...]
    sure: bool = True

    def get(self, field: str) -> Chosen | None:
        """Return what makes a field, or None."""
        return next((each for each in self.fields if each.field == field), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields without which no record is possible and that nothing makes."""
        made = {each.field for each in self.fields}
        return tuple(name for name in data("documents")[self.kind.value]["needed"] if name not in made)


def choose(columns: Sequence[Column], document: str | None, named: str = "") -> Choice:
    """Return the best document, or the one that was asked for; `named` is the file's name."""
    if document is not None:
        return _choice(document, columns)
    choices = [_choice(name, columns) for name in DOCUMENTS]
    marks = {each.document: _mark(each, columns, named) for each in choices}
    if _counts_stock(choices[0]):  # a list of stock that names prices or what is to come too is read for its stock
        marks |= {name: min(marks[name], marks["stock"] - 1) for name in ("catalogue", "inbound")}
    first, second = sorted(choices, key=lambda each: marks[each.document], reverse=True)[:2]
    near = marks[first.document] - marks[second.document] < 30
    both = {first.document, second.document} == {"stock", "catalogue"} and not second.missing
    return Choice(first.document, first.kind, first.fields, sure=not (near or both or first.missing))


def _counts_stock(stock: Choice) -> bool:
    """Whether a column is surely what there is in stock, and the rest of a stock list is there too."""
    quantity = stock.get("quantity")
    named = quantity is not None and bool(quantity.column.concepts & {"stock", "available"})
    return named and quantity is not None and quantity.mark >= _COUNTED and not stock.missing


def _choice(document: str, columns: Sequence[Column]) -> Choice:
    kind = DOCUMENTS[document]
    fields = wanted(kind.value)
    scores = [[score(kind.value, field, column) for column in columns] for field in fields]
    worth = [
        [mark - _later(column) if mark >= WORTH_WRITING else 0.0 for mark, column in zip(row, columns, strict=True)]
        for row in scores
    ]
    places = assign(worth)
    taken = {place: number for number, place in enumerate(places) if place is not None}
    chosen = []
    for number, place in enumerate(places):
        if place is not None:
            rival = _rival(scores, number, place, taken)
            name = "" if rival is None else columns[rival].name
            chosen.append(Chosen(fields[number].name, columns[place], min(scores[number][place], 99.0), name))
    return Choice(document, kind, _one_number(_with_sku(chosen)))


def _later(column: Column) -> float:
    """Return a little for what is the second of two that score alike: `Net 100+` after `Net 1+`, a head's own date."""
    figures = sum(min(int(each[:6]), 1000) for each in _FIGURES.findall(column.name))
    return min(figures, 1000) * 1e-4 + column.name.count("../") * 0.2


def _with_sku(chosen: list[Chosen]) -> list[Chosen]:
    """Where nothing but a GTIN says which article it is, it is the SKU as well."""
    gtin = next((each for each in chosen if each.field == "gtin"), None)
    if gtin is None or any(each.field in ("sku", "supplier_sku") for each in chosen):
        return chosen
    return [Chosen("sku", gtin.column, WORTH_WRITING), *chosen]


def _one_number(chosen: list[Chosen]) -> tuple[Chosen, ...]:
    """A supplier that has one number of its own and none of ours is known by that one: there it is the SKU."""
    sku = next((each for each in chosen if each.field == "sku"), None)
    theirs = next((each for each in chosen if each.field == "supplier_sku"), None)
    if theirs is None or (sku is not None and sku.mark >= _OUR_OWN):
        return tuple(chosen)
    rival = "" if sku is None else sku.column.name
    rest = (each for each in chosen if each not in (sku, theirs))
    return (Chosen("sku", theirs.column, theirs.mark, rival), *rest)


def _rival(scores: list[list[float]], field: int, place: int, taken: Mapping[int, int]) -> int | None:
    """Return the column that would make the field nearly as well, unless it makes another one better."""
    mark = scores[field][place]
    for other, theirs in enumerate(scores[field]):
        if other == place or theirs < mark - _NEAR or theirs < WORTH_WRITING:
            continue
        owner = taken.get(other)
        if owner is None or scores[owner][other] < theirs:
            return other
    return None


def _mark(choice: Choice, columns: Sequence[Column], named: str) -> float:
    """Return how well a document explains a sample."""
    about = data("documents")[choice.kind.value]
    telling = about["telling"]
    mark: float = sum(telling.get(each.field, 0.1) * each.mark for each in choice.fields)
    mark -= 130.0 * len(choice.missing)
    words = {concept for token in tokens(named) for concept in token.concepts}
    mark += 40.0 if words & set(about["named"]) else 0.0
    if choice.kind in (Kind.STOCK_LEVEL, Kind.CATALOGUE_ENTRY):
        mark -= 150.0 if any(names_an_order(column) for column in columns) else 0.0
    return mark


def is_order(columns: Sequence[Column]) -> bool:
    """Whether a sample is an order: it says where the goods are to go, and nothing of what became of them."""
    addresses = sum("address" in column.concepts for column in columns)
    answered = any(column.concepts & _ANSWERS or {"shipped", "quantity"} <= column.concepts for column in columns)
    return addresses >= _FEWEST_ADDRESSES and not answered and any(map(names_an_order, columns))


def names_an_order(column: Column) -> bool:
    """Whether a column holds the numbers of orders, invoices or parcels: no list of articles has one."""
    about = column.concepts & {"order", "invoice", "tracking"}
    return bool(about) and not column.concepts & {
        "minimum",
        "quantity",
        "lead",
        "price",
        "days",
        "next",
        "date",
        "reorder",
        "item",
    }
