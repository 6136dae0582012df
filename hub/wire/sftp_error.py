"""What can go wrong over SFTP, said in the contract's classes: a definite answer is never taken for a lost line."""

from __future__ import annotations

import errno

from hub.contract import AccessDenied, ConnectorError
from hub.wire.files import ConnectionLost, MissingFile, NotDone


class ServerSaid(OSError):
    """The server answered this request with an error: the request was not carried out."""


def said(error: ServerSaid, doing: str, where: str) -> ConnectorError:
    """Return the contract's error for an answer of the server."""
    if error.errno == errno.ENOENT:
        return MissingFile(
            f"{where}: could not {doing}: no such file or folder",
            todo="correct the folder in the mapping file, or ask the partner to make it",
            code="sftp missing",
        )
    if error.errno == errno.EACCES:
        return AccessDenied(
            f"{where}: could not {doing}: permission denied",
            todo="ask the partner to grant this account the right, or correct the folder in the mapping file",
            code="sftp permission",
        )
    words = str(error) or "no reason given"
    return NotDone(f"{where}: could not {doing}: the server answered {words!r}", extract=words, code="sftp failure")


def lost(error: BaseException, doing: str, where: str) -> ConnectionLost:
    """Return the contract's error for a line that broke or went silent."""
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"{where}: no answer in time to: {doing}", code="sftp timeout")
    words = str(error) or type(error).__name__
    return ConnectionLost(f"{where}: the connection broke during: {doing} ({words})", code="sftp connection lost")
