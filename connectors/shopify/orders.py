"""Reading orders: by `updated_at`, page by page, with a watermark that moves only after the last page.

A cursor is JSON. Between pages it holds the address of the next one, so that an interrupted reading goes on there;
after the last it holds only the watermark. That is the latest `updated_at` seen, but never later than the moment at
which the reading began: an order that changes behind our back while we page is seen by the next reading.

Orders may show up in the list later than their `updated_at`. So every reading goes back a few seconds, and now and then
one goes back by minutes; what it brings again has the same keys and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from connectors.shopify.client import ShopClient, next_page
from connectors.shopify.cut import elements
from connectors.shopify.risks import Risks
from connectors.shopify.routed import in_doubt, in_envelope, is_open, parts_of
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.translate import FIELDS
from connectors.shopify.watch import Waiting, Watch
from hub.contract import Context, Page, RawItem, Rejected, TemporaryFailure
from hub.log import EventLog
from hub.wire.http import Reply

_LOG = EventLog(__name__)


#: What every reading goes back, because the shop's times are whole seconds and its servers not quite at one.
_MARGIN = timedelta(seconds=15)
#: Once in so long a reading goes back as far as the setting says: a list may leave an order out.
_DEEP_EVERY = timedelta(days=1)
_MOMENTS = ("since", "swept", "deep", "began", "latest")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reading stands."""

    since: datetime | None = None  # updates up to here are known, but for late ones
    swept: datetime | None = None  # when a reading last went back by minutes, by our clock
    deep: datetime | None = None  # when a reading last went back by days, by our clock
    next: str | None = None  # the page to go on with, inside a reading
    began: datetime | None = None  # when this reading began, by the shop's clock
    latest: datetime | None = None  # the latest update seen in this reading

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """Return the cursor that `write` wrote; an empty one when there is none or it is not ours."""
        try:
            tree = json.loads(text or "{}")
            return cls(next=tree.get("next"), **{name: _moment(tree.get(name)) for name in _MOMENTS})
        except (ValueError, AttributeError):
            return cls()

    def write(self) -> str:
        """Return the cursor as text."""
        fields = {name: getattr(self, name) for name in _MOMENTS}
        moments = {name: value.isoformat() for name, value in fields.items() if value is not None}
        return json.dumps(moments | ({"next": self.next} if self.next else {}))

    def seen(self, moments: Iterable[datetime]) -> Cursor:
        """Return the cursor after some more updates."""
        known = [self.latest] if self.latest else []
        return replace(self, latest=max([*moments, *known], default=None))

    def done(self) -> Cursor:
        """Return the cursor after the last page: the new watermark, never behind the old one."""
        reached = [self.since] if self.since else []
        if self.latest is not None and self.began is not None:
            reached.append(min(self.latest, self.began))
        return Cursor(since=max(reached, default=None), swept=self.swept, deep=self.deep)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a reading asks the shop with."""

    client: ShopClient
    settings: ShopifySettings
    watch: Watch
    risks: Risks


def read_orders(asking: Asking, context: Context, text: str | None) -> Iterator[Page]:
    """Yield pages of orders that were placed or changed since the cursor, oldest change first.

    After them come those of which only the fulfilment orders changed: held, released, requested of us; and those whose
    risk was still being assessed.
    """
    client, settings = asking.client, asking.settings
    now, waiting = context.clock.now(), asking.watch.look()
    again = tuple(dict.fromkeys([*waiting.news, *asking.risks.pending()]))
    reply, cursor = _first(client, settings, Cursor.read(text), now)
    if cursor.began is None:
        cursor = replace(cursor, began=reply.date() or now)
    while True:
        items = tuple(_items(asking, reply, waiting.orders))
        cursor = cursor.seen(item.at for item in items if item.at is not None)
        following = next_page(reply)
        if following is None:
            yield Page(items, cursor.done().write())
            yield from _news(asking, again, waiting, cursor.done())
            asking.watch.keep(waiting)
            return
        yield Page(items, replace(cursor, next=following).write())
        reply = client.get(following)


def _asked(settings: ShopifySettings, **more: str) -> dict[str, str]:
    """Return the filters of a list of orders; a shop that is not told otherwise leaves out what is closed."""
    fields = {"fields": ",".join(FIELDS)} if settings.order_fields == "needed" else {}
    return {"status": "any", "limit": str(settings.page_size), **fields, **more}


def _news(asking: Asking, news: Sequence[str], waiting: Waiting, cursor: Cursor) -> Iterator[Page]:
    """Yield the orders that came to wait or wait no more, in pages that leave the watermark where it is."""
    settings = asking.settings
    for first in range(0, len(news), settings.page_size):
        ids = news[first : first + settings.page_size]
        reply = asking.client.get("orders.json", _asked(settings, ids=",".join(ids)))
        items = tuple(_items(asking, reply, waiting.news))
        asking.risks.keep({}, set(ids) - {item.key.partition(":")[0] for item in items})  # what is gone is gone
        yield Page(tuple(item for item in items if _is_wanted(item, settings)), cursor.write())


def _is_wanted(item: RawItem, settings: ShopifySettings) -> bool:
    """Leave alone what last changed before the moment from which the shop is read at all."""
    return settings.start_at is None or item.at is None or item.at >= settings.start_at


def recount_orders(asking: Asking, since: datetime) -> Iterator[Page]:
    """Yield pages of every order placed or changed since then; no cursor goes along."""
    waiting = asking.watch.look()
    params = _asked(asking.settings, order="updated_at asc", updated_at_min=since.isoformat())
    for reply in asking.client.pages("orders.json", params):
        yield Page(tuple(_items(asking, reply, waiting.orders)))


def _first(client: ShopClient, settings: ShopifySettings, cursor: Cursor, now: datetime) -> tuple[Reply, Cursor]:
    """Return the page to go on with, or the first page of a new reading when there is none or it has expired."""
    if cursor.next is not None:
        try:
            return client.get(cursor.next), cursor
        except Rejected as refusal:
            _LOG.info("shopify_page_expired", said=refusal.what)
    params = _asked(settings, order="updated_at asc")
    fresh = Cursor(since=cursor.since, swept=cursor.swept, deep=cursor.deep or now)
    if cursor.since is None:
        if settings.start_at is not None:
            params["updated_at_min"] = settings.start_at.isoformat()
        return client.get("orders.json", params), replace(fresh, swept=now)
    overlap, back = timedelta(minutes=settings.overlap_minutes), _MARGIN
    if cursor.swept is None or now - cursor.swept >= overlap:
        fresh, back = replace(fresh, swept=now), 2 * overlap
    if now - (fresh.deep or now) >= _DEEP_EVERY:
        fresh, back = replace(fresh, swept=now, deep=now), max(2 * overlap, timedelta(days=settings.sweep_days))
    params["updated_at_min"] = (cursor.since - back).isoformat()
    return client.get("orders.json", params), fresh


def _items(asking: Asking, reply: Reply, waiting: Container[str] = ()) -> Iterator[RawItem]:
    """Yield the orders of a page, with their fulfilment orders and their risk where those are wanted."""
    settings, found = asking.settings, list(_orders(reply))
    doubtful = is_open if settings.fulfilment_orders == "always" else in_doubt
    risks = asking.risks.of([str(order.get("id")) for _, order in found if is_open(order)])
    for content, order in found:
        number = str(order.get("id"))
        wanted = settings.fulfilment_service or number in waiting or doubtful(order)
        parts = parts_of(asking.client, order) if wanted else None
        yield raw_item(in_envelope(content, fulfillment_orders=parts, risk=risks.get(number)), order)
    asking.risks.keep(risks, {str(order.get("id")) for _, order in found})


def _orders(reply: Reply) -> Iterator[tuple[bytes, dict[str, object]]]:
    try:
        # bytes that are no text go through unharmed: it is for `parse` to complain of the one order that has them
        text = reply.body.decode("utf-8", "surrogateescape")
        for raw, value in elements(text, "orders"):
            yield raw.encode("utf-8", "surrogateescape"), value if isinstance(value, dict) else {}
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
