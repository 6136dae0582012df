"""Which orders a table of conditions takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.policy.conftest import Write, asked

TAKES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    'channel = "shop"': ({}, {"channel": "amazon"}),
    'channel = ["amazon", "SHOP"]': ({}, {"channel": "ebay"}),
    'tags = "vip"': ({"tags": {"VIP", "new"}}, {"tags": {"new"}}),
    'tags = { all = ["vip", "new"] }': ({"tags": {"vip", "new", "x"}}, {"tags": {"vip"}}),
    'tags = { none = ["test"] }': ({}, {"tags": {"test"}}),
    "value = { from = 20, below = 100 }": ({}, {"total": {"amount": 100, "currency": "USD"}}),
    "value = { above = 20 }": ({"total": {"amount": "20.01", "currency": "USD"}}, {}),
    "value = { to = 20 }": ({}, {"total": {"amount": 21, "currency": "USD"}}),
    'type = "preorder"': ({"kind": "Preorder"}, {}),
    'region = ["IL", "IN"]': ({"ship_to": {"country": "US", "region": "IL"}}, {"ship_to": {"country": "US"}}),
    'ship_to.country = { not = "US" }': ({"ship_to": {"country": "CA"}}, {"ship_to": {"country": "US"}}),
    '"ship_to.postal_code" = { like = "606*" }': (
        {"ship_to": {"country": "US", "postal_code": "60611"}},
        {"ship_to": {"country": "US", "postal_code": "10001"}},
    ),
    'service = { like = "*express*" }': ({"service": "UPS Express Saver"}, {"service": "Ground"}),
    "b2b = true": ({"b2b": True}, {}),
    "company = { given = true }": ({"ship_to": {"country": "US", "company": "ACME"}}, {"ship_to": {"country": "US"}}),
    'method = "pick_up"': ({"method": "pick_up"}, {}),
    'line.sku = { like = "MUG*" }': ({}, {"lines": [{"line_id": "1", "sku": "CUP", "quantity": 1}]}),
    'line.sku = { only = ["MUG"] }': (
        {},
        {"lines": [{"line_id": "1", "sku": "MUG", "quantity": 1}, {"line_id": "2", "sku": "CUP", "quantity": 1}]},
    ),
    "units = { from = 2 }": ({}, {"lines": [{"line_id": "1", "sku": "MUG", "quantity": 1}]}),
    "lines = 1": ({}, {"lines": []}),
    "placed_at = { from = 2026-11-20T00:00:00Z }": ({}, {"placed_at": "2026-11-19T00:00:00Z"}),
    'risk = "high"\npayment = { any = ["pending", "authorized"] }': (
        {"risk": "high", "payment": "Pending"},
        {"risk": "high", "payment": "paid"},
    ),
}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ('placed_at = "2026-11-20"', "placed_at is a time with its zone, and '2026-11-20' is not"),
        ("placed_at = 2026-11-20T00:00:00", "placed_at is a time with its zone"),
        ('lines = "one"', "lines is a number, and 'one' is not"),
        ("channel = 3", "channel is a text, and 3 is not"),
    ],
)
def test_a_value_of_another_kind_is_told_with_what_is_meant(
    problems: Callable[[str], list[str]], condition: str, words: str
) -> None:
    (told,) = problems(f'[[rules]]\nname = "mine"\n[rules.orders]\n{condition}\n')
    assert words in told


@pytest.mark.parametrize("condition", TAKES)
def test_a_condition_takes_what_it_means_and_nothing_else(write: Write, condition: str) -> None:
    policy = write(f'[[rules]]\nname = "mine"\n[rules.orders]\n{condition}\n')
    yes, no = TAKES[condition]
    assert policy.ruling(asked(**yes)).rule_set.name == "mine"
    assert policy.ruling(asked(**no)).rule_set.name == ""


def test_an_order_whose_value_nobody_can_work_out_is_in_no_range(write: Write) -> None:
    policy = write('[[rules]]\nname = "mine"\norders.value.from = 0\n')
    without = asked()
    assert policy.ruling(type(without)(without.order, None)).rule_set.name == ""


def test_an_empty_table_takes_every_order(write: Write) -> None:
    assert write('[[rules]]\nname = "all"\n').ruling(asked()).rule_set.name == "all"
