"""What changes about an order without the order changing: it is held, released, scheduled, requested of us.

A reading by `updated_at` misses that. So each reading also asks which fulfilment orders wait now, for one call. An
order that came to wait, waits otherwise, or waits no more since the last reading is read again by its id.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from connectors.shopify.client import ShopClient
from connectors.shopify.graphql import GraphQL, Tree
from connectors.shopify.parcel import mappings
from connectors.shopify.queries import WAITING
from connectors.shopify.settings import ShopifySettings
from hub.contract import ConnectorError, Context
from hub.log import EventLog
from hub.wire.http import Effect

_LOG = EventLog(__name__)
_KEY, _UNSEEN, _NEXT = "waiting_orders", "waiting_unseen", "waiting_next"
#: After a look that took several pages the next one comes so much later for each: it costs a tenth of the points then.
_FOR_A_PAGE = timedelta(seconds=10)
_ASKED = ("fulfillment_requested", "cancellation_requested")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The orders that wait, each with what tells whether that has changed; `news` are those to read again."""

    orders: Mapping[str, str] = field(default_factory=dict)
    news: tuple[str, ...] = ()


class Watch:
    """Which orders of one shop wait."""

    def __init__(self, client: ShopClient, graphql: GraphQL, settings: ShopifySettings, context: Context) -> None:
        self._client, self._graphql, self._settings, self._context = client, graphql, settings, context

    def look(self) -> Waiting:
        """Return who waits; when the shop does not tell, what it told last. Never raises for it: orders come first."""
        known, until = self._known(), self._context.recall(_NEXT)
        if until and self._context.clock.now() < datetime.fromisoformat(until):
            return Waiting(known)
        try:
            now = self._now()
        except ConnectorError as error:
            self._tell(error)
            return Waiting(known)
        if self._context.recall(_UNSEEN):
            self._context.remember(_UNSEEN, "")
        changed = {order for order in known.keys() | now.keys() if known.get(order) != now.get(order)}
        return Waiting(now, tuple(sorted(changed)))

    def keep(self, waiting: Waiting) -> None:
        """Write down that the news have been read."""
        if waiting.news:
            self._context.remember(_KEY, json.dumps(waiting.orders))

    def _known(self) -> dict[str, str]:
        kept = self._context.recall(_KEY)
        return dict(json.loads(kept)) if kept else {}

    def _tell(self, error: ConnectorError) -> None:
        """Say once, when it starts, that holds are not seen."""
        if not self._context.recall(_UNSEEN):
            self._context.remember(_UNSEEN, "1")
            _LOG.warning("shopify_holds_not_seen", why=error.what, todo=error.todo)

    def _now(self) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for order, mark in self._marks():
            found.setdefault(order, []).append(mark)
        return {order: _digest(marks) for order, marks in found.items() if order}

    def _marks(self) -> Iterator[tuple[str, str]]:
        for tree in self._held():
            words = (str(tree.get(name)) for name in ("id", "status", "requestStatus", "updatedAt"))
            yield _number(tree.get("orderId")), "|".join(words)
        for status in _ASKED if self._settings.fulfilment_service else ():
            for page in self._client.pages("assigned_fulfillment_orders.json", {"assignment_status": status}):
                listed = page.json()
                for part in mappings(listed.get("fulfillment_orders") if isinstance(listed, dict) else None):
                    words = (str(part.get(name)) for name in ("id", "request_status", "updated_at"))
                    yield str(part.get("order_id") or ""), "|".join(words)

    def _held(self) -> Iterator[Tree]:
        after, pages = None, 0
        while True:
            listed = self._graphql.ask(WAITING, {"after": after}, Effect.READ).get("fulfillmentOrders")
            found: Tree = listed if isinstance(listed, dict) else {}
            yield from mappings(found.get("nodes"))
            info, pages = found.get("pageInfo"), pages + 1
            if not isinstance(info, dict) or info.get("hasNextPage") is not True:
                break
            after = str(info.get("endCursor"))
        if pages > 1:
            self._context.remember(_NEXT, (self._context.clock.now() + pages * _FOR_A_PAGE).isoformat())


def _digest(marks: Iterable[str]) -> str:
    return sha256(" ".join(sorted(marks)).encode()).hexdigest()[:12]


def _number(gid: object) -> str:
    tail = str(gid).rpartition("/")[2]
    return tail if tail.isascii() and tail.isdigit() else ""
