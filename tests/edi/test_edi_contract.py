"""The contract kit on the edi connector, over an SFTP mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.edi.connector import PLUGIN
from hub.contract import Profile
from hub.model.base import Record
from hub.testing import ConnectorContract
from tests.edi.trade import desk, partner_file, profile, stock
from tests.files.conftest import PASSWORD, Server, purchase_order
from tests.files.sftp_bench import SftpBench, serving


class EdiBench(SftpBench):
    """A connection to a mailbox; each document placed is an interchange with one 846."""

    plugin = PLUGIN
    inbound = "mailbox"
    outbound = "order"
    several_pages = PLUGIN.about.page_size + 10

    def __init__(self, server: Server, made: Profile, record: Callable[[int], Record]) -> None:
        super().__init__(server, made, record)
        self._desk = desk()

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.server.put(f"/out/846-{self._placed:04}.edi", stock(self._desk, str(self._placed)))

    def place_bad(self) -> int:
        self.server.put("/out/a.edi", stock(self._desk, "many"))
        self.server.put("/out/b.edi", stock(self._desk, "3"))
        return 3  # two acknowledgements that we owe, and the level of the second


class TestEdiOverSftp(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Any]:
        with serving(tmp_path / "site") as (server, url, connection):
            path = partner_file(tmp_path, url, connection)
            yield EdiBench(server, profile(path, {"acme": PASSWORD}), purchase_order)
