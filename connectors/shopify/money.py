"""What an order costs: prices, discounts, shipping, taxes and what was paid, in the shop's own currency.

A shop says each amount plainly and once more as a set of `shop_money` and `presentment_money`. What the customer saw in
another currency is left alone; a set in another currency than the order's is no amount of it and never taken for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.shopify.parcel import mappings
from connectors.shopify.values import Tree, Unreadable, mapping, text
from hub.model.number import NotANumber, exact

_PLACES = Decimal("0.0001")
_NOTHING = Decimal(0)
#: Financial states in which no money has come, whatever the order says that it is short of.
_NOTHING_PAID = frozenset({"pending", "authorized", "voided", "expired"})


class Till:
    """The amounts of one order."""

    def __init__(self, order: Tree) -> None:
        self._order, self._currency = order, str(order.get("currency") or "").strip().upper()

    # --- a line ------------------------------------------------------------------------------------------------------

    def price(self, line: Tree, ordered: int, line_id: str) -> Decimal:
        """Return what one unit costs the customer, its share of every discount taken off."""
        unit, taken = self._amount(line, "price", line_id), self._taken(line, line_id)
        if not taken or not ordered:
            return unit
        return max((unit - taken / ordered).quantize(_PLACES, ROUND_HALF_EVEN), _NOTHING)

    def discount(self, line: Tree, ordered: int, quantity: int, line_id: str) -> Decimal:
        """Return what discounts took off what is left of a line; the price is after them."""
        taken = self._taken(line, line_id)
        return (taken * quantity / ordered).quantize(_PLACES, ROUND_HALF_EVEN) if taken and ordered else _NOTHING

    def _taken(self, line: Tree, line_id: str = "") -> Decimal:
        """Return what discounts took off: as they were shared out, or in sum where a version shares nothing out."""
        if not isinstance(line.get("discount_allocations"), list):
            return self._amount(line, "total_discount", line_id)
        return self._sum(line.get("discount_allocations"), "amount", line_id)

    # --- the whole order ---------------------------------------------------------------------------------------------

    def total(self) -> Mapping[str, object] | None:
        """Return what the order costs now, None when it does not say."""
        field = next((name for name in ("current_total_price", "total_price") if self._says(name)), None)
        return {"amount": self._amount(self._order, field), "currency": self._order.get("currency")} if field else None

    def charges(self) -> Iterator[Mapping[str, object]]:
        """Yield what an order costs beside its lines, and what was paid of it; nothing that comes to nothing."""
        for charge in (*self._shipping(), *self._taxes(), *self._payment()):
            if Decimal(str(charge["amount"])) > 0:
                yield charge

    def _shipping(self) -> Iterator[Mapping[str, object]]:
        """Yield what each shipping line costs now: the shop tells it since 2025, before it is reckoned."""
        refunded = self._shipping_refunded()
        for line in shipping_lines(self._order):
            if mapping(line.get("current_discounted_price_set")):
                amount = self._amount(line, "current_discounted_price")
            else:
                whole = self._reduced(line)
                amount, refunded = max(whole - refunded, _NOTHING), max(refunded - whole, _NOTHING)
            yield {"kind": "shipping", "name": text(line, "title"), "amount": amount}

    def _reduced(self, line: Tree) -> Decimal:
        """Return the price after discounts: the reduced price may leave those of the whole order out, or have them."""
        price = self._amount(line, "price") - self._taken(line)
        reduced = (self._amount(line, "discounted_price"),) if self._has(line, "discounted_price") else ()
        return max(min(price, *reduced) if reduced else price, _NOTHING)

    def _shipping_refunded(self) -> Decimal:
        """Return what was given back of shipping; the shop says it as a negative adjustment."""
        rows = (
            row
            for refund in mappings(self._order.get("refunds"))
            for row in mappings(refund.get("order_adjustments"))
            if row.get("kind") == "shipping_refund"
        )
        return sum((abs(self._amount(row, "amount")) for row in rows), _NOTHING)

    def _taxes(self) -> Iterator[Mapping[str, object]]:
        """Yield taxes and duties; those within prices are no charge."""
        order = self._order
        if order.get("taxes_included") is not True:
            field = "current_total_tax" if self._says("current_total_tax") else "total_tax"
            names = ", ".join(dict.fromkeys(text(line, "title") for line in mappings(order.get("tax_lines"))))
            yield {"kind": "tax", "name": names, "amount": self._amount(order, field)}
        if order.get("duties_included") is not True:
            field = "current_total_duties" if self._says("current_total_duties") else "original_total_duties"
            yield {"kind": "tax", "name": "duties", "amount": self._amount(order, field)}

    def _payment(self) -> Iterator[Mapping[str, object]]:
        total = self.total()
        if total is None or not self._says("total_outstanding"):
            return
        if str(self._order.get("financial_status") or "").strip().lower() in _NOTHING_PAID:
            return  # of an authorised order nothing is outstanding, and nothing was paid either
        gateways = self._order.get("payment_gateway_names")
        name = str(gateways[0]) if isinstance(gateways, list) and gateways else ""
        paid = Decimal(str(total["amount"])) - self._amount(self._order, "total_outstanding")
        yield {"kind": "payment", "name": name, "amount": paid}

    # --- one amount --------------------------------------------------------------------------------------------------

    def _says(self, field: str) -> bool:
        return self._has(self._order, field)

    def _has(self, tree: Tree, field: str) -> bool:
        return tree.get(field) is not None or bool(mapping(tree.get(f"{field}_set")))

    def _sum(self, rows: object, field: str, line_id: str = "") -> Decimal:
        return sum((self._amount(row, field, line_id) for row in mappings(rows)), _NOTHING)

    def _amount(self, tree: Tree, field: str, line_id: str = "") -> Decimal:
        """Return an amount: from `<field>_set` where there is one, else from the plain field."""
        money = mapping(mapping(tree.get(f"{field}_set")).get("shop_money"))
        value = money.get("amount", tree.get(field))
        if value is None:
            return _NOTHING
        said = money.get("currency_code")
        if isinstance(said, str) and self._currency and said.strip().upper() != self._currency:
            what = f"it is in {said}, and the order in {self._currency}: which of them holds is not known"
            raise Unreadable(what, field, line_id)
        try:
            return exact(value)
        except (NotANumber, ValueError) as error:
            raise Unreadable(str(error), field, line_id) from None


def shipping_lines(order: Tree) -> Iterator[Tree]:
    """Yield the shipping lines that are still on the order: an edit leaves those that it took away, marked."""
    return (line for line in mappings(order.get("shipping_lines")) if line.get("is_removed") is not True)
