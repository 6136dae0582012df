"""The bytes of an XML file on their way into the parsers of its documents: their encoding and their places."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

from hub.codec.idoc.fault import Fault, FaultCode

_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: What may stand behind the last document.
_AFTER: Final = b" \t\r\n\x1a\x00"
_MOST_BAD: Final = 20


class UnknownEncoding(ValueError):
    """The declaration names an encoding that nobody knows."""


class Source:
    """Chunks for the parsers of one file, a new parser for each document in it.

    `name` is the encoding as the file declares it, `encoding` what the parser must be told ("": it finds out itself).
    Encodings of several bytes a character go to the parser as UTF-8; only there a byte's place is not exact.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        first = b""
        while not first.strip() and (chunk := next(self._chunks, None)) is not None:
            first += chunk
        mark = next((each for each, _ in _MARKS if first.startswith(each)), b"")
        start = first[len(mark) :].lstrip() if mark in (b"", codecs.BOM_UTF8) else first
        self._base, self._lines = len(first) - len(start), first[: len(first) - len(start)].count(b"\n")
        self.name, self.encoding, self._decoder = _encoding(start, mark)
        self._loose = self.encoding in ("", "utf-8") and self.name == "utf-8"
        self._next: bytes | None = start
        self._last = b""
        self._tail = b""
        self._bad: list[int] = []
        self.fed = 0
        self.more = True

    def chunks(self) -> Iterator[bytes]:
        """Yield what the parser of this document is fed."""
        while self._next is not None:
            chunk = self._decoder.decode(self._next).encode() if self._decoder is not None else self._next
            self._next = next(self._chunks, None)
            chunk = self._readable(chunk) if self._loose else chunk
            self._last, before = chunk, self._last
            self._before = before
            self.fed += len(chunk)
            yield chunk

    def end(self) -> None:
        """Read no further."""
        self.more, self._next = False, None

    def place(self, line: int, at: int) -> tuple[int, int]:
        """Return the line and the byte in the file of a place that the parser tells."""
        return self._lines + line, self._base + max(at, 0)

    def goes_on(self, at: int, line: int) -> bool:
        """Whether another document begins at a byte of this one; then it is what the next parser is fed.

        False too where nothing but blanks and Ctrl-Z follow, which is the end.
        """
        held = self._before + self._last
        start = at - (self.fed - len(held))
        rest = held[start:].lstrip(_AFTER) if start >= 0 else b""
        if not rest:
            while self._next is not None and not self._next.strip(_AFTER):
                self._next = next(self._chunks, None)
            if self._next is None:
                self.end()
                return True
        if not rest.startswith(b"<") or self._decoder is not None or self.encoding == "utf-16":
            return False
        skipped = len(held) - start - len(rest)
        self._base += at + skipped
        self._lines += line - 1 + held[start : start + skipped].count(b"\n")
        self._next, self._chunks = rest, _chained(self._next, self._chunks)
        self._last = self._before = b""
        self.fed, self._bad = 0, []
        return True

    def bad_bytes(self, until: int) -> Iterator[Fault]:
        """Yield a fault for each byte so far that is no character, and forget it."""
        told = [at for at in self._bad if at < until]
        self._bad = self._bad[len(told) :]
        for at in told:
            yield Fault(FaultCode.BAD_BYTES, offset=self._base + at)

    def _readable(self, chunk: bytes) -> bytes:
        """Return a chunk in which bytes that are no UTF-8 are question marks, so that the rest can be read."""
        chunk, self._tail = self._tail + chunk, b""
        begins = self.fed
        at = 0
        whole = bytearray()
        while True:
            try:
                chunk[at:].decode()
            except UnicodeDecodeError as error:
                good, bad = at + error.start, at + error.end
                whole += chunk[at:good]
                if error.end == len(chunk) - at and error.reason == "unexpected end of data" and self._next is not None:
                    self._tail = chunk[good:]
                    return bytes(whole)
                if len(self._bad) < _MOST_BAD:
                    self._bad.append(begins + good)
                whole += b"?" * (bad - good)
                at = bad
            else:
                return bytes(whole) + chunk[at:] if at else chunk


def _chained(first: bytes | None, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first is not None:
        yield first
    yield from rest


def _encoding(start: bytes, mark: bytes) -> tuple[str, str, codecs.IncrementalDecoder | None]:
    """Return an encoding's name, what the parser is told, and what decodes it where the parser cannot."""
    if mark:
        name = dict(_MARKS)[mark]
        return name, name, None
    if start[:2] in (b"<\x00", b"\x00<"):
        name = "utf-16-le" if start[:1] == b"<" else "utf-16-be"
        return "utf-16", "utf-8", codecs.getincrementaldecoder(name)("replace")
    declared = _DECLARED.search(start[:400])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        known = codecs.lookup(name).name
        every = bytes(range(256)).decode(known, "replace")
    except LookupError:
        raise UnknownEncoding(f"the file is no XML that can be read: nobody knows its encoding {name!r}") from None
    if known.startswith("utf"):  # the declaration was read as ASCII, so it is none of those with two bytes
        return "utf-8", "utf-8", None
    if len(every) == 256 and known != "ascii":
        return name, "", None
    return name, "utf-8", codecs.getincrementaldecoder(known)("replace")
