"""A partner in memory that does what a script says, and a hub around it that is driven by hand."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from pydantic import BaseModel, SecretStr
from sqlalchemy import Connection

from hub.contract import (
    About,
    Absent,
    AccessDenied,
    BadRecord,
    CannotTell,
    ConnectorError,
    Context,
    DocumentSpec,
    Finding,
    Found,
    Health,
    Numbers,
    Outbound,
    OutcomeUnknown,
    Pace,
    Profile,
    RateLimited,
    Receipt,
    Rejected,
    Rendered,
    TemporaryFailure,
)
from hub.delivery.ledger import Interrupted
from hub.delivery.links import Links
from hub.delivery.policy import RetryPolicy
from hub.delivery.runner import EmbeddedRunner
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.partner import Partner, Role
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.state import DeliveryState
from hub.store import connections, deliveries
from hub.store.delivery_row import Attempt, Delivery, NewDelivery
from hub.store.engine import Store
from hub.testing.clock import FakeClock

LEFT = frozenset({DeliveryState.SENT, DeliveryState.CONFIRMED})
SECRET = "hunter2-hunter2"


class Killed(BaseException):
    """The process died here."""


class FakeSettings(BaseModel):
    password: SecretStr = SecretStr(SECRET)


@dataclass
class FakePartner:
    """The far side. `script` holds what happens to the next calls; without one everything goes well."""

    script: deque[str] = field(default_factory=deque)
    finds: deque[str] = field(default_factory=deque)
    remembers: bool = True  # whether find can tell
    confirms: bool = True
    healthy: bool = True
    mood: Callable[[str, str], str | None] = lambda _verb, _key: None
    received: dict[str, list[bytes]] = field(default_factory=dict)
    sequence: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    closed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def arrive(self, outbound: Outbound) -> None:
        with self.lock:
            self.received.setdefault(outbound.key, []).append(outbound.content)
            self.sequence.append(outbound.key)

    def next(self, verb: str, key: str) -> str:
        with self.lock:
            self.calls[verb] += 1
            script = self.finds if verb == "find" else self.script
            return script.popleft() if script else (self.mood(verb, key) or "ok")

    def copies(self) -> dict[str, int]:
        return {key: len(contents) for key, contents in self.received.items()}


ERRORS: Mapping[str, Callable[[], Exception]] = {
    "temporary": lambda: TemporaryFailure("the line is down", code="net", todo="wait"),
    "limited": lambda: RateLimited("too fast", after=30),
    "rejected": lambda: Rejected("we do not sell that", code="unknown item", extract="ERR 17", todo="ask them"),
    "denied": lambda: AccessDenied("wrong password"),
    "lost": lambda: OutcomeUnknown("no reply"),
    "garbled": lambda: Rejected("nul \x00 and half a pair \ud800", extract="\x00" * 3000),
    "bad": lambda: BadRecord("no such unit", record="PO 1 line 2", field="quantity"),
    "bug": lambda: ValueError(f"a fault with {SECRET} in it"),
}


def fail(name: str) -> NoReturn:
    error = ERRORS[name]()
    raise error


@dataclass
class FakeConnector:
    partner: FakePartner
    context: Context

    def documents(self) -> tuple[DocumentSpec, ...]:
        return (DocumentSpec("po", Direction.OUT, Kind.FULFILMENT),)

    def check(self) -> Health:
        self.partner.calls["check"] += 1
        return Health(ok=self.partner.healthy, sentence="logged in" if self.partner.healthy else "still refused")

    def fetch(self, document: str, cursor: str | None) -> Iterator[Any]:
        raise NotImplementedError

    def parse(self, document: str, item: Any) -> Iterator[Any]:
        raise NotImplementedError

    def render(self, _document: str, record: Record, numbers: Numbers) -> Rendered:
        assert isinstance(record, Fulfilment)
        if self.partner.mood("render", record.fulfilment_id) == "bad":
            fail("bad")
        self.partner.calls["render"] += 1
        text = f"{numbers.next('control')}:{record.fulfilment_id}"
        return Rendered(text.encode(), f"{record.fulfilment_id}.txt")

    def send(self, outbound: Outbound) -> Receipt:
        what = self.partner.next("send", outbound.key)
        if what in ERRORS:
            fail(what)
        self.context.limiter.acquire()
        self.context.checkpoint("before_bytes")
        self.partner.arrive(outbound)
        self.context.checkpoint("bytes_sent")
        if what == "lost after":
            fail("lost")
        if what == "bug after":
            fail("bug")
        return Receipt(f"their-{outbound.key}", "201 Created", confirmed=self.partner.confirms)

    def find(self, outbound: Outbound) -> Finding:
        what = self.partner.next("find", outbound.key)
        if what in ERRORS:
            fail(what)
        if what == "cannot tell" or not self.partner.remembers:
            return CannotTell("the file is gone, taken or never there")
        if outbound.key in self.partner.received:
            return Found(Receipt(f"their-{outbound.key}", "found it", confirmed=self.partner.confirms))
        return Absent()

    def close(self) -> None:
        self.partner.closed += 1


@dataclass
class FakePlugin:
    about: About
    partners: dict[str, FakePartner]

    def open(self, profile: Profile, context: Context) -> FakeConnector:
        partner = self.partners[profile.partner.code]
        partner.opened += 1
        return FakeConnector(partner, context)


@dataclass
class SeenOutcomes:
    """What the services are told; `fail` makes the next calls raise."""

    told: list[tuple[str, str]] = field(default_factory=list)
    fail: int = 0

    def sent(self, _tx: Connection, delivery: Delivery, _receipt: Receipt) -> None:
        self._tell("sent", delivery)

    def parked(self, _tx: Connection, delivery: Delivery, _error: ConnectorError) -> None:
        self._tell("parked", delivery)

    def too_old(self, tx: Connection, delivery_ids: Sequence[int]) -> None:
        for each in delivery_ids:
            self._tell("too old", deliveries.get(tx, each))

    def _tell(self, what: str, delivery: Delivery) -> None:
        if self.fail:
            self.fail -= 1
            raise RuntimeError("a fault in a service")
        self.told.append((what, delivery.key))


class World:
    """A store, partners, and a runner that is driven in the test's own thread."""

    def __init__(self, store: Store, clock: FakeClock, idempotent: frozenset[Kind] = frozenset()) -> None:
        self.store = store
        self.clock = clock
        self.partners: dict[str, FakePartner] = {}
        self.pace: Pace | None = None
        self.idempotent = idempotent
        self.policy = RetryPolicy(attempts=5, first_delay=10, longest_delay=600, jitter=0.0)
        self.outcomes = SeenOutcomes()
        self.hours: float | None = 24.0
        self.hash = "v1"
        self.kill_at: str | None = None
        self.kills_by_chance: Callable[[], bool] = lambda: False
        self.passed: list[str] = []
        self.links = self.new_links()
        self.runner = self.new_runner()

    def new_links(self) -> Links:
        about = About("fake", "a partner in memory", FakeSettings, idempotent=self.idempotent, pace=self.pace)
        plugins = {"fake": FakePlugin(about, self.partners)}
        return Links(
            self.store, plugins, self.profile, self.clock, lambda name: self.checkpoint(name.removeprefix("fake."))
        )

    def new_runner(self) -> EmbeddedRunner:
        return EmbeddedRunner(
            self.store,
            self.links,
            self.outcomes,
            self.policy,
            self.clock,
            agreements=lambda _code, _kind: self.hours,
            chance=lambda: 0.5,
        )

    def restart(self) -> list[Interrupted]:
        """Let a new process take over from a dead one."""
        self.kill_at = None
        self.links = self.new_links()
        self.runner = self.new_runner()
        return self.runner.recover()

    def profile(self, code: str) -> Profile | None:
        if code not in self.partners:
            return None
        return Profile(Partner(code=code, role=Role.SUPPLIER), FakeSettings(), hash=self.hash)

    def checkpoint(self, told: str) -> None:
        name = told.removeprefix("fake.")
        self.passed.append(name)
        if name == self.kill_at or self.kills_by_chance():
            raise Killed(name)

    def connect(self, code: str = "acme", *, live: bool = True) -> FakePartner:
        self.partners[code] = FakePartner()
        with self.store.write() as tx:
            connections.ensure(tx, code, "fake", "v1", self.clock.now())
            if live:
                connections.go_live(tx, code, self.clock.now() - timedelta(days=1), self.clock.now())
        return self.partners[code]

    def enqueue(
        self,
        *keys: str,
        code: str = "acme",
        entity: str | None = None,
        latest_wins: bool = False,
        placed: datetime | None = None,
    ) -> list[int]:
        with self.store.write() as tx:
            return [
                deliveries.enqueue(
                    tx,
                    NewDelivery(
                        code,
                        "po",
                        Kind.FULFILMENT,
                        entity or f"order:{key}",
                        key,
                        fulfilment(key),
                        latest_wins=latest_wins,
                        order_id=f"SO-{key}",
                        order_placed_at=placed or self.clock.now(),
                    ),
                    self.clock.now(),
                )
                for key in keys
            ]

    def run_for(self, seconds: float, step: float = 5.0) -> None:
        """Let time pass, carrying out what becomes due."""
        until = self.clock.monotonic() + seconds
        self.runner.run_due()
        while self.clock.monotonic() < until:
            self.clock.advance(step)
            self.runner.run_due()

    def get(self, key: str, code: str = "acme") -> Delivery:
        with self.store.read() as tx:
            found = deliveries.by_key(tx, code, key)
        assert found is not None
        return found

    def states(self, *keys: str) -> list[str]:
        return [self.get(key).state.value for key in keys]

    def attempts(self, key: str) -> list[Attempt]:
        with self.store.read() as tx:
            return deliveries.attempts(tx, self.get(key).id)

    def outcomes_of(self, key: str) -> list[tuple[str, str | None]]:
        return [(each.verb, each.outcome) for each in self.attempts(key)]


def fulfilment(key: str) -> Fulfilment:
    line = FulfilmentLine(channel_line="1", quantity="1")  # type: ignore[arg-type]
    return Fulfilment(fulfilment_id=key, channel_order="1001", node="DC1", lines=(line,))
