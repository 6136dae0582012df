"""The hub in memory: what it keeps, and how it stops a send."""

from __future__ import annotations

from contextlib import suppress

import pytest

from hub.clock import SystemClock
from hub.contract import Context, Numbers
from hub.testing import Crash, FakeClock, MemoryContext, MemoryLimiter, MemoryNumbers


def test_it_keeps_what_it_is_told() -> None:
    memory = MemoryContext(FakeClock())
    context: Context = memory
    assert context.recall("token") is None
    context.remember("token", "t1")
    context.note("PO-1", "staged")
    assert context.recall("token") == "t1"
    assert memory.notes == {"PO-1": "staged"}
    assert isinstance(MemoryContext().clock, SystemClock)


def test_a_crash_happens_once_at_the_named_instant_and_no_except_clause_catches_it() -> None:
    context = MemoryContext(FakeClock())
    context.crash_at = "bytes_sent"
    context.checkpoint("before_bytes")
    with pytest.raises(Crash), suppress(Exception):
        context.checkpoint("bytes_sent")
    context.checkpoint("bytes_sent")
    assert context.passed == ["before_bytes", "bytes_sent", "bytes_sent"]


def test_the_limiter_lets_pass_and_remembers() -> None:
    limiter = MemoryLimiter()
    limiter.acquire(2)
    limiter.acquire(urgent=False)
    limiter.observe(38, 40)
    limiter.pause(1.5)
    assert (limiter.acquired, limiter.observed, limiter.paused) == ([2, 1.0], [(38, 40)], [1.5])


def test_numbers_count_each_counter_from_one() -> None:
    clock = FakeClock()
    memory = MemoryNumbers(clock)
    numbers: Numbers = memory
    memory.references["order", "1", "shop"] = "gid-1"
    assert [numbers.next("isa"), numbers.next("isa"), numbers.next("gs")] == [1, 2, 1]
    assert (numbers.theirs("order", "1", "shop"), numbers.theirs("order", "2", "shop")) == ("gid-1", None)
    assert numbers.now() == clock.now()
