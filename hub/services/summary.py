"""One look at everything: how much came in, where it stands, what is stuck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.store.parking import needs_a_person
from hub.store.tables import allocation, connection, delivery, feed, message, purchase, sales_order, shipment, sync_run
from hub.store.tally import by_value, tally

_DONE = frozenset({DeliveryState.SENT, DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED})

_FED = select(func.count(func.distinct(feed.c.connection))).where(feed.c.ended_at.is_not(None))


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of everything that an operator looks at first."""

    orders: int
    orders_by_status: Mapping[str, int]
    lines_by_state: Mapping[str, int]
    purchases_by_state: Mapping[str, int]
    shipments: int
    deliveries: Mapping[str, Mapping[str, int]]  # kind -> state -> how many
    messages_waiting: int
    records_parked: int
    runs_failed: int
    stock_rows: int
    stock_feeds: int  # partners of whom at least one stock feed was applied
    connections_by_mode: Mapping[str, int]
    connections_down: int

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @property
    def unfinished(self) -> int:
        """How many deliveries and messages still have work to do without a person."""
        open_states = (
            count
            for states in self.deliveries.values()
            for state, count in states.items()
            if DeliveryState(state) not in _DONE and state not in (DeliveryState.PARKED, DeliveryState.BLOCKED)
        )
        return self.messages_waiting + sum(open_states)

    def sent(self, kind: Kind) -> int:
        """How many deliveries of a kind have reached their partner."""
        states = self.deliveries.get(kind, {})
        return states.get(DeliveryState.SENT, 0) + states.get(DeliveryState.CONFIRMED, 0)


def summarise(tx: Connection, now: datetime) -> Summary:
    """Count everything; each count is one indexed query."""
    deliveries: dict[str, dict[str, int]] = {}
    for (kind, state), count in tally(tx, delivery, "kind", "state").items():
        deliveries.setdefault(kind, {})[state] = count
    return Summary(
        orders=_count(tx, select(func.count()).select_from(sales_order)),
        orders_by_status=by_value(tx, sales_order, "status"),
        lines_by_state=by_value(tx, allocation, "state"),
        purchases_by_state=by_value(tx, purchase, "state"),
        shipments=_count(tx, select(func.count()).select_from(shipment)),
        deliveries=deliveries,
        messages_waiting=_count(tx, select(func.count()).where(message.c.state == "received")),
        records_parked=_count(tx, select(func.count()).where(needs_a_person(now))),
        runs_failed=_count(tx, select(func.count()).where(sync_run.c.state == "failed")),
        stock_rows=_count(tx, select(func.coalesce(func.sum(feed.c.rows), 0))),
        stock_feeds=_count(tx, _FED),
        connections_by_mode=by_value(tx, connection, "mode"),
        connections_down=_count(tx, select(func.count()).where(connection.c.outage_since.is_not(None))),
    )


def _count(tx: Connection, query: Any) -> int:  # noqa: ANN401 - any scalar select
    return int(tx.execute(query).scalar_one())
