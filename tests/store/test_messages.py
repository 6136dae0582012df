"""Inbound messages and parked records."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.store import archive, messages, parking
from hub.store.engine import Store
from hub.store.messages import Received

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def receive(tx: Connection, key: str = "ack-1", content: bytes = b"PO,Line\n") -> Received:
    return messages.receive(
        tx, connection="acme", document="acknowledgement", key=key, name="ACK_1.csv", content=content, now=NOW, run_id=7
    )


def test_a_received_document_waits_with_its_bytes_in_the_archive(store: Store) -> None:
    with store.write() as tx:
        received = receive(tx)
        assert received.fresh
        (row,) = messages.waiting(tx, 10)
        assert (row.id, row.key, row.name, row.size, row.run_id) == (received.id, "ack-1", "ACK_1.csv", 8, 7)
        assert row.received_at == NOW
        assert archive.load(tx, row.sha256) == b"PO,Line\n"


@pytest.mark.parametrize(
    ("said", "kept"), [(None, None), (NOW - timedelta(hours=1), NOW - timedelta(hours=1)), (LATER, NOW)]
)
def test_a_document_is_dated_as_it_says_but_never_later_than_it_came(
    store: Store, said: datetime | None, kept: datetime | None
) -> None:
    with store.write() as tx:
        values = {"connection": "acme", "document": "stock", "key": "k", "name": "", "content": b"", "now": NOW}
        row = messages.get(tx, messages.receive(tx, **values, dated_at=said).id)
        assert row is not None
        assert row.dated_at == kept


def test_the_same_document_twice_is_a_no_op(store: Store) -> None:
    with store.write() as tx:
        first = receive(tx)
        assert receive(tx) == Received(first.id, fresh=False)
        assert len(messages.waiting(tx, 10)) == 1


def test_the_same_key_with_other_bytes_is_quarantined_and_needs_a_person(store: Store) -> None:
    with store.write() as tx:
        first = receive(tx)
        other = receive(tx, content=b"other")
        assert (other.fresh, other.quarantined) == (False, True)
        assert [row.id for row in messages.waiting(tx, 10)] == [first.id]
        kept = messages.get(tx, other.id)
        assert kept is not None
        assert kept.state == "quarantined"
        assert archive.load(tx, kept.sha256) == b"other"
        (parked,) = parking.search(tx)
        assert parked.message_id == other.id
        assert "ack-1 came again with other content" in parked.error
        assert "ask acme which one counts" in parked.todo
        assert receive(tx, content=b"other") == other
        assert len(parking.search(tx)) == 1


def test_a_quarantined_document_can_be_let_through(store: Store) -> None:
    with store.write() as tx:
        receive(tx)
        other = receive(tx, content=b"other")
        assert messages.apply_again(tx, other.id)
        assert other.id in [row.id for row in messages.waiting(tx, 10)]
        assert not messages.apply_again(tx, 999)


def test_waiting_is_in_order_bounded_and_of_one_connection_when_asked(store: Store) -> None:
    with store.write() as tx:
        ids = [receive(tx, key=f"k{number}").id for number in range(4)]
        assert [row.id for row in messages.waiting(tx, 3)] == ids[:3]
        assert messages.waiting(tx, 3, connection="nobody") == []
        messages.applied(tx, ids[0], 5, 1, "hash", LATER)
        assert [row.id for row in messages.waiting(tx, 10)] == ids[1:]
        applied = messages.get(tx, ids[0])
        assert applied is not None
        assert (applied.state, applied.records, applied.parked, applied.mapping_hash, applied.applied_at) == (
            "applied",
            5,
            1,
            "hash",
            LATER,
        )


@pytest.mark.parametrize("key", ["x" * 600, "caf\udce9.csv", "nul\x00.csv"])
def test_a_key_that_no_column_holds_is_still_the_same_key_next_time(store: Store, key: str) -> None:
    with store.write() as tx:
        first = receive(tx, key=key)
        assert receive(tx, key=key) == Received(first.id, fresh=False)
        found = messages.by_key(tx, "acme", "acknowledgement", key)
        assert found is not None
        assert found.id == first.id


def test_a_long_key_with_other_bytes_is_quarantined_too(store: Store) -> None:
    with store.write() as tx:
        receive(tx, key="x" * 600)
        other = receive(tx, key="x" * 600, content=b"other")
        assert other.quarantined
        assert receive(tx, key="x" * 600, content=b"other") == other


def bad(record: str, why: str = "no number", field: str = "quantity") -> BadRecord:
    return BadRecord(why, record=record, field=field, raw="A,x\x00", todo="fix the file", code="number")


def test_a_parked_record_says_everything_a_person_needs(store: Store) -> None:
    with store.write() as tx:
        message = receive(tx).id
        parking.park(tx, message, "acme", "stock", bad("row 7"), NOW)
        (row,) = parking.search(tx, connection="acme", document="stock", message_id=message)
        assert (row.record, row.field, row.error, row.todo, row.code) == (
            "row 7",
            "quantity",
            "no number",
            "fix the file",
            "number",
        )
        assert row.error_class == "BadRecord"
        assert row.raw == "A,x\\x00"
        assert row.parked_at == NOW


def test_parking_the_same_record_again_replaces_the_words_and_opens_it(store: Store) -> None:
    with store.write() as tx:
        message = receive(tx).id
        number = parking.park(tx, message, "acme", "stock", bad("row 7"), NOW)
        parking.resolve(tx, ids=[number], state="closed", why="never mind", now=NOW)
        assert parking.search(tx) == []
        assert parking.park(tx, message, "acme", "stock", bad("row 7", "still no number"), LATER) == number
        (row,) = parking.search(tx)
        assert (row.error, row.parked_at, row.changed_at) == ("still no number", NOW, LATER)


def test_records_that_went_through_are_resolved_and_the_others_stay(store: Store) -> None:
    with store.write() as tx:
        message = receive(tx).id
        for number in (1, 2, 3):
            parking.park(tx, message, "acme", "stock", bad(f"row {number}"), NOW)
        assert parking.resolve_mended(tx, message, {("row 2", "quantity")}, LATER) == 2
        assert [row.record for row in parking.search(tx)] == ["row 2"]
        assert {row.state for row in parking.search(tx, state=None)} == {"open", "resolved"}


def test_resolving_names_its_records_or_does_nothing(store: Store) -> None:
    with store.write() as tx:
        message = receive(tx).id
        parking.park(tx, message, "acme", "stock", bad("row 1"), NOW)
        assert parking.resolve(tx, why="nothing named", now=NOW) == 0
        assert parking.resolve(tx, message_id=message, why="done by hand", now=LATER) == 1
        assert parking.search(tx, state="resolved")[0].closed_why == "done by hand"
        assert parking.search(tx) == []
