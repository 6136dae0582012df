"""Orders as drafts: a channel's whole order, what a node is asked to ship, what we buy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from connectors.netsuite.currencies import Currencies
from connectors.netsuite.draft import Buyer, Draft, Line, address, made, number, whole_name
from connectors.netsuite.places import Places
from connectors.netsuite.settings import ChargeItem, CustomerRule, Flow, NetSuiteSettings
from hub.contract import Rejected
from hub.model.order import ChargeKind, OrderLine, SalesOrder, Sourcing
from hub.model.purchase import FulfillmentOrder, PurchaseLine, PurchaseOrder

_NOTHING: Final = Decimal(0)
_RATE_DIGITS: Final = Decimal("0.00000001")  # NetSuite keeps eight digits of a rate


class OrderDrafting:
    """Orders for one account."""

    def __init__(self, settings: NetSuiteSettings, places: Places, currencies: Currencies) -> None:
        self._settings, self._places, self._currencies = settings, places, currencies

    # --- what asks a node to ship ------------------------------------------------------------------------------------

    def of_node(self, order: FulfillmentOrder) -> Draft:
        """Return an order that asks a node to ship: to NetSuite a sales order at one location."""
        bought = isinstance(order, PurchaseOrder)
        location = self._places.location_of(order.node)
        if location is None and not bought:
            todo = f'add to [connection.locations] the location id = "{order.node}"'
            raise Rejected(f"node {order.node} is no location of NetSuite", todo=todo, code="location")
        if Flow.SALES_ORDERS in self._settings.documents and not bought:
            return self._carried(order, location or "")
        fields = {
            "entity": self._customer(),
            "currency": self._bought_in(order) if isinstance(order, PurchaseOrder) else None,
            "otherRefNum": order.number if bought else order.channel_number,
            "orderStatus": "_pendingFulfillment",
            "tranDate": order.ordered_at.isoformat(),
            "shipDate": order.ship_by.isoformat() if order.ship_by else None,
            "memo": _memo(order),
            "shippingAddress": address(order.ship_to),
        }
        lines = tuple(_bought(each) if bought else _asked(each) for each in order.lines)
        return made(self._settings, "SalesOrder", order.number, fields, lines, location or "")

    def _carried(self, order: FulfillmentOrder, location: str = "", vendor: str = "") -> Draft:
        """Return what only has to be found: the channel's whole order says already who ships what."""
        lines = tuple(
            Line(number(each.quantity), each.sku, str(each.line_number), vendor=vendor) for each in order.lines
        )
        external_id = whole_name(self._settings, order.channel, order.channel_order)
        return Draft("SalesOrder", external_id, {}, lines, location, carried=order.number)

    # --- what we buy -------------------------------------------------------------------------------------------------

    def bought(self, order: PurchaseOrder) -> Draft:
        """Return a purchase order of ours; one for a vendor of NetSuite's own comes of the sales order."""
        vendor = self._places.vendor_of(order.node)
        if vendor is not None and Flow.SALES_ORDERS in self._settings.documents:
            return self._carried(order, vendor=vendor)
        vendor = vendor or self._settings.vendors.get(order.supplier)
        fields = {
            "entity": vendor,
            "currency": self._bought_in(order),
            "tranDate": order.ordered_at.isoformat(),
            "dueDate": order.ship_by.isoformat() if order.ship_by else None,
            "otherRefNum": order.number,
            "memo": _memo(order),
            "shippingAddress": address(order.ship_to) if order.drop_ship else None,
        }
        location = self._places.location_of(order.node) or self._settings.drop_ship_location or ""
        lines = tuple(replace(_asked(each), closed=order.cancelled) for each in order.lines)
        draft = made(self._settings, "PurchaseOrder", order.number, fields, lines, location)
        return replace(draft, revises=True, supplier="" if vendor else order.supplier)

    # --- a channel's whole order -------------------------------------------------------------------------------------

    def whole(self, order: SalesOrder) -> Draft:
        """Return a channel's order: its goods with who ships them, and what else it costs."""
        currency = self._currencies.id_of(order.currency, f"order {order.number} of {order.channel}")
        buyer = self._buyer(order, currency)
        shipping = _sum(order, ChargeKind.SHIPPING)
        said_by_item = "shipping" in self._settings.charge_items
        fields = {
            "entity": None if buyer else self._customer(),
            "currency": currency,
            "otherRefNum": order.number,
            "orderStatus": "_pendingFulfillment",
            "tranDate": order.placed_at.isoformat(),
            "memo": f"{order.channel} {order.number}",
            "shippingAddress": address(order.ship_to),
            "shippingCost": number(shipping) if shipping and not said_by_item else None,
        }
        lines = (*self._goods(order), *self._charges(order))
        if order.cancelled:
            lines = tuple(replace(line, closed=True) for line in lines)
        draft = made(self._settings, "SalesOrder", f"{order.channel}:{order.order_id}", fields, lines)
        return replace(draft, revises=True, buyer=buyer)

    def _goods(self, order: SalesOrder) -> Iterator[Line]:
        for line in order.lines:
            if not (line.quantity and line.ships and line.sku):
                continue
            sourced = [each for each in order.sourcing if each.line_id == line.line_id]
            for each in sourced:
                yield self._placed(line, each)
            rest = line.quantity - sum((each.quantity for each in sourced), _NOTHING)
            if rest > 0:
                yield Line(number(rest), line.sku, rate=self._rate(line))

    def _placed(self, line: OrderLine, sourced: Sourcing) -> Line:
        """Return a part of a line where it is shipped: a location, a vendor that NetSuite orders from, or elsewhere."""
        location = self._places.location_of(sourced.node)
        vendor = None if location else self._places.vendor_of(sourced.node)
        return Line(
            number(sourced.quantity),
            line.sku,
            rate=self._rate(line),
            location=location or ("" if vendor else self._settings.drop_ship_location or ""),
            vendor=vendor or "",
        )

    def _rate(self, line: OrderLine) -> str:
        """Return the price of a unit: before discounts where a line of their own says these."""
        if "discount" not in self._settings.charge_items or not line.discount or not line.quantity:
            return number(line.price)
        gross = line.price + line.discount / line.quantity
        return number(gross.quantize(_RATE_DIGITS, ROUND_HALF_EVEN).normalize())

    def _charges(self, order: SalesOrder) -> Iterator[Line]:
        goods = [line for line in order.lines if line.quantity and line.ships and line.sku]
        yield from self._charge("discount", -sum((line.discount for line in goods), _NOTHING))
        yield from self._charge("shipping", _sum(order, ChargeKind.SHIPPING))
        yield from self._charge("tax", _sum(order, ChargeKind.TAX))
        yield from self._charge("payment", -_sum(order, ChargeKind.PAYMENT))

    def _charge(self, kind: ChargeItem, amount: Decimal) -> Iterator[Line]:
        item = self._settings.charge_items.get(kind)
        if item is not None and amount:
            counted = kind in ("shipping", "tax")  # a discount or payment has an amount and no quantity
            yield Line("1" if counted else "", item=item, rate=number(amount), amount=number(amount))

    def _bought_in(self, order: PurchaseOrder) -> str | None:
        return self._currencies.id_of(order.currency, f"purchase order {order.number}")

    def _buyer(self, order: SalesOrder, currency: str | None) -> Buyer | None:
        if self._settings.customers is not CustomerRule.EMAIL:
            return None
        known = order.customer.address or order.ship_to
        email = next((each.email for each in (order.customer.address, order.ship_to) if each and each.email), "")
        if not email:
            return None  # nobody to find; it goes to `customer`
        name = order.customer.name or (known.name if known else "")
        return Buyer(email, name, known.company if known else "", currency or "")

    def _customer(self) -> str:
        if self._settings.customer is None:
            todo = "set customer in the partner file to the internal id of the customer that web orders belong to"
            raise Rejected("an order in NetSuite needs a customer", todo=todo, code="customer")
        return self._settings.customer


def _memo(order: FulfillmentOrder) -> str:
    return order.note or f"{order.channel} {order.channel_number}"


def _sum(order: SalesOrder, kind: ChargeKind) -> Decimal:
    return sum((each.amount for each in order.charges if each.kind is kind), _NOTHING)


def _asked(line: PurchaseLine) -> Line:
    return Line(number(line.quantity), line.sku, rate="" if line.unit_cost is None else number(line.unit_cost))


def _bought(line: PurchaseLine) -> Line:
    rate = "" if line.unit_cost is None else number(line.unit_cost)
    return Line(number(line.quantity), line.supplier_sku or line.sku, rate=rate)


def parts(lines: Sequence[Line]) -> dict[str, Decimal]:
    """Return how much of each SKU the lines ask for."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.sku] = sums.get(line.sku, _NOTHING) + Decimal(line.quantity)
    return sums
