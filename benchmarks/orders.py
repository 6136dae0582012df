"""Orders a second from the shop's pages to routed, beside a floor: parse the same JSON and commit the same originals.

`python -m benchmarks.orders [COUNT]`. Pages of 250 orders come from the connector's own reader; each order is stored,
mapped, routed over 12 nodes and turned into purchase orders. The floor does `json.loads` of each page, one insert of
each original and one synchronous commit a page.
"""

from __future__ import annotations

import json
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.clock import SystemClock
from hub.contract import Connector, DocumentSpec, Page, Profile, RawItem
from hub.delivery.context import IdleContext
from hub.model.document import Direction, Kind
from hub.model.item import CatalogueEntry
from hub.model.money import ExchangeRates
from hub.model.node import Node, NodeCosts, NodeKind
from hub.model.partner import Partner, Role
from hub.model.place import Coordinates
from hub.model.stock import StockLevel
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk, Source
from hub.services.directory import Entry, PartnerDirectory, find_plugins
from hub.services.intake import ingest
from hub.services.intake.keeping import Inlet
from hub.services.inventory import catalogue, stock
from hub.store import messages, migrate, nodes, runs
from hub.store.engine import Store
from hub.store.runs import Tick

PAGE, SKUS, SUPPLIERS = 250, 400, 12
START = datetime(2026, 11, 1, tzinfo=UTC)


def shop_orders(count: int) -> list[bytes]:
    """Return so many orders as the shop writes them, of 1 to 4 lines."""
    rng = random.Random(1)
    return [json.dumps(_order(number, rng)).encode() for number in range(count)]


def _order(number: int, rng: random.Random) -> dict[str, Any]:
    at = (START + timedelta(seconds=number)).isoformat()
    skus = rng.sample(range(SKUS), rng.choice([1, 1, 1, 2, 2, 3, 4]))
    line = {"requires_shipping": True, "gift_card": False, "price": "19.90", "fulfillment_status": None, "grams": 400}
    return {
        "id": 5_000_000_000 + number,
        "name": f"#{number}",
        "created_at": at,
        "updated_at": at,
        "processed_at": at,
        "currency": "USD",
        "financial_status": "paid",
        "fulfillment_status": None,
        "cancelled_at": None,
        "test": False,
        "total_price": "39.80",
        "tags": "",
        "customer": {"id": number, "first_name": "Ada", "last_name": "Byron", "email": "ada@example.org"},
        "shipping_address": {
            "name": "Ada Byron",
            "address1": "1 Main St",
            "city": "Reno",
            "province_code": "NV",
            "zip": "89501",
            "country_code": "US",
            "latitude": rng.uniform(26, 48),
            "longitude": rng.uniform(-123, -70),
        },
        "shipping_lines": [{"title": "Standard", "code": "standard", "price": "5.00"}],
        "line_items": [
            {
                **line,
                "id": 9_000_000_000 + number * 10 + index,
                "variant_id": 100 + sku,
                "sku": f"SKU-{sku:04d}",
                "title": f"Thing {sku}",
                "quantity": (quantity := rng.choice([1, 1, 1, 2, 3])),
                "current_quantity": quantity,
                "fulfillable_quantity": quantity,
            }
            for index, sku in enumerate(skus)
        ],
    }


def set_up(folder: Path) -> tuple[Desk, Inlet]:
    """Open a store with twelve supplier nodes, their stock and prices, and the shop's connector."""
    store, clock = Store(f"sqlite:///{folder / 'hub.db'}"), SystemClock()
    migrate.upgrade(store)
    plugin = find_plugins()["shopify"]
    settings = plugin.about.settings.model_validate({"shop_url": "http://127.0.0.1:1", "token": "not-a-secret"})
    profile = Profile(Partner(code="shop", role=Role.CHANNEL), settings)
    shop = plugin.open(profile, IdleContext(clock))
    entries = {"shop": Entry(profile, "shopify", shop.documents())}
    out = DocumentSpec("order", Direction.OUT, Kind.PURCHASE_ORDER)
    rng = random.Random(2)
    for number in range(SUPPLIERS):
        node = Node(
            code=f"S{number}",
            kind=NodeKind.SUPPLIER,
            partner=f"s{number}",
            coordinates=Coordinates(latitude=rng.uniform(26, 48), longitude=rng.uniform(-123, -70)),
            costs=NodeCosts(per_order=Decimal(2), freight_base=Decimal(5), freight_per_km=Decimal("0.004")),
        )
        partner = Partner(code=f"s{number}", role=Role.SUPPLIER, nodes=(node,))
        entries[partner.code] = Entry(Profile(partner, settings), "files", (out,))
    desk = Desk(store, clock, PartnerDirectory(entries), ExchangeRates(base="USD"), RoutingRules(), "USD")
    _fill(desk, rng)
    document = next(each for each in shop.documents() if each.kind is Kind.SALES_ORDER)
    return desk, Inlet("shop", shop, document, "")


def _fill(desk: Desk, rng: random.Random) -> None:
    with desk.store.write() as tx:
        for node in desk.directory.nodes():
            nodes.put(tx, node, desk.clock.now())
    for number in range(SUPPLIERS):
        skus = [f"SKU-{sku:04d}" for sku in range(SKUS) if rng.random() < 0.4]
        with desk.store.write() as tx:
            feed = messages.receive(
                tx, connection=f"s{number}", document="f", key=f"{number}", name="", content=b"", now=desk.clock.now()
            )
        source = Source(f"s{number}", "f", feed.id)
        stock.apply_feed(desk, source, iter([StockLevel(sku=sku, quantity=Decimal(10**6)) for sku in skus]))
        prices = (
            CatalogueEntry(sku=sku, price=Decimal(rng.randint(500, 2000)) / 100, weight_g=Decimal(400)) for sku in skus
        )
        catalogue.apply_feed(desk, source, prices)


class Pages:
    """The shop's connector, but its pages come from memory."""

    def __init__(self, real: Connector, orders: list[bytes]) -> None:
        self._orders = orders
        self.parse, self.documents = real.parse, real.documents

    def fetch(self, _document: str, _cursor: str | None) -> Iterator[Page]:
        for start in range(0, len(self._orders), PAGE):
            raw = self._orders[start : start + PAGE]
            yield Page(tuple(RawItem(f"{start + n}", content) for n, content in enumerate(raw)), str(start))


def measure_floor(folder: Path, orders: list[bytes]) -> float:
    with closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE original (key TEXT PRIMARY KEY, content BLOB)")
        started = time.perf_counter()
        for start in range(0, len(orders), PAGE):
            page = b'{"orders":[' + b",".join(orders[start : start + PAGE]) + b"]}"
            json.loads(page)
            database.execute("BEGIN IMMEDIATE")
            rows = [(f"{start + n}", content) for n, content in enumerate(orders[start : start + PAGE])]
            database.executemany("INSERT INTO original VALUES (?, ?)", rows)
            database.execute("COMMIT")
        return len(orders) / (time.perf_counter() - started)


def measure_hub(folder: Path, orders: list[bytes]) -> float:
    desk, inlet = set_up(folder)
    pages: Any = Pages(inlet.connector, orders)
    with desk.store.write() as tx:
        run = runs.start(tx, Tick("bench", "shop", inlet.document.name, desk.clock.now()), desk.clock.now())
    assert run is not None
    started = time.perf_counter()
    counts = ingest.fetch(desk, Inlet("shop", pages, inlet.document, ""), run)
    seconds = time.perf_counter() - started
    assert (counts.read, counts.parked) == (len(orders), 0), counts
    with desk.store.read() as tx:
        routed = tx.exec_driver_sql("SELECT count(DISTINCT order_id) FROM purchase").scalar_one()
    desk.store.close()
    print(f"  {routed} of {len(orders)} orders have purchase orders")
    return len(orders) / seconds


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    orders = shop_orders(count)
    with tempfile.TemporaryDirectory() as name:
        hub = measure_hub(Path(name), orders)
        floor = measure_floor(Path(name), orders)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {hub:,.0f} orders/s from page to routed and written down; floor {floor:,.0f}/s; ratio {hub / floor:.4f}")
    print(f"  peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
