"""A post office: mailboxes with folders, as a mail provider keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Letter:
    """One mail in a folder, under the number that the folder gave it."""

    uid: int
    content: bytes
    flags: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Folder:
    """Mails in the order in which they came; `validity` tells this folder from an earlier one of the same name."""

    validity: int
    letters: list[Letter] = field(default_factory=list)
    next_uid: int = 1

    def add(self, content: bytes, flags: set[str] | None = None) -> Letter:
        """Put a mail into the folder."""
        letter = Letter(self.next_uid, content, set(flags or ()))
        self.next_uid += 1
        self.letters.append(letter)
        return letter


@dataclass(slots=True)
class Mailbox:
    """One account: its password, its folders, and who hears of what arrives."""

    password: str
    folders: dict[str, Folder] = field(default_factory=lambda: {"INBOX": Folder(1), "Sent": Folder(2)})
    arrived: Callable[[bytes], None] | None = None
    made: int = 2

    def make(self, name: str) -> Folder:
        """Make a folder."""
        self.made += 1
        self.folders[name] = Folder(self.made)
        return self.folders[name]

    def deliver(self, content: bytes) -> None:
        """Take in a mail."""
        self.folders["INBOX"].add(content)
        if self.arrived is not None:
            self.arrived(content)
