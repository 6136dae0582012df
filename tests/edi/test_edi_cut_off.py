"""An interchange that came without its end: told to the partner and to us, nothing of it applied, taken when whole.

Through a folder and the hub's own intake, so that keys, acknowledgements and parked records are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.edi.connector import PLUGIN
from hub.contract import BadRecord, DocumentSpec, RawItem
from hub.delivery.links import Links
from hub.model.document import Kind
from hub.model.money import ExchangeRates
from hub.model.transmission import FunctionalAcknowledgement
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import Entry, PartnerDirectory
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.sync import Flows
from hub.store import connections, deliveries, orders, parking
from hub.store.engine import Store
from hub.testing.clock import START, FakeClock
from tests.edi.trade import connect, desk, partner_file, profile

Comes = Callable[[str, bytes], None]


@pytest.fixture
def mailbox(tmp_path: Path) -> Path:
    for name in ("out", "in"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return tmp_path / "box"


@pytest.fixture
def flows(sqlite_store: Store, clock: FakeClock, tmp_path: Path, mailbox: Path) -> Iterator[Flows]:
    """A retailer that orders by 850, whose mailbox is a folder of this machine."""
    north = profile(partner_file(tmp_path, url=f"file://{mailbox}", extends="x12_4010_customer"))
    links = Links(sqlite_store, {"edi": PLUGIN}, lambda _code: north, clock)
    with sqlite_store.write() as tx:
        connections.ensure(tx, "north", "edi", None, clock.now())
    with links.use("north") as connector:
        documents = connector.documents()
    directory = PartnerDirectory({"north": Entry(north, "edi", documents)})
    yield Flows(
        Desk(sqlite_store, clock, directory, ExchangeRates(base="USD"), RoutingRules(), "USD"), links, {}, FlowLocks()
    )
    links.close()


@pytest.fixture
def comes(flows: Flows, mailbox: Path) -> Comes:
    """Let a file come, and read the mailbox."""
    inlets = [each for each in documents_of(flows) if each.name == "mailbox"]

    def put(name: str, content: bytes) -> None:
        (mailbox / "out" / name).write_bytes(content)
        for _ in range(3):  # until it has stood still for long enough to be whole
            flows.desk.clock.sleep(120)
            sync.run_here(flows, "north", tuple(inlets))

    return put


def documents_of(flows: Flows) -> tuple[DocumentSpec, ...]:
    with flows.links.use("north") as connector:
        return connector.documents()


def order(number: str) -> list[str]:
    return [f"BEG*00*SA*{number}**20261120", "CUR*BY*USD", "PO1*1*2*EA*9**VN*CUP"]


def taken(flows: Flows) -> list[str]:
    with flows.desk.store.read() as tx:
        return sorted(number for number in ("4711", "4712") if orders.find(tx, number))


def told(flows: Flows) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the partner is told, in turn: of which group or interchange, the verdict, its codes."""
    with flows.desk.store.read() as tx:
        found = deliveries.search(tx, kind=Kind.FUNCTIONAL_ACKNOWLEDGEMENT)
    records = [each.record for each in reversed(found)]
    assert all(isinstance(each, FunctionalAcknowledgement) for each in records)
    return [(each.reference, each.verdict.value, each.codes) for each in records]  # type: ignore[attr-defined]


def parked(flows: Flows) -> list[Any]:
    with flows.desk.store.read() as tx:
        return parking.search(tx)


WHOLE = desk().envelope("850", [order("4711"), order("4712")], START)
CUT = WHOLE[: WHOLE.rindex(b"IEA")]  # behind a group that is whole


@pytest.mark.parametrize("last", ["IEA", "GE*", "SE*", "PO1", "ST*850"])
def test_an_interchange_without_its_end_is_refused_by_a_ta1_and_taken_when_it_comes_whole(
    flows: Flows, comes: Comes, last: str
) -> None:
    comes("a.edi", WHOLE[: WHOLE.rindex(last.encode())])
    assert taken(flows) == []
    assert told(flows)[0] == ("1", "rejected", ("023",))
    (bad,) = parked(flows)
    assert "the interchange ends without IEA" in bad.error
    assert "ask the partner to send it again, whole" in bad.todo
    comes("a.edi", WHOLE)
    assert taken(flows) == ["4711", "4712"]
    assert told(flows)[1:] == [("PO 10", "accepted", ())]
    assert parked(flows) == []


def test_the_same_cut_off_interchange_again_is_told_once(flows: Flows, comes: Comes) -> None:
    comes("a.edi", CUT)
    comes("b.edi", CUT)
    assert len(told(flows)) == len(parked(flows)) == 1


def test_a_cut_off_copy_of_what_was_taken_changes_nothing(flows: Flows, comes: Comes) -> None:
    comes("a.edi", WHOLE)
    comes("b.edi", CUT)
    assert taken(flows) == ["4711", "4712"]
    assert told(flows) == [("PO 10", "accepted", ()), ("1", "rejected", ("023",))]


def test_what_follows_a_cut_off_interchange_in_its_file_is_taken(flows: Flows, comes: Comes) -> None:
    at = desk()
    cut = at.envelope("850", [order("4711")], START)
    comes("a.edi", cut[: cut.rindex(b"GE")] + at.envelope("850", [order("4712")], START))
    assert taken(flows) == ["4712"]
    assert told(flows)[0] == ("1", "rejected", ("023",))


def test_one_whose_headers_contradict_each_other_may_be_corrected_under_its_number(flows: Flows, comes: Comes) -> None:
    comes("a.edi", WHOLE.replace(b"IEA*1*000000001", b"IEA*2*000000001"))
    assert taken(flows) == []
    comes("b.edi", WHOLE)
    assert (taken(flows), parked(flows)) == (["4711", "4712"], [])


def test_where_numbers_are_used_again_a_later_one_says_nothing_of_what_was_cut_off(tmp_path: Path) -> None:
    edi = connect(tmp_path, connection='duplicates = ["bytes"]')
    bad = [each for each in edi.parse("mailbox", RawItem("k", CUT, "a.edi")) if isinstance(each, BadRecord)]
    assert [each.known for each in bad if each.field == "IEA"] == [{}]
