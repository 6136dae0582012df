"""The contract kit over FTPS and over a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.files.connector import PLUGIN
from connectors.files.settings import FilesSettings
from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.testing import ConnectorContract, Mood
from tests.files.certificates import self_signed
from tests.files.ftps_server import PASSWORD, FtpsServer

#: How each mood is acted out: what happens, and to which command.
_SPELLS = {
    Mood.BUSY: ("busy", "*"),
    Mood.DOWN: ("down", "*"),
    Mood.HANG: ("hang", "*"),
    Mood.LOCKED_OUT: ("locked_out", "PASS"),
    Mood.LOST_REPLY: ("lost_reply", "RNTO"),
}


class FolderBench:
    """A connection to folders on this disk, whoever serves them."""

    plugin = PLUGIN
    inbound = "stock"
    outbound = "orders"
    several_pages = PLUGIN.about.page_size + 10
    moods = frozenset({Mood.PICKY, Mood.DOWN})

    def __init__(self, folder: Path, profile: Profile, order_of: Callable[[int], Record]) -> None:
        self.folder = folder
        self.profile = profile
        self.secrets = profile.settings.secrets()  # type: ignore[attr-defined]
        self.record = order_of
        self._placed = 0

    def place(self, count: int) -> None:
        for _ in range(count):
            self._placed += 1
            self._put(f"out/inventory-{self._placed:04}.csv", f"SKU-{self._placed},{self._placed}\n")

    def place_bad(self) -> int:
        self._put("out/inventory-a.csv", "CUP,1\nPOT,NaN\nPAN,3\n")
        self._put("out/inventory-b.csv", "LID,4\n")
        return 3

    def received(self, outbound: Outbound) -> int:
        seen = [each for each in (self.folder / "in").iterdir() if not each.name.endswith(".part")]
        return sum(1 for each in seen if each.read_bytes() == outbound.content)

    def set_mood(self, mood: Mood) -> None:
        if mood is Mood.PICKY:
            for number in range(1, 10):
                self._put(f"in/PO_P{number}.csv", "something else\n")
        else:
            self.folder.rename(self.folder.with_name("away"))

    def calm(self) -> None:
        if self.folder.with_name("away").exists():
            self.folder.with_name("away").rename(self.folder)

    def _put(self, name: str, content: str) -> None:
        (self.folder / name).write_text(content)


class FtpsBench(FolderBench):
    """The same, behind a server with moods."""

    moods = frozenset({*_SPELLS, Mood.PICKY})

    def __init__(self, server: FtpsServer, profile: Profile, order_of: Callable[[int], Record]) -> None:
        super().__init__(server.folder, profile, order_of)
        self.server = server

    def set_mood(self, mood: Mood) -> None:
        if mood is Mood.PICKY:
            super().set_mood(mood)
        else:
            what, on = _SPELLS[mood]
            self.server.mood(what, on=on, times=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.server.calm()


class TestFilesOverFtps(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path, profile_for: Callable[..., Profile], order_of: Any) -> Iterator[FtpsBench]:
        server = FtpsServer(tmp_path, self_signed())
        settings = FilesSettings.model_validate(
            {
                "url": f"ftps://acme@127.0.0.1:{server.port}/",
                "password": PASSWORD,
                "certificate": self_signed().fingerprint,
                "ready": "rename",
                "timeouts": {"connect": 2, "reply": 1},
            }
        )
        yield FtpsBench(server, profile_for(None, settings), order_of)
        server.close()


class TestFilesInAFolder(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path, profile_for: Callable[..., Profile], order_of: Any) -> FolderBench:
        folder = tmp_path / "exchange"
        for name in ("in", "out"):
            (folder / name).mkdir(parents=True)
        settings = FilesSettings.model_validate({"url": folder.as_uri(), "ready": "rename"})
        return FolderBench(folder, profile_for(None, settings), order_of)
