"""The retry data of a failure: what is tried again, as a person may look at it and change it.

Of a record it is the partner's original, of a delivery the canonical record that is rendered. Who changed what, when
and why is kept as an event, and the original as it came stays in the archive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, update

from hub.model.document import RECORDS
from hub.model.state import DeliveryState
from hub.services.attention.failure import number_of
from hub.services.desk import Desk
from hub.services.requests import Refused
from hub.store import archive, deliveries, events, messages, parking
from hub.store.delivery_row import Delivery
from hub.store.messages import MessageRow
from hub.store.tables import delivery

_EDITABLE = frozenset({DeliveryState.PARKED, DeliveryState.WAITING, DeliveryState.BLOCKED, DeliveryState.QUEUED})
#: What a document is about: the order's books say the same, and they are changed by `order`, not here.
_FIXED = ("number", "order_id", "channel", "channel_order", "node", "supplier", "currency", "sku", "location")
_FIXED_IN_LINES = ("line_number", "channel_line", "sku", "quantity", "change")


def retry_data(tx: Connection, failure_id: str) -> bytes:
    """Return what is tried again; raises Refused where there is nothing of the kind."""
    if failure_id.startswith("r"):
        return archive.load(tx, _message(tx, failure_id).sha256)
    row = _delivery(tx, failure_id)
    return (json.dumps(row.doc, indent=2, ensure_ascii=False) + "\n").encode()


def edit(tx: Connection, desk: Desk, failure_id: str, content: bytes, why: str, actor: str) -> str:
    """Put other retry data in its place; returns what was done, in words. Raises Refused."""
    if not why.strip():
        raise Refused("changing retry data needs a reason; it is kept with it")
    change = _edit_original if failure_id.startswith("r") else _edit_delivery
    return change(tx, desk, failure_id, content, {"why": why, "actor": actor})


def edits(tx: Connection, failure_id: str) -> list[dict[str, Any]]:
    """Return who changed the retry data, when and why, the newest first."""
    subject = f"message {_message(tx, failure_id).id}" if failure_id.startswith("r") else f"delivery {failure_id[1:]}"
    found = events.search(tx, subject=subject, name="retry_data.edited")
    return [{"at": each.at, "actor": each.actor, **each.detail} for each in found]


# --- originals -------------------------------------------------------------------------------------------------------


def _message(tx: Connection, failure_id: str) -> MessageRow:
    number = number_of(failure_id[1:])
    found = [] if number is None else parking.search(tx, state=None, ids=[number])
    message = messages.get(tx, found[0].message_id) if found else None
    if message is None:
        raise Refused(f"{failure_id} is no record; see `crossdock failed list`")
    return message


def _edit_original(tx: Connection, desk: Desk, failure_id: str, content: bytes, word: Mapping[str, str]) -> str:
    message = _message(tx, failure_id)
    if not parking.search(tx, ids=[int(failure_id[1:])]):
        raise Refused(f"{failure_id} is closed or went through; there is nothing to try again")
    now = desk.clock.now()
    sha256 = archive.keep(tx, content, now)
    if sha256 == message.sha256:
        raise Refused(f"{message.name} is as it was; nothing to change")
    messages.replace_original(tx, message.id, sha256, len(content))
    _keep(tx, desk, f"message {message.id}", word, {"from": message.sha256, "to": sha256})
    return f"the original of message {message.id} was replaced; rerun {failure_id} to map it"


# --- deliveries ------------------------------------------------------------------------------------------------------


def _delivery(tx: Connection, failure_id: str) -> Delivery:
    number = number_of(failure_id[1:])
    if not failure_id.startswith("d") or number is None:
        raise Refused(f"{failure_id} has no retry data: only records (r...) and deliveries (d...) do")
    return deliveries.get(tx, number)


def _edit_delivery(tx: Connection, desk: Desk, failure_id: str, content: bytes, word: Mapping[str, str]) -> str:
    row = _delivery(tx, failure_id)
    if row.state not in _EDITABLE or row.doubt or row.sent_at is not None:
        raise Refused(f"{row.what} may have reached the partner as it is; close it, or ask them first")
    doc = _checked(row, content)
    if doc == row.doc:
        raise Refused(f"{row.what} is as it was; nothing to change")
    values = {"record": doc, "content_sha256": None, "content_name": None, "transmission": None, "note": None}
    tx.execute(update(delivery).where(delivery.c.id == row.id).values(**values, updated_at=desk.clock.now()))
    changed = {name: {"was": row.doc.get(name), "is": doc[name]} for name in doc if doc[name] != row.doc.get(name)}
    _keep(tx, desk, f"delivery {row.id}", word, {"key": row.key, "changed": changed})
    return f"{row.key} is rendered anew from the changed record; rerun {failure_id} to send it"


def _checked(row: Delivery, content: bytes) -> dict[str, Any]:
    try:
        doc = RECORDS[row.kind].model_validate(json.loads(content)).model_dump(mode="json")
    except (ValueError, ValidationError) as error:
        raise Refused(f"this is no {row.kind.value}: {error}") from None
    for name in _FIXED:
        if doc.get(name) != row.doc.get(name):
            raise Refused(f"{name} cannot be changed here: the order's books say {row.doc.get(name)!r}")
    if _lines(doc) != _lines(row.doc):
        raise Refused("lines and quantities cannot be changed here; use `order reroute` or `order cancel`")
    return doc


def _lines(doc: Mapping[str, Any]) -> list[list[Any]]:
    return [[line.get(name) for name in _FIXED_IN_LINES] for line in doc.get("lines", ()) if isinstance(line, dict)]


def _keep(tx: Connection, desk: Desk, subject: str, word: Mapping[str, str], what: Mapping[str, Any]) -> None:
    detail = {"why": word["why"], **what}
    events.record(tx, "retry_data.edited", subject, desk.clock.now(), actor=word["actor"], detail=detail)
