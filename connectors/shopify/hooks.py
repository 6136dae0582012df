"""Webhooks of a shop: is it the shop's, which event is it, and what is worth reading now."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from connectors.shopify.client import ShopClient
from connectors.shopify.parcel import mappings
from connectors.shopify.settings import ShopifySettings
from hub.contract import AccessDenied, Context, Knock, Rejected, TemporaryFailure
from hub.log import EventLog
from hub.model.document import Kind
from hub.wire.http import Effect

_LOG = EventLog(__name__)
#: The document that calls are kept under.
DOCUMENT = "hooks"
#: What the hub subscribes to; each says that an order is worth reading again.
TOPICS = (
    "orders/create",
    "orders/updated",
    "orders/edited",
    "orders/paid",
    "orders/cancelled",
    "orders/risk_assessment_changed",
    "refunds/create",
    "fulfillments/create",
    "fulfillments/update",
    "fulfillment_orders/order_routing_complete",
    "fulfillment_orders/placed_on_hold",
    "fulfillment_orders/hold_released",
    "fulfillment_orders/rescheduled",
    "fulfillment_orders/scheduled_fulfillment_order_ready",
    "fulfillment_orders/moved",
    "fulfillment_orders/split",
    "fulfillment_orders/cancelled",
)
#: What a fulfilment service subscribes to besides.
SERVICE_TOPICS = (
    "fulfillment_orders/fulfillment_request_submitted",
    "fulfillment_orders/cancellation_request_submitted",
)
_OF_ORDERS = ("orders/", "refunds/", "fulfillments/", "fulfillment_orders/", "returns/")
_CHECKED = "hooks_checked"
_CHECK_EVERY = timedelta(days=1)


def hear(settings: ShopifySettings, headers: Mapping[str, str], body: bytes) -> Knock:
    """Return what a call is; raises AccessDenied when it was not signed with the app's secret, old or new."""
    _prove(settings, _header(headers, "hmac-sha256"), body)
    topic = _header(headers, "topic")
    event = _header(headers, "event-id") or _header(headers, "webhook-id") or hashlib.sha256(body).hexdigest()
    wakes = frozenset({Kind.SALES_ORDER}) if topic.startswith(_OF_ORDERS) else frozenset[Kind]()
    return Knock(DOCUMENT, f"{topic}:{event}", topic, wakes)


def _prove(settings: ShopifySettings, signature: str, body: bytes) -> None:
    """Compare in constant time with what each secret gives for the bytes as they came."""
    secrets = [each for each in (settings.client_secret, settings.old_client_secret) if each is not None]
    if not secrets:
        todo = "put the app's client secret into the secrets folder and name it as client_secret"
        raise AccessDenied("no client_secret is set, so no webhook can be proven", todo=todo, code="hook")
    given = signature.encode("utf-8", "replace")
    fits = [
        hmac.compare_digest(base64.b64encode(hmac.digest(each.get_secret_value().encode(), body, "sha256")), given)
        for each in secrets
    ]
    if not any(fits):
        todo = "if it was the shop: check client_secret; during a rotation set old_client_secret too"
        raise AccessDenied("a webhook that is not signed with the app's secret", todo=todo, code="hook")


def _header(headers: Mapping[str, str], name: str) -> str:
    """Return a header of the old family or of the one that came with 2026-04."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


class Subscriptions:
    """What one shop tells us: looked after once a day, because it drops a subscription that failed too often."""

    def __init__(self, client: ShopClient, settings: ShopifySettings, context: Context, partner: str) -> None:
        self._client, self._settings, self._context = client, settings, context
        self._address = f"{settings.webhook_url.rstrip('/')}/hooks/{partner}"

    def look_after(self) -> None:
        """Subscribe to what is missing; a shop that will not is told in the log and stops no reading."""
        now = self._context.clock.now()
        at, _, address = (self._context.recall(_CHECKED) or "").partition(" ")
        fresh = bool(at) and address == self._address and now - datetime.fromisoformat(at) < _CHECK_EVERY
        if not self._settings.webhook_url or fresh:
            return
        try:
            missing = list(self._missing())
            for topic in missing:
                self._subscribe(topic)
        except (Rejected, TemporaryFailure) as error:
            _LOG.warning("shopify_hooks_unchecked", why=error.what, todo=error.todo)
            return
        if missing:
            _LOG.info("shopify_hooks_subscribed", topics=missing)
        self._context.remember(_CHECKED, f"{now.isoformat()} {self._address}")

    def _missing(self) -> Iterator[str]:
        there: set[str] = set()
        for page in self._client.pages("webhooks.json", {"limit": "250"}, urgent=False):
            tree = page.json()
            rows = mappings(tree.get("webhooks")) if isinstance(tree, dict) else ()
            there |= {str(row.get("topic")) for row in rows if row.get("address") == self._address}
        wanted = TOPICS + (SERVICE_TOPICS if self._settings.fulfilment_service else ())
        return (topic for topic in wanted if topic not in there)

    def _subscribe(self, topic: str) -> None:
        body = {"webhook": {"topic": topic, "address": self._address, "format": "json"}}
        try:
            self._client.post("webhooks.json", body, Effect.REPEATABLE, urgent=False)
        except Rejected as refusal:
            if "already been taken" not in refusal.what:
                raise
