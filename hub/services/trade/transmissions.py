"""Functional acknowledgements: what partners say about our documents that reached them, and what we say of theirs."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.model.transmission import DocumentVerdict, FunctionalAcknowledgement, TransmissionFault, Verdict
from hub.services.desk import Desk, Source
from hub.store import allocations, deliveries, events
from hub.store.delivery_row import Delivery, NewDelivery

_ASKS_A_NODE = frozenset({Kind.PURCHASE_ORDER, Kind.SHIP_ORDER})
_SHOWN_FAULTS = 5


def owe(tx: Connection, desk: Desk, source: Source, record: FunctionalAcknowledgement) -> bool:
    """Write down that a partner is to be told what became of its transmission; once, however often it is read."""
    document = desk.directory.outbound(source.connection, Kind.FUNCTIONAL_ACKNOWLEDGEMENT)
    if document is None:  # the partner wants none
        return False
    key = f"ack:{record.reference}:{source.message_id}"
    if deliveries.by_key(tx, source.connection, key) is not None:
        return False
    new = NewDelivery(
        connection=source.connection,
        document=document,
        kind=Kind.FUNCTIONAL_ACKNOWLEDGEMENT,
        entity=key,
        key=key,
        record=record,
    )
    deliveries.enqueue(tx, new, desk.clock.now())
    return True


def apply(tx: Connection, desk: Desk, source: Source, record: FunctionalAcknowledgement) -> bool:
    """Take over what a partner says of a transmission of ours: confirmed, or parked with the faults that it names."""
    named = record.reference if record.group else f" {record.reference}"
    sent = deliveries.by_transmission(tx, source.connection, named)
    if sent is None:
        raise BadRecord(
            f"{source.connection} acknowledges {record.reference}, and we never sent it that",
            record=f"acknowledgement of {record.reference}",
            field="number",
            todo="ask the partner which transmission it means; perhaps it is of another system, then close this",
            code="unknown transmission",
        )
    if not record.taken:
        return _refuse(tx, desk, sent, record)
    return _arrived(tx, desk, sent, whole=bool(record.group))


def _arrived(tx: Connection, desk: Desk, sent: Delivery, *, whole: bool) -> bool:
    """Take it as arrived; when only its envelope was looked at (not `whole`), a word on the document is still due."""
    now = desk.clock.now()
    take = deliveries.confirm if whole else deliveries.arrived
    news = take(tx, sent.connection, sent.key, None, now)
    if news and sent.kind in _ASKS_A_NODE and sent.sent_at is None:
        allocations.release(tx, sent.key, now)
    return news


def _refuse(tx: Connection, desk: Desk, sent: Delivery, record: FunctionalAcknowledgement) -> bool:
    now = desk.clock.now()
    words = _words(record)
    error = {
        "error_class": "Rejected",
        "code": _code(record)[:64],
        "error": f"{sent.connection} refused {sent.key} as unreadable: {words}"[:2000],
        "todo": "correct what it names (the mapping file, or the record), then rerun it: it goes under a new number",
    }
    if not deliveries.refuse(tx, sent, error, now):
        return _note_late(tx, desk, sent, words)
    if sent.order_id is not None:
        detail = {"document": sent.key, "connection": sent.connection, "error": error["error"]}
        events.record(tx, "delivery.parked", sent.order_id, now, detail=detail)
    return True


def _note_late(tx: Connection, desk: Desk, sent: Delivery, words: str) -> bool:
    """Say on the order that a document was refused which counts as done or as parked already."""
    if sent.state is DeliveryState.PARKED or sent.order_id is None:
        return False
    detail = {"document": sent.key, "connection": sent.connection, "error": words}
    events.record(tx, "delivery.refused late", sent.order_id, desk.clock.now(), detail=detail)
    return True


def _words(record: FunctionalAcknowledgement) -> str:
    """Return the faults in plain words, the first few."""
    faults = [_fault(document, fault) for document in record.documents for fault in document.faults]
    if not faults:
        codes = [*record.codes, *(code for document in record.documents for code in document.codes)]
        return f"code {', '.join(codes)}" if codes else "no reason given"
    more = len(faults) - _SHOWN_FAULTS
    return "; ".join(faults[:_SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")


def _fault(document: DocumentVerdict, fault: TransmissionFault) -> str:
    place = " ".join(
        part
        for part in (
            document.type,
            f"segment {fault.position}" if fault.position is not None else "segment",
            fault.segment,
            f"element {fault.element}" if fault.element else "",
        )
        if part
    )
    value = f" ({fault.value!r})" if fault.value else ""
    return f"{place}: {fault.text or f'code {fault.code}'}{value}"


def _code(record: FunctionalAcknowledgement) -> str:
    """Return what groups equal refusals: the place and code of the first fault, never a value."""
    for document in record.documents:
        for fault in document.faults:
            return f"refused {fault.segment}{fault.element and f'-{fault.element}'} {fault.code}".strip()
    return "refused " + ("partly" if record.verdict is Verdict.PARTLY_ACCEPTED else "whole")
