"""What a condition may ask of an order: every canonical field of it and its lines, and figures worked out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Final

from hub.mapping.target import Shape, Target, shaped
from hub.model.document import Kind
from hub.model.number import plain
from hub.model.order import SalesOrder

#: Parts of an order that no condition can ask for.
_NEVER_ASKED: Final = {"charges", "sourcing", "requests"}
#: Short names of fields that people ask for often.
_SHORT: Final = {
    "type": "kind",
    "name": "customer.name",
    "company": "ship_to.company",
    "city": "ship_to.city",
    "region": "ship_to.region",
    "postal_code": "ship_to.postal_code",
    "country": "ship_to.country",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """An order that conditions are asked of; `value` is its worth in the hub's currency, None when no rate is known."""

    order: SalesOrder
    value: Decimal | None


def freeze(asked: Asked) -> dict[str, Any]:
    """Return what conditions were asked of as JSON-ready data; `thaw` gives an equal one back."""
    told = asked.order.model_dump(mode="json", exclude_defaults=True, exclude=_NEVER_ASKED)
    return {"order": told, "value": None if asked.value is None else plain(asked.value)}


def thaw(data: Mapping[str, Any]) -> Asked:
    """Return what `freeze` wrote, without what no condition can ask for."""
    value = data["value"]
    return Asked(SalesOrder.model_validate(data["order"]), None if value is None else Decimal(value))


def worth_of(order: SalesOrder) -> Decimal:
    """Return what the customer pays, in the order's currency: its total, else what its lines add up to."""
    if order.total is not None:
        return order.total.amount
    return sum((line.price * line.quantity for line in order.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to ask for; `read` returns its values, several for tags and lines, none where the order is silent."""

    name: str
    shape: Shape
    read: Callable[[Asked], tuple[Any, ...]]
    choices: tuple[str, ...] = ()
    meaning: str = ""


@cache
def facts() -> Mapping[str, Fact]:
    """Return everything that a condition may ask for, by name."""
    form = shaped(Kind.SALES_ORDER)
    found = {name: _of_order(target) for name, target in form.fields.items()}
    found |= {f"line.{name}": _of_lines(name, target) for name, target in form.line_fields.items()}
    found |= {short: found[name] for short, name in _SHORT.items()}
    return found | {each.name: each for each in _WORKED_OUT}


def _of_order(target: Target) -> Fact:
    names = target.path

    def read(asked: Asked) -> tuple[Any, ...]:
        value: Any = asked.order
        for name in names:
            value = getattr(value, name, None)
        return _present((value,))

    return Fact(target.name, target.shape, read, tuple(map(str, target.choices)), target.meaning)


def _of_lines(name: str, target: Target) -> Fact:
    get = attrgetter(name)
    return Fact(
        f"line.{name}",
        target.shape,
        lambda asked: _present(get(line) for line in asked.order.lines),
        tuple(map(str, target.choices)),
        target.meaning,
    )


def _present(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(value for value in values if value is not None and value != "")


def _units(asked: Asked) -> Iterator[Decimal]:
    return (line.quantity for line in asked.order.lines if line.ships)


_WORKED_OUT: Final = (
    Fact("tags", Shape.TEXT, lambda asked: tuple(sorted(asked.order.tags)), meaning="the channel's tags"),
    Fact(
        "value",
        Shape.NUMBER,
        lambda asked: _present((asked.value,)),
        meaning="what the customer pays in all, in the hub's currency",
    ),
    Fact("units", Shape.NUMBER, lambda asked: (sum(_units(asked), Decimal(0)),), meaning="units of goods that ship"),
    Fact(
        "lines",
        Shape.NUMBER,
        lambda asked: (Decimal(sum(1 for _ in _units(asked))),),
        meaning="how many lines ship",
    ),
)
