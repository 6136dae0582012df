"""Which quantities of customers' lines failures keep from where they should be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.services.attention.failure import Concerned
from hub.store.tables import allocation, delivery, parked_record, sales_order
from hub.store.upsert import batches

_HAS_LINES = frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER, Kind.FULFILMENT})
_Kept = tuple[str, tuple[Concerned, ...]]


def lines_of(tx: Connection, ids: Collection[str]) -> Mapping[str, tuple[Concerned, ...]]:
    """Return by id what these failures keep back; one that keeps nothing back is left out."""
    kept: dict[str, tuple[Concerned, ...]] = {}
    for letter, look in (("r", _of_records), ("d", _of_deliveries), ("l", _of_lines)):
        for batch in batches(int(each[1:]) for each in ids if each[0] == letter):
            kept.update(look(tx, batch))
    return kept


def _of_records(tx: Connection, numbers: Sequence[int]) -> Iterator[_Kept]:
    """A record of which nothing but its order is known keeps all of that back."""
    row = parked_record.c
    query = select(row.id, row.connection, row.known).where(row.id.in_(numbers), row.known != {})
    for number, channel, known in tx.execute(query):
        if "order_id" in known:
            yield f"r{number}", (Concerned(channel, known["order_id"]),)


def _of_deliveries(tx: Connection, numbers: Sequence[int]) -> Iterator[_Kept]:
    """A document keeps its lines back until it is sent; one that was sent and not answered keeps nothing back."""
    row = delivery.c
    query = select(row.id, row.kind, row.state, row.connection, row.key, row.record).where(row.id.in_(numbers))
    for number, kind, state, connection, key, doc in tx.execute(query):
        if kind in _HAS_LINES and state != DeliveryState.SENT and key in _own_names(doc):
            yield f"d{number}", tuple(_of_document(connection, doc))


def _own_names(doc: Mapping[str, Any]) -> Iterable[object]:
    """Return the key that the document itself goes under; what only tells our books of it has another one."""
    return doc.get("number"), doc.get("fulfilment_id")


def _of_document(connection: str, doc: Mapping[str, Any]) -> Iterator[Concerned]:
    channel = doc.get("channel") or connection
    for line in doc["lines"]:
        yield Concerned(channel, doc["channel_order"], line["channel_line"], Decimal(line["quantity"]))


def _of_lines(tx: Connection, numbers: Sequence[int]) -> Iterator[_Kept]:
    row, order = allocation.c, sales_order.c
    columns = row.id, order.channel, order.channel_order, row.line_id, row.quantity
    query = select(*columns).join_from(allocation, sales_order, order.id == row.order_id).where(row.id.in_(numbers))
    for number, *concerned in tx.execute(query):
        yield f"l{number}", (Concerned(*concerned),)
