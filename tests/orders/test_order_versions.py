"""The shop changes its mind: more, fewer, held, cancelled, in whatever order the versions arrive."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.order import OrderLine
from hub.model.place import Address
from hub.model.state import DeliveryState
from hub.services.selling import orders
from hub.store import purchases


@pytest.fixture
def world(quick_world: Any) -> Any:
    """SQLite alone: test_conservation.py plays the same on both databases."""
    return quick_world


def test_the_same_version_again_changes_nothing(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    assert world.order(lines={"L1": ("CUP", 3)})
    assert not world.order(lines={"L1": ("CUP", 3)})
    assert len(world.outgoing()) == 1
    assert world.where() == {("allocated", "ACME"): 3}


def test_an_older_version_never_wins(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)}, at=10)
    assert not world.order(lines={"L1": ("CUP", 9)}, at=5)
    assert world.where() == {("allocated", "ACME"): 3}


def test_two_versions_of_one_second_are_told_apart_by_their_content(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    assert world.order(lines={"L1": ("CUP", 4)})
    assert world.where() == {("allocated", "ACME"): 4}


def test_a_line_added_later_goes_out_under_a_document_of_its_own(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    world.deliver()
    world.order(lines={"L1": ("CUP", 3), "L2": ("CUP", 2)}, at=1)
    assert world.where() == {("released", "ACME"): 3, ("allocated", "ACME"): 2}
    first, second = world.outgoing()
    assert first.key != second.key
    assert [line.channel_line for line in second.record.lines] == ["L2"]


def test_a_bigger_quantity_asks_for_the_difference_only(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    world.order(lines={"L1": ("CUP", 5)}, at=1)
    assert [each.record.lines[0].quantity for each in world.outgoing()] == [3, 2]


def test_a_smaller_quantity_before_sending_recalls_the_document_and_sends_another(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.order(lines={"L1": ("CUP", 3)}, at=1)
    assert world.where() == {("allocated", "ACME"): 3, ("cancelled", ""): 2}
    recalled, sent = world.outgoing()
    assert (recalled.state, sent.state) == (DeliveryState.CANCELLED, DeliveryState.QUEUED)
    assert sent.record.lines[0].quantity == 3
    assert world.read(lambda tx: purchases.get(tx, recalled.key)).state == "cancelled"


def test_what_was_recalled_may_be_promised_to_others_at_once(world: Any) -> None:
    world.source_of("acme", "CUP", 5)
    world.order("1", lines={"L1": ("CUP", 5)})
    world.order("1", lines={"L1": ("CUP", 4)}, at=1)
    world.order("2", lines={"L1": ("CUP", 1)})
    assert world.where("1") == {("allocated", "ACME"): 4, ("cancelled", ""): 1}
    assert world.where("2") == {("allocated", "ACME"): 1}


def test_cancelling_before_sending_leaves_nothing_to_send(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.order(lines={"L1": ("CUP", 5)}, at=1, cancelled=True)
    assert world.where() == {("cancelled", ""): 5}
    assert world.status() == "cancelled"
    assert [each.state for each in world.outgoing()] == [DeliveryState.CANCELLED]


def test_cancelling_after_sending_is_left_to_a_person_who_sees_it(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.order(lines={"L1": ("CUP", 2)}, at=1)
    assert world.where() == {("released", "ACME"): 5}
    (failure,) = world.failures()
    assert failure.code == "cancelled after sending"
    assert "after it was sent to ACME as PO100001" in failure.error
    assert failure.lines[0].quantity == 3


def test_wanting_it_back_again_takes_the_question_back(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.deliver()
    world.order(lines={"L1": ("CUP", 2)}, at=1)
    world.order(lines={"L1": ("CUP", 6)}, at=2)
    assert world.where() == {("released", "ACME"): 5, ("allocated", "ACME"): 1}
    assert world.failures() == []


def test_a_document_that_may_have_arrived_is_never_recalled(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    world.in_doubt(world.document("ACME"))
    world.order(lines={"L1": ("CUP", 5)}, at=1, cancelled=True)
    assert world.where() == {("allocated", "ACME"): 5}
    assert [failure.code for failure in world.failures()] == ["cancelled after sending"]


def test_a_line_that_vanished_is_cancelled(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 1), "L2": ("CUP", 2)})
    world.order(lines={"L1": ("CUP", 1)}, at=1)
    assert world.where() == {("allocated", "ACME"): 1, ("cancelled", ""): 2}


def test_a_held_order_waits_and_goes_when_the_hold_ends(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)}, hold="payment pending")
    assert world.where() == {("held", ""): 3}
    assert world.status() == "held"
    assert world.outgoing() == []
    world.order(lines={"L1": ("CUP", 3)}, at=1)
    assert world.where() == {("allocated", "ACME"): 3}


def test_a_hold_recalls_what_has_not_left(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    world.order(lines={"L1": ("CUP", 3)}, at=1, hold="fraud check")
    assert world.where() == {("held", ""): 3}


def test_our_own_hold_outlives_the_shops_versions(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    with world.store.write() as tx:
        orders.hold(tx, world.desk, world.id_of(), "customer called", "ann")
    world.order(lines={"L1": ("CUP", 4)}, at=1)
    assert world.where() == {("held", ""): 4}
    with world.store.write() as tx:
        orders.release(tx, world.desk, world.id_of(), "ann")
    assert world.where() == {("allocated", "ACME"): 4}


def test_our_own_cancellation_outlives_the_shops_versions(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    with world.store.write() as tx:
        orders.cancel(tx, world.desk, world.id_of(), "out of business", "ann")
    world.order(lines={"L1": ("CUP", 9)}, at=1)
    assert world.where() == {("cancelled", ""): 3}


def test_a_test_order_is_kept_and_never_routed(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)}, test=True)
    assert world.where() == {("held", ""): 3}
    assert world.outgoing() == []


def test_a_gift_card_needs_no_node(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    card = OrderLine(line_id="L2", sku="CARD", quantity=Decimal(1), ships=False)
    cup = OrderLine(line_id="L1", sku="CUP", quantity=Decimal(1))
    world.says(_with_lines(world, cup, card))
    assert world.where() == {("allocated", "ACME"): 1, ("closed", ""): 1}


def test_what_the_shop_fulfilled_by_hand_is_not_sent_again(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.says(_with_lines(world, OrderLine(line_id="L1", sku="CUP", quantity=Decimal(5), fulfilled=Decimal(2))))
    assert world.where() == {("allocated", "ACME"): 3, ("closed", ""): 2}


def test_what_the_shop_fulfils_by_hand_later_is_recalled_or_asked_back(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 5)})
    line = OrderLine(line_id="L1", sku="CUP", quantity=Decimal(5), fulfilled=Decimal(2))
    world.says(_with_lines(world, line, at=1))
    assert world.where() == {("allocated", "ACME"): 3, ("closed", ""): 2}
    world.deliver()
    for at in (2, 3):
        more = line.changed(fulfilled=Decimal(4))
        world.says(_with_lines(world, more, at=at, service=f"express {at}"))
    assert world.where() == {("released", "ACME"): 3, ("closed", ""): 2}
    assert [failure.lines[0].quantity for failure in world.failures()] == [2]


def test_a_new_address_before_sending_goes_into_a_new_document(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    world.order(lines={"L1": ("CUP", 3)}, at=1, ship_to=Address(country="US", city="Boston"))
    recalled, sent = world.outgoing()
    assert recalled.state is DeliveryState.CANCELLED
    assert sent.record.ship_to.city == "Boston"


def test_a_new_address_after_sending_is_noted(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3)})
    world.deliver()
    world.order(lines={"L1": ("CUP", 3)}, at=1, ship_to=Address(country="US", city="Boston"))
    assert "order.changed_after_sending" in world.events()


def test_an_order_over_another_channels_connection_is_refused(world: Any) -> None:
    with pytest.raises(BadRecord, match="came over 'shop'"):
        world.order(lines={"L1": ("CUP", 3)}, channel="outlet")


def test_an_unknown_sku_is_seen_and_the_other_lines_go_on(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUP", 3), "L2": ("CUPP", 1), "L3": ("", 1)})
    assert world.where() == {("allocated", "ACME"): 3, ("unfillable", ""): 2}
    assert [failure.error for failure in world.failures()] == [
        "unknown SKU 'CUPP': no item, catalogue or stock feed names it",
        "the line has no SKU",
    ]
    assert world.outgoing(Kind.PURCHASE_ORDER)


def test_a_corrected_sku_is_routed(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    world.order(lines={"L1": ("CUPP", 3)})
    world.order(lines={"L1": ("CUP", 3)}, at=1)
    assert world.where() == {("allocated", "ACME"): 3}


def _with_lines(world: Any, *lines: OrderLine, at: int = 0, **fields: Any) -> Any:
    return world.made(lines={}, at=at, **fields).changed(lines=lines)
