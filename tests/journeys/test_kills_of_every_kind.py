"""The long form over every transport: kills and lost replies with a supplier of each kind, each line once."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

import pytest

from tests.journeys.circle import Circle
from tests.journeys.test_kills import expect_each_line_once, kill_everywhere, start_live

pytestmark = [pytest.mark.journey, pytest.mark.soak, pytest.mark.timeout(1800)]

FIVE = ("--examples", "--suppliers", "5")
BOUNDARIES = ("files.before_bytes", "files.bytes_sent", "files.replied", "files.committed")


def the_seed() -> int:
    seed = int(os.environ.get("CROSSDOCK_SEED", "0")) or random.randrange(10**6)
    print(f"CROSSDOCK_SEED={seed}")
    return seed


def test_soak_kills_lose_nothing_and_send_nothing_twice(circle: Callable[..., Circle]) -> None:
    seed = the_seed()
    ours = circle(10, seed, *FIVE)
    start_live(ours)
    struck = kill_everywhere(ours, times=5, seed=seed, boundaries=BOUNDARIES)
    assert set(struck) == set(BOUNDARIES), struck
    expect_each_line_once(ours)


def test_soak_lost_replies_lose_nothing_and_send_nothing_twice(circle: Callable[..., Circle]) -> None:
    seed = the_seed()
    ours = circle(60, seed, *FIVE)
    start_live(ours)
    ours.sandbox.post("/moods", {"partner": "*", "mood": "lost_reply", "share": 0.2, "seed": seed})
    ours.start_hub().wait_until_ready()
    ours.wait(lambda state, summary: summary["orders"] >= state["orders_placed"])
    time.sleep(15)
    ours.sandbox.post("/calm", {"partner": "*"})
    assert ours.hub is not None
    ours.hub.stop()
    expect_each_line_once(ours)
