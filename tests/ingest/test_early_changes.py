"""A change that comes before its order waits for it, needs nobody meanwhile, and is taken when the order comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from hub.contract import About, BadRecord, DocumentSpec, Page, Profile, RawItem
from hub.delivery.links import Links
from hub.model.base import Record
from hub.model.document import RECORDS, Direction, Kind
from hub.model.money import ExchangeRates
from hub.model.order import SalesOrder
from hub.model.partner import Agreement, Partner, Role
from hub.routing.rules import RoutingRules
from hub.services.alerting.alert_rules import evaluate
from hub.services.alerting.alert_settings import AlertRule
from hub.services.attention import failures, waiting
from hub.services.attention.failure import Failure
from hub.services.attention.failure_watch import Fate, fates
from hub.services.desk import Desk, Source
from hub.services.directory import Entry, PartnerDirectory
from hub.services.selling import early
from hub.services.selling import orders as taking
from hub.services.summary import summarise
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.sync import Flows
from hub.services.trade import scorecard
from hub.store import connections, messages, order_changes, orders
from hub.store.engine import Store
from hub.testing.clock import FakeClock
from hub.web.metrics import exposition

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
CHANGES = DocumentSpec("changes", Direction.IN, Kind.SALES_ORDER_CHANGE)
ORDERS = DocumentSpec("orders", Direction.IN, Kind.SALES_ORDER)
KINDS = {each.name: each.kind for each in (ORDERS, CHANGES)}


class NoSettings(BaseModel):
    pass


@dataclass
class Retailer:
    """A plugin and connector in one, with a folder for orders and one for changes of them."""

    given: dict[str, list[RawItem]] = field(default_factory=dict)
    about = About("retailer", "for tests", NoSettings)

    def open(self, _profile: Profile, _context: Any) -> Retailer:
        return self

    def documents(self) -> tuple[DocumentSpec, ...]:
        return (CHANGES, ORDERS)  # changes first: what is written first must not be applied first

    def fetch(self, document: str, _cursor: str | None) -> Iterator[Page]:
        yield Page(tuple(self.given.pop(document, ())))

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        for line in item.content.splitlines():
            yield RECORDS[KINDS[document]].model_validate_json(line)

    def close(self) -> None:
        pass


class Trade:
    """The retailer, and the hub that reads it."""

    def __init__(self, retailer: Retailer, flows: Flows) -> None:
        self.retailer, self.flows, self.desk = retailer, flows, flows.desk

    def read(self, look: Callable[[Any], Any]) -> Any:
        with self.desk.store.read() as tx:
            return look(tx)

    def run(self, document: DocumentSpec) -> None:
        self.desk.clock.sleep(1)  # each run is a tick of its own
        sync.run_here(self.flows, "retail", (document,))

    def changes(self, *said: tuple[str, str, int]) -> None:
        """Send one document with a change for each (number, order, quantity), and read it."""
        lines = "\n".join(_change(*each) for each in said)
        key = ",".join(number for number, _, _ in said)
        self.retailer.given["changes"] = [RawItem(f"c{key}", lines.encode())]
        self.run(CHANGES)

    def orders(self, *numbers: str) -> None:
        self.retailer.given["orders"] = [RawItem(f"o{each}", _order(each).encode()) for each in numbers]
        self.run(ORDERS)

    def later(self, hours: float) -> None:
        self.desk.clock.sleep(hours * 3600)

    def failures(self) -> list[Failure]:
        found: list[Failure] = self.read(lambda tx: failures.list_failures(tx, self.desk.clock.now()))
        return [each for each in found if each.partner == "retail" and each.id.startswith("r")]

    def waits(self) -> list[tuple[str, str]]:
        found = self.read(lambda tx: waiting.listing(tx, self.desk.clock.now(), "retail"))
        return [(each.id, each.subject) for each in found]

    def quantity(self, number: str) -> int:
        row = self.read(lambda tx: orders.of_channel(tx, "retail", [number]))[number]
        return int(row.doc.lines[0].quantity)

    def taken(self, number: str) -> set[str]:
        row = self.read(lambda tx: orders.of_channel(tx, "retail", [number]))[number]
        return set(self.read(lambda tx: order_changes.known(tx, "retail", row.id)))

    def metrics(self) -> str:
        return exposition(self.desk)[0].decode()


def _order(number: str) -> str:
    line = {"line_id": "1", "sku": "CUP", "quantity": 9}
    made = {"channel": "retail", "order_id": number, "number": number, "currency": "USD", "lines": [line]}
    return json.dumps({**made, "placed_at": AT.isoformat(), "updated_at": AT.isoformat()})


def _change(change: str, number: str, quantity: int) -> str:
    made = {"channel": "retail", "order_id": number, "change_number": change, "changed_at": AT.isoformat()}
    return json.dumps({**made, "lines": [{"line_id": "1", "quantity": quantity}]})


@pytest.fixture
def trade(store: Store, clock: FakeClock) -> Iterator[Trade]:
    retailer = Retailer()
    partner = Partner(code="retail", role=Role.CHANNEL, agreement=Agreement(early_change_hours=6))
    profile = Profile(partner, NoSettings())
    directory = PartnerDirectory({"retail": Entry(profile, "retailer", (CHANGES, ORDERS))})
    desk = Desk(store, clock, directory, ExchangeRates(base="USD"), RoutingRules(), "USD")
    links = Links(store, {"retailer": retailer}, lambda _code: profile, clock)  # type: ignore[dict-item]  # reads only
    with store.write() as tx:
        connections.ensure(tx, "retail", "retailer", None, clock.now())
    yield Trade(retailer, Flows(desk, links, {}, FlowLocks()))
    links.close()


def test_while_it_waits_it_needs_nobody_and_nothing_counts_it_as_parked(trade: Trade) -> None:
    trade.changes(("1", "4711", 5))
    assert trade.failures() == []
    assert trade.waits() == [("r1", "change 1 of order 4711")]
    now = trade.desk.clock.now()
    assert trade.read(lambda tx: summarise(tx, now)).records_parked == 0
    partner = trade.desk.directory.partner("retail")
    assert partner is not None
    assert trade.read(lambda tx: scorecard.score(tx, partner, now)).refused == {}
    rule = AlertRule.model_validate({"name": "parked", "when": "parked_more", "count": 0})
    assert trade.read(lambda tx: evaluate(tx, [rule], now, trade.desk.directory)) == {}
    told = trade.metrics()
    assert 'crossdock_early_changes{connection="retail"} 1.0' in told
    assert "crossdock_parked_records{" not in told
    assert "crossdock_failing{" not in told


def test_it_is_taken_in_the_run_that_brings_its_order_and_in_the_order_it_came(trade: Trade) -> None:
    trade.changes(("1", "4711", 5))
    trade.changes(("2", "4711", 7))
    trade.changes(("3", "4712", 2))
    trade.orders("4711")
    assert trade.quantity("4711") == 7
    assert trade.taken("4711") == {"1", "2"}, "the older one was not applied behind the newer one"
    assert [subject for _, subject in trade.waits()] == ["change 3 of order 4712"]
    assert trade.read(lambda tx: messages.waiting(tx, 10)) == []


def test_when_its_hours_are_over_it_is_a_failure_that_says_so_and_is_still_taken(trade: Trade) -> None:
    trade.changes(("1", "4711", 5))
    until = trade.desk.clock.now() + timedelta(hours=6)
    trade.later(6)
    assert trade.waits() == []
    (failure,) = trade.failures()
    assert failure.since == until
    assert failure.error == (
        f"retail changes order 4711, and we have no such order of it; it waited for it until {until:%Y-%m-%d %H:%M} UTC"
    )
    assert "when the order comes" in failure.todo
    assert trade.read(lambda tx: summarise(tx, trade.desk.clock.now())).records_parked == 1
    assert 'crossdock_parked_records{code="unknown order",connection="retail"} 1.0' in trade.metrics()
    trade.orders("4711")
    assert (trade.failures(), trade.quantity("4711")) == ([], 5)


def test_tried_again_in_vain_it_waits_no_longer_than_at_first(trade: Trade) -> None:
    trade.changes(("1", "4711", 5), ("2", "4712", 3))
    trade.later(4)
    trade.orders("4712")  # its message is applied again, and the other change in it is early once more
    assert trade.quantity("4712") == 3
    with trade.desk.store.write() as tx:
        assert failures.rerun(tx, trade.desk, ["r1"], "ann")["refused"] == {}
    assert trade.read(lambda tx: fates(tx, ["r1"], trade.desk.clock.now())) == {"r1": Fate.UNDER_WAY}
    trade.run(CHANGES)
    assert trade.read(lambda tx: fates(tx, ["r1"], trade.desk.clock.now())) == {"r1": Fate.WAITS}
    trade.later(2)
    assert [each.id for each in trade.failures()] == ["r1"]


def test_one_that_a_person_closed_waits_no_more(trade: Trade) -> None:
    trade.changes(("1", "4711", 5))
    with trade.desk.store.write() as tx:
        assert failures.close(tx, trade.desk, ["r1"], "withdrawn by phone", "ann")["done"] == {"r1": "closed"}
    trade.later(7)
    assert (trade.waits(), trade.failures()) == ([], [])
    found: Failure | None = trade.read(lambda tx: failures.get(tx, "r1", trade.desk.clock.now()))
    assert found is not None
    assert "waited" not in found.error
    assert found.waits_until is None


def test_an_order_that_comes_while_its_change_is_put_aside_sets_it_free(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order's transaction saw nobody waiting, and the change's saw no order."""
    look_back = early.look_back

    def come(*which: Any) -> None:
        with monkeypatch.context() as patched, trade.desk.store.write() as tx:
            patched.setattr(early, "release", lambda *_: 0)
            order = SalesOrder.model_validate_json(_order("4711"))
            taking.apply(tx, trade.desk, Source("retail", "orders", 1), order)
        look_back(*which)

    monkeypatch.setattr(early, "look_back", come)
    trade.changes(("1", "4711", 5))
    assert trade.quantity("4711") == 9
    trade.run(CHANGES)
    assert (trade.quantity("4711"), trade.waits()) == (5, [])


def test_a_change_that_names_another_channel_fails_at_once(trade: Trade) -> None:
    content = json.loads(_change("1", "4711", 5)) | {"channel": "somebody"}
    trade.retailer.given["changes"] = [RawItem("c1", json.dumps(content).encode())]
    trade.run(CHANGES)
    (failure,) = trade.failures()
    assert failure.error == "change 1 of order 4711 says it is of 'somebody' and came over 'retail'"
    assert trade.waits() == []
