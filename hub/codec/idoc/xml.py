"""The XML form as it is written: two blanks a level, `/` of a namespace as `_-`, empty fields left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hub.codec.idoc.dictionary import xml_name
from hub.codec.idoc.model import CONTROL, Idoc, Segment

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


class NotXml(ValueError):
    """A name or a value that XML cannot hold."""


def root_name(idoc: Idoc) -> str:
    """Return the name of the root element: the one that it had, or else the type or the extension."""
    names = (idoc.root, idoc.control.get("CIMTYP", ""), idoc.basic_type, idoc.tree.name)
    return next((name for each in names if _ELEMENT.fullmatch(name := xml_name(each))), "IDOCS")


def xml_lines(idoc: Idoc) -> Iterator[str]:
    """Yield the lines of one IDOC element."""
    yield '  <IDOC BEGIN="1">'
    if idoc.control:
        yield f'    <{CONTROL} SEGMENT="1">'
        yield from _written(CONTROL, idoc.control, 3)
        yield f"    </{CONTROL}>"
    open_: list[Segment] = []
    for segment in idoc.segments:
        while open_ and open_[-1] is not segment.parent:
            yield f"{'  ' * (len(open_) + 1)}</{open_.pop().name}>"
        if _ELEMENT.fullmatch(segment.name) is None:
            raise NotXml(f"{segment.name!r} is no name that XML allows")
        open_.append(segment)
        yield f'{"  " * (len(open_) + 1)}<{segment.name} SEGMENT="1">'
        yield from _written(segment.name, segment.values, len(open_) + 2)
    while open_:
        yield f"{'  ' * (len(open_) + 1)}</{open_.pop().name}>"
    yield "  </IDOC>"


def _written(name: str, values: Mapping[str, str], depth: int) -> Iterator[str]:
    for key, value in values.items():
        if _ELEMENT.fullmatch(key) is None:
            raise NotXml(f"{name}.{key!r} is no name that XML allows")
        if _NOT_XML.search(value):
            raise NotXml(f"{name}.{key} {value[:80]!r} holds what XML cannot")
        yield f"{'  ' * depth}<{key}>{value.translate(_ESCAPES)}</{key}>"
