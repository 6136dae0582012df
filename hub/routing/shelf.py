"""The offers of one SKU, and what any quantity of it costs where: worked out once, whatever order asks.

What an order alone decides (where its customer lives, what it may not use) is left out, so the orders of a run share a
shelf. A shelf is never changed: when units are promised, another takes its place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import NamedTuple, overload

from hub.model.node import NodeKind
from hub.routing.offer import Offer
from hub.routing.tariff import Tariffs

#: So many price lists are kept for a SKU: orders ask for few different quantities of it.
_MOST_LISTS = 24


class PriceList:
    """What a quantity costs at each node that may send it, in grains by node code and without the parcel.

    `leasts` are what a parcel from each node of the network costs at the least. `least` is the lowest of the costs,
    `parcel` the lowest of these nodes' least parcels.
    """

    __slots__ = ("_ranked", "costs", "least", "leasts", "parcel")

    def __init__(self, costs: dict[str, int], leasts: Mapping[str, int]) -> None:
        self.costs = costs
        self.leasts = leasts
        self.least = min(costs.values(), default=0)
        self.parcel = min(map(leasts.__getitem__, costs), default=0)
        self._ranked: tuple[list[int], list[str]] | None = None

    def ranked(self) -> tuple[list[int], list[str]]:
        """Return each cost with its least parcel, from the cheapest up, and the nodes beside them."""
        if self._ranked is None:
            sums = map(int.__add__, self.costs.values(), map(self.leasts.__getitem__, self.costs))
            lows = dict(zip(self.costs, sums, strict=True))
            codes = sorted(lows, key=lows.__getitem__)
            self._ranked = [lows[code] for code in codes], codes
        return self._ranked

    def up_to(self, low: int) -> list[str]:
        """Return the nodes whose cost with the least parcel is not above this."""
        lows, codes = self.ranked()
        return codes[: bisect_right(lows, low)]

    def without(self, codes: Collection[str]) -> PriceList:
        """Return the list of the other nodes."""
        if self.costs.keys().isdisjoint(codes):
            return self
        return PriceList({code: cost for code, cost in self.costs.items() if code not in codes}, self.leasts)


class _Kept(NamedTuple):
    """A price list with what a node's stock must cover to be on it: a quantity, and what its kind keeps back."""

    prices: PriceList
    nanos: int
    keep_back: Mapping[NodeKind, int]


class Shelf:
    """The offers of one SKU by node, and price lists by whatever they depend on.

    Two offers of one node are refused: its stock would count twice. `tariffs` are those of the network that the price
    lists are made for, `texts` what has been written down of the offers, by node.
    """

    __slots__ = ("_kept", "by_node", "sku", "tariffs", "texts")

    def __init__(self, sku: str, offers: Iterable[Offer], tariffs: Tariffs) -> None:
        self.sku = sku
        self.tariffs = tariffs
        offers = tuple(offers)
        self.by_node = {offer.node: offer for offer in offers}
        self.texts: dict[str, str] = {}
        self._kept: dict[Hashable, _Kept] = {}
        if len(self.by_node) < len(offers):
            twice = next(node for node, count in Counter(offer.node for offer in offers).items() if count > 1)
            raise ValueError(f"{twice} offers {sku} twice; add its stock up first")

    def listed(self, key: Hashable) -> PriceList | None:
        """Return the price list kept under the key."""
        found = self._kept.get(key)
        return None if found is None else found.prices

    def keep(self, key: Hashable, prices: PriceList, nanos: int, keep_back: Mapping[NodeKind, int]) -> PriceList:
        """Keep a price list for so many nano-units for later orders; returns it."""
        if len(self._kept) >= _MOST_LISTS:
            self._kept.clear()
        self._kept[key] = _Kept(prices, nanos, keep_back)
        return prices

    def given(self, node: str, quantity: Decimal) -> Shelf:
        """Return the shelf after one node has promised a quantity; its price lists go on where the stock allows.

        A quantity below zero comes back; then the price lists are made anew.
        """
        before = self.by_node[node]
        after = replace(before, available=max(Decimal(0), before.available - quantity))
        shelf = Shelf(self.sku, (), self.tariffs)
        shelf.by_node = self.by_node | {node: after}
        shelf.texts = {code: text for code, text in self.texts.items() if code != node}
        if quantity < 0:
            return shelf
        kind = self.tariffs[node].kind
        for key, kept in self._kept.items():
            enough = after.stock - kept.keep_back.get(kind, 0) >= kept.nanos
            shelf._kept[key] = kept if enough else kept._replace(prices=kept.prices.without({node}))
        return shelf


class Shelves(Sequence[Offer]):
    """The offers of several SKUs, shelf by shelf."""

    __slots__ = ("by_sku",)

    def __init__(self, shelves: Iterable[Shelf]) -> None:
        self.by_sku: Mapping[str, Shelf] = {shelf.sku: shelf for shelf in shelves}

    @classmethod
    def of(cls, offers: Iterable[Offer], nodes: Collection[str], tariffs: Tariffs) -> Shelves:
        """Return the offers of these nodes on shelves; raises ValueError when a node offers a SKU twice."""
        found: dict[str, list[Offer]] = defaultdict(list)
        for offer in offers:
            if offer.node in nodes:
                found[offer.sku].append(offer)
        return cls(Shelf(sku, each, tariffs) for sku, each in found.items())

    def fits(self, nodes: Collection[str], tariffs: Tariffs) -> bool:
        """Tell whether every offer is of one of these nodes, and every price list of these tariffs."""
        return all(
            shelf.tariffs is tariffs and all(map(nodes.__contains__, shelf.by_node)) for shelf in self.by_sku.values()
        )

    def __iter__(self) -> Iterator[Offer]:
        return chain.from_iterable(shelf.by_node.values() for shelf in self.by_sku.values())

    def __len__(self) -> int:
        return sum(len(shelf.by_node) for shelf in self.by_sku.values())

    @overload
    def __getitem__(self, index: int) -> Offer: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Offer]: ...
    def __getitem__(self, index: int | slice) -> Offer | Sequence[Offer]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self.by_sku))
