"""Dropping files: uploaded under a name of their own, noted as whole, then renamed once and never again.

There is one uploaded object a document, and only a rename makes it visible. Once it is noted as staged it is never
written again, so a rename that was asked for and whose answer was lost can happen at most once, however late.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.contract import (
    Absent,
    AccessDenied,
    CannotTell,
    Context,
    Finding,
    Found,
    Outbound,
    OutcomeUnknown,
    Receipt,
    Rejected,
)
from hub.wire.exchange import names
from hub.wire.exchange.settings import ExchangeSettings, Rename
from hub.wire.files import ChangedFile, ConnectionLost, Continues, MissingFile, NotDone, RemoteFiles

#: What is noted, durably, when the uploaded file is whole and just before it is renamed.
STAGED = "staged"
#: Bytes that may have been on their way when an upload broke off; a server may write them in any order, so the end of
#: what stands there is written again. Less is not worth looking for.
UNSURE = 4 << 20
#: Bytes before those by which what stands there is known as the beginning of ours.
_KNOWN_BY = 32_000


@dataclass(frozen=True, slots=True)
class _Places:
    """Where a document goes, and where it waits until then."""

    target: str
    part: str


class Outbox:
    """The folders of the partner that we write to."""

    def __init__(self, session: RemoteFiles, settings: ExchangeSettings, context: Context) -> None:
        self._session = session
        self._settings = settings
        self._context = context

    def send(self, outbound: Outbound) -> Receipt:
        """Upload, note, rename; a file that stands there already with these bytes is taken as sent."""
        places = self._places(outbound)
        if (there := self._already_there(outbound, places)) is not None:
            return there
        whole = self._part_is_whole(outbound, places)
        if _was_staged(outbound) and not whole:
            raise OutcomeUnknown(
                f"{self._where(places.part)}, noted as complete, is gone: an earlier rename may have happened",
                code="sftp outcome unknown",
            )
        self._context.checkpoint("before_bytes")
        if not whole:
            self._upload(outbound.content, places.part)
            self._check_size(outbound, places)
        self._context.note(outbound.key, f"{STAGED} {places.part}")
        self._context.checkpoint(STAGED)
        self._rename(places)
        self._context.checkpoint("bytes_sent")
        return Receipt(reference=places.target, reply=f"{len(outbound.content)} bytes stand at {places.target}")

    def find(self, outbound: Outbound) -> Finding:
        """Say where an earlier send of this document got to."""
        places = self._places(outbound)
        if not _was_staged(outbound):
            return Absent()  # the rename, which alone makes it visible, comes after the note
        same = self._same(places.target, outbound.content)
        if same:
            return Found(Receipt(reference=places.target, reply=f"stands at {places.target}"))
        if same is False:
            return CannotTell(f"{self._where(places.target)} exists and holds something else")
        for folder in self._settings.visible:
            path = names.join(self._settings.path(folder), names.split(places.target)[1])
            if self._same(path, outbound.content):
                return Found(Receipt(reference=path, reply=f"the partner moved it to {path}"))
        if self._part_is_whole(outbound, places):
            return Absent()
        return CannotTell(
            f"{self._where(places.target)} was uploaded whole and is nowhere to be seen: "
            "the partner may have taken it; its answer will tell"
        )

    def _already_there(self, outbound: Outbound, places: _Places) -> Receipt | None:
        same = self._same(places.target, outbound.content)
        if same is None:
            return None
        if same:
            return Receipt(reference=places.target, reply=f"stood at {places.target} already")
        raise Rejected(
            f"{self._where(places.target)} exists already and holds something else; it was not overwritten",
            todo="look at both files; move the partner's copy aside and send again, or close this delivery",
            code="sftp name taken",
        )

    def _same(self, path: str, content: bytes) -> bool | None:
        """Whether the file at the path holds this content; None when there is no file."""
        there = self._session.stat(path)
        if there is None:
            return None
        if there.size != len(content):
            return False
        try:
            return self._session.read(path, there.size) == content
        except AccessDenied:  # a drop folder may be written and listed, not read: name and size have to do
            return True
        except MissingFile:
            return None

    def _part_is_whole(self, outbound: Outbound, places: _Places) -> bool:
        return self._same(places.part, outbound.content) is True

    def _upload(self, content: bytes, part: str) -> None:
        """Write the file, or of a large one what an upload that broke off left to do."""
        session = self._session
        if isinstance(session, Continues) and (start := _standing(session, content, part)):
            session.write_on(part, content, start)
        else:
            self._session.write(part, content)

    def _check_size(self, outbound: Outbound, places: _Places) -> None:
        there = self._session.stat(places.part)
        if there is None or there.size != len(outbound.content):
            size = "no" if there is None else there.size
            raise NotDone(
                f"{self._where(places.part)} has {size} bytes after an upload of {len(outbound.content)}",
                todo="ask the partner whether the disk is full, or whether something there removes new files",
                code="sftp short upload",
            )

    def _rename(self, places: _Places) -> None:
        move = self._session.replace if self._settings.rename is Rename.POSIX else self._session.rename
        try:
            move(places.part, places.target)
        except (ConnectionLost, MissingFile) as error:
            raise OutcomeUnknown(
                f"{error.what}; it may have been renamed", todo="the hub looks for it", code="sftp outcome unknown"
            ) from None
        except NotDone as error:
            if "unsupported" in error.extract.lower():
                raise no_posix_rename(self._session.where) from None
            raise

    def _places(self, outbound: Outbound) -> _Places:
        folder, name = names.split(outbound.name)
        unsafe = not name or name in (".", "..") or ".." in folder.split("/") or not outbound.name.isprintable()
        if unsafe:
            raise Rejected(f"{outbound.name!r} is no name for a file", todo="correct `files` of this document")
        target = self._settings.path(outbound.name)
        return _Places(target=target, part=names.part_name(target, outbound.key))

    def _where(self, path: str) -> str:
        return f"{self._session.where}/{path.lstrip('/')}"


def _standing(session: Continues, content: bytes, part: str) -> int:
    """Return how many bytes of the content stand at the other side for certain; 0 when that is not worth knowing."""
    if len(content) <= UNSURE or (there := session.stat(part)) is None:
        return 0
    start = there.size - UNSURE
    if start < _KNOWN_BY or there.size >= len(content):
        return 0
    try:
        known = session.read_part(part, start - _KNOWN_BY, _KNOWN_BY)
    except (AccessDenied, ChangedFile, MissingFile, NotDone):  # it may be written, not read; then it is written anew
        return 0
    return start if known == content[start - _KNOWN_BY : start] else 0


def no_posix_rename(where: str) -> AccessDenied:
    """Return the error for a server that does not know the atomic rename."""
    return AccessDenied(
        f"{where}: the server does not support posix-rename@openssh.com",
        todo='set rename = "plain" under [connection]',
        code="sftp no posix-rename",
    )


def _was_staged(outbound: Outbound) -> bool:
    return (outbound.note or "").startswith(STAGED)
