"""Decisions: where each line of an order was sent, what that costs, and why not from anywhere else."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Exact, Moment, Quantity, Record, SomeQuantity, Text
from hub.model.money import Currency


class CostParts(Record):
    """The landed cost of a quantity at a node, in the hub's currency; the parts add up to `total`."""

    item: Exact = Decimal(0)
    handling: Exact = Decimal(0)
    freight: Exact = Decimal(0)
    duty: Exact = Decimal(0)
    split: Exact = Decimal(0)
    lateness: Exact = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Return the sum of the parts."""
        return self.item + self.handling + self.freight + self.duty + self.split + self.lateness


class Choice(Record):
    """One line, or a part of it, and the node that it goes to; shared costs are spread over the lines by quantity."""

    line_id: Code
    sku: Code
    quantity: SomeQuantity
    node: Code
    costs: CostParts


class Alternative(Record):
    """A node that did not get a line: the rule that removed it, or what the whole order would cost more."""

    line_id: Code
    node: Code
    rule: Annotated[Text, Field(description="the hard rule that removed it; empty when it was eligible")] = ""
    detail: Text = ""
    extra_cost: Exact | None = None


class Unfilled(Record):
    """A quantity that no node can fill, and why."""

    line_id: Code
    sku: str
    quantity: SomeQuantity
    reason: Text


class Batched(Record):
    """The batch that an order was routed in: how many orders, what all of it costs, and how sure that is the least.

    `bound` is what no plan costs less than, `one_at_a_time` what routing the orders one by one would have cost. Both
    count what a unit without a source is taken to cost, and so does `cost`.
    """

    number: Code
    orders: int
    status: Text
    cost: Quantity
    bound: Quantity
    one_at_a_time: Quantity

    @property
    def gap(self) -> Decimal:
        """Return how much of the cost is not proven to be needed, as a share of it."""
        return max(Decimal(0), (self.cost - self.bound) / self.cost) if self.cost else Decimal(0)


class Decision(Record):
    """The answer to one routing question, kept whole with the hash of the rules and of its input.

    `rule_set` and `policy_hash` name the `[[rules]]` that took the order and the routing files that held then; both are
    empty where there were none.
    """

    order_id: Code
    decided_at: Moment
    rules_hash: Text
    input_hash: Text
    currency: Currency
    choices: tuple[Choice, ...] = ()
    unfilled: tuple[Unfilled, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    total: Quantity = Decimal(0)
    optimal: Annotated[bool, Field(description="true only when proven")] = False
    bound: Annotated[Quantity | None, Field(description="where not: nothing that sends as much costs less")] = None
    method: Text = ""
    rule_set: Text = ""
    policy_hash: Text = ""
    batch: Annotated[Batched | None, Field(description="the batch it was routed in; none: by itself")] = None

    @property
    def gap(self) -> Decimal | None:
        """Return how much of the total is not proven to be needed, as a share of it; None when no bound is known."""
        if self.optimal or not self.total:
            return Decimal(0)
        return None if self.bound is None else max(Decimal(0), (self.total - self.bound) / self.total)
