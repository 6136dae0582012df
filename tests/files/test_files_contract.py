"""The contract kit on the files connector, against the sandbox's SFTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from hub.contract import Profile
from hub.testing import ConnectorContract, Mood
from tests.files.sftp_bench import SftpBench


class FilesBench(SftpBench):
    """A connection to an account on the server; a document counts as held where the partner would see it."""

    plugin = PLUGIN
    inbound = "stock"
    outbound = "orders"
    several_pages = PLUGIN.about.page_size + 10
    moods = frozenset({*SftpBench.moods, Mood.PICKY})

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.server.put(f"/out/inventory-{self._placed:04}.csv", f"SKU-{self._placed},{self._placed}\n")

    def place_bad(self) -> int:
        self.server.put("/out/inventory-a.csv", "CUP,1\nPOT,NaN\nPAN,3\n")
        self.server.put("/out/inventory-b.csv", "LID,4\n")
        return 3

    def set_mood(self, mood: Mood) -> None:
        if mood is Mood.PICKY:  # what an SFTP server can refuse: a name that is taken
            for number in range(1, 10):
                self.server.put(f"/in/PO_P{number}.csv", "something else\n")
        else:
            super().set_mood(mood)


class TestFilesOverSftp(ConnectorContract):
    @pytest.fixture
    def bench(self, server: Any, profile_for: Callable[..., Profile], order_of: Any) -> Iterator[FilesBench]:
        return FilesBench(server, profile_for(server), order_of)
