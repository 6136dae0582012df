"""A window on a stream of bytes: what has been read and not yet let go, addressed by offsets in the stream."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

_SMALLEST: Final = 1 << 16
_EBCDIC_ISA: Final = b"\xc9\xe2\xc1"
#: The line end of mainframes, as it comes out of their code page.
_MAINFRAME_LINE: Final = "\x85"


class Window:
    """Bytes of a stream from `base` on; `ended` once the stream has no more."""

    __slots__ = ("_chunks", "base", "data", "ended")

    def __init__(self, chunks: Iterable[bytes], size: int = _SMALLEST) -> None:
        self._chunks = _plain(_gathered(chunks, size))
        self.base = 0
        self.data = b""
        self.ended = False

    @property
    def end(self) -> int:
        """The offset after the last byte that has been read."""
        return self.base + len(self.data)

    def more(self, keep: int) -> bool:
        """Let go of what stands before `keep` and read on; False at the end of the stream."""
        chunk = next(self._chunks, b"")
        if not chunk:
            self.ended = True
            return False
        self.data = self.data[keep - self.base :] + chunk
        self.base = keep
        return True

    def find(self, mark: bytes, start: int) -> int:
        """Return the offset of the next `mark` that has been read, or -1."""
        at = self.data.find(mark, start - self.base)
        return at if at < 0 else at + self.base

    def search(self, pattern: re.Pattern[bytes], start: int) -> re.Match[bytes] | None:
        """Return the next match; its places count from `base`."""
        return pattern.search(self.data, start - self.base)

    def cut(self, start: int, stop: int) -> bytes:
        """Return the bytes between two offsets."""
        return self.data[start - self.base : stop - self.base]


def plain(content: bytes) -> bytes:
    """Return the bytes in which offsets are told: the content itself unless it is UTF-16 or EBCDIC."""
    return b"".join(_plain(iter([content])))  # of one piece that is the piece itself


def _gathered(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Join small chunks, so that a stream that drips costs no more than one that flows."""
    held: list[bytes] = []
    length = 0
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        if length >= size:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)


def _plain(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn UTF-16 and EBCDIC into bytes that the standard's characters are themselves in."""
    first = next(chunks, b"")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name, to = "utf-16", "utf-8"
    elif first.lstrip(b"\x40\x15\x25\x0d").startswith(_EBCDIC_ISA):
        name, to = "cp037", "latin-1"
    else:
        if first:
            yield first
        yield from (chunk for chunk in chunks if chunk)
        return
    decoder = codecs.getincrementaldecoder(name)("replace")
    for chunk in chain([first], chunks):
        if text := decoder.decode(chunk):
            yield text.replace(_MAINFRAME_LINE, "\n").encode(to, "replace")
