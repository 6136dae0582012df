"""Promised dates by calendars: cut-offs in the place's own time zone, holidays, carriers' days, transit times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hub.model.node import Hours, Node
from hub.routing.explain import explain
from hub.routing.frozen import freeze, input_hash, thaw
from hub.routing.offer import Offer
from hub.routing.problem import Network, Problem, Want
from hub.routing.promise import promises
from hub.routing.rules import RoutingRules
from hub.routing.solve import solve
from hub.routing.transit import Transit

ONE = Decimal(1)
CHICAGO = {"timezone": "America/Chicago", "cut_off": "15:00"}
#: A carrier that moves on weekdays only.
GROUND = Transit(days=1, to_km=Decimal(300), weekdays=frozenset({1, 2, 3, 4, 5}))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def node(code: str, **hours: object) -> Node:
    own = Hours.model_validate(hours) if hours else Hours()
    return Node(code=code, kind="warehouse", partner="own", hours=own, pick_up=True)


def asked(at: str, *nodes: Node, lead: int = 0, pick_up: str | None = None, **fields: object) -> Problem:
    km = {each.code: ONE for each in nodes}
    return Problem(
        order_id="SO1",
        currency="USD",
        at=utc(at),
        wants=(Want("1", "MUG", ONE, pick_up_node=pick_up),),
        nodes=Network(nodes),
        offers=tuple(Offer(each.code, "MUG", Decimal(9), ONE, lead_days=lead) for each in nodes),
        distances=km,
        **{"calendars": True, **fields},  # type: ignore[arg-type]
    )


def promised(problem: Problem, rules: RoutingRules) -> datetime:
    (moment,) = promises(problem, rules, solve(problem, rules)).values()
    return moment


#: Only whole days count: nothing is added for the kilometres.
AT_ONCE = RoutingRules(transit=(Transit(days=0),))


@pytest.mark.parametrize(
    ("at", "hours", "leaves"),
    [
        ("2026-11-24T20:59", {}, "2026-11-24T21:00"),  # Tuesday 14:59 in Chicago: today
        ("2026-11-24T21:00", {}, "2026-11-24T21:00"),  # by the cut-off is in time
        ("2026-11-24T21:01", {}, "2026-11-25T21:00"),  # a minute later is not
        ("2026-11-27T22:00", {}, "2026-11-30T21:00"),  # Friday evening: Monday
        ("2026-11-28T04:00", {}, "2026-11-30T21:00"),  # Saturday in UTC is still Friday evening there
        ("2026-11-25T22:00", {"closed": ["2026-11-26", "2026-11-27"]}, "2026-11-30T21:00"),  # Thanksgiving
        ("2026-11-24T12:00", {"handling_days": 2}, "2026-11-26T21:00"),
        ("2026-11-26T12:00", {"handling_days": 2}, "2026-11-30T21:00"),  # over a weekend
        ("2026-11-24T12:00", {"carrier_days": [1, 4]}, "2026-11-26T21:00"),  # the carrier comes on Thursday
        ("2026-11-26T22:00", {"carrier_days": [1, 4]}, "2026-11-30T21:00"),
        ("2026-03-06T22:00", {}, "2026-03-09T20:00"),  # the clocks go forward on Sunday: 15:00 is an hour earlier
        ("2026-10-30T21:00", {}, "2026-11-02T21:00"),  # and back
        ("2026-03-08T07:00", {"weekdays": [7], "cut_off": "02:30"}, "2026-03-08T08:30"),  # a time that there is not
    ],
)
def test_a_parcel_leaves_on_the_first_day_on_which_everybody_works(
    at: str, hours: dict[str, object], leaves: str
) -> None:
    assert promised(asked(at, node("DC", **{**CHICAGO, **hours})), AT_ONCE) == utc(leaves)


def test_a_lead_time_is_days_of_the_calendar_and_ends_on_a_working_day() -> None:
    assert promised(asked("2026-11-25T12:00", node("DC", **CHICAGO), lead=3), AT_ONCE) == utc("2026-11-30T21:00")
    assert promised(asked("2026-11-25T12:00", node("DC", **CHICAGO), lead=60), AT_ONCE) == utc("2027-01-25T21:00")


def test_what_a_customer_collects_waits_for_no_carrier() -> None:
    place = node("ST", **CHICAGO, carrier_days=[1])
    assert promised(asked("2026-11-24T12:00", place, pick_up="ST"), AT_ONCE) == utc("2026-11-24T21:00")


def test_hours_that_nobody_declared_never_delay() -> None:
    at = "2026-11-28T12:00"  # a Saturday
    assert promised(asked(at, node("DC")), AT_ONCE) == utc(at)
    assert promised(asked(at, node("DC", declared=True)), AT_ONCE) == utc("2026-11-30T15:00")


def test_a_place_that_is_closed_for_years_is_not_searched_for_ever() -> None:
    every = [f"{year}-{month:02}-{day:02}" for year in range(2026, 2030) for month in range(1, 13) for day in (1, 28)]
    assert promised(asked("2026-11-24T12:00", node("DC", **CHICAGO, closed=every)), AT_ONCE) == utc("2026-11-24T21:00")


@pytest.mark.parametrize(
    ("service", "km", "arrives"),
    [
        ("Ground", 100, "2026-11-30T21:00"),  # left on Friday, and nobody delivers at the weekend
        ("Express Saver", 100, "2026-11-28T21:00"),
        ("Express Saver", 9000, "2026-11-29T21:00"),
        ("Ground", 301, "2026-12-01T21:00"),
    ],
)
def test_the_days_under_way_follow_the_service_and_the_distance(service: str, km: int, arrives: str) -> None:
    rows = (
        Transit(service="EXPRESS*", to_km=Decimal(500), days=1),
        Transit(service="express*", days=2),
        GROUND,
        Transit(days=2, weekdays=frozenset({1, 2, 3, 4, 5})),
    )
    problem = asked("2026-11-27T12:00", node("DC", **CHICAGO), service=service)
    problem = replace(problem, distances={"DC": Decimal(km)})
    assert promised(problem, RoutingRules(transit=rows)) == utc(arrives)


def test_transit_rows_may_be_of_one_country_and_the_rest_goes_by_its_kilometres() -> None:
    rules = RoutingRules(transit=(Transit(country="CA", days=9),), km_per_day=Decimal(1))
    problem = asked("2026-11-24T12:00", node("DC"), country="US")
    assert promised(problem, rules) == utc("2026-11-25T12:00")
    assert promised(replace(problem, country="CA"), rules) == utc("2026-12-03T12:00")


def test_a_late_day_costs_what_the_promised_date_says() -> None:
    """Left on Monday, there on Tuesday at 21:00; promised for Saturday noon: four days late."""
    rules = RoutingRules(transit=(GROUND,), lateness_per_day=Decimal(3))
    problem = asked("2026-11-27T22:00", node("DC", **CHICAGO), promise_by=utc("2026-11-28T12:00"))
    (choice,) = solve(problem, rules).choices
    assert promised(problem, rules) == utc("2026-12-01T21:00")
    assert choice.costs.lateness == Decimal(12)


def test_a_node_that_cannot_make_a_hard_promise_is_out_with_both_days() -> None:
    """The near one works on weekdays and would be a day too late; the dear one works on Saturday, too."""
    near, far = node("NEAR", **CHICAGO), node("FAR", **CHICAGO, weekdays=[1, 2, 3, 4, 5, 6])
    rules = RoutingRules(transit=(Transit(days=1),), keep_promise=True, lateness_per_day=Decimal(0))
    problem = asked("2026-11-27T22:00", near, far, promise_by=utc("2026-11-30T23:59"))
    problem = replace(problem, offers=(Offer("NEAR", "MUG", ONE, ONE), Offer("FAR", "MUG", ONE, Decimal(99))))
    decision = solve(problem, rules)
    assert [each.node for each in decision.choices] == ["FAR"]
    (other,) = explain(problem, rules, decision)
    assert (other.rule, other.detail) == ("promise", "would arrive on 2026-12-01, promised by 2026-11-30")
    alone = solve(replace(problem, offers=problem.offers[:1]), rules)
    assert alone.unfilled[0].reason == "no node may send it: NEAR cannot deliver by the promised date"


def test_a_hard_promise_missed_by_hours_tells_the_hours() -> None:
    rules = RoutingRules(transit=(Transit(days=0),), keep_promise=True)
    problem = asked("2026-11-24T12:00", node("DC", **CHICAGO), promise_by=utc("2026-11-24T20:00"))
    (other,) = explain(problem, rules, solve(problem, rules))
    assert other.detail == "would arrive on 2026-11-24 21:00 UTC, promised by 2026-11-24 20:00 UTC"


def test_what_a_customer_collects_is_never_taken_away_for_its_date() -> None:
    rules = RoutingRules(keep_promise=True)
    problem = asked("2026-11-27T22:00", node("ST", **CHICAGO), pick_up="ST", promise_by=utc("2026-11-27T23:00"))
    assert [each.node for each in solve(problem, rules).choices] == ["ST"]


def test_a_frozen_question_keeps_its_service_and_its_calendars() -> None:
    problem = asked("2026-11-27T22:00", node("DC", **CHICAGO), service="Ground")
    again = thaw(freeze(problem))
    assert again == problem
    assert input_hash(again) == input_hash(problem)


def test_a_question_of_before_there_were_calendars_is_answered_as_it_was() -> None:
    old = freeze(asked("2026-11-27T22:00", node("DC", **CHICAGO), calendars=False))
    assert not {"calendars", "service"} & old.keys()
    assert promised(thaw(old), RoutingRules()) < utc("2026-11-27T22:03")
