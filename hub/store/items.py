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


def learn(tx: Connection, told: Iterable[Item], now: datetime) -> int:
    """Add items whose SKU nobody knows yet, and to known ones what was not known of them; returns how many changed.

    What is known already is never overwritten: somebody's catalogue is not the authority on our items.
    """
    changed = 0
    for batch in batches(sorted(told, key=lambda each: each.sku), 500):  # in one order: nobody waits in a circle
        known = of_skus(tx, [each.sku for each in batch])
        news = [each for each in (_completed(known.get(told.sku), told) for told in batch) if each is not None]
        if news:
            rows = [{"sku": each.sku, "doc": each.model_dump(mode="json"), "updated_at": now} for each in news]
            statement = insert(tx, item_table)
            kept = {"doc": statement.excluded.doc, "updated_at": statement.excluded.updated_at}
            tx.execute(statement.on_conflict_do_update(index_elements=[item_table.c.sku], set_=kept), rows)
        changed += len(news)
    return changed


def _completed(known: Item | None, told: Item) -> Item | None:
    """Return what is to be stored; None when nothing is new."""
    if known is None:
        return told
    gaps = {
        name: getattr(told, name) for name in ("name", "gtin", "weight_g", "dimensions") if not getattr(known, name)
    }
    news = {name: value for name, value in gaps.items() if value}
    return known.changed(**news) if news else None
