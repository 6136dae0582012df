"""What a stranger's workbook may ask of this machine: looked at as a stream, before anything is built of it.

A few kilobytes of .xlsx can hold a row of millions of cells, or a row numbered two thousand million that a reader fills
up to. Each sheet is run through expat once, which keeps nothing; openpyxl then reads what was found to be bounded.
"""

from __future__ import annotations

import zipfile
from typing import IO, Final, NoReturn
from xml.parsers import expat

from hub.codec.fault import Refused

#: So many rows has a sheet of Excel's.
MOST_ROWS: Final = 1_048_576
#: So many tags may stand from the beginning of one row to the next, and so many bytes from one tag to the next.
MOST_TAGS_A_ROW: Final = 200_000
LONGEST_TEXT: Final = 4 << 20
#: So many tags the other parts may hold together: texts that cells share, styles.
MOST_TAGS: Final = 3_000_000
_CHUNK: Final = 1 << 16
_TODO: Final = "ask the partner what this is, or for CSV; it was not read"


def check(archive: zipfile.ZipFile) -> None:
    """Raise Refused for a workbook that would take memory or time without end; errors of the archive pass through."""
    tags = 0
    for part in archive.infolist():
        if not part.filename.endswith((".xml", ".rels")):
            continue
        with archive.open(part) as stream:
            if "worksheets/" in part.filename:
                _Sheet(stream).check()
            else:
                tags += sum(chunk.count(b"<") for chunk in iter(lambda: stream.read(_CHUNK), b""))
        if tags > MOST_TAGS:
            _refuse(f"holds more than {MOST_TAGS} tags beside its rows")


class _Sheet:
    """One sheet, read once."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._tags = 0  # since the last row began
        self._last = 0  # the byte at which the last tag begins
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begun
        self._parser.StartDoctypeDeclHandler = self._doctype

    def check(self) -> None:
        """Raise Refused for a sheet that is not bounded; what is no XML is left to who reads it."""
        fed = 0
        try:
            while chunk := self._stream.read(_CHUNK):
                self._parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - self._last > LONGEST_TEXT:
                    _refuse(f"holds a text of more than {LONGEST_TEXT >> 20} MiB")
        except expat.ExpatError:
            return

    def _begun(self, name: str, attributes: dict[str, str]) -> None:
        self._last = self._parser.CurrentByteIndex
        self._tags += 1
        if self._tags > MOST_TAGS_A_ROW:
            _refuse(f"holds more than {MOST_TAGS_A_ROW} tags in one row")
        if name.rpartition(":")[2] == "row":
            self._tags = 0
            number = attributes.get("r", "")
            if len(number) > len(str(MOST_ROWS)) or (number.isdecimal() and int(number) > MOST_ROWS):
                _refuse(f"numbers a row {number[:20]}, and a sheet has {MOST_ROWS}")

    def _doctype(self, *_: object) -> NoReturn:
        _refuse("declares a document type")


def _refuse(what: str) -> NoReturn:
    raise Refused(f"the workbook {what}", _TODO)
