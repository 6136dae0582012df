"""What an observing connection would send: rendered and stored, and not sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from hub.contract import BadRecord, Connector, ConnectorError, Rejected
from hub.delivery.context import RenderNumbers
from hub.delivery.links import NotConnected
from hub.delivery.policy import Unforeseen
from hub.delivery.tools import Tools, clean
from hub.log import EventLog
from hub.model.state import DeliveryState
from hub.store import archive, connections, deliveries
from hub.store.connections import ConnectionMode
from hub.store.delivery_row import NEVER, Delivery
from hub.store.tables import delivery

log = EventLog(__name__)


def due(tx: Connection, code: str, tools: Tools, limit: int) -> tuple[int, ...]:
    """Return the ids of queued deliveries of a connection that have not been previewed."""
    waiting = and_(
        delivery.c.connection == code,
        delivery.c.state == DeliveryState.QUEUED,
        delivery.c.due_at <= tools.clock.now(),
    )
    query = select(delivery.c.id).where(waiting).order_by(delivery.c.due_at, delivery.c.id).limit(limit)
    return tuple(tx.execute(query).scalars())


def preview(tools: Tools, code: str, ids: tuple[int, ...]) -> None:
    """Render each of them and keep the bytes; what cannot be rendered is parked, as it would be when live."""
    try:
        with tools.links.use(code) as connector:
            for each in ids:
                _preview(tools, connector, code, each)
    except NotConnected:
        return


def _preview(tools: Tools, connector: Connector, code: str, delivery_id: int) -> None:
    try:
        tools.store.submit(lambda tx: _render(tx, tools, connector, code, delivery_id))
    except ConnectorError as error:
        _failed(tools, code, delivery_id, error)
    except Exception as error:  # noqa: BLE001 - one document must never stop the others
        log.unforeseen("delivery.unforeseen", error, delivery=delivery_id)
        unforeseen = Unforeseen(f"unforeseen {type(error).__name__}: {error}", todo="report it")
        _failed(tools, code, delivery_id, unforeseen)


def _render(tx: Connection, tools: Tools, connector: Connector, code: str, delivery_id: int) -> None:
    row = _waiting(tx, code, delivery_id)
    if row is None:
        return
    values: dict[str, Any] = {"due_at": NEVER}
    if row.content_sha256 is None:
        rendered = connector.render(row.document, row.record, RenderNumbers(tx, row.connection, tools.clock))
        values["content_sha256"] = archive.keep(tx, rendered.content, tools.clock.now())
        values["content_name"] = rendered.name or None
        values["transmission"] = rendered.transmission or None
    tx.execute(update(delivery).where(delivery.c.id == row.id).values(values))


def _waiting(tx: Connection, code: str, delivery_id: int) -> Delivery | None:
    """Return a delivery that has to be previewed still; it and its connection stay as they are until we are done.

    Else a connection could go live between our looking and our writing: what we then held back, nobody would release.
    """
    known = connections.hold(tx, code)
    row = deliveries.hold(tx, delivery_id)
    observing = known is not None and known.mode is ConnectionMode.OBSERVE
    return row if observing and row.state is DeliveryState.QUEUED and row.due_at != NEVER else None


def _failed(tools: Tools, code: str, delivery_id: int, error: ConnectorError) -> None:
    def write(tx: Connection) -> None:
        row, now = _waiting(tx, code, delivery_id), tools.clock.now()
        if row is None:
            return
        tries = row.tries + 1
        values = {
            "tries": tries,
            "error_class": type(error).__name__,
            "code": clean(error.code, 64),
            "error": clean(error.what),
            "todo": clean(error.todo),
        }
        if isinstance(error, (BadRecord, Rejected)) or tries >= tools.policy.attempts:
            deliveries.move(tx, row, DeliveryState.PARKED, now, values)
            deliveries.block_followers(tx, row, now)
            tools.outcomes.parked(tx, row, error)
        else:
            later = now + timedelta(seconds=tools.policy.delay(tries, tools.chance()))
            tx.execute(update(delivery).where(delivery.c.id == row.id).values(**values, due_at=later))

    tools.store.submit(write)
