"""Through the daemon: NetSuite has the stock, the vendors and the books, a supplier by SFTP ships a part.

An order of the shop becomes one sales order with who ships what, the buyer as a customer, and its charges; the part
that a supplier ships is ordered, received, fulfilled and billed there, the part that a vendor of NetSuite's ships is
ordered by NetSuite itself, and what leaves NetSuite's own locations is told to the shop.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from hub.clock import SystemClock
from hub.composition import Hub
from hub.services.inventory import fresh
from hub.store.tables import delivery
from sandbox.netsuite.books import Book, lines
from sandbox.netsuite.envelope import Element, Namespaces, child, text
from sandbox.netsuite.moods import Mood
from sandbox.netsuite.service import RunningNetSuite, Service
from sandbox.options import Options
from sandbox.world import RunningSandbox, plan_world
from tests.netsuite.folder import ENDPOINT, add_partner, reading_every_second
from tests.netsuite.trade import fulfilment_of
from tests.waiting import wait_until

SPACES = Namespaces(ENDPOINT)
READ = ["node", "sales_order", "stock_level", "catalogue_entry", "acknowledgement", "shipment", "invoice"]
DOCUMENTS = [
    *("locations", "vendors", "stock", "items", "drop_ship_orders", "shipments", "ship_orders", "sales_orders"),
    *("purchase_orders", "receipts", "fulfilments", "bills"),
]
ABOUT = """code = "erp"
role = "warehouse"
[nodes.{node}]
kind = "warehouse"
"""
CONNECTION = f"""documents = {DOCUMENTS}
customer = "77"
customers = "email"
vendor_stock = "40"
drop_ship_location = "{{account.west}}"
[connection.charge_items]
payment = "{{account.payment}}"
[connection.locations]
"{{account.east}}" = "{{node}}"
"""


@dataclass(frozen=True)
class Account:
    """Where things are in the account of the test, by internal id; `skus` by who has them."""

    east: str
    west: str
    vendor: str
    supplier: str
    payment: str
    skus: dict[str, str]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RunningSandbox]:
    options = Options(orders=0, suppliers=1, items=6)
    options = replace(options, behaviour=replace(options.behaviour, reject=0, reduce=0, short=0, two_parcels=0))
    world = plan_world(options)
    world = replace(world, firms=tuple(replace(firm, invoices=True, offers=firm.offers[:1]) for firm in world.firms))
    with RunningSandbox(tmp_path, options, world, SystemClock()) as running:
        yield running


@pytest.fixture
def erp() -> Iterator[RunningNetSuite]:
    with RunningNetSuite() as running:
        yield running


@pytest.fixture
def account(shop: RunningSandbox, erp: RunningNetSuite, tmp_path: Path) -> Account:
    """Each of four SKUs is at one place only; the partner file names one location and leaves the rest to NetSuite."""
    own, supplier = sorted(shop._site.world.firms, key=lambda firm: firm.kind.value, reverse=True)
    theirs = [offer.sku for offer in supplier.offers]
    rest = [sku for sku, each in shop._site.shop.variants.items() if each.item.ships and sku not in theirs]
    account = erp.ask(lambda service: _fill(service, supplier.code, rest, theirs))
    (tmp_path / "mappings" / f"{own.code}.toml").unlink()
    add_partner(erp, tmp_path, ABOUT.format(node=own.node), CONNECTION.format(node=own.node, account=account))
    return account


def _fill(service: Service, supplier: str, rest: list[str], theirs: list[str]) -> Account:
    books = service.books
    east, west = books.add_location("East"), books.add_location("West")
    west.latitude, west.longitude, west.capacity, west.buffer = "47.6", "-122.3", 50, 3
    vendor = books.add_vendor("MAKER", "The Maker Inc.", SPACES)
    books.add_vendor("SUP", "Supplier by SFTP", SPACES, external_id=supplier)
    items = {sku: books.add_item(sku, "3.00") for sku in (*rest, *theirs)}
    skus = {"east": rest[0], "west": rest[1], "vendor": rest[2], "supplier": theirs[0]}
    books.set_level(items[skus["east"]].id, east.id, "500")
    books.set_level(items[skus["west"]].id, west.id, "500")
    items[skus["vendor"]].vendor = vendor.id
    payment = books.add_item("Paid in the shop", goods=False)
    return Account(east.id, west.id, vendor.id, supplier, payment.id, skus)


@pytest.fixture
def live(account: Account, tmp_path: Path) -> Iterator[Hub]:
    assert account.east  # the partner file is written
    with reading_every_second(tmp_path, READ) as hub:
        yield hub


def kept(erp: RunningNetSuite, type_: str) -> list[Book]:
    return erp.ask(lambda service: list(service.books.of(type_)))


def the(erp: RunningNetSuite, type_: str) -> Book:
    """The one record of a type, as soon as it is there."""
    wait_until(lambda: kept(erp, type_), 120)
    (book,) = kept(erp, type_)
    return book


def rows(book: Book) -> dict[str, Element]:
    return {text(row, "item", "name"): row for row in lines(book)}


def at(row: Element, name: str) -> str:
    reference = child(row, name)
    return "" if reference is None else str(reference.get("internalId"))


@pytest.mark.journey
@pytest.mark.timeout(600)
def test_an_order_its_goods_and_its_bill_stand_right_in_netsuite(
    shop: RunningSandbox, erp: RunningNetSuite, account: Account, live: Hub
) -> None:
    skus, supplier = account.skus, account.supplier
    shop.set_stock(supplier, skus["supplier"], 50)
    wait_until(lambda: f"ERP-{account.west}" in {node.code for node in live.directory.nodes()})
    west = next(node for node in live.directory.nodes() if node.code == f"ERP-{account.west}")
    assert (west.capacity_per_day, west.buffer, west.coordinates is not None) == (50, Decimal(3), True)
    wait_until(lambda: has_stock(live, set(skus.values())), 120)

    erp.mood(Mood.LOST_REPLY, for_calls=2)
    order = shop.place_lines(dict.fromkeys(skus.values(), 2))
    wait_until(lambda: sourced(kept(erp, "SalesOrder")), 120)
    sale = the(erp, "SalesOrder")
    sold = rows(sale)
    assert at(sold[skus["east"]], "location") == account.east
    assert at(sold[skus["west"]], "location") == account.west
    assert (at(sold[skus["vendor"]], "poVendor"), text(sold[skus["vendor"]], "createPo")) == (
        account.vendor,
        "_dropShipment",
    )
    assert {text(row, "quantity") for sku, row in sold.items() if sku in skus.values()} == {"2"}
    paid = sum(2 * shop._site.shop.variants[sku].item.price for sku in skus.values())
    assert Decimal(text(sold["Paid in the shop"], "amount")) == -paid
    customer = the(erp, "Customer")
    assert at(sale.element, "entity") == customer.id
    assert "@" in text(customer.element, "email")

    wait_until(lambda: kept(erp, "VendorBill"), 120)
    ours, netsuites = sorted(kept(erp, "PurchaseOrder"), key=lambda book: not book.external_id)
    assert at(netsuites.element, "createdFrom") == sale.id
    assert at(ours.element, "entity") == next(b.id for b in kept(erp, "Vendor") if b.external_id == supplier)
    (bought,) = lines(ours)
    assert (text(bought, "quantityReceived"), text(bought, "quantityBilled")) == ("2", "2")
    assert text(the(erp, "VendorBill").element, "tranId").startswith(supplier.upper())
    fulfilled = the(erp, "ItemFulfillment")
    assert {text(row, "item", "name"): text(row, "quantity") for row in lines(fulfilled) if _counts(row)} == {
        skus["supplier"]: "2"
    }

    left = [sold[skus["east"]], sold[skus["vendor"]]]
    erp.ask(lambda service: service.books.save("ItemFulfillment", shipped(sale, left, "warehouse-1"), SPACES))
    wait_until(lambda: told(shop, order) == {skus["east"], skus["vendor"], skus["supplier"]}, 120)
    assert acknowledged(live) == {text(netsuites.element, "tranId")}
    for type_ in ("SalesOrder", "Customer", "ItemReceipt", "VendorBill"):
        assert len(kept(erp, type_)) == 1, type_


def shipped(sale: Book, left: list[Element], name: str) -> etree._Element:
    made = fulfilment_of(sale, left)
    made.set("externalId", name)
    return made


def _counts(row: Element) -> bool:
    return text(row, "itemReceive") == "true"


def sourced(sales: list[Book]) -> bool:
    return any(child(row, "createdPo") is not None for sale in sales for row in lines(sale))


def has_stock(hub: Hub, skus: set[str]) -> bool:
    with hub.store.read() as tx:
        found = fresh.promised(tx, hub.desk, skus, hub.clock.now()).available
    return {sku for (_, sku), quantity in found.items() if quantity > 2} == skus


def told(shop: RunningSandbox, order: str) -> set[str]:
    """The SKUs of which the shop knows that they have left."""
    seen = shop.audit()
    skus = {row["line"]: row["sku"] for row in seen["placed"] if row["order"] == order}
    return {skus[row["line"]] for row in seen["fulfilled"] if row["order"] == order}


def acknowledged(hub: Hub) -> set[str]:
    """The numbers under which NetSuite has ordered at its vendors, as the hub was told."""
    with hub.store.read() as tx:
        query = select(delivery.c.reference).where(delivery.c.connection == "erp", delivery.c.kind == "purchase_order")
        found = set(tx.execute(query.where(~delivery.c.key.endswith("-booked"))).scalars())
    return {str(each).rpartition("#")[2] for each in found}
