from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hub.model.document import Kind
from hub.store.engine import Store
from hub.testing.clock import FakeClock
from tests.delivery.world import World


@pytest.fixture
def make_world(clock: FakeClock) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(store: Store, *, idempotent: bool = False) -> World:
        made.append(World(store, clock, frozenset({Kind.FULFILMENT}) if idempotent else frozenset()))
        return made[-1]

    yield make
    for each in made:
        each.links.close()


@pytest.fixture
def world(store: Store, make_world: Callable[..., World]) -> World:
    """A hub on each database, with a live partner `acme`."""
    made = make_world(store)
    made.connect()
    return made


@pytest.fixture
def local(sqlite_store: Store, make_world: Callable[..., World]) -> World:
    """The same on SQLite alone, for what no database has a part in."""
    made = make_world(sqlite_store)
    made.connect()
    return made
