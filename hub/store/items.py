"""Items: what we sell, by our own SKU."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from hub.model.item import Item
from hub.store.tables import item as item_table
from hub.store.upsert import batches, insert


def get(tx: Connection, sku: str) -> Item | None:
    """Return the item with this SKU, or None."""
    return of_skus(tx, [sku]).get(sku)


def of_skus(tx: Connection, skus: Collection[str]) -> dict[str, Item]:
    """Return the items that are known of these SKUs."""
    found: dict[str, Item] = {}
    for batch in batches(sorted(set(skus))):
        rows = tx.execute(select(item_table.c.sku, item_table.c.doc).where(item_table.c.sku.in_(batch)))
        found.update((row.sku, Item.model_validate(row.doc)) for row in rows)
    return found


def put(tx: Connection, item: Item, now: datetime) -> bool:
    """Store an item as it is now; false when it was stored so already."""
    if get(tx, item.sku) == item:
        return False
    kept = {"doc": item.model_dump(mode="json"), "updated_at": now}
    statement = insert(tx, item_table).values(sku=item.sku, **kept)
    tx.execute(statement.on_conflict_do_update(index_elements=[item_table.c.sku], set_=kept))
    return True


def add_unknown(tx: Connection, items: Iterable[Item], now: datetime) -> int:
    """Store the items whose SKU nobody knows yet, leave the others as they are; returns how many were added."""
    added = 0
    for batch in batches(items, 500):
        rows = [{"sku": each.sku, "doc": each.model_dump(mode="json"), "updated_at": now} for each in batch]
        added += tx.execute(insert(tx, item_table).values(rows).on_conflict_do_nothing()).rowcount
    return added
