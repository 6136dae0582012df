"""Which inventory items of the shop our SKUs are, remembered so that the variants are read once."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from connectors.shopify.bulk import BulkVariants
from connectors.shopify.settings import ShopifySettings
from hub.contract import Context
from hub.log import EventLog

_LOG = EventLog(__name__)
_KEY = "sku_map"


class SkuMap:
    """SKU -> inventory item ids: several where the shop sells one SKU as several variants."""

    def __init__(self, variants: BulkVariants, settings: ShopifySettings, context: Context) -> None:
        self._variants, self._settings, self._context = variants, settings, context
        self._items: dict[str, tuple[int, ...]] = {}
        self._read_at: datetime | None = None

    def find(self, skus: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        """Return the items of those SKUs that the shop knows; for unknown ones the variants are read, not too often."""
        wanted = set(skus)
        if not wanted <= self._items.keys():
            self._recall()
        if not wanted <= self._items.keys() and self._may_read():
            self._read()
        return {sku: self._items[sku] for sku in wanted if sku in self._items}

    def forget(self, sku: str) -> None:
        """Take a SKU out whose item the shop no longer has, so that it is looked for again."""
        if self._items.pop(sku, None) is not None:
            self._remember()

    def _may_read(self) -> bool:
        now, every = self._context.clock.now(), timedelta(minutes=self._settings.sku_minutes)
        return self._read_at is None or now - self._read_at >= every

    def _read(self) -> None:
        """Read all variants, or those changed since the last time."""
        rows, began = self._variants.read(self._read_at)
        found: dict[str, set[int]] = {}
        for row in rows:
            sku, item = str(row.get("sku") or "").strip(), _item(row.get("inventoryItem"))
            if sku and item:
                found.setdefault(sku, set()).add(item)
        several = sorted(sku for sku, items in found.items() if len(items) > 1)
        if several:
            _LOG.warning("shopify_sku_not_unique", skus=several[:20], count=len(several))
        self._items |= {sku: tuple(sorted(items)) for sku, items in found.items()}
        self._read_at = began
        self._remember()
        self._variants.done()

    def _recall(self) -> None:
        """Take over what this connection, perhaps another thread of it, has read before."""
        packed = self._context.recall(_KEY)
        if packed is None:
            return
        tree = json.loads(zlib.decompress(base64.b85decode(packed)))
        self._items = {sku: tuple(items) for sku, items in tree["items"].items()}
        self._read_at = datetime.fromisoformat(tree["at"])

    def _remember(self) -> None:
        at = self._read_at or datetime.fromtimestamp(0, UTC)
        tree = {"at": at.isoformat(), "items": self._items}
        packed = zlib.compress(json.dumps(tree, separators=(",", ":")).encode(), 6)
        self._context.remember(_KEY, base64.b85encode(packed).decode())


def _item(tree: object) -> int:
    """Return the number of an inventory item, 0 when there is none."""
    tail = str(tree.get("id") if isinstance(tree, dict) else "").rpartition("/")[2]
    return int(tail) if tail.isascii() and tail.isdigit() else 0
