"""Read IDocs: from chunks of bytes in either form to IDocs, one held at a time.

Nothing aborts a file: what cannot be read is told, and reading goes on at the next control record.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Final

from hub.codec.idoc import hierarchy
from hub.codec.idoc.dictionary import Dictionary, Layout, cutter, standard
from hub.codec.idoc.ebcdic import is_markup
from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.looks import looks
from hub.codec.idoc.model import CONTROL, CONTROL_RECORD, HEADER_WIDTH, NAME_WIDTH, RECORD_WIDTH, REST, Idoc, Segment
from hub.codec.idoc.records import OLD_CONTROL, SEGMENT_NAME, Records, Text
from hub.codec.idoc.xml_reader import read_xml

#: An IDoc of more characters is not held; its segments can still be read one by one.
HELD: Final = 24 << 20
#: Files that begin with a byte order mark, one joined to the other.
_JOINED: Final = "\ufeff" + CONTROL
#: A record takes so much memory beside its characters.
_EACH: Final = 400
_TOLD: Final = 20
#: What a record without a control record before it must begin with to be taken for a segment.
_NAME: Final = re.compile(r"(?:[EZY][12]|/)[A-Z0-9_/]{1,28}(?: |$)")

_MOST_NAMES: Final = 10_000
_NO_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_rstrip = str.rstrip
_BLANKS: Final = repeat(" ")
_BLANK: Final = " " * RECORD_WIDTH
Event = Idoc | Fault


def read(
    chunks: Iterable[bytes],
    *,
    dictionary: Dictionary | None = None,
    encoding: str = "",
    fallback: str = "latin-1",
    held: int = HELD,
) -> Iterator[Event]:
    """Yield the IDocs of an input in their order, and faults that belong to none; never raises for what the bytes are.

    Without an encoding it is UTF-8, or `fallback` where the bytes cannot be UTF-8; XML says its own.
    """
    text = Text(chunks, encoding, fallback)
    words = dictionary or standard()
    found = False
    if is_markup(text.first):
        yield _explained(Fault(FaultCode.NO_IDOC, offset=0), text)
        return
    events = read_xml(text.chunks(), words, held) if _is_xml(text) else iter(_Flat(Records(text), words, held))
    for event in events:
        yield event if found or isinstance(event, Idoc) else _explained(event, text)
        found = True
    if not found:
        yield _explained(Fault(FaultCode.NO_IDOC, offset=0), text)


def _explained(fault: Fault, text: Text) -> Fault:
    """Say what the file is where its very beginning is no IDoc."""
    if fault.code not in (FaultCode.NO_IDOC, FaultCode.NOT_ALIGNED) or fault.offset > len(codecs.BOM_UTF8):
        return fault
    what = f"{FaultCode.NO_IDOC.words}: {looks(text.bom + text.first)}"
    return Fault(FaultCode.NO_IDOC, line=fault.line, offset=fault.offset, message=what)


def idocs(chunks: Iterable[bytes], *, dictionary: Dictionary | None = None, encoding: str = "") -> Iterator[Idoc]:
    """Yield the IDocs alone."""
    return (each for each in read(chunks, dictionary=dictionary, encoding=encoding) if isinstance(each, Idoc))


def segments(chunks: Iterable[bytes], *, dictionary: Dictionary | None = None, encoding: str = "") -> Iterator[Segment]:
    """Yield the records of a flat input one by one, control records too; for IDocs too large to be held.

    What encloses a segment is not looked for: its header says its numbers.
    """
    cut = _Cutter(dictionary or standard())
    for record, line, offset in Records(Text(chunks, encoding)):
        if record.startswith(CONTROL):
            yield Segment(CONTROL, CONTROL, control_of(record), width=len(record), line=line, offset=offset)
        else:
            yield cut(record, line, offset)


def _is_xml(text: Text) -> bool:
    start = text.first[:4096].replace(b"\x00", b"").lstrip()
    return start.startswith(b"<")


_CUT_CONTROL: Final = cutter(CONTROL_RECORD.fields, 0)


def control_of(record: str) -> dict[str, str]:
    """Return the fields of a control record that hold anything; what stands behind them is under SDATA."""
    values = {
        key: value
        for key, value in zip(CONTROL_RECORD.names, map(_rstrip, _CUT_CONTROL(record), _BLANKS), strict=True)
        if value
    }
    if len(record) > CONTROL_RECORD.width and (rest := record[CONTROL_RECORD.width :].rstrip(" ")):
        values[REST] = rest
    return values


class _Cutter:
    """Makes segments of records; remembers how those of each name are cut."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._known: dict[str, _Known] = {}
        self.odd = False  # whether what was cut last has no name that a segment could have
        self.bad = False  # whether it holds bytes that are no characters

    def __call__(self, record: str, line: int, offset: int) -> Segment:
        key = record[:NAME_WIDTH]
        known = self._known.get(key) or self._learn(key)
        used = record.rstrip()
        end, length = len(used), len(record)
        # Stripping blanks alone is ten times slower; it is needed where there is other white space, which is data.
        if used.isprintable() and (end == length or record[end:] == _BLANK[: length - end]):
            stripped = map(_rstrip, known.cut(end)(used))
        else:
            self.bad = self.bad or _NO_CHARACTER.search(record) is not None
            used = record.rstrip(" ")
            end = len(used)
            stripped = map(_rstrip, known.cut(end)(used), _BLANKS)
        values = {name: value for name, value in zip(known.names, stripped, strict=False) if value}
        if end > known.width:
            values[REST] = used[known.width :]
        header = record[NAME_WIDTH:HEADER_WIDTH]
        return Segment(known.name, known.external, values, None, header, length, line, offset)

    def _learn(self, key: str) -> _Known:
        external = key.rstrip(" ")
        name = self._dictionary.named(external)
        found = _Known(name, external, self._dictionary.segments.get(name))
        if not SEGMENT_NAME.fullmatch(key):
            self.odd = True
        elif len(self._known) < _MOST_NAMES:
            self._known[key] = found
        return found


class _Known:
    """How the records of one name are cut: fields behind the last character of a record need not be."""

    __slots__ = ("_cuts", "_fields", "_starts", "external", "name", "names", "width")

    def __init__(self, name: str, external: str, layout: Layout | None) -> None:
        fields = layout.fields if layout is not None else ()
        self.name = name
        self.external = external
        self.names = tuple(field.name for field in fields)
        self.width = HEADER_WIDTH + sum(field.width for field in fields)
        self._fields = fields
        self._starts = [HEADER_WIDTH + field.offset for field in fields]
        self._cuts: dict[int, Callable[[str], tuple[str, ...]]] = {}

    def cut(self, end: int) -> Callable[[str], tuple[str, ...]]:
        """Return what cuts the fields that begin before `end` out of a record."""
        count = bisect_left(self._starts, end)
        found = self._cuts.get(count)
        if found is None:
            found = self._cuts[count] = cutter(self._fields[:count], HEADER_WIDTH)
        return found


class _Flat:
    """One pass over the records of a flat file; `now` is the IDoc that is open."""

    def __init__(self, records: Records, dictionary: Dictionary, held: int) -> None:
        self._records = records
        self._dictionary = dictionary
        self._held = held
        self._cut = _Cutter(dictionary)
        self._now: Idoc | None = None
        self._skipping = False
        self._size = 0

    def __iter__(self) -> Iterator[Event]:
        faults, cut, held = self._records.faults, self._cut, self._held
        for record, line, offset in self._records:
            if faults:
                yield from self._told()
            if record.startswith(OLD_CONTROL):
                yield from self._finished()
                yield from self._opened(record, line, offset)
            elif (now := self._now) is not None:
                before = self._size
                self._size = size = before + len(record) + _EACH
                if size <= held:
                    now.segments.append(cut(record, line, offset))
                    if cut.odd:
                        yield from self._odd(now, record, line, offset)
                    if cut.bad:
                        cut.bad = False
                        now.faults.append(_at(FaultCode.BAD_BYTES, record, line, offset))
                elif before <= held:
                    now.faults.append(_at(FaultCode.TOO_LARGE, record, line, offset))
            elif not self._skipping:
                yield from self._without_control(record, line, offset)
        yield from self._told()
        yield from self._finished()

    def _odd(self, now: Idoc, record: str, line: int, offset: int) -> Iterator[Event]:
        """Deal with a record that cannot be a segment: told, or where files were joined, a control record."""
        self._cut.odd = False
        if record.startswith(_JOINED):
            now.segments.pop()
            yield from self._finished()
            yield from self._opened(record[1:], line, offset)
        elif len(now.faults) < _TOLD:
            now.faults.append(_at(FaultCode.NOT_ALIGNED, record, line, offset))

    def _opened(self, record: str, line: int, offset: int) -> Iterator[Fault]:
        """Open the IDoc that a control record begins, or tell that it is of a kind that we do not read."""
        self._size = 0
        self._skipping = not record.startswith(CONTROL)
        if self._skipping:
            yield _at(FaultCode.BEFORE_4_0, record, line, offset)
            return
        framing = self._records.framing
        self._now = Idoc(control_of(record), framing=framing, width=len(record), line=line, offset=offset)

    def _without_control(self, record: str, line: int, offset: int) -> Iterator[Fault]:
        if not _NAME.match(record):
            self._skipping = True
            yield _at(FaultCode.NO_IDOC, record, line, offset)
            return
        fault = _at(FaultCode.NO_CONTROL_RECORD, record, line, offset)
        self._now = Idoc({}, framing=self._records.framing, faults=[fault], line=line, offset=offset)
        self._now.segments.append(self._cut(record, line, offset))

    def _told(self) -> Iterator[Fault]:
        """Give what was found on the way to the IDoc that is open, or to nobody."""
        told, self._records.faults[:] = self._records.faults[:], []
        if self._now is None:
            yield from told
        elif len(self._now.faults) < _TOLD:
            self._now.faults += told

    def _finished(self) -> Iterator[Idoc]:
        """Yield the IDoc that was open, with its type's tree and what encloses its segments."""
        idoc, self._now = self._now, None
        if idoc is None:
            return
        idoc.tree = self._dictionary.tree(idoc.basic_type, idoc.message_type, idoc.control.get("CIMTYP", ""))
        if not idoc.tree.places and not idoc.basic_type:
            idoc.tree = self._dictionary.fitting(segment.name for segment in idoc.segments)
        if not idoc.segments:
            idoc.faults.append(_at(FaultCode.NO_SEGMENTS, CONTROL, idoc.line, idoc.offset))
        if not hierarchy.link(idoc):
            idoc.faults.append(Fault(FaultCode.REBUILT, idoc.basic_type or CONTROL, line=idoc.line, offset=idoc.offset))
        yield idoc


def _at(code: FaultCode, record: str, line: int, offset: int) -> Fault:
    name = record[:NAME_WIDTH].strip()
    return Fault(code, name if name.isprintable() else "", line=line, offset=offset, value=record[:80].rstrip())
