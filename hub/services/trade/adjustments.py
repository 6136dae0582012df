"""Corrections of a count (a 3PL found two more, a pallet was dropped): told to the ERP that keeps our books.

The node's own stock feed says what it has after that; a correction changes no figure here, or it would count twice.
"""

from __future__ import annotations

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.stock import StockAdjustment
from hub.services.desk import Desk, Source
from hub.services.trade import accounts


def apply(tx: Connection, desk: Desk, source: Source, record: StockAdjustment) -> bool:
    """Pass a correction on; true when it was new to anybody."""
    partner = desk.directory.partner(source.connection)
    codes = [node.code for node in partner.nodes] if partner else []
    node = record.location or (codes[0] if len(codes) == 1 else None)
    if node not in codes:
        raise BadRecord(
            f"adjustment {record.number}: location {node or 'unnamed'} is no node of {source.connection}",
            record=f"adjustment {record.number}",
            field="location",
            todo=f"map the location to one of {', '.join(codes) or 'its nodes, of which none is declared'}",
            code="unknown location",
        )
    return accounts.book_adjustment(tx, desk, source.connection, record.changed(location=node), desk.clock.now())
