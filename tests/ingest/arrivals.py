"""Documents that come through a folder and the hub's own intake, so that keys and parked records are the real ones."""

from __future__ import annotations

import os
from pathlib import Path

from hub.contract import Plugin, Profile
from hub.delivery.links import Links
from hub.model.money import ExchangeRates
from hub.routing.rules import RoutingRules
from hub.services.desk import Desk
from hub.services.directory import Entry, PartnerDirectory
from hub.services.syncing import sync
from hub.services.syncing.flow_locks import FlowLocks
from hub.services.syncing.sync import Flows
from hub.store import connections, parking
from hub.store.engine import Store
from hub.store.parking import ParkedRecord
from hub.testing.clock import FakeClock


class Arrivals:
    """One partner whose folder is on this machine; `profile` may be replaced, as a reload does."""

    def __init__(self, store: Store, clock: FakeClock, plugin: Plugin, profile: Profile, folder: Path) -> None:
        self.store, self.clock, self.folder, self.profile = store, clock, folder, profile
        self.code, self.kind, self.plugin = profile.partner.code, plugin.about.name, plugin
        self.links = self._links()
        with store.write() as tx:
            connections.ensure(tx, self.code, self.kind, None, clock.now())
        self.count = self.mappings = 0

    def _links(self) -> Links:
        return Links(self.store, {self.kind: self.plugin}, lambda _code: self.profile, self.clock)

    def flows(self) -> Flows:
        with self.links.use(self.code) as connector:
            documents = connector.documents()
        directory = PartnerDirectory({self.code: Entry(self.profile, self.kind, documents)})
        desk = Desk(self.store, self.clock, directory, ExchangeRates(base="USD"), RoutingRules(), "USD")
        return Flows(desk, self.links, {self.code: f"mapping {self.mappings}"}, FlowLocks())

    def changes(self, profile: Profile) -> None:
        """Let the partner's file be another one from now on, as a reload does."""
        self.links.close()
        self.profile, self.mappings = profile, self.mappings + 1
        self.links = self._links()

    def put(self, content: bytes, name: str = "") -> None:
        """Let a file lie there, not read yet."""
        self.count += 1
        path = self.folder / (name or f"f{self.count}.txt")
        path.write_bytes(content)
        written = self.clock.now().timestamp() + self.count
        os.utime(path, (written, written))

    def read(self) -> None:
        """Read all flows of the partner, until what came has stood still for long enough to be whole."""
        flows = self.flows()
        with self.links.use(self.code) as connector:
            documents = [each for each in connector.documents() if each.direction.value == "in"]
        heads = [each for each in documents if each.name == "mailbox"] or documents
        for _ in range(3):
            self.clock.sleep(120)
            sync.run_here(flows, self.code, tuple(heads))

    def comes(self, *contents: bytes) -> None:
        """Let files come together, and read them."""
        for each in contents:
            self.put(each)
        self.read()

    def parked(self, state: str | None = "open") -> list[ParkedRecord]:
        with self.store.read() as tx:
            return parking.search(tx, state=state)
