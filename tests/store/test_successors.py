"""Whose key a message may have: that of one which came to nothing, and of nobody else, on both databases."""

from __future__ import annotations

import pytest

from hub.contract import BadRecord
from hub.store import messages, parking, successors
from hub.store.engine import Store
from hub.testing.clock import FakeClock


class Desk:
    """Receives documents and ends them."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock

    def comes(self, content: str, key: str = "850:1:", mapping: str = "m1", **how: bool) -> messages.Received:
        with self.store.write() as tx:
            return messages.receive(
                tx, connection="north", document="sales", key=key, name=key, content=content.encode(),
                now=self.clock.now(), mapping_hash=mapping, **how,
            )  # fmt: skip

    def ends(self, came: messages.Received, records: int = 1, parked: int = 1) -> None:
        with self.store.write() as tx:
            for number in range(parked):
                bad = BadRecord("it cannot be read", record=f"row {number}", code="number")
                parking.park(tx, came.id, "north", "sales", bad, self.clock.now())
            messages.applied(tx, came.id, records, parked, "m1", self.clock.now())

    def key(self, came: messages.Received) -> str:
        with self.store.read() as tx:
            found = messages.get(tx, came.id)
        assert found is not None
        return found.key

    def state(self, came: messages.Received) -> str:
        with self.store.read() as tx:
            found = messages.get(tx, came.id)
        assert found is not None
        return found.state

    def open(self) -> list[int]:
        with self.store.read() as tx:
            return [each.message_id for each in parking.search(tx)]


@pytest.fixture
def desk(store: Store, clock: FakeClock) -> Desk:
    return Desk(store, clock)


def test_only_where_every_record_was_parked_the_key_is_free(desk: Desk) -> None:
    for number, (records, parked, free) in enumerate([(1, 1, True), (2, 1, False), (0, 0, False), (1, 0, False)]):
        first = desk.comes("a", key=f"850:{number}:")
        desk.ends(first, records, parked)
        assert desk.comes("b", key=f"850:{number}:").fresh is free, (records, parked)


def test_an_envelope_keeps_its_key(desk: Desk) -> None:
    desk.ends(desk.comes("a"))
    assert desk.comes("b", envelope=True).quarantined


def test_a_document_that_has_what_came_before_is_no_news(desk: Desk) -> None:
    first = desk.comes("a")
    desk.ends(first)
    second = desk.comes("b")
    desk.ends(second)
    again = desk.comes("a")
    assert (again.fresh, desk.open()) == (False, [second.id])


@pytest.mark.parametrize("other", ["850:PO1:#5", "850:po1:#0123456789ab", "850:PO1:#5#0123456789ab"])
def test_a_number_that_only_looks_alike_is_left_alone(desk: Desk, other: str) -> None:
    first = desk.comes("a", key="850:PO1:")
    alike = desk.comes("x", key=other)
    desk.ends(first)
    desk.ends(alike)
    follower = desk.comes("b", key="850:PO1:")
    assert follower.fresh
    assert desk.open() == [alike.id]


def test_one_that_was_put_aside_before_anybody_knew_is_let_in_when_it_comes_again(desk: Desk) -> None:
    first = desk.comes("a")
    aside = desk.comes("b")
    assert aside.quarantined
    desk.ends(first)
    again = desk.comes("b")
    assert (again.id, desk.key(aside), desk.state(aside), desk.open()) == (aside.id, "850:1:", "received", [])


def test_the_oldest_of_those_that_wait_is_let_in_first(desk: Desk) -> None:
    first, second, third = desk.comes("a"), desk.comes("b"), desk.comes("c")
    desk.ends(first)
    with desk.store.write() as tx:
        assert successors.let_in(tx, "north", "sales", [first.id], desk.clock.now()) == [second.id]
    assert desk.open() == [third.id]
    desk.ends(second)
    with desk.store.write() as tx:
        assert successors.let_in(tx, "north", "sales", [second.id], desk.clock.now()) == [third.id]
    assert (desk.open(), desk.key(third)) == ([], "850:1:")


def test_one_of_which_something_came_once_keeps_its_key(desk: Desk) -> None:
    first = desk.comes("a")
    with desk.store.write() as tx:
        successors.stands(tx, first.id, desk.clock.now())
    desk.ends(first)
    assert desk.comes("b").quarantined


def test_the_same_again_is_tried_by_another_mapping_only(desk: Desk) -> None:
    first = desk.comes("a")
    desk.ends(first)
    for mapping, state in (("m1", "applied"), ("", "applied"), ("m2", "received")):
        desk.comes("a", mapping=mapping)
        assert desk.state(first) == state, mapping
