"""A large hub for the console's benchmark, written by bulk insert: what half a year of orders leaves behind."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from hub.model.document import Kind
from hub.model.node import Node, NodeKind
from hub.model.order import OrderLine, SalesOrder
from hub.model.partner import Partner, Role
from hub.model.place import Address
from hub.model.purchase import PurchaseLine, PurchaseOrder
from hub.model.shipment import Shipment
from hub.store import connections
from hub.store.engine import Store
from hub.store.tables import (
    allocation,
    delivery,
    event,
    message,
    order_message,
    parked_record,
    purchase,
    sales_order,
    shipment,
    sync_run,
)
from hub.store.upsert import batches

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
CHANNELS = ("shop", "store", "market")
SUPPLIERS = tuple(f"s{number:02d}" for number in range(40))
_SPAN, _RECENT = timedelta(days=180), timedelta(days=3)
_CHUNK = 2000
_LINES = {"closed": "closed", "shipped": "shipped", "cancelled": "cancelled", "held": "held", "stuck": "backordered"}
#: What goes wrong with the inbound records of a partner: code, what it says, what to do.
_BAD = (
    ("unit", "the unit 'PAL' is not known", "add it to [units] of the mapping file, then rerun"),
    ("sku", "the SKU is empty", "ask them which item it is"),
    ("number", "'n/a' is no number", "ask them for the figure, or map it to nothing"),
)


def partners() -> list[Partner]:
    """Return the channels, and suppliers with a node each."""
    ship = [
        Partner(code=code, role=Role.SUPPLIER, nodes=(Node(code=code.upper(), kind=NodeKind.SUPPLIER, partner=code),))
        for code in SUPPLIERS
    ]
    return [*(Partner(code=code, role=Role.CHANNEL) for code in CHANNELS), *ship]


def fill(store: Store, orders: int, failures: int) -> None:
    """Write so many orders with all that came of them, and so many things that need a person."""
    rng = random.Random(1)
    stuck, rest = failures // 5, failures - failures // 5
    parked, records = rest // 4, rest - rest // 4
    with store.write() as tx:
        for each in partners():
            connections.ensure(tx, each.code, "files", "hash", NOW)
        _runs(tx)
    state = _States(orders, stuck, parked)
    for numbers in batches(range(orders), _CHUNK):
        with store.write() as tx:
            _write(tx, [each for number in numbers for each in _order(number, orders, state, rng)])
    for numbers in batches(range(records), _CHUNK):
        with store.write() as tx:
            _write(tx, [_record(number, orders, rng) for number in numbers])


class _States:
    """What becomes of an order by its place in time; every so-manieth fails, so that the failures are spread."""

    def __init__(self, orders: int, stuck: int, parked: int) -> None:
        self._orders, self._stuck, self._parked = orders, stuck, parked

    def order(self, number: int, rng: random.Random) -> str:
        if _nth(number, self._orders, self._stuck):
            return "stuck"
        if age(number, self._orders) < _RECENT:
            return rng.choices(("open", "in_progress", "partially_shipped", "held"), (2, 20, 3, 1))[0]
        return rng.choices(("closed", "shipped", "cancelled"), (90, 7, 3))[0]

    def delivery(self, number: int, status: str, rng: random.Random) -> str:
        if _nth(number + 1, self._orders, self._parked):
            return "parked"
        if status in ("in_progress", "partially_shipped"):
            return rng.choices(("queued", "waiting", "sent", "confirmed"), (1, 1, 2, 6))[0]
        return "confirmed"


def _nth(number: int, of: int, wanted: int) -> bool:
    """Tell whether this is one of so many, spread evenly."""
    return number * wanted // of != (number + 1) * wanted // of


def age(number: int, orders: int) -> timedelta:
    """Return how long before now an order was placed."""
    return _SPAN * (orders - number) / orders


_Row = tuple[Any, dict[str, Any]]


def _write(tx: Connection, rows: list[_Row]) -> None:
    """Insert rows, those of one table together, in the order in which tables come first."""
    by_table: dict[Any, list[dict[str, Any]]] = {}
    for table, values in rows:
        by_table.setdefault(table, []).append(values)
    for table, values in by_table.items():
        tx.execute(insert(table), values)


def _order(number: int, orders: int, states: _States, rng: random.Random) -> Iterator[_Row]:
    at, channel, order_id = NOW - age(number, orders), rng.choice(CHANNELS), f"SO{100_000 + number}"
    status, skus = states.order(number, rng), rng.sample(range(5000), rng.choice((1, 1, 2)))
    named = {"channel": channel, "channel_order": str(5_000_000_000 + number), "number": f"#{1000 + number}"}
    times = {"created_at": at, "updated_at": at}
    doc = {**_ORDER, "channel": channel, "order_id": named["channel_order"], "number": named["number"]}
    doc |= {"placed_at": at.isoformat(), "updated_at": at.isoformat(), "lines": [_line(sku) for sku in skus]}
    whole = {"id": order_id, **named, "status": status, "placed_at": at, "source_updated_at": at, "doc": doc, **times}
    yield sales_order, whole
    came = {"connection": channel, "document": "orders", "direction": "in", "key": order_id, "name": "", "size": 900}
    came |= {"sha256": f"{number:064x}", "state": "applied", "records": 1, "parked": 0, "received_at": at}
    yield message, {"id": number + 1, **came}
    yield order_message, {"order_id": order_id, "message_id": number + 1}
    supplier, document = rng.choice(SUPPLIERS), f"PO{100_000 + number}"
    routed = status not in ("open", "held", "cancelled", "stuck")
    for sku in skus:
        yield allocation, _portion(order_id, sku, status, supplier, document if routed else None, at)
    yield event, {"at": at, "name": "order.received", "subject": order_id, "actor": "hub", "detail": {}}
    if routed:
        yield from _asked(number, whole, supplier, document, states.delivery(number, status, rng))


def _line(sku: int) -> Mapping[str, Any]:
    return {**_ORDER["lines"][0], "line_id": f"L{sku}", "sku": f"SKU-{sku:04d}", "name": f"Thing {sku}"}


def _portion(order_id: str, sku: int, status: str, supplier: str, document: str | None, at: datetime) -> dict[str, Any]:
    held = {"order_id": order_id, "line_id": f"L{sku}", "sku": f"SKU-{sku:04d}", "quantity": Decimal(1)}
    state = _LINES.get(status, "released" if document else "routable")
    held |= {"state": state, "node": supplier.upper() if document else None, "document": document, "excluded": []}
    reason = f"no node has SKU-{sku:04d}" if status == "stuck" else ""
    return {**held, "reason": reason, "stuck_since": at if status == "stuck" else None, "updated_at": at}


def _asked(number: int, order: Mapping[str, Any], supplier: str, document: str, state: str) -> Iterator[_Row]:
    """What asks a supplier to ship, what tells the shop, and the shipment."""
    at, done = order["placed_at"], order["status"] in ("closed", "shipped")
    doc = {**_PURCHASE, "number": document, "node": supplier.upper(), "supplier": supplier, "order_id": order["id"]}
    doc |= {"channel": order["channel"], "channel_order": order["channel_order"], "ordered_at": at.isoformat()}
    doc |= {"lines": [{**_PURCHASE["lines"][0], "sku": each["sku"]} for each in order["doc"]["lines"]]}
    asks = {"number": document, "kind": Kind.PURCHASE_ORDER.value, "partner": supplier, "node": supplier.upper()}
    stands = "invoiced" if order["status"] == "closed" else "shipped" if done else "issued"
    due = {"acknowledge_by": None, "ship_by": NOW + timedelta(days=number % 5) - timedelta(hours=1)}
    times = {"created_at": at, "updated_at": at}
    yield purchase, {**asks, "order_id": order["id"], "state": stands, "doc": doc, **due, **times}
    yield delivery, _goes(supplier, "order", Kind.PURCHASE_ORDER, document, order, doc, state)
    yield event, {"at": at, "name": "order.routed", "subject": order["id"], "actor": "hub", "detail": {"to": supplier}}
    if done:
        sent = {"id": f"SH{number}", "partner": supplier, "shipment_number": f"{number}", "purchase_number": document}
        doc = {**_SHIPMENT, "order_number": document, "shipment_number": f"{number}", "tracking": f"1Z{number}"}
        yield shipment, {**sent, "order_id": order["id"], "doc": doc, "created_at": at}
        told = {"fulfilment_id": f"F{number}", "channel_order": order["channel_order"], "lines": []}
        key = f"F{number}"
        yield delivery, _goes(order["channel"], "fulfilments", Kind.FULFILMENT, key, order, told, "confirmed")


def _goes(
    to: str, document: str, kind: Kind, key: str, order: Mapping[str, Any], doc: Mapping[str, Any], state: str
) -> dict[str, Any]:
    at, sent, bad = order["placed_at"], state in ("sent", "confirmed"), state == "parked"
    row = {"connection": to, "document": document, "kind": kind.value, "entity": order["id"], "latest_wins": False}
    row |= {"key": key, "state": state, "record": doc, "order_id": order["id"], "order_placed_at": at, "named": False}
    row |= {"doubt": False, "attempts": 1, "tries": 1, "due_at": at, "created_at": at, "updated_at": at}
    row |= {"answer_by": NOW + timedelta(hours=4) if state == "sent" else None, "sent_at": at if sent else None}
    row |= {"error_class": "Rejected" if bad else None, "code": "422" if bad else None}
    return row | {"error": f"{to}: 422 no such item" if bad else None, "todo": "mend it, then rerun" if bad else None}


def _record(number: int, orders: int, rng: random.Random) -> _Row:
    code, error, todo = rng.choice(_BAD)
    at = NOW - timedelta(minutes=rng.randrange(60 * 24 * 30))
    which = {"message_id": number % orders + 1, "connection": rng.choice(SUPPLIERS), "document": "stock"}
    which |= {"record": f"row {number}", "field": "quantity", "error_class": "BadRecord", "code": code}
    text = {"error": error, "todo": todo, "raw": f"SKU-{number:05d};12;PAL;2026-11-20;" * 4, "known": {}}
    return parked_record, {**which, **text, "state": "open", "parked_at": at, "changed_at": at}


def _runs(tx: Connection) -> None:
    """Write two days of runs of every supplier's stock, every tenth of which failed."""
    for code in SUPPLIERS:
        for hour in range(48):
            at, bad = NOW - timedelta(hours=hour), hour == 0 and code.endswith("3")
            run = {"schedule": "hourly", "connection": code, "document": "stock", "scheduled_at": at, "started_at": at}
            run |= {"state": "failed" if bad else "done", "ended_at": at, "read": 500, "changed": 20, "parked": 0}
            run |= {"error_class": "CannotReach" if bad else None, "code": None, "todo": "ask them" if bad else None}
            tx.execute(insert(sync_run).values(**run, error="it does not answer" if bad else None))


_ORDER: dict[str, Any] = SalesOrder(
    channel="shop",
    order_id="1",
    number="#1",
    placed_at=NOW,
    updated_at=NOW,
    currency="USD",
    ship_to=Address(name="Ada Byron", street="1 Main St", city="Reno", region="NV", postal_code="89501", country="US"),
    lines=(OrderLine(line_id="L1", sku="A", name="Thing", quantity=Decimal(1), price=Decimal("19.90")),),
).model_dump(mode="json")
_SHIPMENT: dict[str, Any] = Shipment(order_number="PO1").model_dump(mode="json")
_PURCHASE: dict[str, Any] = PurchaseOrder(
    number="PO1",
    node="S",
    order_id="SO1",
    channel="shop",
    channel_order="1",
    channel_number="#1",
    ordered_at=NOW,
    supplier="s",
    currency="USD",
    lines=(PurchaseLine(line_number=1, sku="A", quantity=Decimal(1), unit_cost=Decimal(9), channel_line="L1"),),
).model_dump(mode="json")
