"""What is wrong with the values and the shape of an IDoc, and where each fault stands."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Final

from hub.codec.idoc.dictionary import Dictionary, Field, Layout, standard
from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.model import CONTROL, CONTROL_RECORD, HEADER_WIDTH, REST, Idoc, Segment

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d{1,3})?-?", re.ASCII)
_WITH_COMMA: Final = re.compile(r"[+-]?[\d.]*,\d*-?", re.ASCII)
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d|240000", re.ASCII)
#: Qualifiers of their own that partners are free to use.
_FREE: Final = re.compile(r"[YZ].*|9\d\d")
_BAD: Final = re.compile("[\ud800-\udfff]")
#: What a control record must say: what it is, its number, and who sends it to whom.
_MUST: Final = ("DOCNUM", "IDOCTYP", "MESTYP", "SNDPRN", "RCVPRN")
#: Faults that one IDoc is told of; a file without any sense must not fill the memory.
MOST: Final = 1000


@lru_cache(maxsize=1)
def codes() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """Return the meaning of each qualifier, by segment and field."""
    data = tomllib.loads((files("hub.codec.idoc") / "data" / "codes.toml").read_text("utf-8"))
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for field, segments in data.items():
        for segment, each in segments.items():
            for name in (segment, *each.get("also", ())):
                found[name, field] = each["codes"]
    return found


def check(idoc: Idoc, dictionary: Dictionary | None = None) -> list[Fault]:
    """Return the faults of an IDoc beyond those of reading it, in the order of its segments; at most MOST."""
    found: list[Fault] = []
    for fault in _faults(idoc, dictionary or standard()):
        found.append(fault)
        if len(found) == MOST:
            break
    return found


def _faults(idoc: Idoc, dictionary: Dictionary) -> Iterator[Fault]:
    control = Segment(CONTROL, CONTROL, idoc.control, line=idoc.line, offset=idoc.offset, spots=idoc.spots)
    yield from _fields(control, CONTROL_RECORD, 0, idoc)
    yield from _missing(control, idoc)
    if not idoc.tree.places and idoc.control:
        yield _fault(FaultCode.UNKNOWN_TYPE, control, idoc.basic_type)
    told: set[str] = set()
    for number, segment in enumerate(idoc.segments, 1):
        layout = dictionary.segments.get(segment.name)
        if layout is None or not layout.fields:
            if segment.name not in told:
                told.add(segment.name)
                yield _fault(FaultCode.UNKNOWN_SEGMENT, segment, number=number)
            yield from _bytes(segment, number)
            continue
        yield from _fields(segment, layout, number, idoc)
    yield from _twice(idoc)
    yield from _shape(idoc)


def _missing(control: Segment, idoc: Idoc) -> Iterator[Fault]:
    """Yield what a control record must say and does not, each where it should stand."""
    if not idoc.control:
        return
    for key in _MUST:
        if not idoc.control.get(key):
            column = min(CONTROL_RECORD.by_name[key].offset, idoc.width)  # a record may be cut before it
            at = _place(control, 0, column, CONTROL_RECORD, idoc)
            yield _fault(FaultCode.FIELD_MISSING, control, field=key, offset=at)


def _twice(idoc: Idoc) -> Iterator[Fault]:
    """Yield lines of an order whose number (POSEX) another one has too."""
    seen: set[str] = set()
    for number, segment in enumerate(idoc.segments, 1):
        line = segment.values.get("POSEX", "") if segment.name == "E1EDP01" else ""
        if line and line in seen:
            yield _fault(FaultCode.TWICE, segment, line, field="POSEX", number=number)
        seen.add(line)


def _fields(segment: Segment, layout: Layout, number: int, idoc: Idoc) -> Iterator[Fault]:
    meanings = codes()
    start = HEADER_WIDTH if number else 0
    for key, value in segment.values.items():
        field = layout.by_name.get(key)
        if field is None:
            code = FaultCode.EXTRA_DATA if key == REST else FaultCode.UNKNOWN_FIELD
            at = _place(segment, start, layout.width, layout, idoc)
            yield _fault(code, segment, value, field=key, number=number, offset=at)
            continue
        code_found = _judged(field, value, meanings.get((segment.name, key)))
        if code_found is not None:
            at = _place(segment, start, field.offset, layout, idoc)
            message = ""
            if code_found is FaultCode.TOO_LONG:
                message = f"the value is too long: {len(value)} characters, {field.width} fit"
            yield _fault(code_found, segment, value, field=key, number=number, offset=at, message=message)


def _judged(field: Field, value: str, known: Mapping[str, str] | None) -> FaultCode | None:
    """Return what is wrong with a value, or None."""
    if len(value) > field.width:
        return FaultCode.TOO_LONG
    if not value.isascii() and _BAD.search(value):
        return FaultCode.BAD_BYTES
    if known is not None:
        return None if value in known or _FREE.fullmatch(value) else FaultCode.UNKNOWN_QUALIFIER
    judge = _JUDGES.get(field.kind)
    return judge(value) if judge is not None else None


def _number(value: str) -> FaultCode | None:
    plain = value.strip()
    if _NUMBER.fullmatch(plain) is not None:
        return None
    return FaultCode.COMMA_DECIMAL if _WITH_COMMA.fullmatch(plain) else FaultCode.BAD_NUMBER


def _is_date(value: str) -> bool:
    """Whether it is a date as YYYYMMDD; all zeros stand for none."""
    if len(value) != 8 or not (value.isascii() and value.isdigit()):
        return False
    if value == "00000000":
        return True
    try:
        date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        return False
    return True


_JUDGES: Final[Mapping[str, Callable[[str], FaultCode | None]]] = {
    "date": lambda value: None if _is_date(value) else FaultCode.BAD_DATE,
    "time": lambda value: None if _TIME.fullmatch(value) else FaultCode.BAD_TIME,
    "number": _number,
}


def _place(segment: Segment, start: int, offset: int, layout: Layout, idoc: Idoc) -> int:
    """Return the byte at which a field begins; in XML, where its place is kept, that of the segment."""
    if segment.offset < 0 or segment.spots is not None:
        return segment.offset
    encoding = idoc.framing.encoding
    wide = 2 if encoding.startswith("utf-16") else 1
    more = 0
    for key, value in segment.values.items():
        field = layout.by_name.get(key)
        if field is not None and field.offset < offset and not value.isascii():
            more += len(value.encode(encoding, "replace")) - wide * len(value)
    return segment.offset + wide * (start + offset) + more


def _bytes(segment: Segment, number: int) -> Iterator[Fault]:
    for key, value in segment.values.items():
        if not value.isascii() and _BAD.search(value):
            yield _fault(FaultCode.BAD_BYTES, segment, value, field=key, number=number)


def _shape(idoc: Idoc) -> Iterator[Fault]:
    """Yield what stands where the type has no place for it, too often, or not at all."""
    tree = idoc.tree
    counts: Counter[tuple[int, str]] = Counter()
    for number, segment in enumerate(idoc.segments, 1):
        parent = segment.parent
        places = tree.by_name.get(segment.name)
        if places is None:
            continue
        place = tree.below.get((parent.name if parent is not None else "", segment.name))
        if place is None:
            if parent is None or parent.name in tree.by_name:
                yield _fault(FaultCode.WRONG_PLACE, segment, number=number)
            continue
        key = (id(parent), segment.name)
        counts[key] += 1
        if place.most and counts[key] == place.most + 1:
            message = f"the segment occurs more often than {place.most} times"
            yield _fault(FaultCode.TOO_OFTEN, segment, number=number, message=message)
    for place in tree.places:
        if place.least and not place.parent and not counts[id(None), place.name]:
            yield Fault(FaultCode.SEGMENT_MISSING, place.name, line=idoc.line, offset=idoc.offset)


def _fault(
    code: FaultCode,
    segment: Segment,
    value: str = "",
    *,
    field: str = "",
    number: int = 0,
    offset: int | None = None,
    message: str = "",
) -> Fault:
    line, at = segment.line, segment.offset if offset is None else offset
    if segment.spots is not None:
        line, at = segment.spots.get(field, (line, at))
    return Fault(code, segment.name, field, number, line, at, value, message)
