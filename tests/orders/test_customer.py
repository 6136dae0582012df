"""A customer who orders by document is answered by document: acknowledged, told what left, billed; each once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.order import OrderLine
from hub.model.order_change import SalesOrderChange
from hub.model.partner import Partner, Role
from hub.model.place import Address
from hub.model.purchase import LineChange, Outcome
from hub.model.shipment import ShipmentLine
from hub.services.selling import amendments, orders
from hub.store import messages, parking
from hub.store import orders as order_rows
from hub.store.delivery_row import Delivery

SALES = {Kind.ACKNOWLEDGEMENT: "answers", Kind.SHIPMENT: "notices", Kind.INVOICE: "bills"}


@pytest.fixture
def retail(world: Any) -> Any:
    """A world in which a retailer orders by document, and one supplier has 10 of A."""
    world.directory.known["retail"] = Partner(code="retail", role=Role.CHANNEL)
    world.directory.out |= {("retail", kind): name for kind, name in SALES.items()}
    world.source_of("acme", "A", 10)
    return world


def line(line_id: str, sku: str, quantity: int, price: str = "12.50") -> OrderLine:
    return OrderLine(line_id=line_id, sku=sku, quantity=Decimal(quantity), price=Decimal(price))


def says(world: Any, *lines: OrderLine, **fields: Any) -> bool:
    order = world.made("4711", lines={}).changed(number="4711", channel="retail", lines=lines, **fields)
    with world.store.write() as tx:
        return orders.apply(tx, world.desk, world.source("retail", "sales"), order)


def changes(world: Any, number: str, *lines: dict[str, Any], at: int = 1, **fields: Any) -> bool:
    when = world.made("4711", lines={}, at=at * 24 * 60).updated_at
    given: dict[str, Any] = {"channel": "retail", "order_id": "4711", "change_number": number}
    given |= {"changed_at": when, "lines": lines}
    with world.store.write() as tx:
        change = SalesOrderChange.model_validate(given | fields)
        return amendments.apply(tx, world.desk, world.source("retail", "changes"), change)


def told(world: Any, kind: Kind) -> list[Delivery]:
    return [each for each in world.outgoing(kind, number="4711") if each.connection == "retail"]


def parked_early(world: Any, key: str) -> None:
    """A change of order 4711 has come before the order, in a message of its own."""
    now = world.clock.now()
    with pytest.raises(BadRecord) as early:
        changes(world, key, {"line_id": "1", "quantity": 2})
    with world.store.write() as tx:
        got = messages.receive(
            tx, connection="retail", document="sales_order_change", key=key, name=key, content=key.encode(), now=now
        )
        parking.park(tx, got.id, "retail", "sales_order_change", early.value, now)
        messages.applied(tx, got.id, 1, 1, "", now)


def test_a_change_that_came_before_its_order_waits_and_is_applied_when_the_order_comes(retail: Any) -> None:
    retail.directory.ins["retail", Kind.SALES_ORDER_CHANGE] = "sales_order_change"
    parked_early(retail, "early")
    assert says(retail, line("9", "A", 1), order_id="4712")
    assert retail.read(lambda tx: messages.waiting(tx, 10)) == [], "another order sets nothing free"
    assert says(retail, line("1", "A", 4))
    assert [each.key for each in retail.read(lambda tx: messages.waiting(tx, 10))] == ["early"]


def test_an_order_is_acknowledged_line_by_line_as_it_was_routed(retail: Any) -> None:
    assert says(retail, line("1", "A", 4), line("2", "A", 6), line("3", "A", 0))
    (sent,) = told(retail, Kind.ACKNOWLEDGEMENT)
    ours = retail.id_of("4711")
    assert (sent.document, sent.entity, sent.key) == ("answers", f"order:{ours}", f"{ours}-ACK")
    assert (sent.doc["order_number"], sent.doc["reference"], sent.doc["outcome"]) == ("4711", ours, "accepted")
    assert [
        (each.line_number, each.line_id, each.outcome, int(each.ordered), int(each.quantity), each.unit_cost)
        for each in sent.record.lines
    ] == [
        (1, "1", Outcome.ACCEPTED, 4, 4, Decimal("12.50")),
        (2, "2", Outcome.ACCEPTED, 6, 6, Decimal("12.50")),
        (3, "3", Outcome.ACCEPTED, 0, 0, Decimal("12.50")),
    ]


def test_what_waits_for_stock_is_told_as_backordered_and_the_rest_as_changed(retail: Any) -> None:
    says(retail, line("1", "A", 4), line("2", "A", 8))
    (sent,) = told(retail, Kind.ACKNOWLEDGEMENT)
    answers = {each.line_id: each for each in sent.record.lines}
    assert (answers["1"].outcome, int(answers["1"].quantity)) == (Outcome.ACCEPTED, 4)
    short = answers["2"]
    assert (short.outcome, int(short.quantity), int(short.backordered)) == (Outcome.CHANGED, 6, 2)
    assert short.reason == "2 backordered"
    assert sent.doc["outcome"] == "changed"


def test_the_acknowledgement_goes_once_and_waits_for_a_line_that_nobody_can_ship(retail: Any) -> None:
    says(retail, line("1", "A", 4), line("2", "UNHEARD-OF", 1))
    assert told(retail, Kind.ACKNOWLEDGEMENT) == []
    (stuck,) = retail.failures()
    retail.close(stuck.id, "we do not sell it")
    (sent,) = told(retail, Kind.ACKNOWLEDGEMENT)
    assert [each.outcome for each in sent.record.lines] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert sent.record.lines[1].reason == "1 not available"
    retail.deliver()
    retail.accepts(retail.document("ACME", "4711"))
    assert not says(retail, line("1", "A", 4), line("2", "UNHEARD-OF", 1))
    assert len(told(retail, Kind.ACKNOWLEDGEMENT)) == 1


def test_a_held_order_is_acknowledged_when_it_is_released(retail: Any) -> None:
    says(retail, line("1", "A", 4), hold="credit check")
    assert told(retail, Kind.ACKNOWLEDGEMENT) == []
    says(retail, line("1", "A", 4), updated_at=retail.made(lines={}, at=1).updated_at)
    assert len(told(retail, Kind.ACKNOWLEDGEMENT)) == 1


def test_each_shipment_is_told_and_billed_once_to_the_cent(retail: Any) -> None:
    says(retail, line("1", "A", 3, "0.335"), line("2", "A", 4, "10"), ship_to=Address(country="US", city="Austin"))
    retail.deliver()
    number = retail.document("ACME", "4711")
    parts = ShipmentLine(line_number=1, quantity=Decimal(3)), ShipmentLine(line_number=2, quantity=Decimal(1))
    assert retail.ships(number, *parts, name="S1", tracking="1Z", carrier="UPS")
    assert not retail.ships(number, *parts, name="S1", tracking="1Z", carrier="UPS")
    assert retail.ships(number, ShipmentLine(line_number=2, quantity=Decimal(3)), name="S2")
    notices, bills = told(retail, Kind.SHIPMENT), told(retail, Kind.INVOICE)
    assert [each.record.tracking for each in notices] == ["1Z", ""]
    assert [(each.line_id, int(each.ordered), int(each.quantity)) for each in notices[0].record.lines] == [
        ("1", 3, 3),
        ("2", 4, 1),
    ]
    assert notices[0].record.ship_to.city == "Austin"
    assert notices[0].record.node == "ACME"
    assert [(each.doc["order_number"], each.record.total) for each in bills] == [
        ("4711", Decimal("11.00")),  # 3 x 0.335 + 10 = 11.005, half to even
        ("4711", Decimal(30)),
    ]
    assert [each.record.shipment_number for each in bills] == [each.record.shipment_number for each in notices]
    assert len({each.key for each in (*notices, *bills)}) == 4
    assert len({each.entity for each in (*notices, *bills, *told(retail, Kind.ACKNOWLEDGEMENT))}) == 1


def test_the_customer_is_told_what_is_in_which_carton(retail: Any) -> None:
    says(retail, line("1", "A", 6))
    retail.deliver()
    parts = [("1Z1", "", 1), ("1Z2", "00006141410000000029", 2), ("1Z1", "006141410000000012", 3)]
    lines = [
        ShipmentLine(line_number=1, quantity=Decimal(quantity), tracking=tracking, sscc=sscc)
        for tracking, sscc, quantity in parts
    ]
    parcels = [{"tracking": "1Z1", "sscc": "006141410000000012"}]
    assert retail.ships(retail.document("ACME", "4711"), *lines, name="S1", parcels=parcels)
    (notice,) = told(retail, Kind.SHIPMENT)
    assert [(each.sscc, each.tracking, int(each.quantity)) for each in notice.record.lines] == [
        ("006141410000000012", "1Z1", 4),
        ("00006141410000000029", "1Z2", 2),
    ]


def test_a_customer_is_told_of_which_lots_its_goods_are(retail: Any) -> None:
    says(retail, line("1", "A", 3))
    retail.deliver()
    number = retail.document("ACME", "4711")
    lots = [
        ShipmentLine(line_number=1, quantity=Decimal(n), lot=lot, tracking="1Z1") for lot, n in (("B1", 2), ("B2", 1))
    ]
    assert retail.ships(number, *lots, name="S1")
    (notice,) = told(retail, Kind.SHIPMENT)
    assert [(each.lot, int(each.quantity)) for each in notice.record.lines] == [("B1", 2), ("B2", 1)]


def test_a_shop_that_declares_none_of_it_is_told_none_of_it(world: Any) -> None:
    world.source_of("acme", "A", 10)
    world.order(lines={"L1": ("A", 2)})
    world.deliver()
    world.ships(world.document("ACME"))
    assert {each.kind for each in world.outgoing()} == {Kind.PURCHASE_ORDER, Kind.FULFILMENT}


def test_a_change_is_applied_once_and_acknowledged_by_its_number(retail: Any) -> None:
    says(retail, line("1", "A", 4))
    assert changes(retail, "1", {"line_id": "1", "quantity": "2"}, {"line_id": "2", "change": "add", **_three("A")})
    assert not changes(retail, "1", {"line_id": "1", "quantity": "2"}, {"line_id": "2", "change": "add", **_three("A")})
    assert retail.where("4711") == {("allocated", "ACME"): 5, ("cancelled", ""): 2}
    answers = told(retail, Kind.ACKNOWLEDGEMENT)
    assert [each.doc["change_number"] for each in answers] == ["", "1"]
    assert [(each.line_id, int(each.quantity)) for each in answers[1].record.lines] == [("1", 2), ("2", 3)]


def test_the_answer_to_a_change_says_what_was_changed_since_the_last_one(retail: Any) -> None:
    says(retail, line("1", "A", 4), line("2", "A", 2), line("3", "A", 1))
    changes(retail, "1", {"line_id": "1", "quantity": "2"}, {"line_id": "2", "change": "cancel"})
    changes(retail, "2", {"line_id": "4", "change": "add", **_three("A")}, at=2)
    answers = told(retail, Kind.ACKNOWLEDGEMENT)
    first, second, third = ([(line.line_id, line.change) for line in each.record.lines] for each in answers)
    assert first == [("1", None), ("2", None), ("3", None)]
    assert second == [("1", LineChange.CHANGE), ("2", LineChange.CANCEL), ("3", None)]
    assert third == [("1", None), ("2", None), ("3", None), ("4", LineChange.ADD)]


def test_a_change_of_what_has_left_came_too_late(retail: Any) -> None:
    says(retail, line("1", "A", 4), line("2", "A", 2))
    retail.deliver()
    retail.ships(retail.document("ACME", "4711"), ShipmentLine(line_number=1, quantity=Decimal(4)))
    changes(retail, "1", {"line_id": "1", "quantity": "1"}, {"line_id": "2", "quantity": "1"})
    answer = told(retail, Kind.ACKNOWLEDGEMENT)[-1].record
    assert [each.too_late for each in answer.lines] == [True, False]


def _three(sku: str) -> dict[str, str]:
    return {"sku": sku, "difference": "3", "price": "9"}


def test_a_difference_counts_from_what_is_wanted_now(retail: Any) -> None:
    says(retail, line("1", "A", 4))
    changes(retail, "1", {"line_id": "1", "difference": "-3"})
    changes(retail, "2", {"line_id": "1", "difference": "2"}, at=2)
    live = [each for each in retail.portions("4711") if each.row.state.value == "allocated"]
    assert sum(each.row.quantity for each in live) == 3


def test_an_older_change_and_the_original_once_more_never_win(retail: Any) -> None:
    says(retail, line("1", "A", 4))
    changes(retail, "2", {"line_id": "1", "quantity": "1"})
    assert not changes(retail, "1", {"line_id": "1", "quantity": "9"})
    assert not says(retail, line("1", "A", 4))
    assert retail.where("4711")["allocated", "ACME"] == 1


def test_a_customer_cancels_its_order(retail: Any) -> None:
    says(retail, line("1", "A", 4))
    changes(retail, "1", cancelled=True)
    assert retail.where("4711") == {("cancelled", ""): 4}
    answer = told(retail, Kind.ACKNOWLEDGEMENT)[-1].record
    assert (answer.outcome, int(answer.lines[0].quantity)) == (Outcome.ACCEPTED, 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"order_id": "9999"}, "unknown order"),
        ({"lines": [{"line_id": "9", "quantity": "1"}]}, "unknown line"),
        ({"lines": [{"line_id": "9", "change": "add", "quantity": "1"}]}, "unknown line"),
        ({"lines": [{"line_id": "1", "difference": "-5"}]}, "fewer than none"),
        ({"change_number": "1", "lines": [{"line_id": "1", "quantity": "3"}]}, "change number used twice"),
    ],
)
def test_a_change_that_does_not_fit_is_parked_with_its_reason(retail: Any, fields: dict[str, Any], code: str) -> None:
    says(retail, line("1", "A", 4))
    changes(retail, "1", {"line_id": "1", "quantity": "4"})
    with pytest.raises(BadRecord) as caught:
        changes(retail, "2", **fields)
    assert caught.value.code == code
    assert caught.value.todo


def test_an_order_for_several_places_is_cancelled_as_a_whole(retail: Any) -> None:
    for place, quantity in (("12", 2), ("13", 3)):
        says(retail, line("1", "A", quantity), order_id=f"4711@{place}")
    says(retail, line("1", "A", 1), order_id="47111@12")
    assert changes(retail, "1", cancelled=True)
    assert not changes(retail, "1", cancelled=True)
    kept = [row.doc.order_id for row in retail.read(orders_of_retail) if not row.doc.cancelled]
    assert kept == ["47111@12"]
    with pytest.raises(BadRecord) as bad:
        changes(retail, "2", {"line_id": "1", "quantity": 1})
    assert (bad.value.code, "4711@12, 4711@13" in str(bad.value)) == ("change without places", True)


def orders_of_retail(tx: Any) -> list[Any]:
    return list(order_rows.of_channel(tx, "retail", ["4711@12", "4711@13", "47111@12"]).values())
