"""What the dispatcher asks all day stays a few seeks in an index, however long the queue is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Select, insert, text

from hub.delivery import claims
from hub.delivery.claims import DUE, SURVEY, Want
from hub.model.state import DeliveryState
from hub.store import connections, deliveries
from hub.store.engine import Store
from hub.store.tables import delivery
from hub.testing.clock import FakeClock
from tests.delivery.world import World, fulfilment

QUEUED = 20_000
PARTNERS = 20


def fill(store: Store, clock: FakeClock) -> None:
    """A long queue of every sort: half of it in chains, some waiting, many long done."""
    doc = fulfilment("F").model_dump(mode="json")

    def rows() -> Iterator[dict[str, object]]:
        for number in range(QUEUED):
            state = "confirmed" if number % 3 == 0 else "waiting" if number % 10 == 1 else "queued"
            yield {
                "connection": f"p{number % PARTNERS}",
                "document": "po",
                "kind": "fulfilment",
                "entity": f"order:{number // 40}",
                "latest_wins": False,
                "key": f"F{number}",
                "state": state,
                "record": doc,
                "named": False,
                "doubt": False,
                "attempts": 0,
                "tries": 0,
                "due_at": clock.now() + timedelta(seconds=number % 100 - 50),
                "created_at": clock.now(),
                "updated_at": clock.now(),
            }

    made = list(rows())
    with store.write() as tx:
        for n in range(PARTNERS):
            connections.ensure(tx, f"p{n}", "fake", "", clock.now())
            connections.go_live(tx, f"p{n}", clock.now() - timedelta(days=1), clock.now())
        for start in range(0, len(made), 1000):
            tx.execute(insert(delivery), made[start : start + 1000])
        tx.execute(text("ANALYZE"))


def plan(tx: Connection, sql: str) -> str:
    prefix = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(tuple(row)) for row in tx.exec_driver_sql(f"{prefix} {sql}"))


def literal(tx: Connection, statement: Select[Any]) -> str:
    return str(statement.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True}))


def test_what_is_due_is_found_by_indexes_alone(store: Store, clock: FakeClock) -> None:
    fill(store, clock)
    values = {"code": "p3", "state": "queued", "now": clock.now()}
    with store.write() as tx:
        told = plan(tx, literal(tx, DUE.limit(16).params(values)))
    assert "ix_delivery_connection_delivery_state_delivery_due_at" in told
    assert (
        "ix_delivery_connection_delivery_entity_delivery_state" in told or "ix_delivery_connection_delivery_ent" in told
    )
    assert "SCAN delivery" not in told
    assert "Seq Scan" not in told
    assert "TEMP B-TREE" not in told


def test_the_survey_reads_an_end_of_an_index_for_each_connection_and_state(store: Store, clock: FakeClock) -> None:
    fill(store, clock)
    with store.write() as tx:
        told = plan(tx, literal(tx, SURVEY))
    assert "SCAN delivery" not in told
    assert "Seq Scan on delivery" not in told


def test_what_is_parked_is_found_without_reading_the_queue(store: Store, clock: FakeClock) -> None:
    fill(store, clock)
    with store.write() as tx:
        tx.execute(text("UPDATE delivery SET state = 'parked' WHERE id = 5"))
        told = plan(tx, "SELECT * FROM delivery WHERE state IN ('parked', 'unknown') ORDER BY id + 0 DESC LIMIT 200")
        assert "SCAN delivery" not in told
        assert "Seq Scan" not in told
        assert [each.id for each in deliveries.search(tx, states=[DeliveryState.PARKED])] == [5]


@pytest.mark.parametrize("room", [1, 16])
def test_claiming_from_a_long_queue_reads_what_it_claims_and_little_more(
    sqlite_store: Store, clock: FakeClock, room: int
) -> None:
    fill(sqlite_store, clock)
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    with sqlite_store.write() as tx:
        raw = tx.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(step, 100)
        claimed = claims.claim(tx, [Want("p3", room, None)], "w", clock.now())
        raw.set_progress_handler(None, 0)
    assert len(claimed.claims) == room
    assert steps[0] * 100 < 3000 + room * 3000, "virtual machine steps, out of a million that a scan would take"


def test_the_first_of_each_entity_is_found_after_analyze_too(store: Store, clock: FakeClock) -> None:
    """SQLite 3.40.1, with statistics, took a row for earlier than itself, and nothing was ever due."""
    fill(store, clock)
    with store.write() as tx:
        claimed = claims.claim(tx, [Want("p3", 10_000, None)], "w", clock.now()).claims
        claimed_ids = {each.delivery.id for each in claimed}
        rows = deliveries.search(tx, connection="p3", limit=10_000)[::-1]
    unfinished = [row for row in rows if row.state is not DeliveryState.CONFIRMED]
    first = {row.entity: row.id for row in reversed(unfinished)}
    due = {row.id for row in unfinished if row.due_at <= clock.now() and first[row.entity] == row.id}
    assert claimed_ids == due
    assert len(due) > 100


def test_a_long_chain_behind_one_that_waits_is_not_looked_through(world: World) -> None:
    world.partners["acme"].script.append("temporary")
    world.enqueue(*(f"c{n}" for n in range(300)), entity="order:long")
    world.runner.run_due()
    with world.store.read() as tx:
        rows = deliveries.search(tx, entity="order:long", limit=1000)
    assert {row.due_at for row in rows} == {rows[-1].due_at}, "none is due before the first"
