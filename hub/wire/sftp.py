"""One SFTP account as a handful of verbs, each of which raises the contract's errors and nothing else.

A session belongs to one thread. A reply of the server is final (`MissingFile`, `NotDone`, `AccessDenied`: it was not
done); `ConnectionLost` leaves open whether the last request was carried out, and the next verb opens a new line.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from paramiko import SSHException

from hub.wire.files import ChangedFile, ConnectionLost, Entry, MissingFile, NotDone
from hub.wire.sftp_client import entry
from hub.wire.sftp_connect import Line, SftpEndpoint, SftpTimeouts, open_line
from hub.wire.sftp_error import ServerSaid, lost, said

__all__ = [
    "ChangedFile",
    "ConnectionLost",
    "Entry",
    "MissingFile",
    "NotDone",
    "SftpEndpoint",
    "SftpSession",
    "SftpTimeouts",
]


class SftpSession:
    """A line that opens at the first verb and again after it broke; `close` leaves neither thread nor socket."""

    def __init__(self, endpoint: SftpEndpoint) -> None:
        self.endpoint = endpoint
        self._line: Line | None = None

    @property
    def where(self) -> str:
        """Return the account as a person reads it."""
        return str(self.endpoint)

    def open(self) -> None:
        """Log in now, if that has not happened yet."""
        self._open()

    def list(self, folder: str) -> Generator[Entry, None, None]:
        """Yield the folder's entries as they come in; a huge folder may be left half way."""
        with self._told(f"list {folder}"):
            yield from self._open().client.listing(folder)

    def stat(self, path: str) -> Entry | None:
        """Return what stands at the path, or None when nothing does."""
        try:
            with self._told(f"look at {path}"):
                return entry(path, self._open().client.stat(path))
        except MissingFile:
            return None

    def read(self, path: str, size: int) -> bytes:
        """Return the file, which was listed with this size; ChangedFile when it has another by now."""
        with self._told(f"read {path}"):
            return self._open().client.download(path, size)

    def write(self, path: str, content: bytes) -> None:
        """Write the file; when this returns the server has answered for every byte."""
        with self._told(f"write {path}"):
            self._open().client.upload(path, content)

    def read_part(self, path: str, start: int, size: int) -> bytes:
        """Return `size` bytes of the file from `start`; ChangedFile when it does not hold so many."""
        with self._told(f"read {path}"):
            return self._open().client.read_part(path, start, size)

    def write_on(self, path: str, content: bytes, start: int) -> None:
        """Write what follows the first `start` bytes of the content, which stand there already."""
        with self._told(f"write {path}"):
            self._open().client.upload(path, content, start)

    def rename(self, source: str, target: str) -> None:
        """Rename; NotDone when the target exists already, so that two who claim a file never both get it."""
        with self._told(f"rename {source} to {target}"):
            self._open().client.rename(source, target)

    def replace(self, source: str, target: str) -> None:
        """Rename atomically over whatever stands at the target (needs the server's posix-rename extension)."""
        with self._told(f"rename {source} to {target}"):
            self._open().client.posix_rename(source, target)

    def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is fine."""
        try:
            with self._told(f"remove {path}"):
                self._open().client.remove(path)
        except MissingFile:
            return

    def make_folder(self, path: str) -> None:
        """Make the folder; NotDone when it exists."""
        with self._told(f"make folder {path}"):
            self._open().client.mkdir(path)

    def close(self) -> None:
        """Hang up; the next verb would open a new line."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _open(self) -> Line:
        if self._line is not None and not self._line.alive:
            self.close()
        if self._line is None:
            self._line = open_line(self.endpoint)
        return self._line

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except ServerSaid as error:
            raise said(error, doing, str(self.endpoint)) from None
        except (SSHException, EOFError, OSError) as error:
            self.close()
            raise lost(error, doing, str(self.endpoint)) from None
