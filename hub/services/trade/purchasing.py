"""Purchasing: what was allocated becomes one document a node, written down with the delivery that carries it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.item import CatalogueEntry
from hub.model.node import Node, NodeKind
from hub.model.order import SalesOrder
from hub.model.partner import Partner
from hub.model.purchase import FulfillmentOrder, PurchaseLine, PurchaseOrder
from hub.model.state import PURCHASE_MOVES, DeliveryState, LineState, PurchaseState, check_move
from hub.policy.policy import Ruling
from hub.services.book import AWAITED, GONE, Book, by_line
from hub.services.desk import Desk
from hub.services.sourcing import workflows
from hub.services.trade import changes
from hub.services.trade.changes import entity_of
from hub.store import counters, deliveries, events, purchases
from hub.store.allocations import CLOSED, Portion
from hub.store.delivery_row import NewDelivery
from hub.store.purchases import PurchaseRow

_FIRST_NUMBER = 100_000
_PREFIX: Mapping[Kind, str] = {Kind.PURCHASE_ORDER: "PO", Kind.SHIP_ORDER: "FO"}
#: A delivery in one of these, and not in doubt, has certainly not arrived.
_AT_REST = frozenset({DeliveryState.QUEUED, DeliveryState.BLOCKED, DeliveryState.WAITING, DeliveryState.PARKED})
_OLDER = f"{CLOSED}older than the connection's going live; handled outside the hub"
#: (partner, sku) -> what the supplier's catalogue says.
Catalogue = Mapping[tuple[str, str], CatalogueEntry]


def kind_for(node: Node) -> Kind:
    """Return the kind of document that asks this node to ship: only suppliers are bought from."""
    return Kind.PURCHASE_ORDER if node.kind is NodeKind.SUPPLIER else Kind.SHIP_ORDER


@dataclass(frozen=True, slots=True)
class Buying:
    """What the documents of one routing are made from."""

    desk: Desk
    nodes: Mapping[str, Node]
    catalogue: Catalogue
    now: datetime
    rulings: Mapping[str, Ruling] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What one order was newly allocated at one node; `number` is ours for its document."""

    book: Book
    node: Node
    portions: Sequence[Portion]
    number: str = ""


def place(tx: Connection, buying: Buying, books: Iterable[Book]) -> list[PurchaseRow]:
    """Write one document for each node that an order was newly allocated at, and enqueue its delivery."""
    parcels = _numbered(tx, [parcel for book in books for parcel in _parcels(buying, book)])
    rows = [_document(buying, parcel) for parcel in parcels]
    if rows:
        purchases.insert_all(tx, rows)
    news = [_delivery(buying.desk, parcel, row) for parcel, row in zip(parcels, rows, strict=True)]
    deliveries.enqueue_first(tx, news, buying.now)
    return rows


def withdraw(tx: Connection, book: Book, number: str, why: str, now: datetime) -> bool:
    """Take a document back that has certainly not left; its quantities may be routed again. False when it may have."""
    row = purchases.get(tx, number)
    if row is None or not _stop(tx, row, why, now):
        return False
    changes.drop(tx, row, why, now)
    for portion in book.select({LineState.ALLOCATED}, document=number):
        book.unbind(portion)
    purchases.set_state(tx, number, check_move(number, PURCHASE_MOVES, row.state, PurchaseState.CANCELLED), now)
    events.record(tx, "document.withdrawn", book.order.id, now, detail={"document": number, "why": why})
    return True


def _stop(tx: Connection, row: PurchaseRow, why: str, now: datetime) -> bool:
    delivery = deliveries.by_key(tx, row.partner, row.number, lock=True)
    if delivery is None or delivery.doubt:
        return False
    if delivery.state is DeliveryState.CANCELLED and delivery.sent_at is None:
        return True
    if delivery.state not in _AT_REST:
        return False
    deliveries.cancel(tx, delivery.id, why, now)
    return True


def let_go_older(tx: Connection, delivery_ids: Iterable[int], now: datetime) -> int:
    """End what was allocated under deliveries that a going live has cancelled, so that its stock is free again.

    It counts as closed by a person: no later version of the order brings it back. Returns how many documents.
    """
    cancelled = [deliveries.get(tx, each) for each in delivery_ids]
    documents: dict[str, list[str]] = {}
    for delivery in cancelled:
        if delivery.order_id is not None and purchases.order_of(tx, delivery.key, delivery.connection) is not None:
            documents.setdefault(delivery.order_id, []).append(delivery.key)
    for order_id in sorted(documents):
        book = Book.open(tx, order_id)
        for number in documents[order_id]:
            _let_go(tx, book, number, now)
        book.save(tx, now)
    return sum(map(len, documents.values()))


def _let_go(tx: Connection, book: Book, number: str, now: datetime) -> None:
    for portion in book.select({LineState.ALLOCATED}, document=number):
        book.move(portion, LineState.CANCELLED, reason=_OLDER, node=None, document=None)
        portion.cancel_asked_at = portion.recall_by = None
    row = purchases.get(tx, number)
    if row is not None and PurchaseState.CANCELLED in PURCHASE_MOVES[row.state]:
        purchases.set_state(tx, number, PurchaseState.CANCELLED, now)
    events.record(tx, "document.withdrawn", book.order.id, now, detail={"document": number, "why": _OLDER})


def roll_up(tx: Connection, book: Book, row: PurchaseRow, now: datetime) -> None:
    """Write the state of a document that follows from its quantities."""
    state = _state(book, row)
    if state is PurchaseState.SHIPPED and purchases.invoices_for(tx, [row.number]):
        state = PurchaseState.INVOICED
    if state is not row.state and state in PURCHASE_MOVES[row.state]:
        purchases.set_state(tx, row.number, state, now)


def _state(book: Book, row: PurchaseRow) -> PurchaseState:
    here = {portion.row.state for portion in book.select(document=row.number)}
    if here & GONE:
        return PurchaseState.PARTIALLY_SHIPPED if here & AWAITED else PurchaseState.SHIPPED
    if not here & AWAITED:
        return PurchaseState.REJECTED
    return row.state if here & {LineState.ALLOCATED, LineState.RELEASED} else PurchaseState.ACKNOWLEDGED


def _parcels(buying: Buying, book: Book) -> list[_Parcel]:
    fresh: dict[str, list[Portion]] = {}
    for portion in book.select({LineState.ALLOCATED}):
        if portion.row.document is None and portion.row.node is not None:
            fresh.setdefault(portion.row.node, []).append(portion)
    return [_Parcel(book, buying.nodes[code], fresh[code]) for code in sorted(fresh)]


def _numbered(tx: Connection, parcels: Sequence[_Parcel]) -> list[_Parcel]:
    """Give each parcel a number of ours, and write it on its portions."""
    kinds = [kind_for(parcel.node) for parcel in parcels]
    numbers = {kind: iter(counters.take_many(tx, kind.value, kinds.count(kind))) for kind in sorted(set(kinds))}
    numbered = []
    for kind, parcel in zip(kinds, parcels, strict=True):
        number = f"{_PREFIX[kind]}{_FIRST_NUMBER + next(numbers[kind])}"
        for portion in parcel.portions:
            portion.row, portion.changed = portion.row.changed(document=number), True
        numbered.append(replace(parcel, number=number))
    return numbered


def _document(buying: Buying, parcel: _Parcel) -> PurchaseRow:
    """Return the document that asks the parcel's node to ship it."""
    partner = _partner(buying.desk, parcel.node)
    agreement = partner.agreement
    answer = buying.now + timedelta(hours=agreement.acknowledge_hours) if agreement.acknowledges else None
    record = _record(buying, partner, parcel)
    return PurchaseRow(
        number=parcel.number,
        kind=kind_for(parcel.node),
        partner=partner.code,
        node=parcel.node.code,
        order_id=parcel.book.order.id,
        state=PurchaseState.ISSUED,
        doc=record,
        acknowledge_by=answer,
        ship_by=record.ship_by,
        created_at=buying.now,
    )


def _partner(desk: Desk, node: Node) -> Partner:
    partner = desk.directory.partner(node.partner)
    if partner is None:
        raise LookupError(f"node {node.code} belongs to {node.partner}, and no mapping file declares that partner")
    return partner


def _record(buying: Buying, partner: Partner, parcel: _Parcel) -> FulfillmentOrder:
    order = parcel.book.order.doc
    ruling = buying.rulings.get(parcel.book.order.id)
    fields = {
        "number": parcel.number,
        "node": parcel.node.code,
        "order_id": parcel.book.order.id,
        "channel": order.channel,
        "channel_order": order.order_id,
        "channel_number": order.number,
        "ordered_at": buying.now,
        "ship_by": buying.now + timedelta(hours=_ship_hours(partner, order, ruling)),
        "service": order.service,
        "ship_to": order.ship_to,
        "note": "\n".join(filter(None, _notes(parcel, ruling))),
        "lines": _lines(buying, partner, parcel),
    }
    if kind_for(parcel.node) is Kind.PURCHASE_ORDER:
        return PurchaseOrder.model_validate({**fields, "supplier": partner.code, "currency": partner.currency})
    return FulfillmentOrder.model_validate(fields)


def _notes(parcel: _Parcel, ruling: Ruling | None) -> Iterator[str]:
    yield workflows.note_of(parcel.book.order.doc, ruling) if ruling else ""
    others = parcel.book.company.get(parcel.node.code)
    if others:
        yield f"TOGETHER: in one parcel with {', '.join(others)}"


def _ship_hours(partner: Partner, order: SalesOrder, ruling: Ruling | None) -> float:
    """Return within how many hours the node has to ship, or to have ready what the customer collects."""
    ready = workflows.ready_hours(order, ruling) if ruling else None
    return partner.agreement.ship_hours if ready is None else float(ready)


def _lines(buying: Buying, partner: Partner, parcel: _Parcel) -> tuple[PurchaseLine, ...]:
    """Return one line for each of the customer's lines; parts of one line are put together again."""
    skus = {portion.row.line_id: portion.row.sku for portion in parcel.portions}
    names = {line.line_id: line.name for line in parcel.book.order.doc.lines}
    return tuple(
        PurchaseLine(
            line_number=number,
            sku=skus[line_id],
            supplier_sku=_supplier_sku(buying, partner, skus[line_id]),
            name=names.get(line_id, ""),
            quantity=quantity,
            unit_cost=_unit_cost(buying, partner, skus[line_id], quantity),
            channel_line=line_id,
        )
        for number, (line_id, quantity) in enumerate(by_line(parcel.portions).items(), start=1)
    )


def _supplier_sku(buying: Buying, partner: Partner, sku: str) -> str:
    entry = buying.catalogue.get((partner.code, sku))
    return (entry.supplier_sku if entry else None) or sku


def _unit_cost(buying: Buying, partner: Partner, sku: str, quantity: Decimal) -> Decimal | None:
    """Return the price of one unit in the partner's currency; None where no catalogue says it."""
    entry = buying.catalogue.get((partner.code, sku))
    if entry is None:
        return None
    return buying.desk.rates.convert(entry.price_for(quantity, partner.currency), partner.currency).amount


def _delivery(desk: Desk, parcel: _Parcel, row: PurchaseRow) -> NewDelivery:
    document = desk.directory.outbound(row.partner, row.kind)
    if document is None:
        raise LookupError(f"{row.partner} has no outbound {row.kind.value} any more; its mapping file changed")
    return NewDelivery(
        connection=row.partner,
        document=document,
        kind=row.kind,
        entity=entity_of(row.number),
        key=row.number,
        record=row.doc,
        order_id=row.order_id,
        order_placed_at=parcel.book.order.doc.placed_at,
    )
