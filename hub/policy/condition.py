"""Conditions: a table of what an order must be like. All of it must hold; an empty table takes every order.

`channel = "shop"` asks for a value, a list for one of several, and a table for more: `{ from = 100, below = 500 }`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final

from hub.mapping.located import Path as Way
from hub.mapping.problem import did_you_mean
from hub.mapping.section import Section
from hub.mapping.source import Source
from hub.mapping.target import Shape
from hub.policy.facts import Asked, Fact, facts

_NUMBERS: Final = frozenset({Shape.NUMBER, Shape.INTEGER})
_ORDERED: Final = _NUMBERS | {Shape.MOMENT}
Holds = Callable[[tuple[Any, ...], Any], bool]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a condition's table: when it holds, which shapes it is for, and what it takes."""

    holds: Holds
    meaning: str
    shapes: frozenset[Shape] = frozenset(Shape)
    many: bool = False


def _compares(compare: Callable[[Any, Any], bool]) -> Holds:
    return lambda values, wanted: any(compare(value, wanted) for value in values)


WORDS: Final[Mapping[str, Word]] = {
    "is": Word(lambda values, wanted: wanted in values, "is this"),
    "not": Word(lambda values, wanted: wanted not in values, "is not this"),
    "any": Word(lambda values, wanted: any(value in wanted for value in values), "is one of these", many=True),
    "none": Word(lambda values, wanted: not any(value in wanted for value in values), "is none of these", many=True),
    "all": Word(lambda values, wanted: all(each in values for each in wanted), "has all of these", many=True),
    "only": Word(
        lambda values, wanted: bool(values) and all(value in wanted for value in values),
        "has nothing but these",
        many=True,
    ),
    "like": Word(
        lambda values, wanted: any(fnmatchcase(value, wanted) for value in values),
        "matches this pattern of * and ?",
        frozenset({Shape.TEXT, Shape.CHOICE}),
    ),
    "from": Word(_compares(operator.ge), "is this or more", _ORDERED),
    "to": Word(_compares(operator.le), "is this or less", _ORDERED),
    "above": Word(_compares(operator.gt), "is more than this", _ORDERED),
    "below": Word(_compares(operator.lt), "is less than this", _ORDERED),
    "given": Word(lambda values, wanted: bool(values) is wanted, "is said at all, or not"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What one fact must be like; text is compared without regard to capitals."""

    fact: Fact
    word: str
    wanted: Any

    def holds(self, asked: Asked) -> bool:
        """Return whether the order is like that; an order that is silent about the fact holds only `not` and `none`."""
        values = tuple(_folded(value) for value in self.fact.read(asked))
        return WORDS[self.word].holds(values, self.wanted)


def all_hold(conditions: Iterable[Condition], asked: Asked) -> bool:
    """Return whether an order meets every condition."""
    return all(condition.holds(asked) for condition in conditions)


def read_conditions(source: Source, way: Way) -> tuple[Condition, ...]:
    """Read the table at `way`; whatever is wrong with it is noted in the source."""
    return tuple(_of_table(source, way, ""))


def _of_table(source: Source, way: Way, above: str) -> Iterator[Condition]:
    section, known = Section(source, way), facts()
    for key, value in section.data.items():
        name = f"{above}{key}"
        if name in known and not (isinstance(value, dict) and _is_group(name, value)):
            yield from _of_fact(section, key, known[name], value)
        elif isinstance(value, dict) and any(each.startswith(f"{name}.") for each in known):
            yield from _of_table(source, (*way, key), f"{name}.")
        else:
            section.report(key, f"an order has no {name!r}{did_you_mean(name, known)}")


def _is_group(name: str, value: Mapping[str, Any]) -> bool:
    """Return whether a name that is a fact stands here for the group of that name: `ship_to.region` in full."""
    return any(f"{name}.{key}" in facts() for key in value)


def _of_fact(section: Section, key: str, fact: Fact, value: object) -> Iterator[Condition]:
    if not isinstance(value, dict):
        word = "any" if isinstance(value, list) else "is"
        yield from _of_word(section, key, fact, word, value)
        return
    inner = Section(section.source, (*section.way, key))
    inner.only(WORDS)
    for word in value.keys() & WORDS.keys():
        if fact.shape in WORDS[word].shapes:
            yield from _of_word(inner, word, fact, word, value[word])
        else:
            inner.report(word, f"{fact.name} is {_article(fact.shape)}; {word!r} asks for something else")


def _of_word(section: Section, key: str, fact: Fact, word: str, value: object) -> Iterator[Condition]:
    if word == "given":
        if isinstance(value, bool):
            yield Condition(fact, word, value)
        else:
            section.report(key, "given must be true or false", value=True)
        return
    if WORDS[word].many:
        if not isinstance(value, list) or not value:
            section.report(key, f"{key} must be a list of values", value=True)
            return
        wanted = [_checked(section, key, fact, each) for each in value]
        if None not in wanted:
            yield Condition(fact, word, frozenset(wanted))
        return
    checked = _checked(section, key, fact, value)
    if checked is not None:
        yield Condition(fact, word, checked)


def _checked(section: Section, key: str, fact: Fact, value: object) -> Any:  # noqa: ANN401 - as the fact is
    """Return a value as it is compared, or None after noting why it cannot be."""
    if _fits(fact.shape, value):
        if fact.choices and value not in fact.choices:
            section.report(key, f"{fact.name} is never {value!r}{did_you_mean(str(value), fact.choices)}", value=True)
            return None
        return _folded(value)
    section.report(key, f"{fact.name} is {_article(fact.shape)}, and {value!r} is not", value=True)
    return None


def _fits(shape: Shape, value: object) -> bool:
    if shape is Shape.BOOLEAN:
        return isinstance(value, bool)
    if shape in _NUMBERS:
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    if shape is Shape.MOMENT:
        return isinstance(value, datetime) and value.tzinfo is not None
    return isinstance(value, str)


def _article(shape: Shape) -> str:
    if shape is Shape.BOOLEAN:
        return "true or false"
    if shape is Shape.CHOICE:
        return "one of a few words"
    return "a time with its zone" if shape is Shape.MOMENT else f"a {shape.value}"


def _folded(value: Any) -> Any:  # noqa: ANN401 - whatever a fact is
    return value.casefold() if isinstance(value, str) else value
