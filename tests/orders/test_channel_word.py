"""What the shop is told while an order is under way: holds, where goods come from, answers to its requests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.contract import Receipt
from hub.model.channel import Assignment, ChannelRequest, OrderHold, RequestAnswer, RequestLine
from hub.model.document import Kind
from hub.model.node import NodeKind
from hub.model.purchase import Outcome
from hub.model.state import DeliveryState, LineState
from hub.services.selling import orders
from hub.services.trade.outcomes import DomainOutcomes
from hub.store import published
from tests.orders.conftest import World


@pytest.fixture
def told(quick_world: World) -> World:
    """A world whose shop takes holds, assignments and answers, and has two locations."""
    world = quick_world
    for kind in (Kind.ORDER_HOLD, Kind.ASSIGNMENT, Kind.REQUEST_ANSWER):
        world.directory.out["shop", kind] = kind.value
    world.directory.places |= {("shop", "NORTH"): "11", ("shop", "SOUTH"): "22"}
    world.supplier("north", NodeKind.WAREHOUSE, freight="1")
    world.supplier("south", NodeKind.WAREHOUSE, freight="3")
    world.owns("A")
    world.owns("B")
    return world


def _request(number: int = 1, *, cancels: bool = False, **lines: int) -> ChannelRequest:
    asked = tuple(RequestLine(channel_line=line, quantity=Decimal(left)) for line, left in lines.items())
    return ChannelRequest(request_id="900", number=number, cancels=cancels, lines=asked)


def _answers(world: World) -> list[tuple[bool, bool, str]]:
    rows = [each.record for each in world.outgoing(Kind.REQUEST_ANSWER)]
    return [(row.cancels, row.accepted, row.reason) for row in rows if isinstance(row, RequestAnswer)]


def _change(world: World, change: Any, *words: str) -> None:
    with world.store.write() as tx:
        change(tx, world.desk, world.id_of(), *words, "anna")


# --- holds -----------------------------------------------------------------------------------------------------------


def test_our_hold_is_told_and_so_is_its_end(told: World) -> None:
    told.order(lines={"l1": ("A", 2)})
    _change(told, orders.hold, "call her first")
    (held,) = told.outgoing(Kind.ORDER_HOLD)
    assert held.record == OrderHold(channel_order="1001", held=True, reason="call her first")
    assert held.order_id == told.id_of()
    _change(told, orders.release)
    before, after = told.outgoing(Kind.ORDER_HOLD)
    assert before.state is DeliveryState.SUPERSEDED, "it had not left, and nobody wants it any more"
    assert after.record == OrderHold(channel_order="1001", held=False)


def test_a_channel_without_holds_is_told_nothing(quick_world: World) -> None:
    quick_world.order(lines={"l1": ("A", 2)})
    _change(quick_world, orders.hold, "call her first")
    assert quick_world.outgoing(Kind.ORDER_HOLD) == []


# --- where goods come from -------------------------------------------------------------------------------------------


def test_a_routed_order_is_assigned_to_its_locations(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.stocks("SOUTH", "B", 5)
    told.order(lines={"l1": ("A", 2), "l2": ("B", 1)})
    (sent,) = told.outgoing(Kind.ASSIGNMENT)
    assert isinstance(sent.record, Assignment)
    spots = {(each.channel_line, each.location, int(each.quantity), each.sku) for each in sent.record.lines}
    assert spots == {("l1", "11", 2, "A"), ("l2", "22", 1, "B")}


def test_what_is_routed_elsewhere_is_assigned_anew(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.stocks("SOUTH", "A", 5)
    told.order(lines={"l1": ("A", 2)})
    told.answers(told.document("NORTH"), outcome=Outcome.REJECTED)
    first, second = told.outgoing(Kind.ASSIGNMENT)
    assert first.state is DeliveryState.SUPERSEDED
    assert isinstance(second.record, Assignment)
    assert [each.location for each in second.record.lines] == ["22"]


def test_a_node_that_the_shop_does_not_know_is_not_told(told: World) -> None:
    told.directory.places.clear()
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)})
    assert told.outgoing(Kind.ASSIGNMENT) == []


def test_figures_that_a_move_has_changed_are_told_again(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)})
    (sent,) = told.outgoing(Kind.ASSIGNMENT)
    with told.store.write() as tx:
        published.put(tx, "shop", {("A", "11"): Decimal(3), ("A", "22"): Decimal(4)}, 1, told.clock.now())
        DomainOutcomes(lambda: told.desk).sent(tx, sent, Receipt(confirmed=True, untaken=(("11", "A"),)))
        assert published.figures(tx, "shop", {"A"}) == {("A", "22"): Decimal(4)}


# --- requests to a fulfilment service --------------------------------------------------------------------------------


def test_a_request_is_accepted_once_a_node_has_it(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)}, requests=(_request(l1=2),))
    assert _answers(told) == [(False, True, "")]
    told.order(lines={"l1": ("A", 2)}, at=5, requests=(_request(l1=2),), tags=frozenset({"new"}))
    assert len(_answers(told)) == 1, "it is answered only once"


def test_a_request_for_what_nobody_ships_is_rejected_with_the_reason(told: World) -> None:
    told.order(lines={"l1": ("NOBODY", 2)}, requests=(_request(l1=2),))
    ((cancels, accepted, reason),) = _answers(told)
    assert (cancels, accepted) == (False, False)
    assert "NOBODY" in reason


def test_a_request_that_came_again_after_a_rejection_is_answered_again(told: World) -> None:
    told.order(lines={"l1": ("NOBODY", 2)}, requests=(_request(l1=2),))
    told.order(lines={"l1": ("NOBODY", 2)}, at=5, requests=(_request(2, l1=2),))
    assert [accepted for _, accepted, _ in _answers(told)] == [False, False]


def test_a_request_for_a_held_order_waits_for_the_release(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)}, hold="fraud", requests=(_request(l1=2),))
    assert _answers(told) == []
    told.order(lines={"l1": ("A", 2)}, at=5, requests=(_request(l1=2),))
    assert _answers(told) == [(False, True, "")]


def test_a_request_to_cancel_what_has_not_left_is_accepted(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)})
    told.order(lines={"l1": ("A", 0)}, at=5, requests=(_request(cancels=True, l1=2),))
    assert _answers(told) == [(True, True, "")]
    assert told.gone({LineState.CANCELLED}) == 2


def test_a_request_to_cancel_what_is_at_a_node_waits_and_is_rejected_when_that_ships(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)})
    told.deliver()
    told.order(lines={"l1": ("A", 0)}, at=5, requests=(_request(cancels=True, l1=2),))
    assert _answers(told) == []
    told.ships(told.document("NORTH"))
    assert _answers(told) == [(True, False, "it has left already")]


def test_a_request_to_cancel_is_accepted_when_the_node_gives_it_back(told: World) -> None:
    told.stocks("NORTH", "A", 5)
    told.order(lines={"l1": ("A", 2)})
    told.deliver()
    told.order(lines={"l1": ("A", 0)}, at=5, requests=(_request(cancels=True, l1=2),))
    told.answers(told.document("NORTH"), outcome=Outcome.REJECTED)
    assert _answers(told) == [(True, True, "")]
