"""NetSuite's records as ours: pure, and located in their complaints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from connectors.netsuite import soap
from connectors.netsuite.countries import INWARD
from connectors.netsuite.gateway import Record as Theirs
from connectors.netsuite.settings import Figure, Flow, NetSuiteSettings
from hub.contract import BadRecord, RawItem
from hub.model.base import Record
from hub.model.item import CatalogueEntry
from hub.model.number import NotANumber, exact
from hub.model.order import SalesOrder
from hub.model.shipment import Shipment
from hub.model.stock import StockLevel

Fields = Mapping[str, Any]
_CLOSED = frozenset({"_cancelled", "_closed", "cancelled", "closed"})
_PENDING = frozenset({"_pendingApproval", "pendingApproval"})
#: Kinds of line that hold goods nobody has to ship.
_NO_GOODS = frozenset({"Discount", "Subtotal", "Description", "Payment", "Markup"})


class Unfit(Exception):
    """A record of theirs that cannot be one of ours."""


class Translation:
    """What the records of one account mean."""

    def __init__(self, settings: NetSuiteSettings, partner: str, currency: str) -> None:
        self._settings, self._partner, self._currency = settings, partner, currency

    def parse(self, flow: Flow, item: RawItem) -> Iterator[Record | BadRecord]:
        """Yield the canonical records of a raw item."""
        name = item.name or item.key
        try:
            if flow is Flow.STOCK:
                yield from self._levels(item)
                return
            several = soap.records(item.content) if flow is Flow.SHIPMENTS else (soap.record(item.content),)
            found = self._one(flow, several)
        except (ValueError, Unfit, NotANumber) as error:
            yield _bad(error, name, item.content)
            return
        if found is not None:
            yield found

    def _one(self, flow: Flow, records: tuple[Theirs, ...]) -> Record | None:
        if flow is Flow.SHIPMENTS:
            if len(records) != 2:
                raise Unfit(f"it is {len(records)} records instead of a fulfilment and its order")
            return self._shipment(*records)
        return self._order(records[0]) if flow is Flow.ORDERS else self._entry(records[0])

    def _levels(self, item: RawItem) -> Iterator[Record | BadRecord]:
        on_hand = self._settings.stock_figure is Figure.ON_HAND
        for number, row in enumerate(soap.levels(item.content), start=1):
            node = self._settings.node_at(row.location)
            if node is None:
                continue
            sku = _leaf(row.name)
            try:
                quantity = exact(row.on_hand if on_hand else row.available)
                yield StockLevel(sku=sku, location=node, quantity=max(Decimal(0), quantity))
            except (ValueError, NotANumber) as error:
                known = {"sku": sku, "location": node} if sku else {}
                yield _bad(error, f"{item.name} row {number}", str(row).encode(), known)

    def _entry(self, theirs: Theirs) -> Record | None:
        fields = theirs.fields
        cost = fields.get("cost") or fields.get("lastPurchasePrice") or "0"
        return CatalogueEntry(
            sku=fields.get("externalId", "") if self._by_external_id else _leaf(_text(fields, "itemId")),
            supplier_sku=_text(fields, "vendorName") or None,
            name=_text(fields, "displayName") or _text(fields, "salesDescription"),
            gtin=_text(fields, "upcCode") or None,
            price=exact(str(cost)),
            active=fields.get("isInactive") != "true",
            as_of=_moment(fields, "lastModifiedDate"),
        )

    @property
    def _by_external_id(self) -> bool:
        return self._settings.item_key.value == "external_id"

    def _order(self, theirs: Theirs) -> Record | None:
        if self._settings.prefix and theirs.external_id.startswith(self._settings.prefix):
            return None  # one that we made ourselves
        fields = theirs.fields
        state = _text(fields, "orderStatus")
        created = _moment(fields, "createdDate") or _moment(fields, "tranDate")
        return SalesOrder.model_validate(
            {
                "channel": self._partner,
                "order_id": theirs.id,
                "number": _text(fields, "tranId") or theirs.id,
                "placed_at": created,
                "updated_at": _moment(fields, "lastModifiedDate") or created,
                "currency": self._currency,
                "lines": tuple(_line(each, state) for each in fields.get("itemList", ()) if _is_goods(each)),
                "customer": {"code": _ref(fields, "entity").get("internalId"), "name": _name(_ref(fields, "entity"))},
                "ship_to": _address(_ref(fields, "shippingAddress")),
                "service": _name(_ref(fields, "shipMethod")),
                "hold": "waits for approval in NetSuite" if state in _PENDING else "",
                "cancelled": state in _CLOSED,
            }
        )

    def _shipment(self, fulfilment: Theirs, order: Theirs) -> Record | None:
        fields = fulfilment.fields
        if _text(fields, "shipStatus") not in {"_shipped", ""}:
            return None  # picked or packed: nothing has left
        numbers = _line_numbers(order)
        lines = [each for each in fields.get("itemList", ()) if each.get("itemReceive", "true") == "true"]
        packages = [each for each in fields.get("packageList", ()) if _text(each, "packageTrackingNumber")]
        tracking = [_text(each, "packageTrackingNumber") for each in packages]
        return Shipment.model_validate(
            {
                "order_number": order.external_id.removeprefix(self._settings.prefix),
                "shipment_number": _text(fields, "tranId") or fulfilment.id,
                "shipped_at": _moment(fields, "shippedDate") or _moment(fields, "tranDate"),
                "carrier": _name(_ref(fields, "shipMethod"))[:64],
                "tracking": tracking[0] if tracking else "",
                "parcels": tuple({"tracking": each} for each in tracking),
                "lines": tuple(
                    {
                        "line_number": numbers.get(_text(each, "orderLine")),
                        "sku": "" if self._by_external_id else _sku(_ref(each, "item")),
                        "quantity": _number(each, "quantity"),
                    }
                    for each in lines
                    if _number(each, "quantity")
                ),
            }
        )


def _line(fields: Fields, state: str) -> Mapping[str, object]:
    ordered, gone = _number(fields, "quantity"), _number(fields, "quantityFulfilled", Decimal(0))
    closed = fields.get("isClosed") == "true" or state in _CLOSED
    return {
        "line_id": _text(fields, "line"),
        "sku": _sku(_ref(fields, "item")),
        "name": _text(fields, "description")[:500],
        "quantity": min(ordered, gone) if closed else ordered,
        "price": exact(_text(fields, "rate")) if _is_amount(_text(fields, "rate")) else Decimal(0),
        "fulfilled": gone,
    }


def _line_numbers(order: Theirs) -> Mapping[str, int]:
    """Return our line number for each of theirs: we send lines in our order, and NetSuite numbers them upwards."""
    lines = sorted((_text(each, "line") for each in order.fields.get("itemList", ())), key=_whole)
    return {line: number for number, line in enumerate(lines, start=1)}


def _is_goods(fields: Fields) -> bool:
    return "quantity" in fields and _text(fields, "itemType") not in _NO_GOODS


def _is_amount(text: str) -> bool:
    return bool(text) and not text.endswith("%") and not text.startswith("-")


def _address(fields: Fields) -> Mapping[str, object] | None:
    country = INWARD.get(_text(fields, "country"))
    if country is None:
        return None
    pairs = {
        "name": "attention",
        "company": "addressee",
        "street": "addr1",
        "street2": "addr2",
        "city": "city",
        "region": "state",
        "postal_code": "zip",
        "phone": "addrPhone",
    }
    return {ours: _text(fields, theirs) for ours, theirs in pairs.items()} | {"country": country}


def _ref(fields: Mapping[str, object], name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _name(ref: Fields) -> str:
    return str(ref.get("name", ""))


def _sku(ref: Fields) -> str:
    return _leaf(_name(ref))


def _leaf(name: str) -> str:
    """Return the last part of a name: an item below another is called `Parent : Child`."""
    return name.rpartition(" : ")[2].strip()


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, object], name: str, default: Decimal | None = None) -> Decimal:
    value = fields.get(name)
    if isinstance(value, str) and value:
        return exact(value)
    if default is None:
        raise Unfit(f"it has no {name}")
    return default


def _moment(fields: Fields, name: str) -> datetime | None:
    text = _text(fields, name)
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Unfit(f"{name} {text!r} is no time") from None


def _whole(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _bad(error: Exception, name: str, raw: bytes, known: Mapping[str, str] | None = None) -> BadRecord:
    what, field = str(error), ""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        what, field = first["msg"], ".".join(map(str, first["loc"]))
    return BadRecord(
        f"{name}: {field + ': ' if field else ''}{what}",
        record=name,
        field=field,
        raw=raw.decode("utf-8", "replace"),
        todo="correct the record in NetSuite; it is read again when it changes",
        code="netsuite record",
        known=known,
    )
