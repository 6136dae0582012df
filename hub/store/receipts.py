"""What nodes expect to receive, by SKU and day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, select

from hub.store.tables import expected_receipt as table
from hub.store.upsert import batches, insert

_KEY = ("node", "sku", "expected_at", "reference")
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Receipt:
    """One expected receipt: so many of a SKU for a node on a day, and which feed said so last."""

    node: str
    sku: str
    expected_at: datetime
    reference: str
    quantity: Decimal
    certainty: str
    as_of: datetime
    generation: int

    @property
    def key(self) -> tuple[str, str, datetime, str]:
        """What it is about."""
        return self.node, self.sku, self.expected_at, self.reference


def put(tx: Connection, receipts: Sequence[Receipt]) -> int:
    """Store what is not older than what is there; returns how many. No key may come twice; zero is stored as zero."""
    changed = 0
    for batch in batches(sorted(receipts, key=lambda each: each.key), _TOGETHER):
        rows = [{name: getattr(each, name) for name in Receipt.__slots__} for each in batch]
        statement = insert(tx, table).values(rows)
        news = {name: statement.excluded[name] for name in Receipt.__slots__ if name not in _KEY}
        newer = statement.excluded.as_of >= table.c.as_of
        upsert = statement.on_conflict_do_update(index_elements=_KEY, set_=news, where=newer)
        changed += len(tx.execute(upsert.returning(table.c.sku)).all())
    return changed


def forget(tx: Connection, nodes: Collection[str], generation: int, as_of: datetime) -> int:
    """Forget what these nodes expected by an older feed, and nothing that was said later; returns how many."""
    older = (table.c.generation < generation) & (table.c.as_of <= as_of)
    return int(tx.execute(delete(table).where(table.c.node.in_(nodes), older)).rowcount)


def expire(tx: Connection, before: datetime) -> int:
    """Forget what was expected before this moment; returns how many."""
    return int(tx.execute(delete(table).where(table.c.expected_at < before)).rowcount)


def expected(tx: Connection, skus: Collection[str]) -> list[Receipt]:
    """Return what is expected of these SKUs, by day; what was said to be none is left out."""
    found: list[Receipt] = []
    for batch in batches(sorted(set(skus))):
        rows = tx.execute(select(table).where(table.c.sku.in_(batch), table.c.quantity != Decimal(0))).mappings()
        found += [Receipt(**row) for row in rows]
    return sorted(found, key=lambda each: (each.sku, each.expected_at, each.node, each.reference))
