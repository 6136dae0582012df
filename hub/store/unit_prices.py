"""What a unit of a SKU at a node was worth in the last batch of a rule set: the price of what is scarce."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, delete, select

from hub.store.tables import unit_price as table
from hub.store.upsert import batches, insert

_TOGETHER = 500


def put(tx: Connection, rule_set: str, worth: Mapping[tuple[str, str], Decimal], until: datetime) -> None:
    """Keep the prices of a batch by (node, SKU) in the place of the rule set's earlier ones."""
    tx.execute(delete(table).where(table.c.rule_set == rule_set))
    rows = [
        {"rule_set": rule_set, "node": node, "sku": sku, "worth": price, "until": until}
        for (node, sku), price in sorted(worth.items())
        if price > 0
    ]
    for batch in batches(rows, _TOGETHER):
        tx.execute(insert(tx, table).values(batch))


def of_skus(tx: Connection, skus: Collection[str], now: datetime) -> Mapping[tuple[str, str], Decimal]:
    """Return the prices in force by (node, SKU); of several rule sets the highest."""
    found: dict[tuple[str, str], Decimal] = {}
    for batch in batches(sorted(set(skus))):
        query = select(table.c.node, table.c.sku, table.c.worth).where(table.c.sku.in_(batch), table.c.until > now)
        for node, sku, worth in tx.execute(query):
            found[node, sku] = max(worth, found.get((node, sku), worth))
    return found
