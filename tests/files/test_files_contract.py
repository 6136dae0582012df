"""The contract kit on the files connector, against the sandbox's SFTP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.testing import ConnectorContract, Mood
from sandbox.moods import Mood as Spell

_SPELLS = {
    Mood.BUSY: Spell.BUSY,
    Mood.DOWN: Spell.DOWN,
    Mood.HANG: Spell.HANG,
    Mood.LOCKED_OUT: Spell.LOCKED_OUT,
    Mood.LOST_REPLY: Spell.LOST_REPLY,
}


class FilesBench:
    """A connection to an account on the server; a document counts as held where the partner would see it."""

    plugin = PLUGIN
    inbound = "stock"
    outbound = "orders"
    several_pages = PLUGIN.about.page_size + 10
    moods = frozenset({*_SPELLS, Mood.PICKY})

    def __init__(self, server: Any, profile: Profile, order_of: Callable[[int], Record]) -> None:
        self.server = server
        self.profile = profile
        self.secrets = profile.settings.secrets()  # type: ignore[attr-defined]
        self.record = order_of
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self.server.put(f"/out/inventory-{self._placed:04}.csv", f"SKU-{self._placed},{self._placed}\n")

    def place_bad(self) -> int:
        self.server.put("/out/inventory-a.csv", "CUP,1\nPOT,NaN\nPAN,3\n")
        self.server.put("/out/inventory-b.csv", "LID,4\n")
        return 3

    def received(self, outbound: Outbound) -> int:
        seen = [each for each in (self.server.folder / "in").iterdir() if not each.name.endswith(".part")]
        return sum(1 for each in seen if each.read_bytes() == outbound.content)

    def set_mood(self, mood: Mood) -> None:
        if mood is Mood.PICKY:  # what an SFTP server can refuse: a name that is taken
            for number in range(1, 10):
                self.server.put(f"/in/PO_P{number}.csv", "something else\n")
            return
        self.server.mood(_SPELLS[mood], times=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.server.moods.calm()


class TestFilesOverSftp(ConnectorContract):
    @pytest.fixture
    def bench(self, server: Any, profile_for: Callable[..., Profile], order_of: Any) -> Iterator[FilesBench]:
        return FilesBench(server, profile_for(server), order_of)
