"""A circle for each test that asks for one; every process is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.circle import Circle


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Callable[..., Circle]]:
    made: list[Circle] = []

    def make(orders: int, seed: int, *options: str) -> Circle:
        made.append(Circle(tmp_path / f"circle{len(made)}", orders, seed, *options))
        made[-1].start_sandbox()
        return made[-1]

    yield make
    for each in made:
        each.close()
