"""Fetching: orders, shipments, items and stock as raw items, each keyed by what NetSuite had at that time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from connectors.netsuite import soap
from connectors.netsuite.gateway import Found, Gateway, Wanted
from connectors.netsuite.settings import Flow, ItemKey, NetSuiteSettings
from connectors.netsuite.slices import Part, read_since
from hub.contract import Page, RawItem

_SEARCHED = {Flow.ORDERS: "SalesOrder", Flow.SHIPMENTS: "ItemFulfillment", Flow.ITEMS: "Item", Flow.STOCK: "Item"}


class Reading:
    """The inbound documents of one account."""

    def __init__(self, gateway: Gateway, settings: NetSuiteSettings) -> None:
        self._gateway, self._settings = gateway, settings

    def pages(self, flow: Flow, cursor: str | None) -> Iterator[Page]:
        """Yield pages of what changed since the cursor."""
        overlap = timedelta(minutes=self._settings.overlap_minutes)
        if flow is Flow.STOCK:
            yield from self._stock(cursor, overlap)
            return
        wanted = Wanted(_SEARCHED[flow], size=self._settings.page_size)
        for part in read_since(self._gateway, wanted, cursor, overlap):
            items = self._shipments(part.records) if flow is Flow.SHIPMENTS else map(_item, part.records)
            yield Page(tuple(items), part.cursor.write())

    def _shipments(self, fulfilments: Sequence[Found]) -> Iterator[RawItem]:
        """Yield each fulfilment together with the sales order that it is of: only that one knows our number."""
        sources = [_source(each) for each in fulfilments]
        asked = sorted({each for each in sources if each}, key=int)
        orders = dict(zip(asked, self._gateway.get("SalesOrder", asked), strict=True)) if asked else {}
        for fulfilment, source in zip(fulfilments, sources, strict=True):
            order = orders.get(source)
            if order is not None and order.external_id.startswith(self._settings.prefix):
                yield _item(fulfilment, soap.joined(fulfilment.content, order.content))

    def _stock(self, cursor: str | None, overlap: timedelta) -> Iterator[Page]:
        """Yield the stock of all items, slice by slice; after the first time only what changed since.

        The items are listed every time: a change of stock does not count as a change of the item.
        """
        wanted = Wanted("Item", size=self._settings.page_size)
        for part in read_since(self._gateway, wanted, cursor, overlap, unchanged=True):
            items = [each.id for each in part.records]
            found = [*self._levels(items, part), *_all_is_told(part)]
            yield Page(tuple(found), part.cursor.write())

    def _named(self, content: bytes, part: Part) -> bytes:
        """Return stock with the SKUs of its items, when these are not what NetSuite itself calls them in it."""
        if self._settings.item_key is ItemKey.NAME:
            return content
        return soap.with_names(content, {each.id: each.external_id for each in part.records if each.external_id})

    def _levels(self, items: Sequence[str], part: Part) -> Iterator[RawItem]:
        size = self._settings.availability_size
        for at in range(0, len(items), size):
            asked = items[at : at + size]
            for found in self._gateway.availability(asked, part.since):
                content = self._named(found, part)
                yield RawItem(
                    key=f"stock:{asked[0]}:{_digest(content)}", content=content, name=f"items from {asked[0]}"
                )


def _all_is_told(part: Part) -> Iterator[RawItem]:
    """Yield, after the last slice and once an hour, a document without rows: what it does not name is as it was.

    Without it the figures of an account where nothing moves over a weekend would be taken for forgotten ones.
    """
    if part.cursor.began is None and part.cursor.since is not None:
        hour = f"{part.cursor.since.astimezone(UTC):%Y-%m-%dT%H}"
        yield RawItem(key=f"stock:told:{hour}", content=f'<told hour="{hour}"/>'.encode(), name=f"stock of {hour} h")


def _item(found: Found, content: bytes | None = None) -> RawItem:
    content = content or found.content
    key = f"{found.type}:{found.id}:{found.modified}:{_digest(content)}"
    return RawItem(key=key, content=content, name=f"{found.type} {found.id}", at=_moment(found.modified))


def _source(found: Found) -> str:
    source = soap.record(found.content).fields.get("createdFrom")
    return str(source.get("internalId", "")) if isinstance(source, dict) else ""


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
