"""Which documents of ours a channel's sales order carries: kept when they are sent, read when goods come back.

NetSuite knows the channel's order and the location or vendor of each line; the hub wants its own number of the ship
order or purchase order, and the number of its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from connectors.netsuite.draft import Draft
from hub.contract import Context


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a document of ours: so many of a SKU at a place of NetSuite's."""

    number: str
    line_number: int
    sku: str
    place: str
    quantity: str


@dataclass(frozen=True, slots=True)
class Share:
    """What of a quantity belongs to a line of a document of ours."""

    asked: Asked
    quantity: Decimal


def place_of(location: str, vendor: str) -> str:
    """Return one name for where a line is shipped from."""
    return f"V{vendor}" if vendor else location


def keep(context: Context, draft: Draft) -> None:
    """Remember that the sales order carries this document, durably and before anything else is done about it."""
    rows = [each for each in read(recall(context, draft.external_id)) if each.number != draft.carried]
    rows += [
        Asked(draft.carried, int(line.order_line), line.sku, place_of(draft.location, line.vendor), line.quantity)
        for line in draft.lines
    ]
    context.remember(_key(draft.external_id), json.dumps([asdict(each) for each in rows], separators=(",", ":")))


def recall(context: Context, external_id: str) -> str:
    """Return what a sales order carries, as text; empty when it carries nothing."""
    return context.recall(_key(external_id)) or ""


def read(text: str) -> list[Asked]:
    """Return the lines that `keep` kept."""
    return [Asked(**each) for each in json.loads(text or "[]")]


def shared(asked: Sequence[Asked], place: str, sku: str, quantity: Decimal) -> Iterator[Share]:
    """Yield whose a quantity is that left a place: of several lines each has its own, and the last the rest.

    Without a line that fits there is nothing to yield.
    """
    fitting = [each for each in asked if (each.place, each.sku) == (place, sku)]
    for each in fitting[:-1]:
        taken = min(quantity, Decimal(each.quantity))
        quantity -= taken
        if taken:
            yield Share(each, taken)
    if fitting and quantity:
        yield Share(fitting[-1], quantity)


def _key(external_id: str) -> str:
    return f"carried:{external_id}"
