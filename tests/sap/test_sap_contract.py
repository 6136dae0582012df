"""The contract kit on the sap connector, over SFTP folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sap.connector import PLUGIN
from hub.testing import ConnectorContract
from tests.files.conftest import PASSWORD, purchase_order
from tests.files.sftp_bench import SftpBench, serving
from tests.sap.sap_trade import partner_file, profile, response


class SapBench(SftpBench):
    """A connection to an SAP partner; each document placed is a file with one ORDRSP."""

    plugin = PLUGIN
    inbound = "mailbox"
    outbound = "order"
    several_pages = PLUGIN.about.page_size + 10

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.server.put(f"/out/ORDRSP-{self._placed:04}.xml", response(self._placed))

    def place_bad(self) -> int:
        self.server.put("/out/a.xml", response(1, "many"))
        self.server.put("/out/b.xml", response(2))
        return 1


class TestSapOverSftp(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Any]:
        with serving(tmp_path / "site") as (server, url, connection):
            path = partner_file(tmp_path, url, connection)
            yield SapBench(server, profile(path, {"acme": PASSWORD}), purchase_order)
