"""The contract kit on the sap connector, over SFTP folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sap.connector import PLUGIN
from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.testing import ConnectorContract, Mood
from sandbox.moods import Mood as Spell
from tests.files.conftest import PASSWORD, Server, host_key, purchase_order
from tests.sap.sap_trade import partner_file, profile, response

_SPELLS = {
    Mood.BUSY: Spell.BUSY,
    Mood.DOWN: Spell.DOWN,
    Mood.HANG: Spell.HANG,
    Mood.LOCKED_OUT: Spell.LOCKED_OUT,
    Mood.LOST_REPLY: Spell.LOST_REPLY,
}


class SapBench:
    """A connection to an SAP partner; each document placed is a file with one ORDRSP."""

    plugin = PLUGIN
    inbound = "mailbox"
    outbound = "order"
    several_pages = PLUGIN.about.page_size + 10
    moods = frozenset(_SPELLS)

    def __init__(self, server: Server, made: Profile, record: Callable[[int], Record]) -> None:
        self.server, self.profile, self.record = server, made, record
        self.secrets = made.settings.secrets()  # type: ignore[attr-defined]
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.server.put(f"/out/ORDRSP-{self._placed:04}.xml", response(self._placed))

    def place_bad(self) -> int:
        self.server.put("/out/a.xml", response(1, "many"))
        self.server.put("/out/b.xml", response(2))
        return 1

    def received(self, outbound: Outbound) -> int:
        seen = [each for each in (self.server.folder / "in").iterdir() if not each.name.endswith(".part")]
        return sum(1 for each in seen if each.read_bytes() == outbound.content)

    def set_mood(self, mood: Mood) -> None:
        self.server.mood(_SPELLS[mood], times=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.server.moods.calm()


class TestSapOverSftp(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Any]:
        server = Server(tmp_path / "site", [host_key()])
        connection = f"""password = "secret:acme"
host_key = "{server.fingerprint}"
ready = "rename"
timeouts = {{ connect = 2, banner = 2, auth = 1, reply = 1 }}"""
        path = partner_file(tmp_path, f"sftp://acme@127.0.0.1:{server.port}/", connection)
        yield SapBench(server, profile(path, {"acme": PASSWORD}), purchase_order)
        server.close()
