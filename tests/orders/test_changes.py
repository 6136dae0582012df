"""What is wanted less, or elsewhere, after its document left: the node is told, and its answer counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import Receipt
from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.place import Address
from hub.model.purchase import AcknowledgementLine, LineChange, Outcome
from hub.model.shipment import ShipmentLine
from hub.model.state import DeliveryState, LineState
from hub.services.trade.outcomes import DomainOutcomes
from hub.store import deliveries
from hub.store.delivery_row import Delivery


@pytest.fixture
def buying(world: Any) -> Any:
    """A world with one supplier of A and B that takes changes."""
    world.source_of("acme", "A", 20)
    world.source_of("acme", "B", 10)
    world.directory.out["acme", Kind.PURCHASE_ORDER_CHANGE] = "changes"
    return world


def ordered(world: Any, first: int = 8, second: int = 2, at: int = 0) -> str:
    world.order(lines={"L1": ("A", first), "L2": ("B", second)}, at=at)
    return str(world.document("ACME")) if at == 0 else ""


def told(world: Any) -> list[Delivery]:
    return list(world.outgoing(Kind.PURCHASE_ORDER_CHANGE))


def line(number: int, quantity: int | None, outcome: Outcome = Outcome.ACCEPTED) -> AcknowledgementLine:
    return AcknowledgementLine(
        line_number=number, outcome=outcome, quantity=None if quantity is None else Decimal(quantity)
    )


def acknowledged(world: Any) -> str:
    """An order of 8 A and 2 B that the supplier has acknowledged."""
    number = ordered(world)
    world.deliver()
    world.accepts(number)
    return number


def test_fewer_are_asked_for_behind_the_order_and_no_person_is_needed_yet(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    (change,) = told(buying)
    assert (change.key, change.entity, change.document) == (f"{number}-C1", f"purchase:{number}", "changes")
    (row,) = change.record.lines
    assert (row.line_number, row.change, int(row.quantity), int(row.previous)) == (1, LineChange.CHANGE, 5, 8)
    assert not change.record.cancelled
    assert buying.failures() == []
    assert {each.row.reason for each in buying.portions() if each.cancel_asked_at} == {
        f"cancelled at the shop after it was sent to ACME as {number}; change 1 asks acme to stop it"
    }


def test_a_change_that_is_accepted_gives_the_quantity_back_and_nothing_else(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    buying.answers(number, line(1, 5))
    assert buying.where() == {("acknowledged", "ACME"): 7, ("cancelled", ""): 3}
    assert told(buying)[0].state is DeliveryState.CONFIRMED
    buying.ships(number)
    assert buying.gone({LineState.SHIPPED}) == 7
    assert buying.failures() == []


@pytest.mark.parametrize("accepts", [line(1, None), line(1, 5, Outcome.CHANGED), line(1, 5)])
def test_an_acceptance_may_repeat_the_quantity_or_not(buying: Any, accepts: AcknowledgementLine) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    buying.answers(number, accepts, change_number="1")
    assert buying.where() == {("acknowledged", "ACME"): 7, ("cancelled", ""): 3}


def test_a_whole_acceptance_after_the_order_was_acknowledged_is_of_the_change(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    buying.accepts(number)
    assert buying.where() == {("acknowledged", "ACME"): 7, ("cancelled", ""): 3}


@pytest.mark.parametrize(
    "answer",
    [
        ((line(1, 8),), {}),
        ((line(1, None, Outcome.REJECTED),), {}),
        ((), {"outcome": Outcome.REJECTED}),
    ],
    ids=["it ships all", "the line is refused", "all is refused"],
)
def test_a_change_that_is_refused_is_for_a_person_and_the_goods_stay_awaited(
    buying: Any, answer: tuple[tuple[AcknowledgementLine, ...], dict[str, Any]]
) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    buying.answers(number, *answer[0], **answer[1])
    assert buying.where() == {("acknowledged", "ACME"): 10}
    (failure,) = buying.failures()
    assert (failure.code, failure.error.endswith("; acme does not stop it")) == ("cancelled after sending", True)
    buying.ships(number)
    assert buying.gone({LineState.SHIPPED}) == 10
    assert "line.shipped_although_cancelled" in buying.events()
    fulfilled = sum(int(each.quantity) for sent in buying.outgoing(Kind.FULFILMENT) for each in sent.record.lines)
    assert fulfilled == 7, "the shop is told what its customer ordered"


@pytest.mark.parametrize(("named", "goes_on"), [("", False), ("1", True), ("865", True)])
def test_rejected_for_a_line_that_is_to_stop_is_of_the_change_where_the_answer_names_it(
    buying: Any, named: str, goes_on: bool
) -> None:
    number = acknowledged(buying)
    ordered(buying, 0, at=1)
    buying.deliver()
    buying.answers(number, line(1, None, Outcome.REJECTED), change_number=named)
    kept, gone = {("acknowledged", "ACME"): 10}, {("acknowledged", "ACME"): 2, ("cancelled", ""): 8}
    assert buying.where() == (kept if goes_on else gone)
    assert len(buying.failures()) == goes_on


def test_an_answer_to_an_earlier_change_leaves_the_pending_one_open_and_takes_nothing_back(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    ordered(buying, 3, at=2)
    buying.deliver()
    before = buying.where()
    buying.answers(number, line(1, None, Outcome.REJECTED), change_number="1")
    assert (buying.where(), buying.failures()) == (before, [])
    buying.answers(number, line(1, 3), change_number="2")
    assert buying.where() == {("acknowledged", "ACME"): 5, ("cancelled", ""): 5}


def test_a_refusal_of_a_change_that_comes_again_is_no_refusal_of_the_goods(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    for _ in range(2):
        buying.answers(number, line(1, None, Outcome.REJECTED), change_number="1")
        assert buying.where() == {("acknowledged", "ACME"): 10}


def test_an_acknowledgement_that_crosses_the_change_leaves_it_open(buying: Any) -> None:
    number = ordered(buying)
    buying.deliver()
    ordered(buying, 5, at=1)
    buying.deliver()
    buying.accepts(number)  # written before it had read the change
    assert buying.where() == {("acknowledged", "ACME"): 10}
    assert buying.failures() == []
    buying.answers(number, line(1, 5))
    assert buying.where() == {("acknowledged", "ACME"): 7, ("cancelled", ""): 3}


def test_silence_about_a_change_is_for_a_person_after_the_agreed_hours(buying: Any) -> None:
    acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    buying.clock.advance(25 * 3600)
    assert [each.code for each in buying.failures()] == ["cancelled after sending"]


def test_goods_that_leave_before_the_answer_are_shipped_and_the_change_is_over(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.ships(number)
    assert buying.gone({LineState.SHIPPED}) == 10
    assert [each.state for each in told(buying)] == [DeliveryState.CANCELLED], "it had not left: it need not any more"
    assert buying.failures() == []


def test_what_has_shipped_is_never_asked_back(buying: Any) -> None:
    number = acknowledged(buying)
    buying.ships(number, ShipmentLine(line_number=1, quantity=Decimal(6)))
    buying.order(lines={"L1": ("A", 0), "L2": ("B", 0)}, at=1, cancelled=True)
    (change,) = told(buying)
    assert [(each.line_number, int(each.quantity), int(each.previous)) for each in change.record.lines] == [
        (1, 6, 8),
        (2, 0, 2),
    ]
    assert not change.record.cancelled, "six of it stay ordered"
    buying.deliver()
    buying.answers(number, line(1, 6), line(2, 0, Outcome.REJECTED))
    assert buying.where() == {("shipped", "ACME"): 6, ("cancelled", ""): 4}


def test_a_whole_cancellation_says_so(buying: Any) -> None:
    number = acknowledged(buying)
    buying.order(lines={"L1": ("A", 8), "L2": ("B", 2)}, at=1, cancelled=True)
    (change,) = told(buying)
    assert change.record.cancelled
    assert {each.change for each in change.record.lines} == {LineChange.CANCEL}
    buying.deliver()
    buying.accepts(number)
    assert buying.where() == {("cancelled", ""): 10}
    assert buying.status() == "cancelled"


def test_a_change_that_has_not_left_is_replaced_by_the_next(buying: Any) -> None:
    acknowledged(buying)
    ordered(buying, 5, at=1)
    ordered(buying, 4, at=2)
    first, second = told(buying)
    assert (first.state, second.key[-3:]) == (DeliveryState.CANCELLED, "-C2")
    assert int(second.record.lines[0].quantity) == 4
    ordered(buying, 8, at=3)
    assert [each.state for each in told(buying)] == [DeliveryState.CANCELLED] * 2
    assert buying.where() == {("acknowledged", "ACME"): 10}, "nothing had left: all is as it was"


def test_more_after_a_change_has_left_is_bought_anew(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.deliver()
    ordered(buying, 8, at=2)
    assert buying.where() == {("acknowledged", "ACME"): 10, ("allocated", "ACME"): 3}
    buying.deliver()
    buying.answers(number, line(1, 5))
    assert buying.where() == {("acknowledged", "ACME"): 7, ("released", "ACME"): 3, ("cancelled", ""): 3}


def test_a_change_waits_behind_an_order_that_nobody_knows_arrived(buying: Any) -> None:
    number = ordered(buying)
    buying.in_doubt(number)
    ordered(buying, 5, at=1)
    (change,) = told(buying)
    assert change.state is DeliveryState.QUEUED
    assert change.due_at >= deliveries_due(buying, number)


def deliveries_due(world: Any, number: str) -> Any:
    return world.read(lambda tx: deliveries.by_key(tx, "acme", number)).due_at


def test_an_order_that_is_closed_takes_its_change_with_it(buying: Any) -> None:
    number = ordered(buying)
    buying.in_doubt(number)
    ordered(buying, 5, at=1)
    with buying.store.write() as tx:
        row = deliveries.by_key(tx, "acme", number)
        deliveries.move(tx, row, DeliveryState.PARKED, buying.clock.now(), {"doubt": False, "error": "refused"})
        deliveries.block_followers(tx, row, buying.clock.now())
    assert told(buying)[0].state is DeliveryState.BLOCKED
    order = next(each for each in buying.failures() if each.code != "blocked")
    buying.close(order.id)
    assert told(buying)[0].state is DeliveryState.CANCELLED
    assert buying.gone({LineState.CANCELLED}) == 3
    assert buying.gone({LineState.BACKORDERED, LineState.UNFILLABLE, LineState.ALLOCATED}) == 7


def test_a_change_that_a_person_closes_leaves_the_lines_to_a_person(buying: Any) -> None:
    number = acknowledged(buying)
    ordered(buying, 5, at=1)
    buying.refuse(f"{number}-C1", "too late")
    (failure,) = buying.failures()
    buying.close(failure.id)
    assert [each.code for each in buying.failures()] == ["cancelled after sending"]


def test_a_node_that_takes_no_changes_leaves_it_to_a_person_as_before(world: Any) -> None:
    world.source_of("acme", "A", 10)
    world.order(lines={"L1": ("A", 8)})
    world.deliver()
    world.order(lines={"L1": ("A", 5)}, at=1)
    assert told(world) == []
    assert [each.error.rpartition("; ")[2] for each in world.failures()] == ["ask them to stop it"]


def test_a_warehouse_that_never_answers_has_stopped_what_it_did_not_ship(world: Any) -> None:
    world.owns("A")
    world.supplier("threepl", kind=NodeKind.WAREHOUSE, acknowledges=False)
    world.stocks("THREEPL", "A", 10)
    world.directory.out["threepl", Kind.PURCHASE_ORDER_CHANGE] = "changes"
    world.order(lines={"L1": ("A", 8)})
    number = world.document("THREEPL")
    world.deliver()
    world.order(lines={"L1": ("A", 5)}, at=1)
    world.deliver()
    assert world.where() == {("released", "THREEPL"): 8}, "an upload proves nothing"
    world.ships(number, ShipmentLine(line_number=1, quantity=Decimal(5)))
    assert world.where() == {("shipped", "THREEPL"): 5, ("cancelled", ""): 3}


def test_a_reply_that_proves_it_is_the_answer_of_a_node_that_gives_no_other(world: Any) -> None:
    world.owns("A")
    world.supplier("threepl", kind=NodeKind.WAREHOUSE, acknowledges=False)
    world.stocks("THREEPL", "A", 10)
    world.directory.out["threepl", Kind.PURCHASE_ORDER_CHANGE] = "changes"
    world.order(lines={"L1": ("A", 8)})
    world.deliver()
    world.order(lines={"L1": ("A", 5)}, at=1)
    (change,) = told(world)
    with world.store.write() as tx:
        DomainOutcomes(lambda: world.desk).sent(tx, change, Receipt(confirmed=True))
    assert world.where() == {("released", "THREEPL"): 5, ("cancelled", ""): 3}


def test_another_address_is_told_too(buying: Any) -> None:
    acknowledged(buying)
    buying.order(lines={"L1": ("A", 8), "L2": ("B", 2)}, at=1, ship_to=Address(country="US", city="Reno"))
    (change,) = told(buying)
    assert (change.record.ship_to.city, change.record.lines) == ("Reno", ())
    assert "order.changed_after_sending" in buying.events()
