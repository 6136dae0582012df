"""What partners answer: accepted, fewer, later, never; shipped, short; twice, late and in any order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.purchase import AcknowledgementLine, Invoice, InvoiceLine, Outcome
from hub.model.shipment import Parcel, ShipmentLine
from hub.model.state import DeliveryState, PurchaseState
from hub.services.selling import orders
from hub.services.trade import invoices
from hub.store import purchases


@pytest.fixture
def world(quick_world: Any) -> Any:
    """SQLite alone: test_conservation.py plays the same on both databases."""
    return quick_world


@pytest.fixture
def sent(world: Any) -> Any:
    """Five cups of order #1001 at acme, which is cheaper than globex; both have plenty."""
    world.source_of("acme", "CUP", 50, "8")
    world.source_of("globex", "CUP", 50, "9")
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.po = world.document("ACME")
    return world


def said(outcome: Outcome, quantity: int | None = None, line: int | None = 1, **fields: Any) -> AcknowledgementLine:
    amount = None if quantity is None else Decimal(quantity)
    return AcknowledgementLine(line_number=line, outcome=outcome, quantity=amount, **fields)


def left(quantity: int, line: int | None = 1, short: int | None = None, **fields: Any) -> ShipmentLine:
    missing = None if short is None else Decimal(short)
    return ShipmentLine(line_number=line, quantity=Decimal(quantity), short=missing, **fields)


def state_of(world: Any, number: str) -> PurchaseState:
    return PurchaseState(world.read(lambda tx: purchases.get(tx, number)).state)


# --- acknowledgements ------------------------------------------------------------------------------------------------


def test_an_accepted_document_is_acknowledged_and_its_delivery_confirmed(sent: Any) -> None:
    assert sent.answers(sent.po, outcome=Outcome.ACCEPTED, reference="A-77")
    assert sent.where() == {("acknowledged", "ACME"): 5}
    (delivery,) = sent.outgoing()
    assert (delivery.state, delivery.reference) == (DeliveryState.CONFIRMED, "A-77")
    assert state_of(sent, sent.po) is PurchaseState.ACKNOWLEDGED


def test_the_same_acknowledgement_twice_changes_nothing(sent: Any) -> None:
    assert sent.answers(sent.po, said(Outcome.CHANGED, 3))
    before = sent.where()
    assert not sent.answers(sent.po, said(Outcome.CHANGED, 3))
    assert sent.where() == before


def test_a_rejected_line_goes_to_the_next_supplier_at_once(sent: Any) -> None:
    sent.answers(sent.po, said(Outcome.REJECTED, reason="discontinued"))
    assert sent.where() == {("allocated", "GLOBEX"): 5}
    assert sent.portions()[0].row.excluded == {"ACME"}
    assert state_of(sent, sent.po) is PurchaseState.REJECTED
    assert sent.document("GLOBEX") != sent.po


def test_what_a_node_gives_back_of_a_held_order_goes_nowhere_until_the_release(sent: Any) -> None:
    with sent.store.write() as tx:
        orders.hold(tx, sent.desk, sent.id_of(), "fraud check", "ann")
    sent.answers(sent.po, said(Outcome.REJECTED))
    assert sent.where() == {("held", ""): 5}
    assert sent.portions()[0].row.reason == "fraud check"
    with sent.store.write() as tx:
        orders.release(tx, sent.desk, sent.id_of(), "ann")
    assert sent.where() == {("allocated", "GLOBEX"): 5}


def test_a_rejection_that_names_the_quantity_rejects_it_all_the_same(sent: Any) -> None:
    sent.answers(sent.po, said(Outcome.REJECTED, 5))
    assert sent.where() == {("allocated", "GLOBEX"): 5}


def test_fewer_than_ordered_sends_the_rest_elsewhere(sent: Any) -> None:
    sent.answers(sent.po, said(Outcome.CHANGED, 3))
    assert sent.where() == {("acknowledged", "ACME"): 3, ("allocated", "GLOBEX"): 2}


def test_a_line_answered_in_parts_is_added_up(sent: Any) -> None:
    promised = sent.clock.now() + timedelta(days=3)
    sent.answers(
        sent.po, said(Outcome.ACCEPTED, 2), said(Outcome.BACKORDERED, 1, promised=promised), said(Outcome.REJECTED, 2)
    )
    assert sent.where() == {("acknowledged", "ACME"): 3, ("allocated", "GLOBEX"): 2}


def test_a_backorder_with_a_date_waits_and_says_so(sent: Any) -> None:
    promised = sent.clock.now() + timedelta(days=3)
    sent.answers(sent.po, said(Outcome.BACKORDERED, promised=promised))
    assert sent.where() == {("acknowledged", "ACME"): 5}
    assert sent.portions()[0].row.reason == f"promised for {promised:%Y-%m-%d}"


def test_a_backorder_without_a_date_counts_as_a_refusal(sent: Any) -> None:
    sent.answers(sent.po, said(Outcome.BACKORDERED))
    assert sent.where() == {("allocated", "GLOBEX"): 5}


def test_a_backorder_later_than_promised_to_the_customer_goes_elsewhere(world: Any) -> None:
    world.source_of("acme", "CUP", 50, "8")
    world.source_of("globex", "CUP", 50, "9")
    world.order(lines={"L1": ("CUP", 5)}, promise_by=world.clock.now() + timedelta(days=2))
    world.deliver()
    late = world.clock.now() + timedelta(days=9)
    world.answers(world.document("ACME"), said(Outcome.BACKORDERED, promised=late))
    assert world.where() == {("allocated", "GLOBEX"): 5}


def test_when_nobody_else_has_it_the_line_waits_in_the_list_of_failures(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.answers(world.document("ACME"), outcome=Outcome.REJECTED)
    assert world.where() == {("unfillable", ""): 5}
    (failure,) = world.failures()
    assert failure.lines[0].quantity == 5
    assert world.status() == "stuck"


def test_an_acknowledgement_after_the_goods_changes_nothing(sent: Any) -> None:
    sent.ships(sent.po, left(5))
    sent.answers(sent.po, outcome=Outcome.ACCEPTED)
    assert sent.where() == {("shipped", "ACME"): 5}
    assert state_of(sent, sent.po) is PurchaseState.SHIPPED


def test_an_acceptance_after_a_rejection_brings_nothing_back(sent: Any) -> None:
    sent.answers(sent.po, outcome=Outcome.REJECTED)
    sent.answers(sent.po, outcome=Outcome.ACCEPTED)
    assert sent.where() == {("allocated", "GLOBEX"): 5}


def test_a_partner_may_reject_what_it_had_accepted(sent: Any) -> None:
    sent.answers(sent.po, outcome=Outcome.ACCEPTED)
    sent.answers(sent.po, outcome=Outcome.REJECTED)
    assert sent.where() == {("allocated", "GLOBEX"): 5}


def test_an_answer_before_anybody_noted_the_sending_proves_it(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    number = world.document("ACME")
    world.in_doubt(number)
    world.answers(number, outcome=Outcome.ACCEPTED)
    assert world.where() == {("acknowledged", "ACME"): 5}
    assert world.portions()[0].sent_at == world.clock.now()
    assert world.outgoing()[0].state is DeliveryState.CONFIRMED


@pytest.mark.parametrize(
    ("lines", "fields", "words"),
    [
        ((said(Outcome.ACCEPTED, 6),), {}, "6 acknowledged, and 5 were ordered"),
        ((said(Outcome.ACCEPTED, line=7),), {}, "line 7: it has no such line; its lines are 1 (CUP)"),
        ((said(Outcome.ACCEPTED, line=None, sku="MUG"),), {}, "SKU 'MUG': it has no such line"),
        ((), {}, "for no line and not for the whole document"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused_whole(sent: Any, lines: Any, fields: Any, words: str) -> None:
    with pytest.raises(BadRecord) as refused:
        sent.answers(sent.po, *lines, **fields)
    assert words in refused.value.what
    assert sent.where() == {("released", "ACME"): 5}


def test_an_answer_to_somebody_elses_document_is_refused(sent: Any) -> None:
    with pytest.raises(BadRecord, match="never sent it a document"):
        sent.answers(sent.po, outcome=Outcome.ACCEPTED, partner="globex")


def test_a_line_is_known_by_their_sku_too(sent: Any) -> None:
    sent.answers(sent.po, said(Outcome.ACCEPTED, line=None, sku="acme-CUP"))
    assert sent.where() == {("acknowledged", "ACME"): 5}


def test_what_is_wanted_no_more_is_what_a_partial_refusal_takes(sent: Any) -> None:
    sent.order(lines={"L1": ("CUP", 3)}, at=1)
    sent.answers(sent.po, said(Outcome.CHANGED, 3))
    assert sent.where() == {("acknowledged", "ACME"): 3, ("cancelled", ""): 2}
    assert sent.failures() == []


# --- shipments -------------------------------------------------------------------------------------------------------


def test_a_shipment_is_told_to_the_shop_with_its_own_lines(sent: Any) -> None:
    sent.directory.places["shop", "ACME"] = "loc-9"
    assert sent.ships(sent.po, left(5), carrier="UPS", tracking="1Z")
    (told,) = sent.outgoing(Kind.FULFILMENT)
    record = told.record
    assert (told.connection, told.entity, told.key) == ("shop", f"order:{sent.id_of()}", record.fulfilment_id)
    assert (record.channel_order, record.location, record.carrier, record.tracking) == ("1001", "loc-9", "UPS", "1Z")
    assert [(line.channel_line, line.quantity) for line in record.lines] == [("L1", 5)]
    assert sent.where() == {("shipped", "ACME"): 5}
    assert sent.status() == "shipped"
    assert sent.outgoing(Kind.PURCHASE_ORDER)[0].state is DeliveryState.CONFIRMED


def test_the_same_shipment_twice_is_told_once(sent: Any) -> None:
    assert sent.ships(sent.po, left(5))
    assert not sent.ships(sent.po, left(5))
    assert len(sent.outgoing(Kind.FULFILMENT)) == 1


def test_a_shipment_number_with_other_content_is_refused(sent: Any) -> None:
    sent.ships(sent.po, left(2))
    with pytest.raises(BadRecord, match="came before with other content"):
        sent.ships(sent.po, left(3))
    assert sent.where() == {("shipped", "ACME"): 2, ("released", "ACME"): 3}


def test_two_shipments_of_one_line_are_told_one_by_one(sent: Any) -> None:
    sent.ships(sent.po, left(2), name="S1")
    assert sent.status() == "partially_shipped"
    assert state_of(sent, sent.po) is PurchaseState.PARTIALLY_SHIPPED
    sent.ships(sent.po, left(3), name="S2")
    assert [each.record.lines[0].quantity for each in sent.outgoing(Kind.FULFILMENT)] == [2, 3]
    assert state_of(sent, sent.po) is PurchaseState.SHIPPED


def test_what_is_short_goes_to_the_next_supplier(sent: Any) -> None:
    sent.ships(sent.po, left(3, short=2))
    assert sent.where() == {("shipped", "ACME"): 3, ("allocated", "GLOBEX"): 2}
    assert [line.quantity for line in sent.outgoing(Kind.FULFILMENT)[0].record.lines] == [3]


def test_nothing_but_short_tells_the_shop_nothing(sent: Any) -> None:
    sent.ships(sent.po, left(0, short=5))
    assert sent.where() == {("allocated", "GLOBEX"): 5}
    assert sent.outgoing(Kind.FULFILMENT) == []


def test_more_than_ordered_is_refused(sent: Any) -> None:
    with pytest.raises(BadRecord, match=r"6 shipped, and 5 of 5 were still awaited"):
        sent.ships(sent.po, left(6))
    assert sent.outgoing(Kind.FULFILMENT) == []


def test_goods_that_were_taken_back_before_are_refused(sent: Any) -> None:
    sent.answers(sent.po, said(Outcome.CHANGED, 3))
    with pytest.raises(BadRecord, match=r"5 shipped, and 3 of 5 were still awaited"):
        sent.ships(sent.po, left(5))


def test_a_shipment_without_lines_is_all_that_was_awaited(sent: Any) -> None:
    sent.ships(sent.po)
    assert sent.where() == {("shipped", "ACME"): 5}


def test_a_shipment_without_number_is_known_by_its_tracking(sent: Any) -> None:
    assert sent.ships(sent.po, left(2), name="", tracking="1Z")
    assert not sent.ships(sent.po, left(2), name="", tracking="1Z")
    assert sent.ships(sent.po, left(3), name="")
    assert sent.where() == {("shipped", "ACME"): 5}


def test_two_parcels_with_two_tracking_numbers_are_two_fulfilments(sent: Any) -> None:
    parcels = (Parcel(tracking="P1", carrier="UPS"), Parcel(tracking="P2", carrier="DHL", url="http://dhl/P2"))
    sent.ships(sent.po, left(2, tracking="P1"), left(3, tracking="P2"), parcels=parcels)
    first, second = sent.outgoing(Kind.FULFILMENT)
    assert first.key != second.key
    assert [(each.record.tracking, each.record.carrier) for each in (first, second)] == [("P1", "UPS"), ("P2", "DHL")]
    assert [each.record.lines[0].quantity for each in (first, second)] == [2, 3]


def test_cancelled_goods_that_ship_all_the_same_are_not_told_to_the_shop(sent: Any) -> None:
    sent.order(lines={"L1": ("CUP", 3)}, at=1)
    sent.ships(sent.po, left(5))
    assert [each.record.lines[0].quantity for each in sent.outgoing(Kind.FULFILMENT)] == [3]
    assert "line.shipped_although_cancelled" in sent.events()
    assert sent.failures() == []


def test_a_shipment_of_our_own_warehouse_is_told_as_well(world: Any) -> None:
    world.supplier("dc", NodeKind.WAREHOUSE)
    world.owns("CUP")
    world.stocks("DC", "CUP", 5, nets="shipments")
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.ships(world.document("DC"), left(5))
    assert world.where() == {("shipped", "DC"): 5}
    assert len(world.outgoing(Kind.FULFILMENT)) == 1


# --- invoices --------------------------------------------------------------------------------------------------------


def invoice(world: Any, number: str = "I1", price: str = "8", order: str = "") -> bool:
    line = InvoiceLine(line_number=1, quantity=Decimal(5), price=Decimal(price))
    document = Invoice(invoice_number=number, order_number=order or world.po, lines=(line,))
    with world.store.write() as tx:
        return invoices.apply(tx, world.desk, world.source("acme", "invoices"), document)


def test_an_invoice_is_kept_once_and_closes_what_has_shipped(sent: Any) -> None:
    sent.ships(sent.po, left(5))
    assert invoice(sent)
    assert not invoice(sent)
    assert state_of(sent, sent.po) is PurchaseState.INVOICED


def test_an_invoice_before_the_goods_counts_when_they_have_left(sent: Any) -> None:
    invoice(sent)
    assert state_of(sent, sent.po) is PurchaseState.ISSUED
    sent.ships(sent.po, left(5))
    assert state_of(sent, sent.po) is PurchaseState.INVOICED


def test_an_invoice_number_with_other_content_is_refused(sent: Any) -> None:
    invoice(sent)
    with pytest.raises(BadRecord, match="came before with other content"):
        invoice(sent, price="9")


def test_an_invoice_for_nothing_we_ordered_is_refused(sent: Any) -> None:
    with pytest.raises(BadRecord, match="never sent it"):
        invoice(sent, order="PO999")
