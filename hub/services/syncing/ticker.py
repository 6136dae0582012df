"""Turns schedules into ticks: each fires once at its planned time, late ones are merged, none overlaps itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from apscheduler.events import EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from hub.log import EventLog
from hub.services.syncing.schedules import Job
from hub.store.errors import StoreUnusable

log = EventLog(__name__)


class Ticker:
    """APScheduler says when; a pool of threads does the work."""

    def __init__(self, carry_out: Callable[[Job, datetime], None], workers: int) -> None:
        self._carry_out = carry_out
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="crossdock-sync")
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 100, "misfire_grace_time": None}
        )
        self._scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._busy: dict[str, datetime | None] = {}  # running or queued -> a later tick that came meanwhile

    def plan(self, jobs: Iterable[Job]) -> None:
        """Take over a new set of jobs; unchanged ones keep their rhythm."""
        wanted = {job.id: job for job in jobs}
        with self._lock:
            gone = self._jobs.keys() - wanted.keys()
            moved = [job for key, job in wanted.items() if key not in self._jobs or self._jobs[key] != job]
            self._jobs = wanted
        for key in gone:
            self._scheduler.remove_job(key)
        for job in moved:
            self._scheduler.add_job(_fire, job.schedule.trigger(job.connection), id=job.id, replace_existing=True)

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin nothing new and wait for what is under way."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run_now(self, job: Job, at: datetime) -> None:
        """Tick once out of turn."""
        self._tick(job, at)

    def soon(self, work: Callable[[], object]) -> None:
        """Do something once, beside the ticks."""

        def guarded() -> None:
            try:
                work()
            except StoreUnusable as error:
                log.warning("work.cut_off", error=str(error))
            except Exception as error:  # noqa: BLE001 - one piece of work must never end the others
                log.unforeseen("work.unforeseen", error)

        with suppress(RuntimeError):  # the pool has been shut down meanwhile: the next start sees to it
            self._pool.submit(guarded)

    def _submitted(self, event: JobSubmissionEvent) -> None:
        """APScheduler tells the planned time only here; the job itself does nothing."""
        with self._lock:
            job = self._jobs.get(event.job_id)
        if job is not None:
            self._tick(job, event.scheduled_run_times[-1])

    def _tick(self, job: Job, at: datetime) -> None:
        with self._lock:
            if job.id in self._busy:
                self._busy[job.id] = at
                return
            self._busy[job.id] = None
        try:
            self._pool.submit(self._work, job, at)
        except RuntimeError:  # the pool has been shut down meanwhile: the next start ticks again
            with self._lock:
                del self._busy[job.id]

    def _work(self, job: Job, at: datetime) -> None:
        try:
            self._carry_out(job, at)
        except StoreUnusable as error:
            log.warning("tick.cut_off", job=job.id, error=str(error))
        except Exception as error:  # noqa: BLE001 - one tick must never end the others
            log.unforeseen("tick.unforeseen", error, job=job.id)
        with self._lock:
            again = self._busy.pop(job.id)
        if again is not None:
            self._tick(job, again)


def _fire() -> None:
    """Do nothing: the work hangs on the event that announces this."""
