"""What a channel is to show of each SKU at each of its locations, by what our nodes may promise."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from sqlalchemy import Connection

from hub.model.number import plain
from hub.services.desk import Desk
from hub.services.inventory import fresh
from hub.store.published import Place

_NOTHING = Decimal(0)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Shown:
    """A channel's locations, and for each of our nodes those that show its stock."""

    desk: Desk
    locations: frozenset[str]
    of_node: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, desk: Desk, channel: str) -> Shown:
        """Return what the channel shows by the mapping files in force; a node out of use shows nothing."""
        declared = desk.directory.locations(channel)
        used = {node.code for node in desk.directory.nodes() if node.active}
        of_node: dict[str, list[str]] = defaultdict(list)
        for location in sorted(declared):
            for node in declared[location]:
                if node in used:
                    of_node[node].append(location)
        return cls(desk, frozenset(declared), {node: tuple(places) for node, places in of_node.items()})

    @property
    def fingerprint(self) -> str:
        """Return a text that differs when anything of it does."""
        buffers = [[each.code, plain(each.buffer)] for each in self.desk.directory.nodes() if each.buffer]
        told = json.dumps([sorted(self.locations), sorted(self.of_node.items()), *([buffers] if buffers else [])])
        return hashlib.sha256(told.encode()).hexdigest()

    def figures(self, tx: Connection, skus: Collection[str], now: datetime) -> dict[Place, Decimal]:
        """Return the figure of each SKU at each location where a node knows it; whole units, node by node."""
        sums: dict[Place, Decimal] = defaultdict(Decimal)
        for (node, sku), promised in fresh.promised(tx, self.desk, skus, now).available.items():
            for location in self.of_node.get(node, ()):
                sums[sku, location] += promised.quantize(_ONE, ROUND_FLOOR)
        return sums

    def differences(
        self, tx: Connection, skus: Collection[str], told: Mapping[Place, Decimal], now: datetime
    ) -> dict[Place, Decimal]:
        """Return the figures that are not what the channel was told; zero where no node knows the SKU any more."""
        wanted = {place: _NOTHING for place in told if place[1] in self.locations} | self.figures(tx, skus, now)
        return {place: figure for place, figure in wanted.items() if told.get(place) != figure}
