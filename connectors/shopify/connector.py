"""One shop as a connector: orders in; fulfilments and stock out, over the Admin REST API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from connectors.shopify import health, hooks
from connectors.shopify.client import ShopClient
from connectors.shopify.fulfilments import Fulfilments
from connectors.shopify.orders import read_orders, recount_orders
from connectors.shopify.parcel import Parcel
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.stock import Stock, write_push
from connectors.shopify.translate import read_order
from hub.contract import (
    About,
    BadRecord,
    Context,
    DocumentSpec,
    Finding,
    Health,
    Knock,
    Numbers,
    Outbound,
    Pace,
    Page,
    Profile,
    RawItem,
    Receipt,
    Rejected,
    Rendered,
)
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.shipment import Fulfilment
from hub.model.stock import StockPush

ORDERS = DocumentSpec("orders", Direction.IN, Kind.SALES_ORDER)
FULFILMENTS = DocumentSpec("fulfilments", Direction.OUT, Kind.FULFILMENT)
STOCK = DocumentSpec("stock", Direction.OUT, Kind.STOCK_PUSH)

#: What the shop calls us with: it only says that orders are worth reading, and is done with once they were.
HOOKS = DocumentSpec(hooks.DOCUMENT, Direction.IN, Kind.SALES_ORDER, comes_with=ORDERS.name)

ABOUT = About(
    name="shopify",
    summary="A Shopify shop over the Admin REST API: orders in, fulfilments and stock out.",
    settings=ShopifySettings,
    reads=frozenset({Kind.SALES_ORDER}),
    writes=frozenset({Kind.FULFILMENT, Kind.STOCK_PUSH}),
    idempotent=frozenset({Kind.STOCK_PUSH}),
    page_size=250,
    pace=Pace(per_second=2, burst=40),  # the Standard plan's; the call-limit header corrects it
)


class ShopifyConnector:
    """An open connection to one shop; one thread at a time uses it."""

    def __init__(self, profile: Profile, context: Context) -> None:
        if not isinstance(profile.settings, ShopifySettings):
            raise TypeError(
                f"the settings of {profile.partner.code} are not a shop's: {type(profile.settings).__name__}"
            )
        self._settings, self._context = profile.settings, context
        self._channel = profile.partner.code
        self._client = ShopClient(self._settings, context)
        self._fulfilments = Fulfilments(self._client, self._settings, context)
        self._stock = Stock(self._client, self._settings, context)
        self._subscriptions = hooks.Subscriptions(self._client, self._settings, context, self._channel)

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that flow over this connection."""
        return ORDERS, HOOKS, FULFILMENTS, STOCK

    def check(self) -> Health:
        """Say whether we can log in and work, and which locations nobody mapped."""
        return health.check(self._client, self._settings)

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of orders placed or changed since the cursor."""
        _expect(document, ORDERS)
        self._subscriptions.look_after()
        return read_orders(self._client, self._settings, self._context, cursor)

    def recount(self, document: str, since: datetime) -> Iterator[Page]:
        """Yield every order placed or changed since then, whatever was read before."""
        _expect(document, ORDERS)
        return recount_orders(self._client, self._settings, since)

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield the sales order, or why it cannot be read; a webhook only says that one is worth reading."""
        if document == HOOKS.name:
            return
        _expect(document, ORDERS)
        yield read_order(item.content, self._channel, self._settings)

    def render(self, document: str, record: Record, numbers: Numbers) -> Rendered:  # noqa: ARG002 - the shop has no numbers of ours
        """Return a neutral document; what the shop calls things is looked up when it is sent."""
        if document == FULFILMENTS.name and isinstance(record, Fulfilment):
            location = record.location or self._settings.location_of(record.node)
            return Rendered(Parcel.of(record, location).write(record.fulfilment_id))
        if document == STOCK.name and isinstance(record, StockPush):
            return Rendered(write_push(record))
        raise Rejected(f"{type(record).__name__} is no {document} of a shop", code="document")

    def send(self, outbound: Outbound) -> Receipt:
        """Send the document once."""
        if outbound.document == FULFILMENTS.name:
            return self._fulfilments.send(outbound)
        _expect(outbound.document, STOCK)
        return self._stock.send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send arrived."""
        if outbound.document == FULFILMENTS.name:
            return self._fulfilments.find(outbound)
        _expect(outbound.document, STOCK)
        return self._stock.find(outbound)

    def close(self) -> None:
        """Let go of every socket."""
        self._client.close()


class ShopifyPlugin:
    """The kind of connector that the entry point names."""

    about = ABOUT

    def hear(self, profile: Profile, headers: Mapping[str, str], body: bytes) -> Knock:
        """Return what a webhook of the shop is; raises AccessDenied when it is not the shop's."""
        if not isinstance(profile.settings, ShopifySettings):
            raise TypeError(f"the settings of {profile.partner.code} are not a shop's")
        return hooks.hear(profile.settings, headers, body)

    def open(self, profile: Profile, context: Context) -> ShopifyConnector:
        """Return a connection; nothing is called before its first verb."""
        return ShopifyConnector(profile, context)


PLUGIN = ShopifyPlugin()


def _expect(document: str, spec: DocumentSpec) -> None:
    if document != spec.name:
        raise Rejected(f"a shop has no document {document!r} in this direction", code="document")
