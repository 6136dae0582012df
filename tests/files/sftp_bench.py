"""A connection over the sandbox's SFTP server as the contract kit wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.contract import Outbound, Profile
from hub.model.base import Record
from hub.testing import Mood
from sandbox.moods import Mood as Spell
from tests.files.conftest import Server, host_key

_SPELLS = {
    Mood.BUSY: Spell.BUSY,
    Mood.DOWN: Spell.DOWN,
    Mood.HANG: Spell.HANG,
    Mood.LOCKED_OUT: Spell.LOCKED_OUT,
    Mood.LOST_REPLY: Spell.LOST_REPLY,
}


class SftpBench:
    """A document counts as held where the partner would see it; subclasses say what is placed."""

    moods = frozenset(_SPELLS)

    def __init__(self, server: Any, profile: Profile, record: Callable[[int], Record]) -> None:
        self.server, self.profile, self.record = server, profile, record
        self.secrets = profile.settings.secrets()  # type: ignore[attr-defined]
        self._placed = 0

    def received(self, outbound: Outbound) -> int:
        seen = [each for each in (self.server.folder / "in").iterdir() if not each.name.endswith(".part")]
        return sum(1 for each in seen if each.read_bytes() == outbound.content)

    def set_mood(self, mood: Mood) -> None:
        self.server.mood(_SPELLS[mood], times=1 if mood is Mood.LOST_REPLY else None)

    def calm(self) -> None:
        self.server.moods.calm()


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Server, str, str]]:
    """Run a server; gives it, its address, and how a mapping file connects to it impatiently."""
    server = Server(folder, [host_key()])
    connection = f"""password = "secret:acme"
host_key = "{server.fingerprint}"
ready = "rename"
timeouts = {{ connect = 2, banner = 2, auth = 1, reply = 1 }}"""
    try:
        yield server, f"sftp://acme@127.0.0.1:{server.port}/", connection
    finally:
        server.close()
