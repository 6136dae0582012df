"""Cutting what lies in a mailbox: files into interchanges, and these into the documents that each is applied as.

An interchange is kept whole, byte for byte; each of its transaction sets is kept besides with the ISA and GS that it
stood under, so that it can be read, applied and rerun alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from connectors.edi.settings import Duplicate, EdiSettings
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
    element,
)
from hub.codec.x12.reader import read
from hub.codec.x12.window import plain
from hub.contract import RawItem

#: The sets that say what became of documents, and so are never acknowledged themselves.
ACKNOWLEDGEMENTS = frozenset({"997", "999"})
#: The code under which `documents_of` is asked for what takes TA1 segments.
NOTE = "TA1"
#: The purpose (BEG01) of an order that was never sent before.
_ORIGINAL = "00"
#: What the key of an order begins with that is known by its own number.
_BY_NUMBER = "850:"
#: So many bytes of a file are looked at together.
_STEP = 4 << 20


class Sorting(Protocol):
    """What a mailbox's mapping file says of the sets in it."""

    def documents_of(self, code: str) -> tuple[str, ...]:
        """Return the documents that sets of this code are read for; most often one, none where nobody reads them."""
        ...

    def is_snapshot(self, document: str) -> bool:
        """Whether what a document does not list is gone, so that sets which share a list belong together."""
        ...


@dataclass(slots=True)
class Whole:
    """One interchange of a file: its own bytes, its transaction sets and notes, and what of it its envelope refuses.

    `text` is the file in which offsets count. The sets are kept without their bytes, which are cut out when they go.
    """

    interchange: Interchange
    text: bytes
    content: bytes = b""
    sets: list[tuple[TransactionSet, int]] = field(default_factory=list)
    notes: list[Segment] = field(default_factory=list)
    refused: bool = False
    refused_groups: set[int] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Take over what belongs to this interchange."""
        match event:
            case TransactionSet():
                self.sets.append((event, event.offset + len(event.raw)))
                event.raw = b""
            case InterchangeNote():
                self.notes.append(event.segment)
            case Group() | GroupEnd() if _refuses(event.faults):
                self.refused_groups.add(event.number if isinstance(event, Group) else event.group.number)
            case InterchangeEnd() if _refuses(event.faults):
                self.refused = True
            case Stray() if _refuses((event.fault,)):
                self.refused = True

    def raw(self, one: tuple[TransactionSet, int]) -> bytes:
        """Return the bytes of a set."""
        return self.text[one[0].offset : one[1]]

    def takes(self, each: TransactionSet) -> bool:
        """Say whether the envelopes around a set let it count."""
        return not self.refused and each.group is not None and each.group.number not in self.refused_groups


def _refuses(faults: Iterable[Fault]) -> bool:
    return any(fault.severity is Severity.ERROR for fault in faults)


def wholes(content: bytes) -> Iterator[Whole]:
    """Yield the interchanges of a file."""
    text = plain(content)
    current: Whole | None = None
    for event in read_whole(text):
        if isinstance(event, Interchange):
            if current is not None:
                current.content = text[current.interchange.offset : event.offset]
                yield current
            current = Whole(event, text, refused=_refuses(event.faults))
        elif current is not None:
            current.take(event)
    if current is not None:
        alone = current.interchange.number == 1
        current.content = content if alone and text is not content else text[current.interchange.offset :]
        yield current


def read_whole(content: bytes) -> Iterator[Event]:
    """Read what is held in one piece: no set comes in parts, and few of them are copied at a time."""
    return read((content[at : at + _STEP] for at in range(0, len(content), _STEP)), held=len(content) + 1)


def items(file: RawItem, settings: EdiSettings, sorting: Sorting) -> Iterator[RawItem]:
    """Yield what the hub stores of a file: each interchange, followed by the documents in it.

    An interchange of somebody else or in another usage is stored whole and no document of it is: reading it says why.
    A file without any interchange is stored as it came.
    """
    found = False
    for whole in wholes(file.content):
        found = True
        key = _key(whole, file, settings)
        yield RawItem(key, whole.content, file.name, file.at)
        if not unfit(whole.interchange, settings):
            for part_key, content, document in _parts(whole, key, settings, sorting):
                said = _said(content, whole.interchange) if part_key.startswith(_BY_NUMBER) else b""
                yield RawItem(part_key, content, file.name, file.at, document, key, said)
    if not found:
        yield RawItem(file.key, file.content, file.name, file.at)


def _parts(whole: Whole, key: str, settings: EdiSettings, sorting: Sorting) -> Iterator[tuple[str, bytes, str]]:
    """Yield the key, the content and the document of everything that is applied by itself."""
    for place, segment in enumerate(whole.notes, start=1):
        for document in sorting.documents_of(NOTE):
            content = header_bytes(whole.interchange, None) + _line(segment, whole.interchange)
            yield f"{key}#TA1:{place}", content, document
    lists: dict[str, dict[int, tuple[TransactionSet, int]]] = {}
    for place, one in enumerate(whole.sets, start=1):
        each = one[0]
        for document in sorting.documents_of(each.code):
            if sorting.is_snapshot(document):
                lists.setdefault(document, {})[place] = one
            elif whole.takes(each):
                raw = whole.raw(one)
                content = header_bytes(whole.interchange, each.group) + raw
                yield _part_key(key, place, replace(each, raw=raw), settings), content, document
    for document, sets in lists.items():
        if all(
            whole.takes(each) for each, _ in sets.values()
        ):  # of a list that came in part, nothing says what is gone
            place, (first, _) = next(iter(sets.items()))
            yield _part_key(key, place, first, settings), _together(whole, sets.values()), document


def _together(whole: Whole, sets: Iterable[tuple[TransactionSet, int]]) -> bytes:
    """Return the sets that make one list, each group of them under its own header."""
    pieces: list[bytes] = []
    group: Group | None = None
    for one in sets:
        each = one[0]
        if not pieces:
            pieces.append(header_bytes(whole.interchange, each.group))
        elif each.group is not None and each.group is not group:
            pieces.append(_line(each.group.gs, whole.interchange))
        group = each.group
        pieces.append(whole.raw(one))
    return b"".join(pieces)


def unfit(interchange: Interchange, settings: EdiSettings) -> str:
    """Return why the documents of an interchange must not be applied, or an empty text."""
    if not (settings.them.means(interchange.sender) and settings.us.means(interchange.receiver)):
        told = f"{'/'.join(interchange.sender)} for {'/'.join(interchange.receiver)}"
        return (
            f"it is from {told}, and this mailbox is for {'/'.join(settings.them.key)} to {'/'.join(settings.us.key)}"
        )
    if interchange.usage == "T" and settings.usage != "T":
        return "it is marked as a test (ISA15 is T), and this connection is in production"
    return ""


def _key(whole: Whole, file: RawItem, settings: EdiSettings) -> str:
    """Return the interchange's identity, as far as the tests for duplicates that are on see it.

    Nothing came of one that its envelope refuses: its number is free for the same interchange, sent whole.
    """
    head = whole.interchange
    key = f"isa:{'/'.join(head.sender)}>{'/'.join(head.receiver)}:{head.usage}:{head.control}"
    if whole.refused or Duplicate.INTERCHANGE not in settings.duplicates or not head.control:
        key += f":{hashlib.sha256(whole.content).hexdigest()[:16]}"
    if Duplicate.BYTES not in settings.duplicates:
        key += f"@{file.key}"
    return key


def _part_key(key: str, place: int, each: TransactionSet, settings: EdiSettings) -> str:
    if Duplicate.BUSINESS in settings.duplicates and each.code == "850":
        begin = next((segment for segment in each if segment[0] == "BEG"), [])
        if element(begin, 1) == _ORIGINAL and element(begin, 3):
            return f"{_BY_NUMBER}{element(begin, 3)}:{element(begin, 4)}"
    return f"{key}#{place}:{each.code}:{each.control}"


def _said(content: bytes, interchange: Interchange) -> bytes:
    """Return an order from its BEG to its SE, without the numbers of this sending that stand around it."""
    mark = interchange.separators.element.encode("latin-1")
    start, end = content.find(b"BEG" + mark), content.rfind(b"SE" + mark)
    return content[start : end + 3] if -1 < start < end else b""


def header_bytes(interchange: Interchange, group: Group | None) -> bytes:
    """Return ISA and GS, written anew from what was read of them."""
    segments = [interchange.isa] if group is None else [interchange.isa, group.gs]
    return b"".join(_line(each, interchange) for each in segments)


def _line(segment: Segment, interchange: Interchange) -> bytes:
    marks = interchange.separators
    return (marks.element.join(segment) + marks.segment + marks.after).encode("latin-1", "replace")
