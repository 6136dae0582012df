"""Our own books: an ERP that keeps them is told what was sold, bought, received and owed.

Who keeps them is seen from its file: it takes purchase orders and is no supplier, or takes sales orders of others. Only
what has really left for a supplier is booked, and what builds on a purchase order goes behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.base import Record
from hub.model.document import Kind
from hub.model.order import SalesOrder, Sourcing
from hub.model.partner import Role
from hub.model.purchase import Invoice, PurchaseLine, PurchaseOrder
from hub.model.shipment import Fulfilment, FulfilmentLine, Shipment, ShipmentLine
from hub.model.stock import StockAdjustment
from hub.services.book import AWAITED, GONE, NOTHING, Book, hold_reason, total
from hub.services.desk import Desk
from hub.services.telling.customer import Departure
from hub.services.trade.answers import Answered
from hub.services.trade.changes import entity_of
from hub.store import deliveries
from hub.store.delivery_row import NewDelivery
from hub.store.orders import OrderRow
from hub.store.purchases import PurchaseRow

#: What the books are told about a document of ours, told apart from the document itself.
_BOOKED = "booked"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing to be booked; entries of one entity go in order."""

    kind: Kind
    entity: str
    key: str
    record: Record
    order: OrderRow

    def told(self, keeper: str, document: str) -> NewDelivery:
        """Return the delivery that carries it to who keeps the books."""
        return NewDelivery(
            connection=keeper,
            document=document,
            kind=self.kind,
            entity=self.entity,
            key=self.key,
            record=self.record,
            order_id=self.order.id,
            order_placed_at=self.order.doc.placed_at,
        )


@dataclass(frozen=True, slots=True)
class Goods:
    """What has left with a shipment for a document of ours, line by line in our own words."""

    purchase: PurchaseRow
    book: Book
    gone: Departure
    lines: Sequence[tuple[PurchaseLine, Decimal]]


def book_orders(tx: Connection, desk: Desk, books: Iterable[Book], now: datetime) -> None:
    """Book sales orders as they stand now, with who ships what; one that is booked so already is not booked again."""
    keepers = desk.directory.takers(Kind.SALES_ORDER)
    for book in books if keepers else ():
        for keeper, document in keepers:
            if book.order.doc.channel != keeper.code and not book.order.doc.test:
                _book_order(tx, book, keeper.code, document, now)


def book_purchase(tx: Connection, desk: Desk, row: PurchaseRow, book: Book, now: datetime) -> None:
    """Book a purchase order that has reached its supplier as it stands now; what says nothing new changes nothing.

    It stands as the supplier has agreed to it: a quantity that it was asked to stop counts until it gives it up.
    """
    keep = _keepers(desk)
    if row.kind is not Kind.PURCHASE_ORDER or row.partner in keep:  # what is bought of itself, it knows
        return
    for keeper, document in desk.directory.takers(Kind.PURCHASE_ORDER) if keep else ():
        if keeper.code in keep:
            _book_version(tx, row, book, (keeper.code, document), now)


def _book_version(tx: Connection, row: PurchaseRow, book: Book, taker: tuple[str, str], now: datetime) -> None:
    """Tell one keeper of a purchase order, behind what it was told of it before."""
    record, entity = _as_agreed(row, book), entity_of(row.number)
    told = deliveries.search(tx, connection=taker[0], kind=Kind.PURCHASE_ORDER, entity=entity, limit=1)
    if record is None or (told and told[0].record == record) or (record.cancelled and not told):
        return
    key = f"{row.number}-{_BOOKED}"
    if told:
        key += f"-{int(told[0].key.removeprefix(key).removeprefix('-') or 1) + 1}"
    deliveries.enqueue(tx, _Entry(Kind.PURCHASE_ORDER, entity, key, record, book.order).told(*taker), now)


def _as_agreed(row: PurchaseRow, book: Book) -> PurchaseOrder | None:
    """Return a purchase order with what its supplier ships or has shipped of it; cancelled when that is nothing."""
    order = row.doc
    if not isinstance(order, PurchaseOrder):
        return None
    here = [(line, book.select(AWAITED | GONE, document=row.number, line_id=line.channel_line)) for line in order.lines]
    lines = tuple(line.changed(quantity=total(portions)) for line, portions in here if portions)
    return order.changed(lines=lines) if lines else order.changed(cancelled=True)


def book_goods(tx: Connection, desk: Desk, goods: Goods, now: datetime) -> None:
    """Book what a supplier has shipped as received, and what has left as fulfilled."""
    row, gone = goods.purchase, goods.gone
    bought = row.kind is Kind.PURCHASE_ORDER and row.partner not in _keepers(desk)
    if bought and any(quantity for _, quantity in goods.lines):
        book_purchase(tx, desk, row, goods.book, now)
        entity, key = entity_of(row.number), f"{gone.row.id}-{_BOOKED}"
        _tell_keepers(tx, desk, _Entry(Kind.SHIPMENT, entity, key, _receipt(goods), gone.order), now)
    if gone.left and not gone.order.doc.test:
        _book_fulfilment(tx, desk, goods, now)


def book_bill(tx: Connection, desk: Desk, answered: Answered, bill: Invoice, now: datetime) -> None:
    """Book an approved invoice as a bill, behind the purchase order that it is for."""
    row, book = answered.row, answered.book
    if row.partner in _keepers(desk):
        return
    book_purchase(tx, desk, row, book, now)
    key = f"{row.number}-{bill.invoice_number}-{_BOOKED}"
    _tell_keepers(tx, desk, _Entry(Kind.INVOICE, entity_of(row.number), key[:160], bill, book.order), now)


def book_adjustment(tx: Connection, desk: Desk, source: str, record: StockAdjustment, now: datetime) -> bool:
    """Book a correction that a node has counted; true when somebody is told for the first time."""
    key, told = f"{source}-{record.number}-{record.sku}-{_BOOKED}"[:160], False
    for keeper, document in desk.directory.takers(Kind.STOCK_ADJUSTMENT):
        if keeper.code != source and deliveries.by_key(tx, keeper.code, key) is None:
            new = NewDelivery(keeper.code, document, Kind.STOCK_ADJUSTMENT, key, key, record)
            told = bool(deliveries.enqueue(tx, new, now)) or told
    return told


def keeps_books(desk: Desk) -> bool:
    """Tell whether anybody keeps our books."""
    return bool(_keepers(desk))


def _tell_keepers(tx: Connection, desk: Desk, entry: _Entry, now: datetime) -> None:
    """Tell everybody who keeps our books and takes this kind."""
    keep = _keepers(desk)
    for keeper, document in desk.directory.takers(entry.kind) if keep else ():
        if keeper.code in keep:
            deliveries.enqueue(tx, entry.told(keeper.code, document), now)


def _keepers(desk: Desk) -> frozenset[str]:
    """Return who keeps our books: who takes purchase orders and is no supplier."""
    takers = desk.directory.takers(Kind.PURCHASE_ORDER)
    return frozenset(each.code for each, _ in takers if each.role is not Role.SUPPLIER)


def _book_order(tx: Connection, book: Book, keeper: str, document: str, now: datetime) -> None:
    """Tell a keeper of an order: the newest takes the place of one that waits, unless a fulfilment stands behind."""
    order, entity = book.order, f"order:{book.order.id}"
    told = deliveries.search(tx, connection=keeper, kind=Kind.SALES_ORDER, entity=entity, limit=1)
    record = _as_it_stands(book)
    if told:
        last = told[0].record
        if isinstance(last, SalesOrder) and record == last.changed(updated_at=record.updated_at):
            return
    elif record.cancelled or hold_reason(order):
        return  # nothing that anybody has to know of yet
    number = int(told[0].key.rpartition("-")[2]) + 1 if told else 1
    entry = _Entry(Kind.SALES_ORDER, entity, f"{order.id}-{_BOOKED}-{number}", record, order)
    deliveries.enqueue(tx, replace(entry.told(keeper, document), latest_wins=True), now)


def _as_it_stands(book: Book) -> SalesOrder:
    """Return the channel's order with who ships what; what has left already is booked by itself."""
    order = book.order.doc
    lines = tuple(line.changed(fulfilled=NOTHING) for line in order.lines)
    cancelled = order.cancelled or book.order.cancelled_why is not None
    return order.changed(lines=lines, sourcing=_sourcing(book), cancelled=cancelled)


def _sourcing(book: Book) -> tuple[Sourcing, ...]:
    quantities: dict[tuple[str, str, str], Decimal] = {}
    for portion in book.select(AWAITED | GONE):
        row = portion.row
        if row.node is not None and row.document is not None:
            at = row.line_id, row.node, row.document
            quantities[at] = quantities.get(at, NOTHING) + row.quantity
    return tuple(
        Sourcing(line_id=line, node=node, document=document, quantity=quantities[line, node, document])
        for line, node, document in sorted(quantities)
    )


def _receipt(goods: Goods) -> Shipment:
    lines = (
        ShipmentLine(line_number=line.line_number, sku=line.sku, quantity=quantity)
        for line, quantity in goods.lines
        if quantity
    )
    return goods.gone.row.doc.changed(shipment_number=goods.gone.row.id, lines=tuple(lines))


def _book_fulfilment(tx: Connection, desk: Desk, goods: Goods, now: datetime) -> None:
    order, row = goods.gone.order, goods.gone.row
    for keeper, _ in desk.directory.takers(Kind.SALES_ORDER):
        document = desk.directory.outbound(keeper.code, Kind.FULFILMENT)
        if document is None or keeper.code in (order.doc.channel, goods.purchase.partner):
            continue  # what has left its own locations, it knows
        record = _fulfilment(desk, keeper.code, goods)
        entry = _Entry(Kind.FULFILMENT, f"order:{order.id}", f"{row.id}-{_BOOKED}-out", record, order)
        deliveries.enqueue(tx, entry.told(keeper.code, document), now)


def _fulfilment(desk: Desk, keeper: str, goods: Goods) -> Fulfilment:
    gone, said = goods.gone, goods.gone.row.doc
    skus = {line.channel_line: line.sku for line, _ in goods.lines}
    return Fulfilment(
        fulfilment_id=gone.row.id,
        channel=gone.order.doc.channel,
        channel_order=gone.order.doc.order_id,
        node=gone.node,
        location=desk.directory.location_of(keeper, gone.node) or "",
        carrier=said.carrier,
        tracking=next((each.tracking for each in gone.left if each.tracking), said.tracking),
        shipped_at=said.shipped_at,
        lines=tuple(
            FulfilmentLine(channel_line=each.channel_line, sku=skus[each.channel_line], quantity=each.quantity)
            for each in gone.left
        ),
    )
