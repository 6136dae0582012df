"""What the tests of routing files share: files written into a folder, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.mapping.problem import MappingErrors
from hub.model.order import SalesOrder
from hub.policy.facts import Asked, worth_of
from hub.policy.library import checked_policy
from hub.policy.policy import Policy
from hub.routing.rules import RoutingRules

Write = Callable[[str], Policy]


def an_order(**fields: Any) -> SalesOrder:
    at = datetime(2026, 11, 20, 6, tzinfo=UTC)
    given = {"channel": "shop", "order_id": "1", "number": "#1", "placed_at": at, "updated_at": at, "currency": "USD"}
    lines = [{"line_id": "1", "sku": "MUG", "quantity": 2, "price": 10}]
    return SalesOrder.model_validate(given | {"lines": lines} | fields)


def asked(**fields: Any) -> Asked:
    order = an_order(**fields)
    return Asked(order, worth_of(order))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that makes a policy of the text of one file."""

    def made(text: str) -> Policy:
        path = tmp_path / "routing.toml"
        path.write_text(f"version = 1\n{text}", "utf-8")
        return checked_policy([path], RoutingRules(split_penalty=Decimal(3))).policy

    return made


@pytest.fixture
def problems(write: Write) -> Callable[[str], list[str]]:
    """Return a function that says what is wrong with a file, each as `line:column: words`."""

    def found(text: str) -> list[str]:
        try:
            write(text)
        except MappingErrors as error:
            return [str(each).partition("routing.toml:")[2] for each in error.problems]
        return []

    return found
