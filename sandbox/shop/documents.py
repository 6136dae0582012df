"""The shop's JSON, field by field as the REST Admin API writes it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from hashlib import md5
from zoneinfo import ZoneInfo

from sandbox.plan import OrderPlan
from sandbox.shop.state import Fulfilment, FulfilmentOrder, FulfilmentOrderLine, Location, Order, OrderLine

Document = dict[str, object]
_ZERO = Decimal("0.00")
#: What may be done with a fulfilment order in a state.
_ACTIONS = {
    "open": ["create_fulfillment", "move", "hold", "split"],
    "in_progress": ["create_fulfillment", "move"],
    "on_hold": ["release_hold", "hold"],
}


class Writer:
    """Writes documents in one shop's currency and time zone."""

    def __init__(self, currency: str, timezone: str, shop_id: int) -> None:
        self.currency = currency
        self.shop_id = shop_id
        self._zone = ZoneInfo(timezone)

    def when(self, moment: datetime | None) -> str | None:
        """Return a moment with the shop's offset, to the second."""
        return None if moment is None else moment.astimezone(self._zone).replace(microsecond=0).isoformat()

    def money(self, name: str, amount: Decimal) -> Document:
        """Return an amount the two ways the API gives it: text, and a set by currency."""
        return {name: f"{amount:.2f}", f"{name}_set": self.money_set(amount)}

    def money_set(self, amount: Decimal) -> Document:
        """Return an amount in the shop's and the customer's currency, which are one here."""
        money = {"amount": f"{amount:.2f}", "currency_code": self.currency}
        return {"shop_money": money, "presentment_money": dict(money)}

    def order(self, order: Order) -> Document:
        """Return an order in full."""
        return {
            **_order_head(order),
            **self._order_times(order),
            **self._order_totals(order),
            "billing_address": _address(order.plan),
            "customer": self._customer(order),
            "discount_applications": [],
            "fulfillments": [self.fulfilment(each, order) for each in order.fulfilments],
            "line_items": [self.line(line) for line in order.lines],
            "payment_terms": None,
            "refunds": [],
            "shipping_address": _address(order.plan),
            "shipping_lines": [self._shipping_line(order)],
        }

    def _order_times(self, order: Order) -> Document:
        return {
            "created_at": self.when(order.created),
            "processed_at": self.when(order.created),
            "updated_at": self.when(order.updated),
            "cancelled_at": self.when(order.cancelled),
            "closed_at": self.when(order.closed),
        }

    def _order_totals(self, order: Order) -> Document:
        goods = sum((line.plan.price * line.plan.quantity for line in order.lines), _ZERO)
        current = sum((line.plan.price * line.current for line in order.lines), _ZERO)
        sums = {
            "current_subtotal_price": current,
            "current_total_discounts": _ZERO,
            "current_total_price": current,
            "current_total_tax": _ZERO,
            "subtotal_price": goods,
            "total_discounts": _ZERO,
            "total_line_items_price": goods,
            "total_price": goods,
            "total_tax": _ZERO,
        }
        totals: Document = {"currency": self.currency, "presentment_currency": self.currency}
        for name, amount in sums.items():
            totals |= self.money(name, amount)
        return totals | {
            "total_shipping_price_set": self.money_set(_ZERO),
            "total_cash_rounding_payment_adjustment_set": self.money_set(_ZERO),
            "total_cash_rounding_refund_adjustment_set": self.money_set(_ZERO),
            "total_outstanding": "0.00",
            "total_tip_received": "0.00",
        }

    def line(self, line: OrderLine, quantity: int | None = None) -> Document:
        """Return an order line; in a fulfilment `quantity` is what left."""
        item = line.variant.item
        return {
            "id": line.id,
            "admin_graphql_api_id": f"gid://shopify/LineItem/{line.id}",
            "attributed_staffs": [],
            "current_quantity": line.current,
            "fulfillable_quantity": line.fulfillable,
            "fulfillment_service": "manual",
            "fulfillment_status": _line_status(line),
            "gift_card": not item.ships,
            "grams": item.weight_g,
            "name": item.name,
            **self.money("price", line.plan.price),
            "product_exists": True,
            "product_id": line.variant.product_id,
            "properties": [],
            "quantity": line.plan.quantity if quantity is None else quantity,
            "requires_shipping": item.ships,
            "sku": item.sku,
            "taxable": True,
            "title": item.name,
            **self.money("total_discount", _ZERO),
            "variant_id": line.variant.id,
            "variant_inventory_management": "shopify",
            "variant_title": None,
            "vendor": "Crossdock Sandbox",
            "tax_lines": [],
            "duties": [],
            "discount_allocations": [],
        }

    def _customer(self, order: Order) -> Document:
        plan, made = order.plan, self.when(order.created)
        return {
            "id": order.customer_id,
            "created_at": made,
            "updated_at": made,
            "first_name": plan.first_name,
            "last_name": plan.last_name,
            "state": "disabled",
            "note": None,
            "verified_email": True,
            "multipass_identifier": None,
            "tax_exempt": False,
            "email": plan.email or None,
            "phone": plan.phone or None,
            "currency": self.currency,
            "tax_exemptions": [],
            "tags": "",
            "admin_graphql_api_id": f"gid://shopify/Customer/{order.customer_id}",
            "default_address": _address(plan) | {"customer_id": order.customer_id, "default": True},
        }

    def _shipping_line(self, order: Order) -> Document:
        return {
            "id": order.customer_id + 1,
            "carrier_identifier": None,
            "code": "Standard",
            **self.money("discounted_price", _ZERO),
            "is_removed": False,
            "phone": None,
            **self.money("price", _ZERO),
            "requested_fulfillment_service_id": None,
            "source": "shopify",
            "title": "Standard",
            "tax_lines": [],
            "discount_allocations": [],
        }

    def fulfilment(self, fulfilment: Fulfilment, order: Order) -> Document:
        """Return a fulfilment."""
        made = self.when(fulfilment.created)
        return {
            "id": fulfilment.id,
            "admin_graphql_api_id": f"gid://shopify/Fulfillment/{fulfilment.id}",
            "created_at": made,
            "updated_at": made,
            "location_id": fulfilment.location_id,
            "name": fulfilment.name,
            "order_id": order.id,
            "origin_address": None,
            "receipt": {},
            "service": "manual",
            "shipment_status": None,
            "status": "success",
            "tracking_company": fulfilment.company,
            "tracking_number": fulfilment.number,
            "tracking_numbers": [fulfilment.number] if fulfilment.number else [],
            "tracking_url": fulfilment.url,
            "tracking_urls": [fulfilment.url] if fulfilment.url else [],
            "line_items": [self.line(line, quantity) for line, quantity in fulfilment.lines],
        }

    def fulfilment_order(self, part: FulfilmentOrder, order: Order) -> Document:
        """Return a fulfilment order."""
        actions = _ACTIONS.get(part.status, [])
        return {
            "id": part.id,
            "created_at": self.when(part.created),
            "updated_at": self.when(part.updated),
            "shop_id": self.shop_id,
            "order_id": part.order_id,
            "assigned_location_id": part.location.id,
            "request_status": part.request,
            "status": part.status,
            "fulfill_at": self.when(part.created),
            "fulfill_by": None,
            "supported_actions": actions,
            "destination": _destination(order),
            "line_items": [self._part_line(part, line) for line in part.lines],
            "international_duties": None,
            "fulfillment_holds": [
                {"id": each.id, "handle": each.handle, "reason": each.reason, "reason_notes": each.notes}
                for each in part.holds
            ],
            "delivery_method": {"id": part.id + 1, "method_type": part.method, "min_delivery_date_time": None},
            "assigned_location": _assigned(part.location),
            "merchant_requests": [{"message": "", "request_options": {}, "kind": kind} for kind in part.asked],
        }

    def _part_line(self, part: FulfilmentOrder, line: FulfilmentOrderLine) -> Document:
        return {
            "id": line.id,
            "shop_id": self.shop_id,
            "fulfillment_order_id": part.id,
            "quantity": line.quantity,
            "line_item_id": line.line.id,
            "inventory_item_id": line.line.variant.inventory_item_id,
            "fulfillable_quantity": line.fulfillable,
            "variant_id": line.line.variant.id,
        }


def _order_head(order: Order) -> Document:
    plan, name = order.plan, f"#{order.number}"
    token = md5(str(order.id).encode(), usedforsecurity=False).hexdigest()
    return {
        "id": order.id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order.id}",
        "app_id": 580111,
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cancel_reason": "customer" if order.cancelled else None,
        "cart_token": None,
        "checkout_id": order.customer_id + 2,
        "checkout_token": token,
        "client_details": None,
        "confirmation_number": token[:9].upper(),
        "confirmed": True,
        "contact_email": plan.email or None,
        "current_total_additional_fees_set": None,
        "current_total_duties_set": None,
        "customer_locale": None,
        "device_id": None,
        "discount_codes": [],
        "duties_included": False,
        "email": plan.email,
        "estimated_taxes": False,
        "financial_status": "voided" if order.cancelled else "paid",
        "fulfillment_status": order.fulfillment_status,
        "landing_site": None,
        "landing_site_ref": None,
        "location_id": None,
        "merchant_business_entity_id": None,
        "merchant_of_record_app_id": None,
        "name": name,
        "note": None,
        "note_attributes": [{"name": key, "value": value} for key, value in plan.notes.items()],
        "number": order.number - 1000,
        "order_number": order.number,
        "order_status_url": f"https://sandbox.example.com/orders/{token}",
        "original_total_additional_fees_set": None,
        "original_total_duties_set": None,
        "payment_gateway_names": ["bogus"],
        "phone": plan.phone or None,
        "po_number": None,
        "reference": None,
        "referring_site": None,
        "source_identifier": None,
        "source_name": "web",
        "source_url": None,
        "tags": "",
        "tax_exempt": False,
        "tax_lines": [],
        "taxes_included": False,
        "test": False,
        "token": token,
        "total_weight": sum(line.variant.item.weight_g * line.plan.quantity for line in order.lines),
        "user_id": None,
    }


def _line_status(line: OrderLine) -> str | None:
    if not line.variant.item.ships or line.fulfillable == line.current:
        return None
    return "partial" if line.fulfillable else "fulfilled"


def _address(plan: OrderPlan) -> Document:
    place = plan.place
    return {
        "first_name": plan.first_name,
        "address1": plan.street,
        "phone": plan.phone or None,
        "city": place.city,
        "zip": place.postal_code,
        "province": place.region_name,
        "country": place.country_name,
        "last_name": plan.last_name,
        "address2": plan.street2,
        "company": plan.company or None,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "name": f"{plan.first_name} {plan.last_name}",
        "country_code": place.country,
        "province_code": place.region,
    }


def _destination(order: Order) -> Document:
    plan, place = order.plan, order.plan.place
    return {
        "id": order.customer_id + 3,
        "address1": plan.street,
        "address2": plan.street2,
        "city": place.city,
        "company": plan.company or None,
        "country": place.country_name,
        "email": plan.email or None,
        "first_name": plan.first_name,
        "last_name": plan.last_name,
        "phone": plan.phone or None,
        "province": place.region_name,
        "zip": place.postal_code,
    }


def _assigned(location: Location) -> Document:
    return {
        "address1": location.street,
        "address2": None,
        "city": location.place.city,
        "country_code": location.place.country,
        "location_id": location.id,
        "name": location.name,
        "phone": None,
        "province": location.place.region_name,
        "zip": location.place.postal_code,
    }
