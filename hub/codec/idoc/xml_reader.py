"""The XML form as it comes: one IDoc held at a time, every field with its place; nothing is expanded or fetched.

An IDoc is an IDOC element wherever it stands (a SOAP envelope, several roots in a file), or whatever an EDI_DC40 stands
directly below. Namespaces, BEGIN and SEGMENT may be there or not: what has elements in it is a segment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from hub.codec.idoc.dictionary import Dictionary
from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.model import CONTROL, DEEPEST, Form, Framing, Idoc, Segment
from hub.codec.idoc.xml_bytes import Source, UnknownEncoding

_IDOC: Final = "IDOC"
_OLD_CONTROL: Final = "EDI_DC"
#: Elements open at a time, and bytes of one tag: what has more is no IDoc.
_MOST_OPEN: Final = 1000
_LONGEST_TAG: Final = 1 << 20


@dataclass(slots=True)
class _Open:
    """An element whose end has not come: a segment as soon as it says so or something stands in it, else a field."""

    name: str
    line: int
    offset: int
    segment: Segment | None = None
    text: list[str] = field(default_factory=list)


class _Stop(Exception):
    """There is no sense in reading on; the text of the fault that says why."""

    def __init__(self, code: FaultCode) -> None:
        super().__init__(code.words)
        self.code = code


class _Walk:
    """What the parser of one document tells, made to IDocs; `done` are those that are whole."""

    def __init__(self, dictionary: Dictionary, source: Source, framing: Framing, held: int) -> None:
        self._dictionary, self._source, self._framing, self._held = dictionary, source, framing, held
        self._open: list[_Open] = []
        self._floor = -1  # how many elements enclose the IDoc that is open
        self._size = 0
        self.idoc: Idoc | None = None
        self.root = ""
        self.done: deque[Idoc] = deque()
        self.parser = self._parser()

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(self._source.encoding or None)
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._said
        parser.DefaultHandler = lambda _: None  # with it, entities of the document's own are not expanded
        parser.EntityDeclHandler = self._entity
        return parser

    @property
    def behind(self) -> bool:
        """Whether the document is over."""
        return bool(self.root) and not self._open

    def _entity(self, *_: object) -> None:
        raise _Stop(FaultCode.ENTITIES)

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self.root = self.root or name
        if len(self._open) >= _MOST_OPEN:
            raise _Stop(FaultCode.TOO_DEEP)
        line, offset = self._source.place(self.parser.CurrentLineNumber, self.parser.CurrentByteIndex)
        opened = _Open(name, line, offset)
        if self.idoc is None:
            if name == _IDOC:
                self._begin(opened, self._open[-1].name if self._open else "", len(self._open))
            elif name in (CONTROL, _OLD_CONTROL) and self._open:
                self._begin(self._open[-1], self._open[-1].name, len(self._open) - 1)
        if self.idoc is not None and len(self._open) > self._floor:
            above = self._open[-1]
            if above.segment is None and len(self._open) > self._floor + 1:
                self._promote(self._open, above)
            if "SEGMENT" in attributes or len(self._open) == self._floor + 1:
                self._promote([*self._open, opened], opened)
        self._open.append(opened)

    def _begin(self, element: _Open, root: str, floor: int) -> None:
        self.idoc = Idoc({}, framing=self._framing, root=root, line=element.line, offset=element.offset, spots={})
        self._floor, self._size = floor, 0

    def _promote(self, path: list[_Open], element: _Open) -> None:
        """Make a segment of an element; `path` ends with it."""
        if self.idoc is None:
            return
        above = path[-2].segment if len(path) > self._floor + 2 else None
        depth = above.depth + 1 if above is not None else 1
        one = Segment(element.name, "", {}, above, line=element.line, offset=element.offset, depth=depth, spots={})
        element.segment = one
        if depth == 1 and element.name in (CONTROL, _OLD_CONTROL):
            one.depth = DEEPEST + 1  # whatever has elements inside of it is no segment
            if element.name == CONTROL:
                one.values, one.spots = self.idoc.control, self.idoc.spots
            else:
                self._note(FaultCode.BEFORE_4_0, element)
        elif depth <= DEEPEST:
            self.idoc.segments.append(one)
        elif depth == DEEPEST + 1:
            self._note(FaultCode.TOO_DEEP, element)

    def _note(self, code: FaultCode, element: _Open) -> None:
        if self.idoc is not None and len(self.idoc.faults) < DEEPEST:
            self.idoc.faults.append(Fault(code, element.name, line=element.line, offset=element.offset))

    def _said(self, text: str) -> None:
        self._size += len(text)
        if self._size > self._held:
            raise _Stop(FaultCode.TOO_LARGE)
        if self.idoc is not None and (last := self._open[-1]).segment is None:
            last.text.append(text)

    def _end(self, _tag: str) -> None:
        element = self._open.pop()
        self._size += 2 * len(element.name) + 5
        if self.idoc is None:
            return
        if len(self._open) == self._floor:
            self.done.append(self.finished())
        elif element.segment is None and len(self._open) > self._floor + 1:
            self._value(element)
        if self._size > self._held:
            raise _Stop(FaultCode.TOO_LARGE)

    def _value(self, element: _Open) -> None:
        segment = self._open[-1].segment
        text = "".join(element.text).rstrip(" ")
        if segment is not None and text and not text.isspace():
            segment.values[element.name] = text
            if segment.spots is not None:
                segment.spots[element.name] = (element.line, element.offset)

    def expect_an_end(self, fed: int) -> None:
        """Stop at a tag that is endless; the parser would keep all of it."""
        if fed - self.parser.CurrentByteIndex > _LONGEST_TAG:
            raise _Stop(FaultCode.TOO_LARGE)

    def finished(self, *faults: Fault) -> Idoc:
        """Return the IDoc that is open, as far as it came, with these faults."""
        if self.idoc is None:
            raise ValueError("no IDoc is open")
        idoc, self.idoc = self.idoc, None
        if not idoc.control and not any(fault.code is FaultCode.BEFORE_4_0 for fault in idoc.faults):
            idoc.faults.append(Fault(FaultCode.NO_CONTROL_RECORD, _IDOC, line=idoc.line, offset=idoc.offset))
        elif not idoc.segments and not idoc.faults:
            idoc.faults.append(Fault(FaultCode.NO_SEGMENTS, CONTROL, line=idoc.line, offset=idoc.offset))
        idoc.faults += (*self._source.bad_bytes(self.parser.CurrentByteIndex), *faults)
        kind, message = idoc.basic_type or idoc.root, idoc.message_type
        idoc.tree = self._dictionary.tree(kind, message, idoc.control.get("CIMTYP", ""))
        return idoc


def read_xml(chunks: Iterable[bytes], dictionary: Dictionary, held: int) -> Iterator[Idoc | Fault]:
    """Yield the IDocs of an XML file; where it breaks off, what came of the last one with the fault that says where."""
    try:
        source = Source(chunks)
    except UnknownEncoding as error:
        yield Fault(FaultCode.BROKEN_XML, offset=0, line=1, message=str(error))
        return
    framing = Framing(Form.XML, encoding=source.name)
    while source.more:
        walk = _Walk(dictionary, source, framing, held)
        yield from _document(walk, source)


def _document(walk: _Walk, source: Source) -> Iterator[Idoc | Fault]:
    """Yield the IDocs of one document; the source then stands where the next one begins, or at its end."""
    try:
        for chunk in source.chunks():
            walk.parser.Parse(chunk)
            yield from _popped(walk.done)
            walk.expect_an_end(source.fed)
        walk.parser.Parse(b"", True)
        source.end()
    except expat.ExpatError as error:
        yield from _popped(walk.done)
        at = walk.parser.ErrorByteIndex
        if walk.behind and source.goes_on(at, walk.parser.ErrorLineNumber):
            return
        yield from _broken(walk, source, at, f"{FaultCode.BROKEN_XML.words}: {expat.ErrorString(error.code)}")
    except _Stop as stop:
        yield from _popped(walk.done)
        yield from _broken(walk, source, walk.parser.CurrentByteIndex, "", stop.code)
    else:
        yield from _popped(walk.done)


def _broken(
    walk: _Walk, source: Source, at: int, message: str, code: FaultCode = FaultCode.BROKEN_XML
) -> Iterator[Idoc | Fault]:
    line, offset = source.place(walk.parser.CurrentLineNumber, at)
    source.end()
    fault = Fault(code, walk.root, line=line, offset=offset, message=message)
    if walk.idoc is None:
        yield fault
    else:
        yield walk.finished(fault)


def _popped(done: deque[Idoc]) -> Iterator[Idoc]:
    while done:
        yield done.popleft()
