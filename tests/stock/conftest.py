"""A desk with one supplier, one partner with two nodes, and a shop; everything of it can be replaced in a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from hub.contract import BadRecord, Mode
from hub.model.base import Record
from hub.model.document import Kind
from hub.model.money import ExchangeRates
from hub.model.node import Node, NodeKind
from hub.model.partner import Agreement, Partner, Role
from hub.model.stock import StockLevel
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk, Source
from hub.services.inventory import stock
from hub.services.inventory.feed import FeedResult
from hub.store import messages
from hub.store.engine import Store
from hub.store.stock import StockRow, levels
from hub.store.tables import feed
from hub.testing.clock import FakeClock


def node(code: str, partner: str, kind: NodeKind = NodeKind.SUPPLIER, **more: object) -> Node:
    return Node(code=code, partner=partner, kind=kind, **more)


ACME = Partner(code="acme", role=Role.SUPPLIER, nodes=(node("ACME", "acme"),))
OWN = Partner(
    code="own",
    role=Role.WAREHOUSE,
    nodes=(node("EAST", "own", NodeKind.WAREHOUSE), node("WEST", "own", NodeKind.WAREHOUSE)),
)
SHOP = Partner(code="shop", role=Role.CHANNEL)


@dataclass
class FakeDirectory:
    """The partners of a test."""

    known: dict[str, Partner] = field(default_factory=lambda: {each.code: each for each in (ACME, OWN, SHOP)})
    shown: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"loc-1": ("EAST", "WEST"), "loc-2": ("ACME",)})
    outbound_name: str | None = "stock"

    def partner(self, code: str) -> Partner | None:
        return self.known.get(code)

    def partners(self) -> tuple[Partner, ...]:
        return tuple(self.known.values())

    def nodes(self) -> tuple[Node, ...]:
        return tuple(each for partner in self.known.values() for each in partner.nodes)

    def outbound(self, partner: str, kind: Kind) -> str | None:
        return self.outbound_name if (partner, kind) == ("shop", Kind.STOCK_PUSH) else None

    def takers(self, kind: Kind) -> tuple[tuple[Partner, str], ...]:
        found = ((each, self.outbound(each.code, kind)) for each in self.partners())
        return tuple((each, name) for each, name in found if name)

    def inbound(self, _partner: str, _kind: Kind) -> str | None:
        return None

    def locations(self, channel: str) -> Mapping[str, tuple[str, ...]]:
        return self.shown if channel == "shop" else {}

    def location_of(self, channel: str, node: str) -> str | None:
        return next((place for place, nodes in self.locations(channel).items() if node in nodes), None)

    def agree(self, partner: str, **agreement: object) -> None:
        self.known[partner] = self.known[partner].changed(agreement=Agreement(**agreement))


@pytest.fixture
def directory() -> FakeDirectory:
    return FakeDirectory()


@pytest.fixture
def desk(store: Store, clock: FakeClock, directory: FakeDirectory) -> Desk:
    return Desk(store, clock, directory, ExchangeRates(base="USD"), RoutingRules(), "USD")


@dataclass
class Feeding:
    """Applies documents of one partner, one after the other, and looks at what came of them."""

    desk: Desk
    connection: str = "acme"
    mode: Mode = Mode.SNAPSHOT
    count: int = 0

    def source(self, at: datetime | None = None) -> Source:
        """A new message, as ingest hands it on."""
        self.count += 1
        with self.desk.store.write() as tx:
            received = messages.receive(
                tx,
                connection=self.connection,
                document="stock",
                key=f"{self.connection} {self.count}",
                name="inventory.csv",
                content=f"{self.connection} {self.count}".encode(),
                now=self.desk.clock.now(),
            )
        return Source(self.connection, "stock", received.id, "hash", self.mode, at)

    def of(self, connection: str, mode: Mode = Mode.SNAPSHOT) -> Feeding:
        """The same for another partner."""
        return replace(self, connection=connection, mode=mode)

    def apply(self, *records: Record | BadRecord, at: datetime | None = None) -> FeedResult:
        """Apply a document of these records, as ingest does."""
        return stock.apply_feed(self.desk, self.source(at), iter(records))

    @staticmethod
    def figure(sku: str, quantity: int | str, location: str | None = None, **more: object) -> StockLevel:
        return StockLevel(sku=sku, quantity=Decimal(quantity), location=location, **more)

    @staticmethod
    def bad(record: str = "row 7", **known: str) -> BadRecord:
        return BadRecord("no number", record=record, field="quantity", known=known)

    def row(self, sku: str, node: str = "ACME") -> StockRow:
        """The row of one SKU."""
        with self.desk.store.read() as tx:
            return levels(tx, [sku])[node, sku]

    def feeds(self) -> list[tuple[str, int, int, int]]:
        """State, rows, changed and parked of each feed so far."""
        columns = (feed.c.state, feed.c.rows, feed.c.changed, feed.c.parked)
        with self.desk.store.read() as tx:
            return [tuple(row) for row in tx.execute(select(*columns).order_by(feed.c.id))]

    def on_hand(self, node: str = "ACME") -> dict[str, Decimal]:
        """What the node has, by SKU; of the few SKUs that these tests use."""
        skus = list("ABCDEFXYZ") + [f"S{number}" for number in range(40)]
        with self.desk.store.read() as tx:
            return {sku: row.on_hand for (where, sku), row in levels(tx, skus).items() if where == node}


@pytest.fixture
def feeding(desk: Desk) -> Feeding:
    return Feeding(desk)
