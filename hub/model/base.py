"""What every canonical record shares: frozen, closed to unknown fields, exact numbers, aware UTC times."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

from hub.model.number import exact, plain


class Record(BaseModel):
    """A canonical value: never changed in place, only replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, ser_json_inf_nan="constants")

    def changed(self, **fields: object) -> Self:
        """Return a copy with these fields replaced and everything checked again."""
        return type(self).model_validate({**{name: getattr(self, name) for name in type(self).model_fields}, **fields})


def _aware_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, e.g. 2026-11-20T06:00:00Z")
    return value.astimezone(UTC)


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError(f"must not be negative, got {value}")
    return value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError(f"must be more than zero, got {value}")
    return value


def _two_letters(value: str) -> str:
    # Not a pattern in the constraints: pydantic would look at it before the letters are made upper case.
    if len(value) != 2 or not value.isascii() or not value.isalpha():
        raise ValueError(f"{value!r} is not a country as two letters, such as US")
    return value


#: An exact decimal, at most 15 digits before and 9 after the point; floats, NaN, infinities and exponents are refused.
Exact = Annotated[Decimal, BeforeValidator(exact), PlainSerializer(plain, return_type=str, when_used="json")]
#: A quantity in selling units of the item, zero or more.
Quantity = Annotated[Exact, AfterValidator(_not_negative)]
#: A quantity of something that must be there, more than zero.
SomeQuantity = Annotated[Exact, AfterValidator(_positive)]
#: A moment, aware and in UTC.
Moment = Annotated[datetime, AfterValidator(_aware_utc)]
#: A short identifier: of a partner, a node, a SKU, a document; one line, without control characters.
Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")
]
#: Free text of a bounded length.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
#: A country as ISO 3166-1 alpha-2, upper case.
Country = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True), AfterValidator(_two_letters)]
#: An hour of the agreed kind: a span in hours, zero or more.
Hours = Annotated[float, Field(ge=0, le=24 * 366)]
