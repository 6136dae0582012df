"""Changes that come before the order that they change: they wait, and are applied by themselves as soon as it comes.

Each is a parked record that needs nobody until its hours are over; then it is a failure like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.order import PLACE_MARK
from hub.model.partner import Agreement
from hub.services.desk import Desk
from hub.store import messages, orders, parking

#: What a change of an order that has not come yet is parked as; `known` says its `order_id`.
CODE = "unknown order"
_MOST = 10_000


def waits_until(desk: Desk, channel: str, kind: Kind, bad: BadRecord) -> datetime | None:
    """Return until when a bad record waits for its order, as agreed with its channel; None for every other one."""
    if kind is not Kind.SALES_ORDER_CHANGE or not _is_early(bad.code, bad.known.get("order_id")):
        return None
    partner = desk.directory.partner(channel)
    agreement = partner.agreement if partner is not None else Agreement()
    return desk.clock.now() + timedelta(hours=agreement.early_change_hours)


def release(tx: Connection, desk: Desk, channel: str, order_ids: Collection[str]) -> int:
    """Let what waits (or waited in vain) for these orders be applied again; returns how many messages hold it.

    Whoever applies the orders applies these messages next, in the order in which they came.
    """
    document = desk.directory.inbound(channel, Kind.SALES_ORDER_CHANGE) if order_ids else None
    if document is None:
        return 0
    come = {*order_ids, *(each.partition(PLACE_MARK)[0] for each in order_ids)}
    parked = parking.search(tx, connection=channel, document=document, limit=_MOST)
    early = (each for each in parked if each.code == CODE and each.known.get("order_id") in come)
    waiting = sorted({each.message_id for each in early})
    return sum(messages.apply_again(tx, message_id) for message_id in waiting)


def look_back(desk: Desk, channel: str, kind: Kind, page: Iterable[tuple[int, Collection[BadRecord]]]) -> None:
    """Let changes be applied again whose order came while they were put aside: it found nobody waiting.

    `page` names each message with what it parked.
    """
    wanted = {
        (message_id, bad.known.get("order_id", ""))
        for message_id, parked in page
        for bad in parked
        if kind is Kind.SALES_ORDER_CHANGE and _is_early(bad.code, bad.known.get("order_id"))
    }
    if wanted:
        desk.store.transact(lambda tx: _apply_overtaken(tx, channel, wanted))


def _apply_overtaken(tx: Connection, channel: str, wanted: Collection[tuple[int, str]]) -> None:
    here = orders.of_channel(tx, channel, sorted({order_id for _, order_id in wanted}))
    for message_id in sorted({message_id for message_id, order_id in wanted if order_id in here}):
        messages.apply_again(tx, message_id)


def _is_early(code: str, order_id: str | None) -> bool:
    return code == CODE and bool(order_id)
