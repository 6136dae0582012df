"""Files that are not read: what the hub keeps of them instead, so that a person sees which, why and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.contract import BadRecord

_MARK = b"\x00crossdock refused this file\n"
_UNREADABLE = b"\x00crossdock could not read this file\n"
_INSEPARABLE = b"\x00crossdock could not keep this document alone\n"
#: What each stands for: of what the file's name is told, what to do, the code.
_MEANINGS: Final[Mapping[bytes, tuple[str, str, str]]] = {
    _MARK: (
        "file",
        "ask the partner for a smaller file, or raise max_file_bytes and give the file its old name back",
        "file too large",
    ),
    _UNREADABLE: (
        "file",
        "it is tried again at every look: ask the partner about it, and close this when it has come in",
        "file unreadable",
    ),
    _INSEPARABLE: (
        "a document of file",
        "nothing of it was applied, and the file is kept whole: ask the partner to send the document right",
        "document not kept",
    ),
}


def refusal(sentence: str) -> bytes:
    """Return the content that stands for a file which is not read."""
    return _MARK + sentence.encode()


def unreadable(sentence: str) -> bytes:
    """Return the content that stands for a file which could not be read, and is tried again."""
    return _UNREADABLE + sentence.encode()


def inseparable(sentence: str) -> bytes:
    """Return the content that stands for a document which cannot be kept without the file that it came in."""
    return _INSEPARABLE + sentence.encode("utf-8", "replace")


def refused(content: bytes, name: str) -> BadRecord | None:
    """Return the bad record that such content means, or None for a file like any other."""
    for mark, (of, todo, code) in _MEANINGS.items():
        if content.startswith(mark):
            return BadRecord(
                content.removeprefix(mark).decode("utf-8", "replace"), record=f"{of} {name}", todo=todo, code=code
            )
    return None
