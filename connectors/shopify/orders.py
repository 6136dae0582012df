"""Reading orders: by `updated_at`, page by page, with a watermark that moves only after the last page.

A cursor is JSON. Between pages it holds the address of the next one, so that an interrupted reading goes on there;
after the last it holds only `since`. The new watermark is the latest `updated_at` seen, but never later than the moment
at which the reading began: an order that changes behind our back while we page is seen by the next reading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from connectors.shopify.client import ShopClient, next_page
from connectors.shopify.cut import elements
from connectors.shopify.settings import ShopifySettings
from hub.contract import Context, Page, RawItem, Rejected, TemporaryFailure
from hub.log import EventLog
from hub.wire.http import Reply

_LOG = EventLog(__name__)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reading stands."""

    since: datetime | None = None  # everything updated before is known
    next: str | None = None  # the page to go on with, inside a reading
    began: datetime | None = None  # by the shop's clock
    latest: datetime | None = None  # the latest update seen in this reading

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Return the cursor that `write` wrote; an empty one when there is none or it is not ours."""
        try:
            tree = json.loads(text or "{}")
            moments = {name: _moment(tree.get(name)) for name in ("since", "began", "latest")}
            return cls(next=tree.get("next"), **moments)
        except (ValueError, AttributeError):
            return cls()

    def write(self) -> str:
        """Return the cursor as text."""
        fields = {"since": self.since, "began": self.began, "latest": self.latest}
        moments = {name: value.isoformat() for name, value in fields.items() if value is not None}
        return json.dumps(moments | ({"next": self.next} if self.next else {}))

    def seen(self, moments: list[datetime]) -> Cursor:
        """Return the cursor after some more updates."""
        return replace(self, latest=max([*moments, *([self.latest] if self.latest else [])], default=None))

    def done(self, overlap: timedelta) -> Cursor:
        """Return the cursor after the last page: the new watermark, never behind the old one."""
        if self.latest is None or self.began is None:
            return Cursor(since=self.since)
        reached = min(self.latest, self.began) - overlap
        return Cursor(since=max(reached, self.since) if self.since else reached)


def read_orders(client: ShopClient, settings: ShopifySettings, context: Context, text: str | None) -> Iterator[Page]:
    """Yield pages of orders that were placed or changed since the cursor, oldest change first."""
    cursor = Cursor.read(text)
    if cursor.since is None:
        cursor = replace(cursor, since=settings.start_at)
    reply, cursor = _first(client, settings, cursor)
    if cursor.began is None:
        cursor = replace(cursor, began=reply.date() or context.clock.now())
    while True:
        items = tuple(_items(reply))
        cursor = cursor.seen([item.at for item in items if item.at is not None])
        following = next_page(reply)
        if following is None:
            yield Page(items, cursor.done(timedelta(minutes=settings.overlap_minutes)).write())
            return
        yield Page(items, replace(cursor, next=following).write())
        reply = client.get(following)


def _first(client: ShopClient, settings: ShopifySettings, cursor: Cursor) -> tuple[Reply, Cursor]:
    """Return the page to go on with, or the first page of a new reading when there is none or it has expired."""
    if cursor.next is not None:
        try:
            return client.get(cursor.next), cursor
        except Rejected as refusal:
            _LOG.info("shopify_page_expired", said=refusal.what)
    params = {"status": "any", "order": "updated_at asc", "limit": str(settings.page_size)}
    if cursor.since is not None:
        params["updated_at_min"] = cursor.since.isoformat()
    return client.get("orders.json", params), Cursor(since=cursor.since)


def _items(reply: Reply) -> Iterator[RawItem]:
    try:
        # bytes that are no text go through unharmed: it is for `parse` to complain of the one order that has them
        text = reply.body.decode("utf-8", "surrogateescape")
        for raw, value in elements(text, "orders"):
            yield raw_item(raw.encode("utf-8", "surrogateescape"), value)
    except ValueError as error:
        raise TemporaryFailure(
            f"a page of orders cannot be read: {error}",
            todo="nothing, when it passes; otherwise look at what stands between us and the shop",
            extract=reply.text(),
            code="page unreadable",
        ) from None


def raw_item(content: bytes, order: object) -> RawItem:
    """Return the raw item of one order as the shop sent it.

    The key names the version: id and `updated_at`, and a digest because the shop changes some parts of an order (the
    customer's totals, a parcel's status) without touching `updated_at`.
    """
    fields = order if isinstance(order, dict) else {}
    stamp = str(fields.get("updated_at") or "")
    key = f"{fields.get('id') or '?'}:{stamp}:{sha256(content).hexdigest()[:12]}"
    return RawItem(key=key, content=content, name=str(fields.get("name") or ""), at=_moment(stamp))


def _moment(text: object) -> datetime | None:
    """Return an ISO time with its zone as UTC, None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
