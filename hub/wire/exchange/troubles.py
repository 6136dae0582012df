"""Files that could not be taken: each counts against itself, and is told once when it stays that way."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hub.contract import ConnectorError, Context
from hub.log import EventLog
from hub.wire.exchange.refusal import unreadable
from hub.wire.sftp import Entry

#: A file that could not be taken at so many looks is told to a person; it is tried again at every look all the same.
LOOKS = 3

_log = EventLog("hub.wire.exchange")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One version of a file, by its own name, and why it could not be taken."""

    name: str
    entry: Entry
    error: ConnectorError

    @property
    def content(self) -> bytes:
        """What the hub keeps instead of the file."""
        return unreadable(f"{self.error.what}; it was tried at {LOOKS} looks, the other files were taken")

    @property
    def version(self) -> str:
        """What tells this version of the file from an earlier one of its name."""
        return f"{self.name}:{self.entry.modified}:{self.entry.size}"


class Troubles:
    """The troubles of one sweep over one folder, counted over the sweeps in the connection's state."""

    def __init__(self, context: Context, where: str) -> None:
        self._context = context
        self._key = f"unreadable:{where}"
        self.found: list[Trouble] = []

    def add(self, name: str, entry: Entry, error: ConnectorError) -> None:
        """Note that this file could not be taken at this look."""
        self.found.append(Trouble(name, entry, error))

    def lasting(self) -> list[Trouble]:
        """Return those that have now lasted for `LOOKS` looks and were not told before."""
        return [each for each in self.found if self._counts().get(each.version, 0) == LOOKS - 1]

    def remember(self) -> None:
        """Count this look; call it when the lasting ones are safe in the hub."""
        before = self._counts()
        now = {each.version: min(LOOKS, before.get(each.version, 0) + 1) for each in self.found}
        for each in self.found:
            if each.version not in before:
                _log.warning("file unreadable", file=each.name, error=each.error.what, todo="it is tried again")
        if now != before:
            self._context.remember(self._key, json.dumps(now))

    def _counts(self) -> dict[str, int]:
        kept = self._context.recall(self._key)
        return dict(json.loads(kept)) if kept else {}
