"""What a channel and we tell each other while an order is under way: holds, where goods come from, requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Moment, Quantity, Record, SomeQuantity, Text


class RequestLine(Record):
    """How much of one of the channel's lines a request is about."""

    channel_line: Code
    quantity: Quantity


class ChannelRequest(Record):
    """A channel asks us, as a fulfilment service, to ship something or (`cancels`) to ship it no more.

    It waits for an answer. `number` counts the requests of one `request_id`, because a refused one may come again.
    """

    request_id: Annotated[Code, Field(description="the channel's id of what is requested, such as a fulfilment order")]
    number: Annotated[int, Field(ge=1)] = 1
    cancels: bool = False
    lines: tuple[RequestLine, ...] = ()


class RequestAnswer(Record):
    """Our answer to a request of a channel; `reason` is for people there."""

    channel_order: Code
    request_id: Code
    cancels: bool = False
    accepted: bool
    reason: Text = ""


class OrderHold(Record):
    """We hold an order of a channel, or (`held` is false) hold it no longer."""

    channel_order: Code
    held: bool
    reason: Text = ""


class AssignmentLine(Record):
    """How much of one of the channel's lines comes from which place."""

    channel_line: Code
    sku: Annotated[str, Field(max_length=128)] = ""
    quantity: SomeQuantity
    node: Code
    location: Annotated[Code, Field(description="the channel's location id for the node")]


class Assignment(Record):
    """Where the goods of a channel's order come from, as it stands now; what has left already is not in it."""

    channel_order: Code
    lines: Annotated[tuple[AssignmentLine, ...], Field(min_length=1)]


class ReadyLine(Record):
    """How much of one of the channel's lines the customer can collect."""

    channel_line: Code
    quantity: SomeQuantity


class ReadyForPickup(Record):
    """Goods that a customer collects stand ready at a place; nobody has collected them yet."""

    channel_order: Code
    node: Code
    location: Annotated[Text, Field(description="the channel's location id for the node, when it has one")] = ""
    lines: Annotated[tuple[ReadyLine, ...], Field(min_length=1)]


class OrderPromise(Record):
    """When the customer may expect the last of an order, as it stands now."""

    channel_order: Code
    promised_at: Moment
