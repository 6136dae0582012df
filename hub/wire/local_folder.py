"""A folder of this machine (or one mounted on it) as an account with files; what is written is on disk when said so."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.contract import AccessDenied
from hub.wire.files import ChangedFile, ConnectionLost, Entry, MissingFile, NotDone


class LocalFolder:
    """The folder and all below it. A path is one of the partner's: `/in/PO_1.csv` lies below the folder.

    `rename` is the file system's own, in one step. Whether its target is taken is looked at just before: two hubs that
    work in one folder need two names (`instance`), as everywhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def where(self) -> str:
        """Return the folder as a person reads it."""
        return "file://"

    def open(self) -> None:
        """Look whether the folder is there."""
        with self._told("look into it"):
            if not self._root.is_dir():
                raise FileNotFoundError

    def list(self, folder: str) -> Generator[Entry, None, None]:
        """Yield the folder's entries; links are followed as far as they lead to files."""
        with self._told(f"list {folder}"), os.scandir(self._at(folder)) as found:
            for each in found:
                try:
                    facts = each.stat()
                except FileNotFoundError:
                    continue  # gone since, or a link that leads nowhere
                yield _entry(each.name, facts)

    def stat(self, path: str) -> Entry | None:
        """Return what stands at the path, or None when nothing does."""
        try:
            with self._told(f"look at {path}"):
                return _entry(path, self._at(path).stat())
        except MissingFile:
            return None

    def read(self, path: str, size: int) -> bytes:
        """Return the file's `size` bytes; ChangedFile when it holds fewer or more by now."""
        with self._told(f"read {path}"), self._at(path).open("rb") as stream:
            content = stream.read(size + 1)
        if len(content) != size:
            raise ChangedFile(f"{path} changed while it was read", code="files changed")
        return content

    def write(self, path: str, content: bytes) -> None:
        """Write the file anew; it is on disk when this returns."""
        with self._told(f"write {path}"), self._at(path).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    def rename(self, source: str, target: str) -> None:
        """Rename in one step; NotDone when the target exists."""
        if os.path.lexists(self._at(target)) and os.path.lexists(self._at(source)):
            raise NotDone(f"{self.where}: could not rename {source}: {target} exists already", code="files failure")
        self.replace(source, target)

    def replace(self, source: str, target: str) -> None:
        """Rename in one step over whatever stands at the target; on disk when this returns."""
        with self._told(f"rename {source} to {target}"):
            self._at(source).replace(self._at(target))
            for folder in {self._at(source).parent, self._at(target).parent}:
                _sync(folder)

    def remove(self, path: str) -> None:
        """Remove the file; one that is gone already is fine."""
        with self._told(f"remove {path}"):
            self._at(path).unlink(missing_ok=True)

    def make_folder(self, path: str) -> None:
        """Make the folder; NotDone when it exists."""
        with self._told(f"make folder {path}"):
            self._at(path).mkdir()

    def close(self) -> None:
        """Nothing stays open."""

    def _at(self, path: str) -> Path:
        return self._root / path

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        said = f"{self.where}: could not {doing}"
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            todo = "correct the folder in the mapping file, or make it; is the disk mounted?"
            raise MissingFile(f"{said}: no such file or folder", todo=todo, code="files missing") from None
        except PermissionError:
            raise AccessDenied(
                f"{said}: permission denied",
                todo="give the user that the hub runs as the right to read, write and rename there",
                code="files permission",
            ) from None
        except FileExistsError:
            raise NotDone(f"{said}: it exists already", code="files failure") from None
        except (TimeoutError, ConnectionError) as error:  # a mounted folder whose server went away
            raise ConnectionLost(f"{said}: {error}", code="files connection lost") from None
        except OSError as error:
            words = error.strerror or str(error)
            raise NotDone(f"{said}: {words}", todo="look at the disk", extract=words, code="files failure") from None


def _entry(name: str, facts: os.stat_result) -> Entry:
    return Entry(name, facts.st_size, int(facts.st_mtime), is_file=modes.S_ISREG(facts.st_mode))


def _sync(folder: Path) -> None:
    """Have the folder's own change written to disk: a rename is one."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
