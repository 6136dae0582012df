"""Inbound: originals first, cursor with them, one bad record alone, and everything again after a crash or a fix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from hub.contract import BadRecord, DocumentSpec, Mode, Page, Profile, RawItem, Rejected
from hub.delivery.links import Links
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.money import ExchangeRates
from hub.model.node import Node, NodeKind
from hub.model.order import SalesOrder
from hub.model.partner import Partner, Role
from hub.model.stock import ExpectedReceipt, StockLevel
from hub.routing.rules import RoutingRules
from hub.services.attention import failures
from hub.services.desk import Desk
from hub.services.directory import Entry, PartnerDirectory
from hub.services.intake import ingest
from hub.services.intake.ingest import Counts
from hub.services.intake.keeping import Inlet
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.sync import Flows
from hub.store import messages, order_list, parking, receipts, runs, stock
from hub.store.engine import Store
from hub.store.order_list import OrderFilters
from hub.store.runs import Tick
from hub.testing.clock import FakeClock

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
ORDERS = DocumentSpec("orders", Direction.IN, Kind.SALES_ORDER)
STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL, Mode.SNAPSHOT)


class NoSettings(BaseModel):
    pass


@dataclass
class JsonLines:
    """A connector whose originals are lines of JSON; each page says where the cursor stands after it."""

    pages: Sequence[Sequence[tuple[str, str]]] = ()
    kind: type[Record] = SalesOrder
    asked: list[str | None] = field(default_factory=list)
    breaks_after: int | None = None

    def fetch(self, _document: str, cursor: str | None) -> Iterator[Page]:
        self.asked.append(cursor)
        for number, items in enumerate(self.pages):
            if self.breaks_after == number:
                raise ConnectionAbortedError("the process died here")
            yield Page(tuple(RawItem(key, content.encode()) for key, content in items), cursor=f"page{number}")

    def parse(self, _document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        if item.content == b"refused":
            raise Rejected("a whole document that cannot be read")
        if item.content == b"explodes":
            raise ZeroDivisionError("a fault of ours")
        for number, line in enumerate(item.content.decode().splitlines(), start=1):
            try:
                yield self.kind.model_validate(json.loads(line))
            except ValueError as error:
                yield BadRecord(f"cannot be read: {error}", record=f"row {number}", raw=line, code="unreadable")


def an_order(number: int, **fields: Any) -> str:
    line = {"line_id": f"{number}-1", "sku": "AB-100", "quantity": 1}
    made = {"channel": "shop", "order_id": f"{number}", "number": f"#{number}", "placed_at": AT.isoformat()}
    return json.dumps({**made, "updated_at": AT.isoformat(), "currency": "USD", "lines": [line], **fields})


@pytest.fixture
def desk(store: Store, clock: FakeClock) -> Desk:
    node = Node(code="ACME", kind=NodeKind.SUPPLIER, partner="acme")
    acme = Partner(code="acme", role=Role.SUPPLIER, nodes=(node,))
    entries = {"acme": Entry(Profile(acme, NoSettings()), "files", (STOCK,))}
    return Desk(store, clock, PartnerDirectory(entries), ExchangeRates(base="USD"), RoutingRules(), "USD")


def inlet(connector: JsonLines, document: DocumentSpec = ORDERS, connection: str = "shop") -> Inlet:
    return Inlet(connection, connector, document, "hash1")  # type: ignore[arg-type]  # only fetch and parse are used


def run(desk: Desk, name: str = "r") -> int:
    with desk.store.write() as tx:
        number = runs.start(tx, Tick(name, "shop", "orders", desk.clock.now()), desk.clock.now())
    assert number is not None
    return number


def numbers(desk: Desk) -> set[str]:
    with desk.store.read() as tx:
        return {order.number for order in order_list.search(tx, OrderFilters(), 10_000)}


def parked(desk: Desk) -> list[tuple[str, str]]:
    with desk.store.read() as tx:
        return [(each.record, each.code) for each in parking.search(tx)]


def test_every_page_is_read_and_counted(desk: Desk) -> None:
    pages = [[("k1", an_order(1)), ("k2", an_order(2))], [("k3", an_order(3))]]
    number = run(desk)
    assert ingest.fetch(desk, inlet(JsonLines(pages)), number) == Counts(3, 3, 0)
    assert numbers(desk) == {"#1", "#2", "#3"}
    with desk.store.read() as tx:
        row = runs.get(tx, number)
        assert row is not None
        assert (row["read"], row["changed"], row["parked"]) == (3, 3, 0)
        assert runs.cursor_of(tx, "shop", "orders") == "page1"


def test_the_same_document_twice_changes_nothing(desk: Desk) -> None:
    connector = JsonLines([[("k1", an_order(1))]])
    ingest.fetch(desk, inlet(connector), run(desk, "one"))
    assert ingest.fetch(desk, inlet(connector), run(desk, "two")) == Counts(0, 0, 0)
    assert connector.asked == [None, "page0"]


def test_one_bad_record_is_parked_and_the_rest_goes_on(desk: Desk) -> None:
    content = "\n".join([an_order(1), '{"channel": "shop"}', an_order(2)])
    pages = [[("k1", content), ("k2", "refused"), ("k3", "explodes"), ("k4", an_order(3))]]
    counts = ingest.fetch(desk, inlet(JsonLines(pages)), run(desk))
    assert counts == Counts(6, 3, 3)
    assert numbers(desk) == {"#1", "#2", "#3"}
    assert parked(desk) == [
        ("row 2", "unreadable"),
        ("the whole document", "Rejected"),
        ("the whole document", "unforeseen ZeroDivisionError"),
    ]


def test_a_record_that_cannot_be_applied_is_parked_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ingest.APPLIERS[Kind.SALES_ORDER]

    def apply(tx: Any, at: Desk, source: Any, record: SalesOrder) -> bool:
        changed = real(tx, at, source, record)
        if record.number == "#2":
            raise KeyError("something nobody thought of")  # after it wrote: the savepoint takes that back
        return changed

    monkeypatch.setitem(ingest.APPLIERS, Kind.SALES_ORDER, apply)  # type: ignore[arg-type]  # a dict behind its type
    monkeypatch.setattr(ingest, "TOGETHER", {})
    pages = [[(f"k{n}", an_order(n)) for n in (1, 2, 3)]]
    assert ingest.fetch(desk, inlet(JsonLines(pages)), run(desk)) == Counts(3, 2, 1)
    assert numbers(desk) == {"#1", "#3"}
    assert parked(desk) == [("number #2", "unforeseen KeyError")]


def test_what_was_stored_before_a_crash_is_applied_after_it_and_the_cursor_did_not_run_ahead(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = JsonLines([[("k1", an_order(1))], [("k2", an_order(2))]], breaks_after=1)
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "apply_messages", lambda *_: Counts())  # the process dies before it applies anything
        with pytest.raises(ConnectionAbortedError):
            ingest.fetch(desk, inlet(connector), run(desk))
    assert numbers(desk) == set()
    with desk.store.read() as tx:
        assert runs.cursor_of(tx, "shop", "orders") == "page0"
    assert ingest.apply_waiting(desk, inlet(connector)) == Counts(1, 1, 0)
    connector.breaks_after = None
    ingest.fetch(desk, inlet(connector), run(desk, "again"))
    assert numbers(desk) == {"#1", "#2"}
    assert connector.asked == [None, "page0"]


def test_after_a_fix_the_stored_original_is_mapped_again_and_what_went_through_is_resolved(desk: Desk) -> None:
    class Fixed(JsonLines):
        def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
            return super().parse(document, RawItem(item.key, item.content.replace(b"XXX", b"USD"), item.name))

    content = an_order(1, currency="XXX") + "\n" + an_order(2)
    ingest.fetch(desk, inlet(JsonLines([[("k1", content)]])), run(desk))
    assert parked(desk) == [("row 1", "unreadable")]
    with desk.store.write() as tx:
        (bad,) = parking.search(tx)
        assert messages.apply_again(tx, bad.message_id)
    ingest.apply_waiting(desk, inlet(Fixed()))
    assert parked(desk) == []
    assert numbers(desk) == {"#1", "#2"}


def test_a_parked_order_stands_in_the_list_of_failures_with_the_channels_own_id(desk: Desk) -> None:
    class Knows(JsonLines):
        def parse(self, _document: str, item: RawItem) -> Iterator[Record | BadRecord]:
            yield BadRecord("unknown currency", record="order #7", field="currency", known={"order_id": item.key})

    ingest.fetch(desk, inlet(Knows([[("70007", "x")]])), run(desk))
    with desk.store.read() as tx:
        (failure,) = failures.list_failures(tx, desk.clock.now())
    assert failure.as_json()["lines"] == [{"channel": "shop", "order": "70007", "line": None, "quantity": None}]


def test_the_next_run_applies_what_an_earlier_one_left_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = JsonLines([[("k1", an_order(1))]])
    with monkeypatch.context() as patched:
        patched.setattr(ingest, "apply_messages", lambda *_: Counts())
        patched.setattr(ingest, "apply_waiting", lambda *_: Counts())
        ingest.fetch(desk, inlet(connector), run(desk))
    assert ingest.fetch(desk, inlet(connector), run(desk, "next")) == Counts(1, 1, 0)
    assert numbers(desk) == {"#1"}


def test_one_flow_that_cannot_be_applied_stops_no_other(desk: Desk) -> None:
    with desk.store.write() as tx:
        messages.receive(tx, connection="lost", document="orders", key="k", name="", content=b"x", now=AT)
    flows = Flows(desk, Links(desk.store, {}, lambda _code: None, desk.clock), {}, FlowLocks())
    assert sync.apply_waiting(flows, lambda *_: ORDERS) == Counts(0, 0, 0)  # nobody can connect to it


def test_waiting_messages_of_a_partner_that_is_gone_stay(desk: Desk) -> None:
    with desk.store.write() as tx:
        messages.receive(tx, connection="gone", document="orders", key="k", name="", content=b"x", now=AT)
    flows = Flows(desk, Links(desk.store, {}, lambda _code: None, desk.clock), {}, FlowLocks())
    assert sync.apply_waiting(flows, lambda *_: None) == Counts(0, 0, 0)
    with desk.store.read() as tx:
        assert len(messages.waiting(tx, 10)) == 1


def test_a_feed_goes_through_in_one_stream(desk: Desk) -> None:
    rows = [json.dumps({"sku": f"AB-{n}", "quantity": n}) for n in range(5)]
    connector = JsonLines([[("k1", "\n".join([*rows, '{"sku": "bad"}']))]], kind=StockLevel)
    counts = ingest.fetch(desk, inlet(connector, STOCK, "acme"), run(desk))
    assert (counts.read, counts.parked) == (6, 1)
    with desk.store.read() as tx:
        assert {sku: row.on_hand for (_, sku), row in stock.levels(tx, ["AB-3", "AB-4"]).items()} == {
            "AB-3": 3,
            "AB-4": 4,
        }


def test_a_held_snapshot_that_a_person_runs_again_counts_as_a_whole(desk: Desk) -> None:
    rows = [json.dumps({"sku": f"S{number}", "quantity": 5}) for number in range(40)]
    connector = JsonLines([[("k1", "\n".join(rows))], [("k2", rows[0])]], kind=StockLevel)
    assert ingest.fetch(desk, inlet(connector, STOCK, "acme"), run(desk)) == Counts(41, 40, 1)
    assert parked(desk) == [("the whole document", "snapshot shrank")]
    with desk.store.read() as tx:
        assert stock.levels(tx, ["S39"])["ACME", "S39"].on_hand == 5
        (held,) = parking.search(tx)
    with desk.store.write() as tx:
        failures.rerun(tx, desk, [f"r{held.id}"], "ann")
    ingest.apply_waiting(desk, inlet(connector, STOCK, "acme"))
    assert parked(desk) == []
    with desk.store.read() as tx:
        assert stock.levels(tx, ["S39"])["ACME", "S39"].on_hand == 0
        assert stock.levels(tx, ["S0"])["ACME", "S0"].on_hand == 5


def test_a_forecast_goes_through_in_one_stream(desk: Desk) -> None:
    document = DocumentSpec("forecast", Direction.IN, Kind.EXPECTED_RECEIPT, Mode.SNAPSHOT)
    row = json.dumps({"sku": "AB", "quantity": 5, "expected_at": AT.isoformat()})
    connector = JsonLines([[("k1", row)]], kind=ExpectedReceipt)
    assert ingest.fetch(desk, inlet(connector, document, "acme"), run(desk)) == Counts(1, 1, 0)
    with desk.store.read() as tx:
        assert [(each.node, each.sku, each.quantity) for each in receipts.expected(tx, ["AB"])] == [("ACME", "AB", 5)]
