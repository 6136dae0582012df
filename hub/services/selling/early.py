"""Changes that come before the order that they change: parked, and applied by themselves as soon as it comes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.order import PLACE_MARK
from hub.services.desk import Desk
from hub.store import messages

#: What a change of an order that has not come yet is parked as; `known` says its `order_id`.
CODE = "unknown order"
_MOST = 10_000


def release(tx: Connection, desk: Desk, channel: str, order_ids: Collection[str]) -> int:
    """Let what waits for these orders of a channel be applied again; returns how many messages hold it.

    Their flow applies them at its next run, which is the one that brought the orders where both lie in one mailbox.
    """
    document = desk.directory.inbound(channel, Kind.SALES_ORDER_CHANGE) if order_ids else None
    if document is None:
        return 0
    come = {*order_ids, *(each.partition(PLACE_MARK)[0] for each in order_ids)}
    parked = messages.parked(tx, connection=channel, document=document, limit=_MOST)
    early = (each for each in parked if each.code == CODE and each.known.get("order_id") in come)
    waiting = sorted({each.message_id for each in early})
    return sum(messages.apply_again(tx, message_id) for message_id in waiting)
