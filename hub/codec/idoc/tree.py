"""IDocs as neutral trees, and back: the root is named by the basic type, the control record is its first child."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hub.codec import packed
from hub.codec.fault import Refused, Unreadable
from hub.codec.idoc import packages
from hub.codec.idoc.dictionary import NO_TREE, Dictionary, Layout, Tree, standard
from hub.codec.idoc.fault import Fault, FaultCode, Severity
from hub.codec.idoc.model import CONTROL, DEEPEST, Framing, Idoc, Segment
from hub.codec.idoc.reader import read
from hub.codec.idoc.writer import CannotWrite, as_xml, write
from hub.codec.tree import Node

LARGEST: Final = 128 << 20
#: A document of a mapping is held whole.
_ALL: Final = 1 << 60
_NO_PAIRS: Final[Mapping[str, int]] = MappingProxyType({})
_TODO: Final[Mapping[FaultCode, str]] = MappingProxyType({
    FaultCode.BEFORE_4_0: "ask the partner to send with a port of record version 3 (release 4.0 and later)",
    FaultCode.TRUNCATED: "ask the partner for the whole file again",
    FaultCode.NO_IDOC: "ask the partner for an IDoc, flat or as XML",
})  # fmt: skip
_MINUS_BEHIND: Final = re.compile(r"[ ]*[0-9]{0,15}[.]?[0-9]{0,9}-")
_MINUS_BEFORE: Final = re.compile(r"-[0-9]{0,15}[.]?[0-9]{0,9}")
_TABLES: Final = "E1BP"
_NEVER: Final = "00000000"
_UNSET: Final = "@unset"
#: What a fragment without its envelope has, and what is only told.
_HARMLESS: Final = (FaultCode.NO_CONTROL_RECORD,)


def tree(idoc: Idoc, dictionary: Dictionary | None = None) -> Node:
    """Return an IDoc as a tree. SAP's minus behind a number stands before it there, as everywhere else.

    A date that SAP has not set (00000000) is none; `@unset` names these, so that they are written again.
    A row of a BAPI's table (E1BP...), which has no number of its own, has its place in the IDoc as `@segment`. An item
    of a delivery (E1EDL24) also has an `@package` for each package that it is in; see `packages`.
    """
    layouts = (dictionary or standard()).segments
    root = Node(idoc.basic_type or idoc.root or idoc.tree.name or "IDOC", line=idoc.line, offset=idoc.offset)
    if idoc.control:
        root.add(Node(CONTROL, dict(idoc.control), line=idoc.line, offset=idoc.offset))
    nodes: dict[int, Node] = {}
    for number, one in enumerate(idoc.segments, 1):
        values = dict(one.values)
        if _NEVER in values.values():
            _unset_dates(values, layouts.get(one.name))
        for key, value in values.items():
            if value[-1] == "-" and _MINUS_BEHIND.fullmatch(value) and _is_number(layouts, one.name, key):
                values[key] = f"-{value[:-1].strip()}"
        if one.name.startswith(_TABLES):
            values["@segment"] = str(number)
        node = Node(one.name, values, line=one.line, offset=one.offset, number=number)
        nodes[id(one)] = node
        above = root if one.parent is None else nodes[id(one.parent)]
        above.children.append(node)
    packages.note(root)
    return root


def _unset_dates(values: dict[str, str], layout: Layout | None) -> None:
    known = layout.by_name if layout is not None else {}
    unset = [key for key, value in values.items() if value == _NEVER and key in known and known[key].kind == "date"]
    for key in unset:
        del values[key]
    if unset:
        values[_UNSET] = " ".join(unset)


def _is_number(layouts: Mapping[str, Layout], segment: str, key: str) -> bool:
    layout = layouts.get(segment)
    field = layout.by_name.get(key) if layout is not None else None
    return field is not None and field.kind == "number"


def idoc_of(root: Node, dictionary: Dictionary | None = None) -> Idoc:
    """Return the IDoc of a tree, its segments in the order of the type; what the type does not know stays where it is.

    A minus goes behind its number, as SAP has it. Raises CannotWrite for a tree that nests deeper than an IDoc.
    """
    layouts = (dictionary or standard()).segments
    control = next((child for child in root.children if child.name == CONTROL), None)
    values = dict(control.values) if control is not None else {}
    known = (dictionary or standard()).tree(
        values.get("IDOCTYP", root.name), values.get("MESTYP", ""), values.get("CIMTYP", "")
    )
    idoc = Idoc(values, tree=known if known.places else NO_TREE, root=root.name)
    waiting: list[tuple[Node, Segment | None]] = [(child, None) for child in reversed(_ordered(root, "", known))]
    while waiting:
        node, parent = waiting.pop()
        depth = parent.depth + 1 if parent is not None else 1
        if depth > DEEPEST:
            raise CannotWrite(f"{node.name} stands {depth} levels deep; an IDoc has {DEEPEST}")
        kept = {key: value for key, value in node.values.items() if value and not key.startswith("@")}
        for key, value in kept.items():
            if value[0] == "-" and _MINUS_BEFORE.fullmatch(value) and _is_number(layouts, node.name, key):
                kept[key] = f"{value[1:]}-"
        kept |= dict.fromkeys(node.values.get(_UNSET, "").split(), _NEVER)
        one = Segment(node.name, "", _in_order(kept, layouts.get(node.name)), parent, depth=depth)
        idoc.segments.append(one)
        waiting += [(child, one) for child in reversed(_ordered(node, node.name, known))]
    return idoc


def _in_order(values: dict[str, str], layout: Layout | None) -> dict[str, str]:
    """Return fields in the order of the segment, as SAP's own XML has them; others stay behind them."""
    if layout is None or not layout.fields:
        return values
    known = [name for name in layout.names if name in values]
    return {name: values[name] for name in (*known, *(each for each in values if each not in layout.by_name))}


def _ordered(node: Node, name: str, known: Tree) -> list[Node]:
    """Put children in the order of the type; one that it does not know stays behind the one before it."""
    children = [child for child in node.children if child.name != packages.PACKAGE and (child.name != CONTROL or name)]
    ranked: list[tuple[int, int]] = []
    rank = -1
    for at, child in enumerate(children):
        place = known.below.get((name, child.name))
        rank = place.rank if place is not None else rank
        ranked.append((rank, at))
    return [children[at] for _, at in sorted(ranked)]


@dataclass(frozen=True, slots=True)
class IdocFormat:
    """Implements TreeFormat. It writes XML unless a framing says otherwise; the control record is the tree's own."""

    dictionary: Dictionary = field(default_factory=standard)
    framing: Framing = field(default_factory=as_xml)
    encoding: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> Mapping[str, int]:
        """A segment of an IDoc has one qualifier, which is a field with a name."""
        return _NO_PAIRS

    @property
    def leaves(self) -> bool:
        """A value is a field."""
        return False

    def read(self, content: bytes) -> Iterator[Node | Unreadable]:
        """Yield a tree for each IDoc; one with an error is Unreadable. Raises Refused for what holds none."""
        content = packed.unpacked(content, LARGEST)
        nothing = True
        for event in read([content], dictionary=self.dictionary, encoding=self.encoding, held=_ALL):
            if isinstance(event, Fault):
                if nothing:
                    raise Refused(str(event), _TODO.get(event.code, "ask the partner for the file again"))
                yield _unreadable(event, content)
                continue
            nothing = False
            errors = [each for each in event.faults if each.severity is Severity.ERROR and each.code not in _HARMLESS]
            yield _unreadable(errors[0], content) if errors else tree(event, self.dictionary)

    def write(self, roots: Iterable[Node]) -> bytes:
        """Return a file of these IDocs; raises CannotWrite, which is a ValueError."""
        made = [idoc_of(root, self.dictionary) for root in roots]
        return write(made, self.framing, dictionary=self.dictionary, releases=self.releases)


def _unreadable(fault: Fault, content: bytes) -> Unreadable:
    at = max(fault.offset, 0)
    shown = content[at : at + 2000].decode("latin-1")
    todo = _TODO.get(fault.code, "ask the partner for the IDoc again")
    return Unreadable(str(fault), todo, shown, fault.code.name.lower(), fault.line, fault.offset)
