"""Ticks: planned times, merged when late, never two of the same at once, one bad tick harms no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from hub.contract import DocumentSpec
from hub.model.document import Direction, Kind
from hub.services.syncing.schedules import Job, Schedule
from hub.services.syncing.ticker import Ticker

STOCK = DocumentSpec("stock", Direction.IN, Kind.STOCK_LEVEL)
AT = datetime(2026, 11, 20, tzinfo=UTC)


def job(connection: str, every: str = "1d") -> Job:
    return Job(Schedule(name="stock", every=every), connection, (STOCK,))


@pytest.fixture
def ticker_of() -> Iterator[Callable[[Callable[[Job, datetime], None]], Ticker]]:
    made: list[Ticker] = []

    def make(carry_out: Callable[[Job, datetime], None]) -> Ticker:
        made.append(Ticker(carry_out, workers=4))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_a_schedule_ticks_at_its_planned_time(ticker_of: Callable[..., Ticker]) -> None:
    times: list[datetime] = []
    two = threading.Event()

    def carry_out(_job: Job, at: datetime) -> None:
        times.append(at)
        if len(times) == 2:
            two.set()

    ticker = ticker_of(carry_out)
    ticker.start()
    ticker.plan([job("acme", "1s")])
    assert two.wait(10)
    assert all(at.microsecond == 0 for at in times)
    assert times[1] > times[0]


def test_a_job_never_overlaps_itself_and_late_ticks_are_merged(ticker_of: Callable[..., Ticker]) -> None:
    entered, leave, done = threading.Event(), threading.Event(), threading.Event()
    seen: list[int] = []

    def carry_out(_job: Job, at: datetime) -> None:
        seen.append(at.second)
        entered.set()
        assert leave.wait(10)
        if at.second == 3:
            done.set()

    ticker = ticker_of(carry_out)
    ticker.run_now(job("acme"), AT)
    assert entered.wait(10)
    for second in (1, 2, 3):
        ticker.run_now(job("acme"), AT.replace(second=second))
    leave.set()
    assert done.wait(10)
    assert seen == [0, 3]


def test_a_slow_partner_holds_nobody_up(ticker_of: Callable[..., Ticker]) -> None:
    leave, quick = threading.Event(), threading.Event()

    def carry_out(which: Job, _at: datetime) -> None:
        if which.connection == "slow":
            assert leave.wait(10)
        else:
            quick.set()

    ticker = ticker_of(carry_out)
    ticker.run_now(job("slow"), AT)
    ticker.run_now(job("quick"), AT)
    assert quick.wait(10)
    leave.set()


def test_a_tick_that_raises_ticks_again(ticker_of: Callable[..., Ticker]) -> None:
    again = threading.Event()
    calls: list[int] = []

    def carry_out(_job: Job, _at: datetime) -> None:
        calls.append(1)
        if len(calls) > 1:
            again.set()
        raise RuntimeError("unforeseen")

    ticker = ticker_of(carry_out)
    ticker.run_now(job("acme"), AT)
    while not again.is_set():
        ticker.run_now(job("acme"), AT)
        again.wait(0.02)


def test_a_gone_partner_ticks_no_more(ticker_of: Callable[..., Ticker]) -> None:
    ticked = threading.Event()
    ticker = ticker_of(lambda _job, _at: ticked.set())
    ticker.plan([job("acme", "1s")])
    ticker.plan([])
    ticker.start()
    assert not ticked.wait(0.2)


def test_a_stop_waits_for_what_is_under_way() -> None:
    entered, finished = threading.Event(), threading.Event()

    def carry_out(_job: Job, _at: datetime) -> None:
        entered.set()
        threading.Event().wait(0.1)
        finished.set()

    ticker = Ticker(carry_out, workers=1)
    ticker.start()
    ticker.run_now(job("acme"), AT)
    assert entered.wait(10)
    ticker.stop()
    assert finished.is_set()
    ticker.run_now(job("acme"), AT)  # after the stop nothing begins, and nothing raises
