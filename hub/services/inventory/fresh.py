"""Stock that may be sold from: what a partner said longer ago than was agreed with it (`stock_hours`) is withheld.

A figure holds as of its own time, and of the last document that spoke for the whole node: a snapshot confirms what it
names, a delta says that what it does not name is as it was. A partner without a stock document owes nobody a figure,
and is never stale; one whose agreement says `sell_stale` is sold from whatever its figures' age.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.number import plain
from hub.model.partner import Partner
from hub.services.desk import Desk
from hub.store import feeds, stock
from hub.store.stock import Pair

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class Promised:
    """What may be promised of each SKU at each node, and why nothing may where a figure is too old."""

    available: Mapping[Pair, Decimal]
    withheld: Mapping[Pair, str]


def promised(tx: Connection, desk: Desk, skus: Collection[str], now: datetime) -> Promised:
    """Return what may be promised of these SKUs; nothing of what is withheld."""
    available: dict[Pair, Decimal] = {}
    withheld: dict[Pair, str] = {}
    words = _Words(tx, desk, now)
    buffers = {node.code: node.buffer for node in desk.directory.nodes() if node.buffer}
    for pair, figure, as_of in stock.figures(tx, skus, now):
        available[pair] = max(Decimal(0), figure - buffers[pair[0]]) if pair[0] in buffers else figure
        if why := words.against(pair[0], as_of):
            available[pair], withheld[pair] = Decimal(0), why
    return Promised(available, withheld)


def returns(desk: Desk, partner: Partner, now: datetime) -> bool:
    """Say whether a word of this partner, coming now, makes figures good again that were withheld."""
    with desk.store.read() as tx:
        words = _Words(tx, desk, now)
        return any(words.overdue(node.code) for node in partner.nodes)


def tell(desk: Desk, partner: Partner) -> None:
    """Make news of all that the partner has: channels show it again, and orders that lacked it are routed again."""
    for node in partner.nodes:
        sku: str | None = ""
        while sku is not None:
            with desk.store.write() as tx:
                sku = stock.touch(tx, node.code, sku, _PAGE, desk.clock.now())


class _Words:
    """When each node was last spoken for, read only for those whose figures look old."""

    def __init__(self, tx: Connection, desk: Desk, now: datetime) -> None:
        self._tx = tx
        self._desk = desk
        self._now = now
        self._partners = {node.code: node.partner for node in desk.directory.nodes()}
        self._last: dict[str, datetime | None] = {}

    def against(self, node: str, as_of: datetime) -> str:
        """Return why a figure of this time is not sold from; empty when it is."""
        partner = self._held_to(node)
        if partner is None or as_of >= self._oldest(partner):
            return ""
        newest = max(as_of, self._word(partner, node) or as_of)
        if newest >= self._oldest(partner):
            return ""
        hours = plain(Decimal(str(partner.agreement.stock_hours)))
        return f"its figure is of {newest:%Y-%m-%d %H:%M} UTC, older than the {hours} hours agreed with {partner.code}"

    def overdue(self, node: str) -> bool:
        """Say whether the node was spoken for before, and too long ago."""
        partner = self._held_to(node)
        word = None if partner is None else self._word(partner, node)
        return partner is not None and word is not None and word < self._oldest(partner)

    def _held_to(self, node: str) -> Partner | None:
        """Return the partner whose figures may grow too old, or None."""
        partner = self._desk.directory.partner(self._partners.get(node, ""))
        return None if partner is None or partner.agreement.sell_stale else partner

    def _oldest(self, partner: Partner) -> datetime:
        return self._now - timedelta(hours=float(partner.agreement.stock_hours))

    def _word(self, partner: Partner, node: str) -> datetime | None:
        """Return when the node was last spoken for as a whole; now when nobody is to speak for it, None for never."""
        if node not in self._last:
            document = self._desk.directory.inbound(partner.code, Kind.STOCK_LEVEL)
            self._last[node] = (
                self._now if document is None else feeds.last_word(self._tx, partner.code, document, node)
            )
        return self._last[node]
