"""What a transport is: the one thing that differs between SFTP, FTPS, a web server, a folder of this machine and mail.

| | claims a file by | an upload is whole because | after a lost reply `find` |
|---|---|---|---|
| SFTP, FTPS, folder | renaming it | it is renamed once, after it was noted as complete | looks for both names |
| HTTPS | nothing: one hub reads it | it is one request | reads the address; knows no more unless `repeatable` |
| mail | nothing: one hub reads it | a mail is accepted whole | looks into `sent_folder`; knows nothing without one |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from hub.contract import DocumentSpec, Finding, Health, Outbound, Page, Receipt


class DocumentFiles(Protocol):
    """Which documents flow over an account, and as which files."""

    def documents(self) -> tuple[DocumentSpec, ...]:
        """Return the documents."""
        ...

    def files(self, document: str) -> str:
        """Return the file pattern of a document: a glob inward, a name with {fields} outward."""
        ...


class Transport(Protocol):
    """One account at a partner; belongs to one thread, and does nothing before its first verb.

    Every verb but `check` raises the contract's errors and nothing else. Every `send` passes `before_bytes` when
    nothing has left yet that the partner could act upon, and `bytes_sent` when it may have everything.
    """

    def fetch(self, document: str, cursor: str | None) -> Iterator[Page]:
        """Yield pages of what waits; a page's items are put away when the next page is asked for."""
        ...

    def send(self, outbound: Outbound) -> Receipt:
        """Send whole or not at all, as far as the partner sees; OutcomeUnknown when nobody can say which."""
        ...

    def find(self, outbound: Outbound) -> Finding:
        """Say whether an earlier send arrived; CannotTell when only the partner knows."""
        ...

    def check(self, *, read_only: bool) -> Health:
        """Try everything that this connection needs, and say what to ask the partner for; writes unless told not to."""
        ...

    def close(self) -> None:
        """Let go of every socket and thread."""
        ...
