"""An IMAP server over TLS, as much of RFC 3501 (with UIDPLUS and MOVE) as a mailbox that is read by a program needs."""

from __future__ import annotations

import asyncio
import base64
import hmac
import re
import ssl
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy

from sandbox.listener import Listener
from sandbox.moods import Mood, Moods
from sandbox.post import Folder, Letter, Mailbox

_ABILITIES = "IMAP4rev1 AUTH=PLAIN UIDPLUS MOVE"
_ABLE = frozenset({Mood.BUSY, Mood.UNAVAILABLE, Mood.DOWN, Mood.HANG, Mood.LOCKED_OUT, Mood.SLOW})
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\(([^()]*(?:\([^()]*\)[^()]*)*)\)|(\S+)')
_LINE = 65_536


class Refused(Exception):
    """What was asked for cannot be done; the text is the answer."""


class ImapSite:
    """All mailboxes of one server; accounts are the names of the mailboxes."""

    def __init__(self, mailboxes: Mapping[str, Mailbox], moods: Moods) -> None:
        self.mailboxes, self.moods = mailboxes, moods
        self._listener = Listener(self._talk, _LINE)

    async def start(self, context: ssl.SSLContext, port: int = 0) -> int:
        """Listen on loopback and return the port."""
        return await self._listener.start(port, context)

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        await self._listener.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Talk(self, reader, writer).run()
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError, ValueError):
            pass
        finally:
            writer.transport.abort()


class _Talk:
    """One connection."""

    def __init__(self, site: ImapSite, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._site, self._reader, self._writer = site, reader, writer
        self._account = ""
        self._folder: Folder | None = None

    async def run(self) -> None:
        """Answer until the other end leaves."""
        self._say(f"* OK [CAPABILITY {_ABILITIES}] the sandbox's mailboxes")
        while line := await self._line():
            tag, _, rest = line.partition(" ")
            command, _, arguments = rest.partition(" ")
            if command.upper() == "UID":
                name, _, arguments = arguments.partition(" ")
                command = f"UID {name}"
            command = command.upper()
            if command == "LOGOUT":
                self._say("* BYE", f"{tag} OK")
                return
            if not await self._met(tag, command, arguments):
                return
            await self._writer.drain()

    async def _met(self, tag: str, command: str, arguments: str) -> bool:
        """Do one command the way the account's mood has it; false when the connection is to be cut."""
        if command in ("LOGIN", "AUTHENTICATE"):
            account, password = await self._credentials(command, arguments)
            self._account = account
        call = f"{command.lower()} {arguments}".strip()
        self._site.moods.count(self._account, call)
        spell = self._site.moods.meet(self._account, call, _ABLE) if self._account else None
        mood = spell.mood if spell else None
        if mood is Mood.DOWN:
            return False
        if mood is Mood.HANG:
            await self._reader.read()
            return False
        if spell is not None and mood is Mood.SLOW:
            await asyncio.sleep(spell.seconds)
        if mood in (Mood.BUSY, Mood.UNAVAILABLE) and self._folder is None and command == "SELECT":
            self._say(f"{tag} NO [INUSE] the mailbox is busy")
            return True
        try:
            if command in ("LOGIN", "AUTHENTICATE"):
                self._log_in(account, password, locked=mood is Mood.LOCKED_OUT)
            else:
                self._do(command, arguments)
        except Refused as why:
            self._say(f"{tag} NO {why}")
        else:
            self._say(f"{tag} OK done")
        return True

    async def _credentials(self, command: str, arguments: str) -> tuple[str, str]:
        if command == "LOGIN":
            user, password = _words(arguments)
            return user, password
        self._say("+ ")
        _, user, password = base64.b64decode(await self._line()).decode().split("\0")
        return user, password

    def _log_in(self, account: str, password: str, *, locked: bool) -> None:
        mailbox = self._site.mailboxes.get(account)
        if locked or mailbox is None or not hmac.compare_digest(mailbox.password.encode(), password.encode()):
            self._account = ""
            raise Refused("[AUTHENTICATIONFAILED] who are you?")

    def _do(self, command: str, arguments: str) -> None:
        if command == "CAPABILITY":
            self._say(f"* CAPABILITY {_ABILITIES}")
            return
        if command == "NOOP":
            return
        if not self._account:
            raise Refused("log in first")
        work = {"SELECT": self._select, "CREATE": self._create, "EXPUNGE": self._expunge}
        chosen = {
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
            "UID STORE": self._store,
            "UID COPY": self._copy,
            "UID MOVE": self._move,
            "UID EXPUNGE": self._expunge,
        }
        if command in work:
            work[command](arguments)
        elif command in chosen and self._folder is not None:
            chosen[command](arguments)
        else:
            raise Refused(f"[CANNOT] {command} is not known here, or no folder is open")

    def _select(self, arguments: str) -> None:
        (name,) = _words(arguments)
        self._folder = self._named(name)
        self._say(
            f"* {len(self._folder.letters)} EXISTS",
            "* 0 RECENT",
            f"* OK [UIDVALIDITY {self._folder.validity}]",
            f"* OK [UIDNEXT {self._folder.next_uid}]",
            r"* FLAGS (\Seen \Deleted)",
        )

    def _create(self, arguments: str) -> None:
        (name,) = _words(arguments)
        self._mailbox.make(name)

    def _search(self, arguments: str) -> None:
        found = [str(letter.uid) for letter in self._open.letters if _meets(letter, _words(arguments), self._open)]
        self._say(f"* SEARCH {' '.join(found)}".rstrip())

    def _fetch(self, arguments: str) -> None:
        numbers, wanted = _words(arguments)
        for place, letter in enumerate(self._open.letters, start=1):
            if _within(letter.uid, numbers, self._open):
                self._writer.write(_fetched(place, letter, wanted))

    def _store(self, arguments: str) -> None:
        numbers, _, flags = _words(arguments)
        for letter in self._chosen(numbers):
            letter.flags |= set(flags.split())

    def _copy(self, arguments: str) -> None:
        numbers, name = _words(arguments)
        target = self._named(name, hint="[TRYCREATE] ")
        for letter in self._chosen(numbers):
            target.add(letter.content, letter.flags)

    def _move(self, arguments: str) -> None:
        self._copy(arguments)
        for letter in self._chosen(_words(arguments)[0]):
            self._drop(letter)

    def _expunge(self, arguments: str) -> None:
        for letter in self._chosen(arguments) if arguments else list(self._open.letters):
            if r"\Deleted" in letter.flags:
                self._drop(letter)

    def _drop(self, letter: Letter) -> None:
        self._say(f"* {self._open.letters.index(letter) + 1} EXPUNGE")
        self._open.letters.remove(letter)

    def _chosen(self, numbers: str) -> list[Letter]:
        return [letter for letter in self._open.letters if _within(letter.uid, numbers, self._open)]

    def _named(self, name: str, hint: str = "") -> Folder:
        if name not in self._mailbox.folders:
            raise Refused(f"{hint}Mailbox does not exist")
        return self._mailbox.folders[name]

    @property
    def _open(self) -> Folder:
        if self._folder is None:
            raise Refused("no folder is open")
        return self._folder

    @property
    def _mailbox(self) -> Mailbox:
        return self._site.mailboxes[self._account]

    async def _line(self) -> str:
        return (await self._reader.readuntil(b"\n")).decode("utf-8").rstrip("\r\n")

    def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())


def _words(text: str) -> list[str]:
    """Return the words of a command: quoted ones without their quotes, a group in brackets as one."""
    return [
        re.sub(r"\\(.)", r"\1", quoted) if found[0].startswith('"') else group or word
        for found in _TOKEN.finditer(text)
        for quoted, group, word in [(found[1] or "", found[2] or "", found[3] or "")]
    ]


def _within(uid: int, numbers: str, folder: Folder) -> bool:
    """Say whether a UID is in a set such as `3,5:*`; the star is the folder's last mail."""
    last = folder.letters[-1].uid if folder.letters else 0
    for part in numbers.split(","):
        first, _, second = part.replace("*", str(last)).partition(":")
        low, high = sorted((int(first), int(second or first)))
        if low <= uid <= high:
            return True
    return False


def _meets(letter: Letter, criteria: list[str], folder: Folder) -> bool:
    words = iter(criteria)
    return all(_meets_one(letter, each.upper(), words, folder) for each in words)


def _meets_one(letter: Letter, criterion: str, rest: Iterator[str], folder: Folder) -> bool:
    if criterion == "UID":
        return _within(letter.uid, next(rest), folder)
    if criterion == "HEADER":
        name, value = next(rest), next(rest)
        return value in str(message_from_bytes(letter.content, policy=policy.compat32).get(name, ""))
    if criterion == "UNSEEN":
        return r"\Seen" not in letter.flags
    if criterion == "ALL":
        return True
    raise Refused(f"[CANNOT] {criterion} is not known here")


def _fetched(place: int, letter: Letter, wanted: str) -> bytes:
    """Return the answer for one mail: the parts that were asked for, in the order of this list."""
    parts = [f"UID {letter.uid}".encode()]
    if "RFC822.SIZE" in wanted:
        parts.append(f"RFC822.SIZE {len(letter.content)}".encode())
    if fields := re.search(r"HEADER\.FIELDS \(([^)]*)\)", wanted):
        names = {name.lower() for name in fields[1].split()}
        text = "".join(
            f"{name}: {value}\r\n"
            for name, value in message_from_bytes(letter.content, policy=policy.compat32).items()
            if name.lower() in names
        )
        head = f"{text}\r\n".encode("utf-8", "surrogateescape")
        parts.append(f"BODY[HEADER.FIELDS ({fields[1]})] {{{len(head)}}}\r\n".encode() + head)
    elif "[]" in wanted:
        parts.append(f"BODY[] {{{len(letter.content)}}}\r\n".encode() + letter.content)
        if "PEEK" not in wanted:
            letter.flags.add(r"\Seen")
    return b"* %d FETCH (" % place + b" ".join(parts) + b")\r\n"
