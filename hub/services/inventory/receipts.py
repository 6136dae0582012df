"""Forecasts: what a node will receive and when, row after row into what is expected.

The newer word counts, as with stock. A snapshot forgets what it does not name, at the nodes that it names at all, but
not when a row cannot be read, not when there are no rows, and not when it is suddenly much smaller than the last one.
Nothing is promised to customers from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.contract import BadRecord
from hub.model.base import Record
from hub.model.stock import ExpectedReceipt
from hub.services.desk import Desk, Source
from hub.services.inventory.feed import LEAST_TOGETHER, Feed, FeedResult, Pace, pieces
from hub.store import feeds, receipts
from hub.store.receipts import Receipt


def apply_feed(desk: Desk, source: Source, records: Iterator[Record | BadRecord]) -> FeedResult:
    """Apply one forecast in short transactions; returns what was read, changed and parked."""
    feed = Feed.begin(desk, source)
    try:
        state = _apply(feed, records)
    except BaseException:
        feed.end("failed")
        raise
    return feed.end(state)


def _apply(feed: Feed, records: Iterator[Record | BadRecord]) -> str:
    nodes = feed.node_codes()
    named: set[str] = set()
    whole = True
    pace = Pace(feed.desk.clock, LEAST_TOGETHER)
    for piece in pieces(feed, records, ExpectedReceipt, pace):
        found: dict[object, Receipt] = {}
        for record in piece:
            made = record if isinstance(record, BadRecord) else _receipt(feed, record, nodes)
            if isinstance(made, BadRecord):
                feed.tally.park(made)
                whole = False
            elif made.key not in found or made.as_of >= found[made.key].as_of:
                found[made.key] = made
        named.update(each.node for each in found.values())
        with pace.timed():
            _write(feed, list(found.values()))
    if not feed.is_snapshot:
        return "applied"
    return _finished(feed, named, whole=whole)


def _finished(feed: Feed, named: set[str], *, whole: bool) -> str:
    """Forget what a whole snapshot did not name; returns how the feed ended."""
    if feed.tally.read == 0:
        feed.tally.park(_empty(feed))
        return "suspended"
    if not whole:
        return "suspended"
    if feed.must_wait():
        return "held"
    with feed.desk.store.write() as tx:
        feeds.hold(tx, feed.source.connection)
        feed.tally.changed += receipts.forget(tx, named, feed.generation, feed.at)
    return "applied"


def _receipt(feed: Feed, record: ExpectedReceipt, nodes: Sequence[str]) -> Receipt | BadRecord:
    node = record.location or (nodes[0] if len(nodes) == 1 else None)
    if node is None or node not in nodes:
        known = ", ".join(sorted(nodes)) or "none"
        return BadRecord(
            f"location {record.location or ''!r} is no node of {feed.partner.code} (known: {known})",
            record=f"sku {record.sku} at {record.location or 'no location'}",
            field="location",
            todo=f"add the node to the mapping file of {feed.partner.code}, or map the location to one that is there",
            code="unknown location",
        )
    return Receipt(
        node,
        record.sku,
        record.expected_at,
        record.reference,
        record.quantity,
        record.certainty.value,
        feed.time_of(record.as_of),
        feed.generation,
    )


def _empty(feed: Feed) -> BadRecord:
    return BadRecord(
        "the forecast holds no row at all; the old one stands",
        record="the whole document",
        todo=f"ask {feed.partner.code} for a full one",
        code="empty snapshot",
    )


def _write(feed: Feed, found: list[Receipt]) -> None:
    with feed.desk.store.write() as tx:
        feeds.hold(tx, feed.source.connection)
        feed.tally.changed += receipts.put(tx, found)
