"""A later success closes older duplicates: a record that was parked and has since come whole needs nobody any more.

Only what stands for the same thing again counts, and only whole: a later version of an order, a newer figure of a SKU,
the same invoice. Answers to our documents are none of these; each of them is a document of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from hub.contract import BadRecord, DocumentSpec
from hub.model.base import Record
from hub.model.document import Kind
from hub.services.desk import Desk
from hub.store import archive, messages, parking, successors
from hub.store.messages import MessageRow

#: What a record is known again by: all of these have to be known of the parked one. After `|` what may be left out.
_NAMED_BY: Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.SALES_ORDER: (("order_id",), ()),
    Kind.SALES_ORDER_CHANGE: (("order_id", "change_number"), ()),
    Kind.STOCK_LEVEL: (("sku",), ("location",)),
    Kind.CATALOGUE_ENTRY: (("sku",), ()),
    Kind.SHIPMENT: (("order_number", "shipment_number"), ()),
    Kind.INVOICE: (("invoice_number",), ()),
    Kind.INTERCHANGE: (("interchange",), ()),
}
#: What asks a person which of two counts; another copy of either does not answer that.
_WHICH_COUNTS = frozenset({"shipment number used twice", "invoice number used twice", "change number used twice"})
#: Documents with a number of their own: what came to nothing by another mapping is looked up by what this one reads.
_NUMBERED = frozenset({Kind.SALES_ORDER, Kind.SALES_ORDER_CHANGE, Kind.SHIPMENT, Kind.INVOICE})
_MOST = 10_000
Identity = tuple[str, ...]
#: By the id of a message, all that it is about.
Anew = Mapping[int, frozenset[Identity]]


@dataclass(frozen=True, slots=True)
class Mapped:
    """The mapping in force: its hash, and what maps an original by it."""

    hash: str
    read: Callable[[MessageRow], Iterable[Record | BadRecord]]


@dataclass(frozen=True, slots=True)
class _Whole:
    """A message of which nothing came, by another mapping than the one in force: its open records, all it speaks of."""

    message_id: int
    parked: list[int]
    about: frozenset[Identity]


@dataclass(frozen=True, slots=True)
class Standing:
    """The open parked records of a flow, by identity: their ids and those of their messages.

    `wholes` are known by what the mapping in force makes of them, and made good by all of it together: what the one
    before it called the number of an order may have been another column.
    """

    kind: Kind
    by_identity: Mapping[Identity, list[tuple[int, int]]]
    wholes: Sequence[_Whole] = ()

    def looks_for(self, identity: Identity) -> bool:
        """Say whether something parked is about this."""
        return identity in self.by_identity or any(identity in each.about for each in self.wholes)

    def beside(self, message_id: int) -> Watch:
        """Return what watches the records of one message."""
        return Watch(self, message_id)


@dataclass(slots=True)
class Watch:
    """Looks for records of one message that make good what older messages had parked."""

    standing: Standing
    message_id: int
    came: set[Identity] = field(default_factory=set)

    def over(self, records: Iterable[Record | BadRecord]) -> Iterator[Record | BadRecord]:
        """Pass records on, and take note of those that stand for a parked one."""
        for record in records:
            if isinstance(record, Record):
                found = _of_record(self.standing.kind, record)
                if self.standing.looks_for(found):
                    self.came.add(found)
            yield record

    def resolve(self, tx: Connection, bad: Collection[BadRecord], now: datetime) -> int:
        """Resolve what has come whole in this message, of which these records were bad; returns how many."""
        if not self.came:
            return 0
        still = {_of_known(self.standing.kind, each.known) for each in bad}
        if None in still:  # it may be one of those that came: nobody can tell
            return 0
        good = self.came - still
        rows = [row for identity in good for row in self.standing.by_identity.get(identity, ())]
        rows += [
            (number, each.message_id) for each in self.standing.wholes if each.about <= good for number in each.parked
        ]
        older = sorted(number for number, message_id in rows if message_id < self.message_id)
        return parking.resolve(tx, ids=older, why=f"message {self.message_id} has it whole", now=now)


def standing_by(desk: Desk, connection: str, document: DocumentSpec, mapped: Mapped) -> Standing | None:
    """Return what is parked of a flow; what came to nothing by another mapping is known by what this one reads."""
    outdated: list[MessageRow] = []
    if document.kind in _NUMBERED:
        with desk.store.read() as tx:
            outdated = messages.by_ids(tx, successors.nothing_otherwise(tx, connection, document.name, mapped.hash))
    found = {each.id: _about(document.kind, mapped.read(each)) for each in outdated}
    with desk.store.read() as tx:
        return standing(tx, connection, document, anew={number: about for number, about in found.items() if about})


def standing(
    tx: Connection,
    connection: str,
    document: DocumentSpec,
    of: Collection[int] | None = None,
    anew: Anew = MappingProxyType({}),
) -> Standing | None:
    """Return what is parked of a flow (`of` these messages) and may be made good by what comes; None for nothing."""
    if document.kind not in _NAMED_BY:
        return None
    found: dict[Identity, list[tuple[int, int]]] = {}
    wholes: dict[int, _Whole] = {}
    for row in parking.search(tx, connection=connection, document=document.name, limit=_MOST):
        if row.message_id in anew and row.code not in _WHICH_COUNTS:
            whole = _Whole(row.message_id, [], anew[row.message_id])
            wholes.setdefault(row.message_id, whole).parked.append(row.id)
            continue
        identity = _of_known(document.kind, row.known) if of is None or row.message_id in of else None
        if identity is not None:
            found.setdefault(identity, []).append((row.id, row.message_id))
    return Standing(document.kind, found, [*wholes.values()]) if found or wholes else None


def _about(kind: Kind, records: Iterable[Record | BadRecord]) -> frozenset[Identity]:
    """Return all that an original is about; nothing where some of it cannot be told, or its bytes are gone."""
    found: set[Identity] = set()
    try:
        for each in records:
            identity = _of_known(kind, each.known) if isinstance(each, BadRecord) else _of_record(kind, each)
            if identity is None:
                return frozenset()
            found.add(identity)
    except archive.ContentGone:
        return frozenset()
    return frozenset(found)


def look_back(
    desk: Desk,
    connection: str,
    document: DocumentSpec,
    page: Sequence[tuple[int, Collection[BadRecord]]],
    told: Iterable[Iterable[Record | BadRecord]],
) -> None:
    """Close what a message of a page had parked and a later one has whole: nothing was parked yet when that came.

    `page` names each message in order with what it parked, `told` says its records once more; of the later messages
    only, and only where something was parked that can be known again.
    """
    bad = [number for number, (_, parked) in enumerate(page) if parked]
    if not bad or bad[0] == len(page) - 1:
        return
    with desk.store.read() as tx:
        known = standing(tx, connection, document, {page[number][0] for number in bad})
    if known is None:
        return
    later = list(zip(page, told, strict=True))[bad[0] + 1 :]
    seen = [(known.beside(message_id), parked, records) for (message_id, parked), records in later]
    for watch, _, records in seen:
        deque(watch.over(records), maxlen=0)

    def close(tx: Connection) -> None:
        for watch, parked, _ in seen:
            watch.resolve(tx, parked, desk.clock.now())

    if any(watch.came for watch, _, _ in seen):
        desk.store.transact(close)


def known_again(kind: Kind, record: Record, bad: BadRecord) -> Mapping[str, str]:
    """Return by what a record that could not be applied is known again when it comes corrected."""
    if kind not in _NAMED_BY or bad.code in _WHICH_COUNTS:
        return bad.known
    must, may = _NAMED_BY[kind]
    named = zip((*must, *may), _of_record(kind, record), strict=True)
    return {name: text for name, text in named if text} | dict(bad.known)


def _of_known(kind: Kind, known: Mapping[str, str]) -> Identity | None:
    must, may = _NAMED_BY[kind]
    if not all(known.get(name, "").strip() for name in must):
        return None
    return tuple(known.get(name, "").strip() for name in (*must, *may))


def _of_record(kind: Kind, record: Record) -> Identity:
    must, may = _NAMED_BY[kind]
    return tuple(str(getattr(record, name) or "").strip() for name in (*must, *may))
