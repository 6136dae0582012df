"""An interchange as people read it: an indented tree with names, every fault where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from hub.codec.tree import Node
from hub.codec.x12.check import StandardCheck
from hub.codec.x12.fault import Fault, Severity
from hub.codec.x12.interchange import (
    Event,
    Group,
    GroupEnd,
    Interchange,
    InterchangeEnd,
    InterchangeNote,
    Segment,
    Stray,
    TransactionSet,
)
from hub.codec.x12.known import meaning
from hub.codec.x12.reader import read
from hub.codec.x12.standard.release import Standard, standard
from hub.codec.x12.standard.rules import Element
from hub.codec.x12.tree import tree

_MARKS: Mapping[Severity, str] = {Severity.ERROR: "!!", Severity.WARNING: "! ", Severity.NOTE: ". "}
_USAGES: Mapping[str, str] = {"P": "production", "T": "test", "I": "information"}
_INDENT = "  "
_ENVELOPE = ("ISA", "GS", "SE")


def show(chunks: Iterable[bytes], *, brief: bool = False) -> Iterator[str]:
    """Yield the lines of the tree; `brief` leaves the elements out and shows segments as they stand."""
    check = StandardCheck()
    for event in read(chunks):
        if isinstance(event, TransactionSet):
            yield from _set(event, check(event), brief=brief)
        else:
            yield from _envelope(event)


def _envelope(event: Event) -> Iterator[str]:
    if isinstance(event, Interchange):
        usage = _USAGES.get(event.usage, event.usage or "no usage")
        parties = f"from {'/'.join(event.sender)} to {'/'.join(event.receiver)}"
        yield f"ISA interchange {event.control} {parties}, version {event.version}, {usage}, byte {event.offset}"
        yield from _faults(event.faults, 1)
    elif isinstance(event, Group):
        yield f"{_INDENT}GS group {event.control} of {event.functional_id}, version {event.version}"
        yield from _faults(event.faults, 2)
    elif isinstance(event, InterchangeNote):
        yield _INDENT + " ".join(event.segment)
    elif isinstance(event, GroupEnd):
        yield f"{_INDENT}GE {_counted(event.received, 'transaction set')}"
        yield from _faults(event.faults, 2)
    elif isinstance(event, InterchangeEnd):
        yield f"IEA {_counted(event.groups, 'group')}"
        yield from _faults(event.faults, 1)
    elif isinstance(event, Stray):
        yield from _faults([event.fault], 1)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _faults(faults: Iterable[Fault], depth: int) -> Iterator[str]:
    for fault in faults:
        byte = f" (byte {fault.offset})" if fault.offset >= 0 else ""
        yield f"{_MARKS[fault.severity]}{_INDENT * depth}{fault}{byte}"


def _set(one: TransactionSet, faults: list[Fault], *, brief: bool) -> Iterator[str]:
    rules = standard(one.version)
    rule = rules.set(one.code)
    part = "" if one.whole else f", part {one.part}"
    yield f"{_INDENT * 2}{one.code} {rule.name if rule else 'not described'}, number {one.control}{part}"
    by_place: dict[int, list[Fault]] = defaultdict(list)
    for fault in [*one.faults, *faults]:
        by_place[fault.segment].append(fault)
    yield from _faults(by_place.pop(0, []), 3)
    if one.whole:
        yield from _faults(by_place.pop(1, []), 3)
        for node in tree(one).children:
            if node.name not in _ENVELOPE:
                yield from _node(node, 3, rules, by_place, brief=brief)
    else:
        for place, segment in enumerate(one, one.first):
            yield from _flat(segment, by_place.pop(place, []))
    for place in sorted(by_place):
        yield from _faults(by_place[place], 3)


def _flat(segment: Segment, faults: list[Fault]) -> Iterator[str]:
    yield _INDENT * 3 + " ".join(segment)
    yield from _faults(faults, 4)


def _node(node: Node, depth: int, rules: Standard, faults: dict[int, list[Fault]], *, brief: bool) -> Iterator[str]:
    here = faults.pop(node.number, [])
    yield from _faults((fault for fault in here if fault.tag != node.name), depth)
    rule = rules.segment(node.name)
    whole = " ".join(f"{key}={value}" for key, value in node.values.items() if "." not in key)
    yield f"{_INDENT * depth}{node.name} {whole if brief else rule.name if rule else 'not known'}"
    own = [fault for fault in here if fault.tag == node.name]
    yield from _faults((fault for fault in own if not fault.element or brief), depth + 1)
    if not brief:
        yield from _elements(node, depth + 2, rules, [fault for fault in own if fault.element])
    for child in node.children:
        yield from _node(child, depth + 1, rules, faults, brief=brief)


def _elements(node: Node, depth: int, rules: Standard, faults: list[Fault]) -> Iterator[str]:
    """Yield a line for each element, with its name; a fault follows its element, also one that is not there."""
    told = defaultdict(list)
    for fault in faults:
        told[fault.element].append(fault)
    rule = rules.segment(node.name)
    for key, value in node.values.items():
        number = int(key[:2])
        if "." in key:
            continue
        for early in sorted(place for place in told if place < number):
            yield from _faults(told.pop(early), depth)
        part = rule.part(number) if rule else None
        name = part.name if part else "not described"
        if part and isinstance(part.what, Element) and part.what.kind.startswith("N") and part.what.decimals:
            name += f", {part.what.decimals} implied decimals"
        said = meaning(part.number, value) if part else ""
        yield f"{_INDENT * depth}{key} {name}: {value}{f' ({said})' if said else ''}"
        if f"{number:02d}#2" not in node.values or "#" in key:
            yield from _faults(told.pop(number, []), depth)
    for number in sorted(told):
        yield from _faults(told[number], depth)
