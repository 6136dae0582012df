"""Which inventory items of the shop our SKUs are, remembered so that the products are read once."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from connectors.shopify.client import ShopClient
from connectors.shopify.parcel import mappings
from connectors.shopify.settings import ShopifySettings
from hub.contract import Context
from hub.log import EventLog

_LOG = EventLog(__name__)
_KEY = "sku_map"
#: REST shows at most this many variants with a product; the others are asked for by themselves.
_SHOWN_VARIANTS = 100
#: A refresh goes back a little further than the last one, for products that changed while it ran.
_OVERLAP = timedelta(minutes=10)


class SkuMap:
    """SKU -> inventory item ids: several where the shop sells one SKU as several variants."""

    def __init__(self, client: ShopClient, settings: ShopifySettings, context: Context) -> None:
        self._client, self._settings, self._context = client, settings, context
        self._items: dict[str, tuple[int, ...]] = {}
        self._read_at: datetime | None = None

    def find(self, skus: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        """Return the items of those SKUs that the shop knows; for unknown ones the products are read, not too often."""
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
        """Read all products, or those changed since the last time."""
        began = self._context.clock.now()
        params = {"fields": "id,variants", "limit": str(self._settings.page_size)}
        if self._read_at is not None:
            params["updated_at_min"] = (self._read_at - _OVERLAP).isoformat()
        found: dict[str, set[int]] = {}
        for variant in self._variants(params):
            sku, item = str(variant.get("sku") or "").strip(), variant.get("inventory_item_id")
            if sku and isinstance(item, int):
                found.setdefault(sku, set()).add(item)
        several = sorted(sku for sku, items in found.items() if len(items) > 1)
        if several:
            _LOG.warning("shopify_sku_not_unique", skus=several[:20], count=len(several))
        self._items |= {sku: tuple(sorted(items)) for sku, items in found.items()}
        self._read_at = began
        self._remember()

    def _variants(self, params: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
        for reply in self._client.pages("products.json", params, urgent=False):
            for product in mappings(_field(reply.json(), "products")):
                variants = mappings(product.get("variants"))
                yield from variants if len(variants) < _SHOWN_VARIANTS else self._all_variants(product)

    def _all_variants(self, product: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
        path, params = f"products/{product.get('id')}/variants.json", {"limit": "250"}
        for reply in self._client.pages(path, params, urgent=False):
            yield from mappings(_field(reply.json(), "variants"))

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


def _field(tree: object, name: str) -> object:
    return tree.get(name) if isinstance(tree, dict) else None
