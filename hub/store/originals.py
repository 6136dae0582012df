"""The originals that came: the newest one of a flow, and those that made or changed an order.

A link to an order is kept as long as its message; the message's bytes go when their retention ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Select, String, bindparam, select

from hub.store import messages
from hub.store.messages import MessageRow
from hub.store.prepared import Prepared
from hub.store.tables import delivery, message, order_message, purchase, sales_order
from hub.store.upsert import insert_for

_PARTNER, _NAME = bindparam("partner", type_=String(128)), bindparam("name", type_=String(160))
_MESSAGE = bindparam("message", type_=Integer)
#: How an order is found by what a partner's record says: its own id of the order, our document's number, the number of
#: a transmission of ours.
_FOUND: Mapping[str, Select[Any]] = {
    "order": select(sales_order.c.id, _MESSAGE).where(
        sales_order.c.channel == _PARTNER, sales_order.c.channel_order == _NAME
    ),
    "document": select(purchase.c.order_id, _MESSAGE).where(purchase.c.partner == _PARTNER, purchase.c.number == _NAME),
    "transmission": select(delivery.c.order_id, _MESSAGE).where(
        delivery.c.connection == _PARTNER, delivery.c.transmission == _NAME, delivery.c.order_id.is_not(None)
    ),
}


def last(tx: Connection, connection: str, document: str) -> MessageRow | None:
    """Return the newest inbound message of a connection's document, or None when none ever came."""
    where = (message.c.connection == connection, message.c.document == document, message.c.direction == "in")
    found = tx.execute(select(message.c.id).where(*where).order_by(message.c.id.desc()).limit(1)).scalar_one_or_none()
    return None if found is None else messages.get(tx, found)


def link(tx: Connection, by: str, partner: str, named: Iterable[tuple[int, str]]) -> None:
    """Note that these messages were about these orders: (message, name), where `by` says whose name it is.

    `by` is `order` (the partner's id of an order of its own), `document` (our number of a document to the partner) or
    `transmission` (as a delivery keeps it). A name that belongs to no order is passed over.
    """
    each = ({"partner": partner, "name": name, "message": number} for number, name in named)
    _linking(tx.dialect.name, by).run_many(tx, each)


@cache
def _linking(dialect: str, by: str) -> Prepared:
    columns = [order_message.c.order_id, order_message.c.message_id]
    return Prepared(insert_for(dialect, order_message).from_select(columns, _FOUND[by]).on_conflict_do_nothing())


def of_order(tx: Connection, order_id: str, limit: int = 200) -> list[MessageRow]:
    """Return the inbound messages that made or changed an order, in the order in which they came; the first ones."""
    chosen = select(order_message.c.message_id).where(order_message.c.order_id == order_id)
    return messages.by_ids(tx, tx.execute(chosen.order_by(order_message.c.message_id).limit(limit)).scalars().all())
