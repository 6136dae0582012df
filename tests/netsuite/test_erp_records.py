"""NetSuite as our ERP: places, whole orders with buyers and charges, vendors' goods, transfers, adjustments."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from lxml import etree

from connectors.netsuite.connector import NetSuiteConnector
from hub.contract import Absent, BadRecord, Found, Outbound, Rejected, TemporaryFailure
from hub.model.base import Record
from hub.model.node import Node, NodeKind
from hub.model.order import SalesOrder
from hub.model.place import Address
from hub.model.purchase import Acknowledgement, FulfillmentOrder, Invoice, PurchaseOrder
from hub.model.shipment import Fulfilment, FulfilmentLine, Shipment
from hub.model.stock import Certainty, ExpectedReceipt, StockAdjustment, TransferOrder
from hub.testing.context import MemoryNumbers
from sandbox.netsuite.books import Book, lines
from sandbox.netsuite.envelope import Element, Namespaces, child, children, kind, text
from sandbox.netsuite.service import RunningNetSuite, Service
from tests.netsuite.trade import WHEN, fulfilment_of, order_fields, transaction

Open = Callable[..., NetSuiteConnector]
SPACES = Namespaces("2025_2")
BOOKS = ["sales_orders", "ship_orders", "purchase_orders", "fulfilments", "shipments", "drop_ship_orders"]


@pytest.fixture
def connect(connect_either_way: Open) -> Open:
    """Every test here runs over SOAP and over a gateway without it."""
    return connect_either_way


def read(connector: NetSuiteConnector, document: str) -> list[Record | BadRecord]:
    items = [item for page in connector.fetch(document, None) for item in page.items]
    return [each for item in items for each in connector.parse(document, item)]


def outbound(connector: NetSuiteConnector, document: str, record: Record) -> Outbound:
    return Outbound(document, "1", connector.render(document, record, MemoryNumbers()).content)


def send(connector: NetSuiteConnector, document: str, record: Record) -> str:
    return connector.send(outbound(connector, document, record)).reference or ""


def kept(account: RunningNetSuite, id_: str) -> Book:
    return account.ask(lambda service: service.books.transactions[id_])


def at(row: Element, name: str) -> str:
    reference = child(row, name)
    return "" if reference is None else str(reference.get("internalId"))


def sold(**changes: object) -> SalesOrder:
    fields: dict[str, object] = {
        "channel": "shop",
        "order_id": "55",
        "number": "#55",
        "placed_at": WHEN,
        "updated_at": WHEN,
        "currency": "USD",
        "lines": [
            {"line_id": "1", "sku": "CD-R", "quantity": 3, "price": "9.00", "discount": "3.00"},
            {"line_id": "2", "sku": "LP", "quantity": 1, "price": "20"},
        ],
        "sourcing": [
            {"line_id": "1", "node": "DC1", "quantity": 2, "document": "FO-1"},
            {"line_id": "1", "node": "DC2", "quantity": 1, "document": "FO-2"},
        ],
    }
    return SalesOrder.model_validate(fields | changes)


def ship_order(number: str, node: str, sku: str, quantity: int) -> FulfillmentOrder:
    line = {"line_number": 1, "sku": sku, "quantity": quantity, "channel_line": "1"}
    changes = {"number": number, "node": node, "channel_order": "55", "lines": [line]}
    return FulfillmentOrder.model_validate({**order_fields(1), **changes})


# --- places ----------------------------------------------------------------------------------------------------------


def test_a_location_becomes_a_node_with_all_that_routing_wants(account: RunningNetSuite, connect: Open) -> None:
    def describe(service: Service) -> str:
        west = list(service.books.locations.values())[1]
        west.latitude, west.longitude, west.capacity, west.buffer = "47.6", "-122.3", 50, 3
        west.cut_off = "2026-11-20T14:30:00.000-08:00"
        return west.id

    west = account.ask(describe)
    (found,) = [each for each in read(connect(locations={}), "locations") if each.name == "West"]
    assert isinstance(found, Node)
    assert (found.code, found.kind, found.partner) == (f"ERP-{west}", NodeKind.WAREHOUSE, "erp")
    assert (found.capacity_per_day, found.buffer, found.hours.cut_off) == (50, 3, "22:30")
    assert (found.coordinates.latitude, found.coordinates.longitude) == (47.6, -122.3)


def test_the_partner_file_may_name_a_location_or_leave_it_alone(account: RunningNetSuite, connect: Open) -> None:
    east, west = sorted(account.ask(lambda service: list(service.books.locations)))
    found = read(connect(locations={east: "DC1", west: "ignore"}), "locations")
    assert [each.code for each in found] == ["DC1"]
    assert {each.location for each in read(connect(locations={west: "ignore"}), "stock")} == {f"ERP-{east}"}


def test_a_location_that_is_as_it_was_has_the_key_that_it_had(connect: Open) -> None:
    connector = connect()
    keys = [[item.key for page in connector.fetch("locations", None) for item in page.items] for _ in range(2)]
    assert keys[0] == keys[1]


def test_a_vendor_becomes_a_node_that_is_bought_from_unless_it_is_a_supplier(
    account: RunningNetSuite, connect: Open
) -> None:
    def add(service: Service) -> tuple[str, str]:
        books = service.books
        return books.add_vendor("MAKER", "The Maker", SPACES).id, books.add_vendor("ACME", "Acme", SPACES).id

    maker, acme = account.ask(add)
    (found,) = read(connect(vendors={"ACME": acme}), "vendors")
    assert (found.code, found.kind, found.name) == (f"ERP-V{maker}", NodeKind.SUPPLIER, "The Maker")


def test_a_vendors_drop_ship_items_are_taken_to_be_there(account: RunningNetSuite, connect: Open) -> None:
    vendor = account.ask(lambda service: service.books.add_vendor("MAKER", "The Maker", SPACES).id)
    account.ask(lambda service: setattr(next(iter(service.books.items.values())), "vendor", vendor))
    found = [each for each in read(connect(vendor_stock="40"), "stock") if each.location == f"ERP-V{vendor}"]
    assert [(each.sku, each.quantity) for each in found] == [("CD-R", 40)]


# --- whole orders ----------------------------------------------------------------------------------------------------


def test_an_order_says_where_each_part_ships_from(account: RunningNetSuite, connect: Open) -> None:
    book = kept(account, send(connect(documents=BOOKS), "sales_orders", sold()))
    east, west = sorted(account.ask(lambda service: list(service.books.locations)))
    rows = [(text(row, "item", "name"), text(row, "quantity"), at(row, "location")) for row in lines(book)]
    assert rows == [("CD-R", "2", east), ("CD-R", "1", west), ("LP", "1", "")]
    assert [text(row, "noAutoAssignLocation") for row in lines(book)] == ["true", "true", ""]
    assert {text(row, "rate") for row in lines(book)} == {"9.00", "20"}


def test_charges_are_lines_of_the_items_that_the_file_names(account: RunningNetSuite, connect: Open) -> None:
    def add(service: Service) -> dict[str, str]:
        names = ("shipping", "tax", "discount", "payment")
        return {name: service.books.add_item(name, goods=False).id for name in names}

    charges = [
        {"kind": "shipping", "amount": "4.90"},
        {"kind": "tax", "name": "VAT", "amount": "2.10"},
        {"kind": "payment", "amount": "30"},
    ]
    connector = connect(documents=BOOKS, charge_items=account.ask(add))
    book = kept(account, send(connector, "sales_orders", sold(charges=charges)))
    rows = {text(row, "item", "name"): (text(row, "quantity"), text(row, "amount")) for row in lines(book)}
    assert {name: rows[name] for name in ("shipping", "tax", "discount", "payment")} == {
        "shipping": ("1", "4.90"),
        "tax": ("1", "2.10"),
        "discount": ("", "-3.00"),
        "payment": ("", "-30"),
    }
    assert [text(row, "rate") for row in lines(book)][:1] == ["10"]  # before the discount of 3.00 on three
    assert text(book.element, "shippingCost") == ""


def test_without_an_item_shipping_is_the_orders_own_and_prices_are_after_discounts(
    account: RunningNetSuite, connect: Open
) -> None:
    charges = [{"kind": "shipping", "amount": "4.90"}, {"kind": "tax", "amount": "2"}]
    book = kept(account, send(connect(documents=BOOKS), "sales_orders", sold(charges=charges)))
    assert text(book.element, "shippingCost") == "4.90"
    assert len(lines(book)) == 3


def test_a_buyer_is_found_by_address_or_made_once(account: RunningNetSuite, connect: Open) -> None:
    buyer = {"name": "Ann de Vries", "address": Address(country="NL", email="Ann@mail.example")}
    connector = connect(documents=BOOKS, customers="email")
    first = kept(account, send(connector, "sales_orders", sold(customer=buyer)))
    again = kept(account, send(connector, "sales_orders", sold(customer=buyer, order_id="56", number="#56")))
    (customer,) = account.ask(lambda service: service.books.of("Customer"))
    assert at(first.element, "entity") == at(again.element, "entity") == customer.id
    assert customer.external_id == "crossdock:customer:ann@mail.example"
    assert (text(customer.element, "firstName"), text(customer.element, "lastName")) == ("Ann de", "Vries")


def test_an_order_without_an_address_goes_to_the_one_customer(account: RunningNetSuite, connect: Open) -> None:
    book = kept(account, send(connect(documents=BOOKS, customers="email"), "sales_orders", sold()))
    assert at(book.element, "entity") == "77"


def test_a_newer_word_about_an_order_keeps_the_lines_that_are_there(account: RunningNetSuite, connect: Open) -> None:
    connector = connect(documents=BOOKS)
    book = kept(account, send(connector, "sales_orders", sold()))
    row = lines(book)[0]
    account.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(book, [row]), SPACES))
    moved = [{"line_id": "1", "node": "DC2", "quantity": 3, "document": "FO-2"}]
    again = kept(account, send(connector, "sales_orders", sold(sourcing=moved)))
    east, west = sorted(account.ask(lambda service: list(service.books.locations)))
    rows = [(text(each, "line"), text(each, "quantity"), at(each, "location")) for each in lines(again)]
    assert rows == [("2", "3", west), ("3", "1", ""), ("1", "2", east)]
    assert text(lines(again)[2], "isClosed") == "true"
    assert again.id == book.id


def test_a_cancelled_order_is_closed_line_by_line(account: RunningNetSuite, connect: Open) -> None:
    connector = connect(documents=BOOKS)
    send(connector, "sales_orders", sold())
    book = kept(account, send(connector, "sales_orders", sold(cancelled=True)))
    assert {text(row, "isClosed") for row in lines(book)} == {"true"}


# --- what a whole order carries ---------------------------------------------------------------------------------------


def test_a_ship_order_waits_for_the_order_that_carries_it(account: RunningNetSuite, connect: Open) -> None:
    connector = connect(documents=BOOKS)
    asked = outbound(connector, "ship_orders", ship_order("FO-1", "DC1", "CD-R", 2))
    with pytest.raises(TemporaryFailure, match="not in NetSuite yet"):
        connector.send(asked)
    assert isinstance(connector.find(asked), Absent)
    order = send(connector, "sales_orders", sold())
    assert connector.send(asked).reference == order
    assert isinstance(connector.find(asked), Found)
    assert len(account.ask(lambda service: service.books.of("SalesOrder"))) == 1


def test_goods_come_back_under_our_own_numbers(account: RunningNetSuite, connect: Open) -> None:
    connector = connect(documents=BOOKS)
    order = send(connector, "sales_orders", sold())
    for number, node, quantity in (("FO-1", "DC1", 2), ("FO-2", "DC2", 1)):
        connector.send(outbound(connector, "ship_orders", ship_order(number, node, "CD-R", quantity)))
    book = kept(account, order)
    account.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(book, lines(book)[:2]), SPACES))
    found = read(connector, "shipments")
    assert all(isinstance(each, Shipment) for each in found)
    assert {each.order_number: [(line.line_number, line.quantity) for line in each.lines] for each in found} == {
        "FO-1": [(1, 2)],
        "FO-2": [(1, 1)],
    }


def test_goods_that_nobody_asked_for_park_with_their_place(account: RunningNetSuite, connect: Open) -> None:
    connector = connect(documents=BOOKS)
    order = send(connector, "sales_orders", sold())
    connector.send(outbound(connector, "ship_orders", ship_order("FO-1", "DC1", "CD-R", 2)))
    book = kept(account, order)
    account.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(book, lines(book)[1:2]), SPACES))
    (bad,) = read(connector, "shipments")
    assert isinstance(bad, BadRecord)
    assert "which no document of ours asked for" in bad.what


def test_a_vendors_part_is_ordered_by_netsuite_and_answered_with_its_number(
    account: RunningNetSuite, connect: Open
) -> None:
    vendor = account.ask(lambda service: service.books.add_vendor("MAKER", "The Maker", SPACES).id)
    node = f"ERP-V{vendor}"
    connector = connect(documents=[*BOOKS, "vendors"])
    sourcing = [{"line_id": "1", "node": node, "quantity": 3, "document": "PO-7"}]
    order = send(connector, "sales_orders", sold(sourcing=sourcing))
    fields = ship_order("PO-7", node, "CD-R", 3).model_dump() | {"supplier": "erp", "currency": "USD"}
    reference = send(connector, "purchase_orders", PurchaseOrder.model_validate(fields))
    (purchase,) = account.ask(lambda service: service.books.of("PurchaseOrder"))
    assert (at(purchase.element, "entity"), at(purchase.element, "createdFrom")) == (vendor, order)
    number = text(purchase.element, "tranId")
    assert reference.endswith(number)
    (answer,) = read(connector, "drop_ship_orders")
    assert isinstance(answer, Acknowledgement)
    assert (answer.order_number, answer.reference.endswith(number)) == ("PO-7", True)
    book = kept(account, order)
    account.ask(lambda service: service.books.save("ItemFulfillment", fulfilment_of(book, lines(book)[:1]), SPACES))
    (shipment,) = read(connector, "shipments")
    assert (shipment.order_number, shipment.lines[0].quantity) == ("PO-7", 3)


def test_goods_that_left_elsewhere_are_fulfilled_and_do_not_come_back_as_news(
    account: RunningNetSuite, connect: Open
) -> None:
    west = max(account.ask(lambda service: list(service.books.locations)))
    connector = connect(documents=BOOKS, locations={}, drop_ship_location=west)
    sourcing = [{"line_id": "2", "node": "ACME", "quantity": 1, "document": "PO-1"}]
    send(connector, "sales_orders", sold(sourcing=sourcing))
    record = Fulfilment(
        fulfilment_id="SH1",
        channel="shop",
        channel_order="55",
        node="ACME",
        tracking="1Z",
        lines=(FulfilmentLine(channel_line="2", sku="LP", quantity=Decimal(1)),),
    )
    book = kept(account, send(connector, "fulfilments", record))
    (row,) = [each for each in lines(book) if text(each, "itemReceive") == "true"]
    assert (text(row, "item", "name"), at(row, "location")) == ("LP", west)
    assert read(connector, "shipments") == []


def test_a_suppliers_vendor_is_found_by_our_code(account: RunningNetSuite, connect: Open) -> None:
    def add(service: Service) -> list[str]:
        books = service.books
        return [books.add_vendor("ACME", "Acme", SPACES).id, books.add_vendor("X1", "Globex", SPACES, "globex").id]

    acme, globex = account.ask(add)
    connector = connect(vendors={})
    for number, supplier, vendor in (("PO-1", "ACME", acme), ("PO-2", "globex", globex)):
        fields = {**order_fields(1), "number": number, "supplier": supplier, "currency": "USD"}
        made = kept(account, send(connector, "purchase_orders", PurchaseOrder.model_validate(fields)))
        assert at(made.element, "entity") == vendor
    fields = {**order_fields(1), "number": "PO-3", "supplier": "nobody", "currency": "USD"}
    with pytest.raises(Rejected, match="nobody is no vendor"):
        send(connector, "purchase_orders", PurchaseOrder.model_validate(fields))


# --- stock that moves ------------------------------------------------------------------------------------------------


def test_a_transfer_is_what_its_destination_will_receive(account: RunningNetSuite, connect: Open) -> None:
    def add(service: Service) -> None:
        books = service.books
        east, west = sorted(books.locations)
        space = SPACES.of("inventory_{0}.transactions")
        made = etree.fromstring(
            f'<record xmlns:t="{space}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="t:TransferOrder"'
            f' externalId="T1"><t:location internalId="{east}"/><t:transferLocation internalId="{west}"/>'
            f'<t:itemList><t:item><t:item internalId="{min(books.items)}"/><t:quantityFulfilled>6</t:quantityFulfilled>'
            f"<t:quantityReceived>1</t:quantityReceived><t:quantity>10</t:quantity>"
            f"<t:expectedReceiptDate>2026-12-01T00:00:00.000-08:00</t:expectedReceiptDate></t:item></t:itemList></record>"
        )
        books.save("TransferOrder", made, SPACES)

    account.ask(add)
    (found,) = read(connect(), "transfers")
    assert isinstance(found, ExpectedReceipt)
    assert (found.sku, found.location, found.quantity, found.certainty) == ("CD-R", "DC2", 9, Certainty.IN_TRANSIT)
    assert found.reference.startswith("TO")


def test_a_transfer_order_is_made_once_and_comes_back_as_what_its_target_expects(
    account: RunningNetSuite, connect: Open
) -> None:
    connector = connect()
    record = TransferOrder.model_validate(
        {
            "number": "TR1",
            "source": "DC1",
            "target": "DC2",
            "ordered_at": WHEN,
            "expected_at": WHEN,
            "lines": [{"sku": "CD-R", "quantity": 3}],
        }
    )
    first, again = send(connector, "transfer_orders", record), send(connector, "transfer_orders", record)
    assert first == again
    east, west = sorted(account.ask(lambda service: list(service.books.locations)))
    made = kept(account, first).element
    assert (at(made, "location"), at(made, "transferLocation")) == (east, west)
    (found,) = read(connector, "transfers")
    assert isinstance(found, ExpectedReceipt)
    assert (found.sku, found.location, found.quantity, found.expected_at) == ("CD-R", "DC2", 3, WHEN)
    with pytest.raises(Rejected, match="node DC9 is no location"):
        outbound(connector, "transfer_orders", record.changed(target="DC9"))


def test_an_adjustment_sent_twice_counts_once(account: RunningNetSuite, connect: Open) -> None:
    record = StockAdjustment(number="A1", sku="CD-R", location="DC1", change=Decimal(-4), reason="dropped")
    connector = connect()
    first, again = send(connector, "adjustments", record), send(connector, "adjustments", record)
    assert first == again
    level = account.ask(lambda service: service.books.levels[min(service.books.levels)])
    assert level.on_hand == 260
    assert text(kept(account, first).element, "memo") == "dropped"


def test_a_purchase_order_that_shrinks_is_one_record_as_it_stands_now(account: RunningNetSuite, connect: Open) -> None:
    fields = {**order_fields(1), "number": "PO-1", "supplier": "ACME", "currency": "USD"}
    first, connector = PurchaseOrder.model_validate(fields), connect()
    made = kept(account, send(connector, "purchase_orders", first))
    received = Shipment.model_validate(
        {"order_number": "PO-1", "shipment_number": "S1", "lines": [{"line_number": 1, "sku": "CD-R", "quantity": 1}]}
    )
    send(connector, "receipts", received)
    less = outbound(connector, "purchase_orders", first.changed(lines=(first.lines[0].changed(quantity=Decimal(1)),)))
    assert isinstance(connector.find(less), Absent)
    assert [connector.send(less).reference, connector.send(less).reference] == [made.id, made.id]
    assert isinstance(connector.find(less), Found)
    (row,) = lines(kept(account, made.id))
    assert [text(row, name) for name in ("line", "quantity", "quantityReceived")] == ["1", "1", "1"]


def test_a_purchase_order_that_nobody_ships_is_closed_line_by_line(account: RunningNetSuite, connect: Open) -> None:
    fields = {**order_fields(1), "number": "PO-1", "supplier": "ACME", "currency": "USD"}
    first, connector = PurchaseOrder.model_validate(fields), connect()
    made = send(connector, "purchase_orders", first)
    gone = outbound(connector, "purchase_orders", first.changed(cancelled=True))
    assert isinstance(connector.find(gone), Absent)
    assert connector.send(gone).reference == made
    assert isinstance(connector.find(gone), Found)
    assert [text(row, "isClosed") for row in lines(kept(account, made))] == ["true", "true"]


def test_two_lines_of_a_bill_that_speak_of_one_line_of_the_order_are_both_billed(
    account: RunningNetSuite, connect: Open
) -> None:
    fields = {**order_fields(1), "number": "PO-1", "supplier": "ACME", "currency": "USD"}
    connector = connect()
    send(connector, "purchase_orders", PurchaseOrder.model_validate(fields))
    rows = [{"line_number": 1, "sku": "CD-R", "quantity": 1, "price": price} for price in ("2.40", "2.60")]
    bill = send(
        connector, "bills", Invoice.model_validate({"invoice_number": "I1", "order_number": "PO-1", "lines": rows})
    )
    (row,) = lines(kept(account, bill))
    assert (text(row, "quantity"), text(row, "rate")) == ("2", "2.5")


def test_two_skus_or_two_nodes_of_one_number_are_adjustments_of_their_own(
    account: RunningNetSuite, connect: Open
) -> None:
    connector = connect()
    for sku, node in (("CD-R", "DC1"), ("DVD-R", "DC1"), ("CD-R", "DC2")):
        send(connector, "adjustments", StockAdjustment(number="A1", sku=sku, location=node, change=Decimal(-4)))
    found = account.ask(lambda service: [level.on_hand for _, level in sorted(service.books.levels.items())])
    assert found[:3] == [260, -5, 8]
    assert len(account.ask(lambda service: service.books.of("InventoryAdjustment"))) == 3


# --- units, subsidiaries, custom fields ------------------------------------------------------------------------------


def test_quantities_are_in_our_units_whatever_netsuite_counts_in(account: RunningNetSuite, connect: Open) -> None:
    account.ask(lambda service: setattr(next(iter(service.books.items.values())), "unit", "Case"))
    found = {each.sku: each.quantity for each in read(connect(units={"Case": 12}), "stock") if each.location == "DC1"}
    assert (found["CD-R"], found["DVD-R"]) == (264 * 12, 12)

    def sell(service: Service) -> None:
        sale = transaction("SalesOrder", "theirs", next(iter(service.books.items)), "2")
        row = next(children(child(sale, "itemList"), "item"))
        unit = etree.SubElement(row, row.tag.replace("}item", "}units"))
        etree.SubElement(unit, f"{{{SPACES.core}}}name").text = "Case"
        service.books.save("SalesOrder", sale, SPACES)

    account.ask(sell)
    (order,) = read(connect(units={"Case": 12}), "orders")
    assert (order.lines[0].quantity, order.lines[0].price) == (24, Decimal("0.79166667"))


def test_every_line_that_we_make_says_our_unit(account: RunningNetSuite, connect: Open) -> None:
    book = kept(account, send(connect(documents=BOOKS, unit="3"), "sales_orders", sold()))
    assert {at(row, "units") for row in lines(book)} == {"3"}


def test_records_are_made_in_and_read_of_one_subsidiary(account: RunningNetSuite, connect: Open) -> None:
    book = kept(account, send(connect(documents=BOOKS, subsidiary="3"), "sales_orders", sold()))
    assert at(book.element, "subsidiary") == "3"
    seen = connect(prefix="other:", subsidiary="3")
    assert [each.order_id for each in read(seen, "orders")] == [book.id]
    assert read(connect(prefix="other:", subsidiary="4"), "orders") == []


def test_custom_fields_are_of_the_kind_that_their_value_is(account: RunningNetSuite, connect: Open) -> None:
    given = {"custbody_source": "hub", "custbody_web": True, "custbody_rank": 3, "custbody_region": {"id": "5"}}
    connector = connect(documents=BOOKS, constants={"SalesOrder": given})
    book = kept(account, send(connector, "sales_orders", sold()))
    fields = list(children(child(book.element, "customFieldList"), "customField"))
    assert {each.get("scriptId"): kind(each) for each in fields} == {
        "custbody_source": "StringCustomFieldRef",
        "custbody_web": "BooleanCustomFieldRef",
        "custbody_rank": "LongCustomFieldRef",
        "custbody_region": "SelectCustomFieldRef",
    }
    assert text(fields[1], "value") == "true"


def test_a_receipt_sent_again_when_nothing_is_left_of_its_order_is_done(connect: Open) -> None:
    fields = {**order_fields(1), "number": "PO-1", "supplier": "ACME", "currency": "USD"}
    connector = connect()
    send(connector, "purchase_orders", PurchaseOrder.model_validate(fields))
    every = ({"line_number": 1, "sku": "CD-R", "quantity": 2}, {"line_number": 2, "sku": "LP", "quantity": 1})
    record = Shipment.model_validate({"order_number": "PO-1", "shipment_number": "S1", "lines": every})
    first = send(connector, "receipts", record)
    assert send(connector, "receipts", record) == first
    with pytest.raises(Rejected, match="INVALID_INITIALIZE_REF"):
        send(connector, "receipts", record.changed(shipment_number="S2"))


def test_without_whole_orders_a_vendors_part_is_a_purchase_order_of_ours(
    account: RunningNetSuite, connect: Open
) -> None:
    vendor = account.ask(lambda service: service.books.add_vendor("MAKER", "The Maker", SPACES).id)
    fields = {**order_fields(1), "number": "PO-8", "node": f"ERP-V{vendor}", "supplier": "erp", "currency": "USD"}
    connector = connect(documents=["purchase_orders", "vendors"])
    made = kept(account, send(connector, "purchase_orders", PurchaseOrder.model_validate(fields)))
    assert (made.external_id, at(made.element, "entity")) == ("crossdock:PO-8", vendor)
