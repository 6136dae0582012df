"""What is parked of older snapshots when a newer one is not whole."""

from __future__ import annotations

from hub.contract import BadRecord
from hub.store import messages, parking
from tests.stock.conftest import Feeding


def park(feeding: Feeding, *bad: BadRecord) -> None:
    """Apply a snapshot with these bad rows and one good one, and park them as ingest does."""
    good = feeding.figure("A", 5)
    result = feeding.apply(good, *bad)
    with feeding.desk.store.write() as tx:
        (message,) = messages.waiting(tx, 1)
        for each in result.parked:
            parking.park(tx, message.id, "acme", "stock", each, feeding.desk.clock.now())
        messages.applied(tx, message.id, 2, len(result.parked), "hash", feeding.desk.clock.now())


def still_open(feeding: Feeding) -> list[tuple[str, str]]:
    with feeding.desk.store.read() as tx:
        return [(each.record, each.raw) for each in parking.search(tx)]


def bad(raw: str, record: str = "row 7", **known: str) -> BadRecord:
    return BadRecord("no number", record=record, field="quantity", raw=raw, known=known)


def test_a_suspended_snapshot_closed_older_rows_that_it_had_not_said_again(feeding: Feeding) -> None:
    park(feeding, bad("B,many", sku="B"))
    park(feeding, bad("?,9"))
    assert feeding.feeds()[-1][0] == "suspended"
    assert still_open(feeding) == [("row 7", "B,many"), ("row 7", "?,9")]


def test_what_is_as_bad_in_the_next_one_stands_once(feeding: Feeding) -> None:
    park(feeding, bad("B,many", sku="B"), bad("?,9", "row 8"))
    park(feeding, bad("?,9", "row 8"))
    assert still_open(feeding) == [("row 7", "B,many"), ("row 8", "?,9")]


def test_a_whole_one_says_everything_again(feeding: Feeding) -> None:
    park(feeding, bad("?,9"))
    park(feeding, bad("B,many", sku="B"))
    assert [state for state, *_ in feeding.feeds()] == ["suspended", "applied"]
    assert still_open(feeding) == [("row 7", "B,many")]
