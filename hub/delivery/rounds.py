"""The dispatcher's rounds: look at what is due, claim as much as there is room for, and make it ready for workers."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from sqlalchemy import Connection

from hub.delivery import claims, preview
from hub.delivery.claims import Claim, Claimed, Want
from hub.delivery.gate import Gate
from hub.delivery.lanes import Board, Check, Lane, Preview
from hub.delivery.tools import Tools
from hub.log import EventLog
from hub.model.state import DeliveryState
from hub.store.connections import ConnectionMode

log = EventLog(__name__)

#: How many claims stand ready for each worker of a connection, so that claiming happens in batches.
_AHEAD = 4
#: How many claims stand ready for each worker in all: what a crash leaves claimed is bounded by it.
_AHEAD_IN_ALL = 8
_PREVIEWS = 32


class Rounds:
    """Every connection's lane, and the claiming for them; used by one thread at a time."""

    def __init__(self, tools: Tools, board: Board, workers: int, per_connection: int) -> None:
        self._tools = tools
        self._board = board
        self._depth = per_connection * _AHEAD
        self._most_ready = workers * _AHEAD_IN_ALL
        self._lanes: dict[str, Lane] = {}
        self._active: list[Lane] = []  # those that may have something to do before the next look
        self._next_due = float("inf")  # on the steady clock, of all the others
        self._expected: deque[float] = deque()  # when workers say that something becomes due, on the same clock
        self._newest: int | None = None
        self._first = 0  # whose turn it is first when there is not room for all

    def look(self) -> None:
        """Read how every connection stands and when its deliveries are due."""
        self._expected.clear()  # before reading, so that what is said meanwhile stays
        with self._tools.store.read() as tx:
            seen = claims.survey(tx)
            self._newest = claims.newest(tx)
        now = self._tools.clock.now()
        for each in seen:
            lane = self._lanes.get(each.code)
            if lane is None:
                lane = self._lanes[each.code] = Lane(each.code, self._gate(outage=each.outage))
            lane.take_over(each, now)
        known = {each.code for each in seen}
        for code in [code for code, lane in self._lanes.items() if code not in known and lane.idle]:
            del self._lanes[code]
        self._active = [lane for lane in self._lanes.values() if not lane.idle or not lane.dry or _checked(lane)]
        later = (at for lane in self._lanes.values() if (at := _next_due(lane)) is not None and at > now)
        first = min(later, default=None)
        wait = float("inf") if first is None else (first - now).total_seconds()
        self._next_due = self._tools.clock.monotonic() + wait

    def check_soon(self) -> None:
        """Let every partner that refuses us be checked at the next refill."""
        for lane in self._lanes.values():
            lane.gate.check_soon()

    def anything_new(self) -> bool:
        """Say whether somebody has enqueued since the last look."""
        with self._tools.store.read() as tx:
            return claims.newest(tx) != self._newest

    def expect(self, seconds: float) -> None:
        """Take note, from any thread, that something becomes due in that many seconds."""
        self._expected.append(self._tools.clock.monotonic() + seconds)

    def refill(self) -> int:
        """Make work ready wherever there is room; returns how much."""
        self._withdraw_shut()
        offered = self._offer_checks() + self._offer_previews()
        wants = self._wants()
        if not wants:
            return offered
        lanes = {want.code: self._lanes[want.code] for want in wants}
        for lane in lanes.values():
            lane.dry = True  # before asking, so that whoever ends meanwhile makes us ask again
        claimed = self._claim(wants)
        for want in wants:
            mine = [each for each in claimed.claims if each.code == want.code]
            lanes[want.code].dry = lanes[want.code].dry and len(mine) < want.room
            self._board.offer(lanes[want.code], mine)
        return offered + len(claimed.claims)

    def seconds_to_next(self, longest: float) -> float:
        """Return for how long, after a refill, nothing becomes possible by time alone; at most `longest`."""
        opening = (seconds for lane in self._active if lane.idle and (seconds := _opens_in(lane)) > 0)
        due = min([self._next_due, *list(self._expected)]) - self._tools.clock.monotonic()
        return max(0.0, min(due, *opening, longest))

    def withdraw_all(self) -> int:
        """Give back everything that is ready and not begun; returns how much."""
        return self._give_back([claim for lane in self._lanes.values() for claim in self._board.withdraw(lane)])

    def _gate(self, *, outage: bool) -> Gate:
        gate = Gate(self._tools.clock, self._tools.policy, self._tools.chance)
        if outage:
            gate.remember_outage()
        return gate

    def _claim(self, wants: list[Want]) -> Claimed:
        now = self._tools.clock.now()

        def work(tx: Connection) -> Claimed:
            claimed = claims.claim(tx, wants, self._tools.worker, now)
            if claimed.too_old:
                self._tools.outcomes.too_old(tx, claimed.too_old)
            return claimed

        claimed = self._tools.store.submit(work)
        if claimed.too_old:
            log.info("delivery.too_old", deliveries=list(claimed.too_old))
        return claimed

    def _wants(self) -> list[Want]:
        """Say for which lanes to claim and how much, sharing the room in all between them in turn."""
        open_lanes = [lane for lane in self._active if self._room(lane) and self._tools.links.knows(lane.code)]
        room = self._most_ready - sum(len(lane.ready) for lane in self._active)
        if not open_lanes or room <= 0:
            return []
        self._first = (self._first + 1) % len(open_lanes)
        turns = (open_lanes[self._first :] + open_lanes[: self._first])[:room]
        share = max(1, room // len(turns))
        return [self._want(lane, min(share, self._room(lane))) for lane in turns]

    def _want(self, lane: Lane, room: int) -> Want:
        now = self._tools.clock.now()
        states = [each for each, at in lane.due.items() if at <= now and each is not DeliveryState.QUEUED]
        safe = self._tools.links.about(lane.code).idempotent
        return Want(lane.code, room, lane.live_from, safe, (*states, DeliveryState.QUEUED))

    def _room(self, lane: Lane) -> int:
        """How many more claims a lane takes; none while enough stand ready, so that they come in batches."""
        if lane.mode is not ConnectionMode.LIVE or lane.dry or lane.gate.shut_for() > 0:
            return 0
        if lane.gate.outage:
            return 1 if lane.idle else 0
        return self._depth - len(lane.ready) if len(lane.ready) <= self._depth // 2 else 0

    def _withdraw_shut(self) -> None:
        """Give back what stands ready for a connection that is not to be sent to now."""
        shut = [lane for lane in self._active if lane.ready and _shut(lane)]
        self._give_back([claim for lane in shut for claim in self._board.withdraw(lane)])

    def _give_back(self, unbegun: list[Claim]) -> int:
        if not unbegun:
            return 0
        now = self._tools.clock.now()
        return self._tools.store.submit(lambda tx: claims.give_back(tx, unbegun, self._tools.worker, now))

    def _offer_previews(self) -> int:
        offered = 0
        for lane in self._active:
            if lane.mode is not ConnectionMode.OBSERVE or lane.dry or not lane.idle:
                continue
            lane.dry = True
            if not self._tools.links.knows(lane.code):
                continue
            with self._tools.store.read() as tx:
                ids = preview.due(tx, lane.code, self._tools, _PREVIEWS)
            if ids:
                self._board.offer(lane, [Preview(lane.code, ids)])
                offered += len(ids)
        return offered

    def _offer_checks(self) -> int:
        offered = 0
        for lane in self._active:
            if _checked(lane) and lane.idle and lane.gate.check_in() <= 0 and self._tools.links.knows(lane.code):
                self._board.offer(lane, [Check(lane.code)])
                offered += 1
        return offered


def _shut(lane: Lane) -> bool:
    return lane.mode is not ConnectionMode.LIVE or (lane.gate.outage and len(lane.ready) > 1)


def _opens_in(lane: Lane) -> float:
    """How long until a lane's gate opens or its partner is checked; 0 when neither is waited for."""
    return lane.gate.check_in() if _checked(lane) else lane.gate.shut_for()


def _checked(lane: Lane) -> bool:
    return lane.mode is ConnectionMode.PAUSED and lane.paused_by == "hub"


def _next_due(lane: Lane) -> datetime | None:
    states = {ConnectionMode.LIVE: claims.CLAIMABLE, ConnectionMode.OBSERVE: (DeliveryState.QUEUED,)}
    return min((lane.due[each] for each in states.get(lane.mode, ()) if each in lane.due), default=None)
