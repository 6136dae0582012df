"""Setting stock at a shop: over GraphQL many rows a call and compared first, over REST one absolute figure a call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.shopify.bulk import BulkVariants
from connectors.shopify.client import ShopClient
from connectors.shopify.graphql import GraphQL
from connectors.shopify.levels import MOST, Levels, Spot, Wish
from connectors.shopify.places import Places
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
    was: int | None = None

    @property
    def wish(self) -> Wish:
        """What is to be set; a figure that was told before and may never have arrived is looked up first."""
        return Wish(self.available, None if self.was == self.available else self.was)


@dataclass(slots=True)
class _Tally:
    done: int = 0
    unknown: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    untaken: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        parts = [f"{self.done} set"]
        for name, rows in (("unknown in the shop", self.unknown), ("refused", self.refused)):
            if rows:
                more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
                parts.append(f"{len(rows)} {name}: {', '.join(rows[:_NAMED])}{more}")
        return "; ".join(parts)


def write_push(record: StockPush) -> bytes:
    """Return the neutral document of a push: whole units, parts of a unit left off."""
    rows = [
        {"sku": row.sku, "location": row.location, "available": int(row.quantity)}
        | ({} if row.was is None else {"was": int(row.was)})
        for row in record.rows
    ]
    return json.dumps({"rows": rows}, ensure_ascii=False, indent=1).encode()


def read_push(content: bytes) -> list[Figure]:
    """Return the figures that `write_push` wrote."""
    rows = json.loads(content)["rows"]
    return [Figure(row["sku"], int(row["location"]), row["available"], row.get("was")) for row in rows]


class Stock:
    """The `stock` document of one shop."""

    def __init__(self, client: ShopClient, graphql: GraphQL, settings: ShopifySettings, context: Context) -> None:
        self._client, self._context = client, context
        self._skus = SkuMap(BulkVariants(client, graphql, context), settings, context)
        self._places = Places(client, settings, context)
        self._levels = Levels(graphql) if settings.compares else None

    def send(self, outbound: Outbound) -> Receipt:
        """Set every figure; one that the shop does not know or refuses is reported and does not stop the others."""
        figures, tally = read_push(outbound.content), _Tally()
        start, tally.untaken = _read_note(outbound.note)
        self._places.require_mapped()
        items = self._skus.find(figure.sku for figure in figures[start:])
        size = 1 if self._levels is None else MOST
        for first in range(start, len(figures), size):
            rows = range(first, min(first + size, len(figures)))
            try:
                self._set_rows(figures, rows, items, tally, outbound.key)
            except ConnectorError:
                self._context.note(outbound.key, _write_note(first, tally.untaken))
                raise
            if rows.stop % _NOTED_EVERY == 0 or size > 1 or rows.stop == len(figures):
                self._context.note(outbound.key, _write_note(rows.stop, tally.untaken))
        if tally.refused and not tally.done and not start:
            raise Rejected(f"the shop took none of {len(figures)} figures: {tally}", extract=str(tally), code="stock")
        return Receipt(reply=str(tally), confirmed=True, untaken=_places(figures, tally.untaken))

    def find(self, outbound: Outbound) -> Finding:
        """Say whether every figure was set; if not, what is absolute may be sent again."""
        figures, (through, untaken) = read_push(outbound.content), _read_note(outbound.note)
        if through < len(figures):
            return Absent()
        return Found(Receipt(confirmed=True, untaken=_places(figures, untaken)))

    def _set_rows(
        self, figures: list[Figure], rows: range, items: Mapping[str, tuple[int, ...]], tally: _Tally, key: str
    ) -> None:
        """Set these rows, and count what became of each."""
        if self._levels is not None:
            self._compare_and_set(self._levels, figures, rows, items, tally, key)
            return
        for row in rows:
            if not self._set(figures[row], items.get(figures[row].sku, ()), tally):
                tally.untaken.add(row)

    def _compare_and_set(
        self,
        levels: Levels,
        figures: list[Figure],
        rows: range,
        items: Mapping[str, tuple[int, ...]],
        tally: _Tally,
        key: str,
    ) -> None:
        spots: dict[Spot, int] = {}  # two rows for one spot: the later counts
        for row in rows:
            known = items.get(figures[row].sku, ())
            spots |= {(item, figures[row].location): row for item in known}
            if not known:
                tally.unknown.append(figures[row].sku)
                tally.untaken.add(row)
        for first in range(0, len(spots), MOST):
            wishes = {spot: figures[spots[spot]].wish for spot in list(spots)[first : first + MOST]}
            refused = levels.put(wishes, key)
            tally.done += len(wishes) - len(refused)
            for spot, words in refused.items():
                figure = figures[spots[spot]]
                tally.refused.append(f"{figure.sku} at {figure.location} ({words})")
                tally.untaken.add(spots[spot])
                self._skus.forget(figure.sku)  # the variant may be gone, perhaps made anew under another id

    def _set(self, figure: Figure, items: tuple[int, ...], tally: _Tally) -> bool:
        """Set one figure for all items of its SKU; returns whether the shop took it."""
        refused = len(tally.refused)
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
        return bool(items) and len(tally.refused) == refused


def _write_note(through: int, untaken: set[int]) -> str:
    """Return how far a push has come, and which of its rows so far were not taken: `7` or `7 2,5`."""
    return f"{through} {','.join(map(str, sorted(untaken)))}".rstrip()


def _read_note(note: str | None) -> tuple[int, set[int]]:
    through, _, untaken = (note or "0").partition(" ")
    return int(through), {int(each) for each in untaken.split(",") if each}


def _places(figures: list[Figure], rows: set[int]) -> tuple[tuple[str, str], ...]:
    return tuple((str(figures[row].location), figures[row].sku) for row in sorted(rows))
