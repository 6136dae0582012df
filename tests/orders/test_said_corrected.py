"""A shipment or an invoice that could not be applied is made good by the corrected one; which of two counts is not."""

from __future__ import annotations

import json
from typing import Any

from hub.model.document import Kind
from hub.store import parking
from tests.orders.test_originals import comes, said


def parked(world: Any) -> list[str]:
    found: list[str] = world.read(lambda tx: [each.code for each in parking.search(tx)])
    return found


def sent(world: Any) -> str:
    """Return the number of a document that was sent for one cup."""
    world.source_of("acme", "CUP", 500)
    comes(world, "shop", Kind.SALES_ORDER, said(world, "1"))
    number = world.document("ACME", "1")
    world.deliver()
    return str(number)


def shipment(number: str, quantity: int, tracking: str = "") -> str:
    lines = [{"line_number": 1, "quantity": quantity}]
    return json.dumps({"order_number": number, "shipment_number": "S1", "tracking": tracking, "lines": lines})


def test_a_shipment_of_too_much_is_closed_by_the_corrected_one_of_its_number(world: Any) -> None:
    number = sent(world)
    comes(world, "acme", Kind.SHIPMENT, shipment(number, 5))
    assert parked(world) == ["more than ordered"]
    comes(world, "acme", Kind.SHIPMENT, shipment(number, 1))
    assert parked(world) == []


def test_which_of_two_shipments_counts_is_not_answered_by_a_copy_of_the_first(world: Any) -> None:
    number = sent(world)
    comes(world, "acme", Kind.SHIPMENT, shipment(number, 1, "1Z01"))
    comes(world, "acme", Kind.SHIPMENT, shipment(number, 1, "1Z02"))
    comes(world, "acme", Kind.SHIPMENT, shipment(number, 1, "1Z01") + " ")
    assert parked(world) == ["shipment number used twice"]


def test_an_invoice_for_an_order_of_nobody_is_closed_by_the_corrected_one_of_its_number(world: Any) -> None:
    number = sent(world)
    bill = {"invoice_number": "I1", "order_number": "PO-0", "total": "10", "lines": [{"line_number": 1, "quantity": 1}]}
    bill["lines"][0]["price"] = "10"  # type: ignore[index]
    comes(world, "acme", Kind.INVOICE, json.dumps(bill))
    assert parked(world) == ["unknown document"]
    comes(world, "acme", Kind.INVOICE, json.dumps(bill | {"order_number": number}))
    assert parked(world) == []
