"""Three-way match: what a supplier bills, against what was ordered and what has left; differences in words.

Values in, values out. Prices and quantities are looked at line by line and apart from each other; charges and the total
for the whole invoice. What tolerances allow is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.model.number import plain
from hub.model.purchase import FulfillmentOrder, Invoice, InvoiceLine, PurchaseLine

NOTHING = Decimal(0)
_PERCENT = Decimal(100)
Share = Annotated[Decimal, Field(ge=0, le=1000)]
Amount = Annotated[Decimal, Field(ge=0)]


class Tolerances(BaseModel):
    """[invoices]: by how much a supplier's invoice may differ and still be approved by itself.

    Amounts are in the invoice's currency. A price may be over by either limit, whichever allows more.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    price_percent: Annotated[Share, Field(description="a unit price over the order's")] = Decimal(0)
    price_amount: Annotated[Amount, Field(description="the same as an amount for a unit")] = Decimal("0.01")
    quantity_percent: Annotated[Share, Field(description="more than was shipped")] = Decimal(0)
    freight_percent: Annotated[Share, Field(description="freight, of the goods' value")] = Decimal(20)
    total_amount: Annotated[Amount, Field(description="the total against its lines, for rounding")] = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the document that an invoice is for; quantities by our line number."""

    order: FulfillmentOrder
    currency: str
    shipped: Mapping[int, Decimal]
    billed: Mapping[int, Decimal]  # by other invoices that stand, credit memos taken off


@dataclass(frozen=True, slots=True)
class Match:
    """What was found: differences for a person, and what only waits for its goods; neither: approved."""

    differences: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()


def match(invoice: Invoice, facts: Facts, allowed: Tolerances) -> Match:
    """Compare an invoice with its order and with what was shipped for it."""
    pairs = [(said, line_of(facts.order, said)) for said in invoice.lines]
    differences = [*_currency(invoice, facts), *_unknown(pairs), *_prices(pairs, allowed)]
    waits: list[str] = []
    for line in facts.order.lines:
        quantity = sum((said.quantity for said, ours in pairs if ours is line), NOTHING)
        over = _too_many(invoice, facts, line, quantity, allowed)
        if over:
            (waits if _may_come(facts, line, quantity) and not invoice.credit else differences).append(over)
    differences += [*_freight(invoice, allowed), *_total(invoice, facts, allowed)]
    return Match(tuple(differences), tuple(waits))


def line_of(order: FulfillmentOrder, said: InvoiceLine) -> PurchaseLine | None:
    """Return the line of our document that an invoice's line is for: by number, else by SKU; None when not clear."""
    named = [line for line in order.lines if line.line_number == said.line_number]
    if named and said.sku in ("", named[0].sku, named[0].supplier_sku):
        return named[0]
    found = [line for line in order.lines if said.sku and said.sku in (line.sku, line.supplier_sku)]
    return found[0] if len(found) == 1 else None


def _currency(invoice: Invoice, facts: Facts) -> Iterator[str]:
    if invoice.currency is not None and invoice.currency != facts.currency:
        yield f"billed in {invoice.currency}, ordered in {facts.currency}"


def _unknown(pairs: Sequence[tuple[InvoiceLine, PurchaseLine | None]]) -> Iterator[str]:
    for said, ours in pairs:
        if ours is None:
            name = f"line {said.line_number}" if said.line_number else f"SKU {said.sku!r}"
            yield f"{name} was not ordered ({plain(said.quantity)} at {plain(said.price)})"


def _prices(pairs: Sequence[tuple[InvoiceLine, PurchaseLine | None]], allowed: Tolerances) -> Iterator[str]:
    for said, ours in pairs:
        if ours is None:
            continue
        if ours.unit_cost is None:
            yield f"line {ours.line_number}: billed at {plain(said.price)}, and no price was agreed"
            continue
        over = said.price - ours.unit_cost
        if over > max(allowed.price_amount, ours.unit_cost * allowed.price_percent / _PERCENT):
            yield f"line {ours.line_number}: billed at {plain(said.price)}, ordered at {plain(ours.unit_cost)}"


def _too_many(invoice: Invoice, facts: Facts, line: PurchaseLine, quantity: Decimal, allowed: Tolerances) -> str:
    """Return what is wrong with the quantity of a line; empty when nothing is."""
    billed = facts.billed.get(line.line_number, NOTHING)
    if invoice.credit:
        return _credited(line, quantity, billed)
    shipped = facts.shipped.get(line.line_number, NOTHING)
    if not quantity or billed + quantity <= shipped * (1 + allowed.quantity_percent / _PERCENT):
        return ""
    before = f" after {plain(billed)} before" if billed else ""
    words = f"line {line.line_number}: {plain(quantity)} billed{before}, {plain(shipped)} shipped"
    return f"{words} of {plain(line.quantity)} ordered"


def _credited(line: PurchaseLine, quantity: Decimal, billed: Decimal) -> str:
    if quantity <= billed:
        return ""
    return f"line {line.line_number}: {plain(quantity)} credited, {plain(billed)} billed"


def _may_come(facts: Facts, line: PurchaseLine, quantity: Decimal) -> bool:
    """Tell whether the rest of the goods alone would make the quantity right."""
    return facts.billed.get(line.line_number, NOTHING) + quantity <= line.quantity


def _goods(invoice: Invoice) -> Decimal:
    return sum((line.quantity * line.price for line in invoice.lines), NOTHING)


def _freight(invoice: Invoice, allowed: Tolerances) -> Iterator[str]:
    freight, goods = invoice.freight or NOTHING, _goods(invoice)
    if not invoice.credit and invoice.lines and freight > goods * allowed.freight_percent / _PERCENT:
        yield f"freight {plain(freight)} on goods of {plain(goods)}"


def _total(invoice: Invoice, facts: Facts, allowed: Tolerances) -> Iterator[str]:
    """Yield what is wrong with the total; without lines it is compared with all that was shipped and not billed."""
    charges = (invoice.freight or NOTHING) + (invoice.tax or NOTHING)
    if not invoice.lines:
        yield from _lump(invoice, facts, charges, allowed)
        return
    made = _goods(invoice) + charges
    if invoice.total is not None and abs(invoice.total - made) > allowed.total_amount:
        yield f"the total is {plain(invoice.total)}, its lines and charges make {plain(made)}"


def _lump(invoice: Invoice, facts: Facts, charges: Decimal, allowed: Tolerances) -> Iterator[str]:
    due = NOTHING
    for line in facts.order.lines:
        number = line.line_number
        open_ = facts.shipped.get(number, NOTHING) - facts.billed.get(number, NOTHING)
        due += max(open_, NOTHING) * (line.unit_cost or NOTHING)
    if invoice.total is None:
        yield "neither lines nor a total"
    elif abs(invoice.total - charges - due) > allowed.total_amount:
        yield f"{plain(invoice.total - charges)} billed in one sum, {plain(due)} shipped and not billed"
