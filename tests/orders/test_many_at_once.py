"""A page of orders is applied at once, and comes out as if they had been applied one by one."""

from __future__ import annotations

from typing import Any

import pytest

from hub.contract import BadRecord
from hub.model.order import SalesOrder
from hub.services.selling import orders


def together(world: Any, *versions: SalesOrder) -> list[bool]:
    with world.store.write() as tx:
        return orders.apply_many(tx, world.desk, world.source("shop", "orders"), versions)


def page(world: Any) -> list[SalesOrder]:
    """Orders that compete for seven cups and three mugs at two suppliers."""
    return [
        world.made(str(number), lines={"L1": ("CUP", number % 3 + 1), "L2": ("MUG", number % 2)}) for number in range(6)
    ]


def stocked(world: Any) -> None:
    world.source_of("acme", "CUP", 5, "8")
    world.source_of("globex", "CUP", 2, "9")
    world.source_of("globex", "MUG", 3, "4")


def test_a_page_never_gives_more_than_there_is_and_gives_what_one_by_one_would(world: Any) -> None:
    stocked(world)
    assert together(world, *page(world)) == [True] * 6
    at_once = [(world.where(str(number)), world.status(str(number))) for number in range(6)]
    for number in range(6):
        one = page(world)[number].changed(order_id=f"one-{number}", number=f"#one-{number}")
        later = [line.changed(sku=f"{line.sku}2") for line in one.lines]
        if number == 0:
            world.source_of("acme", "CUP2", 5, "8")
            world.source_of("globex", "CUP2", 2, "9")
            world.source_of("globex", "MUG2", 3, "4")
        world.says(one.changed(lines=tuple(later)))
    assert at_once == [(world.where(f"one-{number}"), world.status(f"one-{number}")) for number in range(6)]
    cups = sum(
        quantity for number in range(6) for (_, node), quantity in world.where(str(number)).items() if node == "ACME"
    )
    assert cups == 5


def test_every_document_of_a_page_has_a_number_of_its_own(quick_world: Any) -> None:
    stocked(quick_world)
    together(quick_world, *page(quick_world))
    keys = [each.key for number in range(6) for each in quick_world.outgoing(number=str(number))]
    assert len(set(keys)) == len(keys) > 3


def test_two_versions_of_one_order_in_a_page_are_taken_in_turn(quick_world: Any) -> None:
    stocked(quick_world)
    first, second = (quick_world.made("1", lines={"L1": ("CUP", 1 + at)}, at=at) for at in (0, 1))
    other = quick_world.made("2", lines={"L1": ("CUP", 1)})
    assert together(quick_world, second, other, first, second) == [True, True, False, False]
    assert quick_world.where("1") == {("allocated", "ACME"): 2}


def test_a_nodes_capacity_counts_within_a_page(quick_world: Any) -> None:
    quick_world.source_of("acme", "CUP", 50, "8", capacity_per_day=2)
    quick_world.source_of("globex", "CUP", 50, "9")
    together(quick_world, *(quick_world.made(str(number), lines={"L1": ("CUP", 1)}) for number in range(3)))
    nodes = [next(iter(quick_world.where(str(number))))[1] for number in range(3)]
    assert nodes == ["ACME", "ACME", "GLOBEX"]


def test_one_bad_order_refuses_the_page_before_anything_is_written(quick_world: Any) -> None:
    good = quick_world.made("1", lines={"L1": ("CUP", 1)})
    bad = quick_world.made("2", lines={"L1": ("CUP", 1)}, channel="outlet")
    with pytest.raises(BadRecord):
        together(quick_world, good, bad)
    assert quick_world.says(good)


def test_an_empty_page_is_nothing(quick_world: Any) -> None:
    assert together(quick_world) == []
