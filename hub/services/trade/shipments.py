"""Shipments: what left a node is shipped and told to the channel, what will never come is routed elsewhere at once.

(partner, our document, shipment number) is a shipment's identity: the same one again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.number import plain
from hub.model.order import DeliveryMethod
from hub.model.purchase import PurchaseLine
from hub.model.shipment import Fulfilment, FulfilmentLine, Shipment, ShipmentLine
from hub.model.state import LineState
from hub.services.book import NOTHING, up_to
from hub.services.desk import Desk, Source
from hub.services.sourcing import routing
from hub.services.telling import channel_word, customer
from hub.services.telling.customer import Departure, Left
from hub.services.trade import accounts, answers, changes, invoices, purchasing
from hub.services.trade.accounts import Goods
from hub.services.trade.answers import Answered
from hub.store import counters, deliveries, events, shipments
from hub.store.allocations import Portion
from hub.store.shipments import ShipmentRow

_FIRST_NUMBER = 100_000


class _Carton(NamedTuple):
    """A carton as its shipment tells it apart, or the goods of one lot in it."""

    tracking: str = ""
    sscc: str = ""
    lot: str = ""
    expires_at: datetime | None = None


@dataclass(slots=True)
class _Left:
    """What of one of our lines left, by carton, and what will never come."""

    line: PurchaseLine
    parcels: dict[_Carton, Decimal] = field(default_factory=dict)
    short: Decimal = NOTHING

    @property
    def shipped(self) -> Decimal:
        return sum(self.parcels.values(), NOTHING)


def apply(tx: Connection, desk: Desk, source: Source, shipment: Shipment) -> bool:
    """Take a shipment over; true when it was new. BadRecord when it cannot be true."""
    now = desk.clock.now()
    number = _number(source, shipment)
    record = f"shipment {number} of {shipment.order_number}"
    # first, so that it waits for a runner that is just noting the sending
    deliveries.confirm(tx, source.connection, shipment.order_number, None, now)
    answered = answers.find(tx, source, shipment.order_number, record)
    known = shipments.get(tx, source.connection, shipment.order_number, number)
    if known is not None:
        return _same(known, shipment, record)
    left = _left(answered, shipment, record)
    answered.book.arrived(shipment.order_number, now)
    row = _keep(tx, answered, number, shipment, now)
    told = [_ship(tx, answered, each, shipment.shipped_at or now, now) for each in left]
    _tell_channel(tx, desk, answered, row, told, now)
    gone = _departure(answered, row, told)
    customer.shipped(tx, desk, gone, now)
    accounts.book_goods(
        tx, desk, Goods(answered.row, answered.book, gone, [(each.line, each.shipped) for each in left]), now
    )
    changes.shipped(tx, desk, answered, now)
    accounts.book_purchase(tx, desk, answered.row, answered.book, now)
    routing.route_book(tx, desk, answered.book, now)
    answered.book.save(tx, now)
    purchasing.roll_up(tx, answered.book, answered.row, now)
    invoices.match_again(tx, desk, answered)
    customer.acknowledge(tx, desk, answered.book, now)
    return True


def _number(source: Source, shipment: Shipment) -> str:
    """Return the partner's number of the shipment, else its tracking number, else one made from the message."""
    parcel = next((parcel.tracking for parcel in shipment.parcels if parcel.tracking), "")
    return shipment.shipment_number or shipment.tracking or parcel or f"message-{source.message_id}"


def _same(known: ShipmentRow, shipment: Shipment, record: str) -> bool:
    if known.doc == shipment:
        return False
    raise BadRecord(
        f"{record} came before with other content; it stands as {known.id}",
        record=record,
        field="shipment_number",
        todo="ask the partner which one is right; a further shipment needs a number of its own",
        code="shipment number used twice",
    )


def _keep(tx: Connection, answered: Answered, number: str, shipment: Shipment, now: datetime) -> ShipmentRow:
    row = ShipmentRow(
        id=f"SH{_FIRST_NUMBER + counters.take(tx, 'shipment')}",
        partner=answered.row.partner,
        shipment_number=number,
        purchase_number=answered.row.number,
        order_id=answered.row.order_id,
        doc=shipment,
        created_at=now,
    )
    shipments.keep(tx, row)
    return row


# --- what it says ----------------------------------------------------------------------------------------------------


def _left(answered: Answered, shipment: Shipment, record: str) -> list[_Left]:
    """Return what the shipment says of each of our lines; without lines, all that was awaited has left."""
    if not shipment.lines:
        carton = _carton(shipment)
        everything = [(line, answers.remaining(answered, line)) for line in answered.row.doc.lines]
        return [_Left(line, {carton: quantity}) for line, quantity in everything if quantity]
    left: dict[int, _Left] = {}
    for said in shipment.lines:
        line = answers.line_of(answered, said, record)
        _add(left.setdefault(line.line_number, _Left(line)), said, _carton(shipment, said))
    for each in left.values():
        _check(answered, each, record)
    return list(left.values())


def _carton(shipment: Shipment, said: ShipmentLine | None = None) -> _Carton:
    """Return the carton and lot that a line left in.

    What the line does not say of its carton, its parcel does, or the only one there is.
    """
    tracking = said.tracking if said else ""
    named = [each for each in shipment.parcels if tracking and each.tracking == tracking]
    parcel = next(iter(named or (shipment.parcels if len(shipment.parcels) == 1 and not tracking else ())), None)
    first = next((each.tracking for each in shipment.parcels if each.tracking), "")
    sscc = (said.sscc if said else "") or (parcel.sscc if parcel else "")
    lot, expires_at = (said.lot, said.expires_at) if said else ("", None)
    return _Carton(tracking or shipment.tracking or first, sscc, lot, expires_at)


def _add(left: _Left, said: ShipmentLine, carton: _Carton) -> None:
    if said.quantity:
        left.parcels[carton] = left.parcels.get(carton, NOTHING) + said.quantity
    left.short += said.short or NOTHING


def _check(answered: Answered, left: _Left, record: str) -> None:
    awaited = answers.remaining(answered, left.line)
    if left.shipped + left.short <= awaited:
        return
    words = f"{plain(left.shipped)} shipped" + (f" and {plain(left.short)} short" if left.short else "")
    raise BadRecord(
        f"{answered.row.number} line {left.line.line_number}: {words}, and {plain(awaited)} of "
        f"{plain(left.line.quantity)} were still awaited there",
        record=record,
        field="quantity",
        todo="ask the partner what really left; the rest of the line has shipped, or was taken back and sent elsewhere",
        code="more than ordered",
    )


# --- what follows from it --------------------------------------------------------------------------------------------


def _ship(tx: Connection, answered: Answered, left: _Left, shipped_at: datetime, now: datetime) -> _Left:
    """Move the quantities of one line; returns what of it the channel is to be told."""
    told = _Left(left.line)
    for carton, quantity in left.parcels.items():
        wanted = NOTHING
        for portion in up_to(answered.book, answered.awaited(left.line), quantity):
            answered.book.move(portion, LineState.SHIPPED, reason=_noted(answered, portion))
            portion.shipped_at = shipped_at
            wanted += portion.row.quantity if portion.cancel_asked_at is None else NOTHING
        told.parcels[carton] = wanted
    if told.shipped < left.shipped:
        detail = {"document": answered.row.number, "quantity": plain(left.shipped - told.shipped)}
        events.record(tx, "line.shipped_although_cancelled", answered.row.order_id, now, detail=detail)
    if left.short:
        answers.take_back(answered, answered.awaited(left.line), left.short, f"{answered.row.partner}: short")
    return told


def _noted(answered: Answered, portion: Portion) -> str:
    """Return what is to be said of goods that have left a node: those of a pick-up stand there for the customer."""
    collected = answered.book.order.doc.method is DeliveryMethod.PICK_UP
    return "ready: the customer collects it" if collected else portion.row.reason


def _tell_channel(
    tx: Connection, desk: Desk, answered: Answered, row: ShipmentRow, told: list[_Left], now: datetime
) -> None:
    """Enqueue one fulfilment for each tracking number; a channel that takes none is not told."""
    collected = answered.book.order.doc.method is DeliveryMethod.PICK_UP
    if collected and channel_word.ready(tx, desk, answered.book, row, answered.row.node, now):
        return
    parcels = [_fulfilment(desk, answered, row, *each) for each in _by_tracking(told).items()]
    more = [each.changed(fulfilment_id=f"{row.id}-{number}") for number, each in enumerate(parcels[1:], start=2)]
    channel_word.fulfilled(tx, desk, answered.book.order, [*parcels[:1], *more], now)


def _departure(answered: Answered, row: ShipmentRow, told: list[_Left]) -> Departure:
    """Return what the customer is to be told of a shipment."""
    left = (
        Left(each.line.channel_line, quantity, *carton)
        for each in told
        for carton, quantity in each.parcels.items()
        if quantity
    )
    return Departure(answered.book.order, row, answered.row.node, tuple(left))


def _by_tracking(told: list[_Left]) -> Mapping[str, Mapping[str, Decimal]]:
    """Return tracking number -> channel line -> quantity, without what is nothing."""
    parcels: dict[str, dict[str, Decimal]] = {}
    for left in told:
        for carton, quantity in left.parcels.items():
            if quantity:
                lines = parcels.setdefault(carton.tracking, {})
                lines[left.line.channel_line] = lines.get(left.line.channel_line, NOTHING) + quantity
    return parcels


def _fulfilment(
    desk: Desk, answered: Answered, row: ShipmentRow, tracking: str, lines: Mapping[str, Decimal]
) -> Fulfilment:
    order, shipment = answered.book.order.doc, row.doc
    parcel = next((each for each in shipment.parcels if each.tracking == tracking), None)
    return Fulfilment(
        fulfilment_id=row.id,
        channel_order=order.order_id,
        node=answered.row.node,
        location=desk.directory.location_of(order.channel, answered.row.node) or "",
        carrier=shipment.carrier or (parcel.carrier if parcel else ""),
        tracking=tracking,
        tracking_url=(parcel.url if parcel else "") or shipment.tracking_url,
        shipped_at=shipment.shipped_at,
        lines=tuple(FulfilmentLine(channel_line=line, quantity=quantity) for line, quantity in lines.items()),
    )
