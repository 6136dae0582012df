"""State machines: what moves is conserved, every state can be reached, and no other move is ever made."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from pydantic import ValidationError

from hub.model.order import Allocation, move, order_status, quantities
from hub.model.state import (
    BOUND,
    DELIVERY_MOVES,
    LINE_MOVES,
    PURCHASE_MOVES,
    UNSENT,
    DeliveryState,
    IllegalMove,
    LineState,
    OrderStatus,
    PurchaseState,
    check_move,
)

Table = Mapping[StrEnum, frozenset[StrEnum]]
TABLES: dict[str, tuple[Table, type[StrEnum], StrEnum]] = {
    "line": (LINE_MOVES, LineState, LineState.NEW),  # type: ignore[dict-item]
    "purchase": (PURCHASE_MOVES, PurchaseState, PurchaseState.ISSUED),  # type: ignore[dict-item]
    "delivery": (DELIVERY_MOVES, DeliveryState, DeliveryState.QUEUED),  # type: ignore[dict-item]
}
LAST = {
    LineState.CLOSED,
    LineState.CANCELLED,
    PurchaseState.REJECTED,
    PurchaseState.CANCELLED,
    DeliveryState.CONFIRMED,
    DeliveryState.SUPERSEDED,
    DeliveryState.CANCELLED,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_its_row_and_can_be_reached_from_the_first(name: str) -> None:
    table, states, first = TABLES[name]
    assert set(table) == set(states)
    reached, front = {first}, [first]
    while front:
        for target in table[front.pop()] - reached:
            reached.add(target)
            front.append(target)
    assert reached == set(states)


@pytest.mark.parametrize("name", TABLES)
def test_no_state_moves_to_itself_and_only_last_states_are_stuck(name: str) -> None:
    table, _, _ = TABLES[name]
    assert not [state for state, targets in table.items() if state in targets]
    stuck = {state for state, targets in table.items() if not targets}
    assert stuck <= LAST | {PurchaseState.INVOICED}
    assert all(not table[state] for state in table if state in {LineState.CANCELLED, DeliveryState.CONFIRMED})


@pytest.mark.parametrize("name", TABLES)
def test_a_move_is_made_exactly_when_the_table_has_it(name: str) -> None:
    table, states, _ = TABLES[name]
    for source in states:
        for target in states:
            if target in table[source]:
                assert check_move(name, table, source, target) is target
            else:
                with pytest.raises(IllegalMove) as caught:
                    check_move(f"{name} 4711", table, source, target)
                assert (caught.value.source, caught.value.target) == (source, target)
                assert str(caught.value) == f"{name} 4711 cannot move from '{source.value}' to '{target.value}'"


def test_bound_and_unsent_states_are_those_that_hold_something() -> None:
    assert LineState.CANCELLED not in BOUND
    assert LineState.ROUTABLE not in BOUND
    assert not UNSENT & {DeliveryState.SENT, DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED}


def an_allocation(quantity: str = "5", state: LineState = LineState.ROUTABLE) -> Allocation:
    return Allocation(line_id="1", sku="MUG", quantity=Decimal(quantity), state=state)


def test_a_part_that_moves_leaves_the_rest_as_it_was() -> None:
    whole = an_allocation()
    moved, rest = move(whole, LineState.ALLOCATED, Decimal(2), node="DC")
    assert (moved.quantity, moved.state, moved.node) == (2, LineState.ALLOCATED, "DC")
    assert rest == whole.changed(quantity=Decimal(3))


def test_a_whole_that_moves_leaves_nothing() -> None:
    moved, rest = move(an_allocation(), LineState.ALLOCATED)
    assert (moved.quantity, rest) == (5, None)


@pytest.mark.parametrize("quantity", ["0", "-1", "5.000000001", "6"])
def test_nothing_and_more_than_there_is_cannot_move(quantity: str) -> None:
    with pytest.raises(ValueError, match=r"line 1: cannot move .* of 5"):
        move(an_allocation(), LineState.ALLOCATED, Decimal(quantity))


def test_an_illegal_move_names_the_line_and_both_states() -> None:
    with pytest.raises(IllegalMove, match="line 1 cannot move from 'routable' to 'shipped'"):
        move(an_allocation(), LineState.SHIPPED)


def test_a_move_checks_the_fields_that_come_with_it() -> None:
    with pytest.raises(ValidationError):
        move(an_allocation(), LineState.ALLOCATED, node="")


class Conserved(RuleBasedStateMachine):
    """Any sequence of moves of any parts, legal or not: no unit is ever lost, made, or moved against the table."""

    @initialize(quantity=st.integers(1, 10**6))
    def a_line(self, quantity: int) -> None:
        self.total = Decimal(quantity) / 1000
        self.rows = [an_allocation(str(self.total), LineState.NEW)]

    @rule(data=st.data())
    def move_a_part(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.rows) - 1))
        row = self.rows[index]
        targets = sorted(LINE_MOVES[row.state])
        if not targets:
            return
        part = min(row.quantity, Decimal(data.draw(st.integers(1, 1500))) / 1000)
        moved, rest = move(row, data.draw(st.sampled_from(targets)), part)
        self.rows[index : index + 1] = [moved, *([rest] if rest else [])]

    @precondition(lambda self: len(self.rows) < 20)
    @rule(data=st.data(), state=st.sampled_from(LineState))
    def try_an_illegal_move(self, data: st.DataObject, state: LineState) -> None:
        row = data.draw(st.sampled_from(self.rows))
        if state not in LINE_MOVES[row.state]:
            with pytest.raises(IllegalMove):
                move(row, state)

    @invariant()
    def all_units_are_there(self) -> None:
        if hasattr(self, "rows"):
            assert sum(quantities(self.rows).values()) == self.total
            assert all(row.quantity > 0 for row in self.rows)
            assert order_status(row.state for row in self.rows) in OrderStatus


Conserved.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestQuantitiesAreConserved = Conserved.TestCase


S = LineState
STATUSES = [
    ((), OrderStatus.OPEN),
    ((S.NEW,), OrderStatus.OPEN),
    ((S.NEW, S.ROUTABLE), OrderStatus.OPEN),
    ((S.ROUTABLE, S.CANCELLED), OrderStatus.OPEN),
    ((S.CANCELLED, S.CANCELLED), OrderStatus.CANCELLED),
    ((S.HELD, S.ROUTABLE), OrderStatus.HELD),
    ((S.HELD, S.ALLOCATED), OrderStatus.HELD),
    ((S.ROUTABLE, S.ALLOCATED), OrderStatus.IN_PROGRESS),
    ((S.ALLOCATED,), OrderStatus.IN_PROGRESS),
    ((S.RELEASED, S.ACKNOWLEDGED), OrderStatus.IN_PROGRESS),
    ((S.ACKNOWLEDGED, S.SHIPPED), OrderStatus.PARTIALLY_SHIPPED),
    ((S.ROUTABLE, S.DELIVERED), OrderStatus.PARTIALLY_SHIPPED),
    ((S.SHIPPED,), OrderStatus.SHIPPED),
    ((S.SHIPPED, S.DELIVERED), OrderStatus.SHIPPED),
    ((S.SHIPPED, S.CLOSED, S.CANCELLED), OrderStatus.SHIPPED),
    ((S.DELIVERED, S.CLOSED), OrderStatus.CLOSED),
    ((S.CLOSED, S.CANCELLED), OrderStatus.CLOSED),
    ((S.BACKORDERED, S.SHIPPED), OrderStatus.STUCK),
    ((S.UNFILLABLE, S.HELD), OrderStatus.STUCK),
    ((S.REJECTED, S.ACKNOWLEDGED), OrderStatus.STUCK),
]


@pytest.mark.parametrize(("states", "status"), STATUSES)
def test_an_orders_status_is_rolled_up_from_its_lines(states: tuple[LineState, ...], status: OrderStatus) -> None:
    assert order_status(states) is status
    assert order_status(reversed(states)) is status


@given(st.lists(st.sampled_from(LineState), min_size=1))
def test_what_is_cancelled_does_not_count_unless_all_of_it_is(states: list[LineState]) -> None:
    live = [state for state in states if state is not LineState.CANCELLED]
    assert order_status(states) is (order_status(live) if live else OrderStatus.CANCELLED)
