"""Stock feeds: a partner's figures, row after row, into what each node has.

- A figure replaces an older one; `as_of` decides, never the order of arrival. A row without a time holds as of its
  document. Two rows for one SKU at one node: the newer one counts, of two with one time the later in the document.
- Rows of lots add up: those of one SKU at one node that stand in one document are one figure.
- SKUs that we do not sell are kept too: a supplier's file often comes before our own catalogue.
- A snapshot sets to zero what it does not name, at those nodes that it names at all. A row that could not be read
  keeps its figure; when one does not even say which SKU it is about, or no row can be read at all, nothing is zeroed
  and the feed stands as `suspended`. One that is suddenly much smaller than the last is `held` for a person: what it
  names counts, what it does not name stays, until somebody runs it again.
- Only what differs is written. That the rest still holds is said once for the whole node (`stock_confirmed`), or row
  by row where the document was not whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.contract import BadRecord
from hub.model.base import Record
from hub.model.number import parse_number, plain
from hub.model.stock import StockLevel
from hub.services.desk import Desk, Source
from hub.services.inventory import fresh
from hub.services.inventory.feed import Feed, FeedResult, Pace, pieces
from hub.store import feeds
from hub.store.columns import utc_text, utc_time
from hub.store.feeds import Level
from hub.store.seen import Naming, Seen

__all__ = ["FeedResult", "apply_feed"]

_PAGE = 4000
#: Sorts before every time, and stands for none.
_NO_TIME = ""
Pair = tuple[str, str]


def apply_feed(desk: Desk, source: Source, records: Iterator[Record | BadRecord]) -> FeedResult:
    """Apply one stock document in short transactions; returns what was read, changed and parked."""
    feed = Feed.begin(desk, source)
    returns = fresh.returns(desk, feed.partner, desk.clock.now())
    try:
        with Seen() as seen:
            state = _apply(_StockFeed(feed, seen), records)
    except BaseException:
        feed.end("failed")
        raise
    result = feed.end(state)
    if returns and state == "applied":
        fresh.tell(desk, feed.partner)
    return result


@dataclass(slots=True)
class _StockFeed:
    """A stock document on its way: which nodes it may speak of, which rows it named, whether all could be told."""

    feed: Feed
    seen: Seen
    whole: bool = True
    kept: set[str] = field(default_factory=set)  # nodes with rows that keep an old figure
    lots: dict[Pair, Level] = field(default_factory=dict)  # the sum of the lots that were named so far
    nodes: frozenset[str] = field(init=False)
    only: str | None = field(init=False)
    safety: str = field(init=False)
    times: _Times = field(init=False)

    def __post_init__(self) -> None:
        codes = self.feed.node_codes()
        self.nodes = frozenset(codes)
        self.only = codes[0] if len(codes) == 1 else None
        self.safety = plain(self.feed.partner.agreement.stock_safety)
        self.times = _Times(self.feed)


class _Times(dict[datetime | None, str]):
    """The times of a feed's rows as the database takes them: most rows share theirs with others."""

    def __init__(self, feed: Feed) -> None:
        super().__init__({None: utc_text(feed.at)})
        self._feed = feed

    def __missing__(self, as_of: datetime | None) -> str:
        text = utc_text(self._feed.time_of(as_of))
        if len(self) < _PAGE:
            self[as_of] = text
        return text


def _apply(stock: _StockFeed, records: Iterator[Record | BadRecord]) -> str:
    pace = Pace(stock.feed.desk.clock)
    for piece in pieces(stock.feed, records, StockLevel, pace):
        levels = _levels(stock, piece)
        with pace.timed():
            _write(stock, levels)
    if not stock.feed.is_snapshot:
        return "applied"
    if stock.feed.tally.read == 0:
        stock.feed.tally.park(_empty(stock.feed))
        return "suspended"
    if not stock.feed.tally.readable:
        return "suspended"
    held = stock.whole and stock.feed.must_wait()
    if stock.whole and not held:
        _finish_snapshot(stock)
        return "applied"
    for node, _oldest in stock.seen.owners():
        _move_times(stock, node, _NO_TIME)
    return "held" if held else "suspended"


# --- rows ------------------------------------------------------------------------------------------------------------


def _levels(stock: _StockFeed, piece: list[StockLevel | BadRecord]) -> dict[Pair, Level]:
    """Return the newest figure of each SKU and node in a piece; park what is bad."""
    found: dict[Pair, Level] = {}
    for record in piece:
        if isinstance(record, BadRecord):
            _park(stock, record)
            continue
        node = stock.only if record.location is None else record.location
        if node is None or node not in stock.nodes:
            _park(stock, _unknown_place(stock, record))
            continue
        level = _level(stock, node, record)
        pair = node, record.sku
        if record.lot:
            level = stock.lots[pair] = _together(stock.lots.get(pair), level)
        if pair not in found or level.as_of >= found[pair].as_of:
            found[pair] = level
    return found


def _level(stock: _StockFeed, node: str, record: StockLevel) -> Level:
    return Level(
        node,
        record.sku,
        plain(record.quantity),
        stock.safety if record.safety is None else plain(record.safety),
        record.status,
        stock.times[record.as_of],
    )


def _together(before: Level | None, level: Level) -> Level:
    """Return the figure of a lot together with those of the lots before it."""
    if before is None:
        return level
    quantity = plain(parse_number(before.on_hand) + parse_number(level.on_hand))
    return level._replace(on_hand=quantity, as_of=max(before.as_of, level.as_of))


def _unknown_place(stock: _StockFeed, record: StockLevel) -> BadRecord:
    partner, known = stock.feed.partner.code, ", ".join(sorted(stock.nodes)) or "none"
    if record.location is None:
        what = f"the row names no location, and {partner} has {len(stock.nodes)} nodes (known: {known})"
    else:
        what = f"location {record.location!r} is no node of {partner} (known: {known})"
    return BadRecord(
        what,
        record=f"sku {record.sku} at {record.location or 'no location'}",
        field="location",
        todo=f"add the node to the mapping file of {partner}, or map the location to one that is there",
        code="unknown location",
        known={"sku": record.sku},
    )


def _empty(feed: Feed) -> BadRecord:
    return BadRecord(
        "the snapshot holds no row at all; the old figures stand",
        record="the whole document",
        todo=f"ask {feed.partner.code} for a full document; one that is meant to be empty names each SKU with 0",
        code="empty snapshot",
    )


def _park(stock: _StockFeed, bad: BadRecord) -> None:
    """Park a bad row; in a snapshot what it is about keeps its figure, and without knowing that, everything does."""
    stock.feed.tally.park(bad)
    sku, place = bad.known.get("sku", "").strip(), bad.known.get("location", "").strip()
    if not sku:
        stock.whole = False
    elif stock.feed.is_snapshot:
        nodes = {place} if place in stock.nodes else stock.nodes
        stock.kept |= nodes
        stock.seen.add((node, sku, _NO_TIME) for node in nodes)


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(stock: _StockFeed, levels: Mapping[Pair, Level]) -> None:
    """Write one piece, in one short transaction; a word older than what was confirmed counts as nothing."""
    feed = stock.feed
    named: list[Naming] = [(level.node, level.sku, level.as_of) for level in levels.values()]
    with feed.desk.store.write() as tx:
        feeds.hold(tx, feed.source.connection)
        confirmed = feeds.confirmed(tx, stock.nodes)
        news = [level for level in levels.values() if level.as_of >= confirmed.get(level.node, "")]
        nets, now = feed.partner.agreement.stock_nets, feed.desk.clock.now()
        feed.tally.changed += feeds.write_levels(tx, news, nets, feed.generation, feed.source.mapping_hash, now)
        if not feed.is_snapshot:
            feeds.move_times(tx, named)
    if feed.is_snapshot:
        stock.seen.add(named)


def _finish_snapshot(stock: _StockFeed) -> None:
    """Set to zero what was not named, and say up to when everything else holds."""
    for node, oldest in stock.seen.owners():
        _set_missing_to_zero(stock, node)
        if node in stock.kept:
            _move_times(stock, node, _NO_TIME)
        else:
            _move_times(stock, node, oldest)
            with stock.feed.desk.store.write() as tx:
                feeds.hold(tx, stock.feed.source.connection)
                feeds.confirm(tx, node, utc_time(oldest), stock.feed.generation)


def _move_times(stock: _StockFeed, node: str, after: str) -> None:
    for named in stock.seen.after(node, after):
        with stock.feed.desk.store.write() as tx:
            feeds.move_times(tx, named)


def _set_missing_to_zero(stock: _StockFeed, node: str) -> None:
    feed, sku, at = stock.feed, "", utc_text(stock.feed.at)
    while True:
        with feed.desk.store.write() as tx:
            feeds.hold(tx, feed.source.connection)
            if feeds.confirmed(tx, [node]).get(node, "") > at:
                return  # a newer snapshot has spoken meanwhile
            page = feeds.in_stock(tx, node, sku, feed.at, _PAGE)
            missing = [(node, each, at) for each in stock.seen.missing(node, page)]
            feed.tally.changed += feeds.set_to_zero(tx, missing, feed.generation, feed.desk.clock.now())
        if len(page) < _PAGE:
            return
        sku = page[-1]
