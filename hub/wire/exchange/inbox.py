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

from hub.contract import ConnectorError, Context, Page, RawItem
from hub.log import EventLog
from hub.wire.exchange import names
from hub.wire.exchange.refusal import refusal
from hub.wire.exchange.remembered import Remembered
from hub.wire.exchange.settings import After, ExchangeSettings, Ready
from hub.wire.exchange.troubles import Trouble, Troubles
from hub.wire.files import ChangedFile, ConnectionLost, Entry, MissingFile, NotDone, RemoteFiles

#: Files that are looked at together; a longer folder is listed again when these are put away.
ROUND = 1000
#: A page holds no more bytes than this, but always one file.
PAGE_BYTES = 32 * 2**20
#: Lost connections after which a sweep ends; after the first the other files are still tried.
LOSSES = 2
#: So many files that cannot be taken, with none that can, are the partner's fault and not each file's own.
ALL_IN_TROUBLE = 10

_log = EventLog("hub.wire.exchange")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A file in our hands: where it lies claimed, what goes to the hub, and where it goes afterwards."""

    name: str
    claimed: str
    item: RawItem
    entry: Entry
    refused: bool = False


@dataclass(slots=True)
class _Round:
    """Files to look at now, oldest first, and whether the folder holds more of them."""

    leftovers: list[Entry] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    complete: bool = True
    shown: set[str] = field(default_factory=set)  # every name of the folder, where markers decide


class Inbox:
    """The files of one pattern in one folder of the partner."""

    def __init__(self, session: RemoteFiles, settings: ExchangeSettings, context: Context, pattern: str) -> None:
        self._session = session
        self._settings = settings
        self._clock = context.clock
        self._folder, self._glob = names.split(settings.path(pattern))
        self._known_as = names.split(pattern)[0]
        self._leaves = settings.after is After.LEAVE
        self._by_marker = settings.ready is Ready.MARKER
        self._remembered = Remembered(None)
        self._shown: set[str] = set()
        self._passed: set[str] = set()  # files that this sweep leaves alone: still growing, taken by others, unreadable
        self._troubles = Troubles(context, pattern)
        self._losses: list[ConnectionLost] = []
        self._taken = 0

    def pages(self, cursor: str | None, page_size: int) -> Iterator[Page]:
        """Yield pages of files; a page's files are put away when the next page is asked for.

        A file that cannot be taken stays where it is and counts against itself alone, as long as the partner works
        otherwise: at the end it is told, once it has lasted.
        """
        self._remembered = Remembered(cursor if self._leaves else None)
        more = True
        while more and len(self._losses) < LOSSES:
            entries, more = self._look()
            queue = iter(entries)
            while taken := self._take_page(queue, page_size):
                for each in taken:
                    self._remembered.add(each.name, each.entry)
                yield Page(tuple(each.item for each in taken), self._remembered.cursor() if self._leaves else cursor)
                for each in taken:
                    self._put_away(each)
        if self._troubles.found:
            self._blame_the_partner()
            if lasting := self._troubles.lasting():
                after = self._remembered.cursor() if self._leaves else cursor
                yield Page(tuple(self._told(each) for each in lasting), after)
            self._troubles.remember()

    def _blame_the_partner(self) -> None:
        """Raise when it is not one file's fault: the line broke more than once or is gone, or no file can be taken."""
        if len(self._losses) >= LOSSES:
            raise self._losses[0]
        if len(self._troubles.found) >= ALL_IN_TROUBLE and not self._taken:
            raise self._troubles.found[0].error
        if self._losses:
            self._session.stat(self._folder)

    def _told(self, trouble: Trouble) -> RawItem:
        return self._item(trouble.name, trouble.entry.modified, trouble.content)

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
        whole = self._leaves or self._by_marker
        with closing(self._session.list(self._folder)) as listing:
            for entry in listing:
                seen += 1
                if whole:
                    found.shown.add(entry.name)
                self._sort(entry, found)
                if not whole and len(found.leftovers) + len(found.waiting) >= ROUND:
                    found.complete = False
                    break
        if seen > self._settings.crowded:
            _log.warning("folder crowded", folder=self._where(self._folder), entries=seen, todo="ask for a clean-up")
        return self._chosen(found) if whole else found

    def _sort(self, entry: Entry, found: _Round) -> None:
        """Put an entry of the listing where it belongs, if it is one of ours."""
        if not entry.is_file or entry.name in self._passed:
            return
        if names.leftover_of(entry.name, self._glob, self._settings.instance):
            found.leftovers.append(entry)
        elif names.is_waiting(entry.name, self._glob) and not self._is_marker(entry.name):
            found.waiting.append(entry)

    def _is_marker(self, name: str) -> bool:
        return self._by_marker and name.endswith(self._settings.markers)

    def _chosen(self, found: _Round) -> _Round:
        """Leave out what has no marker yet or was taken before, and what is too much for one round."""
        self._shown = found.shown
        if self._leaves:
            files = [(self._own_name(entry), entry) for entry in (*found.leftovers, *found.waiting)]
            self._remembered.keep_only(files)
            found.leftovers = [each for each in found.leftovers if not self._remembered.has(self._own_name(each), each)]
            found.waiting = [each for each in found.waiting if not self._remembered.has(each.name, each)]
        if self._by_marker:
            found.waiting = [each for each in found.waiting if self._marker(each.name)]
        found.complete = len(found.waiting) <= ROUND
        found.waiting = sorted(found.waiting, key=_age)[:ROUND]
        return found

    def _marker(self, name: str) -> str | None:
        return names.marker_of(name, self._settings.markers, self._shown)

    def _own_name(self, entry: Entry) -> str:
        """Return the name that the partner gave the file, whether we have claimed it or not."""
        return entry.name.removesuffix(names.claim_suffix(self._settings.instance))

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
        while len(self._losses) < LOSSES and len(taken) < page_size and size < PAGE_BYTES:
            entry, is_leftover = next(queue, (None, False))
            if entry is None:
                break
            each = self._try_to_take(entry, is_leftover=is_leftover)
            if each is not None:
                taken.append(each)
                size += len(each.item.content)
        self._taken += len(taken)
        return taken

    def _try_to_take(self, entry: Entry, *, is_leftover: bool) -> _Taken | None:
        try:
            return self._take(entry, is_leftover=is_leftover)
        except ConnectionLost as error:  # one may be this file's fault, two are the server's
            self._losses.append(error)
            self._leave_alone(entry, error)
        except NotDone as error:
            self._leave_alone(entry, error)
        return None

    def _leave_alone(self, entry: Entry, error: ConnectorError) -> None:
        name = self._own_name(entry)
        self._troubles.add(name, entry, error)
        self._passed.update((name, self._claimed_name(name)))

    def _take(self, entry: Entry, *, is_leftover: bool) -> _Taken | None:
        name = self._own_name(entry)
        claimed = names.join(self._folder, self._claimed_name(name))
        if self._leaves:
            claimed = names.join(self._folder, entry.name)
        elif not is_leftover and not self._claim(name, claimed):
            self._passed.add(entry.name)
            return None
        else:
            self._remove_marker(name, is_leftover=is_leftover)
        if entry.size > self._settings.max_file_bytes:
            return self._refuse(name, claimed, entry)
        return self._read(name, claimed, entry)

    def _read(self, name: str, claimed: str, entry: Entry) -> _Taken | None:
        try:
            content = self._session.read(claimed, entry.size)
        except ConnectionLost:
            raise
        except ChangedFile:
            self._give_back(name, claimed)
        except MissingFile:
            self._passed.add(entry.name)
        except ConnectorError as error:
            self._leave_alone(entry, _about_one_file(error))
        else:
            return _Taken(name, claimed, self._item(name, entry.modified, content), entry)
        return None

    def _remove_marker(self, name: str, *, is_leftover: bool) -> None:
        """Take the marker away with the file that is ours now: the next version of it waits for one of its own.

        Beside a claim that an earlier run left, the marker speaks of the file that stands there by now, if there is
        one. A marker of several files (inventory.done for inventory.csv and inventory.xml) goes with the last.
        """
        if not self._by_marker or (is_leftover and name in self._shown):
            return
        self._shown.discard(name)
        marker = self._marker(name)
        if marker is not None and not names.shares_marker(marker, self._settings.markers, self._shown):
            self._session.remove(names.join(self._folder, marker))

    def _claim(self, name: str, claimed: str) -> bool:
        """Rename the file to our claim; false when somebody else was faster or our last claim still stands."""
        path = names.join(self._folder, name)
        try:
            self._session.rename(path, claimed)
        except MissingFile:
            return False
        except NotDone:
            if self._session.stat(claimed) is None and self._session.stat(path) is not None:
                raise
            return False
        return True

    def _give_back(self, name: str, claimed: str) -> None:
        """Let the partner finish a file that is still growing; a newer one of that name keeps the place."""
        self._passed.update((name, self._claimed_name(name)))
        if self._leaves:
            return
        try:
            self._session.rename(claimed, names.join(self._folder, name))
        except (MissingFile, NotDone):
            return

    def _refuse(self, name: str, claimed: str, entry: Entry) -> _Taken:
        where = self._where(names.join(self._folder, name))
        limit = self._settings.max_file_bytes
        lies = "was not read" if self._leaves else f"was not read and lies beside as {name}.refused"
        sentence = f"{where} holds {entry.size} bytes, more than the {limit} of max_file_bytes; it {lies}"
        key = f"{names.join(self._known_as, name)}:{entry.modified}:{entry.size} bytes"
        item = RawItem(key, refusal(sentence), name, _moment(entry.modified))
        return _Taken(name, claimed, item, entry, refused=True)

    def _item(self, name: str, modified: int, content: bytes) -> RawItem:
        digest = hashlib.sha256(content).hexdigest()[:16]
        key = f"{names.join(self._known_as, name)}:{modified}:{digest}"
        return RawItem(key=key, content=content, name=name, at=_moment(modified))

    def _put_away(self, taken: _Taken) -> None:
        """Delete or archive a file that the hub has; one that is gone already was put away before."""
        if self._leaves:
            return
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
                self._make(make)
                self._session.rename(source, first)

    def _make(self, folder: str) -> None:
        """Make a folder; another hub may have been faster."""
        try:
            self._session.make_folder(folder)
        except NotDone:
            if self._session.stat(folder) is None:
                raise

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
        return f"{self._session.where}/{path.lstrip('/')}"


def waiting_files(session: RemoteFiles, path: str, at_most: int) -> int:
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
