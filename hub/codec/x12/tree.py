"""Transaction sets as neutral trees: loops nest as the grammar says, HL loops by their parent ids; and back.

The header segments of its envelope stand in front of a set's own segments, as `ISA` and `GS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hub.codec.fault import Refused, Unreadable
from hub.codec.tree import Node
from hub.codec.x12.fault import Fault, FaultCode, Severity
from hub.codec.x12.interchange import Segment, Separators, Stray, TransactionSet
from hub.codec.x12.reader import read
from hub.codec.x12.standard.hierarchy import Hierarchy
from hub.codec.x12.standard.release import standard
from hub.codec.x12.standard.rules import LoopRule
from hub.codec.x12.standard.walk import Loop
from hub.codec.x12.writer import CannotWrite, Policy, composite, repeated, set_lines

#: The segments of qualifier and value pairs, each with the element of the first qualifier.
PAIRS: Final[Mapping[str, int]] = MappingProxyType(
    {"LIN": 2, "PO1": 6, "IT1": 6, "SLN": 9, "POC": 8, "ACK": 7, "PER": 3, "W01": 4, "W04": 4, "W07": 4, "W12": 7}
)
#: What a fragment without its envelope is written with, and what is put around it to read it.
FRAGMENT: Final = Separators(element="*", segment="~", component=":", after="\n")
_AROUND: Final = (
    b"ISA*00*          *00*          *ZZ*FRAGMENT       *ZZ*FRAGMENT       *700101*0000*U*00401*000000001*0*T*:~"
)
_FRAGMENT_START: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:GS|ST)\*")
_ENVELOPE: Final = ("ISA", "GS", "SE")
_KEY: Final = re.compile(r"(\d\d)(?:#(\d{1,4}))?(?:\.(\d{1,2}))?")
_LAST: Final = 99
_LEVEL: Final = LoopRule("HL")
#: What every segment of a set stands in that we do not describe.
_FLAT: Final = Loop(LoopRule(""))
_KEYS: Final = tuple(f"{number:02d}" for number in range(1, 1000))


def tree(one: TransactionSet, faults: list[Fault] | None = None) -> Node:
    """Return a set as a tree; an HL whose parent cannot be is told in `faults` and put where its level fits."""
    separators = one.interchange.separators
    cut, texts = separators.element, one.texts()
    inner = tuple(separators.component + separators.repetition)
    root = _node(cut.join([one.code, *one.header[1:]]), separators)
    root.offset, root.number = one.offset, 1
    for header in (one.interchange.isa, one.group.gs if one.group is not None else []):
        if header:
            root.add(Node(header[0], {key: value for key, value in zip(_KEYS, header[1:], strict=False) if value}))
    walker = standard(one.version).walker(one.code, separators)
    loops = walker.read(texts).loops if walker else [_FLAT] * len(texts)
    nodes, hierarchy, flat = {1: root}, Hierarchy(), root
    for index, (text, offset, loop) in enumerate(zip(texts, one.offsets(texts), loops, strict=False), 1):
        parts = iter(text.split(cut))
        tag = next(parts)
        if index == 1 or tag in _ENVELOPE:
            continue
        node = Node(tag, {key: value for key, value in zip(_KEYS, parts, strict=False) if value})
        node.number, node.offset = index, offset
        for mark in inner:
            if mark in text:
                node.values = _node(text, separators).values
        nodes[index] = node
        if tag == "HL":
            own = loop if loop.first == index else Loop(_LEVEL, first=index)
            level = hierarchy.add(own, text.split(cut), index)
            above = nodes[level.parent.loop.first] if level.parent is not None else root
            flat = node
        elif loop is _FLAT:
            above = flat
        else:
            home = loop.around if loop.first == index and loop.around is not None else loop
            above = nodes.get(home.first, root)
        above.children.append(node)
    if faults is not None:
        faults += one.located(hierarchy.faults)
    return root


def _node(text: str, separators: Separators) -> Node:
    values: dict[str, str] = {}
    tag, *elements = text.split(separators.element)
    for number, value in enumerate(elements, 1):
        if value:
            _spread(values, f"{number:02d}", value, separators)
    return Node(tag, values)


def _spread(values: dict[str, str], key: str, value: str, separators: Separators) -> None:
    """Keep an element, its components and its repetitions under their keys."""
    for count, one in enumerate(separators.repeats(value), 1):
        name = key if count == 1 else f"{key}#{count}"
        if one:
            values[name] = one
        components = separators.components(one)
        if len(components) > 1:
            values.update((f"{name}.{place}", part) for place, part in enumerate(components, 1) if part)


def segments_of(
    root: Node, separators: Separators, version: str = "004010", *, policy: Policy = Policy.REFUSE
) -> list[Segment]:
    """Return the segments of a tree from ST to the one before SE, in the order of the grammar.

    HL01 and HL02 are numbered where the tree leaves them open. Raises CannotWrite for what X12 cannot hold.
    """
    rule = standard(version).set(root.name)
    header = ["ST", root.name, root.values.get("02", "0001")]
    if root.values.get("03"):
        header.append(root.values["03"])
    segments = [header]
    _number_levels(root)
    for child in _ordered(root, rule.root if rule else None):
        _emit(child, rule.root if rule else None, segments, separators, policy)
    return segments


def _number_levels(root: Node) -> None:
    """Give every HL of a tree its id, its parent's id and whether it has children, where no id is given."""
    count = 0
    waiting = [(child, "") for child in reversed(root.children) if child.name == "HL"]
    while waiting:
        node, parent = waiting.pop()
        count += 1
        below = [child for child in node.children if child.name == "HL"]
        if not node.values.get("01"):
            node.values["01"] = str(count)
            node.values.setdefault("04", "1" if below else "0")
        if parent:
            node.values.setdefault("02", parent)
        waiting += [(child, node.values["01"]) for child in reversed(below)]


def _emit(node: Node, around: LoopRule | None, segments: list[Segment], separators: Separators, policy: Policy) -> None:
    segments.append(_segment(node, separators, policy))
    inner = around.loop(node.name) if around else None
    below = [child for child in node.children if child.name != "HL" or node.name != "HL"]
    for child in _ordered(Node(node.name, children=below), inner):
        _emit(child, inner, segments, separators, policy)
    if node.name == "HL":
        for child in node.children:
            if child.name == "HL":
                _emit(child, around, segments, separators, policy)


def _ordered(node: Node, rule: LoopRule | None) -> list[Node]:
    """Put children in the order of the grammar; what it does not know keeps its place at the end."""
    children = [child for child in node.children if child.name not in _ENVELOPE]
    if rule is None:
        return children
    ranks = rule.order()
    return sorted(children, key=lambda child: ranks.get(child.name, len(ranks) + _LAST))


def _segment(node: Node, separators: Separators, policy: Policy) -> Segment:
    elements: dict[int, dict[int, dict[int, str]]] = {}
    for key, value in node.values.items():
        match = _KEY.fullmatch(key)
        if match is None:
            raise CannotWrite(f"{node.name} has no element {key!r}; elements are 01, 02 ..., components 03.1")
        number, repeat, component = int(match[1]), int(match[2] or 1), int(match[3] or 0)
        elements.setdefault(number, {}).setdefault(repeat, {})[component] = value
    values = [""] * max(elements, default=0)
    for number, repeats in elements.items():
        joined = [_element(repeats.get(count, {}), separators, policy) for count in range(1, max(repeats) + 1)]
        values[number - 1] = joined[0] if len(joined) == 1 else repeated(separators, *joined, policy=policy)
    return [node.name, *values]


def _element(parts: Mapping[int, str], separators: Separators, policy: Policy) -> str:
    """Join components where they are given one by one; otherwise the whole is data."""
    if max(parts, default=0) == 0:
        return parts.get(0, "")
    return composite(separators, *(parts.get(place, "") for place in range(1, max(parts) + 1)), policy=policy)


@dataclass(frozen=True, slots=True)
class X12Format:
    """Implements TreeFormat; what it writes are sets without their envelope, which has numbers of its own."""

    version: str = "004010"
    policy: Policy = Policy.REFUSE
    separators: Separators = field(default=FRAGMENT)

    @property
    def pairs(self) -> Mapping[str, int]:
        """The element of the first qualifier, by segment."""
        return PAIRS

    @property
    def leaves(self) -> bool:
        """A value is a value."""
        return False

    def read(self, content: bytes) -> Iterator[Node | Unreadable]:
        """Yield a tree for each transaction set; one whose envelope is wrong is Unreadable. Raises Refused."""
        shift = 0
        if _FRAGMENT_START.match(content):
            content, shift = _AROUND + content.lstrip(b"\xef\xbb\xbf"), len(_AROUND)
        nothing = True
        for event in read([content], held=len(content) + 1):
            if isinstance(event, TransactionSet):
                nothing = False
                yield _tree_or_why(event, shift)
            elif isinstance(event, Stray) and event.fault.code is FaultCode.NO_INTERCHANGE and nothing:
                raise Refused("the file holds no readable ISA segment", "ask the partner for an X12 interchange")

    def write(self, roots: Iterable[Node]) -> bytes:
        """Return the transaction sets, each from ST to SE; raises CannotWrite, which is a ValueError."""
        end = self.separators.segment + self.separators.after
        lines: list[str] = []
        for root in roots:
            segments = segments_of(root, self.separators, self.version, policy=self.policy)
            lines += set_lines(segments, self.separators, self.policy)
        return "".join(line + end for line in lines).encode()


def _tree_or_why(one: TransactionSet, shift: int) -> Node | Unreadable:
    errors = [fault for fault in one.faults if fault.severity is Severity.ERROR]
    if errors:
        shown = one.raw[:2000].decode("latin-1")
        todo = "ask the partner for the transaction set again"
        return Unreadable(str(errors[0]), todo, shown, errors[0].code.name.lower(), offset=one.offset - shift)
    root = tree(one)
    if shift:
        _moved(root, shift)
    return root


def _moved(node: Node, shift: int) -> None:
    """Count offsets from the fragment's own beginning."""
    node.offset -= shift if node.offset >= 0 else 0
    for child in node.children:
        _moved(child, shift)
