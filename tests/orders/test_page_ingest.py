"""A page of orders is applied together; a bad one among them is parked alone and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from hub.contract import BadRecord, Connector, DocumentSpec, RawItem
from hub.model.document import Direction, Kind
from hub.model.order import SalesOrder
from hub.services.intake import ingest
from hub.services.intake.keeping import Inlet
from hub.store import messages
from hub.store.messages import MessageRow


class Shop:
    """A connector that reads what a test wrote."""

    def parse(self, _document: str, item: RawItem) -> Iterator[SalesOrder | BadRecord]:
        if item.content == b"torn":
            yield BadRecord("the order is torn", record=item.key, code="torn")
        else:
            yield SalesOrder.model_validate_json(item.content)


@pytest.fixture
def inlet() -> Inlet:
    return Inlet("shop", cast("Connector", Shop()), DocumentSpec("orders", Direction.IN, Kind.SALES_ORDER), "h")


def received(world: Any, *contents: bytes) -> list[MessageRow]:
    with world.store.write() as tx:
        now = world.clock.now()
        ids = [
            messages.receive(
                tx, connection="shop", document="orders", key=f"k{number}", name="", content=content, now=now
            ).id
            for number, content in enumerate(contents)
        ]
        return messages.by_ids(tx, ids)


def raw(world: Any, number: int, **fields: Any) -> bytes:
    return bytes(world.made(str(number), lines={"L1": ("CUP", 1)}, **fields).model_dump_json().encode())


def test_a_page_is_applied_and_every_message_is_done(world: Any, inlet: Inlet) -> None:
    world.source_of("acme", "CUP", 500)
    page = received(world, *(raw(world, number) for number in range(70)))
    counts = ingest.apply_messages(world.desk, inlet, page)
    assert (counts.read, counts.changed, counts.parked) == (70, 70, 0)
    assert world.where("69") == {("allocated", "ACME"): 1}
    assert world.read(lambda tx: messages.waiting(tx, 100)) == []


def test_the_same_page_again_changes_nothing(quick_world: Any, inlet: Inlet) -> None:
    page = received(quick_world, raw(quick_world, 1), raw(quick_world, 2))
    ingest.apply_messages(quick_world.desk, inlet, page)
    assert ingest.apply_messages(quick_world.desk, inlet, page).changed == 0


def test_what_cannot_be_read_or_applied_is_parked_alone(quick_world: Any, inlet: Inlet) -> None:
    quick_world.source_of("acme", "CUP", 500)
    alien = raw(quick_world, 2, channel="outlet")
    page = received(quick_world, raw(quick_world, 1), alien, b"torn", raw(quick_world, 3))
    counts = ingest.apply_messages(quick_world.desk, inlet, page)
    assert (counts.read, counts.changed, counts.parked) == (4, 2, 2)
    assert [failure.partner for failure in quick_world.failures()] == ["shop", "shop"]
    assert {quick_world.status(number) for number in ("1", "3")} == {"in_progress"}


def test_what_just_came_is_applied_from_memory_and_is_as_done(quick_world: Any, inlet: Inlet) -> None:
    quick_world.source_of("acme", "CUP", 500)
    contents = raw(quick_world, 1), b"torn"
    page = received(quick_world, *contents)
    by_id = {row.id: content for row, content in zip(page, contents, strict=True)}
    counts = ingest.apply_messages(quick_world.desk, inlet, page, by_id)
    assert (counts.read, counts.changed, counts.parked) == (2, 1, 1)
    assert quick_world.read(lambda tx: messages.waiting(tx, 100)) == []
    rows = quick_world.read(lambda tx: messages.by_ids(tx, by_id))
    assert [(row.records, row.parked) for row in rows] == [(1, 0), (1, 1)]


def test_a_chunk_that_is_run_again_counts_once(quick_world: Any, inlet: Inlet, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL may end a transaction for the sake of another one, and the same is run again."""
    quick_world.source_of("acme", "CUP", 500)
    page = received(quick_world, raw(quick_world, 1), b"torn", *(raw(quick_world, number) for number in range(2, 90)))
    store = quick_world.desk.store

    def each_twice(work: Callable[[Connection], bool]) -> bool:
        with suppress(_Ended), store.write() as tx:
            work(tx)
            raise _Ended
        with store.write() as tx:
            return work(tx)

    monkeypatch.setattr(store, "transact", each_twice)
    counts = ingest.apply_messages(quick_world.desk, inlet, page)
    assert (counts.read, counts.changed, counts.parked) == (90, 89, 1)
    assert quick_world.read(lambda tx: messages.waiting(tx, 100)) == []
    assert len(quick_world.failures()) == 1


class _Ended(Exception):
    """The database ended the transaction."""
