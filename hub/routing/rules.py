"""The merchant's routing rules: what a split, a late day or an unknown distance costs, and what is never allowed."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, NamedTuple

from pydantic import Field, ValidationError

from hub.model.base import Code, Quantity, Record, SomeQuantity
from hub.model.node import NodeKind
from hub.routing.carriage import Carriage
from hub.routing.ratecard import RateCard
from hub.routing.tariff import micro, milligrams, nano
from hub.routing.transit import Transit


class RulesError(ValueError):
    """The rules cannot be used; `problems` names every fault at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("routing rules: " + "; ".join(problems))
        self.problems = problems


class Terms(NamedTuple):
    """The rules in whole numbers: micro-units of money, milligrams, metres, nano-units of stock."""

    split: int
    late_day: int
    metres_per_day: int
    unknown_metres: int
    unknown_weight: int
    duty: int
    keep_back: Mapping[NodeKind, int]


class RoutingRules(Record):
    """One set of rules; amounts are in the hub's currency. Its hash stands in every decision made by it."""

    split_penalty: Annotated[Quantity, Field(description="cost of each parcel after an order's first")] = Decimal(1)
    lateness_per_day: Annotated[Quantity, Field(description="cost of each day that a line is late")] = Decimal(2)
    km_per_day: Annotated[SomeQuantity, Field(description="how far a parcel travels in a day")] = Decimal(700)
    unknown_km: Annotated[Quantity, Field(description="taken where a place has no coordinates")] = Decimal(1500)
    unknown_weight_g: Annotated[Quantity, Field(description="taken where an item has no weight")] = Decimal(500)
    duty_percent: Annotated[Quantity, Field(description="of the item cost, when goods cross a border")] = Decimal(0)
    max_splits: Annotated[int | None, Field(ge=0, description="the most parcels after the first")] = None
    ship_complete: Annotated[bool, Field(description="one node ships everything, or nothing goes")] = False
    domestic_only: Annotated[bool, Field(description="no node in another country than the customer's")] = False
    split_lines: Annotated[bool, Field(description="a line that no node can fill may come from several")] = True
    partial_lines: Annotated[bool, Field(description="send what there is of a line, leave the rest unfilled")] = True
    keep_back: Annotated[Mapping[NodeKind, Quantity], Field(description="units never sold, by kind of node")] = {}
    only_kinds: Annotated[tuple[NodeKind, ...], Field(description="kinds of node that may ship; none: all")] = ()
    only_nodes: Annotated[tuple[Code, ...], Field(description="nodes that may ship; none: all")] = ()
    never_nodes: Annotated[tuple[Code, ...], Field(description="nodes that may not ship")] = ()
    max_km: Annotated[SomeQuantity | None, Field(description="no node farther away, or at an unknown distance")] = None
    keep_promise: Annotated[bool, Field(description="no node that would deliver after the promised date")] = False
    transit: Annotated[tuple[Transit, ...], Field(description="days under way by service and distance")] = ()
    rate_cards: Annotated[tuple[RateCard, ...], Field(description="freight by distance zone and weight")] = ()
    exact_lines: Annotated[int, Field(ge=1, le=12, description="largest order for the partition programme")] = 8
    search_limit: Annotated[int, Field(ge=0, description="costs looked at for a larger order")] = 3_000_000
    work_limit: Annotated[int, Field(ge=1, description="branches HiGHS may try after that")] = 500

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the rules' canonical JSON."""
        # Without what is as by default, so that a further rule of a later release changes no hash. A default itself
        # must never change.
        told = self.model_dump(mode="json", exclude_defaults=True)
        text = json.dumps(told, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def forbids(self, code: str, kind: NodeKind) -> bool:
        """Return whether these rules name the node, or its kind, as one that may not ship."""
        return bool(
            code in self.never_nodes
            or (self.only_kinds and kind not in self.only_kinds)
            or (self.only_nodes and code not in self.only_nodes)
        )

    @cached_property
    def choosy(self) -> bool:
        """Return whether any node is out by these rules alone, wherever its stock stands."""
        return bool(self.only_kinds or self.only_nodes or self.never_nodes or self.max_km is not None)

    @cached_property
    def carriages(self) -> tuple[Carriage, ...]:
        """Return the rate cards as the arithmetic of routing takes them."""
        return tuple(Carriage(card) for card in self.rate_cards)

    @cached_property
    def terms(self) -> Terms:
        """Return the rules as the arithmetic of routing takes them."""
        return Terms(
            split=micro(nano(self.split_penalty)),
            late_day=micro(nano(self.lateness_per_day)),
            metres_per_day=max(1, int(self.km_per_day * 1000)),
            unknown_metres=int(self.unknown_km * 1000),
            unknown_weight=milligrams(self.unknown_weight_g),
            duty=nano(self.duty_percent),
            keep_back={kind: nano(kept) for kind, kept in self.keep_back.items()},
        )


def load_rules(table: Mapping[str, object]) -> RoutingRules:
    """Read rules from a parsed TOML table; raises RulesError with every fault and a suggestion for wrong names."""
    known = tuple(RoutingRules.model_fields)
    problems = [_unknown(name, known) for name in table if name not in known]
    try:
        rules = RoutingRules.model_validate({name: _exact(table[name]) for name in table if name in known})
    except ValidationError as error:
        problems += [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise RulesError(tuple(problems)) from None
    if problems:
        raise RulesError(tuple(problems))
    return rules


def _exact(value: object) -> object:
    """Turn TOML's floats into the decimals that were written: 0.1 is meant as 0.1."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: _exact(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_exact(each) for each in value]
    return value


def _unknown(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"{name}: there is no such rule" + (f"; did you mean {close[0]!r}?" if close else "")
