"""An hour at ten orders a second: memory stays, the database grows by the same for each order, nobody waits longer.

CROSSDOCK_SOAK_SECONDS and CROSSDOCK_SOAK_RATE make it shorter or slower; what was measured is printed minute by minute.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pytest

from hub.cli.processes import HubProcess
from tests.journeys.circle import Circle

SECONDS = int(os.environ.get("CROSSDOCK_SOAK_SECONDS", "3600"))
RATE = float(os.environ.get("CROSSDOCK_SOAK_RATE", "10"))
SEED = 20261128
SAMPLES = 60
#: What may still be under way at any time: a minute's orders.
LATE = 60 * RATE
pytestmark = [pytest.mark.journey, pytest.mark.soak, pytest.mark.timeout(SECONDS * 2 + 900)]


@dataclass(frozen=True)
class Sample:
    """What the hub looked like at one moment; sizes in MiB."""

    second: float
    placed: int
    orders: int
    unfinished: int
    memory: float
    database: float

    def __str__(self) -> str:
        return (
            f"{self.second:7.0f} s  {self.placed:6} placed  {self.orders:6} in the hub  {self.unfinished:5} under way  "
            f"{self.memory:7.1f} MiB memory  {self.database:7.1f} MiB database"
        )


def sample(circle: Circle, hub: HubProcess, second: float) -> Sample:
    state, summary = circle.sandbox.get("/state"), hub.summary()
    counts = int(state["orders_placed"]), int(summary["orders"]), int(summary["unfinished"])
    return Sample(second, *counts, memory_of(hub.pid), database_of(circle.folder))


def memory_of(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def database_of(folder: Path) -> float:
    return sum(path.stat().st_size for path in (folder / "data").glob("crossdock.db*")) / 2**20


def watched(circle: Circle, hub: HubProcess) -> Iterator[Sample]:
    began = time.monotonic()
    for number in range(1, SAMPLES + 1):
        time.sleep(max(0.0, began + number * SECONDS / SAMPLES - time.monotonic()))
        hub.check()
        yield sample(circle, hub, time.monotonic() - began)


def growth(samples: list[Sample]) -> float:
    """KiB that the database grew by for each order between the first of these and the last."""
    orders = samples[-1].orders - samples[0].orders
    return (samples[-1].database - samples[0].database) * 1024 / max(orders, 1)


def rate(samples: list[Sample]) -> float:
    """Orders a second that the shop placed between the first of these and the last."""
    return (samples[-1].placed - samples[0].placed) / (samples[-1].second - samples[0].second)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_an_hour_of_orders_leaves_memory_and_growth_flat(
    circle: Callable[..., Circle], capsys: pytest.CaptureFixture[str]
) -> None:
    # An order costs a shop some four calls, there and back: its largest plan is needed, as a merchant of this size has,
    # and more than four deliveries to it at once. A minute of orders more than is watched: the shop begins first.
    ours = circle(int((SECONDS + 60) * RATE), SEED, "--rate", str(RATE), "--shop-calls", str(int(RATE * 10)))
    ours.configure("workers_per_connection = 4", "workers_per_connection = 8")
    ours.open_for_business()
    assert ours.hub is not None
    samples = []
    with capsys.disabled():
        print(f"\n{RATE} orders/s for {SECONDS} s, seed {SEED}")
        for each in watched(ours, ours.hub):
            samples.append(each)
            print(each, flush=True)
    ours.wait_until_quiet(600)
    with capsys.disabled():
        audit = ours.last_audit()
    third = SAMPLES // 3
    middle, last = samples[third : 2 * third + 1], samples[2 * third :]
    memory = mean(each.memory for each in middle), mean(each.memory for each in last)
    grew = growth(middle), growth(last)
    with capsys.disabled():
        print(f"memory: {memory[0]:.1f} MiB in the second third, {memory[1]:.1f} MiB in the last")
        print(f"database: {grew[0]:.2f} KiB an order in the second third, {grew[1]:.2f} KiB in the last")
        print(f"placed: {rate(samples):.2f} orders/s")
        print(f"most under way: {max(each.unfinished for each in last)}; lost {audit.lost}, twice {audit.duplicated}")
    assert (audit.lost, audit.duplicated) == (0, 0), audit.as_text()
    assert rate(samples) >= RATE * 0.99
    assert memory[1] <= memory[0] * 1.05 + 8
    assert grew[1] <= grew[0] * 1.1
    assert max(each.unfinished for each in last) <= LATE
