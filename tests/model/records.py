"""Random canonical records, built from the models themselves: every field of every kind, present or absent."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Le, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from hub.model.base import Record
from hub.model.node import Hours
from hub.model.order import OrderLine
from hub.model.order_change import SalesOrderChangeLine

WORDS = string.ascii_letters + string.digits + " -_/&äßñ東京#"
#: What only one validator knows to be right, by the name of that validator.
KNOWN: Mapping[str, st.SearchStrategy[Any]] = {
    "known_currency": st.sampled_from(["USD", "EUR", "JPY", "KWD", "eur"]),
    "_checked_gtin": st.sampled_from(["4006381333931", "96385074", "036000291452", "14006381333938"]),
    "_two_letters": st.sampled_from(["US", "de", "BR"]),
    "known_zone": st.sampled_from(["UTC", "America/Chicago"]),
    "_day": st.dates().map(str),
    "_aware_utc": st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - the zone follows
        lambda each: each.replace(tzinfo=timezone(timedelta(hours=-5, minutes=-30)) if each.second % 2 else UTC)
    ),
}


def a(model: type[Record]) -> st.SearchStrategy[Any]:
    """Return a strategy for any valid record of the model."""
    hints = get_type_hints(model, include_extras=True)
    fields = {name: _field(hints[name], field) for name, field in model.model_fields.items()}
    if model is SalesOrderChangeLine:  # one of the two is always said
        fields["quantity"] = _of(hints["quantity"], ()).filter(lambda each: each is not None)
    if model is Hours:  # the carrier must come on a day of work
        fields["carrier_days"] = st.just(frozenset())
    return st.builds(model, **fields)


def _field(hint: Any, field: FieldInfo) -> st.SearchStrategy[Any]:
    made = _of(hint, ())
    return made if field.is_required() else st.one_of(st.just(field.get_default(call_default_factory=True)), made)


def _of(hint: Any, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _of(inside[0], (*inside[1:], *limits))
    for limit in limits:
        if isinstance(limit, AfterValidator | BeforeValidator) and limit.func.__name__ in KNOWN:
            return KNOWN[limit.func.__name__]
    if origin in (Union, UnionType):
        return st.one_of(*(st.none() if each is NoneType else _of(each, limits) for each in inside))
    if origin is tuple:
        told_apart = inside[0] in (OrderLine, SalesOrderChangeLine)
        apart = (lambda line: line.line_id) if told_apart else None
        return st.lists(_of(inside[0], ()), min_size=_least(limits), max_size=3, unique_by=apart).map(tuple)
    if origin in (frozenset, Mapping):
        made = [_of(each, ()) for each in inside]
        several = st.frozensets if origin is frozenset else st.dictionaries
        return several(*made, min_size=_least(limits), max_size=2)
    return _plain(hint, limits)


def _plain(hint: type, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if issubclass(hint, BaseModel):
        return a(hint) if issubclass(hint, Record) else st.builds(hint)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    if hint is Decimal:
        return _decimals(limits)
    return st.booleans() if hint is bool else _simple(hint, limits)


def _simple(hint: type, limits: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    low = next((each for each in _bounds(limits, Ge, "ge")), None)
    high = next((each for each in _bounds(limits, Le, "le")), None)
    if hint is int:
        return st.integers(low if low is not None else -1000, high if high is not None else 10**6)
    if hint is float:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    assert hint is str, hint
    patterns = [each for each in _bounds(limits, object, "pattern") if each]
    if patterns and re.search(patterns[0], "any words") is None:
        return st.from_regex(patterns[0], fullmatch=True)
    text = st.text(WORDS, min_size=1, max_size=20).filter(lambda each: each.strip() == each)
    return text if _least(limits) or _is_code(limits) else st.one_of(st.just(""), text)


def _is_code(limits: tuple[Any, ...]) -> bool:
    return any(getattr(each, "min_length", None) for each in limits)


def _least(limits: tuple[Any, ...]) -> int:
    return next(iter(_bounds(limits, MinLen, "min_length")), 0)


def _bounds(limits: tuple[Any, ...], kind: type, name: str) -> list[Any]:
    flat = [inner for each in limits for inner in (each.metadata if isinstance(each, FieldInfo) else (each,))]
    assert MaxLen  # the longest allowed is longer than any text here
    return [getattr(each, name) for each in flat if isinstance(each, kind) and hasattr(each, name)]


def _decimals(limits: tuple[Any, ...]) -> st.SearchStrategy[Decimal]:
    names = {each.func.__name__ for each in limits if isinstance(each, AfterValidator)}
    low = 1 if "_positive" in names else 0 if "_not_negative" in names else -(10**24) + 1
    return st.integers(low, 10**24 - 1).map(lambda each: Decimal(each).scaleb(-9))
