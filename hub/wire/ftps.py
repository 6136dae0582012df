"""One FTPS account as a handful of verbs, each of which raises the contract's errors and nothing else.

FTP has one number, 550, for almost every no; what it means is read from the words and, where they say nothing, found
out by looking whether the file is there.
"""

from __future__ import annotations

import ftplib
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from hub.contract import AccessDenied, ConnectorError
from hub.wire.files import ChangedFile, ConnectionLost, Entry, MissingFile, NotDone
from hub.wire.ftps_line import TROUBLE, FtpsEndpoint, FtpsLine, open_line

__all__ = ["FtpsEndpoint", "FtpsSession"]

_DENIED = re.compile(r"permission|denied|not allowed|privilege|read.only|not authori[sz]ed|forbidden", re.IGNORECASE)
_MISSING = re.compile(r"no such|not found|n.t find|does not exist|doesn't exist|not exist", re.IGNORECASE)
_UNKNOWN_COMMAND = ("500", "501", "502", "504")
#: A line of a listing is not longer than this.
_LINE = 65_536


class FtpsSession:
    """A line that opens at the first verb and again after it broke or was closed by the server meanwhile.

    `rename` is RNFR and RNTO, one step on every server we know of; whether the target is taken is looked at just
    before, because FTP leaves open what happens then.
    """

    def __init__(self, endpoint: FtpsEndpoint) -> None:
        self.endpoint = endpoint
        self._line: FtpsLine | None = None
        self._lists_facts = True

    @property
    def where(self) -> str:
        """Return the account as a person reads it."""
        return str(self.endpoint)

    def open(self) -> None:
        """Log in now, if that has not happened yet."""
        self._open()

    def list(self, folder: str) -> Generator[Entry, None, None]:
        """Yield the folder's entries as they come in; a listing that is left half way costs the line."""
        with self._told(f"list {folder}", folder):
            whole = False
            try:
                yield from self._entries(folder)
                whole = True
            except ftplib.error_perm:
                whole = True  # answered, and the line is as good as before
                raise
            finally:
                if not whole:
                    self.close()

    def stat(self, path: str) -> Entry | None:
        """Return what stands at the path, or None when no file does; FTP cannot tell more of a folder."""
        try:
            with self._told(f"look at {path}", path):
                return self._sized(path)
        except (MissingFile, NotDone):
            return None

    def read(self, path: str, size: int) -> bytes:
        """Return the file, which was listed with this size; ChangedFile when it has another by now."""
        content = bytearray()
        with self._told(f"read {path}", path), closing(self._open().incoming(f"RETR {path}")) as pieces:
            for piece in pieces:
                content += piece
                if len(content) > size:
                    self.close()  # in the middle of a transfer
                    raise ChangedFile(f"{path} grew while it was read", code="ftps file changed")
        if len(content) < size:
            raise ChangedFile(f"{path} shrank while it was read", code="ftps file changed")
        return bytes(content)

    def write(self, path: str, content: bytes) -> None:
        """Write the file anew; when this returns the server has said that it has every byte."""
        with self._told(f"write {path}"):
            self._open().outgoing(f"STOR {path}", content)

    def rename(self, source: str, target: str) -> None:
        """Rename in one step; NotDone when the target is taken, MissingFile when the source is gone."""
        if self.stat(target) is not None:
            raise NotDone(f"{self.where}: could not rename {source}: {target} exists already", code="ftps failure")
        self.replace(source, target)

    def replace(self, source: str, target: str) -> None:
        """Rename in one step, over whatever stands at the target."""
        with self._told(f"rename {source} to {target}", source):
            self._open().rename(source, target)

    def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is fine."""
        try:
            with self._told(f"remove {path}", path):
                self._open().delete(path)
        except MissingFile:
            return

    def make_folder(self, path: str) -> None:
        """Make the folder; NotDone when it exists."""
        with self._told(f"make folder {path}"):
            self._open().mkd(path)

    def close(self) -> None:
        """Hang up; the next verb would open a new line."""
        if self._line is not None:
            self._line.hang_up()
            self._line = None

    def _open(self) -> FtpsLine:
        if self._line is not None and not self._line.quiet:
            self.close()
        if self._line is None:
            self._line = open_line(self.endpoint)
        return self._line

    def _entries(self, folder: str) -> Iterator[Entry]:
        if self._lists_facts:
            try:
                yield from (found for line in self._lines(f"MLSD {folder}") if (found := _read_facts(line)))
            except ftplib.error_perm as error:
                if not str(error).startswith(_UNKNOWN_COMMAND):
                    raise
                self._lists_facts = False
            else:
                return
        names = [_last_part(line) for line in self._lines(f"NLST {folder}")]
        if not names:
            self._enter_and_leave(folder)
        for name in names:
            yield self._measured(folder, name)

    def _enter_and_leave(self, folder: str) -> None:
        """Raise when there is no such folder, which some servers list as an empty one."""
        line = self._open()
        home = line.pwd()
        line.cwd(folder)
        line.cwd(home)

    def _measured(self, folder: str, name: str) -> Entry:
        """Return a name of a bare listing with its size and time; what has no size is no file."""
        found = self._sized(f"{folder.rstrip('/')}/{name}" if folder != "." else name)
        return Entry(name, found.size, found.modified) if found else Entry(name, 0, 0, is_file=False)

    def _lines(self, command: str) -> Iterator[str]:
        """Yield the lines of a listing; an empty folder is a 550 with some servers."""
        rest = b""
        with closing(self._open().incoming(command)) as pieces:
            for piece in pieces:
                *lines, rest = (rest + piece).split(b"\n")
                if len(rest) > _LINE:
                    raise NotDone(f"{self.where}: {command} is answered with something else than names")
                yield from _decoded(lines)
        yield from _decoded([rest])

    def _sized(self, path: str) -> Entry | None:
        line = self._open()
        try:
            size = line.size(path)
            said = line.sendcmd(f"MDTM {path}")
        except ftplib.error_perm:
            return None
        return Entry(path, size or 0, _seconds(said[4:]))

    @contextmanager
    def _told(self, doing: str, path: str = "") -> Iterator[None]:
        try:
            yield
        except ftplib.error_perm as error:
            raise self._said(str(error), doing, path) from None
        except ftplib.error_temp as error:
            words = str(error)
            if words.startswith("421"):
                self.close()
                raise ConnectionLost(f"{self.where}: could not {doing}: {words}", code="ftps closing") from None
            raise NotDone(f"{self.where}: could not {doing}: {words!r}", extract=words, code="ftps failure") from None
        except AccessDenied:
            self.close()  # a data channel to somebody else
            raise
        except TROUBLE as error:
            self.close()
            words = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            said = f"{self.where}: the connection broke during: {doing} ({words})"
            raise ConnectionLost(said, code="ftps connection lost") from None

    def _said(self, words: str, doing: str, path: str) -> ConnectorError:
        said = f"{self.where}: could not {doing}: the server answered {words!r}"
        if words.startswith("530") or _DENIED.search(words):
            return AccessDenied(
                said,
                todo="ask the partner to grant this account the right, or correct the folder in the mapping file",
                extract=words,
                code="ftps permission",
            )
        if _MISSING.search(words) or (words.startswith("550") and path and self._is_gone(path)):
            return MissingFile(
                said,
                todo="correct the folder in the mapping file, or ask the partner to make it",
                extract=words,
                code="ftps missing",
            )
        return NotDone(said, extract=words, code="ftps failure")

    def _is_gone(self, path: str) -> bool:
        try:
            return self._sized(path) is None
        except (ConnectorError, *TROUBLE):
            return False


def _decoded(lines: Iterable[bytes]) -> Iterator[str]:
    return (text for line in lines if (text := line.decode("utf-8", "replace").rstrip("\r")))


def _read_facts(line: str) -> Entry | None:
    """Return the entry of a line such as `modify=20261120060000;size=5;type=file; name`; None for the folder itself."""
    facts, _, name = line.partition(" ")
    known = {key.lower(): value for key, _, value in (fact.partition("=") for fact in facts.split(";"))}
    kind = known.get("type", "file").lower()
    if kind in ("cdir", "pdir") or not name:
        return None
    return Entry(
        _last_part(name), int(known.get("size", "0") or 0), _seconds(known.get("modify", "")), is_file=kind == "file"
    )


def _last_part(name: str) -> str:
    """Return the name alone: some servers list the way to it too."""
    return name.rstrip("/").rpartition("/")[2]


def _seconds(stamp: str) -> int:
    """Return a time such as 20261120060000.123, which is UTC by the standard, in seconds since 1970."""
    try:
        return int(datetime.strptime(stamp.strip()[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0
