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
    sent = deliveries.by_transmission(tx, source.connection, record.named)
    if sent is None:
        raise BadRecord(
            f"{source.connection} acknowledges {record.reference}, and we never sent it that",
            record=f"acknowledgement of {record.reference}",
            field="number",
            todo="ask the partner which transmission it means; perhaps it is of another system, then close this",
            code="unknown transmission",
        )
    if not record.taken and not (record.duplicate and _sends(tx, sent) > 1):
        return _refuse(tx, desk, sent, record)
    return _arrived(tx, desk, sent, record)


def _sends(tx: Connection, sent: Delivery) -> int:
    """Return how often these very bytes left: of a second copy that is refused as one, the first arrived."""
    these = f"sha256:{sent.content_sha256}"
    return sum(each.verb == "send" and these in (each.request or "") for each in deliveries.attempts(tx, sent.id))


def _arrived(tx: Connection, desk: Desk, sent: Delivery, record: FunctionalAcknowledgement) -> bool:
    """Take it as arrived; when only its envelope was looked at (no group), a word on the document is still due."""
    now = desk.clock.now()
    whole = bool(record.group)
    take = deliveries.confirm if whole else deliveries.arrived
    news = take(tx, sent.connection, sent.key, None, now)
    if news and sent.kind in _ASKS_A_NODE and sent.sent_at is None:
        allocations.release(tx, sent.key, now)
    return _note_taken(tx, desk, sent, record) or news


def _note_taken(tx: Connection, desk: Desk, sent: Delivery, record: FunctionalAcknowledgement) -> bool:
    """Say on the order that the interchange arrived, or what the partner took a document in spite of."""
    verdicts = {record.verdict, *(each.verdict for each in record.documents)}
    well = verdicts == {Verdict.ACCEPTED}
    if sent.order_id is None or (well and record.group):  # of a document that was taken well, its state says it
        return False
    detail = {"document": sent.key, "connection": sent.connection}
    name = "delivery.arrived" if well or record.duplicate else "delivery.taken with errors"
    events.record(
        tx, name, sent.order_id, desk.clock.now(), detail=detail | ({} if well else {"error": _words(record)})
    )
    return True


def _refuse(tx: Connection, desk: Desk, sent: Delivery, record: FunctionalAcknowledgement) -> bool:
    now = desk.clock.now()
    words = _words(record) or "no reason given"
    error = {
        "error_class": "Rejected",
        "code": _code(record)[:64],
        "error": f"{sent.connection} refused {sent.key} as unreadable: {words}"[:2000],
        "todo": "correct what it names (the mapping file, or the record), then rerun it: it goes under a new number",
    }
    if not record.group:
        error["error"] = f"{sent.connection} refused the interchange with {sent.key}: {words}"[:2000]
        error["todo"] = "correct what it names (us, them, separators or release under [connection]), or ask the partner"
        error["todo"] += "; then rerun it: it goes under a new number"
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
    """Return the faults in plain words, the first few; of codes without a place, what they mean."""
    faults = [_fault(document, fault) for document in record.documents for fault in document.faults]
    if faults:
        more = len(faults) - _SHOWN_FAULTS
        return "; ".join(faults[:_SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")
    said = [(record.codes, record.reason), *((each.codes, each.reason) for each in record.documents)]
    codes = ", ".join(dict.fromkeys(code for several, _ in said for code in several))
    reasons = "; ".join(dict.fromkeys(reason for _, reason in said if reason))
    return f"code {codes}{reasons and f': {reasons}'}" if codes else ""


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
    if not record.group:
        return f"refused interchange {' '.join(record.codes)}".strip()
    return "refused " + ("partly" if record.verdict is Verdict.PARTLY_ACCEPTED else "whole")
