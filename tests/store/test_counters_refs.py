"""Counters and external references."""

import pytest

from hub.store import counters, refs
from hub.store.engine import Store
from hub.store.refs import RefConflict


def test_a_counter_starts_at_one_and_never_repeats(store: Store) -> None:
    with store.write() as tx:
        assert [counters.take(tx, "po") for _ in range(3)] == [1, 2, 3]
        assert counters.take(tx, "another") == 1


def test_a_number_taken_in_a_transaction_that_failed_is_taken_again(store: Store) -> None:
    def take_and_fail() -> None:
        with store.write() as tx:
            counters.take(tx, "po")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        take_and_fail()
    with store.write() as tx:
        assert counters.take(tx, "po") == 1


def test_a_reference_is_found_from_both_sides(store: Store) -> None:
    with store.write() as tx:
        assert refs.bind(tx, "order", "SO1", "shop", "id", "9001")
        assert not refs.bind(tx, "order", "SO1", "shop", "id", "9001")
        assert refs.ours(tx, "order", "shop", "id", "9001") == "SO1"
        assert refs.theirs(tx, "order", "SO1", "shop", "id") == "9001"
        assert refs.ours(tx, "order", "other shop", "id", "9001") is None
        assert refs.theirs(tx, "order", "SO1", "shop", "name") is None


def test_neither_name_of_a_reference_can_stand_for_two_things(store: Store) -> None:
    with store.write() as tx:
        refs.bind(tx, "order", "SO1", "shop", "id", "9001")
        with pytest.raises(RefConflict, match=r"order SO1 is '9001' at shop \(id\); it cannot be '9002' too"):
            refs.bind(tx, "order", "SO1", "shop", "id", "9002")
        with pytest.raises(RefConflict, match=r"'9001' of shop \(id\) is our order SO1; it cannot be SO2 too"):
            refs.bind(tx, "order", "SO2", "shop", "id", "9001")
