"""The daemon: reads partners on schedule, applies what came in, sends what has to go out, until told to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hub.composition import Hub
from hub.config import Config, ConfigError
from hub.delivery.policy import RetryPolicy
from hub.delivery.runner import EmbeddedRunner
from hub.folder_look import Look, look_at
from hub.housekeeping import Housekeeping
from hub.log import EventLog
from hub.log import change as change_log
from hub.memory import give_back
from hub.model.document import Kind
from hub.notify import notify, reloading
from hub.person import whoami
from hub.pulse import Pulse
from hub.reload import merge
from hub.services import requests
from hub.services.alerting import alerts
from hub.services.desk import Desk
from hub.services.selling import due
from hub.services.sourcing import batching
from hub.services.syncing import connections, reconcile, sync
from hub.services.syncing.schedules import Job, Schedule, ScheduleError, Task, jobs_of, load_schedules
from hub.services.syncing.ticker import Ticker
from hub.services.trade import silence
from hub.services.trade.outcomes import DomainOutcomes
from hub.services.verbs import Verbs
from hub.store import runs
from hub.store.errors import StoreUnusable
from hub.web.app import WebServer, build_app
from hub.web.bell import Bell
from hub.web.console.access import Access, users_of
from hub.web.console.routes import mount as mount_console
from hub.web.console.site import Console
from hub.web.hooks import mount as mount_hooks

log = EventLog(__name__)

#: How often mapping files are looked at although their folder shows nothing new: a house template may have changed.
_FULL_SCAN = 30.0
#: How often it is looked whether a node has been silent for too long.
_SILENCE_EVERY = 30.0
#: How often it is looked whether a batch is due.
_BATCHES_EVERY = 2.0
#: How often memory that is free goes back to the system.
_GIVE_BACK_EVERY = 60.0
#: How many seconds the console waits for what somebody asked for.
_PATIENCE = 20.0


class Daemon:
    """Everything that runs, in the order in which it starts."""

    def __init__(self, hub: Hub, read_config: Callable[[], Config] | None = None) -> None:
        """`read_config` reads the configuration file again, for a reload."""
        self.hub = hub
        self._read_config = read_config or (lambda: hub.config)
        self._stopping = threading.Event()
        self._reload_asked = threading.Event()
        self._beat_at = hub.clock.monotonic()
        self._pulse = Pulse(hub.store, hub.clock)
        self._ready = False
        self._cut_off_at: datetime | None = None
        self._schedules: tuple[Schedule, ...] = ()
        config = hub.config
        self._ticker = Ticker(self._carry_out, config.sync.workers)
        self._runner = EmbeddedRunner(
            hub.store,
            hub.links,
            DomainOutcomes(lambda: hub.desk),
            RetryPolicy(
                attempts=config.delivery.attempts,
                first_delay=config.delivery.first_delay_seconds,
                longest_delay=config.delivery.longest_delay_seconds,
            ),
            hub.clock,
            workers=config.delivery.workers,
            per_connection=config.delivery.workers_per_connection,
        )
        self._bell = Bell(hub.clock)
        self._verbs = Verbs(self._run_now, self._wake, done="started")
        self._stack = ExitStack()
        self._housekeeping = Housekeeping(hub.store, hub.clock)
        self._mappings_seen: Look | None = None
        self._secrets_seen: Look = frozenset()
        self._full_scan_at = 0.0
        self._next_alerts = 0.0
        self._next_silence = self._next_batches = self._next_give_back = 0.0
        self._batching = threading.Lock()
        self._alerting = threading.Lock()

    def start(self) -> int:
        """Start everything; returns the port of the web interface. Raises AlreadyRunning, ScheduleError, OSError.

        A database that cannot be used is a StoreUnusable.
        """
        hub = self.hub
        try:
            hub.lock.take()
        except BaseException:
            hub.close()
            raise
        self._stack.callback(hub.lock.release)
        self._stack.callback(hub.close)
        for name in hub.upgrade():
            log.info("database.upgraded", migration=name)
        self._schedules = load_schedules(hub.config.path(hub.config.folders.schedules))
        self._secrets_seen = look_at(hub.config.path(hub.config.folders.secrets))
        hub.refresh()
        self._recover()
        app = build_app(lambda: hub.desk, self.state, hub.links.paces)
        mount_hooks(app, lambda: hub.desk, hub.ears, self._bell.ring)
        console = self._console()
        mount_console(app, console)
        self._stack.callback(console.simulations.close)
        web = WebServer(app, hub.config.web.host, hub.config.web.port)
        port = web.start()
        self._stack.callback(web.stop)
        for interrupted in self._runner.start():
            log.info("delivery.interrupted", delivery=interrupted)
        self._stack.callback(self._runner.stop, hub.config.delivery.drain_seconds)
        self._ticker.plan(jobs_of(self._schedules, hub.directory))
        self._ticker.start()
        self._stack.callback(self._ticker.stop)
        self._ready = True
        notify("READY=1", f"STATUS={len(hub.directory.entries)} partners, port {port}")
        log.info("daemon.ready", port=port, partners=len(hub.directory.entries))
        return port

    def _console(self) -> Console:
        """Return the console's view of this daemon; what people ask for there goes the way of every request."""
        hub, web = self.hub, self.hub.config.web
        secrets = hub.library.secrets
        listed = [(each.name, each.role, partial(secrets, each.password.removeprefix("secret:"))) for each in web.users]
        return Console(
            desk=lambda: hub.desk,
            access=Access(users_of(listed), web.host, local=whoami()),
            ask=lambda verb, arguments, actor: requests.ask_and_wait(hub.desk, verb, arguments, actor, _PATIENCE),
            jobs=lambda: tuple(jobs_of(self._schedules, hub.directory)),
            check=lambda code: connections.check(hub.links, code, read_only=True),
            inward=hub.inward,
            parse=hub.parsed,
            redact=hub.links.redact,
            routing_files=hub.policy_files.texts,
        )

    def run(self) -> None:
        """Watch the folders and carry out requests until told to stop, then drain.

        Raises AlreadyRunning when another daemon has taken the database over.
        """
        try:
            last_scan = self.hub.clock.monotonic()
            while not self._stopping.wait(0.5):
                self._beat()
                self.hub.lock.require()
                if not self.hub.lock.holds():
                    self._cut_off_at = self._cut_off_at or self.hub.clock.now()
                    continue
                if self._cut_off_at is not None:
                    self._guarded("cut off runs", self._close_cut_off)
                if self._reload_asked.is_set():
                    self._guarded("reload", self._reload)
                self._guarded("hooks", self._answer_the_bell)
                self._guarded("requests", self._carry_out_asked)
                if self.hub.clock.monotonic() - last_scan >= self.hub.config.sync.rescan_seconds:
                    last_scan = self.hub.clock.monotonic()
                    self._guarded("mappings", self._rescan)
                self._guarded("due orders", self._look_at_due)
                self._guarded("heartbeat", self._pulse.beat)
                self._guarded("housekeeping", lambda: self._housekeeping.look(self.hub.config.store))
                self._give_memory_back()
                self._look_for_alerts()
        finally:
            self.stop()

    def _guarded(self, what: str, work: Callable[[], object]) -> None:
        """Do one of the loop's duties; a hiccup of the database is told and tried again, it does not end the daemon.

        Each may wait for a locked database as long as the store does, so the loop shows before each that it goes on.
        """
        self._beat()
        try:
            work()
        except StoreUnusable as error:
            log.warning("daemon.cut_off", duty=what, error=str(error))
        except Exception as error:  # noqa: BLE001 - the loop is what must survive
            log.unforeseen("daemon.unforeseen", error, duty=what)
            self._stopping.wait(1.0)

    def stop(self) -> None:
        """Drain what is in flight and let go of everything."""
        self._ready = False
        self._stopping.set()
        notify("STOPPING=1")
        self._stack.close()
        log.info("daemon.stopped")

    def ask_to_reload(self) -> None:
        """Make `run` read configuration, schedules and mappings again soon; safe in a signal handler."""
        self._reload_asked.set()

    def _beat(self) -> None:
        """Show that the loop goes round: health and the service manager's watchdog look at that."""
        self._beat_at = self.hub.clock.monotonic()
        notify("WATCHDOG=1")

    def _reload(self) -> None:
        """Take over what changed, if all of it is sound; otherwise say what is not and go on as before."""
        self._reload_asked.clear()
        reloading()
        try:
            before = self.hub.config.hub
            config, waiting = merge(self.hub.config, self._read_config())
            schedules = load_schedules(config.path(config.folders.schedules))
            self.hub.reconfigure(config)
            if (before.log, before.level) != (config.hub.log, config.hub.level):
                change_log(config.hub.log, config.hub.level)
        except (ConfigError, ScheduleError) as error:
            log.warning("config.refused", problems=error.problems, in_force="the last good one")
        else:
            self._schedules = schedules
            log.info("config.reloaded", needs_restart=waiting)
        finally:
            self.hub.refresh()
            self._ticker.plan(jobs_of(self._schedules, self.hub.directory))
            self._runner.check_soon()
            notify("READY=1")

    def ask_to_stop(self) -> None:
        """Make `run` return soon; safe in a signal handler."""
        self._stopping.set()

    def state(self) -> Mapping[str, Any]:
        """Say what the daemon is doing."""
        return {
            "ready": self._ready and self.hub.lock.holds(),
            "stopping": self._stopping.is_set(),
            "loop_seconds": round(self.hub.clock.monotonic() - self._beat_at, 1),
            "unwritten_seconds": round(self._pulse.seconds, 1),
            "partners": len(self.hub.directory.entries),
            "process": os.getpid(),
        }

    def _recover(self) -> None:
        """Go on where a dead daemon stopped: close its runs, apply what it had stored but not applied."""
        with self.hub.store.write() as tx:
            interrupted = runs.close_interrupted(tx, self.hub.clock.now())
        counts = self.hub.apply_waiting()
        if interrupted or counts.read:
            log.info("daemon.recovered", runs=interrupted, records=counts.read)

    def _close_cut_off(self) -> None:
        """Close the runs that ended with the connection to the database, and could not write that down."""
        with self.hub.store.write() as tx:
            runs.close_interrupted(tx, self.hub.clock.now(), before=self._cut_off_at)
        self._cut_off_at = None

    def _wake(self) -> None:
        """A person asked for something: what waits is applied by the files as they are now, what is due is sent."""
        self._rescan()
        self._ticker.soon(self._apply_and_wake)

    def _apply_and_wake(self) -> None:
        self.hub.apply_waiting()
        self._runner.wake()

    def _carry_out(self, job: Job, at: datetime) -> None:
        while not self.hub.lock.holds():  # the tick is late then, and not left out
            if self._stopping.wait(0.5):
                return
        schedule, what = job.schedule, (job.connection, job.documents, at)
        if schedule.task is Task.RECONCILE:
            news = reconcile.run_job(self.hub.flows(), schedule.name, *what, schedule.since)
        else:
            news = sync.run_job(self.hub.flows(), schedule.name, *what)
        if news:
            self._runner.wake()

    def _answer_the_bell(self) -> None:
        """Read what partners have announced, once for all their calls of the last seconds."""
        for connection, kinds in self._bell.rung():
            if connection in self.hub.directory.entries:
                self._run_now(connection, kinds)

    def _carry_out_asked(self) -> None:
        requests.carry_out_asked(self.hub.desk, self._table(), self.hub.at_work.mark)

    def _table(self) -> Mapping[str, requests.Verb]:
        return {**self._verbs.table(), "reconcile": self._reconcile}

    def _reconcile(self, _desk: Desk, arguments: Mapping[str, Any], _actor: str) -> Mapping[str, Any]:
        """Begin a reconciliation that mends, beside the loop: it may take minutes."""
        code = str(arguments["connection"])
        documents = self.hub.flows_of(code, frozenset({Kind.SALES_ORDER})) if code in self.hub.directory.entries else ()
        if not documents:
            raise requests.Refused(f"{code} has no orders to reconcile")
        since = timedelta(seconds=float(arguments["seconds"]))
        by_hand = Schedule(name=reconcile.BY_HAND, every=timedelta(days=1), task=Task.RECONCILE, since=since)
        self._ticker.run_now(Job(by_hand, code, documents), self.hub.clock.now())
        return {"reconciling": code}

    def _run_now(self, connection: str, kinds: frozenset[Kind]) -> int:
        """Tick the flows of a connection out of turn; returns how many documents that is."""
        documents = self.hub.flows_of(connection, kinds)
        if documents:
            by_hand = Schedule(name=sync.BY_HAND, every=timedelta(days=1))
            self._ticker.run_now(Job(by_hand, connection, documents), self.hub.clock.now())
        return len(documents)

    def _rescan(self) -> None:
        """Look at the mapping files when their folder shows anything new, when one is broken, and now and then."""
        self.hub.refresh_routing()
        other_secrets = self._look_at_secrets()
        seen, now = look_at(self.hub.config.path(self.hub.config.folders.mappings)), self.hub.clock.monotonic()
        unseen = seen != self._mappings_seen or now >= self._full_scan_at or self.hub.library.broken()
        if not unseen and not self.hub.reports_are_new():
            return
        changes = self.hub.refresh()
        self._mappings_seen, self._full_scan_at = seen, now + _FULL_SCAN
        if other_secrets:  # after they are in force
            self._runner.check_soon()
        if changes.loaded or changes.removed:
            log.info("mapping.in_force", loaded=[file.partner.code for file in changes.loaded], removed=changes.removed)
            self._ticker.plan(jobs_of(self._schedules, self.hub.directory))

    def _look_at_secrets(self) -> bool:
        """See whether a secret was changed: then every mapping file is read anew, with what it names."""
        seen = look_at(self.hub.config.path(self.hub.config.folders.secrets))
        changed = seen != self._secrets_seen
        if changed:
            self._secrets_seen, self._mappings_seen = seen, None
            self.hub.read_all_anew()
            log.info("secrets.changed")
        return changed

    def _look_at_due(self) -> None:
        """Look at the orders whose time has come: gates that open by themselves, waits that end, answers overdue."""
        worked = due.look(self.hub.desk)
        if self.hub.clock.monotonic() >= self._next_silence:
            self._next_silence = self.hub.clock.monotonic() + _SILENCE_EVERY
            worked += silence.look(self.hub.desk)
        if worked:
            self._runner.wake()
        if self.hub.clock.monotonic() >= self._next_batches and self._batching.acquire(blocking=False):
            self._next_batches = self.hub.clock.monotonic() + _BATCHES_EVERY
            self._ticker.soon(self._route_batches)

    def _route_batches(self) -> None:
        """Route what was collected, beside the loop: the solver takes its time."""
        try:
            if batching.route_due(self.hub.desk):
                self._runner.wake()
        finally:
            self._batching.release()

    def _give_memory_back(self) -> None:
        now = self.hub.clock.monotonic()
        if now >= self._next_give_back:
            self._next_give_back = now + _GIVE_BACK_EVERY
            give_back()

    def _look_for_alerts(self) -> None:
        """Look at the rules now and then, beside the loop: a channel may be slow."""
        now, settings = self.hub.clock.monotonic(), self.hub.config.alerts
        if now < self._next_alerts or not settings.channels or not self._alerting.acquire(blocking=False):
            return
        self._next_alerts = now + settings.every_seconds
        self._ticker.soon(self._alert)

    def _alert(self) -> None:
        settings = self.hub.config.alerts
        try:
            if alerts.look(self.hub.desk, settings):
                self._runner.wake()
        finally:
            self._alerting.release()


def serve(hub: Hub, announce: Callable[[int], None], read_config: Callable[[], Config] | None = None) -> None:
    """Run a daemon until SIGTERM or SIGINT, then drain; `announce` is told the port once it is ready.

    SIGHUP reads the configuration again with `read_config`, the schedules and the mapping files.
    """
    daemon = Daemon(hub, read_config)
    signal.signal(signal.SIGHUP, lambda *_: daemon.ask_to_reload())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.ask_to_stop())
    try:
        port = daemon.start()
        _write_address(hub, port)
        announce(port)
    except BaseException:
        daemon.stop()
        raise
    daemon.run()


def _write_address(hub: Hub, port: int) -> None:
    """Leave the address where a port was free to choose: beside the lock, for whoever may read the data folder."""
    target = hub.config.data / "daemon.address"
    fresh = target.with_suffix(".new")
    fresh.write_text(f"http://{hub.config.web.host}:{port}\n", "utf-8")
    fresh.replace(target)
