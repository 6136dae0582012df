"""kill -9 at every boundary of the send path and at random instants: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
import requests

from hub.cli.processes import ProcessFailed
from tests.journeys.circle import Circle
from tests.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

#: Every boundary of the send path, in order; `staged`: the upload is whole and noted, the rename not yet asked for.
_COMMON = ("claimed", "rendered", "before_bytes", "bytes_sent", "replied", "committed")
BOUNDARIES = (*(f"{connector}.{name}" for connector in ("files", "shopify") for name in _COMMON), "files.staged")
MAILBOX_BOUNDARIES = (*(f"edi.{name}" for name in _COMMON), "edi.staged")
#: One supplier of each kind, the last of them by X12.
OF_EVERY_KIND = ("--examples", "--suppliers", "6")
UNDER_WAY = "SELECT state, count(*) FROM delivery WHERE state IN ('running','unknown') GROUP BY state"


def run_until_it_kills_itself(circle: Circle, kill_at: str) -> dict[str, int] | None:
    """Start a hub that kills itself at a boundary; returns the interrupted statuses, None when it never got there."""
    hub = circle.start_hub(kill_at)
    until = time.monotonic() + 90
    quiet, summary = 0, {}
    while not hub.ended:
        assert time.monotonic() < until, f"{kill_at}: neither died nor became quiet: {summary}"
        try:
            hub.wait_until_ready()
            state, summary = circle.sandbox.get("/state"), hub.summary()
        except (ProcessFailed, requests.RequestException):  # it died while we asked
            time.sleep(0.02)
            continue
        done = state["settled"] and not state["files_waiting"] and not summary["unfinished"]
        quiet = quiet + 1 if done else 0
        if quiet > 10:
            hub.stop()
            return None
        time.sleep(0.1)
    return dict(circle.rows(UNDER_WAY))


def kill_everywhere(circle: Circle, times: int, seed: int, boundaries: Sequence[str] = BOUNDARIES) -> Counter[str]:
    """Kill at each boundary so many times, with fresh orders for each; returns how often each struck."""
    rng = random.Random(seed)
    struck: Counter[str] = Counter()
    for boundary in boundaries:
        for _ in range(3 * times):
            if struck[boundary] == times:
                break
            circle.sandbox.post("/orders", {"n": 3})
            kill_at = f"{boundary}:{rng.randint(1, 3)}"
            interrupted = run_until_it_kills_itself(circle, kill_at)
            struck[boundary] += interrupted is not None
            print(f"{kill_at}: interrupted {interrupted}", flush=True)
    return struck


def expect_each_line_once(circle: Circle) -> None:
    circle.start_hub().wait_until_ready()
    circle.wait_until_quiet(180)
    report = circle.audit()
    assert (report.lost, report.duplicated) == (0, 0), report.as_text()


def start_live(circle: Circle) -> None:
    circle.open_for_business()
    assert circle.hub is not None
    circle.hub.stop()


def test_a_kill_at_every_boundary_loses_nothing_and_sends_nothing_twice(circle: Callable[..., Circle]) -> None:
    ours = circle(10, 3)
    start_live(ours)
    struck = kill_everywhere(ours, times=1, seed=3)
    assert set(struck.elements()) == set(BOUNDARIES), f"not every boundary was struck: {struck}"
    expect_each_line_once(ours)


def test_a_kill_at_every_boundary_of_a_mailbox_sends_each_interchange_once(circle: Callable[..., Circle]) -> None:
    ours = circle(10, 6, *OF_EVERY_KIND)
    start_live(ours)
    struck = kill_everywhere(ours, times=1, seed=6, boundaries=MAILBOX_BOUNDARIES)
    assert set(struck.elements()) == set(MAILBOX_BOUNDARIES), f"not every boundary was struck: {struck}"
    expect_each_line_once(ours)
    expect_each_number_once(ours)


def expect_each_number_once(circle: Circle) -> None:
    """Look into every interchange that the X12 supplier took: no control number twice."""
    taken = (circle.folder / "desks" / "foundry01").glob("*.edi")
    numbers = Counter(path.read_bytes()[90:99] for path in taken)
    assert numbers
    assert set(numbers.values()) == {1}, numbers


def kill_at_random(circle: Circle, times: int, seed: int) -> None:
    """Kill -9 so many times at a random instant, each after progress since the restart and with work under way."""
    rng = random.Random(seed)
    circle.sandbox.post("/moods", {"partner": "*", "mood": "slow", "seconds": 0.2})
    for number in range(times):
        hub = circle.start_hub()
        hub.wait_until_ready()
        before = progress(hub.summary())
        circle.sandbox.post("/orders", {"n": 8})
        wait_until(lambda hub=hub, before=before: progress(hub.summary()) != before, 30)
        time.sleep(rng.uniform(0, 0.4))
        hub.kill()
        print(f"kill {number}: interrupted {dict(circle.rows(UNDER_WAY))}", flush=True)
    circle.sandbox.post("/calm", {"partner": "*"})


def progress(summary: dict[str, object]) -> tuple[object, ...]:
    return (summary["deliveries"], summary["shipments"])


def test_kills_at_random_instants_lose_nothing_and_send_nothing_twice(circle: Callable[..., Circle]) -> None:
    ours = circle(10, 4)
    start_live(ours)
    kill_at_random(ours, times=6, seed=4)
    expect_each_line_once(ours)


def test_replies_lost_at_random_lose_nothing_and_send_nothing_twice(circle: Callable[..., Circle]) -> None:
    ours = circle(40, 5)
    start_live(ours)
    ours.sandbox.post("/moods", {"partner": "*", "mood": "lost_reply", "share": 0.15, "seed": 5})
    ours.start_hub().wait_until_ready()
    ours.wait(lambda state, summary: summary["orders"] >= state["orders_placed"])
    time.sleep(8)
    ours.sandbox.post("/calm", {"partner": "*"})
    ours.wait_until_quiet(180)
    report = ours.audit()
    assert (report.lost, report.duplicated) == (0, 0), report.as_text()


def test_replies_lost_by_partners_of_every_kind_lose_nothing_either(circle: Callable[..., Circle]) -> None:
    ours = circle(30, 8, *OF_EVERY_KIND)
    start_live(ours)
    ours.sandbox.post("/moods", {"partner": "foundry01", "mood": "lost_reply", "share": 0.3, "seed": 8})
    ours.start_hub().wait_until_ready()
    ours.wait(lambda state, summary: summary["orders"] >= state["orders_placed"])
    time.sleep(8)
    ours.sandbox.post("/calm", {"partner": "*"})
    ours.wait_until_quiet(180)
    report = ours.audit()
    assert (report.lost, report.duplicated) == (0, 0), report.as_text()
    expect_each_number_once(ours)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_soak_five_kills_at_each_boundary_and_fifty_at_random(circle: Callable[..., Circle]) -> None:
    seed = int(os.environ.get("CROSSDOCK_SEED", "0")) or random.randrange(10**6)
    print(f"CROSSDOCK_SEED={seed}")
    ours = circle(10, seed)
    start_live(ours)
    struck = kill_everywhere(ours, times=5, seed=seed)
    print(f"struck: {dict(struck)}")
    assert all(struck[boundary] == 5 for boundary in BOUNDARIES), struck
    kill_at_random(ours, times=50, seed=seed)
    expect_each_line_once(ours)
