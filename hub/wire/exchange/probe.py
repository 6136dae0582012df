"""What a check does in folders: look where we read; write, rename and remove a tiny file where we write."""

from __future__ import annotations

from datetime import datetime

from hub.contract import ConnectorError, DocumentSpec, Health
from hub.model.document import Direction
from hub.wire.exchange import names
from hub.wire.exchange.checkup import Checkup
from hub.wire.exchange.inbox import waiting_files
from hub.wire.exchange.outbox import no_posix_rename
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.settings import ExchangeSettings, Rename
from hub.wire.files import NotDone, RemoteFiles
from hub.wire.sftp_host_key import fingerprint_of

#: Waiting files are counted no further than this.
COUNTED = 1000


#: Clocks that differ by more than this put files into the wrong order and figures into the wrong hour.
TOLERATED_SKEW = 120
_TEXT = b"Crossdock looks whether it may write here. This file may be deleted.\n"


def probe(
    session: RemoteFiles,
    settings: ExchangeSettings,
    listed: DocumentFiles,
    partner: str,
    now: datetime,
    *,
    read_only: bool = False,
) -> Health:
    """Say in one sentence what works or what does not, and what to ask the partner for."""
    checkup = Checkup(partner)
    if not checkup.step(lambda: _opened(session), point="credentials"):
        return checkup.health()
    if settings.host_key:
        checkup.note("host key", f"it is the agreed one: {', '.join(map(fingerprint_of, settings.host_key))}")
    for document in listed.documents():
        if document.direction is Direction.IN:
            _look(checkup, session, document, settings.path(listed.files(document.name)))
    for folder in _written(settings, listed):
        place = f"the folder {folder}"
        if read_only:
            right = f"the right to list {folder}"
            checkup.step(lambda at=folder: _listed(session, at), point="folders", right=right, place=place)  # type: ignore[misc]
            checkup.note("test document", f"not tried in {folder}: nothing was to be written", ok=None)
        else:
            _try_to_write(checkup, session, settings, folder, now)
    return checkup.health()


def _opened(session: RemoteFiles) -> str:
    session.open()
    return f"logged in to {session.where}"


def _look(checkup: Checkup, session: RemoteFiles, document: DocumentSpec, path: str) -> None:
    folder = names.split(path)[0]

    def counted() -> str:
        count = waiting_files(session, path, COUNTED)
        return f"{document.name}: {count}{'+' if count == COUNTED else ''} waiting as {path}"

    right = f"the right to list and read {folder}"
    checkup.step(counted, point="folders", right=right, place=f"the folder {folder}")


def _listed(session: RemoteFiles, folder: str) -> str:
    next(iter(session.list(folder)), None)
    return f"can look into {folder} (whether we may write there was not tried)"


def _written(settings: ExchangeSettings, listed: DocumentFiles) -> list[str]:
    outward = [each for each in listed.documents() if each.direction is Direction.OUT]
    return sorted({names.split(settings.path(listed.files(each.name)))[0] for each in outward})


def _try_to_write(
    checkup: Checkup, session: RemoteFiles, settings: ExchangeSettings, folder: str, now: datetime
) -> None:
    """Leave the same trace as an upload does, under names that no partner's pattern matches."""
    stem = names.join(folder, f"crossdock-connection-check-{settings.instance}")
    first, second = f"{stem}-1{names.PART}", f"{stem}-2{names.PART}"
    place = f"the folder {folder}"

    def written() -> str:
        session.write(first, _TEXT)
        return ""

    def renamed() -> str:
        session.remove(second)
        _rename(session, settings, first, second)
        return ""

    def removed() -> str:
        session.remove(first)
        session.remove(second)
        return f"can write in {folder}"

    point = "test document"
    if not checkup.step(written, point=point, right=f"write permission in {folder}", place=place):
        return
    may_rename = checkup.step(renamed, point=point, right=f"permission to rename in {folder}", place=place)
    left = second if may_rename else first
    _look_at_it(checkup, session, left, now)
    if not checkup.step(removed, point=point, right=f"permission to delete in {folder}: {left} is left"):
        return
    if not may_rename:
        checkup.works[-1] = f"can write in {folder}, but not rename there"


def _look_at_it(checkup: Checkup, session: RemoteFiles, path: str, now: datetime) -> None:
    """Read the test document back and compare clocks by it, as far as the partner lets us look where we write."""
    try:
        seen = session.stat(path)
        back = session.read(path, len(_TEXT)) if seen is not None else b""
    except ConnectorError as error:
        checkup.note("test document", f"what we wrote cannot be read back: {error.what}", ok=None)
        return
    if seen is None:
        checkup.note("test document", f"{path} is taken at once; it was not read back", ok=None)
    elif back != _TEXT:
        checkup.note("test document", f"{path} holds other bytes than were written", "ask why", ok=False)
    else:
        checkup.note("test document", f"{path} was written, renamed and read back as it was")
        ahead = seen.modified - int(now.timestamp())
        words = f"theirs is {abs(ahead)} s {'ahead' if ahead > 0 else 'behind'}" if ahead else "theirs shows our time"
        todo = "" if abs(ahead) <= TOLERATED_SKEW else "let both sides set their clocks by the network (NTP)"
        checkup.note("clocks", words, todo, ok=not todo)


def _rename(session: RemoteFiles, settings: ExchangeSettings, first: str, second: str) -> None:
    try:
        move = session.replace if settings.rename is Rename.POSIX else session.rename
        move(first, second)
    except NotDone as error:
        if "unsupported" in error.extract.lower():
            wanted = no_posix_rename(session.where)
            raise NotDone(wanted.what, todo=wanted.todo, code=wanted.code) from None
        raise
