"""Random rows of everything that may need a person, and by plain Python what a person should read of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert

from hub.model.number import plain
from hub.model.state import DeliveryState, LineState, PurchaseState
from hub.services.attention.failure import Concerned, Failure, FailureKind, Filters
from hub.store.tables import allocation, delivery, invoice, message, parked_record, purchase, sales_order, sync_run

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
PARTNERS, CODES = ("acme", "bolt", "Çelik"), ("unit", "sku", "", "100%")
_Row = dict[str, Any]


@dataclass
class World:
    """Rows by table, in the order in which they are stored."""

    seed: int
    rows: dict[Table, list[_Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        for number in range(12):
            order = {"id": f"SO{number}", "channel": self.pick("shop", "store"), "number": f"#{number}", "doc": {}}
            order |= {"channel_order": f"{number}00", "status": "open", "placed_at": NOW, "source_updated_at": NOW}
            self.add(sales_order, {**order, "created_at": NOW, "updated_at": NOW})
        came = {"connection": "acme", "document": "stock", "direction": "in", "key": "k", "name": "", "sha256": "0"}
        self.add(
            message, {**came, "size": 0, "state": "applied", "records": 0, "parked": 0, "received_at": NOW, "id": 1}
        )
        for make in (self._record, self._run, self._delivery, self._line, self._purchase, self._bill):
            for number in range(1, 41):
                make(number)

    def add(self, table: Table, row: _Row) -> None:
        self.rows.setdefault(table, []).append(row)

    def store(self, tx: Connection) -> None:
        for table, rows in self.rows.items():
            tx.execute(insert(table), rows)

    def pick(self, *these: Any) -> Any:
        return self.rng.choice(these)

    def time(self) -> datetime:
        """Return one of few moments, so that many are the same, about half of them still to come."""
        return NOW + self.pick(timedelta(hours=1), timedelta(microseconds=1)) * self.rng.randrange(-4, 4)

    def perhaps(self, value: Any) -> Any:
        return self.pick(None, value)

    def _failed(self) -> _Row:
        words = "the unit 'PAL' is not known", "100% wrong_", "", "nichts läuft\nmehr"
        said = {"error_class": self.pick("BadRecord", "Rejected", ""), "code": self.pick(*CODES)}
        return {**said, "error": self.pick(*words), "todo": self.pick("mend it", "")}

    def _record(self, number: int) -> None:
        which = {"id": number, "message_id": 1, "record": f"row {number}", "field": self.pick("", "unit")}
        flow = {"connection": self.pick(*PARTNERS), "document": self.pick("stock", "orders"), "raw": "x"}
        ended = {"state": self.pick("open", "open", "closed", "resolved"), "closed_why": self.perhaps("spoke to them")}
        times = {"parked_at": self.time(), "changed_at": NOW, "known": self.pick({}, {"order_id": "7"}, {"sku": "A"})}
        self.add(parked_record, {**which, **flow, **self._failed(), **ended, **times})

    def _run(self, number: int) -> None:
        flow = {"schedule": "hourly", "connection": self.pick(*PARTNERS), "document": "stock"}
        counts = {"read": 1, "changed": 1, "parked": 0, "closed_why": self.perhaps("later runs went well")}
        times = {"scheduled_at": NOW + timedelta(minutes=number), "started_at": self.time()}
        said = {name: self.perhaps(value) for name, value in self._failed().items()}
        state = self.pick("failed", "failed", "closed", "done")
        self.add(sync_run, {"id": number, **flow, **counts, **times, **said, "state": state})

    def _delivery(self, number: int) -> None:
        kind, key = self.pick("purchase_order", "fulfilment", "stock_level"), f"PO{number}"
        line = {"channel_line": "L1", "quantity": "2.5"}
        doc = {
            "number": self.pick(key, "other"),
            "channel_order": "700",
            "lines": [line],
            **self.pick({}, {"channel": "shop"}),
        }
        goes = {"id": number, "connection": self.pick(*PARTNERS), "document": "order", "kind": kind, "key": key}
        states = ("parked", "blocked", "unknown", "sent", "cancelled", "confirmed", "waiting")
        stands = {
            "state": self.pick(*states),
            "record": doc,
            "order_id": self.pick(None, "SO1"),
            "entity": f"e{number}",
        }
        said = {name: self.perhaps(value) for name, value in self._failed().items()}
        flags = {"latest_wins": False, "named": False, "doubt": False, "attempts": 1, "tries": 1, "due_at": self.time()}
        ends = {
            "answer_by": self.perhaps(self.time()),
            "sent_at": self.perhaps(self.time()),
            "closed_why": self.perhaps("why"),
        }
        times = {"created_at": NOW, "updated_at": self.time()}
        self.add(delivery, {**goes, **stands, **said, **flags, **ends, **times})

    def _line(self, number: int) -> None:
        of = {"id": number, "order_id": f"SO{number % 12}", "line_id": f"L{number}", "sku": self.pick("", "CUP", "A B")}
        states = ("backordered", "unfillable", "allocated", "released", "acknowledged", "shipped", "cancelled")
        quantity = self.pick(Decimal(1), Decimal("2.500"), Decimal(100), Decimal("0.000000001"))
        stands = {"quantity": quantity, "state": self.pick(*states), "excluded": []}
        why = {"reason": self.pick("no node has it", "closed: refunded", "")}
        times = {"cancel_asked_at": self.perhaps(self.time()), "recall_by": self.perhaps(self.time())}
        since = {"stuck_since": self.perhaps(self.time()), "updated_at": self.time()}
        self.add(allocation, {**of, **stands, **why, **times, **since})

    def _purchase(self, number: int) -> None:
        states = [each.value for each in PurchaseState]
        asks = {
            "number": f"PO{number}",
            "kind": self.pick("purchase_order", "ship_order"),
            "partner": self.pick(*PARTNERS),
        }
        stands = {"node": "N", "order_id": f"SO{number % 12}", "state": self.pick(*states), "doc": {}}
        due = {"acknowledge_by": self.perhaps(self.time()), "ship_by": self.perhaps(self.time())}
        self.add(purchase, {**asks, **stands, **due, "created_at": NOW, "updated_at": NOW})

    def _bill(self, number: int) -> None:
        names = {"id": number, "partner": self.pick(*PARTNERS), "invoice_number": f"INV{number}"}
        names["doc"] = {"invoice_number": f"INV{number}", "order_number": f"PO{number}"}
        stands = {"state": self.pick("held", "rejected", "approved", "waiting"), "why": "billed 3, shipped 2"}
        self.add(invoice, {**names, "purchase_number": f"PO{number}", **stands, "created_at": self.time()})


# --- what a person should read ---------------------------------------------------------------------------------------


def expected(world: World, filters: Filters) -> list[Failure]:
    """Return what needs a person, oldest first, judged row by row."""
    judges: Mapping[Table, Callable[[World, _Row, bool], Failure | None]] = {
        parked_record: _of_record,
        sync_run: _of_run,
        delivery: _of_delivery,
        allocation: _of_line,
        purchase: _of_purchase,
        invoice: _of_bill,
    }
    judged = (judge(world, row, filters.closed) for table, judge in judges.items() for row in world.rows[table])
    return sorted((each for each in judged if each and _admits(filters, each)), key=lambda each: (each.since, each.id))


def causes(found: Sequence[Failure]) -> list[tuple[Any, ...]]:
    """Return what groups of these should say: the largest first, each with what the oldest says."""
    by_cause: dict[tuple[Any, ...], list[Failure]] = {}
    for each in found:
        by_cause.setdefault((each.kind, each.partner, each.error_class, each.code), []).append(each)
    told = []
    for cause, of in by_cause.items():
        documents, oldest = ", ".join(sorted({each.document for each in of})), of[0]
        says = oldest.since, oldest.id, oldest.error, oldest.todo
        told.append((*cause, documents, len(of), *says, tuple(each.id for each in of)))
    return sorted(told, key=lambda each: (-each[5], each[6]))


def _admits(filters: Filters, failure: Failure) -> bool:
    return (
        (not filters.kinds or failure.kind in filters.kinds)
        and filters.partner in (None, failure.partner)
        and filters.document in (None, failure.document)
        and filters.code in (None, failure.code, failure.error_class, failure.cause)
        and (filters.before is None or failure.since < filters.before)
        and (filters.after is None or failure.since >= filters.after)
        and (filters.text is None or filters.text in f"{failure.id} {failure.subject} {failure.error}")
    )


def _failure(kind: FailureKind, number: object, row: _Row, **said: Any) -> Failure:
    about = {"error_class": row.get("error_class") or "", "code": row.get("code") or ""}
    return Failure(**{"id": f"{kind.value[0]}{number}", "kind": kind, **about, **said})


def _of_record(_world: World, row: _Row, closed: bool) -> Failure | None:
    if (row["state"] != "open") is not closed:
        return None
    where = {
        "partner": row["connection"],
        "document": row["document"],
        "error": row["error"],
        "since": row["parked_at"],
    }
    subject = f"message 1, {row['record']}" + (f", {row['field']}" if row["field"] else "")
    todo = (row["closed_why"] or "") if closed else row["todo"]
    lines = (Concerned(row["connection"], "7"),) if "order_id" in row["known"] else ()
    return _failure(FailureKind.RECORD, row["id"], row, **where, subject=subject, todo=todo, lines=lines)


def _of_run(_world: World, row: _Row, closed: bool) -> Failure | None:
    if row["state"] != ("closed" if closed else "failed") or row["error"] is None:
        return None
    where = {
        "partner": row["connection"],
        "document": row["document"],
        "error": row["error"],
        "since": row["started_at"],
    }
    todo = row["closed_why" if closed else "todo"] or ""
    return _failure(FailureKind.RUN, row["id"], row, **where, subject=f"run {row['id']} of hourly", todo=todo)


def _of_delivery(_world: World, row: _Row, closed: bool) -> Failure | None:
    state, partner, key = DeliveryState(row["state"]), row["connection"], row["key"]
    silent = row["answer_by"] is not None and row["answer_by"] < NOW
    told: dict[tuple[bool, DeliveryState], dict[str, Any]] = {
        (True, DeliveryState.CANCELLED): {"error": row["error"] or "closed", "todo": row["closed_why"] or ""},
        (False, DeliveryState.PARKED): {"error": row["error"] or "parked", "todo": row["todo"] or ""},
        (False, DeliveryState.BLOCKED): {
            "code": "blocked",
            "error": "waits behind an earlier document about the same thing that is parked",
            "todo": f"rerun or close the parked one of {row['entity']}",
        },
    }
    if silent:
        told[False, DeliveryState.UNKNOWN] = {
            "code": "in doubt",
            "error": f"nobody can tell whether {key} arrived",
            "todo": f"ask {partner} whether it has it, then rerun or close",
        }
        told[False, DeliveryState.SENT] = {
            "code": "overdue",
            "error": f"{partner} has not answered {key} in the agreed hours",
            "todo": f"ask {partner}; close it when they have it",
            "since": row["sent_at"] or row["updated_at"],
        }
    if (closed, state) not in told:
        return None
    subject = f"{row['kind']} {key}" + (f" for {row['order_id']}" if row["order_id"] else "")
    said = {"partner": partner, "document": "order", "subject": subject, "since": row["updated_at"]}
    lines = tuple(_kept_back(row)) if state is not DeliveryState.SENT else ()
    return _failure(FailureKind.DELIVERY, row["id"], row, **{**said, **told[closed, state]}, lines=lines)


def _kept_back(row: _Row) -> Iterator[Concerned]:
    if row["kind"] != "stock_level" and row["record"]["number"] == row["key"]:
        yield Concerned(row["record"].get("channel") or row["connection"], "700", "L1", Decimal("2.5"))


def _of_line(world: World, row: _Row, closed: bool) -> Failure | None:
    state, asked = LineState(row["state"]), row["cancel_asked_at"] is not None
    lacks = state in {LineState.BACKORDERED, LineState.UNFILLABLE}
    bound = state in {LineState.ALLOCATED, LineState.RELEASED, LineState.ACKNOWLEDGED}
    back = bound and asked and (row["recall_by"] is None or row["recall_by"] < NOW)
    over = state is LineState.CANCELLED and row["reason"].startswith("closed: ")
    if not (over if closed else lacks or back):
        return None
    order = next(each for each in world.rows[sales_order] if each["id"] == row["order_id"])
    if asked:
        todo = "ask the partner; close it when they have stopped it"
    elif row["sku"]:
        todo = "it is tried again when stock comes; or `order reroute`, or close it and refund"
    else:
        todo = "give the product a SKU in the shop, or close it"
    said = {
        "partner": order["channel"],
        "document": "order",
        "subject": f"order {order['number']} ({order['id']}) line {row['line_id']}, "
        f"{plain(row['quantity'])} of {row['sku']!r}",
        "error_class": "Line",
        "code": "cancelled after sending" if asked else state.value,
        "error": row["reason"],
        "todo": todo,
        "since": row["cancel_asked_at"] or row["stuck_since"] or row["updated_at"],
        "lines": (Concerned(order["channel"], order["channel_order"], row["line_id"], row["quantity"]),),
    }
    return _failure(FailureKind.LINE, row["id"], row, **said)


def _of_purchase(world: World, row: _Row, closed: bool) -> Failure | None:
    issued, due, ship_by = row["state"] == "issued", row["acknowledge_by"], row["ship_by"]
    partner, goods = row["partner"], row["state"] in ("acknowledged", "partially_shipped") or (issued and due is None)
    arrived = any(
        each["key"] == row["number"] and each["connection"] == partner and each["state"] == "confirmed"
        for each in world.rows[delivery]
    )
    if closed:
        return None
    if goods and ship_by is not None and ship_by < NOW:
        words = f"has not shipped all of it by {ship_by:%Y-%m-%d %H:%M} UTC"
        code, todo, since = "not shipped", f"ask {partner} when it comes", ship_by
    elif issued and due is not None and due < NOW and arrived:
        words = f"has it and has not said by {due:%Y-%m-%d %H:%M} UTC what it will ship"
        code, todo, since = "not acknowledged", f"ask {partner}", due
    else:
        return None
    order = next(each for each in world.rows[sales_order] if each["id"] == row["order_id"])
    said = {"partner": partner, "document": row["kind"], "error_class": "Late", "code": code, "since": since}
    said["subject"] = f"{row['number']} for order {order['number']} ({order['channel_order']})"
    said |= {"error": f"{partner} {words}", "todo": f"{todo}; close it to wait without a deadline"}
    return _failure(FailureKind.LATE, row["number"], row, **said)


def _of_bill(_world: World, row: _Row, closed: bool) -> Failure | None:
    if row["state"] != ("rejected" if closed else "held"):
        return None
    credit = f"ask {row['partner']} for a credit memo, or `invoice approve {row['id']}`; close it to decline it"
    said = {"partner": row["partner"], "document": "invoice", "error_class": "Invoice", "code": "differs"}
    said |= {"subject": f"invoice {row['invoice_number']} for {row['purchase_number']}", "error": row["why"]}
    return _failure(FailureKind.INVOICE, row["id"], row, **said, todo=credit, since=row["created_at"])
