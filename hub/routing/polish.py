"""Making a plan better by what rate cards really take, where an order is too large for the exact programme.

One job after the other is moved to the node where the whole order then costs least, until none is worth moving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.routing.carriage import Carriage
from hub.routing.jobs import Job
from hub.routing.scene import Scene
from hub.routing.tariff import GRAIN, NANO

#: Every job is looked at so many times at the most.
_ROUNDS = 20


def polished(scene: Scene, jobs: Sequence[Job], chosen: Mapping[int, str]) -> dict[int, str]:
    """Return a node for every job that has one; the plan costs no more than the one given, with no more parcels."""
    plan = _Parcels(scene, jobs, chosen)
    for _ in range(_ROUNDS):
        moved = [plan.move(number) for number in chosen]
        if not any(moved):
            break
    return plan.chosen


class _Load(NamedTuple):
    """What goods weigh (milligrams), what their volume weighs, and the straight line they bring (micro-units)."""

    weighed: int
    by_volume: int
    line: int

    def plus(self, other: _Load, sign: int = 1) -> _Load:
        return _Load(*(mine + sign * theirs for mine, theirs in zip(self, other, strict=True)))


_NOTHING = _Load(0, 0, 0)


class _Parcels:
    """A plan with what each node sends: how many jobs, and their load."""

    def __init__(self, scene: Scene, jobs: Sequence[Job], chosen: Mapping[int, str]) -> None:
        self.scene, self.jobs, self.chosen = scene, jobs, dict(chosen)
        self.loads: dict[tuple[int, str], _Load] = {}
        self.sent: dict[str, tuple[int, _Load]] = {}
        for number, code in chosen.items():
            self._put(number, code, 1)

    def move(self, number: int) -> bool:
        """Move a job to where the order costs least; tells whether it moved."""
        here, costs = self.chosen[number], self.jobs[number].costs
        saved = costs[here] - self._rise(number, here, -1)
        ways = [
            (costs[code] + self._rise(number, code, 1), code)
            for code, (count, _) in sorted(self.sent.items())
            if code != here and count and code in costs
        ]
        if not ways or min(ways)[0] >= saved:
            return False
        self._put(number, here, -1)
        self.chosen[number] = min(ways)[1]
        self._put(number, self.chosen[number], 1)
        return True

    def _put(self, number: int, code: str, sign: int) -> None:
        count, load = self.sent.get(code, (0, _NOTHING))
        self.sent[code] = count + sign, load.plus(self._load(number, code), sign)

    def _rise(self, number: int, code: str, sign: int) -> int:
        """Return by how much the node's parcel rises in grains when the job joins it (or leaves it, with -1)."""
        count, load = self.sent[code]
        after = load.plus(self._load(number, code), sign)
        return self._parcel(code, count + sign, after) - self._parcel(code, count, load)

    def _parcel(self, code: str, count: int, load: _Load) -> int:
        """Return in grains what a parcel costs, less the straight line that is in its jobs' own costs."""
        if not count:
            return 0
        site = self.scene.site(code)
        if site.card is None:
            return self.scene.parcel(code)
        true = site.card.cost(site.zone, max(load.weighed, load.by_volume))
        return self.scene.parcel(code) + (true - site.card.starts[site.zone] - load.line) * GRAIN

    def _load(self, number: int, code: str) -> _Load:
        found = self.loads.get((number, code))
        if found is None:
            found = self.loads[number, code] = self._loaded(self.jobs[number], self.scene.site(code).card)
        return found

    def _loaded(self, job: Job, card: Carriage | None) -> _Load:
        if card is None:
            return _NOTHING
        weighed = job.good.weight * job.nanos // NANO
        by_volume = card.by_volume(job.good.size, job.good.weight) * job.nanos // NANO
        return _Load(weighed, by_volume, card.along(weighed))
