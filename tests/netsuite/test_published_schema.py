"""Every message that we send is valid by the schema that Oracle publishes; skipped where that is not at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from connectors.netsuite.connector import PLUGIN, NetSuiteConnector
from connectors.netsuite.schema import Schema
from hub.contract import Outbound, Profile
from hub.testing.context import MemoryContext, MemoryNumbers
from sandbox.netsuite.books import Books
from sandbox.netsuite.envelope import Namespaces
from sandbox.netsuite.service import RunningNetSuite
from sandbox.netsuite.wsdl import order_of
from tests.netsuite.trade import BENCHES, WHEN, AccountBench, PurchaseOrderBench, WholeOrderBench

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "netsuite"
PUBLISHED = SAMPLES / "wsdl_2023_2"
#: An account that is our ERP, with everything that an order can say.
BOOKS = {
    "documents": ["sales_orders", "vendors", "locations"],
    "customers": "email",
    "subsidiary": "3",
    "unit": "1",
    "units": {"Case": 12},
}
ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"

pytestmark = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published WSDL is not beside this repository")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published WSDL where the connector looks for it."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "2023_2").symlink_to(PUBLISHED)
    return folder


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    imports = "".join(
        f'<xsd:import namespace="{etree.parse(each).getroot().get("targetNamespace")}" schemaLocation="{each}"/>'
        for each in sorted((PUBLISHED / "xsd").glob("*.xsd"))
    )
    return etree.XMLSchema(
        etree.fromstring(f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">{imports}</xsd:schema>')
    )


def parts(content: bytes) -> Iterator[etree._Element]:
    """The header's parts and the body's one element."""
    root = etree.fromstring(content)
    yield from root.find(f"{ENVELOPE}Header")
    yield from root.find(f"{ENVELOPE}Body")


def valid(contents: list[bytes], schema: etree.XMLSchema) -> set[str]:
    """The names of all parts of these messages; fails at the first that the schema refuses."""
    names = set()
    for content in contents:
        for part in parts(content):
            schema.validate(part)
            assert not schema.error_log, f"{schema.error_log.last_error}\n{content.decode()}"
            names.add(etree.QName(part).localname)
    return names


def test_everything_that_we_send_and_that_the_account_answers_is_valid(
    account: RunningNetSuite, make_profile: Callable[..., Profile], folder: Path, schema: etree.XMLSchema
) -> None:
    fields = {"custbody_source": "hub", "custbody_web": True, "custbody_rank": 3, "custbody_region": {"id": "5"}}
    fields |= {"custbody_weight": 1.5, "custbody_due": WHEN, "custbody_tags": ({"id": "1"}, {"id": "2"})}
    constants = {"SalesOrder": {"subsidiary": "3", **fields}}
    profile = make_profile(endpoint="2023_2", wsdl_folder=folder, constants=constants)
    connector = PLUGIN.open(profile, connector_context(account))
    assert connector.check().ok
    account.ask(lambda service: _fill(service.books))
    for name in ("locations", "vendors", "transfers", "orders", "shipments", "items", "stock"):
        pages = list(connector.fetch(name, None))
        list(connector.fetch(name, pages[-1].cursor))
    whole = make_profile(**BOOKS, endpoint="2023_2", wsdl_folder=folder, constants=constants)
    send_all(PLUGIN.open(whole, connector_context(account)), [WholeOrderBench(account, whole)])
    send_all(connector, [each(account, profile) for each in BENCHES])
    send_newer_words(connector, account, profile)
    assert connector._gateway.domain() == ""
    connector.close()
    operations = valid(account.ask(lambda service: list(service.requests)), schema)
    assert operations >= {"upsertList", "getList", "search", "initialize", "getItemAvailability", "getServerTime"}
    assert len(valid(account.ask(lambda service: list(service.replies)), schema)) >= len(operations) - 2


def connector_context(account: RunningNetSuite) -> MemoryContext:
    return MemoryContext(account.ask(lambda service: service.clock))


def send_all(connector: NetSuiteConnector, benches: list[AccountBench]) -> None:
    for bench in benches:
        content = connector.render(bench.outbound, bench.record(1), MemoryNumbers()).content
        outbound = Outbound(document=bench.outbound, key=bench.outbound, content=content)
        connector.send(outbound)
        connector.find(outbound)


def send_newer_words(connector: NetSuiteConnector, account: RunningNetSuite, profile: Profile) -> None:
    """Orders that are there already: one that shrinks, one that nobody ships, one that is called off."""
    bought = PurchaseOrderBench(account, profile).record(1)
    sold = WholeOrderBench(account, profile).record(2)
    newer = {
        "purchase_orders": (bought.changed(lines=bought.lines[:1]), bought.changed(cancelled=True)),
        "sales_orders": (sold, sold.changed(cancelled=True)),
    }
    for document, records in newer.items():
        for record in records:
            content = connector.render(document, record, MemoryNumbers()).content
            connector.send(Outbound(document=document, key=document, content=content))


def _fill(books: Books) -> None:
    """A location, a vendor, an item of its own and a transfer, with all that is read of them."""
    spaces, (east, west) = Namespaces("2023_2"), list(books.locations.values())
    east.latitude, east.longitude, east.capacity, east.buffer = "40.7", "-74", 120, 2
    east.cut_off = "2026-11-20T14:30:00.000-08:00"
    item = next(iter(books.items.values()))
    item.vendor, item.unit = books.add_vendor("MAKER", "The Maker", spaces).id, "Each"
    space = spaces.of("inventory_{0}.transactions")
    made = etree.fromstring(
        f'<record xmlns:t="{space}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="t:TransferOrder"'
        f' externalId="T1"><t:location internalId="{east.id}"/><t:transferLocation internalId="{west.id}"/>'
        f'<t:itemList><t:item><t:item internalId="{item.id}"/><t:quantity>10</t:quantity></t:item></t:itemList>'
        f"</record>"
    )
    books.save("TransferOrder", made, spaces)


def test_a_message_in_another_order_would_be_noticed(schema: etree.XMLSchema) -> None:
    space = "urn:core_2023_2.platform.webservices.netsuite.com"
    wrong = f'<r xmlns="{space}"><message>first</message><code>USER_ERROR</code></r>'
    element = etree.fromstring(wrong)
    element.tag = "{urn:messages_2023_2.platform.webservices.netsuite.com}getServerTime"
    assert not schema.validate(element)


def test_the_small_wsdl_names_what_the_published_one_does_in_its_order(folder: Path) -> None:
    published, wrong = Schema(folder / "2023_2" / "netsuite.wsdl"), []
    for type_ in (
        "SalesOrder",
        "SalesOrderItem",
        "PurchaseOrder",
        "PurchaseOrderItem",
        "ItemFulfillment",
        "ItemFulfillmentItem",
        "ItemFulfillmentPackage",
        "ItemReceipt",
        "ItemReceiptItem",
        "VendorBill",
        "VendorBillItem",
        "Address",
        "ItemAvailabilityFilter",
        "TransactionSearchBasic",
        "LocationSearchBasic",
        "VendorSearchBasic",
        "CustomerSearchBasic",
        "Customer",
        "Vendor",
        "TransferOrder",
        "TransferOrderItem",
        "InventoryAdjustment",
        "InventoryAdjustmentInventory",
        "ItemSearchBasic",
        "InitializeRecord",
    ):
        places = {name: place for place, name in enumerate(published.shape(type_).fields)}
        named = order_of(type_)
        if set(named) - set(places) or list(named) != sorted(named, key=places.__getitem__):
            wrong.append((type_, sorted(named, key=lambda name: places.get(name, -1))))
    assert not wrong
