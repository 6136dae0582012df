"""What the codes of a column mean in our words: statuses, answers, units, warehouses. What nobody knows is marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from hub.mapping.guess.column import Column, is_one_of
from hub.mapping.guess.numeral import Writing
from hub.mapping.guess.vocabulary import plain_words

#: How sure a forecast is, as far as a column says so; each names a group of `codes.toml`.
CERTAINTIES = ("in_transit", "ordered", "planned")
_ANSWERS = ("accepted", "changed", "backordered", "rejected")


@dataclass(frozen=True, slots=True)
class Meant:
    """One code of theirs, what it is with us, and whether that is sure."""

    theirs: str
    ours: str | int | bool
    sure: bool


def statuses(column: Column) -> list[Meant]:
    """Return active or discontinued for each value; of a column named "Discontinued?", yes and no."""
    named_gone = "discontinued" in column.concepts and "active" not in column.concepts
    return [_status(value, named_gone=named_gone) for value in column.distinct]


def _status(value: str, *, named_gone: bool) -> Meant:
    if is_one_of(value, "yes", "no"):
        gone = is_one_of(value, "yes") is named_gone
        return Meant(value, "discontinued" if gone else "active", sure=True)
    known = is_one_of(value, "active"), is_one_of(value, "discontinued")
    return Meant(value, "discontinued" if known[1] else "active", sure=any(known))


def flags(column: Column) -> list[Meant]:
    """Return true or false for each value."""
    named_gone = "discontinued" in column.concepts and "active" not in column.concepts
    made = []
    for value in column.distinct:
        known = is_one_of(value, "yes", "no", "active", "discontinued")
        off = is_one_of(value, "no") or (is_one_of(value, "discontinued") and not is_one_of(value, "yes"))
        made.append(Meant(value, off is named_gone, sure=known))
    return made


def certainties(column: Column) -> list[Meant]:
    """Return how sure a forecast is for each value; what nobody knows is only planned."""
    made = []
    for value in column.distinct:
        known = next((each for each in CERTAINTIES if is_one_of(value, each)), None)
        made.append(Meant(value, known or "planned", sure=known is not None))
    return made


def answers(column: Column, wanted: Column | None, confirmed: Column | None, writing: Writing) -> list[Meant]:
    """Return what each answer means; a code that no table knows is judged by the quantities beside it."""
    made = []
    for value in column.distinct:
        known = next((answer for answer in _ANSWERS if is_one_of(value, answer)), None)
        told = _by_quantities(value, column, wanted, confirmed, writing)
        short = len(value) == 1  # one letter may mean anything: what the figures say goes first
        ours = (told or known) if short else (known or told)
        agreed = known is not None and (told in (None, known) or not short)
        made.append(Meant(value, ours or "accepted", sure=agreed))
    return made


def _by_quantities(
    value: str, column: Column, wanted: Column | None, confirmed: Column | None, writing: Writing
) -> str | None:
    if wanted is None or confirmed is None:
        return None
    found = set()
    for code, asked, given in zip(column.cells, wanted.cells, confirmed.cells, strict=True):
        if code == value and asked and given:
            found.add(_compared(_number(asked, writing), _number(given, writing)))
    return found.pop() if len(found) == 1 else None


def _compared(asked: Decimal | None, given: Decimal | None) -> str | None:
    if asked is None or given is None:
        return None
    if not given:
        return "rejected"
    return "changed" if given < asked else "accepted"


def _number(text: str, writing: Writing) -> Decimal | None:
    plain = text.replace(writing.thousands, "") if writing.thousands else text
    try:
        return Decimal(plain.replace(writing.decimal or ".", ".")) if re.fullmatch(r"[\d.,]+", plain) else None
    except ArithmeticError:
        return None


def units(values: Iterable[str]) -> list[Meant]:
    """Return how many of ours each unit holds: one for pieces, twelve for dozens, one and a question for the rest."""
    made = []
    for value in values:
        if is_one_of(value, "each"):
            made.append(Meant(value, 1, sure=True))
        else:
            made.append(Meant(value, 12, sure=True) if is_one_of(value, "dozen") else Meant(value, 1, sure=False))
    return made


def amounts(words: Iterable[str]) -> list[Meant]:
    """Return how many pieces words such as `in stock` stand for: none is sure, all else is one and a question."""
    return [Meant(word, 0, sure=True) if is_one_of(word, "sold_out") else Meant(word, 1, sure=False) for word in words]


def node_codes(partner: str, names: Iterable[str]) -> dict[str, str]:
    """Return our code for each of their warehouses, such as ACME-RENO; never one code for two of them."""
    made: dict[str, str] = {}
    for theirs in names:
        words = "-".join(each for each in plain_words(theirs) if each.isascii())
        wanted = (f"{partner}-{words}" if words else f"{partner}-{len(made) + 1}").upper()[:60]
        made[theirs] = wanted if wanted not in made.values() else f"{wanted}-{len(made) + 1}"
    return made
