"""Sales orders: what the customer bought, and the quantities of each line by state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from hub.model.base import Code, Moment, Quantity, Record, SomeQuantity, Text
from hub.model.channel import ChannelRequest
from hub.model.money import Currency, Money
from hub.model.place import Address, Party
from hub.model.state import LINE_MOVES, LineState, OrderStatus, check_move

#: An order for several places comes as one for each: `4711@12` is what place 12 gets of order 4711.
PLACE_MARK = "@"


class DeliveryMethod(StrEnum):
    """How the goods reach the customer."""

    SHIP = "ship"
    PICK_UP = "pick_up"
    LOCAL = "local"


class OrderLine(Record):
    """One line as the channel has it now: `quantity` is after edits and cancellations, `ordered` as first placed."""

    line_id: Annotated[Code, Field(description="the channel's own id of the line, the same for ever")]
    sku: Annotated[str, Field(max_length=128, description="our SKU; empty when the channel names none")] = ""
    name: Text = ""
    quantity: Quantity
    price: Annotated[Quantity, Field(description="what the customer pays for one unit")] = Decimal(0)
    discount: Annotated[
        Quantity, Field(description="what discounts took off the whole line; the price is after them")
    ] = Decimal(0)
    fulfilled: Annotated[
        Quantity, Field(description="what has left already as the channel has it, whoever shipped it")
    ] = Decimal(0)
    ships: Annotated[bool, Field(description="false for gift cards, tips and services")] = True
    pick_up_node: Code | None = None


class ChargeKind(StrEnum):
    """What an amount of an order is for, beside its lines."""

    SHIPPING = "shipping"
    TAX = "tax"
    PAYMENT = "payment"


class Charge(Record):
    """An amount of the whole order in the order's currency: what shipping costs, a tax, what was paid already."""

    kind: ChargeKind
    name: Annotated[Text, Field(description="as the channel calls it: a tax, a gateway, a shipping service")] = ""
    amount: Quantity


class Sourcing(Record):
    """A quantity of one line that a node ships, under which document of ours."""

    line_id: Code
    node: Code
    quantity: SomeQuantity
    document: Annotated[Code, Field(description="our number of the PO or ship order")]


class SalesOrder(Record):
    """One order of one channel; (channel, order_id) is its identity, `updated_at` decides which version is newer."""

    channel: Code
    order_id: Code
    number: Annotated[Code, Field(description="what people call it, e.g. #1001")]
    placed_at: Moment
    updated_at: Moment
    currency: Currency
    lines: tuple[OrderLine, ...]
    customer: Party = Party()
    ship_to: Address | None = None
    method: DeliveryMethod = DeliveryMethod.SHIP
    service: Annotated[Text, Field(description="the shipping service the customer chose")] = ""
    kind: Annotated[Text, Field(description="the channel's own type of order, such as preorder or replacement")] = ""
    b2b: Annotated[bool, Field(description="sold to a business")] = False
    payment: Annotated[Text, Field(description="the channel's word for the state of payment, such as paid")] = ""
    risk: Annotated[Text, Field(description="how likely a fraud is, as the channel says: low, medium, high")] = ""
    gift: Annotated[bool, Field(description="somebody else gets it, and must see no price")] = False
    gift_message: Annotated[Text, Field(description="what goes into the parcel of a gift")] = ""
    promise_by: Moment | None = None
    hold: Annotated[Text, Field(description="why it must not be routed yet; empty when it may")] = ""
    cancelled: bool = False
    test: bool = False
    total: Money | None = None
    charges: tuple[Charge, ...] = ()
    sourcing: Annotated[
        tuple[Sourcing, ...], Field(description="who ships what; only where the hub tells an ERP of the order")
    ] = ()
    tags: frozenset[str] = frozenset()
    requests: Annotated[
        tuple[ChannelRequest, ...], Field(description="what the channel asks of us as a fulfilment service")
    ] = ()

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> SalesOrder:
        ids = [line.line_id for line in self.lines]
        if len(set(ids)) != len(ids):
            raise ValueError(f"order {self.number}: two lines share one line id")
        return self


class Gate(Record):
    """A step of a workflow that keeps an order from being routed until it is opened: by a person, by time, by goods.

    `name` is the workflow and the number of the step. `value` is the order's worth that a person approved.
    """

    name: Code
    kind: Code
    why: Text
    until: Annotated[Moment | None, Field(description="when it opens by itself, or is looked at again")] = None
    opened_at: Moment | None = None
    opened_by: Text = ""
    value: Quantity | None = None

    @property
    def shut(self) -> bool:
        """Return whether it still keeps the order back."""
        return self.opened_at is None


class Allocation(Record):
    """A quantity of one order line in one state; the rows of a line always add up to all that it ever held.

    Bound states name the node and the document that carries the quantity there.
    """

    line_id: Code
    sku: str
    quantity: SomeQuantity
    state: LineState
    node: Code | None = None
    document: Annotated[Code | None, Field(description="our number of the PO or ship order")] = None
    excluded: Annotated[frozenset[Code], Field(description="nodes that refused it")] = frozenset()
    excluded_until: Annotated[
        Mapping[Code, Moment], Field(description="until when; a node that is not here: ever")
    ] = {}
    promised_at: Annotated[Moment | None, Field(description="when the customer may expect it")] = None
    reason: Text = ""

    def refused_by(self, now: Moment) -> frozenset[str]:
        """Return the nodes that may not be asked for it at this moment: until their time, and no longer at it."""
        ends = self.excluded_until
        return frozenset(node for node in self.excluded if node not in ends or now < ends[node])


def move(
    allocation: Allocation, target: LineState, quantity: Decimal | None = None, **fields: object
) -> tuple[Allocation, Allocation | None]:
    """Move all or part of a quantity to another state; returns (what moved, what stayed or None).

    Raises IllegalMove for a move its table lacks and ValueError for more than there is, or for none.
    """
    quantity = allocation.quantity if quantity is None else quantity
    check_move(f"line {allocation.line_id}", LINE_MOVES, allocation.state, target)
    if not 0 < quantity <= allocation.quantity:
        raise ValueError(f"line {allocation.line_id}: cannot move {quantity} of {allocation.quantity}")
    moved = allocation.changed(state=target, quantity=quantity, **fields)
    rest = allocation.quantity - quantity
    return moved, allocation.changed(quantity=rest) if rest else None


def quantities(allocations: Iterable[Allocation]) -> Mapping[LineState, Decimal]:
    """Return the quantity in each state, derived from the rows; states with none are left out."""
    sums: dict[LineState, Decimal] = {}
    for row in allocations:
        sums[row.state] = sums.get(row.state, Decimal(0)) + row.quantity
    return sums


_GONE = frozenset({LineState.SHIPPED, LineState.DELIVERED, LineState.CLOSED})
#: The first test that holds names the status; `live` are the states of all that is not cancelled.
_STATUS_TESTS: tuple[tuple[OrderStatus, Callable[[set[LineState]], bool]], ...] = (
    (
        OrderStatus.STUCK,
        lambda live: bool(live & {LineState.BACKORDERED, LineState.UNFILLABLE, LineState.REJECTED}),
    ),
    (OrderStatus.HELD, lambda live: LineState.HELD in live),
    (OrderStatus.CLOSED, lambda live: live <= {LineState.CLOSED, LineState.DELIVERED}),
    (OrderStatus.SHIPPED, lambda live: live <= _GONE),
    (OrderStatus.PARTIALLY_SHIPPED, lambda live: bool(live & _GONE)),
    (OrderStatus.OPEN, lambda live: live <= {LineState.NEW, LineState.ROUTABLE}),
)


def order_status(states: Iterable[LineState]) -> OrderStatus:
    """Roll the states of all quantities of an order up into the status of the order."""
    present = set(states)
    live = present - {LineState.CANCELLED}
    if not live:
        return OrderStatus.CANCELLED if present else OrderStatus.OPEN
    return next((status for status, holds in _STATUS_TESTS if holds(live)), OrderStatus.IN_PROGRESS)
