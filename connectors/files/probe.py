"""What `check` does on the server: look into every folder we read, write and rename a probe where we write."""

from __future__ import annotations

from connectors.files import names
from connectors.files.inbox import waiting_files
from connectors.files.outbox import no_posix_rename
from connectors.files.settings import FilesSettings, Rename
from hub.contract import ConnectorError, DocumentSpec, Health, Translator
from hub.model.document import Direction
from hub.wire.files import NotDone, RemoteFiles

#: Waiting files are counted no further than this.
COUNTED = 1000


def probe(session: RemoteFiles, settings: FilesSettings, translator: Translator) -> Health:
    """Say in one sentence what works; the first thing that does not is the answer."""
    try:
        session.open()
        said = [f"logged in to {session.where}"]
        for document in translator.documents():
            path = settings.path(translator.files(document.name))
            said.append(_reads(session, document, path) if document.direction is Direction.IN else "")
        said.extend(_writes(session, settings, folder) for folder in _written(settings, translator))
    except ConnectorError as error:
        return Health(ok=False, sentence=error.what, todo=error.todo)
    return Health(ok=True, sentence="; ".join(words for words in said if words))


def _reads(session: RemoteFiles, document: DocumentSpec, path: str) -> str:
    count = waiting_files(session, path, COUNTED)
    return f"{document.name}: {count}{'+' if count == COUNTED else ''} waiting as {path}"


def _written(settings: FilesSettings, translator: Translator) -> list[str]:
    outward = [each for each in translator.documents() if each.direction is Direction.OUT]
    return sorted({names.split(settings.path(translator.files(each.name)))[0] for each in outward})


def _writes(session: RemoteFiles, settings: FilesSettings, folder: str) -> str:
    """Leave the same trace as an upload does, under names that no partner's pattern matches."""
    first = names.join(folder, f".check-{settings.instance}-1{names.PART}")
    second = names.join(folder, f".check-{settings.instance}-2{names.PART}")
    session.write(first, b"crossdock looks whether it may write here\n")
    session.remove(second)
    try:
        move = session.replace if settings.rename is Rename.POSIX else session.rename
        move(first, second)
    except NotDone as error:
        session.remove(first)
        if "unsupported" in error.extract.lower():
            raise no_posix_rename(session.where) from None
        raise
    session.remove(second)
    return f"can write in {folder}"
