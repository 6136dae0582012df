"""Files at a partner as a handful of verbs, whichever protocol moves them, and the four things that can go wrong.

A definite answer of the server (`MissingFile`, `NotDone`) means that it was not done; `ConnectionLost` leaves open
whether the last request was carried out.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hub.contract import TemporaryFailure


class MissingFile(TemporaryFailure):
    """There is no such file or folder."""


class NotDone(TemporaryFailure):
    """The server answered that it did not do it, for a reason of its own."""


class ConnectionLost(TemporaryFailure):
    """The line broke or went silent: whether the last request was carried out is unknown."""


class ChangedFile(TemporaryFailure):
    """The file grew or shrank while it was read: somebody is still writing it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or folder as the server lists it; `modified` is in seconds since 1970 on the server's own clock."""

    name: str
    size: int
    modified: int
    is_file: bool = True


class RemoteFiles(Protocol):
    """An account with folders. A session belongs to one thread and opens its line at the first verb.

    Every verb raises the contract's errors and nothing else; a permission that is missing is AccessDenied.
    """

    @property
    def where(self) -> str:
        """Return the account as a person reads it: `sftp://acme@files.acme.example:22`."""
        ...

    def open(self) -> None:
        """Log in now, if that has not happened yet."""
        ...

    def list(self, folder: str) -> Generator[Entry, None, None]:
        """Yield the folder's entries as they come in; it may be left half way. MissingFile without the folder."""
        ...

    def stat(self, path: str) -> Entry | None:
        """Return what stands at the path, or None when nothing does."""
        ...

    def read(self, path: str, size: int) -> bytes:
        """Return the file, which was listed with this size; ChangedFile when it has another by now."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write the file anew; when this returns the other side has said that it has every byte."""
        ...

    def rename(self, source: str, target: str) -> None:
        """Rename in one step; NotDone when the target exists already, MissingFile when the source does not."""
        ...

    def replace(self, source: str, target: str) -> None:
        """Rename in one step, over whatever stands at the target."""
        ...

    def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is fine."""
        ...

    def make_folder(self, path: str) -> None:
        """Make the folder; NotDone when it exists."""
        ...

    def close(self) -> None:
        """Hang up; the next verb would open a new line."""
        ...


@runtime_checkable
class Continues(RemoteFiles, Protocol):
    """An account in which an upload that broke off can be gone on with, as SFTP allows."""

    def read_part(self, path: str, start: int, size: int) -> bytes:
        """Return `size` bytes of the file from `start`; ChangedFile when it does not hold so many."""
        ...

    def write_on(self, path: str, content: bytes, start: int) -> None:
        """Write what follows the first `start` bytes of the content, which stand there already."""
        ...
