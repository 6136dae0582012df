"""Routing rules read from a file: exact numbers, all faults at once, and a hash that changes with any rule."""

from __future__ import annotations

import tomllib
from decimal import Decimal

import pytest
from pydantic import ValidationError

from hub.model.node import NodeKind
from hub.routing.rules import RoutingRules, RulesError, load_rules


def test_numbers_are_taken_as_they_are_written() -> None:
    rules = load_rules(tomllib.loads("split_penalty = 0.1\nunknown_km = 900\n[keep_back]\nstore = 2.5\n"))
    assert (rules.split_penalty, rules.unknown_km) == (Decimal("0.1"), 900)
    assert rules.keep_back == {NodeKind.STORE: Decimal("2.5")}


def test_no_rules_are_the_defaults() -> None:
    assert load_rules({}) == RoutingRules()


def test_every_fault_is_told_at_once_with_a_suggestion() -> None:
    with pytest.raises(RulesError) as caught:
        load_rules({"split_penality": 1, "zebra": 2, "max_splits": -1, "keep_back": {"shop": 1}})
    problems = caught.value.problems
    assert problems[:2] == (
        "split_penality: there is no such rule; did you mean 'split_penalty'?",
        "zebra: there is no such rule",
    )
    assert [problem.split(":")[0] for problem in problems[2:]] == ["max_splits", "keep_back.shop.[key]"]
    assert all(problem in str(caught.value) for problem in problems)


def test_a_wrong_name_alone_is_a_fault_too() -> None:
    with pytest.raises(RulesError, match="there is no such rule"):
        load_rules({"zebra": 2})


@pytest.mark.parametrize("name", ["split_penalty", "unknown_km", "duty_percent"])
@pytest.mark.parametrize("value", ["NaN", "-1", "1e9", float("inf")])
def test_no_rule_takes_a_number_that_is_none(name: str, value: object) -> None:
    with pytest.raises(RulesError, match=name):
        load_rules({name: value})


def test_the_hash_is_the_same_for_equal_rules_and_differs_with_each_rule() -> None:
    changes: dict[str, object] = {
        "split_penalty": 7,
        "lateness_per_day": 7,
        "km_per_day": 7,
        "unknown_km": 7,
        "unknown_weight_g": 7,
        "duty_percent": 7,
        "max_splits": 7,
        "ship_complete": True,
        "domestic_only": True,
        "split_lines": False,
        "partial_lines": False,
        "keep_back": {"store": 7},
        "only_kinds": ["store"],
        "only_nodes": ["DC"],
        "never_nodes": ["DC"],
        "max_km": 7,
        "rate_cards": [{"name": "ground", "steps_kg": [1], "prices": [[4]]}],
        "keep_promise": True,
        "transit": [{"days": 7}],
        "exact_lines": 7,
        "search_limit": 7,
        "work_limit": 7,
    }
    assert set(changes) == set(RoutingRules.model_fields)
    hashes = {load_rules({name: value}).hash for name, value in changes.items()}
    assert len(hashes | {RoutingRules().hash}) == len(changes) + 1
    assert load_rules({"split_penalty": "1.00"}).hash == RoutingRules().hash


def test_rules_are_never_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        RoutingRules().max_splits = 3  # type: ignore[misc]
