"""Supplier catalogues: who sells which of our SKUs, at which price."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Text, select, type_coerce

from hub.model.item import CatalogueEntry
from hub.store.tables import catalogue
from hub.store.upsert import batches, insert

_TEXT = type_coerce(catalogue.c.doc, Text)
_KEPT = ("doc", "mapping_hash", "as_of", "updated_at")


@dataclass(frozen=True, slots=True)
class Offer:
    """One entry, and when the partner said so."""

    entry: CatalogueEntry
    as_of: datetime


def get(tx: Connection, partner: str, sku: str) -> CatalogueEntry | None:
    """Return what one partner says of one SKU, or None."""
    return entries(tx, [sku]).get((partner, sku))


def entries(tx: Connection, skus: Collection[str]) -> dict[tuple[str, str], CatalogueEntry]:
    """Return every partner's entry for these SKUs, by (partner, SKU); those no longer offered are not `active`."""
    found: dict[tuple[str, str], CatalogueEntry] = {}
    for batch in batches(sorted(set(skus))):
        query = select(catalogue.c.partner, catalogue.c.sku, _TEXT).where(catalogue.c.sku.in_(batch))
        for partner, sku, text in tx.execute(query):
            found[partner, sku] = _entry(text)
    return found


@lru_cache(maxsize=20_000)
def _entry(text: str) -> CatalogueEntry:
    """Return the entry that was written so; routing asks for the same ones with every handful of orders."""
    return CatalogueEntry.model_validate(json.loads(text))


def page(tx: Connection, partner: str, after: str, size: int) -> dict[str, Offer]:
    """Return a partner's next offers in the order of their SKUs, by SKU."""
    query = select(catalogue.c.sku, catalogue.c.doc, catalogue.c.as_of).where(catalogue.c.partner == partner)
    rows = tx.execute(query.where(catalogue.c.sku > after).order_by(catalogue.c.sku).limit(size))
    return {row.sku: Offer(CatalogueEntry.model_validate(row.doc), row.as_of) for row in rows}


def put(tx: Connection, partner: str, offers: Iterable[Offer], mapping_hash: str, now: datetime) -> int:
    """Store what a partner says, unless it has said something newer; returns how many entries differ from before.

    No SKU may stand among the offers twice.
    """
    changed = 0
    for batch in batches(offers):
        known = _known(tx, partner, [offer.entry.sku for offer in batch])
        rows = []
        for offer in batch:
            doc = offer.entry.model_dump(mode="json", exclude={"as_of"})
            old_doc, old_time = known.get(offer.entry.sku, (None, offer.as_of))
            if offer.as_of < old_time or (doc == old_doc and offer.as_of == old_time):
                continue
            changed += doc != old_doc
            rows.append({"partner": partner, "sku": offer.entry.sku, "doc": doc, "as_of": offer.as_of})
        if rows:
            statement = insert(tx, catalogue).values(mapping_hash=mapping_hash, updated_at=now)
            news = {name: statement.excluded[name] for name in _KEPT}
            tx.execute(statement.on_conflict_do_update(index_elements=["partner", "sku"], set_=news), rows)
    return changed


def _known(tx: Connection, partner: str, skus: Collection[str]) -> Mapping[str, tuple[object, datetime]]:
    query = select(catalogue.c.sku, catalogue.c.doc, catalogue.c.as_of)
    rows = tx.execute(query.where(catalogue.c.partner == partner, catalogue.c.sku.in_(skus)))
    return {row.sku: (row.doc, row.as_of) for row in rows}
