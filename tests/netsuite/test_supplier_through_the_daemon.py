"""Through the daemon: a supplier that runs NetSuite itself gets our purchase order as its sale, and ships it.

Its availability is what routing may promise; what it fulfils is told to the shop, under our own numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.composition import Hub
from hub.services.inventory import fresh
from hub.store.tables import delivery
from sandbox.netsuite.books import Book, Books, lines
from sandbox.netsuite.envelope import Namespaces, child, text
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite
from sandbox.options import Options
from sandbox.world import RunningSandbox, start
from tests.netsuite.folder import ENDPOINT, add_partner, only_the_shop_and, reading_every_second
from tests.netsuite.test_books_through_the_daemon import has_stock
from tests.netsuite.trade import fulfilment_of
from tests.waiting import wait_until

READ = ["sales_order", "stock_level", "catalogue_entry", "shipment"]
ABOUT = """code = "maker"
role = "supplier"
currency = "USD"
[nodes.WORKS]
kind = "supplier"
"""
CONNECTION = """documents = ["items", "stock", "supplier_orders", "shipments"]
customer = "77"
[connection.locations]
"{location}" = "WORKS"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, Options(orders=0, suppliers=1, items=6)) as running:
        yield running


@pytest.fixture
def maker(shop: RunningSandbox, tmp_path: Path) -> Iterator[RunningNetSuite]:
    """The only one who has anything: a supplier with its own account, under its own names for two goods."""
    only_the_shop_and(tmp_path)
    with RunningNetSuite() as running:
        skus = sorted(sku for sku, variant in shop._site.shop.variants.items() if variant.item.ships)[:2]
        location = running.ask(lambda service: _fill(service.books, skus))
        add_partner(running, tmp_path, ABOUT, CONNECTION.format(location=location))
        yield running


def _fill(books: Books, skus: list[str]) -> str:
    location = books.add_location("Works")
    for sku in skus:
        books.set_level(books.add_item(sku, "4.00").id, location.id, "40")
    return location.id


@pytest.fixture
def live(maker: RunningNetSuite, tmp_path: Path) -> Iterator[Hub]:
    assert maker.url  # it has written its partner file
    with reading_every_second(tmp_path, READ) as hub:
        yield hub


def sales(maker: RunningNetSuite) -> list[Book]:
    return maker.ask(lambda service: list(service.books.of("SalesOrder")))


@pytest.mark.journey
@pytest.mark.timeout(600)
def test_our_purchase_order_is_its_sale_and_its_fulfilment_our_shipment(
    shop: RunningSandbox, maker: RunningNetSuite, live: Hub
) -> None:
    first, second = sorted(item.name for item in maker.ask(lambda service: list(service.books.items.values())))
    wait_until(lambda: has_stock(live, {first, second}), 120)
    maker.mood(Mood.LOST_REPLY, for_calls=1)
    order = shop.place_lines({first: 3, second: 1})
    wait_until(lambda: sales(maker), 120)
    (sale,) = sales(maker)
    with live.store.read() as tx:
        wanted = select(delivery.c.key, delivery.c.order_id).where(delivery.c.kind == "purchase_order")
        ((number, _),) = tx.execute(wanted).all()
    assert (text(sale.element, "otherRefNum"), sale.external_id) == (number, f"crossdock:{number}")
    assert child(sale.element, "entity").get("internalId") == "77"
    assert {text(row, "item", "name"): Decimal(text(row, "quantity")) for row in lines(sale)} == {first: 3, second: 1}
    assert {Decimal(text(row, "rate")) for row in lines(sale)} == {Decimal(4)}

    (row,) = [row for row in lines(sale) if text(row, "item", "name") == first]
    maker.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(sale, [row]), Namespaces(ENDPOINT)))
    wait_until(lambda: told(shop, order), 120)
    assert told(shop, order) == {(first, Decimal(3), "1Z999")}
    maker.ask(lambda service: count(service.books, first, "5"))
    wait_until(lambda: available(live, first) == 5, 120)
    assert len(sales(maker)) == 1


def count(books: Books, sku: str, on_hand: str) -> None:
    """Let the supplier count again what it has of a thing."""
    item = next(item.id for item in books.items.values() if item.name == sku)
    (location,) = books.locations
    books.set_level(item, location, on_hand)


def available(hub: Hub, sku: str) -> Decimal | None:
    with hub.store.read() as tx:
        return fresh.promised(tx, hub.desk, {sku}, hub.clock.now()).available.get(("WORKS", sku))


def told(shop: RunningSandbox, order: str) -> set[tuple[str, Decimal, str]]:
    """What the shop knows to have left: SKU, quantity and tracking number."""
    seen = shop.audit()
    skus = {row["line"]: row["sku"] for row in seen["placed"] if row["order"] == order}
    rows = [row for row in seen["fulfilled"] if row["order"] == order]
    return {(skus[row["line"]], Decimal(row["quantity"]), row["tracking"]) for row in rows}
