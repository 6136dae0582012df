"""Delimited text (CSV and its kin): bytes to rows with their line numbers, and rows back to bytes.

Knows nothing of partners or of what the cells mean. Reading streams and is bounded: one record may hold so many bytes
and no more, a quote that never closes costs its own line and not the rest of the file, and a row that cannot be read
is handed on as `Unreadable` between the ones that can.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hub.codec import packed
from hub.codec.fault import Refused, Unreadable
from hub.codec.packed import Stream

__all__ = [
    "ENCODINGS",
    "Dialect",
    "Refused",
    "Table",
    "Unreadable",
    "even",
    "line_of",
    "read",
    "records",
    "shown",
    "write",
]

_CHUNK: Final = 1 << 16
#: How many lines one record may span through quoted line breaks; more means that somebody forgot a quote.
LONGEST_SPAN: Final = 100
#: A byte order mark; within a text it stands where files were joined, and nobody sees it.
_MARK: Final = "\ufeff"
#: Characters that stand for bytes which are not text: escaped bad bytes, and NUL.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
#: Files that are no delimited text at all, by their first bytes.
_OTHER_FILES: Final = (
    (b"PK\x03\x04", "is an Excel workbook", 'declare format = "xlsx", or ask the partner for plain CSV'),
    (b"\x1f\x8b", "is gzip-compressed twice", "ask the partner to compress it once"),
    (b"%PDF", "is a PDF", "ask the partner for plain CSV"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel file (.xls)", "ask the partner for .xlsx or plain CSV"),
    (b"\x89PNG", "is a picture", "ask the partner for plain CSV"),
)
_PAGE: Final = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

#: Halves of characters that JSON can write and no text can hold; those that stand for bad bytes are others.
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")
#: Encodings in which a line feed is always the byte 0x0A, as reading by lines needs; UTF-16 is recoded before that.
ENCODINGS: Final = (
    "utf-8",
    "utf-8-sig",  # written with a byte order mark, as some spreadsheets want it
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "ascii",
    "latin-1",
    "iso-8859-1",
    "iso-8859-2",
    "iso-8859-15",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp437",
    "cp850",
    "mac-roman",
    # Greek, Turkish, Baltic, Russian; then those of two bytes a sign, in which no byte of a sign is a line end
    *("cp1253", "iso-8859-7", "cp1254", "iso-8859-9", "cp1257", "koi8-r"),
    *("shift_jis", "cp932", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr", "cp949"),
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the text is written; `quote` is empty when nothing is ever quoted, `record_bytes` bounds one record."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    record_bytes: int = 1 << 20


Row = list[str]
#: The line on which the row starts (1 is the file's first), and the row or why it cannot be read.
Numbered = tuple[int, Row | Unreadable]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it; every row has as many cells as the header has names."""

    header: tuple[str, ...]
    rows: Iterator[Numbered]


def read(source: bytes | Stream, dialect: Dialect) -> Table:
    """Read a file with a header line; raises Refused when there is none or it is no delimited text."""
    found = records(source, dialect)
    first = next(found, None)
    if first is None:
        raise Refused("the file is empty: not even a header line", "ask the partner whether the export failed")
    number, header = first
    if isinstance(header, Unreadable):
        raise Refused(f"the header (line {number}) cannot be read: {header.why}", header.todo)
    return Table(tuple(name.strip() for name in header), even(found, len(header), dialect))


def records(source: bytes | Stream, dialect: Dialect) -> Iterator[Numbered]:
    """Yield every record that holds anything, whatever its width; bytes may be compressed or UTF-16.

    Raises Refused where the file turns out to be no text, or an archive to be broken.
    """
    if isinstance(source, bytes):
        source, encoding = packed.opened(source, dialect.encoding)
        dialect = replace(dialect, encoding=encoding)
    return _Reader(source, dialect).records()


def write(rows: Iterable[Sequence[str]], dialect: Dialect) -> bytes:
    """Write rows so that `read` gives the same back; raises ValueError for a cell that the dialect cannot hold."""
    special = _special(dialect)
    out: list[str] = []
    for row in rows:
        cells = [_quoted(cell, special, dialect) for cell in row]
        line = dialect.delimiter.join(cells)
        out.append(line or dialect.quote * 2)  # an empty line would be no row at all
    text = "".join(line + dialect.line_end for line in out)
    try:
        return text.encode(dialect.encoding)
    except UnicodeEncodeError as error:
        bad = error.object[error.start]
        raise ValueError(f"the character {bad!r} cannot be written in {dialect.encoding}") from None


def line_of(row: Sequence[str], dialect: Dialect) -> str:
    """Return a row as it would stand in the file, to be shown to people."""
    special, quote = _special(dialect), dialect.quote
    cells = (f"{quote}{cell.replace(quote, quote * 2)}{quote}" if special.search(cell) else cell for cell in row)
    return shown(dialect.delimiter.join(cells if quote else row))


def shown(text: str, most: int = 2000) -> str:
    """Return text that may hold bad bytes or NULs as text that every log and database takes."""
    text = _HALF.sub(lambda match: f"\\u{ord(match[0]):04x}", text[:most].replace("\x00", "\\x00"))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _special(dialect: Dialect) -> re.Pattern[str]:
    """Return what makes a cell need quotes."""
    return re.compile(f"[{re.escape(dialect.delimiter + dialect.quote)}\r\n]")


def _quoted(cell: str, special: re.Pattern[str], dialect: Dialect) -> str:
    if _NOT_TEXT.search(cell):
        raise ValueError(f"{cell[:40]!r} holds a character that no text file may hold")
    if not special.search(cell):
        return cell
    if not dialect.quote:
        raise ValueError(f"{cell[:40]!r} holds a {dialect.delimiter!r} or a line break, and this file has no quotes")
    return dialect.quote + cell.replace(dialect.quote, dialect.quote * 2) + dialect.quote


def even(records: Iterator[Numbered], width: int, dialect: Dialect) -> Iterator[Numbered]:
    """Pass rows of the header's width on; blank rows go, extra cells that are empty too."""
    for number, row in records:
        if type(row) is not list or len(row) == width:
            yield number, row
        elif len(row) > width and not any(row[width:]):
            yield number, row[:width]
        else:
            yield number, _ragged(row, width, dialect)


def _ragged(row: Row, width: int, dialect: Dialect) -> Unreadable:
    return Unreadable(
        f"the row has {len(row)} cells and the header {width}",
        f"an unquoted {dialect.delimiter!r} inside a cell does this: ask the partner to quote such cells",
        line_of(row, dialect),
        "ragged row",
    )


class _NeverEnds(Exception):
    """A record grew over more lines, or more bytes, than one record may have."""

    def __init__(self, why: str, todo: str, code: str) -> None:
        super().__init__(why)
        self.why, self.todo, self.code = why, todo, code


class _Reader:
    """One pass over one file: chunks to lines to records, and on after each line that cannot be read."""

    def __init__(self, stream: Stream, dialect: Dialect) -> None:
        self._stream = stream
        self._dialect = dialect
        self._encoding = dialect.encoding.removesuffix("-sig")
        self._noisy = False  # a bad byte or a NUL was seen: from then on every row is looked at
        self._pending: list[str] = []  # the lines of the record that is being read
        self._again: deque[str] = deque()  # lines to read once more, after a quote that never closed
        self._end = b"\n"

    def records(self) -> Iterator[Numbered]:
        """Yield each record that holds anything, with the number of its first line."""
        lines = self._lines()
        pending, number, going = self._pending, 0, True
        while going:
            going = False
            try:
                for row in self._csv(lines):
                    start, number = number + 1, number + len(pending)
                    pending.clear()
                    if any(row):
                        yield start, (self._clean(row) if self._noisy else row)
            except (csv.Error, _NeverEnds) as error:
                going, number = True, number + 1
                yield number, self._unreadable(error)
                self._again.extendleft(reversed(pending[1:]))
                pending.clear()

    def _csv(self, lines: Iterator[str]) -> Iterator[Row]:
        quote = self._dialect.quote
        return csv.reader(
            self._feed(lines),
            delimiter=self._dialect.delimiter,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            strict=True,
        )

    def _feed(self, lines: Iterator[str]) -> Iterator[str]:
        pending, again = self._pending, self._again
        while again:
            pending.append(again.popleft())
            self._check()
            yield pending[-1]
        most = self._dialect.record_bytes
        for line in lines:
            pending.append(line)
            if len(pending) > 1 or len(line) > most:
                self._check()
            yield line

    def _check(self) -> None:
        """Stop a record that grows without end."""
        pending, most, quote = self._pending, self._dialect.record_bytes, self._dialect.quote
        too_long = sum(map(len, pending)) > most
        if len(pending) == 1 and too_long:
            raise _NeverEnds(f"the row is longer than {most} bytes", "ask the partner for the file again", "too long")
        if too_long or len(pending) > LONGEST_SPAN:
            raise _NeverEnds(
                f"a {quote} is opened and not closed within {LONGEST_SPAN} lines",
                f"a {quote} inside a quoted cell must be written twice: ask the partner to",
                "quote",
            )

    def _unreadable(self, error: csv.Error | _NeverEnds) -> Unreadable:
        raw = shown(self._pending[0].rstrip("\r\n")) if self._pending else ""
        if isinstance(error, _NeverEnds):
            return Unreadable(error.why, error.todo, raw, error.code)
        todo = f"a cell that holds a {self._dialect.quote} must be quoted, and the {self._dialect.quote} written twice"
        return Unreadable(f"the row is not well-formed: {error}", todo, raw, "quote")

    def _clean(self, row: Row) -> Row | Unreadable:
        """Return the row when all of it is text."""
        for place, cell in enumerate(row, 1):
            bad = _NOT_TEXT.search(cell)
            if bad is not None:
                return self._not_text(place, ord(bad[0]), row)
        return row

    def _not_text(self, place: int, code: int, row: Row) -> Unreadable:
        raw = line_of(row, self._dialect)
        if code == 0:
            return Unreadable(f"cell {place} holds a NUL byte", "ask the partner for the file again", raw, "encoding")
        why = f"cell {place} holds the byte 0x{code & 0xFF:02X}, which is not {self._encoding}"
        todo = "declare the document's `encoding` (cp1252 is usual for files from Windows), or ask for UTF-8"
        return Unreadable(why, todo, raw, "encoding")

    def _lines(self) -> Iterator[str]:
        """Yield lines with their line ends; only the bytes of a few lines are held at a time."""
        for chunk in self._chunks():
            if isinstance(chunk, str):
                yield chunk
            else:
                yield from io.StringIO(self._text(chunk), newline=self._end.decode())

    def _text(self, chunk: bytes) -> str:
        encoding = self._encoding
        try:
            text = chunk.decode(encoding)
        except UnicodeDecodeError:
            self._noisy = True
            return chunk.decode(encoding, "surrogateescape")
        self._noisy = self._noisy or "\x00" in text
        return text.replace(_MARK, "") if _MARK in text else text

    def _chunks(self) -> Iterator[bytes | str]:
        """Yield runs of whole lines as bytes; of a line longer than a record may be, its beginning as text."""
        rest, most = self._begin(), self._dialect.record_bytes
        self._end = b"\r" if b"\r" in rest and b"\n" not in rest else b"\n"
        while True:
            cut = rest.rfind(self._end) + 1
            if cut:
                yield rest[:cut]
                rest = rest[cut:]
            if len(rest) > most:
                yield rest[: most + 1].decode("latin-1")
                rest = self._skip()
            more = self._stream.read(_CHUNK)
            if not more:
                break
            rest += more
        if rest:
            yield rest

    def _skip(self) -> bytes:
        """Read past the end of the line and return what was read beyond it."""
        while chunk := self._stream.read(_CHUNK):
            _, end, rest = chunk.partition(self._end)
            if end:
                return rest
        return b""

    def _begin(self) -> bytes:
        """Return the first bytes, without a byte order mark; raises Refused for what is no text."""
        first = self._stream.read(_CHUNK)
        while 0 < len(first) < 4 and (more := self._stream.read(_CHUNK)):
            first += more
        for mark, what, todo in _OTHER_FILES:
            if first.startswith(mark):
                raise Refused(f"the file {what}, not delimited text", todo)
        if _PAGE.match(first[:500].removeprefix(codecs.BOM_UTF8)):
            todo = "a server answers so that has an error or wants a log-in: ask the partner what came in its place"
            raise Refused("the file is a web page, not delimited text", todo)
        if first.startswith(codecs.BOM_UTF8):
            self._encoding = "utf-8"  # the mark proves it, whatever was declared
        return first.removeprefix(codecs.BOM_UTF8)
