"""One mailbox over IMAP and TLS as a handful of verbs, each of which raises the contract's errors and nothing else."""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from hub.contract import AccessDenied
from hub.wire.files import ConnectionLost, MissingFile, NotDone
from hub.wire.tls import Trust, blind, shown_on, untrusted

#: Mails whose heads are asked for at once.
_BATCH = 100
_TROUBLE = (imaplib.IMAP4.abort, OSError, EOFError, ValueError)
_HEAD = "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE MESSAGE-ID)]"


@dataclass(frozen=True, slots=True)
class ImapEndpoint:
    """One account on one server; seconds for the connection and for each answer."""

    host: str
    port: int
    user: str
    password: SecretStr | None = None
    trust: Trust = field(default_factory=Trust)
    connect_seconds: float = 10
    reply_seconds: float = 30

    def __str__(self) -> str:
        return f"imaps://{self.user}@{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MailHead:
    """What a mail says of itself before it is fetched: its number, its size in bytes, its header lines."""

    uid: int
    size: int
    header: bytes


class ImapSession:
    """A line that opens at the first verb and again after it broke; no mail is marked as seen by reading it."""

    def __init__(self, endpoint: ImapEndpoint) -> None:
        self.endpoint = endpoint
        self._line: imaplib.IMAP4_SSL | None = None
        self._abilities: frozenset[str] = frozenset()

    def open(self) -> None:
        """Log in now, if that has not happened yet."""
        self._open()

    def select(self, folder: str) -> int:
        """Go into a folder and return its UIDVALIDITY; MissingFile when there is none of that name."""
        with self._told(f"open folder {folder}"):
            line = self._open()
            kind, said = line.select(_quoted(folder))
            if kind != "OK":
                raise self._refused(f"open folder {folder}", said)
            _, validity = line.response("UIDVALIDITY")
            return int(validity[0] or b"0") if validity else 0

    def search(self, *criteria: str) -> list[int]:
        """Return the UIDs of the mails in the folder that meet the criteria, in order."""
        found = self._uid("look for mail", "SEARCH", *criteria)
        return sorted(int(each) for part in found if isinstance(part, bytes) for each in part.split())

    def heads(self, uids: Sequence[int]) -> Iterator[MailHead]:
        """Yield what these mails say of themselves; one that is gone meanwhile is left out."""
        for start in range(0, len(uids), _BATCH):
            numbers = ",".join(map(str, uids[start : start + _BATCH]))
            yield from _heads(self._uid("read the heads", "FETCH", numbers, f"(UID RFC822.SIZE {_HEAD})"))

    def fetch(self, uid: int) -> bytes | None:
        """Return a mail whole, or None when it is gone."""
        answer = self._uid(f"read mail {uid}", "FETCH", str(uid), "(BODY.PEEK[])")
        return next((part[1] for part in answer if isinstance(part, tuple)), None)

    def mark_seen(self, uid: int) -> None:
        """Mark a mail as read."""
        self._uid(f"mark mail {uid}", "STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")

    def delete(self, uid: int) -> None:
        """Delete a mail; one that is gone already is fine."""
        self._uid(f"delete mail {uid}", "STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._abilities:
            self._uid(f"delete mail {uid}", "EXPUNGE", str(uid))
        else:
            with self._told(f"delete mail {uid}"):
                self._open().expunge()

    def move(self, uid: int, folder: str) -> None:
        """Move a mail to a folder, which is made when missing; a mail that is gone already is fine."""
        try:
            self._move(uid, folder)
        except MissingFile:
            with self._told(f"make folder {folder}"):
                kind, said = self._open().create(_quoted(folder))
                if kind != "OK":
                    raise self._refused(f"make folder {folder}", said) from None
            self._move(uid, folder)

    def close(self) -> None:
        """Hang up; the next verb would open a new line."""
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown()
            self._line = None

    def _move(self, uid: int, folder: str) -> None:
        doing = f"move mail {uid} to {folder}"
        if "MOVE" in self._abilities:
            self._uid(doing, "MOVE", str(uid), _quoted(folder))
            return
        self._uid(doing, "COPY", str(uid), _quoted(folder))
        self.delete(uid)

    def _uid(self, doing: str, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes]]:
        with self._told(doing):
            kind, answer = self._open().uid(command, *arguments)
            if kind != "OK":
                raise self._refused(doing, answer)
            return list(answer)

    def _refused(self, doing: str, said: object) -> Exception:
        first = said[0] if isinstance(said, list) and said else b""
        words = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
        what = f"{self.endpoint}: could not {doing}: the server answered {words!r}"
        if re.search(r"TRYCREATE|NONEXISTENT|doesn't exist|not exist|not found|no such", words, re.IGNORECASE):
            todo = "correct the folder, or make it in the mailbox"
            return MissingFile(what, todo=todo, extract=words, code="imap missing")
        if re.search(r"NOPERM|permission|denied", words, re.IGNORECASE):
            todo = "ask the mail provider to grant this account the right"
            return AccessDenied(what, todo=todo, extract=words, code="imap permission")
        return NotDone(what, extract=words, code="imap failure")

    def _open(self) -> imaplib.IMAP4_SSL:
        if self._line is None:
            line = _connect(self.endpoint)
            try:
                _log_in(self.endpoint, line)
                self._abilities = _abilities(line)
            except BaseException:
                with contextlib.suppress(OSError):
                    line.shutdown()
                raise
            self._line = line
        return self._line

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except _TROUBLE as error:
            self.close()
            words = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            said = f"{self.endpoint}: the connection broke during: {doing} ({words})"
            raise ConnectionLost(said, code="imap connection lost") from None
        except imaplib.IMAP4.error as error:
            self.close()
            raise NotDone(f"{self.endpoint}: could not {doing}: {error}", code="imap failure") from None


def _connect(endpoint: ImapEndpoint) -> imaplib.IMAP4_SSL:
    try:
        line = _line(endpoint, endpoint.trust.context())
    except ssl.SSLCertVerificationError as error:
        raise untrusted(str(endpoint), error, [_shown(endpoint)]) from None
    except (imaplib.IMAP4.error, *_TROUBLE) as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        raise ConnectionLost(f"{endpoint}: cannot connect ({words})", code="imap connect") from None
    try:
        endpoint.trust.accept(line.sock, str(endpoint))
    except BaseException:
        line.shutdown()
        raise
    line.sock.settimeout(endpoint.reply_seconds)
    return line


def _line(endpoint: ImapEndpoint, context: ssl.SSLContext) -> imaplib.IMAP4_SSL:
    return imaplib.IMAP4_SSL(endpoint.host, endpoint.port, ssl_context=context, timeout=endpoint.connect_seconds)


def _shown(endpoint: ImapEndpoint) -> str:
    try:
        line = _line(endpoint, blind())
    except (imaplib.IMAP4.error, *_TROUBLE):
        return ""
    try:
        return shown_on(line.sock)
    finally:
        line.shutdown()


def _log_in(endpoint: ImapEndpoint, line: imaplib.IMAP4_SSL) -> None:
    password = endpoint.password.get_secret_value() if endpoint.password else ""
    try:
        if "AUTH=PLAIN" in line.capabilities:  # takes any letter; LOGIN takes ASCII
            line.authenticate("PLAIN", lambda _: f"\0{endpoint.user}\0{password}".encode())
        else:
            line.login(endpoint.user, password)
    except imaplib.IMAP4.abort as error:
        raise ConnectionLost(f"{endpoint}: the connection broke during: log in ({error})", code="imap log in") from None
    except imaplib.IMAP4.error as error:
        raise AccessDenied(
            f"{endpoint}: the server does not let us in ({_plain(error)})",
            todo=f"check user {endpoint.user!r} and its password; a provider may want an app password",
            code="imap log in",
        ) from None
    except (OSError, EOFError, ValueError) as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        raise ConnectionLost(f"{endpoint}: the connection broke during: log in ({words})", code="imap log in") from None


def _plain(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


def _abilities(line: imaplib.IMAP4_SSL) -> frozenset[str]:
    """Return what the server can do once we are in; some say more then."""
    _, said = line.capability()
    return frozenset(
        b" ".join(each for each in said if isinstance(each, bytes)).decode("ascii", "replace").upper().split()
    )


def _heads(answer: list[bytes | tuple[bytes, bytes]]) -> Iterator[MailHead]:
    """Read heads from an answer; some servers write the numbers after the header lines."""
    for place, part in enumerate(answer):
        if not isinstance(part, tuple):
            continue
        after = answer[place + 1] if place + 1 < len(answer) else b""
        facts = part[0] + (after if isinstance(after, bytes) else b"")
        uid, size = re.search(rb"\bUID (\d+)", facts), re.search(rb"\bRFC822\.SIZE (\d+)", facts)
        if uid and size:
            yield MailHead(int(uid[1]), int(size[1]), part[1])


def _quoted(folder: str) -> str:
    """Return a folder's name as IMAP writes it: quoted, and in its own UTF-7."""
    return '"' + _utf7(folder).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _utf7(folder: str) -> str:
    def coded(run: re.Match[str]) -> str:
        return "&" + base64.b64encode(run[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", coded, folder.replace("&", "&-"))
