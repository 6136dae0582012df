"""Where a partner's files come in and go out: folders that some server shows to the hub, or a mailbox."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Protocol

from sandbox.post import Mailbox

_ANSWERS = ("ACK_", "SHIP_", "INV_", "RCV_")


class Door(Protocol):
    """What a robot does with files, whoever carries them."""

    def open(self) -> None:
        """Make ready."""
        ...

    def waiting(self) -> list[str]:
        """Return the names of what has come in."""
        ...

    def take(self, name: str, to: Path) -> bool:
        """Move what came in to a desk; false when it is gone."""
        ...

    def publish(self, name: str, content: bytes) -> None:
        """Give a file out: whoever looks sees it whole or not at all."""
        ...

    def unread(self) -> int:
        """Return how many answers nobody has taken yet."""
        ...


class FolderDoor:
    """An account's folders: `in` for what comes, `out` for what goes."""

    def __init__(self, home: Path) -> None:
        self._inbox, self._outbox = home / "in", home / "out"

    def open(self) -> None:
        """Lay out the folders."""
        for folder in (self._inbox, self._outbox / "done"):
            folder.mkdir(parents=True, exist_ok=True)

    def waiting(self) -> list[str]:
        """Return the names of what has come in."""
        return [path.name for path in self._inbox.iterdir()]

    def take(self, name: str, to: Path) -> bool:
        """Move what came in to a desk; false when it is gone."""
        try:
            (self._inbox / name).replace(to)
        except FileNotFoundError:
            return False
        return True

    def publish(self, name: str, content: bytes) -> None:
        """Write a file under another name and rename it."""
        path = self._outbox / name
        part = path.with_name(f".{name}.part")
        part.write_bytes(content)
        part.replace(path)

    def unread(self) -> int:
        """Return how many answers lie there."""
        return sum(path.name.startswith(_ANSWERS) for path in self._outbox.iterdir())


class MailDoor(FolderDoor):
    """Attachments: what comes by mail is put into the inbox folder, what goes is mailed to the merchant's mailbox."""

    def __init__(self, home: Path, mailbox: Mailbox, sender: str, to: str) -> None:
        super().__init__(home)
        self._mailbox, self._sender, self._to = mailbox, sender, to
        self._numbers = count(1)
        self._home = home

    def come_in(self, mail: bytes) -> Iterator[str]:
        """Put the attachments of a mail into the inbox and yield their names; a mail that came twice counts twice."""
        message = message_from_bytes(mail, policy=policy.default)
        for part in message.iter_attachments():
            name, content = part.get_filename(), part.get_payload(decode=True)
            if name and isinstance(content, bytes):
                path = self._home / "in" / Path(name).name
                while path.exists():
                    path = path.with_name(f"{path.stem}_{next(self._numbers)}{path.suffix}")
                path.write_bytes(content)
                yield path.name

    def publish(self, name: str, content: bytes) -> None:
        """Mail a file."""
        number = next(self._numbers)
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"], mail["Subject"] = self._sender, self._to, name
        mail["Date"] = "Fri, 20 Nov 2026 06:00:00 +0000"
        mail["Message-ID"] = f"<{number}@{self._sender.rpartition('@')[2]}>"
        mail.set_content("Please find the file attached.\n")
        kind, _, subkind = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
        self._mailbox.deliver(mail.as_bytes())

    def unread(self) -> int:
        """Return how many mails with answers lie in the merchant's inbox."""
        letters = self._mailbox.folders["INBOX"].letters
        subjects = (message_from_bytes(each.content, policy=policy.compat32)["Subject"] for each in letters)
        return sum(str(subject).startswith(_ANSWERS) for subject in subjects)
