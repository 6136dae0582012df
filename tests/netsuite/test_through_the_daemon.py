"""Through the daemon: a shop's order becomes a sales order in NetSuite, and its fulfilment comes back to the shop."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.netsuite.books import Books
from sandbox.netsuite.envelope import Namespaces, child, children, text
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite
from sandbox.options import Options
from sandbox.world import RunningSandbox, start
from tests.netsuite.folder import ENDPOINT, add_partner, only_the_shop_and, reading_every_second
from tests.netsuite.trade import fulfilment_of
from tests.waiting import wait_until

READ = ["sales_order", "stock_level", "shipment"]
ABOUT = """code = "erp"
role = "warehouse"
[nodes.{node}]
kind = "warehouse"
"""
CONNECTION = """documents = ["stock", "ship_orders", "shipments"]
customer = "77"
[connection.locations]
"{location}" = "{node}"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start(tmp_path, Options(orders=0, suppliers=1, items=6)) as running:
        yield running


@pytest.fixture
def erp(shop: RunningSandbox, tmp_path: Path) -> Iterator[RunningNetSuite]:
    """The merchant's NetSuite in the place of the sandbox's own warehouse, with stock of everything."""
    node = next(firm.node for firm in shop._site.world.firms if firm.kind.value == "warehouse")
    with RunningNetSuite() as running:
        skus = [sku for sku, variant in shop._site.shop.variants.items() if variant.item.ships]
        location = running.ask(lambda service: _fill(service.books, skus))
        only_the_shop_and(tmp_path)
        add_partner(running, tmp_path, ABOUT.format(node=node), CONNECTION.format(location=location, node=node))
        yield running


def _fill(books: Books, skus: list[str]) -> str:
    location = books.add_location("East")
    for sku in skus:
        books.set_level(books.add_item(sku).id, location.id, "500")
    return location.id


@pytest.fixture
def live(erp: RunningNetSuite, tmp_path: Path) -> Iterator[None]:
    assert erp.url  # it has written its partner file
    with reading_every_second(tmp_path, READ):
        yield


@pytest.mark.journey
@pytest.mark.usefixtures("live")
def test_an_order_goes_to_netsuite_once_and_its_fulfilment_comes_back(
    shop: RunningSandbox, erp: RunningNetSuite
) -> None:
    wait_until(lambda: erp.ask(lambda service: service.moods.calls["getItemAvailability"]) > 0)
    erp.mood(Mood.LOST_REPLY, for_calls=1)
    (order,) = shop.place(1)
    wait_until(lambda: erp.ask(lambda service: service.books.of("SalesOrder")))
    wait_until(lambda: erp.ask(lambda service: service.moods.calls["upsertList"]) == 2)
    (sale,) = erp.ask(lambda service: list(service.books.of("SalesOrder")))
    wanted = {row["sku"]: Decimal(row["quantity"]) for row in shop.audit()["placed"] if row["order"] == order}
    rows = list(children(child(sale.element, "itemList"), "item"))
    assert {text(row, "item", "name"): Decimal(text(row, "quantity")) for row in rows} == wanted
    erp.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(sale, rows), Namespaces(ENDPOINT)))
    wait_until(lambda: [row for row in shop.audit()["fulfilled"] if row["order"] == order])
    (tracking,) = {row["tracking"] for row in shop.audit()["fulfilled"] if row["order"] == order}
    assert tracking == "1Z999"
    assert len(erp.ask(lambda service: service.books.of("SalesOrder"))) == 1
