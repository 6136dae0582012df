"""Each order is in its own currency, in NetSuite as with us; one that nobody has named is parked with its cure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from pydantic import ValidationError

from connectors.netsuite.connector import NetSuiteConnector
from hub.contract import BadRecord, Outbound, Profile, Rejected
from hub.model.base import Record
from hub.model.order import SalesOrder
from hub.model.purchase import Invoice, InvoiceLine, PurchaseOrder
from hub.testing.context import MemoryNumbers
from sandbox.netsuite.books import Book, Books
from sandbox.netsuite.envelope import Element, child, children, ref, text
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.trade import SPACES, ShipOrderBench, WholeOrderBench, order_fields

Open = Callable[..., NetSuiteConnector]
Make = Callable[..., Profile]
NAMED = {"EUR": "4"}


@pytest.fixture
def connect(connect_either_way: Open) -> Open:
    """Every test here runs over SOAP and over a gateway without it."""
    return connect_either_way


@pytest.fixture(autouse=True)
def euros(account: RunningNetSuite) -> None:
    """The account keeps euros beside its own dollars."""
    account.ask(lambda service: service.books.currencies.update({"4": "Euro"}))


@pytest.fixture
def sold(account: RunningNetSuite, make_profile: Make) -> SalesOrder:
    """A shop's order in euros."""
    record = WholeOrderBench(account, make_profile()).record(5)
    assert isinstance(record, SalesOrder)
    return record.changed(currency="EUR")


def render(connector: NetSuiteConnector, document: str, record: Record) -> Outbound:
    return Outbound(document, "1", connector.render(document, record, MemoryNumbers()).content)


def send(connector: NetSuiteConnector, document: str, record: Record) -> str:
    return connector.send(render(connector, document, record)).reference or ""


def kept(account: RunningNetSuite, id_: str) -> Element:
    return account.ask(lambda service: service.books.transactions[id_].element)


def currency(element: Element) -> str:
    found = child(element, "currency")
    return "" if found is None else str(found.get("internalId"))


def bought(**fields: object) -> PurchaseOrder:
    given = {**order_fields(1), "number": "PO-1", "supplier": "ACME", "currency": "EUR"}
    return PurchaseOrder.model_validate(given | fields)


def bill(**fields: object) -> Invoice:
    line = InvoiceLine(line_number=1, sku="CD-R", quantity=Decimal(1), price=Decimal("2.50"))
    return Invoice(invoice_number="I1", order_number="PO-1", lines=(line,), **fields)  # type: ignore[arg-type]


def test_a_shops_order_is_posted_in_its_own_currency_with_its_own_amounts(
    account: RunningNetSuite, connect: Open, sold: SalesOrder
) -> None:
    made = kept(account, send(connect(currencies=NAMED), "sales_orders", sold))
    assert currency(made) == "4"
    assert child(made, "exchangeRate") is None
    (row,) = children(child(made, "itemList"), "item")
    assert (text(row, "quantity"), text(row, "rate"), text(made, "shippingCost")) == ("2", "9", "4.90")


def test_a_customer_who_is_made_for_an_order_has_its_currency(
    account: RunningNetSuite, connect: Open, sold: SalesOrder
) -> None:
    send(connect(currencies=NAMED, customers="email"), "sales_orders", sold)
    customers: list[Book] = account.ask(lambda service: service.books.of("Customer"))
    assert [currency(each.element) for each in customers] == ["4"]


@pytest.mark.parametrize("document", ["purchase_orders", "supplier_orders"])
def test_what_we_buy_is_in_the_suppliers_currency(account: RunningNetSuite, connect: Open, document: str) -> None:
    connector = connect(currencies=NAMED, documents=[document])
    assert currency(kept(account, send(connector, document, bought()))) == "4"


def test_the_accounts_own_currency_may_be_named_or_left_to_it(
    account: RunningNetSuite, connect: Open, sold: SalesOrder
) -> None:
    order = sold.changed(currency="USD")
    assert currency(kept(account, send(connect(currencies=NAMED), "sales_orders", order))) == ""
    named = connect(currencies={**NAMED, "USD": "1"})
    assert currency(kept(account, send(named, "sales_orders", order.changed(order_id="56")))) == "1"


@pytest.mark.parametrize("which", ["sales_orders", "purchase_orders", "bills"])
def test_a_currency_that_nobody_has_named_is_refused_with_the_setting(
    connect: Open, sold: SalesOrder, which: str
) -> None:
    records: dict[str, Record] = {
        "sales_orders": sold.changed(currency="SEK"),
        "purchase_orders": bought(currency="SEK"),
        "bills": bill(currency="SEK"),
    }
    with pytest.raises(Rejected, match="is in SEK, and no currency of NetSuite") as refused:
        render(connect(currencies=NAMED), which, records[which])
    assert refused.value.code == "currency"
    assert "[connection.currencies] SEK" in refused.value.todo


def test_an_id_that_the_account_does_not_know_is_refused_in_its_own_words(connect: Open, sold: SalesOrder) -> None:
    with pytest.raises(Rejected, match="currency reference key 9"):
        send(connect(currencies={"EUR": "9"}), "sales_orders", sold)


def test_a_bill_is_in_the_currency_of_its_order_or_not_made(account: RunningNetSuite, connect: Open) -> None:
    connector = connect(currencies={**NAMED, "USD": "1"})
    send(connector, "purchase_orders", bought())
    with pytest.raises(Rejected, match="billed in NetSuite's currency 1, and ordered in 4") as refused:
        send(connector, "bills", bill(currency="USD"))
    assert refused.value.code == "currency"
    assert currency(kept(account, send(connector, "bills", bill(currency="EUR")))) == "4"


@pytest.mark.parametrize(
    ("settings", "id_", "read"),
    [
        ({"currencies": NAMED}, "4", "EUR"),
        ({"currencies": {**NAMED, "USD": "1"}}, "1", "USD"),
        ({"currencies": NAMED}, "", "USD"),
        ({}, "1", "USD"),  # an account with one currency, whatever it calls it
    ],
)
def test_an_order_of_netsuite_is_read_in_its_currency(
    account: RunningNetSuite, make_profile: Make, connect: Open, settings: dict[str, object], id_: str, read: str
) -> None:
    _placed_in(account, make_profile, id_)
    (order,) = _orders(connect(**settings))
    assert isinstance(order, SalesOrder)
    assert order.currency == read


@pytest.mark.parametrize(("settings", "name"), [({"currencies": NAMED}, "Krona"), ({}, "SEK")])
def test_an_order_of_netsuite_in_a_currency_that_nobody_has_named_is_parked_with_the_setting(
    account: RunningNetSuite, make_profile: Make, connect: Open, settings: dict[str, object], name: str
) -> None:
    account.ask(lambda service: service.books.currencies.update({"7": name}))
    _placed_in(account, make_profile, "7")
    (bad,) = _orders(connect(**settings))
    assert isinstance(bad, BadRecord)
    assert f"its currency {name} (internal id 7)" in bad.what
    assert '[connection.currencies] its code, such as EUR = "7"' in bad.todo


def test_a_currency_must_be_one(make_profile: Make) -> None:
    with pytest.raises(ValidationError, match="not an ISO 4217 currency code"):
        make_profile(currencies={"Euro": "4"})


def _placed_in(account: RunningNetSuite, make_profile: Make, id_: str) -> None:
    """Let there be an order of NetSuite's own in this currency."""
    ShipOrderBench(account, make_profile()).place(1)

    def say(books: Books) -> None:
        element = books.of("SalesOrder")[0].element
        space = str(element[0].tag).partition("}")[0].lstrip("{")
        if id_:
            ref(element, SPACES, (space, "currency"), (id_, books.currencies[id_]))

    account.ask(lambda service: say(service.books))


def _orders(connector: NetSuiteConnector) -> list[Record | BadRecord]:
    items = [item for page in connector.fetch("orders", None) for item in page.items]
    return [each for item in items for each in connector.parse("orders", item)]
