"""Making a plan better by what rate cards really take, where an order is too large for the exact programme.

One job after the other is moved to the node where the whole order then costs least, until none is worth moving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.routing.jobs import Job
from hub.routing.scene import Scene
from hub.routing.tariff import GRAIN

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


class _Parcels:
    """A plan with what each node sends: numbers of jobs."""

    def __init__(self, scene: Scene, jobs: Sequence[Job], chosen: Mapping[int, str]) -> None:
        self.scene, self.jobs, self.chosen = scene, jobs, dict(chosen)
        self.sent: dict[str, set[int]] = {}
        for number, code in chosen.items():
            self.sent.setdefault(code, set()).add(number)

    def move(self, number: int) -> bool:
        """Move a job to where the order costs least; tells whether it moved."""
        here, costs = self.chosen[number], self.jobs[number].costs
        mine = self.sent[here]
        saved = costs[here] + self._parcel(here, mine) - self._parcel(here, mine - {number})
        ways = [
            (costs[code] + self._parcel(code, sent | {number}) - self._parcel(code, sent), code)
            for code, sent in sorted(self.sent.items())
            if code != here and sent and code in costs
        ]
        if not ways or min(ways)[0] >= saved:
            return False
        there = min(ways)[1]
        mine.discard(number)
        self.sent[there].add(number)
        self.chosen[number] = there
        return True

    def _parcel(self, code: str, numbers: set[int]) -> int:
        """Return in grains what a parcel of these jobs costs, less the straight line that is in their own costs."""
        if not numbers:
            return 0
        loads = [(self.jobs[number].good, self.jobs[number].nanos) for number in numbers]
        return self.scene.parcel(code) + self.scene.excess(code, loads) * GRAIN
