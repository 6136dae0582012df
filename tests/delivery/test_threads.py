"""The runner with its threads and the machine's clock: all of it is done, nothing leaks, a stop drains."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select

from hub.clock import SystemClock
from hub.contract import About, Pace
from hub.delivery.links import Links
from hub.delivery.policy import RetryPolicy
from hub.delivery.runner import EmbeddedRunner
from hub.model.state import DeliveryState
from hub.store import connections, deliveries
from hub.store.engine import Store
from hub.store.tables import delivery
from tests.delivery.world import FakePlugin, FakeSettings, SeenOutcomes, World

DONE = frozenset({DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED})


@dataclass
class Running:
    """A started runner over many partners."""

    world: World
    runner: EmbeddedRunner
    clock: SystemClock = field(default_factory=SystemClock)

    def wait_until(self, reached: Callable[[], bool], seconds: float = 60) -> None:
        until = self.clock.monotonic() + seconds
        while not reached():
            assert self.clock.monotonic() < until, "it took too long"
            self.clock.sleep(0.01)

    def unfinished(self) -> int:
        with self.world.store.read() as tx:
            rest = select(func.count()).where(delivery.c.state.not_in(sorted(DONE)))
            return int(tx.execute(rest).scalar_one())

    def wait(self, seconds: float = 60) -> None:
        self.wait_until(lambda: not self.unfinished(), seconds)


class RealWorld(World):
    """The same world on the machine's clock."""

    def __init__(self, store: Store, pace: Pace | None = None) -> None:
        self.given_pace = pace
        super().__init__(store, SystemClock())  # type: ignore[arg-type]

    def new_links(self) -> Links:
        plugins = {"fake": FakePlugin(About("fake", "", FakeSettings, pace=self.given_pace), self.partners)}
        return Links(self.store, plugins, self.profile, self.clock)

    def new_runner(self) -> EmbeddedRunner:
        quick = RetryPolicy(attempts=9, first_delay=0.02, longest_delay=0.2, settle_delay=0.02, outage_after=99)
        self.outcomes = SeenOutcomes()
        return EmbeddedRunner(self.store, self.links, self.outcomes, quick, self.clock)


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def begin(store: Store, pace: Pace | None = None) -> Running:
        world = RealWorld(store, pace)
        made.append(Running(world, world.runner))
        return made[-1]

    yield begin
    for each in made:
        each.runner.stop(5)
        each.world.links.close()


def test_two_thousand_deliveries_over_fifty_connections_complete(
    sqlite_store: Store, start: Callable[..., Running]
) -> None:
    running = start(sqlite_store)
    codes = [f"s{n:02d}" for n in range(50)]
    for code in codes:
        running.world.connect(code)
    for code in codes:
        running.world.enqueue(*(f"{code}-{n}" for n in range(40)), code=code)
    for n, code in enumerate(codes):
        moods = ["temporary", "lost", "lost after", None][n % 4]
        running.world.partners[code].script.extend(["ok", *([moods] * 2 if moods else [])])
    running.runner.start()
    running.wait()
    copies = [running.world.partners[code].copies() for code in codes]
    assert copies == [dict.fromkeys((f"{code}-{n}" for n in range(40)), 1) for code in codes]
    assert len(running.world.outcomes.told) == 2000


def test_what_is_enqueued_while_running_is_woken_for(store: Store, start: Callable[..., Running]) -> None:
    running = start(store)
    running.world.connect()
    running.runner.start()
    running.world.enqueue("PO1")
    running.runner.wake()
    running.wait(10)


def test_rows_of_another_process_are_found_without_being_told(store: Store, start: Callable[..., Running]) -> None:
    running = start(store)
    running.world.connect()
    running.runner.start()
    running.world.enqueue("PO1")
    running.wait(10)


def test_the_order_of_an_entity_holds_with_many_workers(sqlite_store: Store, start: Callable[..., Running]) -> None:
    running = start(sqlite_store)
    acme = running.world.connect()
    acme.script.extend(["temporary", "ok", "lost"] * 10)
    chains = {f"order:{n}": [f"{n}-{step}" for step in range(8)] for n in range(12)}
    for entity, keys in chains.items():
        running.world.enqueue(*keys, entity=entity)
    running.runner.start()
    running.wait()
    for keys in chains.values():
        assert [key for key in acme.sequence if key in keys] == keys


def test_never_more_at_once_than_a_connection_may_have(sqlite_store: Store, start: Callable[..., Running]) -> None:
    running = start(sqlite_store)
    acme = running.world.connect()
    under_way, most = [0], [0]

    def mood(verb: str, _key: str) -> None:
        if verb == "send":
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            lock = acme.lock
            lock.release()
            running.clock.sleep(0.003)
            lock.acquire()
            under_way[0] -= 1

    acme.mood = mood
    running.world.enqueue(*(f"PO{n}" for n in range(60)))
    running.runner.start()
    running.wait()
    assert 2 <= most[0] <= 4


def test_a_stop_finishes_what_is_in_flight_and_gives_the_rest_back(
    sqlite_store: Store, start: Callable[..., Running]
) -> None:
    running = start(sqlite_store)
    acme = running.world.connect()
    entered, go_on = threading.Semaphore(0), threading.Event()

    def slow(verb: str, _key: str) -> None:
        if verb == "send":
            entered.release()
            acme.lock.release()
            go_on.wait(10)
            acme.lock.acquire()

    acme.mood = slow
    running.world.enqueue(*(f"PO{n}" for n in range(40)))
    running.runner.start()
    for _ in range(4):
        assert entered.acquire(timeout=10)
    stopper = threading.Thread(target=running.runner.stop, args=(10,))
    stopper.start()
    running.clock.sleep(0.02)
    go_on.set()
    stopper.join()
    with sqlite_store.read() as tx:
        rows = deliveries.search(tx)
    counts = {state: sum(row.state is state for row in rows) for state in {row.state for row in rows}}
    assert counts == {DeliveryState.CONFIRMED: 4, DeliveryState.QUEUED: 36}
    assert sum(row.attempts for row in rows) == 4


def test_a_stop_does_not_wait_for_a_partner_that_hangs(sqlite_store: Store, start: Callable[..., Running]) -> None:
    running = start(sqlite_store)
    acme = running.world.connect()
    entered, go_on = threading.Event(), threading.Event()

    def hang(verb: str, _key: str) -> None:
        if verb == "send":
            entered.set()
            acme.lock.release()
            go_on.wait(10)
            acme.lock.acquire()

    acme.mood = hang
    running.world.enqueue("PO1")
    running.runner.start()
    assert entered.wait(10)
    assert not running.runner.stop(0.05)
    assert running.world.states("PO1") == ["running"]
    (left,) = running.world.restart()
    assert (left.key, left.became) == ("PO1", DeliveryState.UNKNOWN)
    go_on.set()
    running.runner.stop(10)
    assert running.world.states("PO1") == ["unknown"], "the late outcome of the dead is not taken"
    assert acme.copies() == {"PO1": 1}


def test_nothing_is_left_open_after_a_stop(sqlite_store: Store, start: Callable[..., Running]) -> None:
    before = {each.name for each in threading.enumerate()}
    running = start(sqlite_store)
    acme = running.world.connect()
    running.world.enqueue(*(f"PO{n}" for n in range(50)))
    running.runner.start()
    running.wait()
    assert running.runner.stop(10)
    running.world.links.close()
    assert acme.opened == acme.closed > 0
    assert {each.name for each in threading.enumerate()} - before <= {"crossdock-commit"}


def test_a_busy_database_does_not_end_the_dispatcher(
    sqlite_store: Store, start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start(sqlite_store)
    running.world.connect()
    real, failures = sqlite_store.submit, [2]

    def sometimes(work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if failures[0]:
            failures[0] -= 1
            raise OSError("disk full")
        return real(work)

    running.runner.start()
    monkeypatch.setattr(sqlite_store, "submit", sometimes)
    running.world.enqueue("PO1")
    running.runner.wake()
    running.wait(20)


def test_a_delivery_whose_outcome_could_not_be_written_is_taken_up_again(
    sqlite_store: Store, start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start(sqlite_store)
    acme = running.world.connect()
    real, after_send = sqlite_store.submit, [2]

    def fails_after_the_send(work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if acme.received and after_send[0]:
            after_send[0] -= 1
            raise OSError("disk full")
        return real(work)

    monkeypatch.setattr(sqlite_store, "submit", fails_after_the_send)
    running.world.enqueue("PO1")
    running.runner.start()
    running.wait(20)
    assert acme.copies() == {"PO1": 1}
    assert running.world.outcomes_of("PO1") == [("send", "interrupted"), ("find", "found")]


def test_a_stopping_hub_lets_no_delivery_wait_for_the_pace(sqlite_store: Store, start: Callable[..., Running]) -> None:
    running = start(sqlite_store, Pace(per_second=0.5, burst=2))
    running.world.connect()
    running.world.enqueue(*(f"PO{n}" for n in range(8)))
    running.runner.start()
    acme = running.world.partners["acme"]
    running.wait_until(lambda: bool(acme.received))
    assert running.runner.stop(0.5)
    with sqlite_store.read() as tx:
        assert {row.state for row in deliveries.search(tx)} <= {"confirmed", "queued", "waiting"}
        assert connections.get(tx, "acme") is not None
