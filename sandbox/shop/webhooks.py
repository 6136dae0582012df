"""Webhooks as the shop sends them: signed, at least once, in any order, again when nobody answers, and some never."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from random import Random
from urllib.parse import urlsplit
from uuid import UUID

from sandbox.options import HookManners
from sandbox.shop.api import NotFound, Route, route
from sandbox.shop.query import body, mapping
from sandbox.shop.shop import Refused
from sandbox.web import Reply, Request, json_reply

Document = dict[str, object]
#: So many answers that are none in a row end a subscription.
_PATIENCE = 8
_TIMEOUT = 5.0


@dataclass(slots=True)
class Subscription:
    """One topic at one address."""

    id: int
    topic: str
    address: str
    failures: int = 0


@dataclass(slots=True)
class Webhooks:
    """The subscriptions of one shop, and what is on its way to them."""

    secret: Callable[[], str]
    shop_domain: str
    version: str
    manners: HookManners
    new_id: Callable[[], int]
    later: Callable[[float, Callable[[], None]], None]
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    _events: count[int] = field(default_factory=lambda: count(1))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(self.manners.seed)

    # --- the API ---

    def routes(self) -> tuple[Route, ...]:
        """Return the calls by which subscriptions are made and ended."""
        return (
            route("GET", "/webhooks.json", self.listed),
            route("POST", "/webhooks.json", self.subscribe),
            route("DELETE", "/webhooks/{id}.json", self.end),
        )

    def listed(self, _: Request) -> Reply:
        """List the subscriptions."""
        return json_reply(200, {"webhooks": [self._document(each) for each in self.subscriptions.values()]})

    def subscribe(self, request: Request) -> Reply:
        """Make a subscription; the same twice is refused."""
        asked = mapping(body(request).get("webhook"), "webhook")
        topic, address = str(asked.get("topic") or ""), str(asked.get("address") or "")
        if "/" not in topic or not address.startswith("http"):
            raise Refused("topic or address is invalid")
        if any((each.topic, each.address) == (topic, address) for each in self.subscriptions.values()):
            raise Refused("for this topic has already been taken")
        made = Subscription(self.new_id(), topic, address)
        self.subscriptions[made.id] = made
        return json_reply(201, {"webhook": self._document(made)})

    def end(self, _: Request, subscription: int) -> Reply:
        """End a subscription."""
        if self.subscriptions.pop(subscription, None) is None:
            raise NotFound
        return json_reply(200, {})

    def _document(self, subscription: Subscription) -> Document:
        return {
            "id": subscription.id,
            "address": subscription.address,
            "topic": subscription.topic,
            "format": "json",
            "api_version": self.version,
        }

    # --- telling ---

    def tell(self, topic: str, document: Callable[[], Document]) -> None:
        """Tell everybody who asked for this topic; what is told is the state of now, however late it arrives."""
        wanted = [each for each in self.subscriptions.values() if each.topic == topic]
        if not wanted:
            return
        event = next(self._events)
        content = json.dumps(document()).encode()
        for each in wanted:
            if self._random.random() < self.manners.lost:
                continue
            copies = 2 if self._random.random() < self.manners.twice else 1
            for _ in range(copies):
                self._plan(each, event, content, self._random.uniform(0, self.manners.shuffle), 0)

    def _plan(self, subscription: Subscription, event: int, content: bytes, seconds: float, tries: int) -> None:
        def send() -> None:
            task = asyncio.get_running_loop().create_task(self._deliver(subscription, event, content, tries))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self.later(seconds, send)

    async def _deliver(self, subscription: Subscription, event: int, content: bytes, tries: int) -> None:
        if subscription.id not in self.subscriptions:
            return
        status = await self._post(subscription, event, content)
        self.sent[f"{subscription.topic} {status}"] += 1
        if 200 <= status < 300:
            subscription.failures = 0
            return
        subscription.failures += 1
        if subscription.failures >= _PATIENCE:
            self.subscriptions.pop(subscription.id, None)
        elif tries < _PATIENCE:
            self._plan(subscription, event, content, self.manners.again_after * 2**tries, tries + 1)

    async def _post(self, subscription: Subscription, event: int, content: bytes) -> int:
        """Post the body; 0 when nobody answers in time."""
        try:
            return await asyncio.wait_for(
                _post(subscription.address, self._headers(subscription, event, content), content), _TIMEOUT
            )
        except (OSError, TimeoutError, ValueError, EOFError):
            return 0

    def _headers(self, subscription: Subscription, event: int, content: bytes) -> dict[str, str]:
        signature = base64.b64encode(hmac.digest(self.secret().encode(), content, "sha256")).decode()
        told = {
            "Topic": subscription.topic,
            "Hmac-Sha256": signature,
            "Shop-Domain": self.shop_domain,
            "Event-Id": str(UUID(int=event)),
            "Webhook-Id": str(UUID(int=(subscription.id << 40) + event)),
        }
        family = "shopify-" if self.manners.new_headers else "X-Shopify-"
        headers = {f"{family}{name}": value for name, value in told.items()}
        return {name.lower(): value for name, value in headers.items()} if self.manners.new_headers else headers

    async def close(self) -> None:
        """Drop what is on its way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _post(address: str, headers: dict[str, str], content: bytes) -> int:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        lines = {"Host": parts.netloc, "Content-Type": "application/json", "Connection": "close", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"POST {parts.path} HTTP/1.1\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        await writer.drain()
        first = await reader.readline()
        return int(first.split()[1]) if len(first.split()) > 1 else 0
    finally:
        writer.close()
