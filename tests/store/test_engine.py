"""Transactions: what is durable when, what is undone, who waits for whom, and what happens at the end."""

from __future__ import annotations

import queue
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.store import counters
from hub.store.engine import Store
from hub.store.errors import NestedTransaction, StoreBusy, StoreClosed
from hub.store.tables import counter
from hub.store.turns import Turns
from tests.waiting import wait_until

CHILD = Path(__file__).with_name("child.py")


def put(tx: Connection, name: str, value: int = 1) -> str:
    tx.execute(insert(counter).values(name=name, value=value))
    return name


def names(store: Store) -> set[str]:
    with store.read() as tx:
        return set(tx.execute(select(counter.c.name)).scalars())


def value_of(store: Store, name: str) -> int:
    with store.read() as tx:
        return int(
            tx.execute(select(func.coalesce(func.max(counter.c.value), 0)).where(counter.c.name == name)).scalar_one()
        )


class Stopped(BaseException):
    """Not an Exception: what an interrupted thread raises."""


# --- write and read --------------------------------------------------------------------------------------------------


def test_a_write_is_there_for_everybody_when_it_has_ended(store: Store) -> None:
    with store.write() as tx:
        put(tx, "a")
        assert names(store) == set()
    assert names(store) == {"a"}


@pytest.mark.parametrize("error", [ValueError, Stopped])
def test_a_write_that_fails_leaves_nothing(store: Store, error: type[BaseException]) -> None:
    def fail() -> None:
        with store.write() as tx:
            put(tx, "a")
            raise error

    with pytest.raises(error):
        fail()
    assert names(store) == set()


def test_a_view_stays_as_it_was_while_others_write(store: Store) -> None:
    with store.read() as view:
        count = select(func.count()).select_from(counter)
        assert view.execute(count).scalar_one() == 0
        with store.write() as tx:
            put(tx, "a")
        assert view.execute(count).scalar_one() == 0
    assert names(store) == {"a"}


def test_nothing_can_be_written_through_a_view(store: Store) -> None:
    with store.read() as view, pytest.raises(DBAPIError, match=r"readonly|read-only"):
        put(view, "a")
    assert names(store) == set()
    with store.write() as tx:  # the same pooled connection writes again
        put(tx, "b")


def test_many_threads_write_and_none_is_lost(store: Store) -> None:
    def work(_number: int) -> None:
        with store.write() as tx:
            counters.take(tx, "n")
        store.submit(lambda tx: counters.take(tx, "n"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert value_of(store, "n") == 80


# --- a transaction inside a transaction ------------------------------------------------------------------------------

NESTED: list[Callable[[Store], object]] = [
    lambda store: store.write().__enter__(),
    lambda store: store.submit(lambda tx: put(tx, "inner")),
    lambda store: store.close(),
]


@pytest.mark.parametrize("inner", NESTED)
def test_a_second_transaction_in_one_thread_is_refused_instead_of_waiting_for_itself(
    store: Store, inner: Callable[[Store], object]
) -> None:
    with store.write() as tx:
        with pytest.raises(NestedTransaction, match="hand the open one on"):
            inner(store)
        put(tx, "outer")
    assert names(store) == {"outer"}


@pytest.mark.parametrize("inner", NESTED)
def test_nor_may_submitted_work_begin_one(store: Store, inner: Callable[[Store], object]) -> None:
    with pytest.raises(NestedTransaction):
        store.submit(lambda _tx: inner(store))
    assert store.submit(lambda tx: put(tx, "next")) == "next"


def test_a_view_may_be_opened_inside_a_write_and_sees_what_was_before(store: Store) -> None:
    with store.write() as tx:
        put(tx, "a")
        assert names(store) == set()


def test_a_view_that_is_open_cannot_be_closed_over(store: Store) -> None:
    with store.read(), pytest.raises(NestedTransaction):
        store.close()
    with store.write() as tx:
        put(tx, "a")


def test_after_a_refusal_the_thread_may_write_again(store: Store) -> None:
    with store.write(), pytest.raises(NestedTransaction):
        store.write().__enter__()
    with store.write() as tx:
        put(tx, "a")
    assert names(store) == {"a"}


# --- joining ---------------------------------------------------------------------------------------------------------


def test_submitted_work_returns_what_it_made_when_it_is_durable(store: Store) -> None:
    assert store.submit(lambda tx: put(tx, "a")) == "a"
    assert names(store) == {"a"}


@pytest.mark.parametrize("error", [ValueError, Stopped, KeyboardInterrupt, SystemExit])
def test_submitted_work_that_fails_is_undone_alone(store: Store, error: type[BaseException]) -> None:
    def fail(tx: Connection) -> None:
        put(tx, "bad")
        raise error("no")

    with pytest.raises(error, match="no"):
        store.submit(fail)
    assert store.submit(lambda tx: put(tx, "good")) == "good"
    assert names(store) == {"good"}


class Joined:
    """Some submissions that wait behind one which is held back until all of them do."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.inside = threading.Event()
        self.go_on = threading.Event()
        self.outcomes: dict[str, object] = {}
        self.threads: list[threading.Thread] = []

    def hold(self, tx: Connection) -> str:
        self.inside.set()
        assert self.go_on.wait(10)
        return put(tx, "first")

    def submit(self, name: str, work: Callable[[Connection], object]) -> None:
        def run() -> None:
            try:
                self.outcomes[name] = self.store.submit(work)
            except BaseException as error:  # noqa: BLE001 - looked at by the test
                self.outcomes[name] = error

        thread = threading.Thread(target=run)
        self.threads.append(thread)
        thread.start()

    def waiting(self) -> int:
        group = self.store._joined
        assert group is not None
        return group._waiting.qsize()

    def release(self) -> None:
        self.go_on.set()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()


@contextmanager
def commits_of(store: Store) -> Iterator[list[int]]:
    seen: list[int] = []

    def count(_connection: Connection) -> None:
        seen.append(1)

    event.listen(store._writer, "commit", count)
    yield seen
    event.remove(store._writer, "commit", count)


def refuse(_tx: Connection) -> None:
    raise ValueError("mine alone")


def test_what_waits_together_is_committed_together_and_fails_alone(sqlite_store: Store) -> None:
    joined = Joined(sqlite_store)
    with commits_of(sqlite_store) as commits:
        joined.submit("first", joined.hold)
        assert joined.inside.wait(10)
        for number in range(10):
            joined.submit(f"n{number}", refuse if number == 5 else lambda tx, number=number: put(tx, f"n{number}"))
        wait_until(lambda: joined.waiting() == 10)
        joined.release()
    assert len(commits) <= 2
    assert isinstance(joined.outcomes.pop("n5"), ValueError)
    assert joined.outcomes == {name: name for name in ["first", *(f"n{n}" for n in range(10) if n != 5)]}
    assert names(sqlite_store) == set(joined.outcomes)


def test_when_the_commit_itself_fails_everybody_in_it_hears_of_it(sqlite_store: Store) -> None:
    def breaks_at_the_end(tx: Connection) -> None:
        tx.execute(text("PRAGMA defer_foreign_keys=ON"))
        statement = "INSERT INTO attempt (delivery_id, number, verb, started_at) VALUES (404, 1, 'send', '')"
        tx.execute(text(statement))

    joined = Joined(sqlite_store)
    joined.submit("first", joined.hold)
    assert joined.inside.wait(10)
    joined.submit("broken", breaks_at_the_end)
    joined.submit("good", lambda tx: put(tx, "good"))
    wait_until(lambda: joined.waiting() == 2)
    joined.release()
    failed = {name for name, outcome in joined.outcomes.items() if isinstance(outcome, IntegrityError)}
    assert "broken" in failed
    assert names(sqlite_store) == {"first", "good"} - failed
    assert sqlite_store.submit(lambda tx: put(tx, "next")) == "next"


def test_submitted_work_sees_the_log_fields_of_its_caller(store: Store) -> None:
    partner: ContextVar[str] = ContextVar("partner")
    partner.set("acme")
    assert store.submit(lambda _tx: partner.get()) == "acme"


# --- the end ---------------------------------------------------------------------------------------------------------


def test_a_closed_store_says_so(store: Store) -> None:
    store.submit(lambda tx: put(tx, "a"))
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        store.submit(lambda tx: put(tx, "b"))
    with pytest.raises(StoreClosed):
        store.write().__enter__()
    with pytest.raises(StoreClosed):
        store.read().__enter__()


def test_closing_waits_for_what_was_submitted_and_leaves_nobody_hanging(sqlite_store: Store) -> None:
    joined = Joined(sqlite_store)
    joined.submit("first", joined.hold)
    assert joined.inside.wait(10)
    for number in range(5):
        joined.submit(f"n{number}", lambda tx, number=number: put(tx, f"n{number}"))
    wait_until(lambda: joined.waiting() == 5)
    closing = threading.Thread(target=sqlite_store.close)
    closing.start()
    wait_until(lambda: sqlite_store._users._closed)
    with pytest.raises(StoreClosed):
        sqlite_store.submit(lambda tx: put(tx, "late"))
    joined.release()
    closing.join(10)
    assert not closing.is_alive()
    assert joined.outcomes == {name: name for name in ["first", *(f"n{n}" for n in range(5))]}


def test_closing_in_the_middle_of_traffic_gives_each_caller_a_clear_answer(store: Store) -> None:
    answers: queue.SimpleQueue[object] = queue.SimpleQueue()

    def work() -> None:
        try:
            while True:
                answers.put(store.submit(lambda tx: counters.take(tx, "n")))
        except StoreClosed as error:
            answers.put(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: answers.qsize() > 20)
    store.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


# --- SQLite and other processes --------------------------------------------------------------------------------------


def test_sqlite_flushes_every_commit_and_waits_for_others(sqlite_store: Store) -> None:
    with sqlite_store.read() as tx:
        asked = {name: tx.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("journal_mode", "synchronous")}
        assert asked == {"journal_mode": "wal", "synchronous": 2}
        assert tx.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        assert tx.execute(text("PRAGMA busy_timeout")).scalar_one() == 30_000


def test_another_process_that_holds_the_file_is_named_as_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "folder that is made" / "hub.db"
    store = Store(f"sqlite:///{path}", busy_seconds=0.05)
    with store.write() as tx:
        tx.execute(text("CREATE TABLE t (a)"))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match=r"locked by another process for more than 0\.05 s"):
        store.write().__enter__()
    with pytest.raises(StoreBusy):
        store.submit(lambda tx: tx.execute(text("INSERT INTO t VALUES (1)")))
    with store.read() as tx:  # reading never waits for a writer
        assert tx.execute(text("SELECT count(*) FROM t")).scalar_one() == 0
    other.execute("ROLLBACK")
    other.close()
    with store.write() as tx:
        tx.execute(text("INSERT INTO t VALUES (1)"))
    store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite needs a file here"):
        Store(url)


def test_a_plain_postgresql_address_needs_no_driver_in_it() -> None:
    store = Store("postgresql://nobody@/nowhere")
    assert store._writer.url.drivername == "postgresql+psycopg"
    assert not store.is_sqlite
    store.close()


@contextmanager
def children(url: str, *hows: tuple[str, str, int]) -> Iterator[list[subprocess.Popen[str]]]:
    """Start processes, each with (how, counter, times), and let them begin together."""
    started = [
        subprocess.Popen(
            [sys.executable, CHILD, url, how, name, str(times)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for how, name, times in hows
    ]
    for child in started:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in started:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    try:
        yield started
    finally:
        for child in started:
            child.kill()
            child.communicate()


def test_two_processes_write_to_one_file_and_none_is_lost(store_url: str, store: Store) -> None:
    with children(store_url, ("write", "n", 40), ("submit", "n", 40)) as started:
        with store.write() as tx:
            counters.take(tx, "n")
        for child in started:
            assert child.wait(30) == 0
    assert value_of(store, "n") == 81


def test_processes_that_open_a_new_file_at_once_all_get_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    code = "import sys; from hub.store.engine import Store; s = Store(sys.argv[1]); s.write().__enter__()"
    opened = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(3)]
    assert [child.wait(30) for child in opened] == [0, 0, 0]


@pytest.mark.parametrize("how", ["write", "submit"])
def test_what_was_said_to_be_durable_is_there_after_a_kill(store_url: str, store: Store, how: str) -> None:
    with children(store_url, (how, "n", 1_000_000)) as (child,):
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(25)]
        child.kill()
        said += [int(line) for line in child.stdout.read().split("\n")[:-1] if line]
    assert said == list(range(1, len(said) + 1))
    assert value_of(store, "n") in (said[-1], said[-1] + 1)  # the last commit may have died before it was said


# --- turns -----------------------------------------------------------------------------------------------------------


def test_turns_are_taken_in_the_order_in_which_they_were_asked_for() -> None:
    turns = Turns()
    order: list[int] = []

    def work(number: int) -> None:
        with turns:
            order.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda number=number: len(turns._waiting) == number + 1)
    for thread in threads:
        thread.join(10)
    assert order == list(range(6))


def test_one_who_comes_on_behalf_of_many_has_the_next_turn() -> None:
    """Eight flows that wrote order by order made every delivery's commit wait for all of them."""
    turns = Turns()
    order: list[str] = []

    def single(number: int) -> None:
        with turns:
            order.append(f"single {number}")

    def many() -> None:
        with turns.ahead():
            order.append("many")

    threads = [threading.Thread(target=single, args=(number,)) for number in range(3)]
    threads.append(threading.Thread(target=many))
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(lambda number=number: len(turns._waiting) == number + 1)
    for thread in threads:
        thread.join(10)
    assert order == ["many", "single 0", "single 1", "single 2"]


def test_one_who_stops_waiting_holds_nobody_up() -> None:
    turns = Turns()
    abandoned = threading.Lock()
    with turns:
        turns._waiting.append(abandoned)
        turns._give_up(abandoned)
    with turns:
        turns._give_up(abandoned)  # its turn had come already: passed on
    with turns:
        pass
