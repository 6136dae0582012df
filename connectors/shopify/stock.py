"""Setting stock at a shop: one absolute figure a call, so that it may be repeated."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from connectors.shopify.client import ShopClient
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.skus import SkuMap
from hub.contract import Absent, ConnectorError, Context, Finding, Found, Outbound, Receipt, Rejected
from hub.model.stock import StockPush
from hub.wire.http import Effect

#: How far a push has come is written down after this many rows, and whenever it breaks off.
_NOTED_EVERY = 200
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """What a location is to show of a SKU, in whole units."""

    sku: str
    location: int
    available: int


@dataclass(slots=True)
class _Tally:
    done: int = 0
    unknown: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"{self.done} set"]
        for name, rows in (("unknown in the shop", self.unknown), ("refused", self.refused)):
            if rows:
                more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
                parts.append(f"{len(rows)} {name}: {', '.join(rows[:_NAMED])}{more}")
        return "; ".join(parts)


def write_push(record: StockPush) -> bytes:
    """Return the neutral document of a push: whole units, parts of a unit left off."""
    rows = [{"sku": row.sku, "location": row.location, "available": int(row.quantity)} for row in record.rows]
    return json.dumps({"rows": rows}, ensure_ascii=False, indent=1).encode()


def read_push(content: bytes) -> list[Figure]:
    """Return the figures that `write_push` wrote."""
    return [Figure(row["sku"], int(row["location"]), row["available"]) for row in json.loads(content)["rows"]]


class Stock:
    """The `stock` document of one shop."""

    def __init__(self, client: ShopClient, settings: ShopifySettings, context: Context) -> None:
        self._client, self._context = client, context
        self._skus = SkuMap(client, settings, context)

    def send(self, outbound: Outbound) -> Receipt:
        """Set every figure; one that the shop does not know or refuses is reported and does not stop the others."""
        figures, tally = read_push(outbound.content), _Tally()
        start = int(outbound.note or 0)
        items = self._skus.find(figure.sku for figure in figures[start:])
        for index in range(start, len(figures)):
            try:
                self._set(figures[index], items.get(figures[index].sku, ()), tally)
            except ConnectorError:
                self._context.note(outbound.key, str(index))
                raise
            if (index + 1) % _NOTED_EVERY == 0 or index + 1 == len(figures):
                self._context.note(outbound.key, str(index + 1))
        if tally.refused and not tally.done and not start:
            raise Rejected(f"the shop took none of {len(figures)} figures: {tally}", extract=str(tally), code="stock")
        return Receipt(reply=str(tally), confirmed=True)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether every figure was set; if not, what is absolute may be sent again."""
        through = int(outbound.note or 0) >= len(read_push(outbound.content))
        return Found(Receipt(confirmed=True)) if through else Absent()

    def _set(self, figure: Figure, items: tuple[int, ...], tally: _Tally) -> None:
        if not items:
            tally.unknown.append(figure.sku)
        for item in items:
            body = {"location_id": figure.location, "inventory_item_id": item, "available": figure.available}
            try:
                self._client.post("inventory_levels/set.json", body, Effect.REPEATABLE, urgent=False)
            except Rejected as refusal:
                tally.refused.append(f"{figure.sku} at {figure.location} ({refusal.what})")
                if refusal.code == "http 404":  # the variant is gone, perhaps made anew under another id
                    self._skus.forget(figure.sku)
            else:
                tally.done += 1
