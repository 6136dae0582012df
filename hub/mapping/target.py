"""The canonical fields that a mapping file may name: read off the model, with type, need and meaning."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from annotated_types import MaxLen, MinLen
from pydantic import StringConstraints, TypeAdapter
from pydantic.fields import FieldInfo

from hub.model.base import Record
from hub.model.document import RECORDS, Kind


class Shape(StrEnum):
    """What sort of value a field holds, as far as a mapping file is concerned."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "whole number"
    BOOLEAN = "true or false"
    MOMENT = "time"
    CHOICE = "one of"


_SHAPES: Final[Mapping[type, Shape]] = {
    str: Shape.TEXT,
    Decimal: Shape.NUMBER,
    float: Shape.NUMBER,
    int: Shape.INTEGER,
    bool: Shape.BOOLEAN,
    datetime: Shape.MOMENT,
}
#: The fields of a record that hold its lines, and how a mapping file calls one of them.
_LINES: Final = {"lines": "line", "rows": "row", "breaks": "break"}
#: Lines that a record may well do without: a name that they share with it means the record.
_ASIDE: Final = frozenset({"breaks"})


@dataclass(frozen=True, slots=True)
class Target:
    """One field: where it stands, what it takes, and the check that the model itself makes."""

    path: tuple[str, ...]
    shape: Shape
    check: Callable[[object], object]
    required: bool
    default: object
    choices: tuple[str, ...] = ()
    limits: tuple[int, int] | None = None  # for text that only its length restricts
    meaning: str = ""

    @property
    def name(self) -> str:
        """The field as a mapping file writes it, without `line.`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Shaped:
    """The fields of one kind of document; `line` is empty where it has no lines.

    `aside` says that a record may do without them.
    """

    record: type[Record]
    fields: Mapping[str, Target]
    lines: str = ""
    line: str = ""
    line_record: type[Record] | None = None
    line_fields: Mapping[str, Target] = field(default_factory=dict)
    aside: bool = False

    def names(self) -> tuple[str, ...]:
        """Return every name that a mapping file may write."""
        return (*self.fields, *(f"{self.line}.{name}" for name in self.line_fields))


@cache
def shaped(kind: Kind) -> Shaped:
    """Return the fields of a kind of document."""
    record = RECORDS[kind]
    fields = {target.name: target for target in _targets(record)}
    for attribute, line in _LINES.items():
        inner = _element(record, attribute)
        if inner is not None:
            line_fields = {target.name: target for target in _targets(inner)}
            return Shaped(record, fields, attribute, line, inner, line_fields, attribute in _ASIDE)
    return Shaped(record, fields)


def _element(record: type[Record], attribute: str) -> type[Record] | None:
    info = record.model_fields.get(attribute)
    inner = get_args(info.annotation)[0] if info is not None and get_origin(info.annotation) is tuple else None
    return inner if isinstance(inner, type) and issubclass(inner, Record) else None


def _targets(record: type[Record], above: tuple[str, ...] = (), *, optional: bool = False) -> Iterator[Target]:
    hints = get_type_hints(record, include_extras=True)
    for name, info in record.model_fields.items():
        core, rules, may_miss = _unwrapped(hints[name])
        if isinstance(core, type) and issubclass(core, Record):
            yield from _targets(core, (*above, name), optional=optional or not info.is_required())
        elif isinstance(core, type):
            shape = Shape.CHOICE if issubclass(core, StrEnum) else _SHAPES.get(core)
            if shape is not None:
                yield Target(
                    path=(*above, name),
                    shape=shape,
                    check=TypeAdapter(hints[name]).validator.validate_python,
                    required=info.is_required() and not may_miss and not optional,
                    default=None if info.is_required() else info.get_default(),
                    choices=tuple(core) if issubclass(core, StrEnum) else (),
                    limits=_limits(rules) if core is str else None,
                    meaning=info.description or "",
                )


def _unwrapped(hint: Any) -> tuple[Any, tuple[object, ...], bool]:  # noqa: ANN401 - a type expression may be anything
    """Return (bare type, what restricts it, whether None is allowed)."""
    rules: tuple[object, ...] = ()
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            rules += tuple(more)
        elif get_origin(hint) in (Union, types.UnionType):
            inner = [each for each in get_args(hint) if each is not type(None)]
            optional, hint = len(inner) < len(get_args(hint)), inner[0]
        else:
            return hint, rules, optional


def _limits(rules: tuple[object, ...]) -> tuple[int, int] | None:
    """Return the shortest and longest length when nothing but length restricts a text."""
    low, high = 0, 2000
    for rule in _flat(rules):
        if isinstance(rule, StringConstraints) and not (rule.pattern or rule.to_upper or rule.to_lower):
            low, high = rule.min_length or low, rule.max_length or high
        elif isinstance(rule, MinLen):
            low = rule.min_length
        elif isinstance(rule, MaxLen):
            high = rule.max_length
        else:
            return None
    return low, high


def _flat(rules: tuple[object, ...]) -> Iterator[object]:
    for rule in rules:
        if isinstance(rule, FieldInfo):
            yield from rule.metadata
        else:
            yield rule


@cache
def groups() -> frozenset[str]:
    """Return the names below which a mapping file may write fields: `line.sku`, `record.reason`, `ship_to.city`."""
    names = {"record", *_LINES.values()}
    for kind in RECORDS:
        form = shaped(kind)
        for target in (*form.fields.values(), *form.line_fields.values()):
            names.update(target.path[:-1])
    return frozenset(names)
