"""What lies around a partner's file: compression (.gz, .zip) and encodings whose lines are no bytes (UTF-16).

Everything is read as a stream and bounded: a few kilobytes that unpack to gigabytes are refused while they grow, not
after. A workbook is a zip archive too and stays one.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib
from typing import Final, Protocol, cast

from hub.codec.fault import Refused

#: So many bytes a file may hold when unpacked; a feed of ten million rows has about half of it.
LARGEST: Final = 1 << 30
#: Beyond these first bytes, a file may be at most so many times as large as it was packed.
FREE: Final = 16 << 20
MOST_TIMES: Final = 400
_CHUNK: Final = 1 << 16
_ZIP: Final = b"PK\x03\x04"
_GZIP: Final = b"\x1f\x8b"
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_BROKEN: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class Stream(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return some bytes, none at the end."""
        ...


def is_workbook(content: bytes) -> bool:
    """Whether this is an Excel workbook rather than an archive of files."""
    return content.startswith(_ZIP) and b"[Content_Types].xml" in content[:4096] + content[-65536:]


def opened(content: bytes, encoding: str = "utf-8") -> tuple[Stream, str]:
    """Return a stream of the unpacked bytes and the encoding that they are in; raises Refused.

    UTF-16 comes out as UTF-8. A byte order mark is believed whatever was declared.
    """
    stream = _stream(content)
    first = _at_least(stream, 2)
    wide = _UTF16.get(first[:2]) or (encoding if encoding.startswith("utf-16") else None)
    whole = _Joined(first, stream)
    return (whole, encoding) if wide is None else (_Narrowed(whole, wide), "utf-8")


def unpacked(content: bytes, most: int) -> bytes:
    """Return the unpacked bytes at once, for formats that are not read as a stream; raises Refused beyond `most`."""
    return _all_of(_stream(content), most)


def decoded(content: bytes, encoding: str, most: int) -> str:
    """Return the text of a file that is read at once, without a byte order mark; raises Refused."""
    stream, name = opened(content, encoding)
    data = _all_of(stream, most)
    if data.startswith(codecs.BOM_UTF8):
        data, name = data[3:], "utf-8"
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        what = f"the byte 0x{data[error.start]:02X} at {error.start} is not {name}"
        raise Refused(what, "declare the document's `encoding`, or ask for UTF-8") from None


def _stream(content: bytes) -> Stream:
    try:
        if content.startswith(_GZIP):
            return _Bounded(cast("Stream", gzip.GzipFile(fileobj=io.BytesIO(content))), len(content))
        if content.startswith(_ZIP) and not is_workbook(content):
            return _Bounded(_only_member(zipfile.ZipFile(io.BytesIO(content))), len(content))
    except _BROKEN as error:
        raise _damaged(error) from None
    return io.BytesIO(content)


def _only_member(archive: zipfile.ZipFile) -> Stream:
    files = [each for each in archive.infolist() if not each.is_dir() and not _is_clutter(each.filename)]
    if len(files) != 1:
        names = ", ".join(each.filename[:60] for each in files[:5]) or "none"
        raise Refused(f"the archive holds {len(files)} files ({names})", "ask the partner for one file an archive")
    if files[0].flag_bits & 1:
        raise Refused("the archive is encrypted", "ask the partner for one without a password")
    return cast("Stream", archive.open(files[0]))


def _is_clutter(name: str) -> bool:
    """What a Mac or Windows adds by itself."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".") or name.endswith("Thumbs.db")


def _at_least(stream: Stream, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(_CHUNK)):
        data += more
    return data


def _all_of(stream: Stream, most: int) -> bytes:
    parts, size = [], 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > most:
            raise Refused(f"the file holds more than {most >> 20} MiB", "ask the partner for smaller files")
        parts.append(chunk)
    return b"".join(parts)


def _damaged(error: Exception) -> Refused:
    return Refused(f"the archive is damaged: {error}", "ask the partner for the file again")


class _Joined:
    """What was read already, then the rest."""

    def __init__(self, first: bytes, rest: Stream) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        first, self._first = self._first, b""
        return first or self._rest.read(size)


class _Bounded:
    """An unpacked stream that stops when it grows beyond reason."""

    def __init__(self, inner: Stream, packed: int) -> None:
        self._inner = inner
        self._most = min(LARGEST, FREE + packed * MOST_TIMES)
        self._seen = 0

    def read(self, size: int = -1, /) -> bytes:
        try:
            data = self._inner.read(size if 0 <= size <= _CHUNK else _CHUNK)
        except _BROKEN as error:
            raise _damaged(error) from None
        self._seen += len(data)
        if self._seen > self._most:
            what = f"the file unpacks to more than {self._most >> 20} MiB"
            raise Refused(what, "ask the partner what this is; it was not read")
        return data


class _Narrowed:
    """UTF-16 as UTF-8, with a mark that says so."""

    def __init__(self, inner: Stream, encoding: str) -> None:
        self._inner = inner
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._begun = False

    def read(self, size: int = -1, /) -> bytes:
        while True:
            data = self._inner.read(size)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeError as error:
                what = f"the file is not {self._encoding}: {getattr(error, 'reason', error)}"
                raise Refused(what, "declare the document's `encoding`, or ask for UTF-8") from None
            if not self._begun and text:
                text, self._begun = text.removeprefix("\ufeff"), True
            if text or not data:
                return text.encode("utf-8")
