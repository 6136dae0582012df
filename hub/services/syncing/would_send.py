"""What observing connections would have sent: the documents that wait, with the bytes that would leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.model.state import DeliveryState
from hub.store import archive, connections, deliveries
from hub.store.connections import ConnectionMode, ConnectionRow
from hub.store.delivery_row import Delivery

_SHOWN = 4000


@dataclass(frozen=True, slots=True)
class Held:
    """One document that is held back only because its connection observes.

    `content` is empty while it has not been rendered; what cannot be rendered is parked and stands among the failures.
    """

    id: str
    partner: str
    document: str
    key: str
    order: str | None
    name: str
    size: int | None
    content: str
    since: datetime

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def listing(tx: Connection, partner: str | None = None, document: str | None = None, limit: int = 1000) -> list[Held]:
    """Return what would have been sent, oldest first; of one partner or one document where asked."""
    observing = [row for row in connections.every(tx) if row.code == (partner or row.code) and holds_back(row)]
    rows = [row for each in observing for row in _waiting(tx, each.code, limit)]
    chosen = [row for row in rows if document in (None, row.document)]
    return [_held(tx, row) for row in sorted(chosen, key=lambda row: row.id)[:limit]]


def of_order(tx: Connection, order_id: str) -> list[Held]:
    """Return what of an order's documents would have been sent, oldest first."""
    return sorted(_of_order(tx, order_id), key=lambda each: int(each.id[1:]))


def holds_back(row: ConnectionRow) -> bool:
    """Say whether a connection only observes, or would when it is resumed."""
    return ConnectionMode.OBSERVE in (row.mode, row.resume_mode)


def _waiting(tx: Connection, code: str, limit: int) -> list[Delivery]:
    return deliveries.search(tx, states={DeliveryState.QUEUED}, connection=code, limit=limit)


def _of_order(tx: Connection, order_id: str) -> Iterator[Held]:
    for row in deliveries.search(tx, order_id=order_id):
        known = connections.get(tx, row.connection)
        if row.state is DeliveryState.QUEUED and known is not None and holds_back(known):
            yield _held(tx, row)


def _held(tx: Connection, row: Delivery) -> Held:
    content = _content(tx, row)
    return Held(
        f"d{row.id}",
        row.connection,
        row.document,
        row.key,
        row.order_id,
        row.content_name or "",
        None if content is None else len(content),
        "" if content is None else content[:_SHOWN].decode("utf-8", "replace"),
        row.created_at,
    )


def _content(tx: Connection, row: Delivery) -> bytes | None:
    if row.content_sha256 is None:
        return None
    try:
        return archive.load(tx, row.content_sha256)
    except archive.ContentGone:
        return None
