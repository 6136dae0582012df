"""The promised day follows the calendars of the places, and a hard date shuts out who would be too late."""

from __future__ import annotations

from datetime import UTC, datetime

from hub.model.node import Hours
from hub.services import explain
from tests.orders.conftest import Rules, World

#: The orders of these tests come on Friday, 2026-11-20, at 06:00 UTC: after the cut-off of Thursday in Chicago.
MUG = {"1": ("MUG", 2)}
CHICAGO = Hours(timezone="America/Chicago", cut_off="14:00", closed=frozenset({"2026-11-20"}))
HARD = '[[rules]]\nname = "hard"\nrouting = { keep_promise = true, transit = [{ days = 1 }] }\n'


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


def test_the_promise_counts_the_cut_off_and_the_holiday_of_the_place(world: World, rules: Rules) -> None:
    rules('[[rules]]\nname = "all"\nrouting = { transit = [{ days = 2 }] }\n')
    world.source_of("acme", "MUG", 9, hours=CHICAGO)
    world.order(lines=MUG)
    assert world.portions()[0].row.promised_at == day(25, 20)  # closed on Friday: Monday 14:00 in Chicago, and two days


def test_who_is_too_late_for_a_hard_date_is_named_with_both_days(world: World, rules: Rules) -> None:
    rules(HARD)
    world.source_of("acme", "MUG", 9, hours=CHICAGO)
    world.source_of("bolt", "MUG", 9, price="50")
    world.order(lines=MUG, promise_by=day(22, 12))
    assert world.where() == {("allocated", "BOLT"): 2}
    with world.store.read() as tx:
        (line,) = explain.explain(tx, world.desk, world.id_of())["lines"]
    assert [(each["node"], each["words"]) for each in line["others"]] == [
        ("ACME", "would arrive on 2026-11-24, promised by 2026-11-22")
    ]


def test_a_promise_of_a_day_lasts_until_its_end(world: World, rules: Rules) -> None:
    """Documents that know days only say midnight; what comes on that day is in time."""
    rules(HARD)
    world.source_of("acme", "MUG", 9, hours=CHICAGO)
    world.order("1001", lines=MUG, promise_by=day(24))
    world.order("1002", lines=MUG, promise_by=day(23))
    assert world.where("1001") == {("allocated", "ACME"): 2}
    assert {state for state, _ in world.where("1002")} == {"backordered"}
    assert "cannot deliver by the promised date" in world.portions("1002")[0].row.reason


def test_without_a_hard_date_a_late_day_only_costs(world: World, rules: Rules) -> None:
    rules('[[rules]]\nname = "soft"\nrouting = { lateness_per_day = 3, transit = [{ days = 1 }] }\n')
    world.source_of("acme", "MUG", 9, hours=CHICAGO)
    world.source_of("bolt", "MUG", 9, price="50")
    world.order(lines=MUG, promise_by=day(22, 12))
    assert world.where() == {("allocated", "ACME"): 2}
    with world.store.read() as tx:
        (line,) = explain.explain(tx, world.desk, world.id_of())["lines"]
    assert line["sources"][0]["costs"]["lateness"] == "9"
    assert line["others"][0]["words"].endswith("there on 2026-11-21)")
