"""Catalogue feeds: what a supplier sells of our SKUs, at which price; and items that we learn of this way.

The newer word counts, as with stock. A snapshot takes out of use what it does not name, under the same safety: a row
that could not be read keeps its entry, and when one does not say which SKU it is about, or no row can be read at all,
nothing is taken out. Nor is it when the snapshot is suddenly much smaller than the last one: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.contract import BadRecord
from hub.model.base import Record
from hub.model.item import CatalogueEntry, Item
from hub.services.desk import Desk, Source
from hub.services.inventory.feed import LEAST_TOGETHER, Feed, FeedResult, Pace, pieces
from hub.store import catalogue, feeds, items
from hub.store.catalogue import Offer
from hub.store.columns import utc_text
from hub.store.seen import Seen

_PAGE = 1000


def apply_feed(desk: Desk, source: Source, records: Iterator[Record | BadRecord]) -> FeedResult:
    """Apply one catalogue document in short transactions; returns what was read, changed and parked."""
    feed = Feed.begin(desk, source)
    try:
        with Seen() as seen:
            state = _apply(feed, seen, records)
    except BaseException:
        feed.end("failed")
        raise
    return feed.end(state)


def _apply(feed: Feed, seen: Seen, records: Iterator[Record | BadRecord]) -> str:
    partner, whole = feed.partner.code, True
    pace = Pace(feed.desk.clock, LEAST_TOGETHER)
    for piece in pieces(feed, records, CatalogueEntry, pace):
        offers = _offers(feed, [each for each in piece if isinstance(each, CatalogueEntry)])
        for bad in (each for each in piece if isinstance(each, BadRecord)):
            feed.tally.park(bad)
            sku = bad.known.get("sku", "").strip()
            whole &= bool(sku)
            seen.add([(partner, sku, utc_text(feed.at))])
        with pace.timed():
            _write(feed, offers)
        seen.add((partner, sku, utc_text(offer.as_of)) for sku, offer in offers.items())
    if not feed.is_snapshot:
        return "applied"
    if feed.tally.read == 0:
        feed.tally.park(_empty(feed))
        return "suspended"
    if not whole or not feed.tally.readable:
        return "suspended"
    if feed.must_wait():
        return "held"
    _take_out_missing(feed, seen)
    return "applied"


def _offers(feed: Feed, entries: Sequence[CatalogueEntry]) -> dict[str, Offer]:
    """Return the newest entry of each SKU in a piece; of two with one time the later in the document."""
    found: dict[str, Offer] = {}
    for entry in entries:
        offer = Offer(entry, feed.time_of(entry.as_of))
        if entry.sku not in found or offer.as_of >= found[entry.sku].as_of:
            found[entry.sku] = offer
    return found


def _write(feed: Feed, offers: Mapping[str, Offer]) -> None:
    with feed.desk.store.write() as tx:
        now = feed.desk.clock.now()  # read in here: an order routed while this waited to begin has not seen its news
        feeds.hold(tx, feed.source.connection)
        feed.tally.changed += catalogue.put(tx, feed.partner.code, offers.values(), feed.source.mapping_hash, now)
        items.learn(tx, [_item(offer.entry) for offer in offers.values()], now)


def _item(entry: CatalogueEntry) -> Item:
    return Item(sku=entry.sku, name=entry.name, gtin=entry.gtin, weight_g=entry.weight_g)


def _empty(feed: Feed) -> BadRecord:
    return BadRecord(
        "the catalogue holds no row at all; the old one stands",
        record="the whole document",
        todo=f"ask {feed.partner.code} for a full catalogue",
        code="empty snapshot",
    )


def _take_out_missing(feed: Feed, seen: Seen) -> None:
    """Mark what the snapshot did not name as no longer offered."""
    partner, sku = feed.partner.code, ""
    while True:
        with feed.desk.store.write() as tx:
            feeds.hold(tx, feed.source.connection)
            page = catalogue.page(tx, partner, sku, _PAGE)
            missing = set(seen.missing(partner, list(page)))
            gone = [_gone(page[each], feed.at) for each in missing if page[each].entry.active]
            news = [offer for offer in gone if page[offer.entry.sku].as_of <= feed.at]
            hash_, now = feed.source.mapping_hash, feed.desk.clock.now()
            feed.tally.changed += catalogue.put(tx, partner, news, hash_, now)
        if len(page) < _PAGE:
            return
        sku = next(reversed(page))


def _gone(offer: Offer, at: datetime) -> Offer:
    changes: dict[str, Any] = {"active": False}
    return Offer(offer.entry.changed(**changes), at)
