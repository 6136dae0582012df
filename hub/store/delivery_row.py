"""What stands in the ledger: a delivery as its row says, one attempt of it, and what is asked to go out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import RowMapping

from hub.model.base import Record
from hub.model.document import RECORDS, Kind
from hub.model.state import DeliveryState
from hub.store.tables import delivery

_KIND, _STATE, _SENT_AT = (list(delivery.c.keys()).index(name) for name in ("kind", "state", "sent_at"))
#: `due_at` of what must not go by itself: rendered for a connection that only observes.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A document that has to go out.

    `key` names it for ever on its connection and travels with every send. Deliveries of one `entity` leave in the
    order in which they were enqueued; with `latest_wins` (levels) a newer one takes the place of those still waiting
    that nothing builds on.
    """

    connection: str
    document: str
    kind: Kind
    entity: str
    key: str
    record: Record
    latest_wins: bool = False
    order_id: str | None = None
    order_placed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: what goes where, where it stands, and why."""

    id: int
    connection: str
    document: str
    kind: Kind
    entity: str
    latest_wins: bool
    key: str
    state: DeliveryState
    doc: dict[str, Any]
    order_id: str | None
    order_placed_at: datetime | None
    named: bool
    content_sha256: str | None
    content_name: str | None
    transmission: str | None
    note: str | None
    doubt: bool
    reference: str | None
    attempts: int
    tries: int
    due_at: datetime
    answer_by: datetime | None
    claimed_by: str | None
    claimed_at: datetime | None
    error_class: str | None
    code: str | None
    error: str | None
    todo: str | None
    closed_why: str | None
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime

    @property
    def record(self) -> Record:
        """The canonical record that is to be rendered, checked again."""
        return RECORDS[self.kind].model_validate(self.doc)

    @property
    def what(self) -> str:
        """How to name it in a message."""
        return f"delivery {self.id} ({self.document} {self.key} to {self.connection})"


_ALL = attrgetter(*(each.name for each in fields(Delivery)))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery; open while `ended_at` is None.

    The attempt of a send is written when its bytes are about to leave, or else when it has ended without that: while
    there is none for a running delivery, nothing has left.
    """

    id: int
    delivery_id: int
    number: int
    verb: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    error: str | None
    request: str | None
    reply: str | None


def delivery_of(row: RowMapping) -> Delivery:
    """Return the delivery that a row of the table holds."""
    values = dict(row)
    values["doc"] = values.pop("record")
    values["kind"] = Kind(values["kind"])
    values["state"] = DeliveryState(values["state"])
    return Delivery(**values)


def delivery_in_order(row: list[Any]) -> Delivery:
    """Return the same from a whole row in the table's own order, for those who read many."""
    row[_KIND], row[_STATE] = Kind(row[_KIND]), DeliveryState(row[_STATE])
    return Delivery(*row)


def after(row: Delivery, state: DeliveryState, sent_at: datetime | None) -> Delivery:
    """Return the delivery as an attempt's end leaves it; a third of what `dataclasses.replace` costs."""
    values = list(_ALL(row))
    values[_STATE], values[_SENT_AT] = state, sent_at
    return Delivery(*values)


def attempt_of(row: RowMapping) -> Attempt:
    """Return the attempt that a row of the table holds."""
    return Attempt(**row)
