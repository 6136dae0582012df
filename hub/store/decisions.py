"""Decisions: the frozen routing problem and its answer, so that any of them can be explained or decided again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select

from hub.model.decision import Decision
from hub.model.order import SalesOrder
from hub.store.engine import Store
from hub.store.tables import decision as table
from hub.store.tables import sales_order

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Decided:
    """One stored decision: its id, the frozen input, the answer."""

    id: int
    problem: Mapping[str, Any]
    decision: Decision


def keep(tx: Connection, decided: Sequence[tuple[Mapping[str, Any], Decision]]) -> None:
    """Store decisions, each with the problem that it answers."""
    rows = [
        {
            "order_id": decision.order_id,
            "decided_at": decision.decided_at,
            "rules_hash": decision.rules_hash,
            "problem": dict(problem),
            "doc": decision.model_dump(mode="json"),
        }
        for problem, decision in decided
    ]
    if rows:
        tx.execute(insert(table), rows)


def between(store: Store, since: datetime, until: datetime) -> Iterator[tuple[SalesOrder, Decided]]:
    """Yield every decision of a span of time, oldest first, each with its order as the channel has it now.

    Read a page at a time: one long view would let the write-ahead log grow as long as somebody thinks about it.
    """
    at, last = since, 0
    while True:
        with store.read() as tx:
            rows = tx.execute(_page(at, last, until)).all()
        for row in rows:
            decided = Decided(row.id, row.problem, Decision.model_validate(row.doc))
            yield SalesOrder.model_validate(row.order), decided
        if len(rows) < _PAGE:
            return
        at, last = rows[-1].decided_at, rows[-1].id


def _page(at: datetime, last: int, until: datetime) -> Select[Any]:
    """Choose the decisions after this time and, of this very time, those after this id."""
    columns = (table.c.id, table.c.decided_at, table.c.problem, table.c.doc, sales_order.c.doc.label("order"))
    later = or_(table.c.decided_at > at, table.c.id > last)
    return (
        select(*columns)
        .join(sales_order, sales_order.c.id == table.c.order_id)
        .where(table.c.decided_at >= at, table.c.decided_at < until, later)
        .order_by(table.c.decided_at, table.c.id)
        .limit(_PAGE)
    )


def of_order(tx: Connection, order_id: str) -> list[Decided]:
    """Return the decisions of an order, oldest first: the first routing, then each one after a rejection."""
    query = select(table.c.id, table.c.problem, table.c.doc).where(table.c.order_id == order_id).order_by(table.c.id)
    return [Decided(row.id, row.problem, Decision.model_validate(row.doc)) for row in tx.execute(query)]
