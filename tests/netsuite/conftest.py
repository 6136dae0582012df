"""A NetSuite account on loopback, its WSDL fetched once, and connections to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.netsuite.connector import PLUGIN, NetSuiteConnector
from connectors.netsuite.gate import Gate
from connectors.netsuite.settings import Flow, NetSuiteSettings
from hub.contract import Profile
from hub.model.partner import Partner, Role
from hub.testing.clock import FakeClock
from hub.testing.context import MemoryContext
from sandbox.netsuite.books import Books
from sandbox.netsuite.service import RunningNetSuite
from tests.netsuite.folder import ENDPOINT, lay_wsdl
from tests.netsuite.plain import PlainGateway, PlainReader

#: With the whole of a channel's order a ship order makes none of its own; and a supplier's account is no other's.
_APART = {Flow.SUPPLIER_ORDERS, Flow.SALES_ORDERS}


@pytest.fixture(scope="session")
def wsdl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandbox's WSDL as `fetch-wsdl` stores it."""
    folder = tmp_path_factory.mktemp("wsdl")
    lay_wsdl(folder)
    return folder


@pytest.fixture
def account() -> Iterator[RunningNetSuite]:
    """An account with two locations and three items, on a clock that stands still."""
    with RunningNetSuite(FakeClock()) as running:
        running.ask(lambda service: _fill(service.books))
        yield running


def _fill(books: Books) -> None:
    east, west = books.add_location("East"), books.add_location("West")
    for sku, stock in (("CD-R", "264"), ("DVD-R", "12"), ("LP", "0")):
        item = books.add_item(sku, cost="2.50", external_id=f"ext-{sku}")
        books.set_level(item.id, east.id, stock)
        books.set_level(item.id, west.id, "-1")


Profiler = Callable[..., Profile]


@pytest.fixture
def make_profile(account: RunningNetSuite, wsdl_folder: Path) -> Profiler:
    """Make the profile of a connection to the account."""
    locations = sorted(account.ask(lambda service: list(service.books.locations)))

    def make(*, role: Role = Role.WAREHOUSE, **settings: object) -> Profile:
        access = account.access
        given = {
            "account": "1234567-sb1",
            "consumer_key": access.consumer_key,
            "consumer_secret": access.consumer_secret,
            "token_id": access.token,
            "token_secret": access.token_secret,
            "url": account.url,
            "endpoint": ENDPOINT,
            "wsdl_folder": wsdl_folder,
            "documents": [each.value for each in Flow if each not in _APART],
            "locations": {locations[0]: "DC1", locations[1]: "DC2"},
            "customer": "77",
            "vendors": {"ACME": "88"},
            "adjustment_account": "99",
            "page_size": 5,
            "connect_timeout": 1,
            "read_timeout": 0.2,
            **settings,
        }
        partner = Partner(code="erp", role=role, currency="USD")
        return Profile(partner=partner, settings=NetSuiteSettings.model_validate(given), hash="1")

    return make


@pytest.fixture
def context() -> MemoryContext:
    """The hub in memory, on a clock that stands still."""
    return MemoryContext(FakeClock())


Opener = Callable[..., NetSuiteConnector]


@pytest.fixture(params=["soap", "plain"])
def connect_either_way(
    request: pytest.FixtureRequest,
    connect: Opener,
    account: RunningNetSuite,
    make_profile: Profiler,
    context: MemoryContext,
) -> Opener:
    """Open connections over SOAP, and once more over a gateway that knows nothing of it."""

    def plain(**settings: object) -> NetSuiteConnector:
        return NetSuiteConnector(make_profile(**settings), context, Gate(4), PlainGateway(account), PlainReader())

    return connect if request.param == "soap" else plain


@pytest.fixture
def connect(context: MemoryContext, make_profile: Profiler) -> Iterator[Opener]:
    """Open connections that are closed at the end of the test."""
    opened: list[NetSuiteConnector] = []

    def connect(**settings: object) -> NetSuiteConnector:
        opened.append(PLUGIN.open(make_profile(**settings), context))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
