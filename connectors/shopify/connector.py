"""One shop as a connector: orders in; fulfilments, stock, holds, assignments and answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from connectors.shopify import health, hooks
from connectors.shopify.answers import Answers, write_answer
from connectors.shopify.assignments import Assignments, Wanted
from connectors.shopify.client import ShopClient
from connectors.shopify.fulfilments import Fulfilments
from connectors.shopify.graphql import GraphQL
from connectors.shopify.holds import Holds, write_hold
from connectors.shopify.orders import Asking, read_orders, recount_orders
from connectors.shopify.parcel import Parcel
from connectors.shopify.parts import Parts
from connectors.shopify.risks import Risks
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.stock import Stock, write_push
from connectors.shopify.told import Promises, ReadyGoods, write_promise, write_ready
from connectors.shopify.translate import read_order
from connectors.shopify.watch import Watch
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
from hub.model.channel import Assignment, OrderHold, OrderPromise, ReadyForPickup, RequestAnswer
from hub.model.document import Direction, Kind
from hub.model.shipment import Fulfilment
from hub.model.stock import StockPush

ORDERS = DocumentSpec("orders", Direction.IN, Kind.SALES_ORDER)
FULFILMENTS = DocumentSpec("fulfilments", Direction.OUT, Kind.FULFILMENT)
STOCK = DocumentSpec("stock", Direction.OUT, Kind.STOCK_PUSH)
HOLDS = DocumentSpec("holds", Direction.OUT, Kind.ORDER_HOLD)
ASSIGNMENTS = DocumentSpec("assignments", Direction.OUT, Kind.ASSIGNMENT)
ANSWERS = DocumentSpec("answers", Direction.OUT, Kind.REQUEST_ANSWER)
READY = DocumentSpec("ready", Direction.OUT, Kind.READY_FOR_PICKUP)
PROMISES = DocumentSpec("promises", Direction.OUT, Kind.ORDER_PROMISE)

#: What the shop calls us with: it only says that orders are worth reading, and is done with once they were.
HOOKS = DocumentSpec(hooks.DOCUMENT, Direction.IN, Kind.SALES_ORDER, comes_with=ORDERS.name)

ABOUT = About(
    name="shopify",
    summary="A Shopify shop over the Admin API: orders in, fulfilments, stock and holds out.",
    settings=ShopifySettings,
    reads=frozenset({Kind.SALES_ORDER}),
    writes=frozenset(
        {
            Kind.FULFILMENT,
            Kind.STOCK_PUSH,
            Kind.ORDER_HOLD,
            Kind.ASSIGNMENT,
            Kind.REQUEST_ANSWER,
            Kind.READY_FOR_PICKUP,
            Kind.ORDER_PROMISE,
        }
    ),
    idempotent=frozenset({Kind.STOCK_PUSH, Kind.READY_FOR_PICKUP, Kind.ORDER_PROMISE}),
    page_size=250,
    pace=Pace(per_second=2, burst=40),  # the Standard plan's; the call-limit header corrects it
)


#: The record of each document that is written the same way whatever the settings say, and what writes it.
_WRITTEN: Mapping[str, tuple[type[Record], Callable[[Any], bytes]]] = {
    STOCK.name: (StockPush, write_push),
    HOLDS.name: (OrderHold, write_hold),
    ASSIGNMENTS.name: (Assignment, lambda record: Wanted.of(record).write()),
    ANSWERS.name: (RequestAnswer, write_answer),
    READY.name: (ReadyForPickup, write_ready),
    PROMISES.name: (OrderPromise, write_promise),
}


class Writer(Protocol):
    """What sends one kind of document to the shop."""

    def send(self, outbound: Outbound) -> Receipt:
        """Send it; a repetition does what is still missing."""
        ...

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send arrived."""
        ...


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
        graphql, parts = GraphQL(self._client, context), Parts(self._client)
        watch, risks = Watch(self._client, graphql, self._settings, context), Risks(graphql, self._settings, context)
        self._asking = Asking(self._client, self._settings, watch, risks)
        self._writers: Mapping[str, Writer] = {
            FULFILMENTS.name: Fulfilments(self._client, parts, self._settings, context),
            STOCK.name: Stock(self._client, graphql, self._settings, context),
            HOLDS.name: Holds(graphql),
            ASSIGNMENTS.name: Assignments(parts),
            ANSWERS.name: Answers(self._client),
            READY.name: ReadyGoods(graphql, parts),
            PROMISES.name: Promises(graphql),
        }
        self._subscriptions = hooks.Subscriptions(self._client, self._settings, context, self._channel)

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents that flow over this connection."""
        settings = self._settings
        chosen = (
            (ASSIGNMENTS, settings.moves),
            (ANSWERS, settings.fulfilment_service),
            (PROMISES, settings.tell_promise),
        )
        return ORDERS, HOOKS, FULFILMENTS, STOCK, HOLDS, READY, *(spec for spec, wanted in chosen if wanted)

    def check(self) -> Health:
        """Say whether we can log in and work, and which locations nobody mapped."""
        return health.check(self._client, self._settings)

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of orders placed or changed since the cursor."""
        _expect(document, ORDERS)
        self._subscriptions.look_after()
        return read_orders(self._asking, self._context, cursor)

    def recount(self, document: str, since: datetime) -> Iterator[Page]:
        """Yield every order placed or changed since then, whatever was read before."""
        _expect(document, ORDERS)
        return recount_orders(self._asking, since)

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
        kind, write = _WRITTEN.get(document, (None, None))
        if kind is not None and write is not None and isinstance(record, kind):
            return Rendered(write(record))
        raise Rejected(f"{type(record).__name__} is no {document} of a shop", code="document")

    def send(self, outbound: Outbound) -> Receipt:
        """Send the document once."""
        return self._writer(outbound).send(outbound)

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send arrived."""
        return self._writer(outbound).find(outbound)

    def _writer(self, outbound: Outbound) -> Writer:
        writer = self._writers.get(outbound.document)
        if writer is None:
            raise Rejected(f"a shop has no document {outbound.document!r} in this direction", code="document")
        return writer

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
