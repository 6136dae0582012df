"""Feeds with a column for each warehouse: several columns of figures whose names say no more than where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.mapping.guess.column import Column
from hub.mapping.guess.score import by_name, wanted
from hub.mapping.guess.vocabulary import tokens

_FEWEST: Final = 2
_CERTAIN: Final = 76.0
#: Words that may stand in the name of a warehouse's column; any other says that it is something else.
_ABOUT_PLACES: Final = frozenset({"warehouse", "stock", "quantity", "available", "code", "country"})

_AMOUNTS: Final = frozenset({"stock", "quantity", "available"})


def spread(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns that are each the stock of one warehouse; none where one column names the quantity."""
    quantity = next(field for field in wanted("stock_level") if field.name == "quantity")
    places = tuple(column for column in columns if _is_a_place(column))
    if len(places) < _FEWEST:
        return ()
    places = tuple(column for column in columns if column in places or _stands_between(column, places))
    if places[-1].index - places[0].index >= len(places):
        return ()
    if any(map(_names_a_price, columns)) and not all(column.concepts & _AMOUNTS for column in places):
        return ()  # columns of figures in a price list are rather prices for so many
    others = [column for column in columns if column not in places and column.is_number]
    if any(by_name(quantity, column.tokens) >= _CERTAIN for column in others):
        return ()
    return places


def _names_a_price(column: Column) -> bool:
    price = next(field for field in wanted("catalogue_entry") if field.name == "price")
    return column.is_number and by_name(price, column.tokens) >= _CERTAIN


def _stands_between(column: Column, places: Sequence[Column]) -> bool:
    """Whether a column is one of them by where it stands: Porto stands for a town between Lisboa and Faro."""
    between = places[0].index < column.index < places[-1].index
    return between and column.is_number and column.is_whole and len(column.tokens) == 1


def _is_a_place(column: Column) -> bool:
    if not column.is_number or not column.is_whole or column.is_date or column.gtin_share > 0.5:
        return False
    found = tokens(column.name)
    named = any(not token.concepts or "warehouse" in token.concepts for token in found) or not found
    return named and all(not token.concepts or token.concepts & _ABOUT_PLACES for token in found)
