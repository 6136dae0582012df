"""Nodes in force, kept so that decisions of the past can still name theirs; and the places that partners report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from hub.model.node import Node
from hub.store.columns import UtcTime
from hub.store.tables import node as node_table
from hub.store.tables import reported_node
from hub.store.upsert import insert


def put(tx: Connection, node: Node, now: datetime) -> bool:
    """Store a node as it is declared now; false when it was stored so already."""
    if get(tx, node.code) == node:
        return False
    kept = {"partner": node.partner, "kind": node.kind, "active": node.active, "doc": node.model_dump(mode="json")}
    kept["updated_at"] = now
    statement = insert(tx, node_table).values(code=node.code, **kept)
    tx.execute(statement.on_conflict_do_update(index_elements=[node_table.c.code], set_=kept))
    return True


def get(tx: Connection, code: str) -> Node | None:
    """Return the node with this code, or None."""
    doc = tx.execute(select(node_table.c.doc).where(node_table.c.code == code)).scalar_one_or_none()
    return None if doc is None else Node.model_validate(doc)


def every(tx: Connection, partner: str | None = None) -> tuple[Node, ...]:
    """Return all nodes, or those of one partner, by code; those no longer in use too."""
    query = select(node_table.c.doc).order_by(node_table.c.code)
    if partner is not None:
        query = query.where(node_table.c.partner == partner)
    return tuple(Node.model_validate(doc) for doc in tx.execute(query).scalars())


def retire(tx: Connection, partner: str, keep: Iterable[str], now: datetime) -> int:
    """Mark a partner's nodes that its mapping file no longer names as out of use; returns how many."""
    kept = set(keep)
    gone = [node for node in every(tx, partner) if node.active and node.code not in kept]
    for node in gone:
        put(tx, node.changed(active=False), now)
    return len(gone)


# --- what partners report --------------------------------------------------------------------------------------------


def report(tx: Connection, partner: str, node: Node, now: datetime) -> bool:
    """Keep a place as its partner describes it; false when it was kept so already."""
    where = and_(reported_node.c.partner == partner, reported_node.c.code == node.code)
    known = tx.execute(select(reported_node.c.doc).where(where)).scalar_one_or_none()
    if known is not None and Node.model_validate(known) == node:
        return False
    kept = {"doc": node.model_dump(mode="json"), "updated_at": now}
    statement = insert(tx, reported_node).values(partner=partner, code=node.code, **kept)
    tx.execute(statement.on_conflict_do_update(index_elements=["partner", "code"], set_=kept))
    return True


def reported(tx: Connection) -> dict[str, tuple[Node, ...]]:
    """Return the places that partners report, by partner and code."""
    found: dict[str, tuple[Node, ...]] = {}
    query = select(reported_node.c.partner, reported_node.c.doc).order_by(reported_node.c.partner, reported_node.c.code)
    for partner, doc in tx.execute(query):
        found[partner] = (*found.get(partner, ()), Node.model_validate(doc))
    return found


def last_report(tx: Connection) -> datetime | None:
    """Return when a partner last reported anything new of a place; None when none ever did."""
    newest: datetime | None = tx.execute(select(func.max(reported_node.c.updated_at, type_=UtcTime))).scalar_one()
    return newest
