"""Orders that the rules collect are routed together, and no unit is promised twice whatever happens meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.model.document import Kind
from hub.routing.batch.joint import solve_batch
from hub.routing.batch.result import Limits
from hub.routing.frozen import thaw
from hub.routing.rules import load_rules
from hub.routing.solve import solve
from hub.services import explain
from hub.services.selling import due
from hub.services.sourcing import apart, batching
from hub.store import decisions, unit_prices
from hub.store.decisions import Decided
from tests.orders.conftest import Rules, World

MUG = {"1": ("MUG", 2)}


@pytest.fixture
def scarce(world: World, rules: Rules) -> World:
    """Seven units at two suppliers, and orders that are collected for ten minutes."""
    rules('[[rules]]\nname = "together"\nbatch = { minutes = 10, most = 50, seconds = 5 }\n')
    world.source_of("acme", "MUG", 4, price="1")
    world.source_of("bolt", "MUG", 3, price="2")
    return world


def numbers(count: int) -> list[str]:
    return [str(1001 + each) for each in range(count)]


def place(world: World, count: int) -> None:
    for number in numbers(count):
        world.order(number, lines=MUG)


def decided(world: World, number: str) -> Decided:
    found: list[Decided] = world.read(lambda tx: decisions.of_order(tx, world.id_of(number)))
    return found[-1]


def promised(world: World, count: int) -> Counter[str]:
    sums: Counter[str] = Counter()
    for number in numbers(count):
        for (state, node), units in world.where(number).items():
            if state == "allocated":
                sums[node] += units
    return sums


def test_orders_are_collected_and_then_routed_together(scarce: World) -> None:
    place(scarce, 4)
    assert [scarce.status(each) for each in numbers(4)] == ["open"] * 4
    scarce.clock.advance(9 * 60)
    assert (batching.route_due(scarce.desk), due.look(scarce.desk)) == (0, 0)
    scarce.clock.advance(60)
    assert due.look(scarce.desk) == 0  # they wait for the batch and for nothing else
    assert batching.route_due(scarce.desk) == 4
    assert promised(scarce, 4) == {"ACME": 4, "BOLT": 3}
    notes = {decided(scarce, each).decision.batch for each in numbers(4)}
    (note,) = notes
    assert note is not None
    assert (note.orders, note.bound <= note.cost <= note.one_at_a_time) == (4, True)
    assert batching.route_due(scarce.desk) == 0
    assert len(scarce.outgoing(Kind.PURCHASE_ORDER, number="1001")) == 1


def test_a_part_of_a_batch_decides_the_same_again_by_itself(scarce: World) -> None:
    place(scarce, 4)
    scarce.clock.advance(600)
    batching.route_due(scarce.desk)
    for number in numbers(4):
        kept = decided(scarce, number)
        again = solve(thaw(kept.problem), load_rules(kept.problem["rules"]))
        was = kept.decision.changed(rule_set="", policy_hash="", batch=None, alternatives=())
        assert again.model_dump_json() == was.model_dump_json()


def test_a_batch_that_is_full_does_not_wait_for_its_time(scarce: World, rules: Rules) -> None:
    rules('[[rules]]\nname = "together"\nbatch = { minutes = 10, most = 2 }\n')
    place(scarce, 3)
    assert batching.route_due(scarce.desk) == 2
    assert scarce.status("1003") == "open"


def meanwhile(monkeypatch: pytest.MonkeyPatch, world: World, happens: Any) -> None:
    """Let something happen between the plan and its binding."""

    def solved(questions: Sequence[Any], limits: Any) -> Any:
        result = solve_batch(questions, limits)
        happens(world)
        return result

    monkeypatch.setattr(apart, "solve_batch", solved)


def test_stock_that_goes_while_the_plan_is_made_is_not_promised(scarce: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place(scarce, 2)
    meanwhile(monkeypatch, scarce, lambda world: world.stocks("ACME", "MUG", 1))
    scarce.clock.advance(600)
    assert batching.route_due(scarce.desk) == 2
    assert promised(scarce, 2) == {"ACME": 1, "BOLT": 3}
    assert all(each.decision.batch is None for each in (decided(scarce, "1001"), decided(scarce, "1002")))


def test_an_order_that_changes_while_the_plan_is_made_is_routed_as_it_is_now(
    scarce: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(scarce, 2)

    def changes(world: World) -> None:
        world.order("1001", lines={"1": ("MUG", 1)}, at=5)
        world.order("1002", lines=MUG, at=5, cancelled=True)

    meanwhile(monkeypatch, scarce, changes)
    scarce.clock.advance(600)
    batching.route_due(scarce.desk)
    assert scarce.where("1001") == {("allocated", "ACME"): 1, ("cancelled", ""): 1}
    assert scarce.where("1002") == {("cancelled", ""): 2}


def test_a_batch_that_dies_before_it_is_bound_is_still_due(scarce: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place(scarce, 2)

    def dies(_world: World) -> None:
        raise RuntimeError("killed")

    meanwhile(monkeypatch, scarce, dies)
    scarce.clock.advance(600)
    with pytest.raises(RuntimeError, match="killed"):
        batching.route_due(scarce.desk)
    monkeypatch.undo()
    assert batching.route_due(scarce.desk) == 2
    assert promised(scarce, 2) == {"ACME": 4}


def test_a_node_gets_no_more_orders_than_it_takes_in_a_day(world: World, rules: Rules) -> None:
    rules('[[rules]]\nname = "together"\nbatch = { minutes = 10 }\n')
    world.source_of("acme", "MUG", 99, price="1", capacity_per_day=1)
    world.source_of("bolt", "MUG", 99, price="2")
    place(world, 3)
    world.clock.advance(600)
    batching.route_due(world.desk)
    assert promised(world, 3) == {"ACME": 2, "BOLT": 4}


def test_what_is_taken_back_later_is_routed_at_once(scarce: World) -> None:
    place(scarce, 1)
    scarce.clock.advance(600)
    batching.route_due(scarce.desk)
    scarce.deliver()
    scarce.answers(scarce.document("ACME"), outcome="rejected", reason="none")
    assert scarce.where() == {("allocated", "BOLT"): 2}


def test_a_held_order_joins_the_batch_after_its_release(scarce: World, rules: Rules) -> None:
    rules(
        '[[rules]]\nname = "together"\nbatch = { minutes = 10 }\n'
        '[[workflows]]\nname = "w"\nsteps = [{ do = "wait", minutes = 30 }]\n'
    )
    scarce.order(lines=MUG, placed_at=scarce.clock.now())
    scarce.clock.advance(600)
    assert batching.route_due(scarce.desk) == 0
    assert scarce.where() == {("held", ""): 2}
    scarce.clock.advance(1200)
    assert due.look(scarce.desk) == 1
    assert batching.route_due(scarce.desk) == 1
    assert scarce.where() == {("allocated", "ACME"): 2}


def test_a_large_batch_that_is_late_does_not_hold_up_other_orders(scarce: World, rules: Rules) -> None:
    """Two hundred orders of a batch were all that was looked at, at any time, as long as they were overdue."""
    batch = '[[rules]]\nname = "together"\nbatch = { minutes = 10 }\n'
    rules(batch + '[[workflows]]\nname = "w"\nsteps = [{ do = "wait", minutes = 30 }]\n')
    scarce.order("2001", lines=MUG, placed_at=scarce.clock.now())
    rules(batch)
    place(scarce, 4)
    scarce.clock.advance(1800)
    assert scarce.status("2001") == "held"
    assert due.look(scarce.desk, limit=2) == 1
    assert scarce.status("2001") == "open", "it waits for the batch now, as the others do"
    assert due.look(scarce.desk, limit=2) == 0


# --- what scarce units are worth to orders outside ---

URGENT = """
[[rules]]
name = "urgent"
orders.tags = "urgent"

[[rules]]
name = "together"
batch = { minutes = 10, most = 50, seconds = 5, guide = 1 }
"""


def kept_prices(world: World) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = world.read(lambda tx: unit_prices.of_skus(tx, {"MUG"}, world.clock.now()))
    return found


def test_a_batch_leaves_the_prices_of_scarce_units_until_the_next_one(scarce: World, rules: Rules) -> None:
    rules(URGENT)
    place(scarce, 4)
    scarce.clock.advance(600)
    assert batching.route_due(scarce.desk) == 4
    assert kept_prices(scarce)["ACME", "MUG"] > 0
    scarce.clock.advance(24 * 3600 + 1)
    assert kept_prices(scarce) == {}


def test_an_order_outside_leaves_the_last_units_to_those_whom_they_save_more(scarce: World, rules: Rules) -> None:
    rules(URGENT)
    scarce.order("2001", lines=MUG, tags=frozenset({"urgent"}))
    assert scarce.where("2001") == {("allocated", "ACME"): 2}
    with scarce.store.write() as tx:
        unit_prices.put(tx, "together", {("ACME", "MUG"): Decimal(3)}, scarce.clock.now() + timedelta(days=1))
    scarce.order("2002", lines=MUG, tags=frozenset({"urgent"}))
    assert scarce.where("2002") == {("allocated", "BOLT"): 2}
    with scarce.store.read() as tx:
        told = explain.explain(tx, scarce.desk, scarce.id_of("2002"))
    assert "with what scarce units are worth to other orders counted" in told["decisions"][0]["words"]
    assert "a unit of it there is worth about 3.00 to other orders" in told["lines"][0]["others"][0]["words"]
    kept = decided(scarce, "2002")
    assert solve(thaw(kept.problem), load_rules(kept.problem["rules"])).choices == kept.decision.choices


def test_prices_that_nobody_collects_for_any_more_do_not_count(scarce: World, rules: Rules) -> None:
    with scarce.store.write() as tx:
        unit_prices.put(tx, "together", {("ACME", "MUG"): Decimal(3)}, scarce.clock.now() + timedelta(days=1))
    rules('[[rules]]\nname = "plain"\n')
    scarce.order("2001", lines=MUG)
    assert scarce.where("2001") == {("allocated", "ACME"): 2}


def test_a_large_batch_is_solved_the_same_in_a_process_of_its_own(scarce: World) -> None:
    place(scarce, 4)
    with scarce.store.read() as tx:
        questions = batching._questions(tx, scarce.desk, [scarce.id_of(number) for number in numbers(4)])
    here, there = solve_batch(questions, Limits()), apart.solved(questions, Limits(), large=2)
    assert there == here
    assert there.routed[0].problem is not questions[0].problem


def test_a_batch_whose_process_ends_without_a_plan_is_solved_here(
    scarce: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place(scarce, 4)
    with scarce.store.read() as tx:
        questions = batching._questions(tx, scarce.desk, [scarce.id_of(number) for number in numbers(4)])
    monkeypatch.setattr(apart, "PROGRAMME", ("-c", "import sys; sys.exit('no memory')"))
    assert apart.solved(questions, Limits(), large=2) == solve_batch(questions, Limits())
    assert "batch.apart_failed" in caplog.text
