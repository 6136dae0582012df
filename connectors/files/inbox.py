"""Taking files: claimed by rename, read, handed over, and put away only when the hub has them safe.

A file that was claimed stays claimed until it is put away, so a crash at any instant leaves it where the next sweep
looks first; its key is the same then, because a rename changes neither its time nor its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from connectors.files import names
from connectors.files.refusal import refusal
from connectors.files.settings import After, FilesSettings, Ready
from hub.clock import Clock
from hub.contract import ConnectorError, Page, RawItem
from hub.log import EventLog
from hub.wire.sftp import ChangedFile, ConnectionLost, Entry, MissingFile, NotDone, SftpSession

#: Files that are looked at together; a longer folder is listed again when these are put away.
ROUND = 1000
#: A page holds no more bytes than this, but always one file.
PAGE_BYTES = 32 * 2**20
#: Lost connections after which a sweep ends; after the first the other files are still tried.
LOSSES = 2

_log = EventLog("connectors.files")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A file in our hands: where it lies claimed, what goes to the hub, and where it goes afterwards."""

    name: str
    claimed: str
    item: RawItem
    refused: bool = False


@dataclass(slots=True)
class _Round:
    """Files to look at now, oldest first, and whether the folder holds more of them."""

    leftovers: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    complete: bool = True


class Inbox:
    """The files of one pattern in one folder of the partner."""

    def __init__(self, session: SftpSession, settings: FilesSettings, clock: Clock, pattern: str) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._folder, self._glob = names.split(settings.path(pattern))
        self._known_as = names.split(pattern)[0]
        self._passed: set[str] = set()  # files that this sweep leaves alone: still growing, taken by others, unreadable
        self._troubles: list[ConnectorError] = []
        self._losses = 0

    def pages(self, cursor: str | None, page_size: int) -> Iterator[Page]:
        """Yield pages of files; a page's files are put away when the next page is asked for.

        A file that cannot be read is left where it is and raised at the end, when all others have been handed over.
        """
        more = True
        while more and self._losses < LOSSES:
            entries, more = self._look()
            queue = iter(entries)
            while taken := self._take_page(queue, page_size):
                yield Page(tuple(each.item for each in taken), cursor)
                for each in taken:
                    self._put_away(each)
        if self._troubles:
            raise self._troubles[0]

    def _look(self) -> tuple[list[tuple[Entry, bool]], bool]:
        found = self._round()
        held = {entry.name for entry in found.leftovers}
        waiting = [entry for entry in found.waiting if self._claimed_name(entry.name) not in held]
        if waiting and self._settings.ready is Ready.STABLE:
            waiting = self._unchanged(waiting)
        oldest = [(entry, False) for entry in sorted(waiting, key=_age)]
        return [(entry, True) for entry in sorted(found.leftovers, key=_age)] + oldest, not found.complete

    def _round(self) -> _Round:
        found = _Round()
        seen = 0
        with closing(self._session.list(self._folder)) as listing:
            for entry in listing:
                seen += 1
                if not entry.is_file or entry.name in self._passed:
                    continue
                if names.leftover_of(entry.name, self._glob, self._settings.instance):
                    found.leftovers.append(entry)
                elif names.is_waiting(entry.name, self._glob):
                    found.waiting.append(entry)
                if len(found.leftovers) + len(found.waiting) >= ROUND:
                    found.complete = False
                    break
        if seen > self._settings.crowded:
            _log.warning("folder crowded", folder=self._where(self._folder), entries=seen, todo="ask for a clean-up")
        return found

    def _unchanged(self, entries: list[Entry]) -> list[Entry]:
        """Return those that are the same after a while; the others are left for the next sweep."""
        self._clock.sleep(self._settings.stable_seconds)
        same = []
        for entry in entries:
            now = self._session.stat(names.join(self._folder, entry.name))
            if now is not None and (now.size, now.modified) == (entry.size, entry.modified):
                same.append(entry)
            else:
                self._passed.add(entry.name)
        return same

    def _take_page(self, queue: Iterator[tuple[Entry, bool]], page_size: int) -> list[_Taken]:
        taken: list[_Taken] = []
        size = 0
        while self._losses < LOSSES and len(taken) < page_size and size < PAGE_BYTES:
            entry, is_leftover = next(queue, (None, False))
            if entry is None:
                break
            each = self._try_to_take(entry, is_leftover=is_leftover)
            if each is not None:
                taken.append(each)
                size += len(each.item.content)
        return taken

    def _try_to_take(self, entry: Entry, *, is_leftover: bool) -> _Taken | None:
        try:
            return self._take(entry, is_leftover=is_leftover)
        except ConnectionLost as error:
            self._losses += 1
            self._troubles.append(error)
            self._passed.update((entry.name, self._claimed_name(entry.name)))
            return None

    def _take(self, entry: Entry, *, is_leftover: bool) -> _Taken | None:
        name = entry.name.removesuffix(names.claim_suffix(self._settings.instance)) if is_leftover else entry.name
        claimed = names.join(self._folder, self._claimed_name(name))
        if not is_leftover and not self._claim(name, claimed):
            self._passed.add(entry.name)
            return None
        if entry.size > self._settings.max_file_bytes:
            return self._refuse(name, claimed, entry)
        try:
            content = self._session.read(claimed, entry.size)
        except ConnectionLost:
            raise  # counted by the caller: one may be this file's fault, two are the server's
        except ChangedFile:
            self._give_back(name, claimed)
        except MissingFile:
            self._passed.add(entry.name)
        except ConnectorError as error:
            self._troubles.append(_about_one_file(error))
            self._passed.add(self._claimed_name(name))
        else:
            return _Taken(name, claimed, self._item(name, entry.modified, content))
        return None

    def _claim(self, name: str, claimed: str) -> bool:
        """Rename the file to our claim; false when somebody else was faster or our last claim still stands."""
        path = names.join(self._folder, name)
        try:
            self._session.rename(path, claimed)
        except MissingFile:
            return False
        except NotDone as error:
            if self._session.stat(claimed) is None and self._session.stat(path) is not None:
                self._troubles.append(_about_one_file(error))
            return False
        return True

    def _give_back(self, name: str, claimed: str) -> None:
        """Let the partner finish a file that is still growing; a newer one of that name keeps the place."""
        self._passed.update((name, self._claimed_name(name)))
        try:
            self._session.rename(claimed, names.join(self._folder, name))
        except (MissingFile, NotDone):
            return

    def _refuse(self, name: str, claimed: str, entry: Entry) -> _Taken:
        where = self._where(names.join(self._folder, name))
        limit = self._settings.max_file_bytes
        sentence = (
            f"{where} holds {entry.size} bytes, more than the {limit} of max_file_bytes; "
            f"it was not read and lies beside as {name}.refused"
        )
        key = f"{names.join(self._known_as, name)}:{entry.modified}:{entry.size} bytes"
        return _Taken(name, claimed, RawItem(key, refusal(sentence), name, _moment(entry.modified)), refused=True)

    def _item(self, name: str, modified: int, content: bytes) -> RawItem:
        digest = hashlib.sha256(content).hexdigest()[:16]
        key = f"{names.join(self._known_as, name)}:{modified}:{digest}"
        return RawItem(key=key, content=content, name=name, at=_moment(modified))

    def _put_away(self, taken: _Taken) -> None:
        """Delete or archive a file that the hub has; one that is gone already was put away before."""
        stamp = names.version_stamp(int((taken.item.at or _moment(0)).timestamp()), taken.item.content)
        if taken.refused:
            beside = names.join(self._folder, f"{taken.name}.refused")
            self._move(taken.claimed, (beside, f"{beside}-{stamp.rpartition('-')[2]}"))
        elif self._settings.after is After.DELETE:
            self._session.remove(taken.claimed)
        else:
            folder = self._archive_folder()
            choices = names.join(folder, taken.name), names.join(folder, names.stamped(taken.name, stamp))
            self._move(taken.claimed, choices, make=folder)

    def _archive_folder(self) -> str:
        wanted = self._settings.archive_folder
        return self._settings.path(wanted) if wanted.startswith("/") else names.join(self._folder, wanted)

    def _move(self, source: str, targets: tuple[str, str], make: str = "") -> None:
        """Move to the first target that is free; the second is unique to this version, so there it lies already."""
        first, second = targets
        try:
            self._session.rename(source, first)
        except NotDone:
            self._move_unique(source, second)
        except MissingFile:
            if make and self._session.stat(source) is not None:
                self._session.make_folder(make)
                self._session.rename(source, first)

    def _move_unique(self, source: str, target: str) -> None:
        try:
            self._session.rename(source, target)
        except NotDone:
            if self._session.stat(target) is None:
                raise
            self._session.remove(source)
        except MissingFile:
            return

    def _claimed_name(self, name: str) -> str:
        return f"{name}{names.claim_suffix(self._settings.instance)}"

    def _where(self, path: str) -> str:
        return f"{self._session.endpoint}/{path.lstrip('/')}"


def waiting_files(session: SftpSession, path: str, at_most: int) -> int:
    """Return how many files of a pattern wait, counting no further than `at_most`."""
    folder, glob = names.split(path)
    with closing(session.list(folder)) as listing:
        return sum(1 for _ in islice((each for each in listing if names.is_waiting(each.name, glob)), at_most))


def _age(entry: Entry) -> tuple[int, str]:
    return entry.modified, entry.name


def _moment(modified: int) -> datetime:
    return datetime.fromtimestamp(modified, UTC)


def _about_one_file(error: ConnectorError) -> NotDone:
    """Return the trouble with a single file as one that is tried again: it must not close the whole connection."""
    return NotDone(error.what, todo=error.todo or "the other files were taken; look at this one", code=error.code)
