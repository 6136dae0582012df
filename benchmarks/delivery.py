"""How many deliveries a second the embedded runner carries out, beside what the machine's disk can commit at all.

`python -m benchmarks.delivery [--deliveries N] [--partners N] [--quick]`. Retries, limits, order and receipts are on:
5 % of the sends fail for a moment, every partner has a pace, every fourth entity has two deliveries that go in order,
and a push takes 1 ms. The floor is bare SQLite in the same folder: WAL, synchronous=FULL, one row a commit. Every run
proves at its end that each document arrived exactly once.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import func, select

from hub.clock import SystemClock
from hub.contract import (
    About,
    Absent,
    Context,
    DocumentSpec,
    Finding,
    Found,
    Health,
    Numbers,
    Outbound,
    Pace,
    Page,
    Profile,
    RawItem,
    Receipt,
    Rendered,
    TemporaryFailure,
)
from hub.delivery.links import Links
from hub.delivery.outcomes import NoOutcomes
from hub.delivery.policy import RetryPolicy
from hub.delivery.runner import EmbeddedRunner
from hub.model.base import Record
from hub.model.document import Kind
from hub.model.partner import Partner, Role
from hub.model.shipment import Fulfilment, FulfilmentLine
from hub.model.state import DeliveryState
from hub.store import connections, deliveries, migrate
from hub.store.delivery_row import NewDelivery
from hub.store.engine import Store
from hub.store.tables import delivery

PUSH_SECONDS = 0.001
FAILING = 0.05
FLOOR_SECONDS = 3.0


class NoSettings(BaseModel):
    """A partner in memory needs none."""


@dataclass
class Partners:
    """What has arrived, in order and how often, at all partners together."""

    seed: int
    arrived: Counter[str] = field(default_factory=Counter)
    sequence: list[str] = field(default_factory=list)
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def push(self, key: str) -> None:
        time.sleep(PUSH_SECONDS)
        with self.lock:
            if self._dice.random() < FAILING:
                self.failed += 1
                raise TemporaryFailure("busy for a moment")
            self.arrived[key] += 1
            self.sequence.append(key)


@dataclass
class PushConnector:
    """Sends to partners in memory."""

    partners: Partners
    context: Context

    def documents(self) -> tuple[DocumentSpec, ...]:
        return ()

    def check(self) -> Health:
        return Health(ok=True, sentence="in memory")

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        raise NotImplementedError

    def parse(self, document: str, item: RawItem) -> Iterator[Record]:
        raise NotImplementedError

    def render(self, _document: str, record: Record, numbers: Numbers) -> Rendered:
        return Rendered(f"{numbers.next('control')}\n{record.model_dump_json()}".encode())

    def send(self, outbound: Outbound) -> Receipt:
        self.context.limiter.acquire()
        self.partners.push(outbound.key)
        return Receipt(f"their-{outbound.key}", "201", confirmed=True)

    def find(self, outbound: Outbound) -> Finding:
        return Found() if self.partners.arrived[outbound.key] else Absent()

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class PushPlugin:
    """The kind of connector that the benchmark sends with."""

    partners: Partners
    about: About = field(default_factory=lambda: About("push", "", NoSettings, pace=Pace(per_second=5000, burst=500)))

    def open(self, _profile: Profile, context: Context) -> PushConnector:
        return PushConnector(self.partners, context)


def floor(folder: Path) -> float:
    """Return how many one-row commits a second the disk makes durable."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < FLOOR_SECONDS:
        connection.execute("INSERT INTO t (body) VALUES (?)", ("x" * 300,))
        count += 1
    seconds = time.perf_counter() - began
    connection.close()
    return count / seconds


def fill(store: Store, codes: Sequence[str], count: int) -> float:
    """Enqueue the deliveries, 20 to a transaction; returns how many a second."""
    now = datetime.now(UTC)
    with store.write() as tx:
        for code in codes:
            connections.ensure(tx, code, "push", "", now)
            connections.go_live(tx, code, now, now)
    began = time.perf_counter()
    for start in range(0, count, 20):
        with store.write() as tx:
            for number in range(start, min(count, start + 20)):
                deliveries.enqueue(tx, _new(codes[number // 2 % len(codes)], number), now)
    return count / (time.perf_counter() - began)


def _new(code: str, number: int) -> NewDelivery:
    line = FulfilmentLine.model_validate({"channel_line": str(number), "quantity": "2"})
    record = Fulfilment(
        fulfilment_id=f"F{number}", channel_order=f"{number}", node="DC1", tracking="1Z999AA10123456784", lines=(line,)
    )
    entity = f"order:{number - number % 2}" if number % 8 < 2 else f"order:{number}"
    return NewDelivery(code, "fulfilment", Kind.FULFILMENT, entity, f"F{number}", record)


def carry_out(store: Store, partners: Partners, codes: Sequence[str], count: int) -> tuple[float, float]:
    """Let the runner do all of it; returns seconds and CPU seconds."""
    clock = SystemClock()
    profiles = {code: Profile(Partner(code=code, role=Role.SUPPLIER), NoSettings()) for code in codes}
    links = Links(store, {"push": PushPlugin(partners)}, profiles.get, clock)
    runner = EmbeddedRunner(store, links, NoOutcomes(), RetryPolicy(first_delay=0.2, longest_delay=1), clock)
    began, cpu = time.perf_counter(), time.process_time()
    runner.start()
    while sum(partners.arrived.values()) < count or _unfinished(store):
        time.sleep(0.05)
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    assert runner.stop(10)
    links.close()
    return seconds, spent


def _unfinished(store: Store) -> int:
    with store.read() as tx:
        rest = select(func.count()).where(delivery.c.state != DeliveryState.CONFIRMED)
        return int(tx.execute(rest).scalar_one())


def prove(partners: Partners, count: int) -> None:
    """Every document arrived once, and those of one entity in order."""
    assert partners.arrived == Counter({f"F{number}": 1 for number in range(count)})
    place = {key: at for at, key in enumerate(partners.sequence)}
    assert all(place[f"F{number}"] < place[f"F{number + 1}"] for number in range(0, count - 1, 8))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=4000)
    parser.add_argument("--partners", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a tenth of it, to see that it runs")
    options = parser.parse_args()
    count = options.deliveries // 10 if options.quick else options.deliveries
    with tempfile.TemporaryDirectory(prefix="crossdock-bench-") as name:
        folder = Path(name)
        before = floor(folder)
        store = Store(f"sqlite:///{folder / 'hub.db'}")
        migrate.upgrade(store)
        codes = [f"p{number}" for number in range(options.partners)]
        enqueued = fill(store, codes, count)
        partners = Partners(options.seed)
        seconds, cpu = carry_out(store, partners, codes, count)
        store.close()
        bare = (before + floor_again(folder)) / 2
    prove(partners, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"deliveries          {count} to {len(codes)} partners, {partners.failed} sends failed for a moment")
    print(f"enqueued            {enqueued:8.0f} /s, 20 to a commit")
    print(f"carried out         {count / seconds:8.0f} /s")
    print(f"bare FULL commits   {bare:8.0f} /s")
    print(f"ratio               {count / seconds / bare:8.2f}   (aim: at least 1.0)")
    print(f"CPU                 {1000 * cpu / count:8.2f} ms a delivery")
    print(f"peak memory         {peak:8.0f} MB")


def floor_again(folder: Path) -> float:
    """The floor a second time, after the run: a shared machine changes while one looks."""
    (folder / "floor.db").unlink()
    return floor(folder)


if __name__ == "__main__":
    main()
