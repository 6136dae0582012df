from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from hub.clock import SystemClock
from hub.contract import Pace, RateLimited
from hub.delivery.limits import AccountLimiter
from hub.testing.clock import FakeClock


@dataclass
class Server:
    """A partner with a leaky bucket of its own; a call that would flow over is counted as too fast."""

    now: Callable[[], float]
    capacity: float
    rate: float
    level: float = 0.0
    at: float = 0.0
    calls: int = 0
    too_fast: int = 0
    highest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, cost: float = 1.0) -> float:
        with self.lock:
            now = self.now()
            self.level = max(0.0, self.level - (now - self.at) * self.rate)
            self.at = now
            if self.level + cost > self.capacity:
                self.too_fast += 1
            self.level += cost
            self.highest = max(self.highest, self.level)
            self.calls += 1
            return self.level


def test_a_burst_goes_at_once_and_then_the_pace_holds(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=2, burst=40))
    server = Server(clock.monotonic, 40, 2)
    for _ in range(100):
        limiter.acquire()
        limiter.observe(server.call(), 40)
    assert server.too_fast == 0
    assert clock.monotonic() == pytest.approx((100 - 39) / 2, abs=1.5)


def test_the_bucket_that_the_header_tells_of_is_taken_over(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=2, burst=40))
    server = Server(clock.monotonic, 400, 20)
    for _ in range(1000):
        limiter.acquire()
        limiter.observe(server.call(), 400)
    assert server.too_fast == 0
    assert clock.monotonic() == pytest.approx(600 / 20, rel=0.1), "ten times the bucket leaks ten times as fast"


def test_somebody_else_using_the_account_is_noticed(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=2, burst=40))
    limiter.acquire()
    limiter.observe(39, 40)
    before = clock.monotonic()
    limiter.acquire()
    assert clock.monotonic() - before >= 0.5


def test_a_new_process_sends_one_call_before_it_trusts_its_own_count() -> None:
    limiter = AccountLimiter(SystemClock(), Pace(per_second=2, burst=40))
    limiter.acquire()
    went = threading.Event()

    def second() -> None:
        limiter.acquire()
        went.set()

    other = threading.Thread(target=second)
    other.start()
    assert not went.wait(0.05)
    limiter.observe(1, 40)
    assert went.wait(5)
    other.join()


def test_what_is_not_urgent_leaves_room_for_what_is(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=1, burst=40))
    at_once = 0
    while True:
        limiter.acquire(urgent=False)
        if clock.monotonic() > 0:
            break
        at_once += 1
    assert at_once == 29
    before = clock.monotonic()
    for _ in range(9):
        limiter.acquire(urgent=True)
    assert clock.monotonic() == before


def test_a_call_dearer_than_the_bucket_goes_when_it_is_empty(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=1, burst=10))
    limiter.acquire(5)
    limiter.acquire(50)
    assert clock.monotonic() == pytest.approx(5, abs=0.5)


def test_a_bucket_of_one_call_lets_one_call_through(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=1, burst=1))
    for _ in range(5):
        limiter.acquire(urgent=False)
    assert clock.monotonic() == pytest.approx(4, abs=1)


def test_a_pause_holds_everybody(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, None)
    limiter.acquire()
    limiter.pause(30)
    limiter.pause(5)
    limiter.acquire()
    assert clock.monotonic() == pytest.approx(30)


def test_nobody_stands_still_for_a_long_pause(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, None)
    limiter.pause(3600)
    with pytest.raises(RateLimited) as caught:
        limiter.acquire()
    assert (caught.value.after, clock.monotonic()) == (3600, 0)
    clock.advance(3600)
    limiter.acquire()


def test_without_a_pace_only_pauses_hold(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, None)
    for _ in range(1000):
        limiter.acquire()
    limiter.observe(5, 10)
    limiter.acquire(urgent=False)
    assert clock.monotonic() == 0


def test_a_stopping_hub_lets_nobody_wait_for_long(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=1, burst=10))
    limiter.pause(60)
    limiter.close(within=5)
    with pytest.raises(RateLimited) as caught:
        limiter.acquire()
    assert caught.value.after == pytest.approx(60)


def test_a_call_without_a_reply_is_forgotten_after_a_while(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=1, burst=10))
    lost = threading.Thread(target=limiter.acquire, args=(9.0,))
    lost.start()
    lost.join()
    limiter.acquire()
    assert clock.monotonic() == pytest.approx(300, abs=2)


def test_a_partner_without_a_header_is_answered_when_its_link_is_given_back(clock: FakeClock) -> None:
    limiter = AccountLimiter(clock, Pace(per_second=1, burst=10))

    def call() -> None:
        limiter.acquire()
        limiter.answered()

    for _ in range(9):
        other = threading.Thread(target=call)
        other.start()
        other.join()
    assert clock.monotonic() == 0
    limiter.acquire()
    assert clock.monotonic() == pytest.approx(1, abs=0.3)


def test_many_threads_never_flow_over_the_partners_bucket() -> None:
    """Real threads and delays: calls under way are counted, so that no interleaving gets ahead of the partner."""
    clock = SystemClock()
    limiter = AccountLimiter(clock, Pace(per_second=400, burst=40))
    server = Server(clock.monotonic, 40, 400, at=clock.monotonic())
    spread = threading.Lock()
    delays = iter([0.0, 0.001, 0.004, 0.002] * 1000)

    def client() -> None:
        for _ in range(25):
            limiter.acquire()
            with spread:
                there, back = next(delays), next(delays)
            clock.sleep(there)
            used = server.call()
            clock.sleep(back)
            limiter.observe(used, 40)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert server.calls == 200
    assert server.too_fast == 0, f"rose to {server.highest} of 40"
