"""History decided again from frozen questions: the same bytes by the same rules, a comparison by new ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.policy.library import checked_policy
from hub.policy.policy import Policy
from hub.services.sourcing import batching
from hub.services.sourcing.comparison import Comparison
from hub.services.sourcing.history import judge_of, of_store, with_policy
from hub.services.sourcing.replay import Again, Past, replay
from hub.store.tables import decision
from tests.orders.conftest import Rules, World

MUG = {"1": ("MUG", 2)}


def past(world: World) -> list[Past]:
    day = timedelta(days=1)
    now = world.clock.now()
    return list(of_store(world.desk, now - day, now + day))


def a_policy(world: World, folder: Path, text: str) -> Policy:
    path = folder / "new.toml"
    path.write_text(f"version = 1\n{text}", "utf-8")
    return checked_policy([path], world.desk.rules).policy


def compared(world: World, policy: Policy) -> Comparison:
    desk = with_policy(world.desk, policy)
    return Comparison.of(replay(past(world), judge_of(desk)), "USD")


@pytest.fixture
def sold(world: World) -> World:
    """Three orders of two: the cheap supplier has four, the dear one enough."""
    world.source_of("acme", "MUG", 4, price="1")
    world.source_of("bolt", "MUG", 9, price="2")
    for number in ("1001", "1002", "1003"):
        world.order(number, lines=MUG)
        world.clock.advance(60)
    return world


def test_decisions_give_the_same_bytes_again(sold: World) -> None:
    again = Again(past(sold))
    assert len(list(again)) == 3
    assert again.words == "Asked again by their own rules, 3 of 3 gave the same answer, byte for byte."


def test_decisions_of_a_batch_and_of_a_rule_set_do_too(world: World, rules: Rules) -> None:
    rules('[[rules]]\nname = "x"\nrouting.split_penalty = 7\nbatch = { minutes = 1 }\n')
    world.source_of("acme", "MUG", 3, price="1")
    world.source_of("bolt", "MUG", 9, price="2")
    for number in ("1001", "1002"):
        world.order(number, lines=MUG)
    world.clock.advance(60)
    assert batching.route_due(world.desk) == 2
    again = Again(past(world))
    assert {each.was.rule_set for each in again} == {"x"}
    assert (again.asked, again.same) == (2, 2)


def test_the_same_rules_change_nothing(sold: World) -> None:
    found = compared(sold, Policy(sold.desk.rules))
    assert (found.moved, found.saved, found.alike) == ([], 0, 3)


def test_new_rules_are_compared_in_cost_sources_and_orders(sold: World, tmp_path: Path) -> None:
    found = compared(sold, a_policy(sold, tmp_path, '[[rules]]\nname = "no acme"\nrouting.never_nodes = ["ACME"]\n'))
    assert (dict(found.was.nodes), dict(found.becomes.nodes)) == ({"ACME": 4, "BOLT": 2}, {"BOLT": 6})
    assert [(row.order, row.saved) for row in found.moved] == [("#1001", -2), ("#1002", -2)]
    assert found.as_json()["changes"][0]["becomes"]["rules"] == "no acme"


def test_what_new_rules_leave_at_a_node_is_there_for_the_next_order(sold: World, tmp_path: Path) -> None:
    """The first order goes elsewhere, so that the third one finds at the cheap node what was gone before."""
    text = '[[rules]]\nname = "first"\norders.number = "#1001"\nrouting.never_nodes = ["ACME"]\n'
    found = compared(sold, a_policy(sold, tmp_path, text))
    assert [(row.order, row.saved) for row in found.moved] == [("#1001", -2), ("#1003", 2)]


def test_what_new_rules_take_more_is_missing_for_the_next_order(world: World, tmp_path: Path) -> None:
    world.source_of("acme", "MUG", 2, price="1")
    world.source_of("bolt", "MUG", 2, price="2")
    world.order("1001", lines=MUG)
    world.order("1002", lines=MUG)
    text = '[[rules]]\nname = "first"\norders.number = "#1001"\nrouting.never_nodes = ["ACME"]\n'
    text += '[[rules]]\nname = "second"\nrouting.never_nodes = ["ACME"]\n'
    found = compared(world, a_policy(world, tmp_path, text))
    assert dict(found.becomes.nodes) == {"BOLT": 2}
    assert (found.becomes.missing, found.alike, found.saved) == (2, 1, -2)


def test_orders_of_a_batch_are_replayed_together(sold: World, tmp_path: Path) -> None:
    found = compared(sold, a_policy(sold, tmp_path, '[[rules]]\nname = "b"\nbatch = { minutes = 30 }\n'))
    assert dict(found.becomes.nodes) == {"ACME": 4, "BOLT": 2}
    assert found.becomes.cost <= found.was.cost


def test_days_and_lateness_are_compared(world: World, tmp_path: Path) -> None:
    world.source_of("acme", "MUG", 9, price="1")
    world.supplier("bolt")
    world.stocks("BOLT", "MUG", 9)
    world.sells("bolt", "MUG", "2", lead_days=5)
    world.order(lines=MUG, promise_by=world.clock.now() + timedelta(days=4))
    found = compared(world, a_policy(world, tmp_path, '[[rules]]\nname = "x"\nrouting.never_nodes = ["ACME"]\n'))
    (row,) = found.moved
    assert (row.was.late, row.becomes.late, row.later_days) == (False, True, 5)
    assert row.becomes.penalties > 0
    assert row.saved == -2  # the penalty is no money


def test_conditions_ask_for_the_order_as_it_was_when_it_was_decided(sold: World, tmp_path: Path) -> None:
    """The shop tags an order later; a rule for that tag would not have taken it then."""
    before = [each.asked for each in past(sold)]
    sold.order("1001", lines=MUG, at=5, tags=frozenset({"vip"}))
    assert [each.asked for each in past(sold)] == before
    text = '[[rules]]\nname = "vip"\norders.tags = "vip"\nrouting.never_nodes = ["ACME"]\n'
    assert compared(sold, a_policy(sold, tmp_path, text)).moved == []


def test_a_decision_without_the_order_in_it_asks_for_the_order_as_it_is(sold: World, tmp_path: Path) -> None:
    with sold.store.write() as tx:
        for row in tx.execute(select(decision.c.id, decision.c.problem)).all():
            old = {name: value for name, value in row.problem.items() if name != "asked"}
            tx.execute(update(decision).where(decision.c.id == row.id).values(problem=old))
    sold.order("1001", lines=MUG, at=5, tags=frozenset({"vip"}))
    text = '[[rules]]\nname = "vip"\norders.tags = "vip"\nrouting.never_nodes = ["ACME"]\n'
    assert [row.order for row in compared(sold, a_policy(sold, tmp_path, text)).moved][:1] == ["#1001"]
