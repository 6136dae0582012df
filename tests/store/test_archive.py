"""The archive: contents byte for byte, kept once, forgotten only when nothing needs them."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from hub.contract import BadRecord
from hub.model.state import DeliveryState
from hub.store import archive, messages, parking
from hub.store.archive import PART, ContentDamaged, ContentGone
from hub.store.engine import Store
from hub.store.tables import archive as table
from hub.store.tables import delivery, message

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
LATER = NOW + timedelta(days=10)


def parts(tx: Connection) -> int:
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 3 * PART])
def test_a_content_comes_back_byte_for_byte(store: Store, size: int) -> None:
    content = os.urandom(min(size, 1000)) * (size // 1000 + 1)
    content = content[:size]
    with store.write() as tx:
        sha256 = archive.keep(tx, content, NOW)
        assert sha256 == hashlib.sha256(content).hexdigest()
        assert archive.load(tx, sha256) == content
        assert parts(tx) == max(1, -(-size // PART))


def test_a_content_is_kept_once_and_compressed(store: Store) -> None:
    with store.write() as tx:
        first = archive.keep(tx, b"a" * 100_000, NOW)
        assert archive.keep(tx, b"a" * 100_000, LATER) == first
        (stored,) = tx.execute(select(table.c.content)).scalars()
        assert len(stored) < 1000


def test_what_is_not_there_is_named_with_a_reason(store: Store) -> None:
    with store.read() as tx, pytest.raises(ContentGone, match=r"no content abc: its retention has ended"):
        archive.load(tx, "abc")


@pytest.mark.parametrize("damage", ["swapped", "cut", "not compressed"])
def test_damage_is_noticed(store: Store, damage: str) -> None:
    with store.write() as tx:
        sha256 = archive.keep(tx, os.urandom(PART) + b"end", NOW)
        other = archive.keep(tx, b"other", NOW)
        if damage == "swapped":
            taken = select(table.c.content).where(table.c.sha256 == other).scalar_subquery()
            tx.execute(update(table).where(table.c.sha256 == sha256, table.c.part == 1).values(content=taken))
        elif damage == "cut":
            tx.execute(delete(table).where(table.c.sha256 == sha256, table.c.part == 1))
        else:
            tx.execute(update(table).where(table.c.sha256 == sha256).values(content=b"?"))
        with pytest.raises(ContentDamaged, match="restore the database from a backup"):
            archive.load(tx, sha256)


# --- retention -------------------------------------------------------------------------------------------------------


def receive(tx: Connection, content: bytes) -> tuple[int, str]:
    received = messages.receive(
        tx, connection="acme", document="stock", key=content.decode(), name="", content=content, now=NOW
    )
    return received.id, hashlib.sha256(content).hexdigest()


def put_delivery(tx: Connection, sha256: str, state: DeliveryState) -> None:
    values = {"connection": "acme", "document": "po", "kind": "purchase_order", "entity": "e", "latest_wins": False}
    values |= {"key": state, "state": state, "record": {}, "named": False, "doubt": False, "attempts": 0, "tries": 0}
    values |= {"due_at": NOW, "created_at": NOW, "updated_at": NOW, "content_sha256": sha256}
    tx.execute(insert(delivery).values(values))


def test_what_is_old_and_needed_by_nothing_is_forgotten(store: Store) -> None:
    with store.write() as tx:
        old = archive.keep(tx, b"old", NOW)
        young = archive.keep(tx, b"young", LATER)
        assert archive.expire(tx, LATER) == 1
        with pytest.raises(ContentGone):
            archive.load(tx, old)
        assert archive.load(tx, young) == b"young"


def test_keeping_again_begins_the_retention_anew(store: Store) -> None:
    with store.write() as tx:
        archive.keep(tx, b"same", NOW)
        archive.keep(tx, b"same", LATER)
        assert archive.expire(tx, LATER) == 0


def test_messages_that_are_not_applied_keep_their_bytes(store: Store) -> None:
    with store.write() as tx:
        waiting, _ = receive(tx, b"waiting")
        applied, applied_sha = receive(tx, b"applied")
        messages.applied(tx, applied, 1, 0, "h", NOW)
        quarantined, _ = receive(tx, b"quarantined")
        tx.execute(update(message).where(message.c.id == quarantined).values(state="quarantined"))
        assert archive.expire(tx, LATER) == 1
        with pytest.raises(ContentGone):
            archive.load(tx, applied_sha)
        messages.applied(tx, waiting, 1, 0, "h", NOW)
        assert archive.expire(tx, LATER) == 1


def test_messages_with_parked_records_keep_their_bytes_until_those_are_resolved(store: Store) -> None:
    with store.write() as tx:
        number, _ = receive(tx, b"parked")
        messages.applied(tx, number, 1, 1, "h", NOW)
        parking.park(tx, number, "acme", "stock", BadRecord("no", record="row 1"), NOW)
        assert archive.expire(tx, LATER) == 0
        parking.resolve(tx, message_id=number, why="done", now=NOW)
        assert archive.expire(tx, LATER) == 1


OVER = {DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.CANCELLED}


@pytest.mark.parametrize("state", list(DeliveryState))
def test_deliveries_keep_their_bytes_until_they_are_over(store: Store, state: DeliveryState) -> None:
    with store.write() as tx:
        put_delivery(tx, archive.keep(tx, b"PO", NOW), state)
        assert archive.expire(tx, LATER) == (1 if state in OVER else 0)


def test_bytes_that_two_need_stay_while_one_of_them_does(store: Store) -> None:
    with store.write() as tx:
        sha256 = archive.keep(tx, b"PO", NOW)
        put_delivery(tx, sha256, DeliveryState.CONFIRMED)
        put_delivery(tx, sha256, DeliveryState.PARKED)
        assert archive.expire(tx, LATER) == 0


def test_expiring_goes_in_bounded_steps(store: Store) -> None:
    with store.write() as tx:
        for number in range(5):
            archive.keep(tx, bytes([number]), NOW)
        assert [archive.expire(tx, LATER, limit=2) for _ in range(4)] == [2, 2, 1, 0]
