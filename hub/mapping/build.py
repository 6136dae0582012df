"""Making records of values that were checked one by one, without checking them a second time.

A record whose own rules look at several fields together is made so too, and then held against these; what does not
pass, or is not all there, goes through the model's checks, which say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from hub.mapping.checked import checked
from hub.model.base import Record

_set = object.__setattr__
_MISSING = object()
Values = Mapping[str, object]


def new(record: type[Record], values: dict[str, object], given: set[str]) -> Record:
    """Return a record with just these values, one for every field of it."""
    made: Record = record.__new__(record)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", given)
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


@dataclass(frozen=True, slots=True)
class _Part:
    """A record within a record: where it goes, and (as the values call it, as its field is called) what it has."""

    field: str
    record: type[Record]
    names: tuple[tuple[str, str], ...]
    defaults: dict[str, object]
    needed: tuple[str, ...]
    given: set[str]

    def of(self, values: Values) -> object:
        """Return it; _MISSING when a field of it is not there, None when nothing of it is."""
        made = self.defaults.copy()
        some = False
        for name, field in self.names:
            value = values.get(name)
            if value is not None:
                made[field], some = value, True
        if not some:
            return None
        return _MISSING if _MISSING in map(made.get, self.needed) else new(self.record, made, self.given)


def assembler(record: type[Record], names: set[str], prefix: str = "") -> Callable[[Values], Record]:
    """Return the fastest right way to make a record of checked values with these names, such as `ship_to.city`."""
    rules = _rules(record)
    parts = _parts(record, names)
    if rules is None or parts is None:
        return lambda values: checked(record, values, prefix)
    defaults, given = _defaults(record), {name.partition(".")[0] for name in names}
    needed = (*_needed(defaults), *(part.field for part in parts))
    plain = tuple(name for name in names if "." not in name)

    def build(values: Values) -> Record:
        made = defaults.copy()
        for name in plain:
            value = values.get(name)
            if value is not None:
                made[name] = value
        for part in parts:
            inner = part.of(values)
            if inner is not None:
                made[part.field] = inner
        if _MISSING in map(made.get, needed):
            return checked(record, values, prefix)
        whole = new(record, made, given)
        try:
            for rule in rules:
                rule(whole)
        except ValueError:
            return checked(record, values, prefix)
        return whole

    return build


def _rules(record: type[Record]) -> list[Callable[[Record], object]] | None:
    """Return the rules that look at a whole record; None where it has such as change single fields."""
    decorators = record.__pydantic_decorators__
    rules = decorators.model_validators.values()
    if decorators.field_validators or decorators.root_validators or any(rule.info.mode != "after" for rule in rules):
        return None
    return [rule.func for rule in rules]


def _parts(record: type[Record], names: set[str]) -> list[_Part] | None:
    """Return the records within, by the names below them; None where one of them has rules or parts of its own."""
    fields: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(names):
        field, dot, rest = name.partition(".")
        if field not in record.model_fields or "." in rest:
            return None
        if dot:
            fields.setdefault(field, []).append((name, rest))
    parts = []
    for field, within in fields.items():
        inner = _record_of(record.model_fields[field].annotation)
        if inner is None or _rules(inner) != [] or any(rest not in inner.model_fields for _, rest in within):
            return None
        defaults = _defaults(inner)
        given = {rest for _, rest in within}
        parts.append(_Part(field, inner, tuple(within), defaults, _needed(defaults), given))
    return parts


def _record_of(annotation: Any) -> type[Record] | None:  # noqa: ANN401 - a type expression may be anything
    """Return the record in `Record` or `Record | None`."""
    found = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    records = [each for each in found if isinstance(each, type) and issubclass(each, Record)]
    return records[0] if len(records) == 1 else None


def _defaults(record: type[Record]) -> dict[str, object]:
    """Return a value for every field, in the model's order: its default, or _MISSING."""
    return {
        name: _MISSING if info.is_required() else info.get_default(call_default_factory=True)
        for name, info in record.model_fields.items()
    }


def _needed(defaults: Mapping[str, object]) -> tuple[str, ...]:
    """Return the fields that have no default."""
    return tuple(name for name, default in defaults.items() if default is _MISSING)
