"""Many orders at one moment: checking and binding are one step."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hub.services.desk import Source
from hub.services.selling import orders
from hub.services.sourcing import routing


def test_orders_that_come_at_one_moment_never_get_more_than_there_is(world: Any) -> None:
    world.source_of("acme", "CUP", 7, "8")
    world.source_of("globex", "CUP", 6, "9")
    start = threading.Barrier(4)

    def place(thread: int) -> None:
        start.wait()
        for number in range(4):
            world.order(f"{thread}-{number}", lines={"L1": ("CUP", 1)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(place, range(4)))
    sums: dict[tuple[str, str], int] = {}
    for thread in range(4):
        for number in range(4):
            for place_, quantity in world.where(f"{thread}-{number}").items():
                sums[place_] = sums.get(place_, 0) + quantity
    assert sums == {("allocated", "ACME"): 7, ("allocated", "GLOBEX"): 6, ("backordered", ""): 3}


def test_one_order_that_comes_twice_at_one_moment_is_one_order(world: Any) -> None:
    world.source_of("acme", "CUP", 50)
    start = threading.Barrier(3)

    def place(_thread: int) -> bool:
        start.wait()
        return bool(world.order("1", lines={"L1": ("CUP", 5)}))

    with ThreadPoolExecutor(3) as pool:
        news = list(pool.map(place, range(3)))
    assert sorted(news) == [False, False, True]
    assert world.where("1") == {("allocated", "ACME"): 5}
    assert len(world.outgoing(number="1")) == 1


def test_a_record_that_fails_half_way_leaves_nothing_behind(world: Any) -> None:
    world.source_of("acme", "CUP", 5)
    with world.store.write() as tx:
        savepoint = tx.begin_nested()
        orders.apply(tx, world.desk, Source("shop", "orders", 1), world.made("1", lines={"L1": ("CUP", 5)}))
        savepoint.rollback()
    world.order("2", lines={"L1": ("CUP", 5)})
    assert world.where("2") == {("allocated", "ACME"): 5}


def test_routing_by_hand_what_has_nothing_to_route_decides_nothing(world: Any) -> None:
    world.source_of("acme", "CUP", 5)
    world.order(lines={"L1": ("CUP", 5)})
    with world.store.write() as tx:
        assert routing.route(tx, world.desk, world.id_of()) is None
    assert len(world.outgoing()) == 1
