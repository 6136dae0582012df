"""The one place where the parts are made and wired: what the daemon runs on, and what the CLI uses without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from hub.clock import Clock, SystemClock
from hub.config import Config, secret_finder
from hub.contract import BadRecord, ConnectorError, DocumentSpec, Hears, Plugin, Profile, RawItem
from hub.delivery.context import IdleContext
from hub.delivery.links import Links
from hub.instance import AtWork, InstanceLock
from hub.log import EventLog
from hub.mapping.house import house_folder
from hub.mapping.inward import Inward
from hub.mapping.library import Changes, Library
from hub.model.base import Record
from hub.model.document import Direction, Kind
from hub.model.node import Node
from hub.policy.library import PolicyFiles
from hub.services.alerting import notices
from hub.services.alerting.alert_channels import Channels
from hub.services.desk import Desk
from hub.services.directory import PartnerDirectory, build_directory, find_plugins
from hub.services.intake import hooks
from hub.services.intake.ingest import Counts
from hub.services.inventory import places
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.sync import Flows
from hub.services.verbs import Verbs
from hub.store import connections, migrate, nodes, runs
from hub.store.engine import Store

log = EventLog(__name__)


def _no_checkpoint(_name: str) -> None:
    """Pass: only crash tests stop here."""


class Hub:
    """An opened hub: the store, the partners in force, the desk that use cases work at."""

    def __init__(
        self,
        config: Config,
        clock: Clock | None = None,
        checkpoint: Callable[[str], None] = _no_checkpoint,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.at_work = AtWork(config.data)
        self.plugins: Mapping[str, Plugin] = find_plugins()
        self._tellers: Mapping[str, Plugin] = {notices.CONNECTOR: notices.NoticePlugin(Channels(self._secret))}
        self.store = Store(config.store_url)
        self.lock = InstanceLock(config.data, self.store)
        self.library = self._library(config)
        self.policy_files = self._policy_files(config)
        self.directory = PartnerDirectory()
        self.links = Links(self.store, {**self.plugins, **self._tellers}, self.profile, self.clock, checkpoint)
        self._rates = config.exchange_rates()
        self._locks = FlowLocks()
        self._written_down = True
        self._reported_at: datetime | None = None

    def _library(self, config: Config) -> Library:
        return Library(
            config.path(config.folders.mappings),
            house=house_folder(),
            settings_models={name: plugin.about.settings for name, plugin in self.plugins.items()},
            secrets=secret_finder(config.path(config.folders.secrets)),
            kept=config.data / "mappings_in_force",
        )

    def _policy_files(self, config: Config) -> PolicyFiles:
        folder = config.path(config.folders.routing)
        return PolicyFiles(config.path(Path("routing.toml")), folder, config.routing, config.data / "routing_in_force")

    @property
    def desk(self) -> Desk:
        """The desk with the partners and the routing files in force right now."""
        config = self.config
        return Desk(
            self.store,
            self.clock,
            self.directory,
            self._rates,
            config.routing,
            config.hub.currency,
            config.invoices,
            self.policy_files.policy,
        )

    def profile(self, code: str) -> Profile | None:
        """Return the profile in force of a partner, or of a way to people; None when there is none."""
        entry = self.directory.entries.get(code)
        return entry.profile if entry else notices.profile(self.config.alerts, code)

    def _secret(self, name: str) -> str | None:
        return self.library.secrets(name)

    def inward(self, code: str, document: str) -> Inward | None:
        """Return a partner's inbound document as its mapping file in force has it, or None."""
        files = (file for file in self.library.partners() if file.partner.code == code)
        return next((file.documents.inward.get(document) for file in files), None)

    def parsed(self, code: str, document: str, item: RawItem) -> Iterator[Record | BadRecord]:
        """Map an original of a partner again, by the file in force, without asking the partner anything."""
        profile = self.profile(code)
        name = self.directory.entries[code].connector if code in self.directory.entries else ""
        if profile is None or name not in self.plugins:
            return
        connector = self.plugins[name].open(profile, IdleContext(self.clock))
        try:
            yield from connector.parse(document, item)
        except BadRecord as bad:
            yield bad
        except ConnectorError as error:
            yield BadRecord(error.what, record="the whole document", todo=error.todo)
        finally:
            connector.close()

    def ears(self, code: str) -> tuple[Hears, Profile] | None:
        """Return who understands calls of this partner, and its profile; None when nobody does."""
        profile = self.profile(code)
        plugin = hooks.ear(profile, self.plugins) if profile else None
        return (plugin, profile) if plugin and profile else None

    def upgrade(self) -> list[str]:
        """Bring the database to this version's schema; returns the migrations that ran."""
        return migrate.upgrade(self.store)

    def refresh_routing(self) -> None:
        """Look at the routing files; they come into force together when all of them are sound, and else not at all.

        Raises MappingErrors when they are broken and there never was a sound version.
        """
        look = self.policy_files.look()
        if look is not None and look.problems:
            log.error("routing.refused", problems=[str(each) for each in look.problems], in_force="the last good files")
        elif look is not None and look.in_force is not None:
            log.info("routing.in_force", rule_sets=len(look.in_force.rule_sets), hash=look.in_force.hash)

    def refresh(self) -> Changes:
        """Look at the mappings folder; what changed and is sound comes into force, what is broken does not."""
        self.refresh_routing()
        changes = self.library.scan()
        for broken in changes.broken:
            problems = [str(problem) for problem in broken.problems]
            log.error("mapping.refused", file=str(broken.path), still_in_force=broken.in_force, problems=problems)
        if changes.loaded or changes.removed or any(broken.restored for broken in changes.broken):
            self._written_down = False
        if self.reports_are_new():
            self._written_down = False
        if not self._written_down:  # tried again at the next look when the database is busy now
            with self.store.read() as tx:
                reported, reported_at = nodes.reported(tx), nodes.last_report(tx)
            self.directory = self._build_directory(reported)
            with self.store.write() as tx:
                self._write_down(tx)
            self._written_down, self._reported_at = True, reported_at
        return changes

    def reports_are_new(self) -> bool:
        """Say whether partners have reported places since the directory was made."""
        with self.store.read() as tx:
            return nodes.last_report(tx) != self._reported_at

    def look(self) -> Changes:
        """Look at the mappings folder without touching the database: for checking."""
        changes = self.library.scan()
        self.directory = self._build_directory({})
        return changes

    def join(self) -> Changes:
        """Look at the mapping files beside a running daemon, whose database says which places partners report."""
        changes = self.library.scan()
        with self.store.read() as tx:
            reported = nodes.reported(tx)
        self.directory = self._build_directory(reported)
        return changes

    def _build_directory(self, reported: Mapping[str, tuple[Node, ...]]) -> PartnerDirectory:
        files = self.library.partners()
        profiles = [
            (file.connector, places.with_reported(file.profile(), reported.get(file.partner.code, ())))
            for file in files
        ]
        return build_directory(profiles, self.plugins, IdleContext(self.clock))

    def _write_down(self, tx: Connection) -> None:
        """Keep nodes and connections beside the data that names them; a new connection starts in observe."""
        now = self.clock.now()
        for code, entry in self.directory.entries.items():
            if connections.ensure(tx, code, entry.connector, entry.profile.hash, now):
                log.info("connection.new", partner=code, mode="observe")
            for node in entry.profile.partner.nodes:
                nodes.put(tx, node, now)
            nodes.retire(tx, code, [node.code for node in entry.profile.partner.nodes], now)
        for gone in {node.partner for node in nodes.every(tx)} - self.directory.entries.keys():
            nodes.retire(tx, gone, [], now)

    def reconfigure(self, config: Config) -> None:
        """Go on with this configuration: routing, rates, retention, rhythm; what is built at the start stays.

        The next `refresh` reads every mapping file anew.
        """
        self._rates = config.exchange_rates()
        self.config = config
        self.read_all_anew()
        self.policy_files.rebase(config.routing)

    def read_all_anew(self) -> None:
        """Let the next `refresh` read every mapping file, with the secrets that they name."""
        self.library = self._library(self.config)

    def flows(self) -> Flows:
        """Return what ticks work with, as of right now."""
        hashes = {code: entry.profile.hash for code, entry in self.directory.entries.items()}
        return Flows(self.desk, self.links, hashes, self._locks)

    def flows_of(self, connection: str, kinds: frozenset[Kind]) -> tuple[DocumentSpec, ...]:
        """Return what a schedule could run of a connection: all inbound documents, and stock to channels.

        For a document that comes with another one (in a mailbox), that one is run.
        """
        documents = {each.name: each for each in self.directory.entries[connection].documents}
        runnable = [
            each for each in documents.values() if each.direction is Direction.IN or each.kind is Kind.STOCK_PUSH
        ]
        wanted = (each for each in runnable if not kinds or each.kind in kinds)
        return tuple(dict.fromkeys(documents[each.comes_with] if each.comes_with else each for each in wanted))

    def verbs(self, show: Callable[[int, int], None] = lambda _done, _total: None) -> Verbs:
        """Return the verbs as a command carries them out where no daemon runs: here, and at once.

        `show` is told (done, total) of whatever takes long.
        """

        def run_here(connection: str, kinds: frozenset[Kind]) -> int:
            return sync.run_here(self.flows(), connection, self.flows_of(connection, kinds))

        return Verbs(run_here, self.apply_waiting, done="done", show=show)

    def end_interrupted(self) -> None:
        """End the runs that a dead process has left, where no daemon runs and no other command is at work."""
        with self.store.read() as tx:
            left = runs.any_running(tx)
        if left and not self.at_work.anybody():
            with self.store.write() as tx:
                runs.close_interrupted(tx, self.clock.now())

    def apply_waiting(self) -> Counts:
        """Apply what is stored but not applied: after a crash, or because a person asked for it again."""
        return sync.apply_waiting(self.flows(), self.inbound)

    def inbound(self, connection: str, name: str) -> DocumentSpec | None:
        """Return an inbound document by the names of its connection and its own, or None."""
        entry = self.directory.entries.get(connection)
        named = (each for each in (entry.documents if entry else ()) if each.name == name)
        return next((each for each in named if each.direction is Direction.IN), None)

    def close(self) -> None:
        """Close every link and the database."""
        self.links.close()
        self.store.close()


def open_hub(config: Config, *, partners: bool = False) -> Hub:
    """Open the hub for one command, its database up to date; the mapping files are read only when asked for."""
    config.data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as otherwise:
        hub = Hub(config)
        otherwise.callback(hub.close)
        if hub.lock.is_taken():  # the running daemon has brought the schema to its own version, and the partners too
            if partners:
                hub.join()
        else:
            hub.upgrade()
            hub.end_interrupted()
            if partners:
                hub.refresh()
        otherwise.pop_all()
    return hub
