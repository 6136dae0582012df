"""A small world for the order journeys: a shop, two suppliers, a warehouse, and a desk to work at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from hub.contract import Receipt, Rejected
from hub.model.document import Kind
from hub.model.item import CatalogueEntry, Item
from hub.model.money import ExchangeRates, Money
from hub.model.node import Hours, Node, NodeCosts, NodeKind
from hub.model.order import OrderLine, SalesOrder
from hub.model.partner import Agreement, Partner, Role
from hub.model.place import Address
from hub.model.purchase import Acknowledgement, AcknowledgementLine, Outcome
from hub.model.shipment import Shipment, ShipmentLine
from hub.model.state import DeliveryState, LineState
from hub.policy.library import checked_policy
from hub.routing.rules import RoutingRules
from hub.services.attention import failures
from hub.services.attention.failure import Failure, Filters
from hub.services.desk import Desk, Source
from hub.services.selling import orders
from hub.services.trade import acknowledgements, shipments
from hub.services.trade.outcomes import DomainOutcomes
from hub.store import allocations, deliveries, events
from hub.store.allocations import Portion
from hub.store.delivery_row import Delivery
from hub.store.engine import Store
from hub.store.tables import catalogue, delivery, item, sales_order, stock
from hub.testing.clock import FakeClock

PLACED = datetime(2026, 11, 20, 6, tzinfo=UTC)


@dataclass
class FakeDirectory:
    """The partners known, as a test wants them."""

    known: dict[str, Partner] = field(default_factory=dict)
    out: dict[tuple[str, Kind], str] = field(default_factory=dict)
    ins: dict[tuple[str, Kind], str] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)

    def partner(self, code: str) -> Partner | None:
        return self.known.get(code)

    def partners(self) -> tuple[Partner, ...]:
        return tuple(self.known.values())

    def nodes(self) -> tuple[Node, ...]:
        return tuple(node for partner in self.known.values() for node in partner.nodes)

    def outbound(self, partner: str, kind: Kind) -> str | None:
        return self.out.get((partner, kind))

    def takers(self, kind: Kind) -> tuple[tuple[Partner, str], ...]:
        return tuple((self.known[code], name) for (code, each), name in sorted(self.out.items()) if each is kind)

    def inbound(self, partner: str, kind: Kind) -> str | None:
        return self.ins.get((partner, kind))

    def locations(self, _channel: str) -> Mapping[str, tuple[str, ...]]:
        return {}

    def location_of(self, channel: str, node: str) -> str | None:
        return self.places.get((channel, node))


class World:
    """What a test does and sees; every act is one transaction, as in the daemon."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self.directory = FakeDirectory()
        rates = ExchangeRates(base="USD", rates={"EUR": Decimal("0.8")})
        self.desk = Desk(store, clock, self.directory, rates, RoutingRules(), "USD")
        self.messages = 0
        self.directory.known["shop"] = Partner(code="shop", role=Role.CHANNEL)
        self.directory.out["shop", Kind.FULFILMENT] = "fulfilments"

    # --- partners and stock ---

    def supplier(self, code: str, kind: NodeKind = NodeKind.SUPPLIER, freight: str = "5", **agreement: Any) -> None:
        """Add a partner with one node of the same code in upper case."""
        currency = agreement.pop("currency", "USD")
        capacity = agreement.pop("capacity_per_day", None)
        node = Node(
            code=code.upper(),
            kind=kind,
            partner=code,
            costs=NodeCosts(freight_base=Decimal(freight)),
            capacity_per_day=capacity,
            pick_up=agreement.pop("pick_up", False),
            hours=agreement.pop("hours", Hours()),
        )
        role = Role.SUPPLIER if kind is NodeKind.SUPPLIER else Role.WAREHOUSE
        self.directory.known[code] = Partner(
            code=code, role=role, currency=currency, nodes=(node,), agreement=Agreement(**agreement)
        )
        sort = Kind.PURCHASE_ORDER if kind is NodeKind.SUPPLIER else Kind.SHIP_ORDER
        self.directory.out[code, sort] = "orders"

    def stocks(self, node: str, sku: str, quantity: int, nets: str = "orders") -> None:
        """Let a node's source say how much it has, now."""
        now = self.clock.now()
        figure = {"on_hand": Decimal(quantity), "as_of": now, "updated_at": now}
        with self.store.write() as tx:
            where = (stock.c.node == node, stock.c.sku == sku)
            if tx.execute(update(stock).where(*where).values(figure)).rowcount:
                return
            constant = {"safety": Decimal(0), "nets": nets, "status": "active", "generation": 1}
            tx.execute(insert(stock).values(node=node, sku=sku, **figure, **constant))

    def sells(self, partner: str, sku: str, price: str, **fields: Any) -> None:
        """Put a SKU into a supplier's catalogue."""
        entry = CatalogueEntry(sku=sku, price=Decimal(price), supplier_sku=f"{partner}-{sku}", **fields)
        with self.store.write() as tx:
            now, doc = self.clock.now(), entry.model_dump(mode="json")
            tx.execute(insert(catalogue).values(partner=partner, sku=sku, doc=doc, as_of=now, updated_at=now))

    def owns(self, sku: str, cost: str = "1", **fields: Any) -> None:
        """Make a SKU one of our own items."""
        made = Item(sku=sku, cost=Money(amount=Decimal(cost), currency="USD"), **fields)
        with self.store.write() as tx:
            tx.execute(insert(item).values(sku=sku, doc=made.model_dump(mode="json"), updated_at=self.clock.now()))

    def source_of(self, code: str, sku: str, quantity: int, price: str = "10", **supplier: Any) -> None:
        """Add a supplier that has and sells this SKU; one that is known already is given the SKU."""
        if code not in self.directory.known:
            self.supplier(code, **supplier)
        self.stocks(code.upper(), sku, quantity)
        self.sells(code, sku, price)

    # --- what comes in ---

    def order(self, number: str = "1001", *, lines: Mapping[str, tuple[str, int]], at: int = 0, **fields: Any) -> bool:
        """Let the shop say an order: line id -> (SKU, quantity), as of `at` minutes after it was placed."""
        return self.says(made_order(number, lines=lines, at=at, **fields))

    def says(self, order: SalesOrder) -> bool:
        with self.store.write() as tx:
            return orders.apply(tx, self.desk, self.source("shop", "orders"), order)

    def answers(self, number: str, *lines: AcknowledgementLine, partner: str = "", **fields: Any) -> bool:
        """Let the partner of a document acknowledge it."""
        document = Acknowledgement(order_number=number, lines=lines, **fields)
        with self.store.write() as tx:
            source = self.source(partner or self.partner_of(number), "acknowledgements")
            return acknowledgements.apply(tx, self.desk, source, document)

    def accepts(self, number: str) -> bool:
        return self.answers(number, outcome=Outcome.ACCEPTED)

    def ships(self, number: str, *lines: ShipmentLine, name: str = "S1", partner: str = "", **fields: Any) -> bool:
        """Let the partner of a document ship."""
        shipment = Shipment(order_number=number, shipment_number=name, lines=lines, **fields)
        with self.store.write() as tx:
            source = self.source(partner or self.partner_of(number), "shipments")
            return shipments.apply(tx, self.desk, source, shipment)

    def source(self, connection: str, document: str) -> Source:
        self.messages += 1
        return Source(connection, document, self.messages)

    # --- what goes out ---

    def deliver(self) -> list[Delivery]:
        """Let everything that waits arrive, as the runner would; returns it."""
        with self.store.write() as tx:
            waiting = sorted(deliveries.search(tx, states={DeliveryState.QUEUED}), key=lambda each: each.id)
            for each in waiting:
                now = self.clock.now()
                deliveries.move(tx, each, DeliveryState.RUNNING, now)
                running = deliveries.get(tx, each.id)
                deliveries.move(tx, running, DeliveryState.SENT, now, {"sent_at": now})
                DomainOutcomes(lambda: self.desk).sent(tx, running, Receipt())
        return waiting

    def in_doubt(self, number: str) -> None:
        """Let a document leave without anybody knowing whether it arrived."""
        with self.store.write() as tx:
            row = next(each for each in deliveries.search(tx, limit=10_000) if each.key == number)
            deliveries.move(tx, row, DeliveryState.RUNNING, self.clock.now())
            running = deliveries.get(tx, row.id)
            until = self.clock.now() + timedelta(hours=24)
            deliveries.move(tx, running, DeliveryState.UNKNOWN, self.clock.now(), {"doubt": True, "answer_by": until})

    def silent_since(self, number: str) -> None:
        """Let the hours pass in which a partner should have answered a document."""
        with self.store.write() as tx:
            tx.execute(update(delivery).where(delivery.c.key == number).values(answer_by=self.clock.now()))
        self.clock.advance(1)

    def refuse(self, number: str, error: str = "refused") -> None:
        """Let a partner refuse a document, so that it parks."""
        with self.store.write() as tx:
            row = next(each for each in deliveries.search(tx, limit=10_000) if each.key == number)
            deliveries.move(tx, row, DeliveryState.RUNNING, self.clock.now())
            running = deliveries.get(tx, row.id)
            why = {"error_class": "Rejected", "code": "422", "error": error, "todo": "read it"}
            deliveries.move(tx, running, DeliveryState.PARKED, self.clock.now(), why)
            DomainOutcomes(lambda: self.desk).parked(tx, running, Rejected(error))

    def rerun_all(self, **how: Any) -> Any:
        """Rerun every failure."""
        ids = [failure.id for failure in self.failures()]
        with self.store.write() as tx:
            return failures.rerun(tx, self.desk, ids, "ann", **how)

    def close(self, failure_id: str, why: str = "spoke to them") -> Any:
        with self.store.write() as tx:
            return failures.close(tx, self.desk, [failure_id], why, "ann")

    # --- what can be seen ---

    def failures(self, **filters: Any) -> list[Failure]:
        return list(self.read(lambda tx: failures.list_failures(tx, self.clock.now(), Filters(**filters))))

    def events(self, number: str = "1001") -> list[str]:
        found = self.read(lambda tx: events.search(tx, subject=self.id_of(number)))
        return [each.name for each in found]

    def made(self, number: str = "1001", **fields: Any) -> SalesOrder:
        return made_order(number, **fields)

    def read(self, look: Callable[[Connection], Any]) -> Any:
        with self.store.read() as tx:
            return look(tx)

    def id_of(self, number: str = "1001") -> str:
        query = select(sales_order.c.id).where(sales_order.c.channel_order == number)
        return str(self.read(lambda tx: tx.execute(query).scalar_one()))

    def status(self, number: str = "1001") -> str:
        query = select(sales_order.c.status).where(sales_order.c.channel_order == number)
        return str(self.read(lambda tx: tx.execute(query).scalar_one()))

    def portions(self, number: str = "1001") -> list[Portion]:
        found: list[Portion] = self.read(lambda tx: allocations.of_order(tx, self.id_of(number)))
        return found

    def where(self, number: str = "1001") -> dict[tuple[str, str], int]:
        """Return (state, node or "") -> quantity of an order."""
        sums: dict[tuple[str, str], int] = {}
        for portion in self.portions(number):
            key = portion.row.state.value, portion.row.node or ""
            sums[key] = sums.get(key, 0) + int(portion.row.quantity)
        return sums

    def outgoing(self, kind: Kind | None = None, *, number: str = "1001") -> list[Delivery]:
        """Return the deliveries of an order, first to last."""
        found = self.read(lambda tx: deliveries.search(tx, order_id=self.id_of(number), kind=kind))
        return sorted(found, key=lambda each: each.id)

    def document(self, node: str, number: str = "1001") -> str:
        """Return the number of the last document of an order at a node."""
        asked = (Kind.PURCHASE_ORDER, Kind.SHIP_ORDER)
        found = [each for each in self.outgoing(number=number) if each.kind in asked and each.doc["node"] == node]
        return found[-1].key

    def partner_of(self, number: str) -> str:
        found = self.read(lambda tx: [each for each in deliveries.search(tx, limit=10_000) if each.key == number])
        return found[0].connection if found else "acme"

    def gone(self, states: Iterable[LineState], number: str = "1001") -> Decimal:
        return sum((each.row.quantity for each in self.portions(number) if each.row.state in states), Decimal(0))


def made_order(number: str = "1001", *, lines: Mapping[str, tuple[str, int]], at: int = 0, **fields: Any) -> SalesOrder:
    """Return an order as a shop would say it."""
    given = {
        "channel": "shop",
        "order_id": number,
        "number": f"#{number}",
        "placed_at": PLACED,
        "updated_at": PLACED + timedelta(minutes=at),
        "currency": "USD",
        "ship_to": Address(country="US", city="Chicago"),
        "lines": tuple(
            OrderLine(line_id=line, sku=sku, quantity=Decimal(quantity)) for line, (sku, quantity) in lines.items()
        ),
    }
    return SalesOrder.model_validate(given | fields)


Rules = Callable[[str], None]


@pytest.fixture
def rules(world: World, tmp_path: Path) -> Rules:
    """Return a function that brings a routing file into force."""

    def put(text: str) -> None:
        path = tmp_path / "routing.toml"
        path.write_text(f"version = 1\n{text}", "utf-8")
        world.desk = replace(world.desk, policy=checked_policy([path], world.desk.rules).policy)

    return put


@pytest.fixture
def world(store: Store, clock: FakeClock) -> World:
    return World(store, clock)


@pytest.fixture
def quick_world(sqlite_store: Store, clock: FakeClock) -> World:
    """The same on SQLite alone, for what no database can change."""
    return World(sqlite_store, clock)
