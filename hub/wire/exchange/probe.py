"""What a check does in folders: look where we read; write, rename and remove a tiny file where we write."""

from __future__ import annotations

from hub.contract import DocumentSpec, Health
from hub.model.document import Direction
from hub.wire.exchange import names
from hub.wire.exchange.checkup import Checkup
from hub.wire.exchange.inbox import waiting_files
from hub.wire.exchange.outbox import no_posix_rename
from hub.wire.exchange.port import DocumentFiles
from hub.wire.exchange.settings import ExchangeSettings, Rename
from hub.wire.files import NotDone, RemoteFiles

#: Waiting files are counted no further than this.
COUNTED = 1000


def probe(
    session: RemoteFiles, settings: ExchangeSettings, listed: DocumentFiles, partner: str, *, read_only: bool = False
) -> Health:
    """Say in one sentence what works or what does not, and what to ask the partner for."""
    checkup = Checkup(partner)
    if not checkup.step(lambda: _opened(session)):
        return checkup.health()
    for document in listed.documents():
        if document.direction is Direction.IN:
            _look(checkup, session, document, settings.path(listed.files(document.name)))
    for folder in _written(settings, listed):
        place = f"the folder {folder}"
        if read_only:
            checkup.step(lambda at=folder: _listed(session, at), right=f"the right to list {folder}", place=place)  # type: ignore[misc]
        else:
            _try_to_write(checkup, session, settings, folder)
    return checkup.health()


def _opened(session: RemoteFiles) -> str:
    session.open()
    return f"logged in to {session.where}"


def _look(checkup: Checkup, session: RemoteFiles, document: DocumentSpec, path: str) -> None:
    folder = names.split(path)[0]

    def counted() -> str:
        count = waiting_files(session, path, COUNTED)
        return f"{document.name}: {count}{'+' if count == COUNTED else ''} waiting as {path}"

    checkup.step(counted, right=f"the right to list and read {folder}", place=f"the folder {folder}")


def _listed(session: RemoteFiles, folder: str) -> str:
    next(iter(session.list(folder)), None)
    return f"can look into {folder} (whether we may write there was not tried)"


def _written(settings: ExchangeSettings, listed: DocumentFiles) -> list[str]:
    outward = [each for each in listed.documents() if each.direction is Direction.OUT]
    return sorted({names.split(settings.path(listed.files(each.name)))[0] for each in outward})


def _try_to_write(checkup: Checkup, session: RemoteFiles, settings: ExchangeSettings, folder: str) -> None:
    """Leave the same trace as an upload does, under names that no partner's pattern matches."""
    stem = names.join(folder, f"crossdock-connection-check-{settings.instance}")
    first, second = f"{stem}-1{names.PART}", f"{stem}-2{names.PART}"
    place = f"the folder {folder}"

    def written() -> str:
        session.write(first, b"Crossdock looks whether it may write here. This file may be deleted.\n")
        return ""

    def renamed() -> str:
        session.remove(second)
        _rename(session, settings, first, second)
        return ""

    def removed() -> str:
        session.remove(first)
        session.remove(second)
        return f"can write in {folder}"

    if not checkup.step(written, right=f"write permission in {folder}", place=place):
        return
    may_rename = checkup.step(renamed, right=f"permission to rename in {folder}", place=place)
    if not checkup.step(removed, right=f"permission to delete in {folder}: {second if may_rename else first} is left"):
        return
    if not may_rename:
        checkup.works[-1] = f"can write in {folder}, but not rename there"


def _rename(session: RemoteFiles, settings: ExchangeSettings, first: str, second: str) -> None:
    try:
        move = session.replace if settings.rename is Rename.POSIX else session.rename
        move(first, second)
    except NotDone as error:
        if "unsupported" in error.extract.lower():
            wanted = no_posix_rename(session.where)
            raise NotDone(wanted.what, todo=wanted.todo, code=wanted.code) from None
        raise
