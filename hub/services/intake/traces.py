"""Which orders a message was about: noted in the transaction that applies it, so that an order shows its originals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from hub.model.base import Record
from hub.model.document import Kind
from hub.model.order_change import SalesOrderChange
from hub.model.transmission import FunctionalAcknowledgement
from hub.store import deliveries, orders, originals

#: How each kind of record names the order that it is about: whose name it is, and the name.
_NAMED: Mapping[Kind, tuple[str, Callable[[Any], str]]] = {
    Kind.SALES_ORDER: ("order", lambda record: record.order_id),
    Kind.SALES_ORDER_CHANGE: ("order", lambda record: record.order_id),
    Kind.ACKNOWLEDGEMENT: ("document", lambda record: record.order_number),
    Kind.SHIPMENT: ("document", lambda record: record.order_number),
    Kind.INVOICE: ("document", lambda record: record.order_number),
    Kind.FUNCTIONAL_ACKNOWLEDGEMENT: ("transmission", lambda record: record.reference),
}


def keep(tx: Connection, partner: str, kind: Kind, applied: Iterable[tuple[int, Record]]) -> None:
    """Note which orders these records of a partner were about, each given with its message."""
    if kind not in _NAMED:
        return
    whose, name = _NAMED[kind]
    named = [(message, name(record), record) for message, record in applied]
    found = [(message, each) for message, own, record in named for each in _names(tx, partner, own, record)]
    originals.link(tx, whose, partner, found)


def name_of(record: Record) -> str:
    """Return the name under which a record is about an order; empty for one that is about none."""
    return str(getattr(record, "order_number", "") or getattr(record, "order_id", "") or "")


def _names(tx: Connection, partner: str, name: str, record: Record) -> list[str]:
    """Return every name by which what a record is about may be known.

    A customer's order came as one for each place, and a change may be of all of them. A word on a whole interchange is
    one on what was in it.
    """
    if isinstance(record, SalesOrderChange):
        return [name, *orders.of_places(tx, partner, name)]
    if isinstance(record, FunctionalAcknowledgement) and not record.group:
        sent = deliveries.by_transmission(tx, partner, record.named)
        return [sent.transmission] if sent is not None and sent.transmission else []
    return [name]
