"""An IDoc as people read it: an indented tree with the names of fields, every fault where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from hub.codec.idoc.check import check, codes
from hub.codec.idoc.dictionary import Dictionary, Layout, standard
from hub.codec.idoc.fault import Fault, Severity
from hub.codec.idoc.model import CONTROL, CONTROL_RECORD, REST, Form, Idoc, Segment
from hub.codec.idoc.reader import read

_MARKS: Mapping[Severity, str] = {Severity.ERROR: "!!", Severity.WARNING: "! ", Severity.NOTE: ". "}
_DIRECTIONS: Mapping[str, str] = {"1": "out of SAP", "2": "into SAP"}
_INDENT = "  "


def show(
    chunks: Iterable[bytes], *, dictionary: Dictionary | None = None, encoding: str = "", brief: bool = False
) -> Iterator[str]:
    """Yield the lines of the tree; `brief` shows a segment in one line, without the names of its fields."""
    words = dictionary or standard()
    for event in read(chunks, dictionary=words, encoding=encoding):
        yield from lines_of(event, words, brief=brief)


def lines_of(event: Idoc | Fault, dictionary: Dictionary, *, brief: bool = False) -> Iterator[str]:
    """Yield the lines for what was read: an IDoc, or a fault that belongs to none."""
    if isinstance(event, Fault):
        yield _told(event, 0)
    else:
        yield from _idoc(event, dictionary, brief=brief)


def _told(fault: Fault, depth: int) -> str:
    return f"{_MARKS[fault.severity]}{_INDENT * depth}{fault}"


def _idoc(idoc: Idoc, dictionary: Dictionary, *, brief: bool) -> Iterator[str]:
    control = idoc.control
    direction = _DIRECTIONS.get(control.get("DIRECT", ""), "no direction")
    parties = f"from {_party(control, 'SND')} to {_party(control, 'RCV')}"
    test = ", test" if control.get("TEST") else ""
    place = f", byte {idoc.offset}" if idoc.offset >= 0 else ""
    kind = f"{idoc.message_type or 'no message type'} ({idoc.basic_type or 'no basic type'})"
    yield f"IDoc {idoc.number or 'without number'} {kind} {parties}, {direction}{test}, line {idoc.line}{place}"
    here: dict[int, list[Fault]] = defaultdict(list)
    for fault in [*idoc.faults, *check(idoc, dictionary)]:
        here[fault.segment].append(fault)
    yield from (_told(fault, 1) for fault in here[0] if not fault.field)
    if not brief and idoc.control:
        yield f"{_INDENT}{CONTROL} control record"
        yield from _fields(Segment(CONTROL, values=control), CONTROL_RECORD, 2, here[0])
    for number, segment in enumerate(idoc.segments, 1):
        yield from _segment(segment, number, dictionary, here.get(number, []), brief=brief)
    yield f"{len(idoc.segments)} segment{'' if len(idoc.segments) == 1 else 's'}{_framing(idoc)}"


def _party(control: Mapping[str, str], side: str) -> str:
    return "/".join(control[key] for key in (f"{side}PRT", f"{side}PRN") if control.get(key)) or "nobody"


def _framing(idoc: Idoc) -> str:
    how = idoc.framing
    if how.form is Form.XML:
        return f", XML in {how.encoding}"
    ends = {"\n": "lines that end with LF", "\r\n": "lines that end with CRLF", "\r": "lines that end with CR"}
    return f", flat in {how.encoding}, {ends.get(how.end, 'records without line ends')}"


def _segment(
    segment: Segment, number: int, dictionary: Dictionary, faults: list[Fault], *, brief: bool
) -> Iterator[str]:
    layout = dictionary.segments.get(segment.name)
    release = f" ({segment.external})" if segment.external and segment.external != segment.name else ""
    yield from (_told(fault, segment.depth) for fault in faults if not fault.field)
    line = f"{_INDENT * segment.depth}{segment.name}{release}"
    if brief:
        yield line + "".join(f" {key}={value}" for key, value in segment.values.items())
        yield from (_told(fault, segment.depth + 1) for fault in faults if fault.field)
        return
    yield f"{line} segment {number}"
    yield from _fields(segment, layout, segment.depth + 1, faults)


def _fields(segment: Segment, layout: Layout | None, depth: int, faults: list[Fault]) -> Iterator[str]:
    """Yield a line for each field with its meaning; a fault follows its field."""
    known = layout.by_name if layout is not None else {}
    for key, value in segment.values.items():
        meaning = known[key].meaning if key in known else "not described" if key != REST else "not cut into fields"
        said = codes().get((segment.name, key), {}).get(value, "")
        yield f"{_INDENT * depth}{key}{f' {meaning}' if meaning else ''}: {value}{f' ({said})' if said else ''}"
        yield from (_told(fault, depth) for fault in faults if fault.field == key)
