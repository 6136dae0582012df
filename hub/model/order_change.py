"""What a customer who orders by document changes of an order that we have: 860, ORDCHG."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hub.model.base import Code, Exact, Moment, Quantity, Record, Text
from hub.model.place import Address
from hub.model.purchase import LineChange


class SalesOrderChangeLine(Record):
    """One line as it is wanted now: `quantity` is the whole new quantity, `difference` what it is to grow by.

    Of a line that is cancelled neither is needed. `price` counts for a line that is added, or where it is given.
    """

    line_id: Annotated[Code, Field(description="the customer's own number of the line, the same for ever")]
    sku: Annotated[str, Field(max_length=128, description="our SKU; needed for a line that is added")] = ""
    name: Text = ""
    change: Annotated[LineChange, Field(description="what is to happen with the line")] = LineChange.CHANGE
    quantity: Annotated[Quantity | None, Field(description="the whole new quantity")] = None
    difference: Annotated[Exact | None, Field(description="instead of it: how many more, or (negative) fewer")] = None
    price: Quantity | None = None

    @model_validator(mode="after")
    def _says_how_many(self) -> SalesOrderChangeLine:
        if self.change is not LineChange.CANCEL and self.quantity is None and self.difference is None:
            raise ValueError(f"line {self.line_id}: neither its new quantity nor a difference is said")
        return self


class SalesOrderChange(Record):
    """What is to change of a sales order; (channel, order_id, change_number) is its identity.

    What it does not name stays as it is. `cancelled` ends the whole order, whatever the lines say.
    """

    channel: Code
    order_id: Annotated[Code, Field(description="the customer's own id of the order")]
    change_number: Annotated[Code, Field(description="tells the changes of one order apart; larger is later")]
    changed_at: Annotated[Moment, Field(description="when it was changed")]
    cancelled: bool = False
    ship_to: Address | None = None
    promise_by: Moment | None = None
    service: Text = ""
    reason: Text = ""
    lines: tuple[SalesOrderChangeLine, ...] = ()

    @model_validator(mode="after")
    def _lines_are_told_apart(self) -> SalesOrderChange:
        ids = [line.line_id for line in self.lines]
        if len(set(ids)) != len(ids):
            raise ValueError(f"change {self.change_number} of order {self.order_id}: two lines share one line id")
        return self
