"""What goes into a batch and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from hub.model.decision import Decision
from hub.routing.problem import Problem
from hub.routing.rules import RoutingRules


@dataclass(frozen=True, slots=True)
class Question:
    """One order of a batch with the rules that it is routed by."""

    problem: Problem
    rules: RoutingRules


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop: after so many rounds of work (the same input then gives the same plan), and after so many seconds.

    With `seconds` None only work counts. `unfilled` is what a unit without a source counts in the sum that the batch
    makes least, in the hub's currency; None takes more than what sending any unit can cost.
    """

    work: int = 100
    seconds: float | None = None
    unfilled: Decimal | None = None


class Status(StrEnum):
    """How sure it is that nothing better exists."""

    OPTIMAL = "optimal"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Routed:
    """One order's part in the plan.

    `problem` is the order's question with the supply that the rest of the batch left it: `solve` gives `decision` for
    it byte for byte, so `freeze(problem)` is what to keep, and `explain` works as for any other order.
    """

    problem: Problem
    decision: Decision


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The plan of a batch, in the order of its questions, and what is known of its worth.

    `cost` is the landed cost with `Limits.unfilled` for each unit left over; no plan costs less than `bound`, and the
    exact plan of one order after the other, in the order given, costs `one_at_a_time`. `prices` are what one unit more
    of a SKU at a node is worth to the batch, `node_prices` the same for one order more at a node that has no room;
    prices hold at the margin and are not unique. `contested` counts the pairs of node and SKU that orders compete for,
    `rounds` the work done.
    """

    routed: tuple[Routed, ...]
    status: Status
    cost: Decimal
    bound: Decimal
    one_at_a_time: Decimal
    prices: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    node_prices: Mapping[str, Decimal] = field(default_factory=dict)
    contested: int = 0
    rounds: int = 0

    @property
    def gap(self) -> Decimal:
        """Return how much of the cost is not proven to be needed, as a share of it."""
        return max(Decimal(0), (self.cost - self.bound) / self.cost) if self.cost else Decimal(0)

    @property
    def saving(self) -> Decimal:
        """Return how much less it costs than one order after the other, as a share of that."""
        before = self.one_at_a_time
        return (before - self.cost) / before if before else Decimal(0)
