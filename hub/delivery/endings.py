"""How an attempt can end, and what each end writes into the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.contract import BadRecord, ConnectorError, OutcomeUnknown, RateLimited, Receipt, Rejected
from hub.delivery.ledger import Settlement
from hub.delivery.policy import Verdict
from hub.delivery.tools import Tools, clean
from hub.model.document import Kind
from hub.model.state import DeliveryState
from hub.store.delivery_row import Delivery

_NO_ERROR = {"error_class": None, "code": None, "error": None, "todo": None}
_ASK_THEM = "ask the partner whether it has the document: close this one if so, otherwise rerun it to send it again"


@dataclass(frozen=True, slots=True)
class Arrived:
    """The partner has it, and what it said; `outcome` says how we know: confirmed, sent or found."""

    receipt: Receipt
    outcome: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not come to that, and why."""

    error: ConnectorError


@dataclass(frozen=True, slots=True)
class Untold:
    """The partner could not say whether an earlier send arrived."""

    why: str


End = Arrived | Failed | Untold


def settlement(tools: Tools, row: Delivery, end: End, verdict: Verdict | None, now: datetime) -> Settlement:
    """Return what an attempt's end writes into the ledger; the verdict is that on its error."""
    if isinstance(end, Arrived):
        return _arrived(tools, row, end, now)
    if verdict is None:
        return _untold(tools, row, error_of(end), now)
    error = error_of(end)
    values = {
        **_error_values(error),
        "tries": verdict.tries,
        "doubt": verdict.doubt,
        "due_at": now + timedelta(seconds=verdict.after),
    }
    if verdict.state is DeliveryState.UNKNOWN:
        values["answer_by"] = _known_by(tools, row, now)
    outcome = type(error).__name__[:24]
    return Settlement(verdict.state, values, outcome, clean(error.what), clean(error.extract) or None)


def _arrived(tools: Tools, row: Delivery, end: Arrived, now: datetime) -> Settlement:
    confirmed = end.receipt.confirmed
    values = {
        **_NO_ERROR,
        "reference": clean(end.receipt.reference, 256) or row.reference,
        "sent_at": row.sent_at or now,
        "answer_by": None if confirmed else tools.deadline(row.connection, row.kind, now),
        "doubt": False,
    }
    state = DeliveryState.CONFIRMED if confirmed else DeliveryState.SENT
    return Settlement(state, values, end.outcome, reply=clean(end.receipt.reply) or None)


def _untold(tools: Tools, row: Delivery, error: ConnectorError, now: datetime) -> Settlement:
    """Wait for the partner's own answer until its deadline, then for a person.

    Nobody answers an acknowledgement, and one too few does no harm: it counts as sent.
    """
    if row.kind is Kind.FUNCTIONAL_ACKNOWLEDGEMENT:
        values = {**_NO_ERROR, "sent_at": row.sent_at or now, "answer_by": None, "doubt": False, "due_at": now}
        return Settlement(DeliveryState.SENT, values, "cannot_tell", clean(error.what))
    by = _known_by(tools, row, now)
    values = {**_error_values(error), "doubt": True, "answer_by": by, "due_at": by}
    state = DeliveryState.PARKED if by <= now else DeliveryState.UNKNOWN
    return Settlement(state, values, "cannot_tell", clean(error.what))


def _known_by(tools: Tools, row: Delivery, now: datetime) -> datetime:
    agreed = row.answer_by or tools.deadline(row.connection, row.kind, now)
    return agreed or now + timedelta(hours=tools.policy.unknown_hours)


def answered(end: End) -> bool:
    """Whether the partner said anything at all, which proves that it is there."""
    if not isinstance(end, Failed):
        return True
    return isinstance(end.error, (Rejected, RateLimited))


def error_of(end: End) -> ConnectorError:
    """Return the error of an end that is no arrival."""
    match end:
        case Failed(error):
            return error
        case Untold(why):
            return OutcomeUnknown(f"it cannot be told whether an earlier send arrived: {why}", todo=_ASK_THEM)
        case _:
            raise TypeError("what arrived has no error")


def _error_values(error: ConnectorError) -> dict[str, Any]:
    return {
        "error_class": type(error).__name__[:64],
        "code": clean(error.code, 64),
        "error": clean(_words(error)),
        "todo": clean(error.todo),
    }


def _words(error: ConnectorError) -> str:
    if isinstance(error, BadRecord):
        return f"{error.record}{f' {error.field}' if error.field else ''}: {error.what}"
    return error.what
