"""What a supplier bills is compared with what was ordered and what has left; it is approved, waits, or is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.model.document import Kind
from hub.model.partner import Partner, Role
from hub.model.purchase import Invoice, InvoiceLine, PurchaseLine, PurchaseOrder
from hub.model.shipment import ShipmentLine
from hub.services.matching import Facts, Match, Tolerances, match
from hub.services.requests import Refused
from hub.services.trade import invoices
from hub.store import purchases
from hub.store.purchases import InvoiceRow


def ordered(quantity: int = 10, cost: str | None = "5.00") -> PurchaseOrder:
    line = PurchaseLine(
        line_number=1, sku="A", supplier_sku="acme-A", quantity=Decimal(quantity), unit_cost=cost, channel_line="L1"
    )
    given = {
        "number": "PO1",
        "node": "ACME",
        "order_id": "SO1",
        "channel": "shop",
        "channel_order": "1",
        "lines": (line,),
    }
    moment = "2026-11-20T06:00:00Z"
    return PurchaseOrder(**given, channel_number="#1", ordered_at=moment, supplier="acme", currency="EUR")


def billed(quantity: str = "10", price: str = "5.00", **fields: Any) -> Invoice:
    line = InvoiceLine(line_number=1, sku="acme-A", quantity=Decimal(quantity), price=Decimal(price))
    return Invoice.model_validate({"invoice_number": "R1", "order_number": "PO1", "lines": (line,), **fields})


def facts(shipped: int = 10, before: int = 0, **order: Any) -> Facts:
    return Facts(ordered(**order), "EUR", {1: Decimal(shipped)}, {1: Decimal(before)} if before else {})


@pytest.mark.parametrize(
    ("invoice", "known", "differences"),
    [
        (billed(), facts(), ()),
        (billed(price="5.01"), facts(), ()),
        (billed(price="4"), facts(), ()),
        (billed(price="5.02"), facts(), ("line 1: billed at 5.02, ordered at 5",)),
        (billed(), facts(cost=None), ("line 1: billed at 5, and no price was agreed",)),
        (billed("11"), facts(), ("line 1: 11 billed, 10 shipped of 10 ordered",)),
        (billed("4"), facts(before=7), ("line 1: 4 billed after 7 before, 10 shipped of 10 ordered",)),
        (billed(currency="USD"), facts(), ("billed in USD, ordered in EUR",)),
        (billed(freight="10"), facts(), ()),
        (billed(freight="10.01"), facts(), ("freight 10.01 on goods of 50",)),
        (billed(total="59.50", tax="9.50"), facts(), ()),
        (billed(total="60"), facts(), ("the total is 60, its lines and charges make 50",)),
        (billed(lines=(), total="50"), facts(), ()),
        (billed(lines=(), total="51"), facts(), ("51 billed in one sum, 50 shipped and not billed",)),
        (billed(lines=()), facts(), ("neither lines nor a total",)),
        (billed("3", credit=True), facts(before=10), ()),
        (billed("3", credit=True), facts(before=3), ()),
        (billed("3", credit=True), facts(), ("line 1: 3 credited, 0 billed",)),
    ],
)
def test_differences_are_told_in_words(invoice: Invoice, known: Facts, differences: tuple[str, ...]) -> None:
    assert match(invoice, known, Tolerances()) == Match(differences)


def test_what_was_never_ordered_is_told_by_its_name() -> None:
    said = billed().changed(lines=(InvoiceLine(sku="Z", quantity=Decimal(1), price=Decimal(2)),))
    assert match(said, facts(), Tolerances()).differences == ("SKU 'Z' was not ordered (1 at 2)",)


def test_a_bill_before_its_goods_only_waits() -> None:
    result = match(billed(), facts(shipped=4), Tolerances())
    assert result == Match((), ("line 1: 10 billed, 4 shipped of 10 ordered",))


def test_tolerances_allow_what_they_say() -> None:
    allowed = Tolerances(price_percent=Decimal(10), quantity_percent=Decimal(10), total_amount=Decimal(100))
    assert match(billed("11", "5.50", total="1"), facts(), allowed) == Match()
    assert len(match(billed("12", "5.51"), facts(), allowed).differences) == 2


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20))
def test_no_more_is_approved_than_was_shipped(shipped: int, before: int, quantity: int) -> None:
    result = match(billed(str(quantity)), facts(shipped, before, quantity=20), Tolerances())
    assert (result == Match()) == (before + quantity <= shipped)


# --- in the hub ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bought(world: Any) -> Any:
    """A world where 10 A were bought of acme at 10 and are on their way; an ERP takes bills."""
    world.directory.known["erp"] = Partner(code="erp", role=Role.WAREHOUSE)
    world.directory.out |= {("erp", Kind.PURCHASE_ORDER): "purchase_orders", ("erp", Kind.INVOICE): "bills"}
    world.source_of("acme", "A", 10)
    world.order(lines={"L1": ("A", 10)})
    world.number = world.document("ACME")
    world.deliver()
    return world


def bills(world: Any, name: str, quantity: int, price: str = "10", **fields: Any) -> bool:
    line = InvoiceLine(line_number=1, quantity=Decimal(quantity), price=Decimal(price))
    document = Invoice(invoice_number=name, order_number=world.number, lines=(line,), **fields)
    with world.store.write() as tx:
        return invoices.apply(tx, world.desk, world.source("acme", "invoices"), document)


def ships(world: Any, quantity: int, name: str) -> None:
    world.ships(world.number, ShipmentLine(line_number=1, quantity=Decimal(quantity)), name=name)


def standing(world: Any) -> list[InvoiceRow]:
    return list(world.read(lambda tx: purchases.invoices_of(tx, [world.number])))


def booked(world: Any) -> list[str]:
    return [each.doc["invoice_number"] for each in world.outgoing(Kind.INVOICE)]


def test_a_bill_waits_for_its_goods_and_is_booked_once_in_our_words(bought: Any) -> None:
    bills(bought, "R1", 6)
    assert ([each.state for each in standing(bought)], bought.failures()) == (["waiting"], [])
    ships(bought, 5, "S1")
    assert booked(bought) == []
    ships(bought, 5, "S2")
    assert [each.state for each in standing(bought)] == ["approved"]
    assert not bills(bought, "R1", 6)
    (bill,) = bought.outgoing(Kind.INVOICE)
    assert (bill.connection, bill.entity) == ("erp", f"purchase:{bought.number}")
    assert [(each.sku, int(each.quantity)) for each in bill.record.lines] == [("A", 6)]
    assert bought.outgoing(Kind.PURCHASE_ORDER)[-1].id < bill.id, "behind the order that it is a bill for"


def test_what_differs_is_held_with_the_difference_and_booked_when_it_is_approved(bought: Any) -> None:
    ships(bought, 10, "S1")
    bills(bought, "R1", 10, "12")
    (failure,) = bought.failures()
    assert (failure.id[0], failure.code, failure.error) == ("i", "differs", "line 1: billed at 12, ordered at 10")
    assert booked(bought) == []
    with bought.store.write() as tx, pytest.raises(Refused, match="needs a reason"):
        invoices.approve(tx, bought.desk, int(failure.id[1:]), " ", "ann")
    with bought.store.write() as tx:
        invoices.approve(tx, bought.desk, int(failure.id[1:]), "agreed by telephone", "ann")
    assert booked(bought) == ["R1"]
    assert standing(bought)[0].why == "ann: agreed by telephone"
    assert bought.failures() == []
    with bought.store.write() as tx, pytest.raises(Refused, match="it is approved"):
        invoices.approve(tx, bought.desk, int(failure.id[1:]), "twice", "ann")
    assert "invoice.approved" in bought.events()


def test_the_same_goods_are_not_paid_twice_and_a_declined_bill_frees_them(bought: Any) -> None:
    ships(bought, 10, "S1")
    bills(bought, "R1", 10, "12")
    bills(bought, "R2", 10, "10")
    assert [each.state for each in standing(bought)] == ["held", "held"]
    first = min(bought.failures(), key=lambda each: each.id)
    bought.close(first.id, "wrong price; R2 replaces it")
    assert [each.state for each in standing(bought)] == ["rejected", "approved"]
    assert booked(bought) == ["R2"]
    assert [each.id for each in bought.failures(closed=True) if each.id[0] == "i"] == [first.id]


def test_a_held_bill_is_matched_again_under_other_tolerances(bought: Any) -> None:
    ships(bought, 10, "S1")
    bills(bought, "R1", 10, "10.30")
    bought.desk = replace(bought.desk, tolerances=Tolerances(price_percent=Decimal(3)))
    bought.rerun_all()
    assert booked(bought) == ["R1"]
