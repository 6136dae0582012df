"""The kinds of step that a workflow is made of: a small fixed set, each with a few settings and no code.

The first four keep an order back until they are opened, the others say how it is routed and what its documents say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field

from hub.model.base import Quantity, Record, SomeQuantity, Text
from hub.policy.condition import Condition


class Hold(Record):
    """Keep the order back until a person releases it, or until it no longer meets the workflow's conditions."""

    why: Text


class Approve(Record):
    """Keep the order back until a person approves it; what was approved holds until the order is worth more."""

    above: Annotated[Quantity, Field(description="only orders worth more than this, in the hub's currency")]
    why: Text = ""


class Wait(Record):
    """Keep the order back for a time after it was placed: customers change their mind, or order again."""

    minutes: SomeQuantity
    together: Annotated[
        bool, Field(description="orders of one customer to one address that wait too go on, and out, together")
    ] = True
    why: Text = "waits for what else the customer orders"


class Receipt(Record):
    """Keep a pre-order back until its goods have come in: until a node has all that the order wants."""

    why: Text = "pre-order"


class Route(Record):
    """Route these orders by other rules; takes every setting of `[routing]`."""


class PickUp(Record):
    """The customer collects: the node is the one that was chosen, and no other is ever asked."""

    ready_hours: Annotated[SomeQuantity | None, Field(description="hours until the node has to have it ready")] = None


class Gift(Record):
    """Say on the node's document that it is a gift, that no price may show, and what the message is."""


class Note(Record):
    """Put a note on the node's document."""

    text: Text


class Notify(Record):
    """Tell people of the order: an event that stands with it, and alerts where a rule says `order_notice`."""

    text: Text


STEPS: Final[Mapping[str, type[Record]]] = {
    "hold": Hold,
    "approve": Approve,
    "wait": Wait,
    "receipt": Receipt,
    "route": Route,
    "pick_up": PickUp,
    "gift": Gift,
    "note": Note,
    "notify": Notify,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a workflow; `name` is the workflow's and the step's number, `routing` what a `route` step changes."""

    name: str
    kind: str
    does: Record
    conditions: tuple[Condition, ...] = ()
    routing: Mapping[str, Any] | None = None

    @property
    def keeps_back(self) -> bool:
        """Return whether it is one that keeps an order from being routed."""
        return isinstance(self.does, Hold | Approve | Wait | Receipt)


@dataclass(frozen=True, slots=True)
class Workflow:
    """One `[[workflows]]` of a file: the orders that it takes, and its steps, in their order."""

    name: str
    conditions: tuple[Condition, ...]
    steps: tuple[Step, ...]
