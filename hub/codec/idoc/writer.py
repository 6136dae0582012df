"""Write IDocs: as they were read, or by a partner's form, framing, segment releases and code page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from xml.sax.saxutils import quoteattr

from hub.codec.idoc.dictionary import Dictionary, Layout, standard
from hub.codec.idoc.model import (
    CONTROL,
    CONTROL_RECORD,
    HEADER_WIDTH,
    NAME_WIDTH,
    RECORD_WIDTH,
    REST,
    Form,
    Framing,
    Idoc,
    Segment,
    Widths,
)
from hub.codec.idoc.records import code_page
from hub.codec.idoc.xml import NotXml, root_name, xml_lines

_MOST_SEGMENTS: Final = 999_999
_BOMS: Final = {"utf-8": "\ufeff", "utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}


class CannotWrite(ValueError):
    """What the form, the segment's release or the code page cannot hold: says segment, field and value."""


def write(
    idocs: Iterable[Idoc],
    framing: Framing | None = None,
    *,
    dictionary: Dictionary | None = None,
    releases: Mapping[str, str] | None = None,
) -> bytes:
    """Return a file of these IDocs; without a framing as they were read. Raises CannotWrite.

    `releases` says which release of a segment the partner takes, such as {"E1EDP01": "E2EDP01003"}; the others go in
    the release in which they came, or the newest one.
    """
    return b"".join(written(idocs, framing, dictionary=dictionary, releases=releases))


def written(
    idocs: Iterable[Idoc],
    framing: Framing | None = None,
    *,
    dictionary: Dictionary | None = None,
    releases: Mapping[str, str] | None = None,
) -> Iterator[bytes]:
    """Yield the same, one IDoc at a time."""
    how = framing
    root = last = ""
    for idoc in idocs:
        if how is None:
            how = idoc.framing
        first = not root
        name = root_name(idoc)
        if how.form is Form.XML:
            yield _xml(idoc, how, f"{_declaration(how)}<{name}>\n" if first else "")
            last = f"</{root or name}>\n"
        else:
            lines = list(flat_records(idoc, how, dictionary or standard(), releases or {}))
            yield _encoded((_bom(how) if first else "") + last + how.end.join(lines), how, idoc.number)
            last = how.end
        root = root or name
    if how is not None and root:
        end = last if how.form is Form.XML or how.last_end else ""
        yield _encoded(end + how.after, how, "")


def _bom(how: Framing) -> str:
    return _BOMS.get(code_page(how.encoding), "") if how.bom else ""


def _declaration(how: Framing) -> str:
    # A byte order mark says which of the two UTF-16 it is; parsers know the registered names, not Python's.
    plain = "utf-16" if how.encoding.startswith("utf-16") else code_page(how.encoding)
    name = re.sub("^iso8859", "iso-8859", re.sub("^cp125", "windows-125", plain))
    mark = "\ufeff" if how.encoding.startswith("utf-16-") else _bom(how)
    return f'{mark}<?xml version="1.0" encoding={quoteattr(name)}?>\n'


def _xml(idoc: Idoc, how: Framing, before: str) -> bytes:
    encoding = "utf-16-le" if how.encoding == "utf-16" else code_page(how.encoding)
    mark = "\ufeff" if how.encoding == "utf-16" and before else ""
    try:
        text = mark + before + "\n".join(xml_lines(idoc)) + "\n"
        return text.encode(encoding, "xmlcharrefreplace" if not encoding.startswith("utf") else "strict")
    except NotXml as error:
        raise CannotWrite(str(error)) from None


def _encoded(text: str, how: Framing, number: str) -> bytes:
    """Return bytes; what was read as bytes that are no characters goes back as it came."""
    encoding = "utf-16-le" if how.encoding == "utf-16" else code_page(how.encoding)
    if how.form is Form.XML:
        return text.encode(encoding)
    try:
        return text.encode(encoding, "strict" if encoding.startswith("utf-16") else "surrogateescape")
    except UnicodeEncodeError as error:
        around = text[max(error.start - 20, 0) : error.end + 20].strip()
        line = text.count("\n", 0, error.start) + 1
        raise CannotWrite(
            f"IDoc {number or 'without number'}, record {line}: {text[error.start : error.end]!r} in {around!r} "
            f"is not in code page {how.encoding}"
        ) from None


def flat_records(idoc: Idoc, how: Framing, dictionary: Dictionary, releases: Mapping[str, str]) -> Iterator[str]:
    """Yield the records of an IDoc, each without its line end; one without a control record has none here either."""
    if idoc.control:
        control = _data(CONTROL, CONTROL, CONTROL_RECORD, idoc.control, CONTROL_RECORD.width)
        width = idoc.width or CONTROL_RECORD.width if how.widths is None else CONTROL_RECORD.width
        control = control.rstrip(" ")
        yield _one_line(control if how.widths is Widths.TRIMMED else control.ljust(width), CONTROL, how)
    if len(idoc.segments) > _MOST_SEGMENTS:
        raise CannotWrite(f"the IDoc has {len(idoc.segments)} segments; {_MOST_SEGMENTS} can be numbered")
    numbers: dict[int, int] = {}
    levels: dict[int, int] = {}
    for number, segment in enumerate(idoc.segments, 1):
        numbers[id(segment)] = number
        external = releases.get(segment.name) or segment.external or dictionary.external(segment.name)
        header = segment.header if how.widths is None else ""
        if not header:
            parent = segment.parent
            levels[id(segment)] = level = _level(idoc, segment, levels)
            above = numbers.get(id(parent), 0) if parent is not None else 0
            client, own = idoc.control.get("MANDT", ""), idoc.control.get("DOCNUM", "")
            header = f"{client:<3.3}{own:<16.16}{number:06}{above:06}{level:02}"
        yield _one_line(_record(segment, external, header, how, dictionary), segment.name, how)


def _level(idoc: Idoc, segment: Segment, levels: Mapping[int, int]) -> int:
    parent = segment.parent
    place = idoc.tree.below.get((parent.name if parent is not None else "", segment.name))
    if place is not None and place.level:
        return place.level
    return min(levels.get(id(parent), parent.depth) + 1, 99) if parent is not None else 1


def _record(segment: Segment, external: str, header: str, how: Framing, dictionary: Dictionary) -> str:
    layout = dictionary.segments.get(segment.name)
    as_read = how.widths is None and segment.width > 0
    limit = layout.width if layout is not None and as_read else layout.width_of(external) if layout is not None else 0
    if len(external) > NAME_WIDTH:
        raise CannotWrite(f"{external!r} is longer than a segment's name may be ({NAME_WIDTH})")
    record = f"{external:<{NAME_WIDTH}}{header}" + _data(segment.name, external, layout, segment.values, limit)
    if as_read:
        return record.rstrip(" ").ljust(segment.width)
    if how.widths is Widths.FULL or how.widths is None:
        record = record.rstrip(" ")
        if len(record) > RECORD_WIDTH and not how.end:
            raise CannotWrite(f"{segment.name} is {len(record)} characters long; a record has {RECORD_WIDTH}")
        return record.ljust(RECORD_WIDTH)
    if how.widths is Widths.CUT and layout is not None and layout.fields:
        return record.ljust(HEADER_WIDTH + limit)
    return record.rstrip(" ")


def _data(name: str, external: str, layout: Layout | None, values: Mapping[str, str], limit: int) -> str:
    """Return the fields at their places; raises CannotWrite for what does not fit there."""
    rest = values.get(REST, "")
    if layout is None or not layout.fields:
        for key in values:
            if key != REST:
                raise CannotWrite(
                    f"{name}.{key}: the fields of {name} are not in the dictionary, so that it cannot be written flat; "
                    f"take them from the partner's WE60 export"
                )
        return rest
    known = layout.by_name
    parts: list[str] = []
    at = 0
    for key, value in values.items():
        field = known.get(key)
        if field is None:
            if key == REST:
                continue
            raise CannotWrite(f"{name}.{key} is not in the dictionary, so that it cannot be written flat")
        if len(value) > field.width:
            raise CannotWrite(f"{name}.{key} {value[:80]!r} is {len(value)} characters long; {field.width} fit")
        if field.offset + field.width > limit:
            raise CannotWrite(f"{name}.{key} {value[:80]!r}: release {external} ends before this field")
        if field.offset < at:
            order = {each: place for place, each in enumerate(layout.names)}
            inorder = sorted(values.items(), key=lambda item: order.get(item[0], len(order)))
            return _data(name, external, layout, dict(inorder), limit)
        parts += (" " * (field.offset - at), value.ljust(field.width))
        at = field.offset + field.width
    data = "".join(parts)
    return data.ljust(layout.width) + rest if rest else data


def _one_line(record: str, name: str, how: Framing) -> str:
    if how.end and ("\n" in record or "\r" in record):
        raise CannotWrite(f"{name} holds a line end, which would begin another record")
    return record


def as_flat(encoding: str = "utf-8", end: str = "\n", widths: Widths = Widths.FULL) -> Framing:
    """Return a flat framing."""
    return Framing(Form.FLAT, end, widths, encoding, last_end=bool(end))


def as_xml(encoding: str = "utf-8") -> Framing:
    """Return the XML framing."""
    return replace(Framing(Form.XML), encoding=encoding)
