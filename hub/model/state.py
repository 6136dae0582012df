"""Every state machine, one table each; whatever a table does not list is illegal and raises."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)


class IllegalMove(ValueError):
    """A document was asked to move between two states that its table does not connect."""

    def __init__(self, what: str, source: str, target: str) -> None:
        super().__init__(f"{what} cannot move from '{source}' to '{target}'")
        self.source = source
        self.target = target


class LineState(StrEnum):
    """Where a quantity of an order line stands."""

    NEW = "new"
    HELD = "held"
    ROUTABLE = "routable"
    ALLOCATED = "allocated"
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CLOSED = "closed"
    BACKORDERED = "backordered"
    UNFILLABLE = "unfillable"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


#: `rejected` is passed through, never stayed in: the quantity becomes routable again in the same transaction.
LINE_MOVES: Mapping[LineState, frozenset[LineState]] = {
    LineState.NEW: frozenset({LineState.HELD, LineState.ROUTABLE, LineState.CANCELLED, LineState.CLOSED}),
    LineState.HELD: frozenset({LineState.ROUTABLE, LineState.CANCELLED, LineState.CLOSED}),
    LineState.ROUTABLE: frozenset(
        {
            LineState.HELD,
            LineState.ALLOCATED,
            LineState.BACKORDERED,
            LineState.UNFILLABLE,
            LineState.CANCELLED,
            LineState.CLOSED,  # the channel fulfilled it itself
        }
    ),
    LineState.BACKORDERED: frozenset({LineState.ROUTABLE, LineState.HELD, LineState.CANCELLED, LineState.CLOSED}),
    LineState.UNFILLABLE: frozenset({LineState.ROUTABLE, LineState.HELD, LineState.CANCELLED, LineState.CLOSED}),
    LineState.ALLOCATED: frozenset({LineState.RELEASED, LineState.REJECTED, LineState.ROUTABLE, LineState.CANCELLED}),
    LineState.RELEASED: frozenset({LineState.ACKNOWLEDGED, LineState.SHIPPED, LineState.REJECTED, LineState.CANCELLED}),
    LineState.ACKNOWLEDGED: frozenset({LineState.SHIPPED, LineState.REJECTED, LineState.CANCELLED}),
    LineState.SHIPPED: frozenset({LineState.DELIVERED, LineState.CLOSED}),
    LineState.DELIVERED: frozenset({LineState.CLOSED}),
    LineState.REJECTED: frozenset({LineState.ROUTABLE, LineState.CANCELLED}),
    LineState.CLOSED: frozenset(),
    LineState.CANCELLED: frozenset(),
}
#: States in which a quantity is bound to a node's stock.
BOUND = frozenset({LineState.ALLOCATED, LineState.RELEASED, LineState.ACKNOWLEDGED, LineState.SHIPPED})


class OrderStatus(StrEnum):
    """The roll-up of an order's lines; derived, never set."""

    OPEN = "open"
    HELD = "held"
    IN_PROGRESS = "in_progress"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    STUCK = "stuck"  # a line is backordered or unfillable


class PurchaseState(StrEnum):
    """Where a purchase order or a ship order stands."""

    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    INVOICED = "invoiced"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


PURCHASE_MOVES: Mapping[PurchaseState, frozenset[PurchaseState]] = {
    PurchaseState.ISSUED: frozenset(set(PurchaseState) - {PurchaseState.ISSUED}),
    PurchaseState.ACKNOWLEDGED: frozenset(
        {
            PurchaseState.PARTIALLY_SHIPPED,
            PurchaseState.SHIPPED,
            PurchaseState.INVOICED,
            PurchaseState.REJECTED,
            PurchaseState.CANCELLED,
        }
    ),
    PurchaseState.PARTIALLY_SHIPPED: frozenset(
        {PurchaseState.SHIPPED, PurchaseState.INVOICED, PurchaseState.CANCELLED}
    ),
    PurchaseState.SHIPPED: frozenset({PurchaseState.INVOICED}),
    PurchaseState.INVOICED: frozenset(),
    PurchaseState.REJECTED: frozenset(),
    PurchaseState.CANCELLED: frozenset(),
}


class DeliveryState(StrEnum):
    """Where a message that has to go out stands."""

    QUEUED = "queued"
    BLOCKED = "blocked"
    RUNNING = "running"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    SENT = "sent"
    CONFIRMED = "confirmed"
    SUPERSEDED = "superseded"
    PARKED = "parked"
    CANCELLED = "cancelled"


DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.QUEUED: frozenset(
        {
            DeliveryState.RUNNING,
            DeliveryState.BLOCKED,
            DeliveryState.SUPERSEDED,
            DeliveryState.CANCELLED,
            DeliveryState.PARKED,
            DeliveryState.CONFIRMED,  # requeued in doubt, then the partner's answer proved that it had arrived
        }
    ),
    DeliveryState.BLOCKED: frozenset(
        {DeliveryState.QUEUED, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED, DeliveryState.CONFIRMED}
    ),
    DeliveryState.RUNNING: frozenset(
        {
            DeliveryState.WAITING,
            DeliveryState.UNKNOWN,
            DeliveryState.SENT,
            DeliveryState.CONFIRMED,
            DeliveryState.PARKED,
            DeliveryState.QUEUED,
        }
    ),
    DeliveryState.WAITING: frozenset(
        {
            DeliveryState.RUNNING,
            DeliveryState.BLOCKED,
            DeliveryState.SUPERSEDED,
            DeliveryState.CANCELLED,
            DeliveryState.PARKED,
        }
    ),
    DeliveryState.UNKNOWN: frozenset(
        {
            DeliveryState.RUNNING,
            DeliveryState.SENT,
            DeliveryState.CONFIRMED,
            DeliveryState.PARKED,
            DeliveryState.CANCELLED,
        }
    ),
    DeliveryState.SENT: frozenset({DeliveryState.CONFIRMED, DeliveryState.PARKED}),
    DeliveryState.PARKED: frozenset(
        {
            DeliveryState.QUEUED,
            DeliveryState.SENT,
            DeliveryState.CONFIRMED,
            DeliveryState.CANCELLED,
            DeliveryState.SUPERSEDED,  # by a newer level, which makes it moot
        }
    ),
    DeliveryState.CONFIRMED: frozenset(),
    DeliveryState.SUPERSEDED: frozenset(),
    DeliveryState.CANCELLED: frozenset(),
}
#: Deliveries that have not left and still may; the ones behind them in the same entity wait.
UNSENT = frozenset(
    {
        DeliveryState.QUEUED,
        DeliveryState.BLOCKED,
        DeliveryState.RUNNING,
        DeliveryState.WAITING,
        DeliveryState.UNKNOWN,
        DeliveryState.PARKED,
    }
)


def check_move(what: str, moves: Mapping[S, frozenset[S]], source: S, target: S) -> S:
    """Return the target state when the table allows the move; otherwise raise IllegalMove."""
    if target not in moves[source]:
        raise IllegalMove(what, source, target)
    return target
