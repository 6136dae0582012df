from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.clock import Clock
from hub.testing.clock import FakeClock


def test_a_fake_clock_is_a_clock() -> None:
    clock: Clock = FakeClock()
    assert clock.now().tzinfo is UTC


def test_time_stands_still_until_somebody_sleeps() -> None:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.sleep(90)
    assert clock.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert clock.monotonic() == 90


def test_a_negative_sleep_is_no_sleep_and_time_never_runs_backwards() -> None:
    clock = FakeClock()
    clock.sleep(-5)
    assert clock.monotonic() == 0
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_a_start_needs_a_zone_and_is_kept_in_utc() -> None:
    with pytest.raises(ValueError, match="aware"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the very mistake
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    assert FakeClock(moment).now().hour == 7
