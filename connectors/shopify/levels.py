"""Setting what locations show over GraphQL: 250 figures a call, and only where the shop still shows what we believe.

A figure of ours knows of the shop's orders up to those that were read. What customers take after that is in the shop's
own figure and in none of ours. So nothing is overwritten unseen: each row says what the shop must still show. Where it
shows something else it is read again, and what was sold while we were at it is taken off before the next try.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from connectors.shopify.graphql import GraphQL, Tree
from connectors.shopify.parcel import mappings
from connectors.shopify.queries import ACTIVATE, LEVELS, SET_QUANTITIES
from hub.contract import Rejected, TemporaryFailure
from hub.wire.http import Effect

#: The most rows of one call, and items of one query.
MOST = 250
_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
_NOT_STOCKED = "ITEM_NOT_STOCKED_AT_LOCATION"
_CONCURRENT = "IDEMPOTENCY_CONCURRENT_REQUEST"
_ROUNDS = 12

#: An inventory item and a location of the shop.
Spot = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a spot is to show: our figure, and what we believe that the shop shows (None: nobody knows)."""

    figure: int
    shown: int | None = None
    read: int | None = None  # what the shop showed when we first looked, to know what it sold since

    @property
    def target(self) -> int:
        """The figure less what the shop sold since we first looked; what it took back we hear of in time."""
        sold = max(0, self.read - self.shown) if self.read is not None and self.shown is not None else 0
        return max(0, self.figure - sold)

    def seeing(self, shown: int) -> Wish:
        """Return the wish after another look."""
        return Wish(self.figure, shown, shown if self.read is None else self.read)


class Levels:
    """The inventory levels of one shop; nothing more urgent goes by points, so nothing is left over for it."""

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    def put(self, wishes: Mapping[Spot, Wish], key: str) -> dict[Spot, str]:
        """Set up to `MOST` spots; returns for each that the shop did not take its words.

        The key belongs to the delivery: a call whose reply was lost and that is sent again counts once.
        """
        refused: dict[Spot, str] = {}
        left = self._looked(dict(wishes), [spot for spot, wish in wishes.items() if wish.shown is None], refused, key)
        for _ in range(_ROUNDS):
            left = {spot: wish for spot, wish in left.items() if wish.shown != wish.target}
            if not left:
                return refused
            left = self._round(left, refused, key)
        raise TemporaryFailure(
            f"{len(left)} figures change in the shop faster than they can be set",
            todo="nothing, when it passes",
            code="stock changes",
        )

    def _round(self, wishes: dict[Spot, Wish], refused: dict[Spot, str], key: str) -> dict[Spot, Wish]:
        """Try once; returns what is to be tried again."""
        spots = list(wishes)
        errors = self._set([(spot, wishes[spot]) for spot in spots], key)
        if not errors:
            return {}
        stale: list[Spot] = []
        for row, (code, words) in errors.items():
            if code in _STALE or code == _NOT_STOCKED:
                stale.append(spots[row])
            else:
                refused[spots[row]] = words
                del wishes[spots[row]]
        return self._looked(wishes, stale, refused, key)

    def _looked(
        self, wishes: dict[Spot, Wish], spots: Sequence[Spot], refused: dict[Spot, str], key: str
    ) -> dict[Spot, Wish]:
        """Return the wishes after reading these spots again; what is not stocked there is stocked at once."""
        for location in sorted({location for _, location in spots}):
            items = [item for item, where in spots if where == location]
            shown = self.shown(items, location)
            for item in items:
                spot, now = (item, location), shown.get(item)
                if now is not None:
                    wishes[spot] = wishes[spot].seeing(now)
                    continue
                words = self._stock(spot, wishes.pop(spot), key)
                if words:
                    refused[spot] = words
        return wishes

    def shown(self, items: Sequence[int], location: int) -> dict[int, int]:
        """Return what a location shows as available of these items; without those that it does not stock."""
        variables = {"ids": [f"gid://shopify/InventoryItem/{item}" for item in items], "location": _location(location)}
        found: dict[int, int] = {}
        for node in mappings(self._graphql.ask(LEVELS, variables, Effect.READ, each=len(items)).get("nodes")):
            level = node.get("inventoryLevel")
            rows = mappings(level.get("quantities")) if isinstance(level, dict) else ()
            for row in rows:
                quantity = row.get("quantity")
                if row.get("name") == "available" and isinstance(quantity, int):
                    found[_number(node.get("id"))] = quantity
        return found

    def _set(self, rows: Sequence[tuple[Spot, Wish]], key: str) -> dict[int, tuple[str, str]]:
        """Set these rows, all or none; returns the code and words of each that stands in the way, by its number."""
        quantities = [
            {
                "inventoryItemId": f"gid://shopify/InventoryItem/{item}",
                "locationId": _location(location),
                "quantity": wish.target,
                "changeFromQuantity": wish.shown,
            }
            for (item, location), wish in rows
        ]
        asked: Tree = {"name": "available", "reason": "correction", "quantities": quantities}
        variables = {"input": asked, "key": _key(key, quantities)}
        errors = _errors(self._graphql.ask(SET_QUANTITIES, variables, Effect.REPEATABLE))
        found: dict[int, tuple[str, str]] = {}
        for error in errors:
            code, words = str(error.get("code")), str(error.get("message"))
            if code == _CONCURRENT:
                raise TemporaryFailure(words, todo="nothing, when it passes", code="stock under way")
            row = _row(error.get("field"))
            if row is None or row >= len(rows):
                raise Rejected(f"the shop takes no stock: {words}", todo="correct what it names", code=f"stock {code}")
            found[row] = (code, words)
        return found

    def _stock(self, spot: Spot, wish: Wish, key: str) -> str:
        """Stock an item at a location where it was not; returns the words of a shop that will not, else nothing."""
        item, location = spot
        variables = {
            "item": f"gid://shopify/InventoryItem/{item}",
            "location": _location(location),
            "available": wish.figure,
            "key": _key(key, [item, location, wish.figure]),
        }
        errors = _errors(self._graphql.ask(ACTIVATE, variables, Effect.REPEATABLE))
        return "; ".join(str(error.get("message")) for error in errors)


def _errors(data: Tree) -> tuple[Tree, ...]:
    payload = next(iter(data.values()), None)
    return mappings(payload.get("userErrors")) if isinstance(payload, dict) else ()


def _row(field: object) -> int | None:
    """Return the number of the row that an error is about: `["input", "quantities", "3", "changeFromQuantity"]`."""
    parts: Iterable[object] = field if isinstance(field, list) else ()
    return next((int(str(part)) for part in parts if str(part).isdigit()), None)


def _key(key: str, content: object) -> str:
    """Return an idempotency key: the same for the same content of the same delivery."""
    return str(uuid5(NAMESPACE_URL, f"crossdock:{key}:{json.dumps(content)}"))


def _location(location: int) -> str:
    return f"gid://shopify/Location/{location}"


def _number(gid: object) -> int:
    tail = str(gid).rpartition("/")[2].partition("?")[0]
    return int(tail) if tail.isdigit() else 0
