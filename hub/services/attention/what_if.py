"""What a version of a mapping file would change if it went live now: its last original once more, nothing kept.

Stock and prices are compared with what the store holds. Answers, shipments and invoices are applied for good measure,
in a transaction that is taken back: what the orders would look like afterwards is what they did look like in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from sqlalchemy import Connection

from hub.contract import BadRecord, DocumentSpec, Mode
from hub.model.base import Record
from hub.model.document import Kind
from hub.model.item import CatalogueEntry
from hub.model.number import plain
from hub.model.partner import Partner
from hub.model.stock import StockLevel
from hub.services.desk import Desk, Source
from hub.services.intake.ingest import APPLIERS
from hub.store import allocations, archive, catalogue, originals, purchases, stock
from hub.store.messages import MessageRow
from hub.store.stock import Pair, StockRow

#: So many records of orders are tried; the transaction that is taken back must stay short.
MOST_TRIED = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise: what it is, how it stands, how it would stand."""

    about: str
    name: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class Original:
    """The last document that came of a flow, as it was archived."""

    message: MessageRow
    content: bytes


class _TakenBack(Exception):
    """Ends a transaction whose changes were only to be looked at."""


def last_original(tx: Connection, partner: str, document: str) -> Original | None:
    """Return the newest archived original of a partner's document, or None when none ever came."""
    message = originals.last(tx, partner, document)
    return None if message is None else Original(message, archive.load(tx, message.sha256))


def changes(
    desk: Desk, partner: Partner, spec: DocumentSpec, message: MessageRow, records: Iterable[Record | BadRecord]
) -> list[Change]:
    """Return what these records, read from the last original, would change; what is bad changes nothing."""
    good = [each for each in records if isinstance(each, Record)]
    if spec.kind is Kind.STOCK_LEVEL:
        with desk.store.read() as tx:
            return list(_stock(tx, partner, spec, [each for each in good if isinstance(each, StockLevel)]))
    if spec.kind is Kind.CATALOGUE_ENTRY:
        with desk.store.read() as tx:
            return list(_offers(tx, partner, [each for each in good if isinstance(each, CatalogueEntry)]))
    return _orders(desk, partner, spec, message, good[:MOST_TRIED])


# --- stock and prices -------------------------------------------------------------------------------------------------


def _stock(tx: Connection, partner: Partner, spec: DocumentSpec, records: list[StockLevel]) -> Iterator[Change]:
    nodes = {node.code for node in partner.nodes}
    only = next(iter(nodes)) if len(nodes) == 1 else ""
    new = {(record.location or only, record.sku): record for record in records}
    known = stock.levels(tx, {sku for _, sku in new})
    for pair, record in new.items():
        was, becomes = _figure(known.get(pair)), f"{plain(record.quantity)} {record.status}"
        if was != becomes:
            yield Change("stock", _named(pair), was, becomes)
    if spec.mode is Mode.SNAPSHOT:
        yield from _gone(tx, nodes, new)


def _gone(tx: Connection, nodes: set[str], new: Mapping[Pair, StockLevel]) -> Iterator[Change]:
    """Yield what the file no longer lists, at the nodes of which it lists anything."""
    for node in sorted({node for node, _ in new} & nodes):
        for row in stock.of_node(tx, node):
            if (node, row.sku) not in new and row.on_hand:
                yield Change("stock", _named((node, row.sku)), _figure(row), "0, not listed")


def _named(pair: Pair) -> str:
    return f"{pair[1]} at {pair[0] or 'no known node'}"


def _figure(row: StockRow | None) -> str:
    return "" if row is None else f"{plain(row.on_hand)} {row.status}"


def _offers(tx: Connection, partner: Partner, records: list[CatalogueEntry]) -> Iterator[Change]:
    known = catalogue.entries(tx, {record.sku for record in records})
    for record in records:
        old = known.get((partner.code, record.sku))
        for name in CatalogueEntry.model_fields:
            was, becomes = getattr(old, name, None), getattr(record, name)
            if name not in ("sku", "as_of") and was != becomes:
                yield Change("price" if name == "price" else name, record.sku, _shown(was), _shown(becomes))


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return "" if value is None else str(value)


# --- orders -----------------------------------------------------------------------------------------------------------


def _orders(
    desk: Desk, partner: Partner, spec: DocumentSpec, message: MessageRow, records: list[Record]
) -> list[Change]:
    """Apply the records and compare the orders that they speak of before and after; then take all of it back."""
    source = Source(partner.code, spec.name, message.id, "", spec.mode, message.dated_at or message.received_at)
    found: list[Change] = []
    try:
        with desk.store.write() as tx:
            before = _lines(tx, partner, records)
            for record in records:
                found += _applied(tx, desk, spec, source, record)
            after = _lines(tx, partner, records)
            names = sorted(before.keys() | after.keys())
            found += [
                Change("order", name, before.get(name, ""), after.get(name, ""))
                for name in names
                if before.get(name, "") != after.get(name, "")
            ]
            _take_back()
    except _TakenBack:
        pass
    return found


def _take_back() -> NoReturn:
    raise _TakenBack


def _applied(tx: Connection, desk: Desk, spec: DocumentSpec, source: Source, record: Record) -> Iterator[Change]:
    """Apply one record; yield why it would be parked when it would."""
    savepoint = tx.begin_nested()
    try:
        APPLIERS[spec.kind](tx, desk, source, record)
        savepoint.commit()
    except BadRecord as bad:
        savepoint.rollback()
        yield Change("parked", bad.record, "", bad.what)


def _lines(tx: Connection, partner: Partner, records: list[Record]) -> dict[str, str]:
    """Return where each line of the orders stands: quantities by state and node."""
    numbers = {str(number) for each in records if (number := getattr(each, "order_number", None))}
    orders = {order for number in numbers if (order := purchases.order_of(tx, number, partner.code))}
    stands: dict[str, str] = {}
    for order, portions in allocations.of_orders(tx, orders).items():
        for portion in portions:
            row = portion.row
            name = f"{order} line {row.line_id}"
            told = f"{plain(row.quantity)} {row.state} at {row.node or 'nowhere'}"
            stands[name] = f"{stands[name]}, {told}" if name in stands else told
    return stands
