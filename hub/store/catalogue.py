"""Supplier catalogues: who sells which of our SKUs, at which price."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from hub.model.item import CatalogueEntry
from hub.store.tables import catalogue
from hub.store.upsert import batches


def get(tx: Connection, partner: str, sku: str) -> CatalogueEntry | None:
    """Return what one partner says of one SKU, or None."""
    return entries(tx, [sku]).get((partner, sku))


def entries(tx: Connection, skus: Collection[str]) -> dict[tuple[str, str], CatalogueEntry]:
    """Return every partner's entry for these SKUs, by (partner, SKU); those no longer offered are not `active`."""
    found: dict[tuple[str, str], CatalogueEntry] = {}
    for batch in batches(sorted(set(skus))):
        query = select(catalogue.c.partner, catalogue.c.sku, catalogue.c.doc).where(catalogue.c.sku.in_(batch))
        for row in tx.execute(query):
            found[row.partner, row.sku] = CatalogueEntry.model_validate(row.doc)
    return found
