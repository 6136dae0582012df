"""Rows are counted by state exactly, and the history costs nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert

from hub.store.engine import Store
from hub.store.tables import delivery, purchase
from hub.store.tally import tally

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
_FLAGS = {"latest_wins": False, "named": False, "doubt": False, "attempts": 0, "tries": 0, "due_at": NOW}


def deliveries(values: list[tuple[str, str]], first: int = 1) -> list[dict[str, object]]:
    of = {"connection": "acme", "document": "order", "entity": "e", "record": {}, "created_at": NOW, "updated_at": NOW}
    return [
        {**_FLAGS, **of, "id": number, "key": f"{number}", "kind": kind, "state": state}
        for number, (kind, state) in enumerate(values, first)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_of_plain_counting(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    states = rng.sample(("sent", "parked", "queued", "waiting"), rng.randint(1, 4))
    values = [(rng.choice(("order", "stock")), rng.choices(states, range(1, len(states) + 1))[0]) for _ in range(300)]
    with store.write() as tx:
        assert tally(tx, delivery, "kind", "state") == {}
        tx.execute(insert(delivery), deliveries(values))
        assert tally(tx, delivery, "kind", "state") == Counter(values)
        assert tally(tx, purchase, "state") == {}
        tx.execute(delete(delivery).where(delivery.c.id > 20, delivery.c.id < 290))
        kept = values[:20] + values[289:]
        assert tally(tx, delivery, "kind", "state") == Counter(kept)


def test_a_wrong_guess_costs_no_exactness(sqlite_store: Store) -> None:
    """Every third of the rows that are looked at is of the value that is rare."""
    values = [("order", "parked" if number % 10 == 0 else "sent") for number in range(1, 1001)]
    with sqlite_store.write() as tx:
        tx.execute(insert(delivery), deliveries(values))
        assert tally(tx, delivery, "kind", "state") == Counter(values)


def test_history_is_not_read_to_be_counted(sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        tx.execute(insert(delivery), deliveries([("order", "confirmed")] * 500 + [("order", "queued")] * 20))
        few = _work(tx)
        tx.execute(insert(delivery), deliveries([("order", "confirmed")] * 5000, first=1000))
        assert _work(tx) < few * 2


def _work(tx: object) -> int:
    """Return how many ten steps SQLite's machine takes for it."""
    steps: list[int] = []
    database = tx.connection.driver_connection  # type: ignore[attr-defined]
    database.set_progress_handler(lambda: steps.append(1), 10)
    tally(tx, delivery, "kind", "state")  # type: ignore[arg-type]
    database.set_progress_handler(None, 10)
    return len(steps)
