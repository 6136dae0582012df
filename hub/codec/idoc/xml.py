"""The XML form: read as it comes, one IDOC element held at a time; nothing in it is expanded or fetched."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lxml import etree

from hub.codec.idoc.dictionary import Dictionary, xml_name
from hub.codec.idoc.fault import Fault, FaultCode
from hub.codec.idoc.model import CONTROL, DEEPEST, Form, Framing, Idoc, Segment

_IDOC: Final = "IDOC"
_ENCODING: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def read_xml(chunks: Iterable[bytes], dictionary: Dictionary, held: int) -> Iterator[Idoc | Fault]:
    """Yield each IDOC element as an IDoc; a fault where the XML breaks off."""
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_pis=True, remove_comments=True,
    )  # fmt: skip
    framing = Framing(Form.XML)
    fed, offset, root = 0, 0, ""
    started = False
    try:
        for raw in chunks:
            chunk = raw if started else raw.lstrip()
            if not chunk:
                continue
            if not started:
                started = True
                framing.encoding = _encoding(chunk[:400])
            parser.feed(chunk)
            fed, offset = fed + len(chunk), offset + len(raw)
            for event, element in parser.read_events():
                if not isinstance(element.tag, str):
                    continue
                parent = element.getparent()
                if event == "start":
                    root = root or _name(element)
                elif _name(element) == _IDOC and parent is not None and parent.getparent() is None:
                    yield _idoc(element, root, framing, dictionary)
                    fed = 0
                    _forget(element, parent)
            if fed > held:
                yield Fault(FaultCode.TOO_LARGE, root, offset=offset)
                return
        parser.close()
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        line = getattr(error, "lineno", 0) or 0
        yield Fault(FaultCode.BROKEN_XML, root, line=line, message=f"the file is no XML from here on: {error}"[:300])


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    declared = _ENCODING.search(start)
    return declared[1].decode("ascii").lower() if declared else "utf-8"


def _forget(element: Any, parent: Any) -> None:  # noqa: ANN401 - lxml
    """Let go of an element that was read, and of those before it."""
    element.clear()
    while len(parent) > 1 and parent[0] is not element:
        del parent[0]


def _idoc(element: Any, root: str, framing: Framing, dictionary: Dictionary) -> Idoc:  # noqa: ANN401 - lxml
    """Return one IDOC element; a walk without recursion, in document order."""
    idoc = Idoc({}, framing=framing, root=root, line=element.sourceline or 0)
    waiting: list[tuple[Any, Segment | None]] = [(child, None) for child in reversed(element)]
    while waiting:
        child, parent = waiting.pop()
        name = _name(child)
        if name == CONTROL and parent is None:
            idoc.control |= _values(child)[0]
            continue
        values, below = _values(child)
        depth = parent.depth + 1 if parent is not None else 1
        if depth > DEEPEST:
            idoc.faults.append(Fault(FaultCode.TOO_DEEP, name, line=child.sourceline or 0))
            break
        segment = Segment(name, "", values, parent, line=child.sourceline or 0, depth=depth)
        idoc.segments.append(segment)
        waiting += [(each, segment) for each in reversed(below)]
    if not idoc.control:
        idoc.faults.append(Fault(FaultCode.NO_CONTROL_RECORD, _IDOC, line=idoc.line))
    idoc.tree = dictionary.tree(idoc.basic_type or root, idoc.message_type, idoc.control.get("CIMTYP", ""))
    return idoc


def _values(element: Any) -> tuple[dict[str, str], list[Any]]:  # noqa: ANN401 - lxml
    """Return the fields of a segment and the segments below it: what has elements or says SEGMENT is one."""
    values: dict[str, str] = {}
    below = []
    for child in element:
        if len(child) or "SEGMENT" in child.attrib:
            below.append(child)
        elif isinstance(child.tag, str) and (text := (child.text or "").rstrip(" ")) and not text.isspace():
            values[_name(child)] = text
    return values, below


def _name(element: Any) -> str:  # noqa: ANN401 - lxml
    tag: str = element.tag if isinstance(element.tag, str) else ""
    return tag.rpartition("}")[2]


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
