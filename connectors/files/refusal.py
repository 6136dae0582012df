"""Files that are not read: what the hub keeps of them instead, so that a person sees which, why and where it lies."""

from __future__ import annotations

from hub.contract import BadRecord

_MARK = b"\x00crossdock refused this file\n"


def refusal(sentence: str) -> bytes:
    """Return the content that stands for a file which is not read."""
    return _MARK + sentence.encode()


def refused(content: bytes, name: str) -> BadRecord | None:
    """Return the bad record that such content means, or None for a file like any other."""
    if not content.startswith(_MARK):
        return None
    return BadRecord(
        content.removeprefix(_MARK).decode("utf-8", "replace"),
        record=f"file {name}",
        todo="ask the partner for a smaller file, or raise max_file_bytes and give the file its old name back",
        code="file too large",
    )
