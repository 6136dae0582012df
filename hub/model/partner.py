"""Partners: whom we exchange documents with, and what was agreed with them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from hub.model.base import Code, Hours, Quantity, Record, Text
from hub.model.money import Currency
from hub.model.node import Node, known_zone
from hub.model.stock import Nets


class Role(StrEnum):
    """What a partner is to us."""

    SUPPLIER = "supplier"
    WAREHOUSE = "warehouse"
    STORE = "store"
    THIRD_PARTY = "3pl"
    CHANNEL = "channel"


class Agreement(Record):
    """What the partner agreed to: hours until each answer is overdue, and how its stock figures are to be read."""

    acknowledge_hours: Hours = 24
    ship_hours: Hours = 72
    stock_hours: Annotated[Hours, Field(description="older stock figures are stale and not sold from")] = 48
    sell_stale: Annotated[bool, Field(description="sell from stock figures of any age")] = False
    functional_hours: Annotated[
        Hours | None, Field(description="hours until a document is confirmed on the wire (997, STATUS); none: never")
    ] = None
    early_change_hours: Annotated[
        Hours, Field(description="hours that a change of an order waits for an order that has not come yet")
    ] = 24
    acknowledges: Annotated[bool, Field(description="the partner answers each order")] = True
    stock_nets: Nets = Nets.ORDERS
    stock_safety: Annotated[Quantity, Field(description="kept back of every figure")] = Decimal(0)
    drop_ship_fee: Quantity = Decimal(0)


class Partner(Record):
    """One organisation we exchange documents with, and the nodes it runs."""

    code: Code
    name: Text = ""
    role: Role
    timezone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    currency: Currency = "USD"
    agreement: Agreement = Agreement()
    nodes: tuple[Node, ...] = ()
