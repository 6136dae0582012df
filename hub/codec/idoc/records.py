"""Cutting a flat file into records, whatever its framing and code page, in bounded memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from hub.codec.idoc import ebcdic
from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.loose import is_loose, loose
from hub.codec.idoc.model import CONTROL, CONTROL_RECORD, HEADER_WIDTH, NAME_WIDTH, RECORD_WIDTH, Form, Framing, Widths

_MOST_NAMES: Final = 10_000
#: How control records begin, those from before release 4.0 too.
OLD_CONTROL: Final = CONTROL[:6]
_NEXT: Final = f"{CONTROL}  "
#: Small chunks are gathered to so many bytes.
CHUNK: Final = 1 << 16
#: A line that is longer is no record: somebody lost the line ends.
LONGEST: Final = 1 << 16
#: So far into a file its first line end is looked for; the control record is no longer.
_HEAD: Final = 1100
#: So much of a file is looked at to see how long its records are.
_LOOK: Final = 3 * RECORD_WIDTH + _HEAD
#: SEGNUM, PSGNUM and HLEVEL; and MANDT with DOCNUM, which all records of an IDoc have alike.
_NUMBERS: Final = slice(49, 63)
_SHARED: Final = slice(30, 49)
#: What may stand behind the last record.
_AFTER: Final = "\r\n\x1a\x00 "
#: The first 30 characters of a data record.
SEGMENT_NAME: Final = re.compile(r"(?=.{1,30}$)[A-Z/][A-Z0-9_/]+ *", re.ASCII)
#: SAP's numbers for code pages.
CODE_PAGES: Final = {
    "4110": "utf-8", "4102": "utf-16-be", "4103": "utf-16-le", "1100": "latin-1", "1401": "iso-8859-2",
    "1404": "iso-8859-2", "1160": "cp1252", "1500": "iso-8859-5", "1614": "iso-8859-9", "1700": "iso-8859-7",
}  # fmt: skip
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def code_page(name: str) -> str:
    """Return Python's name for an encoding or for a number of SAP's; raises ValueError."""
    try:
        return codecs.lookup(CODE_PAGES.get(name, name)).name
    except LookupError:
        raise ValueError(f"no code page {name!r}; use a number such as 4110 or a name such as utf-8") from None


class Text:
    """The text of chunks of bytes.

    Without an encoding it is UTF-8, or the fallback from the first bytes on that UTF-8 does not allow. A byte order
    mark is taken at its word. Bytes that are no characters become lone surrogates, so that they can be written again.
    EBCDIC is known by its first bytes; it is read by the fallback where that is a page of it, and else `doubtful` finds
    what other pages read otherwise.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str = "", fallback: str = "latin-1") -> None:
        self._chunks = _gathered(chunks)
        self._fallback = CODE_PAGES.get(fallback, fallback)
        encoding = CODE_PAGES.get(encoding, encoding)
        first = next(self._chunks, b"")
        self.bom = b""
        for mark, name in _MARKS:
            if first.startswith(mark):
                self.bom, encoding, first = mark, name, first[len(mark) :]
        if not encoding and first[:2] in (b"E\x00", b"\x00E"):
            encoding = "utf-16-le" if first[:1] == b"E" else "utf-16-be"
        self.doubtful: re.Pattern[str] | None = None
        if not encoding and ebcdic.is_ebcdic(first):
            encoding = self._fallback if ebcdic.said(self._fallback) else ebcdic.PAGE
            self.doubtful = None if ebcdic.said(self._fallback) else ebcdic.doubtful()
        self.first = first
        self.encoding = encoding
        self.width = 2 if encoding.startswith(("utf-16", "utf_16")) else 1

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes, with their byte order mark."""
        return chain([self.bom + self.first], self._chunks)

    def size(self, text: str) -> int:
        """Return how many bytes a text has here."""
        if text.isascii() or self.encoding in ("latin-1", "iso8859-1", ""):
            return len(text) * self.width
        return len(text.encode(self.encoding, "surrogateescape" if self.width == 1 else "surrogatepass"))

    def __iter__(self) -> Iterator[str]:
        chunks = chain([self.first], self._chunks)
        if not self.encoding:
            yield from self._undecided(chunks)
        decoder = codecs.getincrementaldecoder(self.encoding or "ascii")(self._errors())
        for chunk in chunks:
            if text := decoder.decode(chunk):
                yield text
        yield decoder.decode(b"", final=True)

    def _errors(self) -> str:
        return "surrogateescape" if self.width == 1 else "replace"

    def _undecided(self, chunks: Iterator[bytes]) -> Iterator[str]:
        """Yield text until it is known what the bytes are."""
        pending = b""
        for chunk in chunks:
            data = pending + chunk
            try:
                text, pending = data.decode("utf-8"), b""
            except UnicodeDecodeError as error:
                if error.end == len(data) and error.reason == "unexpected end of data":
                    text, pending = data[: error.start].decode("utf-8"), data[error.start :]
                else:
                    self.encoding = self._fallback
                    yield data.decode(self._fallback, "surrogateescape")
                    return
            if not text.isascii():
                self.encoding = "utf-8"
                yield from self._rest(text, pending, chunks)
                return
            yield text
        if pending:
            self.encoding = self._fallback
            yield pending.decode(self._fallback, "surrogateescape")

    def _rest(self, text: str, pending: bytes, chunks: Iterator[bytes]) -> Iterator[str]:
        yield text
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        for chunk in chain([pending], chunks):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join small chunks, so that a stream that drips costs no more than one that flows."""
    held: list[bytes] = []
    length = 0
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        if length >= CHUNK:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)


#: So many characters at most stand between two files that were joined.
_JOINTS: Final = 8


class Records:
    """The records of a flat file: text, line (0 where there are no lines) and offset in bytes of each.

    `framing` is known from the first record on, its last fields after the last one. `faults` are found on the way.
    """

    def __init__(self, text: Text) -> None:
        self._text = text
        self._offset = len(text.bom)
        self._names: set[str] = set()
        self._shared = ""
        self.faults: list[Fault] = []
        self.framing = Framing(Form.FLAT, "", None, text.encoding or "utf-8", bool(text.bom), last_end=False)

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        doubtful = self._text.doubtful
        for record, line, offset in self._cut():
            if doubtful is not None and doubtful.search(record):
                self._note(FaultCode.EBCDIC_PAGE, offset, record, line)
            yield record, line, offset

    def _cut(self) -> Iterator[tuple[str, int, int]]:
        texts = map(_printed, self._text) if self._text.width == 1 else iter(self._text)
        head = ""
        for text in texts:
            head += text
            if len(head) > _LOOK:
                break
        texts = chain([head], texts)
        first = head[:_HEAD]
        if "\n" in first:
            self.framing.end = "\r\n" if first[: first.index("\n")].endswith("\r") else "\n"
            yield from self._lines(texts, "\n")
        elif "\r" in first:
            self.framing.end = "\r"
            yield from self._lines(texts, "\r")
        elif is_loose(head[:_LOOK]):
            yield from loose(texts, self.framing, self._offset, self._text.size, self._note)
        else:
            yield from self._fixed(texts)
        self.framing.encoding = self._text.encoding or "utf-8"

    def _lines(self, texts: Iterator[str], mark: str) -> Iterator[tuple[str, int, int]]:
        size, width, end = self._text.size, self._text.width, self.framing.end
        narrow = width == 1
        rest, line, offset, blank, before = "", 0, self._offset, "", ""
        for text in texts:
            parts = (rest + text).split(mark)
            rest = parts.pop()
            if len(rest) > LONGEST:
                parts.append(rest)
                rest = ""
            for part in parts:
                line += 1
                record = part[:-1] if part[-1:] == "\r" else part
                if record and not record.isspace() and record != "\x1a":
                    yield record, line, offset
                    before = record
                    blank = ""
                elif len(blank) < LONGEST:
                    blank += part + mark
                offset += len(part) + 1 if narrow and part.isascii() else size(part) + width
        record = rest.rstrip("\r") if mark == "\n" else rest
        if record.strip(_AFTER):
            if _breaks_off(record, before):
                self._note(FaultCode.TRUNCATED, offset, record, line + 1)
            yield record, line + 1, offset
            self.framing.after, self.framing.last_end = rest[len(record) :], False
        else:
            self.framing.after, self.framing.last_end = blank + rest, line > 0
        if self.framing.widths is not None:
            self.framing.end = end

    def _fixed(self, texts: Iterator[str]) -> Iterator[tuple[str, int, int]]:
        """Walk a file without line ends: 524 characters for a control record and 1063 for the others."""
        held, offset, control = "", self._offset, 0
        for text in chain(texts, [""]):
            held += text
            at = 0
            while len(held) - at > 2 * RECORD_WIDTH or (not text and at < len(held)):
                width = RECORD_WIDTH
                if held.startswith(CONTROL, at):
                    control = control or _control_width(held, at)
                    width = control
                record = held[at : at + width]
                if not record.strip(_AFTER):  # what fills a block, or the end of the file
                    blank = len(held) - at - len(held[at:].lstrip(_AFTER))
                    self.framing.after = "" if text else held[at:]
                    offset, at = offset + self._text.size(held[at : at + blank]), at + blank
                    continue
                if not self._is_record(record):
                    skipped = self._astray(held, at, offset)
                    size = self._text.size
                    offset += size(held[at:skipped]) if skipped > at else -size(held[skipped:at])
                    at = skipped
                    continue
                if (next_one := record.find(_NEXT, 1)) > 0:
                    record = record[:next_one]
                if len(record.rstrip("\r\n\x1a")) < width and control:
                    self._note(FaultCode.TRUNCATED, offset, record)
                yield record, 0, offset
                offset += self._text.size(record)
                at += len(record)
            held = held[at:]

    def _is_record(self, record: str) -> bool:
        if record.startswith(OLD_CONTROL):
            return True
        key = record[:NAME_WIDTH]
        if key not in self._names:
            if SEGMENT_NAME.fullmatch(key) is None:
                return False
            if len(self._names) < _MOST_NAMES:
                self._names.add(key)
        self._shared = record[_SHARED]
        return True

    def _astray(self, held: str, at: int, offset: int) -> int:
        """Tell that no record begins here, and return where the next one of this IDoc, or the next IDoc, may begin.

        Between IDocs that were joined from files with a line end behind their last record it is not told.
        """
        behind = at + len(held[at : at + _JOINTS]) - len(held[at : at + _JOINTS].lstrip("\r\n\x1a"))
        if held.startswith(CONTROL, behind):
            return behind
        if not self.faults or self.faults[-1].code is not FaultCode.NOT_ALIGNED:
            self._note(FaultCode.NOT_ALIGNED, offset, held[at : at + RECORD_WIDTH])
        found = held.find(CONTROL, at)
        shared = self._shared
        spot = held.find(shared, at) if shared.strip() else -1
        while spot >= 0 and (found < 0 or spot < found):
            begins = spot - NAME_WIDTH
            if begins >= 0 and begins > at - NAME_WIDTH and SEGMENT_NAME.fullmatch(held[begins:spot]):
                return begins
            spot = held.find(shared, spot + 1)
        return found if found >= 0 else max(len(held) - RECORD_WIDTH, at + 1)

    def _note(self, code: FaultCode, offset: int, record: str, line: int = 0) -> None:
        self.faults.append(Fault(code, record[:30].strip(), line=line, offset=offset, value=record.strip()[:80]))


def _printed(text: str) -> str:
    """Return a text with blanks for what some fill records with instead, and with the line ends of mainframes."""
    if "\x00" in text:
        text = text.replace("\x00", " ")
    return text.replace(ebcdic.NEXT_LINE, "\n") if ebcdic.NEXT_LINE in text else text


def _breaks_off(record: str, before: str) -> bool:
    """Whether a last record without a line end is cut off, going by the one before it: its header, or its padding."""
    if record.startswith(CONTROL) or before.startswith(CONTROL) or not before:
        return False
    if len(record) < HEADER_WIDTH:
        return not before[_NUMBERS].isspace()
    return len(record) < RECORD_WIDTH == len(before) and before[-1] == " "


def _control_width(held: str, at: int) -> int:
    """Return how wide control records are: some systems fill them to the width of the others."""
    narrow, wide = at + CONTROL_RECORD.width, at + RECORD_WIDTH
    return (
        RECORD_WIDTH if held[narrow : narrow + 1] == " " and held[wide : wide + 1].isalpha() else CONTROL_RECORD.width
    )


__all__ = ["CHUNK", "CODE_PAGES", "LONGEST", "Records", "Text", "Widths", "code_page"]
