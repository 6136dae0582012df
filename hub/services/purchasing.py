"""Purchasing: what was allocated becomes one document a node, written down with the delivery that carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from hub.model.document import Kind
from hub.model.item import CatalogueEntry
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner
from hub.model.purchase import FulfillmentOrder, PurchaseLine, PurchaseOrder
from hub.model.state import PURCHASE_MOVES, DeliveryState, IllegalMove, LineState, PurchaseState, check_move
from hub.services.book import AWAITED, GONE, NOTHING, Book
from hub.services.desk import Desk
from hub.store import counters, deliveries, events, purchases
from hub.store.allocations import Portion
from hub.store.delivery_row import NewDelivery
from hub.store.purchases import PurchaseRow

_FIRST_NUMBER = 100_000
_PREFIX: Mapping[Kind, str] = {Kind.PURCHASE_ORDER: "PO", Kind.SHIP_ORDER: "FO"}
#: A delivery in one of these, and not in doubt, has certainly not arrived.
_AT_REST = frozenset({DeliveryState.QUEUED, DeliveryState.BLOCKED, DeliveryState.WAITING, DeliveryState.PARKED})
#: (partner, sku) -> what the supplier's catalogue says.
Catalogue = Mapping[tuple[str, str], CatalogueEntry]


def kind_for(node: Node) -> Kind:
    """Return the kind of document that asks this node to ship: only suppliers are bought from."""
    return Kind.PURCHASE_ORDER if node.kind is NodeKind.SUPPLIER else Kind.SHIP_ORDER


def entity_of(number: str) -> str:
    """Return the entity under which the deliveries of one of our documents go in order."""
    return f"purchase:{number}"


@dataclass(frozen=True, slots=True)
class Buying:
    """What the documents of one routing are made from."""

    desk: Desk
    book: Book
    nodes: Mapping[str, Node]
    catalogue: Catalogue
    now: datetime


def place(tx: Connection, buying: Buying) -> list[PurchaseRow]:
    """Write one document for each node that was newly allocated something, and enqueue its delivery."""
    fresh: dict[str, list[Portion]] = {}
    for portion in buying.book.select({LineState.ALLOCATED}):
        if portion.row.document is None and portion.row.node is not None:
            fresh.setdefault(portion.row.node, []).append(portion)
    rows = [_document(tx, buying, buying.nodes[code], fresh[code]) for code in sorted(fresh)]
    if rows:
        purchases.insert_all(tx, rows)
    for row in rows:
        deliveries.enqueue(tx, _delivery(buying, row), buying.now)
    return rows


def withdraw(tx: Connection, book: Book, number: str, why: str, now: datetime) -> bool:
    """Take a document back that has certainly not left; its quantities may be routed again. False when it may have."""
    row = purchases.get(tx, number)
    if row is None or not _stop(tx, row, why, now):
        return False
    for portion in book.select({LineState.ALLOCATED}, document=number):
        book.unbind(portion)
    purchases.set_state(tx, number, check_move(number, PURCHASE_MOVES, row.state, PurchaseState.CANCELLED), now)
    events.record(tx, "document.withdrawn", book.order.id, now, detail={"document": number, "why": why})
    return True


def _stop(tx: Connection, row: PurchaseRow, why: str, now: datetime) -> bool:
    delivery = deliveries.by_key(tx, row.partner, row.number)
    if delivery is None or delivery.state not in _AT_REST or delivery.doubt:
        return False
    try:
        deliveries.cancel(tx, delivery.id, why, now)
    except IllegalMove:  # a runner took it in this very moment
        return False
    return True


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


def _document(tx: Connection, buying: Buying, node: Node, portions: Sequence[Portion]) -> PurchaseRow:
    """Give the portions a number of ours and say what stands under it."""
    kind = kind_for(node)
    number = f"{_PREFIX[kind]}{_FIRST_NUMBER + counters.take(tx, kind.value)}"
    for portion in portions:
        portion.row, portion.changed = portion.row.changed(document=number), True
    partner = _partner(buying.desk, node)
    agreement = partner.agreement
    answer = buying.now + timedelta(hours=agreement.acknowledge_hours) if agreement.acknowledges else None
    record = _record(buying, node, number, _lines(buying, partner, portions))
    return PurchaseRow(
        number=number,
        kind=kind,
        partner=partner.code,
        node=node.code,
        order_id=buying.book.order.id,
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


def _record(buying: Buying, node: Node, number: str, lines: tuple[PurchaseLine, ...]) -> FulfillmentOrder:
    order, partner = buying.book.order.doc, _partner(buying.desk, node)
    fields = {
        "number": number,
        "node": node.code,
        "order_id": buying.book.order.id,
        "channel": order.channel,
        "channel_order": order.order_id,
        "channel_number": order.number,
        "ordered_at": buying.now,
        "ship_by": buying.now + timedelta(hours=partner.agreement.ship_hours),
        "service": order.service,
        "ship_to": order.ship_to,
        "lines": lines,
    }
    if kind_for(node) is Kind.PURCHASE_ORDER:
        return PurchaseOrder.model_validate({**fields, "supplier": partner.code, "currency": partner.currency})
    return FulfillmentOrder.model_validate(fields)


def _lines(buying: Buying, partner: Partner, portions: Sequence[Portion]) -> tuple[PurchaseLine, ...]:
    """Return one line for each of the customer's lines; parts of one line are put together again."""
    lines: dict[str, PurchaseLine] = {}
    names = {line.line_id: line.name for line in buying.book.order.doc.lines}
    for portion in portions:
        line_id, sku = portion.row.line_id, portion.row.sku
        before = lines[line_id].quantity if line_id in lines else NOTHING
        entry = buying.catalogue.get((partner.code, sku))
        lines[line_id] = PurchaseLine(
            line_number=lines[line_id].line_number if line_id in lines else len(lines) + 1,
            sku=sku,
            supplier_sku=(entry.supplier_sku if entry else None) or sku,
            name=names.get(line_id, ""),
            quantity=before + portion.row.quantity,
            unit_cost=_unit_cost(buying.desk, partner, entry, before + portion.row.quantity),
            channel_line=line_id,
        )
    return tuple(lines.values())


def _unit_cost(desk: Desk, partner: Partner, entry: CatalogueEntry | None, quantity: Decimal) -> Decimal | None:
    """Return the price of one unit in the partner's currency; None where no catalogue says it."""
    if entry is None:
        return None
    return desk.rates.convert(entry.price_for(quantity, partner.currency), partner.currency).amount


def _delivery(buying: Buying, row: PurchaseRow) -> NewDelivery:
    document = buying.desk.directory.outbound(row.partner, row.kind)
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
        order_placed_at=buying.book.order.doc.placed_at,
    )
