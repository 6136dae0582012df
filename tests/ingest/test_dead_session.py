"""A session that the partner dropped while nobody used it is opened anew in silence; a partner that is away is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import BaseModel

from hub.contract import About, DocumentSpec, Page, Profile, TemporaryFailure
from hub.delivery.links import Links
from hub.model.document import Direction, Kind
from hub.model.money import ExchangeRates
from hub.model.partner import Partner, Role
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import Entry, PartnerDirectory
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.sync import Flows
from hub.store import connections, runs
from hub.store.engine import Store
from hub.testing.clock import FakeClock

STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL)


class NoSettings(BaseModel):
    pass


@dataclass
class Lines:
    """A plugin whose sessions work until they are cut; `away` lets none of them work."""

    about = About("lines", "for tests", NoSettings, keep_idle=900)
    opened: int = 0
    cut: set[int] = field(default_factory=set)
    away: bool = False

    def open(self, _profile: Profile, _context: Any) -> Line:
        self.opened += 1
        return Line(self, self.opened)


@dataclass
class Line:
    lines: Lines
    number: int

    def documents(self) -> tuple[DocumentSpec, ...]:
        return (STOCK,)

    def fetch(self, _document: str, _cursor: str | None) -> Iterator[Page]:
        if self.lines.away or self.number in self.lines.cut:
            raise TemporaryFailure("no answer in time")
        yield from ()

    def close(self) -> None:
        pass


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def flows(sqlite_store: Store, clock: FakeClock, lines: Lines) -> Iterator[Flows]:
    profile = Profile(Partner(code="acme", role=Role.SUPPLIER), NoSettings())
    directory = PartnerDirectory({"acme": Entry(profile, "lines", (STOCK,))})
    desk = Desk(sqlite_store, clock, directory, ExchangeRates(base="USD"), RoutingRules(), "USD")
    links = Links(sqlite_store, {"lines": lines}, lambda _code: profile, clock)  # type: ignore[dict-item]  # reads only
    with sqlite_store.write() as tx:
        connections.ensure(tx, "acme", "lines", None, clock.now())
    yield Flows(desk, links, {}, FlowLocks())
    links.close()


def poll(flows: Flows, after: float = 300) -> bool:
    flows.desk.clock.sleep(after)
    return sync.run_job(flows, "polls", "acme", (STOCK,), flows.desk.clock.now())


def states(flows: Flows) -> list[str]:
    with flows.desk.store.read() as tx:
        return [row["state"] for row in reversed(runs.history(tx, "acme"))]


def outage(flows: Flows) -> object:
    with flows.desk.store.read() as tx:
        row = connections.get(tx, "acme")
    assert row is not None
    return row.outage_since


def test_polls_that_find_nothing_share_a_session_and_are_no_news(flows: Flows, lines: Lines) -> None:
    assert [poll(flows) for _ in range(3)] == [False, False, False]
    assert states(flows) == ["done", "done", "done"]
    assert lines.opened == 1


def test_a_session_that_died_in_between_is_opened_anew_without_a_word(flows: Flows, lines: Lines) -> None:
    poll(flows)
    lines.cut.add(1)
    poll(flows)
    assert states(flows) == ["done", "done"]
    assert outage(flows) is None
    assert lines.opened == 2


def test_a_session_that_dies_in_use_is_an_outage(flows: Flows, lines: Lines) -> None:
    poll(flows)
    lines.cut.add(1)
    poll(flows, after=1)
    assert states(flows) == ["done", "failed"]
    assert outage(flows) is not None
    assert lines.opened == 1


def test_a_partner_that_is_away_is_asked_once_more_and_then_told(flows: Flows, lines: Lines) -> None:
    poll(flows)
    lines.away = True
    poll(flows)
    assert states(flows)[-1] == "failed"
    assert outage(flows) is not None
    assert lines.opened == 2
    lines.away = False
    assert poll(flows), "a partner that is back may be sent to at once"
    assert outage(flows) is None


def test_a_paused_connection_is_left_alone(flows: Flows, lines: Lines) -> None:
    with flows.desk.store.write() as tx:
        connections.pause(tx, "acme", "holidays", flows.desk.clock.now())
    assert not poll(flows)
    assert lines.opened == 0


def test_a_tick_fires_once_and_a_later_success_closes_what_failed_before(flows: Flows, lines: Lines) -> None:
    lines.away = True
    poll(flows)
    assert not sync.run_job(flows, "polls", "acme", (STOCK,), flows.desk.clock.now())
    assert states(flows) == ["failed"]
    lines.away = False
    poll(flows)
    assert states(flows) == ["closed", "done"]
