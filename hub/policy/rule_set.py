"""Rule sets: for the orders that one takes, what routing weighs and forbids, and what happens when nothing fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.model.base import Record, SomeQuantity
from hub.policy.condition import Condition


class Batch(Record):
    """How long orders are collected to be routed together, on stock that is scarce."""

    minutes: Annotated[SomeQuantity, Field(description="how long after the first order the batch is routed")]
    most: Annotated[int, Field(ge=2, le=20_000, description="orders that are routed together at the most")] = 2_000
    guide: Annotated[
        Decimal,
        Field(ge=0, le=1, description="share of a scarce unit's price that counts for orders outside, until the next"),
    ] = Decimal("0.5")
    seconds: Annotated[float, Field(gt=0, le=600, description="how long the solver may look for a better plan")] = 20.0


class NothingFits(Record):
    """What becomes of a quantity that no node can send."""

    then: Annotated[
        Literal["backorder", "hold", "cancel"],
        Field(description="backorder: it waits for goods; hold: the order waits for a person; cancel: it ends"),
    ] = "backorder"
    days: Annotated[
        int | None, Field(ge=0, le=730, description="promised where no expected receipt says a better date")
    ] = None
    cancel_after_days: Annotated[
        int | None, Field(ge=1, le=730, description="days after the order was placed; then what still waits ends")
    ] = None
    notify: Annotated[bool, Field(description="tell people, by alert rules with order_notice")] = False


class Answers(Record):
    """What a supplier's refusal or silence means for the lines of these orders."""

    exclude_days: Annotated[
        int | None,
        Field(ge=1, le=730, description="how long a node that refused a line is not asked for it; none: ever"),
    ] = None
    silence: Annotated[
        Literal["wait", "reroute"],
        Field(description="past the agreed hours: wait for a person, or take it back and ask somebody else"),
    ] = "wait"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One `[[rules]]` of a file; `routing` holds only what differs from `[routing]` of the configuration."""

    name: str
    conditions: tuple[Condition, ...] = ()
    routing: Mapping[str, Any] | None = None
    batch: Batch | None = None
    nothing_fits: NothingFits = field(default_factory=NothingFits)
    answers: Answers = field(default_factory=Answers)


#: What holds for an order that no rule set takes.
PLAIN = RuleSet("")
