"""Through the daemon: a shop's order becomes a sales order in NetSuite, and its fulfilment comes back to the shop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.netsuite.connector import PLUGIN
from connectors.netsuite.wsdl import fetch
from hub import composition
from hub.composition import Hub
from hub.config import load_config
from hub.daemon import Daemon
from hub.services.directory import find_plugins
from hub.services.syncing import connections
from sandbox.netsuite.books import Books
from sandbox.netsuite.envelope import Namespaces, child, children, text
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite
from sandbox.netsuite.wsdl import documents
from sandbox.options import Options
from sandbox.world import RunningSandbox, start
from tests.netsuite.trade import fulfilment_of

ENDPOINT = "2025_2"
SCHEDULE = '[[schedule]]\nname = "all"\nevery = "1s"\nselect = { kind = ["sales_order", "stock_level", "shipment"] }\n'


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
        for each in (tmp_path / "mappings").glob("*.toml"):
            if each.name != "shop.toml":
                each.unlink()
        (tmp_path / "mappings" / "erp.toml").write_text(_partner_file(running, tmp_path, node, location), "utf-8")
        source = "https://account.test/wsdl/"
        files = {source + path: content.encode() for path, content in documents(ENDPOINT).items()}
        fetch(files.__getitem__, f"{source}netsuite.wsdl", tmp_path / "wsdl" / ENDPOINT)
        yield running


def _fill(books: Books, skus: list[str]) -> str:
    location = books.add_location("East")
    for sku in skus:
        books.set_level(books.add_item(sku).id, location.id, "500")
    return location.id


def _partner_file(account: RunningNetSuite, folder: Path, node: str, location: str) -> str:
    access = account.access
    for name in ("consumer_key", "consumer_secret", "token", "token_secret"):
        (folder / "secrets" / f"erp_{name}").write_text(getattr(access, name), "utf-8")
    return f"""version = 1
[partner]
code = "erp"
role = "warehouse"
[partner.agreement]
acknowledges = false
[nodes.{node}]
kind = "warehouse"
[connection]
connector = "netsuite"
account = "1234567_SB1"
url = "{account.url}"
wsdl_folder = "{folder / "wsdl"}"
consumer_key = "secret:erp_consumer_key"
consumer_secret = "secret:erp_consumer_secret"
token_id = "secret:erp_token"
token_secret = "secret:erp_token_secret"
documents = ["stock", "ship_orders", "shipments"]
customer = "77"
read_timeout = 2
[connection.locations]
"{location}" = "{node}"
"""


@pytest.fixture
def live(erp: RunningNetSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A daemon that reads both every second, live from the beginning."""
    assert erp.url  # it has written its partner file
    monkeypatch.setattr(composition, "find_plugins", lambda: {**find_plugins(), "netsuite": PLUGIN})
    (tmp_path / "schedules").mkdir()
    (tmp_path / "schedules" / "all.toml").write_text(SCHEDULE, "utf-8")
    config = tmp_path / "crossdock.toml"
    config.write_text("[web]\nport = 0\n[delivery]\nfirst_delay_seconds = 0.2\n", "utf-8")
    hub = Hub(load_config(config))
    daemon = Daemon(hub)
    daemon.start()
    connections.go_live(hub.desk, ["erp", "shop"], datetime(2000, 1, 1, tzinfo=UTC), "test")
    thread = threading.Thread(target=daemon.run)
    thread.start()
    yield
    daemon._stopping.set()
    thread.join()


def wait(holds: Callable[[], object], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.1)


@pytest.mark.journey
@pytest.mark.usefixtures("live")
def test_an_order_goes_to_netsuite_once_and_its_fulfilment_comes_back(
    shop: RunningSandbox, erp: RunningNetSuite
) -> None:
    wait(lambda: erp.ask(lambda service: service.moods.calls["getItemAvailability"]) > 0)
    erp.mood(Mood.LOST_REPLY, for_calls=1)
    (order,) = shop.place(1)
    wait(lambda: erp.ask(lambda service: service.books.of("SalesOrder")))
    wait(lambda: erp.ask(lambda service: service.moods.calls["upsertList"]) == 2)
    (sale,) = erp.ask(lambda service: list(service.books.of("SalesOrder")))
    wanted = {row["sku"]: Decimal(row["quantity"]) for row in shop.audit()["placed"] if row["order"] == order}
    rows = list(children(child(sale.element, "itemList"), "item"))
    assert {text(row, "item", "name"): Decimal(text(row, "quantity")) for row in rows} == wanted
    erp.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(sale, rows), Namespaces(ENDPOINT)))
    wait(lambda: [row for row in shop.audit()["fulfilled"] if row["order"] == order])
    (tracking,) = {row["tracking"] for row in shop.audit()["fulfilled"] if row["order"] == order}
    assert tracking == "1Z999"
    assert len(erp.ask(lambda service: service.books.of("SalesOrder"))) == 1
