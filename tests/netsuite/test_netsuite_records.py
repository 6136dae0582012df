"""NetSuite's records as ours, and ours as its: what stands where, and what is refused with a cure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from lxml import etree

from connectors.netsuite.connector import NetSuiteConnector
from hub.contract import BadRecord, Outbound, Profile, RawItem, Rejected
from hub.model.base import Record
from hub.model.order import OrderLine, SalesOrder
from hub.model.place import Address
from hub.model.purchase import FulfillmentOrder, Invoice, InvoiceLine, PurchaseOrder
from hub.testing.context import MemoryNumbers
from sandbox.netsuite.books import Books
from sandbox.netsuite.envelope import child, children, put, text
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.trade import (
    WHEN,
    BillBench,
    FulfilmentBench,
    ReceiptBench,
    ShipOrderBench,
    order_fields,
)

Open = Callable[..., NetSuiteConnector]
Make = Callable[..., Profile]


@pytest.fixture
def connect(connect_either_way: Open) -> Open:
    """Every test here runs over SOAP and over a gateway without it."""
    return connect_either_way


def read(connector: NetSuiteConnector, document: str) -> list[Record | BadRecord]:
    items = [item for page in connector.fetch(document, None) for item in page.items]
    return [each for item in items for each in connector.parse(document, item)]


def send(connector: NetSuiteConnector, document: str, record: Record) -> str:
    content = connector.render(document, record, MemoryNumbers()).content
    return connector.send(Outbound(document, "1", content)).reference or ""


def kept(account: RunningNetSuite, id_: str) -> etree._Element:
    return account.ask(lambda service: service.books.transactions[id_].element)


def test_stock_comes_for_mapped_locations_and_never_below_zero(connect: Open) -> None:
    found = {(each.sku, each.location): each.quantity for each in read(connect(), "stock")}
    assert found == {
        ("CD-R", "DC1"): 264,
        ("CD-R", "DC2"): 0,
        ("DVD-R", "DC1"): 12,
        ("DVD-R", "DC2"): 0,
        ("LP", "DC1"): 0,
        ("LP", "DC2"): 0,
    }


def test_later_only_stock_that_changed_comes(account: RunningNetSuite, connect: Open) -> None:
    connector = connect()
    cursor = [page.cursor for page in connector.fetch("stock", None)][-1]
    account.ask(lambda service: service.clock.advance(3600))
    cursor = [page.cursor for page in connector.fetch("stock", cursor)][-1]

    def sell(books: Books) -> None:
        item, location = min(books.levels)
        books.set_level(item, location, 200)

    account.ask(lambda service: sell(service.books))
    items = [item for page in connector.fetch("stock", cursor) for item in page.items]
    (level,) = [each for item in items for each in connector.parse("stock", item)]
    assert (level.sku, level.location, level.quantity) == ("CD-R", "DC1", 200)


def test_a_reading_that_finds_nothing_changed_says_so_once_an_hour(account: RunningNetSuite, connect: Open) -> None:
    connector = connect()
    cursor = [page.cursor for page in connector.fetch("stock", None)][-1]
    account.ask(lambda service: service.clock.advance(7200))
    said = [[item.key for page in connector.fetch("stock", cursor) for item in page.items] for _ in range(2)]
    assert said[0][-1:] == ["stock:told:2026-11-20T08"]
    quiet = [item for page in connector.fetch("stock", cursor) for item in page.items][-1]
    assert list(connector.parse("stock", quiet)) == []
    assert said[1] == said[0]


def test_stock_of_many_items_is_asked_in_parts(account: RunningNetSuite, connect: Open) -> None:
    assert len(read(connect(availability_size=2), "stock")) == 6
    assert account.ask(lambda service: service.moods.calls["getItemAvailability"]) == 2


def test_items_come_with_name_and_cost(connect: Open) -> None:
    found = read(connect(), "items")
    assert (found[0].sku, found[0].name, found[0].price) == ("CD-R", "The CD-R", Decimal("2.50"))


def test_skus_may_be_external_ids(connect: Open) -> None:
    connector = connect(item_key="external_id", documents=["items", "stock"])
    assert [each.sku for each in read(connector, "items")] == ["ext-CD-R", "ext-DVD-R", "ext-LP"]
    assert {each.sku for each in read(connector, "stock")} == {"ext-CD-R", "ext-DVD-R", "ext-LP"}


def test_a_ship_order_becomes_a_sales_order_at_its_location(
    account: RunningNetSuite, make_profile: Make, connect: Open
) -> None:
    bench = ShipOrderBench(account, make_profile())
    made = kept(account, send(connect(), "ship_orders", bench.record(7)))
    assert made.get("externalId") == "crossdock:FO-7"
    assert text(made, "otherRefNum") == "#7"
    assert text(made, "shippingAddress", "addressee") == "A & B"
    rows = list(children(child(made, "itemList"), "item"))
    assert child(made, "itemList").get("replaceAll") == "true"
    assert [(text(row, "item", "name"), text(row, "quantity"), text(row, "rate")) for row in rows] == [
        ("CD-R", "2", "2.50"),
        ("LP", "1", ""),
    ]
    assert {text(row, "noAutoAssignLocation") for row in rows} == {"true"}
    east = account.ask(lambda service: min(service.books.locations))
    assert {child(row, "location").get("internalId") for row in rows} == {east}


def test_its_fulfilment_comes_back_as_a_shipment_of_our_number(
    account: RunningNetSuite, make_profile: Make, connect: Open
) -> None:
    bench = ShipOrderBench(account, make_profile())
    connector = connect()
    order = send(connector, "ship_orders", bench.record(7))
    fulfilment = FulfilmentBench(account, make_profile()).record(1).changed(channel_order=order, fulfilment_id="W1")
    send(connect(prefix="warehouse:"), "fulfilments", fulfilment)
    (shipment,) = read(connector, "shipments")
    assert (shipment.order_number, shipment.tracking, shipment.shipped_at) == ("FO-7", "1Z1", WHEN)
    (line,) = shipment.lines
    assert (line.line_number, line.sku, line.quantity) == (1, "CD-R", 1)
    assert read(connector, "orders") == []  # the order is our own


def test_lines_that_do_not_ship_are_sent_as_nothing(
    account: RunningNetSuite, make_profile: Make, connect: Open
) -> None:
    order = send(connect(), "ship_orders", ShipOrderBench(account, make_profile()).record(7))
    record = FulfilmentBench(account, make_profile()).record(1).changed(channel_order=order)
    made = kept(account, send(connect(), "fulfilments", record))
    rows = list(children(child(made, "itemList"), "item"))
    assert [(text(each, "quantity"), text(each, "itemReceive")) for each in rows] == [("1", "true"), ("0", "false")]
    assert text(made, "packageList", "package", "packageTrackingNumber") == "1Z1"


def test_an_order_of_netsuite_comes_in(account: RunningNetSuite, make_profile: Make, connect: Open) -> None:
    bench = ShipOrderBench(account, make_profile())
    bench.place(1)

    def approve(books: Books) -> None:
        element = books.of("SalesOrder")[0].element
        space = etree.QName(element[0]).namespace
        put(element, space, "orderStatus", "_pendingApproval")
        address = put(element, space, "shippingAddress")
        put(address, "urn:common_2025_2.platform.webservices.netsuite.com", "country", "_germany")

    account.ask(lambda service: approve(service.books))
    (order,) = read(connect(), "orders")
    assert (order.channel, order.currency, order.ship_to.country) == ("erp", "USD", "DE")
    assert order.hold
    (line,) = order.lines
    assert (line.line_id, line.sku, line.quantity, line.price) == ("1", "CD-R", 2, Decimal("9.50"))


def test_a_purchase_order_its_receipt_and_its_bill(account: RunningNetSuite, make_profile: Make, connect: Open) -> None:
    order = PurchaseOrder.model_validate({**order_fields(1), "number": "PO-1", "supplier": "ACME", "currency": "USD"})
    made = kept(account, send(connect(), "purchase_orders", order))
    assert child(made, "entity").get("internalId") == "88"
    receipts = ReceiptBench(account, make_profile())
    receipts._sources[1] = "made above"
    receipt = kept(account, send(connect(), "receipts", receipts.record(1)))
    assert [text(each, "quantity") for each in children(child(receipt, "itemList"), "item")] == ["1", "0"]
    bills = BillBench(account, make_profile())
    bills._sources[1] = "made above"
    bill = kept(account, send(connect(), "bills", bills.record(1)))
    (row,) = children(child(bill, "itemList"), "item")
    assert (text(bill, "tranId"), text(row, "rate"), text(row, "orderDoc")) == ("I1", "2.50", made.get("internalId"))


def test_a_whole_order_of_a_channel_is_recorded(account: RunningNetSuite, connect: Open) -> None:
    lines = (
        OrderLine(line_id="1", sku="CD-R", quantity=Decimal(3), price=Decimal("9.99")),
        OrderLine(line_id="2", sku="GIFT", quantity=Decimal(1), ships=False),
    )
    order = SalesOrder(
        channel="shop", order_id="55", number="#55", placed_at=WHEN, updated_at=WHEN, currency="USD", lines=lines
    )
    made = kept(account, send(connect(), "sales_orders", order))
    assert made.get("externalId") == "crossdock:shop:55"
    (row,) = children(child(made, "itemList"), "item")
    assert (text(row, "quantity"), text(row, "rate")) == ("3", "9.99")


def test_a_supplier_that_runs_netsuite_gets_our_order_as_its_sale(account: RunningNetSuite, connect: Open) -> None:
    fields = {**order_fields(1), "node": "ACME01", "number": "PO-9", "supplier": "ACME", "currency": "USD"}
    connector = connect(documents=["supplier_orders", "shipments", "stock"])
    made = kept(account, send(connector, "supplier_orders", PurchaseOrder.model_validate(fields)))
    assert (text(made, "otherRefNum"), child(made, "entity").get("internalId")) == ("PO-9", "77")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"node": "NOWHERE"}, "no location"),
        ({"ship_to": Address(country="AQ")}, "country AQ"),
    ],
)
def test_what_cannot_be_an_order_is_refused_with_a_cure(connect: Open, change: dict[str, object], words: str) -> None:
    record = FulfillmentOrder.model_validate({**order_fields(1), **change})
    with pytest.raises(Rejected, match=words) as caught:
        connect().render("ship_orders", record, MemoryNumbers())
    assert caught.value.todo


def test_an_item_that_netsuite_lacks_is_named(connect: Open) -> None:
    record = FulfillmentOrder.model_validate(order_fields(1))
    line = record.lines[0].changed(sku="NOPE")
    with pytest.raises(Rejected, match="no item NOPE"):
        send(connect(), "ship_orders", record.changed(lines=(line,)))


def test_a_credit_memo_is_left_to_a_person(connect: Open) -> None:
    line = InvoiceLine(sku="CD-R", quantity=Decimal(1), price=Decimal(1))
    with pytest.raises(Rejected, match="credit memo"):
        connect().render(
            "bills", Invoice(invoice_number="C1", order_number="P", credit=True, lines=(line,)), MemoryNumbers()
        )


@pytest.mark.parametrize("document", ["orders", "shipments", "items", "stock"])
@pytest.mark.parametrize("content", [b"", b"<a", b"<records><record/></records>", b"{}"])
def test_bytes_that_are_no_record_are_one_bad_record(connect: Open, document: str, content: bytes) -> None:
    for found in connect().parse(document, RawItem(key="1", content=content)):
        assert isinstance(found, BadRecord)
        assert found.what
