"""Shipments as rows: what left a node for one of our documents, as the partner told us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, insert, select

from hub.model.shipment import Shipment
from hub.store.tables import shipment


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """One shipment; `id` is ours, (partner, purchase_number, shipment_number) the partner's identity of it."""

    id: str
    partner: str
    shipment_number: str
    purchase_number: str
    order_id: str
    doc: Shipment
    created_at: datetime


def keep(tx: Connection, row: ShipmentRow) -> None:
    """Write a new shipment down."""
    values = {
        "id": row.id,
        "partner": row.partner,
        "shipment_number": row.shipment_number,
        "purchase_number": row.purchase_number,
        "order_id": row.order_id,
        "doc": row.doc.model_dump(mode="json"),
        "created_at": row.created_at,
    }
    tx.execute(insert(shipment).values(values))


def get(tx: Connection, partner: str, purchase_number: str, shipment_number: str) -> ShipmentRow | None:
    """Return the shipment that the partner calls this, or None."""
    where = and_(
        shipment.c.partner == partner,
        shipment.c.purchase_number == purchase_number,
        shipment.c.shipment_number == shipment_number,
    )
    row = tx.execute(select(shipment).where(where)).mappings().one_or_none()
    return None if row is None else _row(row)


def of_order(tx: Connection, order_id: str) -> list[ShipmentRow]:
    """Return the shipments of an order, oldest first."""
    query = select(shipment).where(shipment.c.order_id == order_id).order_by(shipment.c.created_at, shipment.c.id)
    return [_row(row) for row in tx.execute(query).mappings()]


def _row(row: RowMapping) -> ShipmentRow:
    return ShipmentRow(**{**row, "doc": Shipment.model_validate(row["doc"])})
