"""What a command says when the machine under it is in trouble: the database, the disk, a permission."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from hub.store.errors import StoreBusy, StoreUnusable
from hub.store.migrate import SchemaTooNew

#: What a database says, as a piece of it, and what to do about it.
_TODO = {
    "disk is full": "make room; nothing that was kept is lost",
    "disk i/o error": "make room, or look after the disk; nothing that was kept is lost",
    "not a database": "put the last backup back with `crossdock db restore`",
    "malformed": "put the last backup back with `crossdock db restore`",
    "readonly database": "work as the user that the hub runs as",
    "unable to open": "work as the user that the hub runs as, and see that [hub] data is right",
    "is locked": "end the program that holds it, and try again",
}


def in_words(error: BaseException) -> str | None:
    """Return what is wrong and what to do; None for what is no trouble of the machine but a fault of ours."""
    if isinstance(error, StoreBusy | StoreUnusable | SchemaTooNew):
        return str(error)
    if isinstance(error, DBAPIError):
        said = str(error.orig).strip().partition("\n")[0]
        known = (todo for piece, todo in _TODO.items() if piece in said.lower())
        return f"the database: {said}: {next(known, 'see that it runs, and that [store] url is right')}"
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return None
