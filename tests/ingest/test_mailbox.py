"""A mailbox holds documents of many kinds: each is stored with the whole, and applied by the flow it belongs to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from hub.contract import About, BadRecord, DocumentSpec, Mode, Page, Profile, RawItem, TemporaryFailure
from hub.delivery.links import Links
from hub.model.base import Record
from hub.model.document import RECORDS, Direction, Kind
from hub.model.money import ExchangeRates
from hub.model.node import Node, NodeKind
from hub.model.partner import Partner, Role
from hub.model.transmission import FunctionalAcknowledgement, Verdict
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import Entry, PartnerDirectory
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.schedules import Schedule, Select, jobs_of
from hub.services.syncing.sync import Flows
from hub.store import connections, deliveries, messages, parking, stock
from hub.store.engine import Store
from hub.testing.clock import FakeClock

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
MAILBOX = DocumentSpec("mailbox", Direction.IN, Kind.INTERCHANGE)
STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL, Mode.DELTA, comes_with="mailbox")
ACK = DocumentSpec("997", Direction.OUT, Kind.FUNCTIONAL_ACKNOWLEDGEMENT)


class NoSettings(BaseModel):
    pass


def level(quantity: int) -> bytes:
    return json.dumps({"sku": "CUP", "quantity": quantity, "as_of": AT.isoformat()}).encode()


def whole(number: str) -> bytes:
    return FunctionalAcknowledgement(group="IB", number=number, verdict=Verdict.ACCEPTED).model_dump_json().encode()


@dataclass
class Mailbag:
    """A plugin and connector in one: what it fetches are wholes with their parts."""

    bags: list[list[RawItem]] = field(default_factory=list)
    ends: Exception | None = None
    in_pieces: bool = False
    set_aside: set[str] = field(default_factory=set)
    inside: dict[str, list[RawItem]] = field(default_factory=dict)
    about = About("mailbag", "for tests", NoSettings)

    def open(self, _profile: Profile, _context: Any) -> Mailbag:
        return self

    def documents(self) -> tuple[DocumentSpec, ...]:
        return (MAILBOX, STOCK, ACK)

    def fetch(self, _document: str, _cursor: str | None) -> Iterator[Page]:
        for bag in self.bags:
            if self.in_pieces:
                yield from (Page((item,), more=True) for item in bag[:-1])
                if self.ends is not None:
                    raise self.ends
            yield Page(tuple(bag[-1:] if self.in_pieces else bag))
        if self.ends is not None:
            raise self.ends

    def cut(self, _document: str, item: RawItem) -> Iterator[RawItem]:
        return iter(next((bag for key, bag in self.inside.items() if item.key.startswith(key)), [item]))

    def parse(self, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        if item.key in self.set_aside:
            raise BadRecord("not for us", record="it", todo="see", code="set aside")
        kind = {"mailbox": Kind.INTERCHANGE, "stock": Kind.STOCK_LEVEL}[document]
        yield RECORDS[kind].model_validate_json(item.content)

    def close(self) -> None:
        pass


def bag(number: str, quantity: int, content: bytes | None = None) -> list[RawItem]:
    return [
        RawItem(f"isa:{number}", content or whole(number), "a.edi", AT),
        RawItem(f"isa:{number}:1", level(quantity), "a.edi", AT, document="stock", part_of=f"isa:{number}"),
    ]


@pytest.fixture
def mailbag() -> Mailbag:
    return Mailbag()


@pytest.fixture
def flows(store: Store, clock: FakeClock, mailbag: Mailbag) -> Iterator[Flows]:
    node = Node(code="ACME", kind=NodeKind.SUPPLIER, partner="acme")
    profile = Profile(Partner(code="acme", role=Role.SUPPLIER, nodes=(node,)), NoSettings())
    directory = PartnerDirectory({"acme": Entry(profile, "mailbag", (MAILBOX, STOCK, ACK))})
    desk = Desk(store, clock, directory, ExchangeRates(base="USD"), RoutingRules(), "USD")
    links = Links(store, {"acme": mailbag}, lambda _code: profile, clock)  # type: ignore[dict-item]  # reads only
    with store.write() as tx:
        connections.ensure(tx, "acme", "mailbag", None, clock.now())
    yield Flows(desk, links, {}, FlowLocks())
    links.close()


@pytest.fixture
def fetch(flows: Flows, mailbag: Mailbag) -> Callable[..., None]:
    """Let the partner have these bags, and read its mailbox."""

    def run(*bags: list[RawItem], ends: Exception | None = None) -> None:
        mailbag.bags, mailbag.ends = list(bags), ends
        flows.desk.clock.sleep(1)  # each run is a tick of its own
        sync.run_here(flows, "acme", (MAILBOX,))

    return run


def on_hand(flows: Flows) -> int:
    with flows.desk.store.read() as tx:
        return int(stock.levels(tx, ["CUP"])["ACME", "CUP"].on_hand)


def owed(flows: Flows) -> list[str]:
    with flows.desk.store.read() as tx:
        return sorted(each.record.reference for each in deliveries.search(tx, connection="acme"))  # type: ignore[attr-defined]


def test_the_whole_is_acknowledged_and_its_parts_are_applied_by_their_own_flows(
    flows: Flows, fetch: Callable[..., None]
) -> None:
    fetch(bag("5", 40))
    assert on_hand(flows) == 40
    assert owed(flows) == ["IB 5"]


def test_the_same_interchange_again_does_nothing(flows: Flows, fetch: Callable[..., None]) -> None:
    fetch(bag("5", 40))
    fetch(bag("6", 30), bag("5", 40))
    assert on_hand(flows) == 30
    assert owed(flows) == ["IB 5", "IB 6"]


def test_a_number_that_comes_again_with_other_bytes_waits_for_a_person_with_all_that_was_in_it(
    flows: Flows, fetch: Callable[..., None]
) -> None:
    fetch(bag("5", 40))
    fetch(bag("5", 7, content=whole("5") + b" "))
    assert on_hand(flows) == 40
    assert owed(flows) == ["IB 5"]
    with flows.desk.store.read() as tx:
        assert [each.code for each in parking.search(tx)] == ["key reused"]


def test_what_came_in_before_the_partner_went_away_is_applied(flows: Flows, fetch: Callable[..., None]) -> None:
    fetch(bag("5", 40), ends=TemporaryFailure("the line broke"))
    assert on_hand(flows) == 40


def test_a_whole_that_is_handed_over_in_pieces_is_acknowledged_once_all_of_it_is_there(
    flows: Flows, fetch: Callable[..., None], mailbag: Mailbag
) -> None:
    mailbag.in_pieces = True
    fetch(bag("5", 40), bag("6", 30))
    assert (on_hand(flows), owed(flows)) == (30, ["IB 5", "IB 6"])
    fetch(bag("6", 7, content=whole("6") + b" "))  # its part comes a page later and is put aside all the same
    assert (on_hand(flows), owed(flows)) == (30, ["IB 5", "IB 6"])


def test_a_whole_that_was_broken_off_between_its_pieces_is_not_acknowledged_before_the_rest_is_kept(
    flows: Flows, fetch: Callable[..., None], mailbag: Mailbag
) -> None:
    mailbag.in_pieces, mailbag.inside = True, {"isa:5": bag("5", 40)}
    fetch(bag("5", 40), ends=TemporaryFailure("the line broke"))
    assert owed(flows) == []
    fetch()  # and the partner has taken its file away meanwhile
    assert (on_hand(flows), owed(flows)) == (40, ["IB 5"])


def test_a_part_is_never_fetched_by_itself(flows: Flows) -> None:
    both = Schedule(name="all", every="1m", select=Select())  # type: ignore[arg-type]  # pydantic reads the span
    directory: Any = flows.desk.directory
    assert [job.documents for job in jobs_of([both], directory)] == [(MAILBOX, ACK)]


# --- what a person lets go on ----------------------------------------------------------------------------------------


def again(flows: Flows, code: str) -> None:
    """Let the one parked record with this code be applied again, as a person does."""
    with flows.desk.store.write() as tx:
        (bad,) = (each for each in parking.search(tx) if each.code == code)
        messages.apply_again(tx, bad.message_id)


def test_an_interchange_that_was_set_aside_brings_its_parts_when_it_is_applied_again(
    flows: Flows, fetch: Callable[..., None], mailbag: Mailbag
) -> None:
    mailbag.set_aside = {"isa:5"}
    fetch(bag("5", 40)[:1])
    assert owed(flows) == []
    mailbag.set_aside, mailbag.inside = set(), {"isa:5": bag("5", 40)}
    again(flows, "set aside")
    fetch()
    assert (on_hand(flows), owed(flows)) == (40, ["IB 5"])


def test_an_interchange_out_of_quarantine_takes_its_own_parts_along(
    flows: Flows, fetch: Callable[..., None], mailbag: Mailbag
) -> None:
    fetch(bag("5", 40))
    other = bag("5", 7, content=whole("5") + b" ")
    fetch(other)
    mailbag.inside = {"isa:5": other}
    again(flows, "key reused")
    fetch()
    assert on_hand(flows) == 7
    with flows.desk.store.read() as tx:
        assert parking.search(tx) == []


def test_parts_are_not_applied_twice_when_their_interchange_is(
    flows: Flows, fetch: Callable[..., None], mailbag: Mailbag
) -> None:
    fetch(bag("5", 40))
    fetch(bag("6", 30))
    mailbag.inside = {"isa:5": bag("5", 40)}
    with flows.desk.store.write() as tx:
        first = messages.by_key(tx, "acme", "mailbox", "isa:5")
        assert first is not None
        messages.apply_again(tx, first.id)
    fetch()
    assert on_hand(flows) == 30
    assert owed(flows) == ["IB 5", "IB 6"]


def test_a_part_that_two_interchanges_of_one_number_share_is_applied_once(
    flows: Flows, fetch: Callable[..., None], mailbag: Mailbag
) -> None:
    fetch(bag("5", 40))
    fetch(bag("6", 30))
    other = bag("5", 40, content=whole("5") + b" ")
    fetch(other)
    mailbag.inside = {"isa:5": other}
    again(flows, "key reused")
    fetch()
    assert on_hand(flows) == 30
