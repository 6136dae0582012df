"""A console over a small world: orders, a supplier, a failure of each kind; asked in-process, as a browser would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from hub.contract import DocumentSpec, Health, Profile, RawItem
from hub.model.document import Direction, Kind
from hub.model.item import CatalogueEntry
from hub.model.money import ExchangeRates
from hub.model.node import Node, NodeCosts, NodeKind
from hub.model.order import OrderLine, SalesOrder
from hub.model.partner import Partner, Role
from hub.model.place import Address
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk, Source
from hub.services.directory import Entry, PartnerDirectory
from hub.services.requests import ask_and_do
from hub.services.selling import orders
from hub.services.sourcing.simulations import Simulations
from hub.services.verbs import Verbs
from hub.store import connections
from hub.store.engine import Store
from hub.store.tables import catalogue, stock
from hub.testing.clock import FakeClock
from hub.web.console.access import Access, User, users_of
from hub.web.console.routes import mount
from hub.web.console.site import Console

PLACED = datetime(2026, 11, 20, 6, tzinfo=UTC)


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


@dataclass
class Browser:
    """Asks an app in-process; keeps cookies and follows redirects as a browser does."""

    app: FastAPI
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, b"", headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Reply:
        form = {"content_type": "application/x-www-form-urlencoded", **headers}
        return self.ask("POST", path, urlencode(fields).encode(), form)

    def send(self, page: str, path: str, **fields: str) -> Reply:
        """Fill a form of a page in: its token goes along."""
        token = self.get(page).text.partition('name="token" value="')[2].partition('"')[0]
        return self.post(path, {"token": token, "back": page, **fields})

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        reply = asyncio.run(self._ask(method, path, body, headers))
        for name, value in reply.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                content = rest.partition(";")[0].strip('"')
                self.cookies[key] = content
                if not content:
                    del self.cookies[key]
        if reply.status == 303:
            return self.get(reply.header("location"))
        return reply

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        path, _, query = path.partition("?")
        given = {"host": "127.0.0.1:8377", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8377),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)  # type: ignore[arg-type]
        text = b"".join(each.get("body", b"") for each in sent[1:]).decode()
        return Reply(sent[0]["status"], [(k.decode(), v.decode()) for k, v in sent[0]["headers"]], text)


def made(number: str, sku: str = "A", quantity: int = 1, name: str = "") -> SalesOrder:
    """Return an order of one line."""
    return SalesOrder(
        channel="shop",
        order_id=number,
        number=f"#{number}",
        placed_at=PLACED,
        updated_at=PLACED,
        currency="USD",
        ship_to=Address(country="US"),
        lines=(OrderLine(line_id="L1", sku=sku, name=name, quantity=Decimal(quantity)),),
    )


class Site:
    """A console with what is behind it."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        node = Node(code="ACME", kind=NodeKind.SUPPLIER, partner="acme", costs=NodeCosts(freight_base=Decimal(5)))
        partners = [
            Partner(code="shop", role=Role.CHANNEL),
            Partner(code="acme", role=Role.SUPPLIER, name="Acme & Sons", nodes=(node,)),
        ]
        documents = (
            DocumentSpec("order", Direction.OUT, Kind.PURCHASE_ORDER),
            DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL),
        )
        entries = {
            each.code: Entry(Profile(each, None), "files", documents)  # type: ignore[arg-type]
            for each in partners
        }
        self.desk = Desk(store, clock, PartnerDirectory(entries), ExchangeRates(base="USD"), RoutingRules(), "USD")
        self.routing_files: list[tuple[str, str]] = []
        self.simulations = Simulations()
        self.asked: list[tuple[str, Mapping[str, Any], str]] = []
        verbs = Verbs(lambda _code, _kinds: 1, lambda: None, done="started").table()

        def ask(verb: str, arguments: Mapping[str, Any], actor: str) -> Mapping[str, Any]:
            self.asked.append((verb, arguments, actor))
            return ask_and_do(self.desk, verbs, verb, arguments, actor)

        self.ask = ask
        with store.write() as tx:
            for each in partners:
                connections.ensure(tx, each.code, "files", "hash", clock.now())
            now, entry = clock.now(), CatalogueEntry(sku="A", price=Decimal(10))
            figure = {
                "on_hand": Decimal(5),
                "safety": Decimal(1),
                "nets": "orders",
                "status": "active",
                "generation": 1,
            }
            tx.execute(insert(stock).values(node="ACME", sku="A", as_of=now, updated_at=now, **figure))
            doc = entry.model_dump(mode="json")
            tx.execute(insert(catalogue).values(partner="acme", sku="A", doc=doc, as_of=now, updated_at=now))

    def open(self, host: str = "127.0.0.1", users: Mapping[str, User] | None = None) -> Browser:
        console = Console(
            desk=lambda: self.desk,
            access=Access(users or {}, host, local="ann"),
            ask=self.ask,
            check=lambda code: Health(ok=False, sentence=f"{code} does not answer", todo="ask them"),
            parse=self.parse,
            redact=lambda _partner, text: text.replace("hunter2", "<secret:password>"),
            routing_files=lambda: self.routing_files,
            simulations=self.simulations,
        )
        app = FastAPI()
        mount(app, console)
        return Browser(app)

    def parse(self, _partner: str, _document: str, item: RawItem) -> Iterator[SalesOrder]:
        """Make the order of what is named after it, and another one."""
        yield made("7777")
        yield made(item.key)

    def order(self, number: str, sku: str = "A", quantity: int = 1, name: str = "") -> None:
        with self.store.write() as tx:
            orders.apply(tx, self.desk, Source("shop", "orders", 1), made(number, sku, quantity, name))


@pytest.fixture
def site(store: Store, clock: FakeClock) -> Iterator[Site]:
    made = Site(store, clock)
    yield made
    made.simulations.close()


@pytest.fixture
def quick_site(sqlite_store: Store, clock: FakeClock) -> Iterator[Site]:
    """The same on SQLite alone, for what no database can change."""
    made = Site(sqlite_store, clock)
    yield made
    made.simulations.close()


@pytest.fixture
def staff() -> Mapping[str, User]:
    def known(password: str) -> Callable[[], str | None]:
        return lambda: password

    listed = [("vera", "viewer", known("v")), ("olga", "operator", known("o")), ("ada", "admin", known("a"))]
    return users_of(listed)
