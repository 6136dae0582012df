"""What is ready to be worked on, one lane for each connection, shared fairly between the workers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hub.delivery.claims import Claim, Surveyed
from hub.delivery.gate import Gate
from hub.model.state import DeliveryState
from hub.store.connections import ConnectionMode

_LONGEST_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Preview:
    """Deliveries of an observing connection that are to be rendered and not sent."""

    code: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A connection that the hub paused, to be asked whether it lets us in again."""

    code: str


Work = Claim | Preview | Check


@dataclass(slots=True, eq=False)
class Lane:
    """One connection as the runner sees it: how it stands, what is ready, how much is under way."""

    code: str
    gate: Gate
    mode: ConnectionMode = ConnectionMode.PAUSED
    live_from: datetime | None = None
    paused_by: str | None = None
    due: dict[DeliveryState, datetime] = field(default_factory=dict)
    dry: bool = True  # the last look found nothing more to claim
    ready: deque[Work] = field(default_factory=deque)
    busy: int = 0

    def take_over(self, seen: Surveyed, now: datetime) -> None:
        """Take note of how the connection stands now."""
        self.mode, self.live_from, self.paused_by = seen.mode, seen.live_from, seen.paused_by
        self.due = dict(seen.due)
        self.dry = not any(at <= now for at in self.due.values())

    @property
    def idle(self) -> bool:
        """Whether nothing is ready or under way."""
        return not self.ready and not self.busy


class Board:
    """The lanes, and the workers that wait for something to do on them."""

    def __init__(self, per_connection: int) -> None:
        self._per_connection = per_connection
        self._changed = threading.Condition()
        self._turns: deque[Lane] = deque()  # lanes with something ready, whose turn it is first
        self._closed = False
        self.waiting = 0

    def offer(self, lane: Lane, work: Iterable[Work]) -> None:
        """Make work ready."""
        with self._changed:
            if not lane.ready:
                self._turns.append(lane)
            lane.ready.extend(work)
            if not lane.ready:
                self._turns.remove(lane)
            self._changed.notify(len(lane.ready))

    def take(self, *, wait: bool = True) -> tuple[Lane, Work] | None:
        """Return the next work, waiting for it; None when the board is closed or, without waiting, nothing is ready."""
        with self._changed:
            while not self._closed:
                found = self._next()
                if found is not None or not wait:
                    return found
                self.waiting += 1
                self._changed.wait(self._until_open())
                self.waiting -= 1
            return None

    def left(self, lane: Lane) -> None:
        """Take note that a work of the lane is at its partner no more.

        Nobody is woken for it: whoever ended it takes the next.
        """
        with self._changed:
            lane.busy -= 1

    def withdraw(self, lane: Lane) -> list[Claim]:
        """Take back the claims that are ready and not begun."""
        with self._changed:
            claims = [each for each in lane.ready if isinstance(each, Claim)]
            others = [each for each in lane.ready if not isinstance(each, Claim)]
            if claims and not others:
                self._turns.remove(lane)
            lane.ready.clear()
            lane.ready.extend(others)
        return claims

    def unattended(self) -> int:
        """Return how many ready works nobody waits for."""
        with self._changed:
            return max(0, sum(len(lane.ready) for lane in self._turns) - self.waiting)

    def close(self) -> None:
        """Let no worker begin anything more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _next(self) -> tuple[Lane, Work] | None:
        for _ in range(len(self._turns)):
            lane = self._turns[0]
            self._turns.rotate(-1)
            if self._may_begin(lane):
                work = lane.ready.popleft()
                if not lane.ready:
                    self._turns.remove(lane)
                lane.busy += 1
                return lane, work
        return None

    def _may_begin(self, lane: Lane) -> bool:
        if isinstance(lane.ready[0], Check):
            return True
        most = 1 if lane.gate.outage else self._per_connection
        return lane.busy < most and lane.gate.shut_for() <= 0

    def _until_open(self) -> float | None:
        """How long a worker sleeps at most: until a gate opens, for ever when nothing is ready."""
        if not self._turns:
            return None
        return min([_LONGEST_WAIT, *(lane.gate.shut_for() or _LONGEST_WAIT for lane in self._turns)])
