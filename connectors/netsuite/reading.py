"""Fetching: places, orders, shipments, items and stock as raw items, each keyed by what NetSuite had at that time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from connectors.netsuite import carried
from connectors.netsuite.gateway import Found, Gateway, Reader, Wanted
from connectors.netsuite.settings import Flow, ItemKey, NetSuiteSettings
from connectors.netsuite.slices import Part, read_since
from connectors.netsuite.stored import Stored
from connectors.netsuite.values import Fields, id_of, name_of, ref
from hub.contract import Context, Page, RawItem

_SEARCHED = {
    Flow.LOCATIONS: "Location",
    Flow.VENDORS: "Vendor",
    Flow.ITEMS: "Item",
    Flow.STOCK: "Item",
    Flow.TRANSFERS: "TransferOrder",
    Flow.ORDERS: "SalesOrder",
    Flow.DROP_SHIP_ORDERS: "SalesOrder",
    Flow.SHIPMENTS: "ItemFulfillment",
}
#: Types that a search by subsidiary does not know.
_OF_ALL = frozenset({"Item"})
#: What an item has that a vendor may ship.
_MAY_BE_VENDORS = frozenset({"isDropShipItem", "isSpecialOrderItem"})


class Reading:
    """The inbound documents of one account."""

    def __init__(self, gateway: Gateway, reader: Reader, settings: NetSuiteSettings, context: Context) -> None:
        self._gateway, self._reader, self._settings, self._context = gateway, reader, settings, context

    def pages(self, flow: Flow, cursor: str | None) -> Iterator[Page]:
        """Yield pages of what changed since the cursor."""
        overlap = timedelta(minutes=self._settings.overlap_minutes)
        if flow is Flow.STOCK:
            yield from self._stock(cursor, overlap)
            return
        type_ = _SEARCHED[flow]
        subsidiary = "" if type_ in _OF_ALL else self._settings.subsidiary or ""
        wanted = Wanted(type_, size=self._settings.page_size, subsidiary=subsidiary)
        # a location does not say when it was changed: all come, and what is as it was has the key that it had
        unchanged = flow is Flow.LOCATIONS
        for part in read_since(self._gateway, wanted, cursor, overlap, unchanged=unchanged):
            yield Page(tuple(self._items(flow, part.records)), part.cursor.write())

    def _items(self, flow: Flow, records: Sequence[Found]) -> Iterator[RawItem]:
        if flow is Flow.SHIPMENTS:
            return self._shipments(records)
        return self._drop_ships(records) if flow is Flow.DROP_SHIP_ORDERS else map(_item, records)

    def _drop_ships(self, orders: Sequence[Found]) -> Iterator[RawItem]:
        """Yield the orders that we made and that NetSuite has ordered goods for, with what they carry of ours."""
        for order in orders:
            known = carried.recall(self._context, order.external_id) if self._is_ours(order) else ""
            if known and any(ref(row, "createdPo") for row in self._fields(order).get("itemList", ())):
                yield _item(order, Stored((order.content,), known).write())

    def _is_ours(self, found: Found) -> bool:
        return bool(found.external_id) and found.external_id.startswith(self._settings.prefix)

    def _shipments(self, fulfilments: Sequence[Found]) -> Iterator[RawItem]:
        """Yield each fulfilment together with the sales order that it is of: only that one knows our number.

        Those that we made ourselves say nothing new.
        """
        fulfilments = [each for each in fulfilments if not self._is_ours(each)]
        sources = [id_of(self._fields(each), "createdFrom") for each in fulfilments]
        asked = sorted({each for each in sources if each}, key=int)
        orders = dict(zip(asked, self._gateway.get("SalesOrder", asked), strict=True)) if asked else {}
        for fulfilment, source in zip(fulfilments, sources, strict=True):
            order = orders.get(source)
            if order is not None and self._is_ours(order):
                known = carried.recall(self._context, order.external_id)
                yield _item(fulfilment, Stored((fulfilment.content, order.content), known).write())

    def _fields(self, found: Found) -> Fields:
        return self._reader.record(found.content).fields

    def _stock(self, cursor: str | None, overlap: timedelta) -> Iterator[Page]:
        """Yield the stock of all items, slice by slice; after the first time only what changed since.

        The items are listed every time: a change of stock does not count as a change of the item.
        """
        wanted = Wanted("Item", size=self._settings.page_size)
        for part in read_since(self._gateway, wanted, cursor, overlap, unchanged=True):
            items = [each.id for each in part.records]
            found = [*self._levels(items, part), *self._at_vendors(part), *_all_is_told(part)]
            yield Page(tuple(found), part.cursor.write())

    def _named(self, content: bytes, part: Part) -> bytes:
        """Return stock with the SKUs of its items, when these are not what NetSuite itself calls them in it."""
        names = {} if self._settings.item_key is ItemKey.NAME else _external_ids(part)
        units = self._stock_units(part) if self._settings.units else {}
        return Stored((content,), names=names, units=units).write() if names or units else content

    def _stock_units(self, part: Part) -> dict[str, str]:
        """Return by item how many of our units one of its stock units is, where that is not one."""
        found = {}
        for each in part.records:
            factor = self._settings.units.get(name_of(ref(self._fields(each), "stockUnit")))
            if factor is not None and factor != 1:
                found[each.id] = f"{factor:f}"
        return found

    def _at_vendors(self, part: Part) -> Iterator[RawItem]:
        """Yield the items that NetSuite may let a vendor ship, where such goods are taken to be there."""
        if self._settings.vendor_stock is None or Flow.VENDORS not in self._settings.documents:
            return
        records = [each.content for each in part.records if self._fields(each).keys() & _MAY_BE_VENDORS]
        if records:
            content = Stored(tuple(records)).write()
            yield RawItem(
                key=f"vendors:{part.records[0].id}:{_digest(content)}", content=content, name="vendors' items"
            )

    def _levels(self, items: Sequence[str], part: Part) -> Iterator[RawItem]:
        size = self._settings.availability_size
        for at in range(0, len(items), size):
            asked = items[at : at + size]
            for found in self._gateway.availability(asked, part.since):
                content = self._named(found, part)
                yield RawItem(
                    key=f"stock:{asked[0]}:{_digest(content)}", content=content, name=f"items from {asked[0]}"
                )


def _external_ids(part: Part) -> dict[str, str]:
    return {each.id: each.external_id for each in part.records if each.external_id}


def _all_is_told(part: Part) -> Iterator[RawItem]:
    """Yield, after the last slice and once an hour, a document without rows: what it does not name is as it was.

    Without it the figures of an account where nothing moves over a weekend would be taken for forgotten ones.
    """
    if part.cursor.began is None and part.cursor.since is not None:
        hour = f"{part.cursor.since.astimezone(UTC):%Y-%m-%dT%H}"
        yield RawItem(key=f"stock:told:{hour}", content=Stored((), told=hour).write(), name=f"stock of {hour} h")


def _item(found: Found, content: bytes | None = None) -> RawItem:
    content = content or found.content
    key = f"{found.type}:{found.id}:{found.modified}:{_digest(content)}"
    return RawItem(key=key, content=content, name=f"{found.type} {found.id}", at=_moment(found.modified))


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
