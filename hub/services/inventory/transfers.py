"""Transfers: goods that a person wants at another node of the partner that has both, ordered there once.

Nothing is bound here: the partner moves the goods, its stock tells, and its own transfers say what is expected where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pydantic import ValidationError
from sqlalchemy import Connection

from hub.mapping.problem import in_words
from hub.model.document import Kind
from hub.model.partner import Partner
from hub.model.stock import TransferLine, TransferOrder
from hub.services.desk import Desk
from hub.services.requests import Refused
from hub.store import counters, deliveries, events
from hub.store.delivery_row import NewDelivery

_FIRST_NUMBER = 100_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says of a transfer beside its goods."""

    actor: str
    expected_at: datetime | None = None
    note: str = ""


def order(
    tx: Connection, desk: Desk, nodes: tuple[str, str], quantities: Mapping[str, Decimal], wish: Wish
) -> Mapping[str, str]:
    """Order a transfer from the first node to the second; returns its number and whom it goes to. Raises Refused."""
    partner, document = _mover(desk, nodes)
    now = desk.clock.now()
    number = f"TR{_FIRST_NUMBER + counters.take(tx, 'transfer')}"
    try:
        record = TransferOrder(
            number=number,
            source=nodes[0],
            target=nodes[1],
            ordered_at=now,
            expected_at=wish.expected_at,
            note=wish.note,
            lines=tuple(TransferLine(sku=sku, quantity=quantity) for sku, quantity in quantities.items()),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(f"{'.'.join(map(str, first['loc']))}: {in_words(first)}") from None
    entity = f"transfer:{number}"
    deliveries.enqueue(tx, NewDelivery(partner.code, document, Kind.TRANSFER_ORDER, entity, number, record), now)
    detail = {"from": nodes[0], "to": nodes[1], "partner": partner.code}
    events.record(tx, "transfer.ordered", partner.code, now, actor=wish.actor, detail={**detail, "number": number})
    return {"number": number, "partner": partner.code}


def _mover(desk: Desk, nodes: tuple[str, str]) -> tuple[Partner, str]:
    """Return who has both nodes and moves goods between them, and its document."""
    known = {node.code for node in desk.directory.nodes()}
    for node in nodes:
        if node not in known:
            raise Refused(f"there is no node {node}; see `crossdock stock show`")
    if nodes[0] == nodes[1]:
        raise Refused(f"{nodes[0]} is where the goods are")
    found = [(each, name) for each, name in desk.directory.takers(Kind.TRANSFER_ORDER) if _has(each, nodes)]
    if len(found) != 1:
        who = "nobody who has both takes" if not found else f"{len(found)} partners have both and take"
        raise Refused(f"{who} transfer orders from {nodes[0]} to {nodes[1]}")
    return found[0]


def _has(partner: Partner, nodes: tuple[str, str]) -> bool:
    return set(nodes) <= {node.code for node in partner.nodes}
