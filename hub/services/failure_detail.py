"""What `failed show` adds to a failure: the original's bytes, the attempts with request and reply, the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from hub.services.failure import Failure, FailureKind
from hub.store import archive, deliveries, messages, runs

_SHOWN = 4000


def detail(tx: Connection, failure: Failure) -> Mapping[str, Any]:
    """Return what more is known of a failure, as plain values."""
    looks = {FailureKind.RECORD: _record, FailureKind.DELIVERY: _delivery, FailureKind.RUN: _run}
    look = looks.get(failure.kind)
    return look(tx, int(failure.id[1:])) if look else {}


def _record(tx: Connection, number: int) -> Mapping[str, Any]:
    (parked,) = messages.parked(tx, state=None, ids=[number])
    message = messages.get(tx, parked.message_id)
    if message is None:
        return {}
    return {
        "message": message.id,
        "name": message.name,
        "record": parked.record,
        "field": parked.field,
        "raw": parked.raw,
        "original": _text(tx, message.sha256),
    }


def _delivery(tx: Connection, number: int) -> Mapping[str, Any]:
    row = deliveries.get(tx, number)
    attempts = [{name: getattr(each, name) for name in each.__slots__} for each in deliveries.attempts(tx, number)]
    content = _text(tx, row.content_sha256) if row.content_sha256 else ""
    return {"state": row.state.value, "key": row.key, "content": content, "attempts": attempts}


def _run(tx: Connection, number: int) -> Mapping[str, Any]:
    row = runs.get(tx, number)
    return {name: row[name] for name in ("started_at", "ended_at", "read", "changed", "parked")} if row else {}


def _text(tx: Connection, sha256: str) -> str:
    """Return the beginning of an archived original as text."""
    try:
        return archive.load(tx, sha256)[:_SHOWN].decode("utf-8", "replace")
    except archive.ContentGone as error:
        return str(error)
