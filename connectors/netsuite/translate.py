"""NetSuite's records as ours: pure, and located in their complaints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from pydantic import ValidationError

from connectors.netsuite import carried, stored
from connectors.netsuite.carried import Asked
from connectors.netsuite.currencies import Currencies
from connectors.netsuite.gateway import Reader
from connectors.netsuite.gateway import Record as Theirs
from connectors.netsuite.goods import Goods
from connectors.netsuite.places import Places, address
from connectors.netsuite.settings import Figure, Flow, NetSuiteSettings
from connectors.netsuite.values import Fields, Unfit, leaf, moment, name_of, number, ref, sku_of, text
from hub.contract import BadRecord, RawItem
from hub.mapping.problem import in_words
from hub.model.base import Record
from hub.model.item import CatalogueEntry
from hub.model.number import NotANumber, exact
from hub.model.order import SalesOrder
from hub.model.stock import StockLevel

_CLOSED = frozenset({"_cancelled", "_closed", "cancelled", "closed"})
_PENDING = frozenset({"_pendingApproval", "pendingApproval"})
#: Kinds of line that hold goods nobody has to ship.
_NO_GOODS = frozenset({"Discount", "Subtotal", "Description", "Payment", "Markup"})
_DIGITS = Decimal("0.00000001")


class Translation:
    """What the records of one account mean."""

    def __init__(self, reader: Reader, settings: NetSuiteSettings, partner: str, currency: str) -> None:
        self._reader, self._settings, self._partner = reader, settings, partner
        self._currencies = Currencies(settings, currency)
        self._places = Places(settings, partner)
        self._goods = Goods(settings, self._places)

    def parse(self, flow: Flow, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of a raw item."""
        name = item.name or item.key
        try:
            if flow is Flow.STOCK:
                yield from self._stock(item)
                return
            found = list(self._several(flow, item.content))
        except (ValueError, Unfit, NotANumber) as error:
            yield _bad(error, name, item.content)
            return
        yield from found

    def _several(self, flow: Flow, content: bytes) -> Iterator[Record]:
        if flow is Flow.SHIPMENTS:
            (fulfilment, order), asked = self._read(content, 2, "a fulfilment and its order")
            yield from self._goods.shipments(fulfilment, order, asked)
        elif flow is Flow.DROP_SHIP_ORDERS:
            (order,), asked = self._read(content, 1, "an order")
            yield from self._goods.acknowledgements(order, asked)
        elif flow is Flow.TRANSFERS:
            yield from self._goods.transfers(self._reader.record(content))
        else:
            found = self._one(flow, self._reader.record(content))
            if found is not None:
                yield found

    def _read(self, content: bytes, count: int, what: str) -> tuple[list[Theirs], list[Asked]]:
        """Return the records that were stored together, and what they carry of ours."""
        kept = stored.read(content)
        if len(kept.parts) != count:
            raise Unfit(f"it is {len(kept.parts)} records instead of {what}")
        return [self._reader.record(each) for each in kept.parts], carried.read(kept.carried)

    def _one(self, flow: Flow, theirs: Theirs) -> Record | None:
        if flow is Flow.LOCATIONS:
            return self._places.location(theirs)
        if flow is Flow.VENDORS:
            return self._places.vendor(theirs)
        return self._order(theirs) if flow is Flow.ORDERS else self._entry(theirs)

    def _stock(self, item: RawItem) -> Iterator[Record | BadRecord]:
        if item.key.startswith("vendors:"):
            return self._at_vendors(self._reader.record(each) for each in stored.read(item.content).parts)
        return self._levels(item)

    def _at_vendors(self, items: Iterable[Theirs]) -> Iterator[Record]:
        """Yield what the vendors of drop-ship items are taken to have."""
        for theirs in items:
            fields, vendor = theirs.fields, ref(theirs.fields, "vendor").get("internalId")
            if vendor and "true" in (fields.get("isDropShipItem"), fields.get("isSpecialOrderItem")):
                sku = theirs.external_id if self._by_external_id else leaf(text(fields, "itemId"))
                gone = vendor in self._settings.vendors.values()
                if sku and not gone and self._settings.vendor_stock is not None:
                    node = self._places.vendor_node(vendor)
                    yield StockLevel(sku=sku, location=node, quantity=self._settings.vendor_stock)

    def _levels(self, item: RawItem) -> Iterator[Record | BadRecord]:
        on_hand = self._settings.stock_figure is Figure.ON_HAND
        kept = stored.read(item.content)
        rows = (row for part in kept.parts for row in self._reader.levels(part))
        for count, row in enumerate(rows, start=1):
            node = self._places.node_at(row.location)
            if node is None:
                continue
            sku = leaf(kept.names.get(row.item) or row.name)
            try:
                quantity = exact(row.on_hand if on_hand else row.available) * exact(kept.units.get(row.item, "1"))
                yield StockLevel(sku=sku, location=node, quantity=max(Decimal(0), quantity))
            except (ValueError, NotANumber) as error:
                known = {"sku": sku, "location": node} if sku else {}
                yield _bad(error, f"{item.name} row {count}", str(row).encode(), known)

    def _line(self, fields: Fields, state: str) -> Mapping[str, object]:
        """Return a line in our selling units: NetSuite tells it in the unit that it was sold in."""
        holds = self._settings.units.get(name_of(ref(fields, "units")), Decimal(1))
        ordered, gone = number(fields, "quantity") * holds, number(fields, "quantityFulfilled", Decimal(0)) * holds
        closed = fields.get("isClosed") == "true" or state in _CLOSED
        rate = text(fields, "rate")
        return {
            "line_id": text(fields, "line"),
            "sku": sku_of(ref(fields, "item")),
            "name": text(fields, "description")[:500],
            "quantity": min(ordered, gone) if closed else ordered,
            "price": (exact(rate) / holds).quantize(_DIGITS).normalize() if _is_amount(rate) else Decimal(0),
            "fulfilled": gone,
        }

    def _entry(self, theirs: Theirs) -> Record | None:
        fields = theirs.fields
        cost = fields.get("cost") or fields.get("lastPurchasePrice") or "0"
        return CatalogueEntry(
            sku=fields.get("externalId", "") if self._by_external_id else leaf(text(fields, "itemId")),
            supplier_sku=text(fields, "vendorName") or None,
            name=text(fields, "displayName") or text(fields, "salesDescription"),
            gtin=text(fields, "upcCode") or None,
            price=exact(str(cost)),
            active=fields.get("isInactive") != "true",
            as_of=moment(fields, "lastModifiedDate"),
        )

    @property
    def _by_external_id(self) -> bool:
        return self._settings.item_key.value == "external_id"

    def _order(self, theirs: Theirs) -> Record | None:
        if self._settings.prefix and theirs.external_id.startswith(self._settings.prefix):
            return None  # one that we made ourselves
        fields = theirs.fields
        state = text(fields, "orderStatus")
        created = moment(fields, "createdDate") or moment(fields, "tranDate")
        return SalesOrder.model_validate(
            {
                "channel": self._partner,
                "order_id": theirs.id,
                "number": text(fields, "tranId") or theirs.id,
                "placed_at": created,
                "updated_at": moment(fields, "lastModifiedDate") or created,
                "currency": self._currencies.code_of(fields),
                "lines": tuple(self._line(each, state) for each in fields.get("itemList", ()) if _is_goods(each)),
                "customer": {"code": ref(fields, "entity").get("internalId"), "name": name_of(ref(fields, "entity"))},
                "ship_to": address(ref(fields, "shippingAddress")),
                "service": name_of(ref(fields, "shipMethod")),
                "hold": "waits for approval in NetSuite" if state in _PENDING else "",
                "cancelled": state in _CLOSED,
                "charges": tuple(_charges(fields)),
            }
        )


def _charges(fields: Fields) -> Iterator[Mapping[str, object]]:
    for kind, name in (("shipping", "shippingCost"), ("tax", "taxTotal")):
        amount = number(fields, name, Decimal(0))
        if amount > 0:
            yield {"kind": kind, "amount": amount}


def _is_goods(fields: Fields) -> bool:
    return "quantity" in fields and text(fields, "itemType") not in _NO_GOODS


def _is_amount(rate: str) -> bool:
    return bool(rate) and not rate.endswith("%") and not rate.startswith("-")


def _bad(error: Exception, name: str, raw: bytes, known: Mapping[str, str] | None = None) -> BadRecord:
    what, field = str(error), ""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        what, field = in_words(first), ".".join(map(str, first["loc"]))
    return BadRecord(
        f"{name}: {field + ': ' if field else ''}{what}",
        record=name,
        field=field,
        raw=raw.decode("utf-8", "replace"),
        todo=getattr(error, "todo", "") or "correct the record in NetSuite; it is read again when it changes",
        code="netsuite record",
        known=known,
    )
