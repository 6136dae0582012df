"""The runner inside the one daemon of an embedded hub: a dispatcher thread, and workers that carry deliveries out."""

from __future__ import annotations

import os
import random
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from hub.clock import Clock
from hub.contract import AccessDenied, Connector
from hub.delivery import ledger
from hub.delivery.claims import Claim
from hub.delivery.courier import Courier
from hub.delivery.debt import Debt
from hub.delivery.lanes import Board, Check, Lane, Preview, Work
from hub.delivery.ledger import Interrupted
from hub.delivery.links import Links
from hub.delivery.outcomes import Outcomes
from hub.delivery.policy import RetryPolicy
from hub.delivery.preview import preview
from hub.delivery.rounds import Rounds
from hub.delivery.tools import AnswerHours, Tools, agreed_hours
from hub.log import EventLog
from hub.store import connections
from hub.store.engine import Store
from hub.store.errors import StoreUnusable

log = EventLog(__name__)

#: How often the newest row is asked for, in case another process wrote it, in seconds.
_POLL = 1.0
#: How often everything is looked at, whatever is known, in seconds.
_LOOK_EVERY = 5.0
#: Looking costs at most about this part of the dispatcher's time.
_LOOK_SHARE = 0.1
_SHORTEST_NAP = 0.002


class EmbeddedRunner:
    """Carries out what is due: nothing is lost and nothing is sent twice, wherever the process is killed."""

    def __init__(  # noqa: PLR0913 - made once, by the composition root, each part by its name
        self,
        store: Store,
        links: Links,
        outcomes: Outcomes,
        policy: RetryPolicy,
        clock: Clock,
        *,
        agreements: AnswerHours | None = None,
        workers: int = 16,
        per_connection: int = 4,
        chance: Callable[[], float] | None = None,
    ) -> None:
        self._tools = Tools(
            store=store,
            links=links,
            outcomes=outcomes,
            policy=policy,
            clock=clock,
            answer_hours=agreements or agreed_hours(links),
            chance=chance or random.SystemRandom().random,
            worker=f"{socket.gethostname()[:24]}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
        )
        self._courier = Courier(self._tools)
        self._board = Board(per_connection)
        self._rounds = Rounds(self._tools, self._board, workers, per_connection)
        self._most_workers = workers
        self._threads: list[threading.Thread] = []
        self._signal = threading.Event()
        self._look_now = True
        self._check_soon = False
        self._looked_at = self._polled_at = self._next_look = clock.monotonic()
        self._stopping = False
        self._lost: set[int] = set()

    # --- the daemon's side --------------------------------------------------------------------------------------------

    def start(self) -> Sequence[Interrupted]:
        """Take up what a dead process left, and begin; returns what was interrupted."""
        interrupted = self.recover()
        thread = threading.Thread(target=self._dispatch, name="crossdock-dispatch", daemon=True)
        self._threads.append(thread)
        thread.start()
        return interrupted

    def wake(self) -> None:
        """Look for something to do now rather than at the next look; from any thread."""
        self._look_now = True
        self._signal.set()

    def check_soon(self) -> None:
        """Ask partners that refuse us now whether they let us in; from any thread."""
        self._check_soon = True
        self.wake()

    def stop(self, drain_seconds: float) -> bool:
        """Begin nothing new and wait that long for what is in flight; true when all of it came to its end.

        What is left is still marked as running; the next start asks the partner about it.
        """
        self._stopping = True
        self._tools.links.hurry(drain_seconds)
        self._board.close()
        self._signal.set()
        until = self._tools.clock.monotonic() + drain_seconds
        for thread in self._threads:
            thread.join(max(0.05, until - self._tools.clock.monotonic()))
        returned = self._give_back()
        left = [thread.name for thread in self._threads if thread.is_alive()]
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        log.info("delivery.drained", returned=returned, unfinished=len(left))
        return not left

    def _give_back(self) -> int:
        """Put what was not begun back; where the database is away, the next start takes it up instead."""
        try:
            return self._rounds.withdraw_all()
        except StoreUnusable as error:
            log.warning("delivery.not_given_back", error=str(error))
            return 0

    # --- without threads ---------------------------------------------------------------------------------------------

    def recover(self) -> list[Interrupted]:
        """Take up what was claimed by a process that is no longer there, and what an earlier version held for ever."""
        with self._tools.store.read() as tx:
            left = ledger.abandoned(tx, alive=lambda worker: worker == self._tools.worker)
        now = self._tools.clock.now()
        for code, count in self._tools.store.submit(lambda tx: connections.release_stranded(tx, now)).items():
            log.warning("delivery.released", partner=code, deliveries=count, why="held back on a live connection")
        return self._take_up(left)

    def run_due(self) -> int:
        """Carry out, in this thread, everything that is due; returns how many attempts that were."""
        count, debt = 0, Debt(self._tools.store)
        while True:
            self._rounds.look()
            self._rounds.refill()
            taken = self._board.take(wait=False)
            if taken is None:
                return count
            while taken is not None:
                self._work(*taken, debt)
                debt.pay()
                count += 1
                taken = self._board.take(wait=False)

    # --- the dispatcher ----------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        while not self._stopping:
            self._signal.clear()
            try:
                nap = _POLL if self._tools.store.fenced else self._round()
            except StoreUnusable as error:
                log.warning("delivery.dispatch_cut_off", error=str(error))
                self._look_now, nap = True, _POLL
            except Exception as error:  # noqa: BLE001 - the dispatcher must outlive a database that is busy or full
                log.unforeseen("delivery.dispatch_failed", error)
                self._look_now, nap = True, _POLL
            self._signal.wait(nap)

    def _round(self) -> float:
        """Look if there is reason to, make work ready, and return how long nothing happens unless somebody signals."""
        now = self._tools.clock.monotonic()
        if self._must_look(now):
            self._look()
            self._looked_at = self._polled_at = now
            self._next_look = now + (self._tools.clock.monotonic() - now) / _LOOK_SHARE
        if self._rounds.refill():
            self._hire()
        now = self._tools.clock.monotonic()
        if self._look_now:
            return max(_SHORTEST_NAP, self._next_look - now)
        return max(_SHORTEST_NAP, min(self._polled_at + _POLL - now, self._rounds.seconds_to_next(_POLL)))

    def _must_look(self, now: float) -> bool:
        """Look when somebody asks, when something becomes due, when another process wrote, and now and then."""
        if now < self._next_look:
            return False
        if self._look_now or now - self._looked_at >= _LOOK_EVERY or self._rounds.seconds_to_next(_POLL) <= 0:
            return True
        if now - self._polled_at < _POLL:
            return False
        self._polled_at = now
        self._tools.links.tidy()
        return self._rounds.anything_new()

    def _look(self) -> None:
        lost = list(self._lost)
        self._take_up(lost)
        self._lost.difference_update(lost)
        self._look_now = False  # before reading, so that who asks meanwhile is heard
        self._rounds.look()
        if self._check_soon:
            self._check_soon = False
            self._rounds.check_soon()

    def _take_up(self, left: list[int]) -> list[Interrupted]:
        now = self._tools.clock.now()
        settled_at = now + timedelta(seconds=self._tools.policy.settle_delay)

        def work(tx: Connection) -> list[Interrupted]:
            taken = (ledger.take_up(tx, each, now, settled_at) for each in left)
            return [each for each in taken if each is not None]

        found = self._tools.store.submit(work) if left else []
        for each in found:
            log.warning("delivery.interrupted", **_fields(each))
        return found

    def _hire(self) -> None:
        """Let there be enough workers for what is ready, as far as the setting goes."""
        wanted = min(self._most_workers, len(self._threads) - 1 + self._board.unattended())
        while len(self._threads) - 1 < wanted:
            name = f"crossdock-delivery-{len(self._threads)}"
            thread = threading.Thread(target=self._work_on, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    # --- the workers -------------------------------------------------------------------------------------------------

    def _work_on(self) -> None:
        debt = Debt(self._tools.store)
        while (taken := self._next(debt)) is not None:
            self._work(*taken, debt)

    def _next(self, debt: Debt) -> tuple[Lane, Work] | None:
        """Return the next work; what is owed is written with its beginning, or now when there is none yet."""
        taken = self._board.take(wait=False)
        if taken is None or not isinstance(taken[1], Claim):
            debt.pay()
        return self._board.take() if taken is None else taken

    def _work(self, lane: Lane, work: Work, debt: Debt) -> None:
        try:
            self._do(lane, work, debt)
        except Exception as error:  # noqa: BLE001 - the ledger could not be written: another look takes it up
            self._not_written(lane, work, error)
        finally:
            self._board.left(lane)
            if not isinstance(work, Claim):
                self._ended(lane)

    def _not_written(self, lane: Lane, work: Work, error: Exception) -> None:
        if isinstance(error, StoreUnusable):
            log.warning("delivery.ledger_away", partner=lane.code, error=str(error))
        else:
            log.unforeseen("delivery.ledger_failed", error, partner=lane.code)
        if isinstance(work, Claim):
            self._lost.add(work.delivery.id)
            self._look_now = True
            self._signal.set()

    def _do(self, lane: Lane, work: Work, debt: Debt) -> None:
        match work:
            case Claim():
                self._courier.carry(work, lane.gate, debt, _Told(self, lane))
            case Preview(code, ids):
                preview(self._tools, code, ids)
            case Check(code):
                self._check(code, lane)

    def _written(self, lane: Lane, again: float | None) -> None:
        """Take note that an attempt's end is durable: what stood behind it in its entity may go."""
        if again is not None:
            self._rounds.expect(again)
        self._ended(lane)

    def _ended(self, lane: Lane) -> None:
        lane.dry = False  # another may have become possible by it
        self._signal.set()

    def _check(self, code: str, lane: Lane) -> None:
        """Ask a partner that refused us whether it lets us in again."""
        try:
            with self._tools.links.use(code) as connector:
                _require_access(connector)
        except Exception as error:  # noqa: BLE001 - whatever keeps us out, we ask again later
            log.debug("connection.still_refused", partner=code, error=type(error).__name__)
            lane.gate.refused()
            return
        now = self._tools.clock.now()
        mode = self._tools.store.submit(lambda tx: connections.resume(tx, code, now, automatic=True))
        lane.gate.admitted()
        if mode is not None:
            log.info("connection.resumed", partner=code, mode=mode.value)
        self.wake()


@dataclass(frozen=True, slots=True)
class _Told:
    """Passes on what became of a claim of one lane."""

    runner: EmbeddedRunner
    lane: Lane

    def ended(self, _claim: Claim, again: float | None) -> None:
        self.runner._written(self.lane, again)  # noqa: SLF001 - a part of the runner

    def lost(self, claim: Claim, error: Exception) -> None:
        self.runner._not_written(self.lane, claim, error)  # noqa: SLF001 - a part of the runner


def _require_access(connector: Connector) -> None:
    health = connector.check()
    if not health.ok:
        raise AccessDenied(health.sentence, todo=health.todo)  # closes the session, so that the next is a new one


def _fields(taken: Interrupted) -> dict[str, object]:
    return {
        "delivery": taken.delivery_id,
        "partner": taken.connection,
        "key": taken.key,
        "verb": taken.verb,
        "entered": taken.entered,
        "became": taken.became.value,
    }
