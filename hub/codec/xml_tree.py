"""XML: bytes to a neutral tree and back, with lxml and without everything that a stranger's XML could ask of it.

No entity of a document's own is expanded, nothing is fetched, no DTD is loaded. Names are those without their
namespace, or with the prefix that the mapping file declares for it, whatever prefix the partner writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from hub.codec import packed
from hub.codec.fault import Refused, Unreadable
from hub.codec.tree import Node

#: What one file may hold: bytes when unpacked, and tags.
LARGEST: Final = 64 << 20
MOST_TAGS: Final = 3_000_000
_NO_PAIRS: Final[Mapping[str, int]] = {}
#: What an XML declaration calls an encoding, where Python has another name for it.
_DECLARED: Final[Mapping[str, str]] = {
    "utf-8-sig": "utf-8",
    "utf-16-le": "utf-16",
    "utf-16-be": "utf-16",
    "latin-1": "iso-8859-1",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1252": "windows-1252",
    "mac-roman": "macintosh",
    "cp437": "ascii",  # XML has no name for it; what is not ASCII is written as a reference, which everybody reads
}


@dataclass(frozen=True, slots=True)
class XmlFormat:
    """Implements TreeFormat; `namespaces` are our prefixes, the one named "" is what a name without a prefix has."""

    namespaces: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"

    @property
    def pairs(self) -> Mapping[str, int]:
        """XML has no qualifiers."""
        return _NO_PAIRS

    @property
    def leaves(self) -> bool:
        """A value is an element with text."""
        return True

    def read(self, content: bytes) -> Iterator[Node | Unreadable]:
        """Yield the root; raises Refused."""
        yield _node(_parsed(packed.unpacked(content, LARGEST)), {uri: key for key, uri in self.namespaces.items()})

    def write(self, roots: Iterable[Node]) -> bytes:
        """Return the documents; raises ValueError for what XML cannot hold."""
        parts = [self._written(root) for root in roots]
        return b"".join(parts)

    def _written(self, root: Node) -> bytes:
        known = {key or None: uri for key, uri in self.namespaces.items()}
        element = etree.Element(self._name(root.name), nsmap=known)
        self._fill(element, root)
        encoding = _DECLARED.get(self.encoding, self.encoding)
        text: bytes = etree.tostring(element, xml_declaration=True, encoding=encoding, pretty_print=True)
        return text

    def _fill(self, element: Any, node: Node) -> None:  # noqa: ANN401 - lxml
        element.text = node.text or None
        for name, value in node.values.items():
            if name.startswith("@"):
                element.set(self._name(name[1:], attribute=True), str(value))
            else:
                etree.SubElement(element, self._name(name)).text = str(value)
        for child in node.children:
            self._fill(etree.SubElement(element, self._name(child.name)), child)

    def _name(self, name: str, *, attribute: bool = False) -> str:
        prefix, colon, local = name.rpartition(":")
        uri = self.namespaces.get(prefix, "")
        if colon and not uri:
            raise ValueError(f"the prefix of {name!r} is not in `namespaces`")
        return f"{{{uri}}}{local}" if uri and (colon or not attribute) else local


def _parsed(content: bytes) -> Any:  # noqa: ANN401 - lxml
    if content.count(b"<") > MOST_TAGS:
        raise Refused(f"the file holds more than {MOST_TAGS} tags", "ask the partner for smaller files, or for CSV")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Refused(f"the file is no XML: {error}", "ask the partner for the file again") from None
    internal = root.getroottree().docinfo.internalDTD
    if internal is not None and any(True for _ in internal.iterentities()):
        raise Refused("the XML declares entities of its own", "ask the partner for XML without a DTD; it was not read")
    return root


def _node(root: Any, known: Mapping[str, str]) -> Node:  # noqa: ANN401 - lxml
    """Return an element and all below it; a walk without recursion, however deep it is nested."""
    made = _one(root, known)
    waiting = [(root, made)]
    while waiting:
        element, node = waiting.pop()
        for child in element:
            if isinstance(child.tag, str):
                below = node.add(_one(child, known))
                waiting.append((child, below))
    return made


def _one(element: Any, known: Mapping[str, str]) -> Node:  # noqa: ANN401 - lxml
    values = {f"@{_named(name, known, attribute=True)}": value for name, value in element.attrib.items() if value}
    text = "".join(part for part in (element.text, *(child.tail for child in element)) if part)
    return Node(_named(element.tag, known), values, text=text.strip(), line=element.sourceline or 0)


def _named(tag: str, known: Mapping[str, str], *, attribute: bool = False) -> str:
    if not tag.startswith("{"):
        return tag
    uri, _, local = tag[1:].partition("}")
    prefix = known.get(uri, "")
    return f"{prefix}:{local}" if prefix and not (attribute and not prefix) else local
