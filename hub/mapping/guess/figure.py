"""What makes a number of a column of figures: the column itself, or a formula where more stands in it than a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from hub.mapping.guess.column import MORE_OR_LESS, Column
from hub.mapping.guess.numeral import Writing
from hub.mapping.guess.toml import toml_text
from hub.mapping.guess.vocabulary import tokens

#: The table of what is said in words instead of a figure.
AMOUNTS: Final = "amounts"
_GRAMS: Final[Mapping[str, str]] = {"kilogram": "1000", "gram": "", "pound": "453.59237", "ounce": "28.349523125"}


@dataclass(frozen=True, slots=True)
class Figure:
    """What makes a number, as TOML; what is to be looked at; the words that stand for a figure."""

    right: str
    doubts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def figure(column: Column, name: str, source: str, writing: Writing, *, unit: str, counted: bool) -> Figure:
    """Return what makes the field `name` of a column, which TOML calls `source`; `counted` for a level of stock."""
    words = column.words if counted else ()
    below = counted and any(value < 0 for value in column.numbers.values(writing))
    factor, unsure = _factor(column, name)
    doubts = (*unsure, *_doubts(column, writing), *((f"see [tables.{AMOUNTS}]",) if words else ()))
    if counted and set(column.distinct) == {"0", "1"}:
        doubts = (*doubts, "only 0 and 1: pieces, or no and yes")
    if below:
        doubts = (*doubts, "figures below zero count as none")
    right = f"from = {source}" if unit else source
    if words or below or column.numbers.around or factor:
        number = _in_words(column) if words else number_of(column.name, column.numbers.around, column.index)
        number = f"max({number}, 0)" if below else number
        right = f"formula = {toml_text(f'{number} * {factor}' if factor else number)}"
    if unit:
        return Figure(f"{{ {right}, unit_from = {unit} }}", doubts, words)
    return Figure(source if right == source else f"{{ {right} }}", doubts, words)


def _doubts(column: Column, writing: Writing) -> list[str]:
    found = []
    if MORE_OR_LESS.intersection(column.numbers.around):
        found.append("some figures say more or less than: the number alone is taken")
    own = column.numbers.writing
    if own.decimal and writing.decimal and own.decimal != writing.decimal and own.sure:
        found.append("its numbers are written otherwise than the others")
    return found


def _in_words(column: Column) -> str:
    """Return the formula of a column that says `in stock` where others say 7 or 10+."""
    cell = named(column.name, column.index)
    marks = [each for each in MORE_OR_LESS if each in "".join(column.filled)]
    return f'number(lookup("{AMOUNTS}", {cell}, {_without(cell, marks)}))'


def number_of(name: str, around: Iterable[str], index: int = 0) -> str:
    """Return the formula of a column's number without what stands around it."""
    return f"number({_without(named(name, index), around)})"


def _without(text: str, marks: Iterable[str]) -> str:
    for mark in sorted(marks, key=lambda each: (-len(each), each)):
        text = f'replace({text}, {quoted(mark)}, "")'
    return text


def named(name: str, index: int) -> str:
    """Return how a formula names a column: by its place where its name cannot stand in one."""
    return f"col[{quoted(name) or quoted(f'#{index + 1}')}]"


def quoted(text: str) -> str:
    """Return a text as formulas write it, which know no backslash; nothing where it cannot be written."""
    mark = next((mark for mark in ('"', "'") if mark not in text), "")
    return f"{mark}{text}{mark}" if text and mark and text.isprintable() and "\\" not in text else ""


def _factor(column: Column, name: str) -> tuple[str, tuple[str, ...]]:
    """Return what a figure has to be multiplied with to be in our measure, and what is not sure about it."""
    around = " ".join(column.numbers.around)
    measures = column.concepts | {concept for token in tokens(around) for concept in token.concepts}
    if name == "lead_days":
        return ("7" if "weeks" in measures and "days" not in measures else ""), ()
    if name != "weight_g":
        return "", ()
    for measure, factor in _GRAMS.items():
        if measure in measures:
            return factor, ()
    return ("", ("taken for grams",)) if column.is_whole else ("1000", ("taken for kilograms",))
