"""What stock and catalogue feeds share: pieces of bounded size, what is parked of them, how they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection

from hub.clock import Clock
from hub.contract import BadRecord, Mode
from hub.model.base import Record
from hub.model.partner import Partner
from hub.services.desk import Desk, Source
from hub.store import feeds, nodes, parking

R = TypeVar("R", bound=Record)
#: A transaction of a feed is to take between these seconds; its length follows, within these numbers of records.
SHORT, LONG = 0.08, 0.25
LEAST_TOGETHER, MOST_TOGETHER = 250, 8000
#: How many bad records of one feed are parked one by one; a whole file in a wrong layout is one problem, not a million.
MOST_PARKED = 1000
#: A snapshot is compared with the last one when that had so many rows; a handful may well be halved.
LEAST_COMPARED = 20
#: What is parked when a snapshot is suddenly much smaller than the last one.
SHRUNK = "snapshot shrank"


@dataclass(frozen=True, slots=True)
class FeedResult:
    """How many records a feed held, how many figures it changed, and those that need a person."""

    read: int
    changed: int
    parked: tuple[BadRecord, ...]


@dataclass(slots=True)
class Tally:
    """What has become of a feed so far."""

    read: int = 0
    changed: int = 0
    bad: int = 0
    parked: list[BadRecord] = field(default_factory=list)

    @property
    def readable(self) -> int:
        """How many records were not parked: rows in a wrong layout name nothing, however many they are."""
        return self.read - self.bad

    def park(self, bad: BadRecord) -> None:
        """Count a bad record, and keep it while there are not too many."""
        self.bad += 1
        if len(self.parked) < MOST_PARKED:
            self.parked.append(bad)

    def result(self) -> FeedResult:
        """Return the counts; what was too much to park stands as one more bad record."""
        parked = list(self.parked)
        if self.bad > len(parked):
            more = self.bad - len(parked)
            parked.append(
                BadRecord(
                    f"{more} more records could not be read",
                    record=f"{more} more",
                    todo="look at the first ones: so many mean that the file's layout is not the declared one",
                    code="too many bad records",
                )
            )
        return FeedResult(self.read, self.changed, tuple(parked))


@dataclass(slots=True)
class Feed:
    """One document of many records while it is applied."""

    desk: Desk
    source: Source
    partner: Partner
    generation: int
    at: datetime
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def begin(cls, desk: Desk, source: Source) -> Feed:
        """Write down that the document is being applied; its records hold as of `at` when they do not say otherwise."""
        partner = desk.directory.partner(source.connection)
        if partner is None:
            raise LookupError(f"no mapping file in force names {source.connection}: its feed cannot be applied")
        now = desk.clock.now()
        with desk.store.write() as tx:
            generation = feeds.begin(tx, source.connection, source.document, source.message_id, now)
        return cls(desk, source, partner, generation, min(source.at or now, now))

    def node_codes(self) -> tuple[str, ...]:
        """Return the partner's nodes by code, also those that it has just reported and that are not in force yet."""
        with self.desk.store.read() as tx:
            reported = nodes.reported(tx).get(self.partner.code, ())
        return tuple(dict.fromkeys(node.code for node in (*self.partner.nodes, *reported)))

    @property
    def is_snapshot(self) -> bool:
        """Whether what is missing in the document is gone."""
        return self.source.mode is Mode.SNAPSHOT

    def time_of(self, as_of: datetime | None) -> datetime:
        """Return when a record holds: as it says itself, but never later than now, else as the document does.

        A partner's clock that runs ahead would otherwise shut out everything that follows.
        """
        return self.at if as_of is None else min(as_of, self.desk.clock.now())

    def must_wait(self) -> bool:
        """Whether a snapshot is so much smaller than the last one that a person has to say that it is right; parks why.

        A person says so by running it again: then what is parked of it stands open while it is applied.
        """
        source, rows = self.source, self.tally.readable
        with self.desk.store.read() as tx:
            last = feeds.rows_of_last(tx, source.connection, source.document)
            open_ = parking.search(tx, message_id=source.message_id)
        small = last >= LEAST_COMPARED and rows < last * source.hold_below
        if not small or any(each.code == SHRUNK for each in open_):
            return False
        self.tally.park(_shrunk(self, last))
        return True

    def end(self, state: str) -> FeedResult:
        """Write down how it ended, and return the counts."""
        now = self.desk.clock.now()
        with self.desk.store.write() as tx:
            feeds.end(tx, self.generation, state, (self.tally.read, self.tally.changed, self.tally.bad), now)
            if self.is_snapshot and state in ("applied", "suspended"):
                self._resolve_older(tx, now, whole=state == "applied")
        return self.tally.result()

    def _resolve_older(self, tx: Connection, now: datetime, *, whole: bool) -> None:
        """Nobody needs to mend a row of an older snapshot that this one has said again: all of them, if it is whole.

        One that is not whole may have left out the very row that is parked: that one goes on waiting.
        """
        flow = self.source.connection, self.source.document, self.source.message_id
        if whole:
            parking.resolve_outdated(tx, *flow, now)
        else:
            parking.resolve_repeated(tx, *flow, self.tally.parked, now)


def _shrunk(feed: Feed, last: int) -> BadRecord:
    return BadRecord(
        f"the snapshot holds {feed.tally.readable} rows that can be read and the last one held {last}; "
        "what it does not name stays as it is",
        record="the whole document",
        field="snapshot",
        todo=f"ask {feed.partner.code} whether it is complete; if so, rerun this, and what it does not name is gone",
        code=SHRUNK,
    )


@dataclass(slots=True)
class Pace:
    """How many records go into one transaction: as many as it takes a moment to write, so that nobody else waits."""

    clock: Clock
    size: int = 2000

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Measure one transaction, and let the next piece be larger or smaller for it."""
        began = self.clock.monotonic()
        yield
        spent = self.clock.monotonic() - began
        if spent < SHORT:
            self.size = min(MOST_TOGETHER, self.size * 2)
        elif spent > LONG:
            self.size = max(LEAST_TOGETHER, self.size // 2)


def pieces(
    feed: Feed, records: Iterator[Record | BadRecord], kind: type[R], pace: Pace
) -> Iterator[list[R | BadRecord]]:
    """Yield the records in lists of the pace's length, counted; a record of another kind is a bug and raises."""
    while batch := list(islice(records, pace.size)):
        feed.tally.read += len(batch)
        piece: list[R | BadRecord] = []
        for record in batch:
            if not isinstance(record, kind | BadRecord):
                raise TypeError(f"{feed.source.document} of {feed.source.connection} gave a {type(record).__name__}")
            piece.append(record)
        yield piece
