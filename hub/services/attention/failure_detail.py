"""What `failed show` adds to a failure: the original's bytes, the attempts with request and reply, the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from hub.contract import BadRecord
from hub.mapping.beside import side_by_side
from hub.mapping.inward import Inward
from hub.services.attention.failure import Failure, FailureKind
from hub.services.attention.retry_data import edits
from hub.store import archive, deliveries, messages, parking, runs

_SHOWN = 4000


def detail(
    tx: Connection, failure: Failure, inward: Inward | None = None, hide: Callable[[str], str] = str
) -> Mapping[str, Any]:
    """Return what more is known of a failure, as plain values; `hide` takes secrets out of every text.

    With the mapping of its document in force, a record comes with its fields: what the partner wrote in each beside
    what it becomes.
    """
    looks = {FailureKind.RECORD: _record, FailureKind.DELIVERY: _delivery, FailureKind.RUN: _run}
    look = looks.get(failure.kind)
    told = dict(look(tx, int(failure.id[1:]))) if look else {}
    if failure.kind is FailureKind.RECORD and inward is not None:
        told["fields"] = _fields(tx, int(failure.id[1:]), inward)
    return {name: _hidden(value, hide) for name, value in told.items()}


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:  # noqa: ANN401 - plain values of any shape
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {name: _hidden(each, hide) for name, each in value.items()}
    return [_hidden(each, hide) for each in value] if isinstance(value, list) else value


def _fields(tx: Connection, number: int, inward: Inward) -> list[dict[str, Any]]:
    """Return the fields of a parked record, as the mapping now in force reads them; none when it is not found again."""
    (parked,) = parking.search(tx, state=None, ids=[number])
    message = messages.get(tx, parked.message_id)
    try:
        content = archive.load(tx, message.sha256) if message else b""
    except archive.ContentGone:
        return []
    for each in side_by_side(inward, content):
        bad = each.result
        if (bad.record if isinstance(bad, BadRecord) else "") == parked.record or parked.raw == each.raw:
            return [asdict(part) for part in each.parts]
    return []


def _record(tx: Connection, number: int) -> Mapping[str, Any]:
    (parked,) = parking.search(tx, state=None, ids=[number])
    message = messages.get(tx, parked.message_id)
    if message is None:
        return {}
    return {
        "message": message.id,
        "name": message.name,
        "record": parked.record,
        "field": parked.field,
        "raw": parked.raw,
        "known": dict(parked.known),
        "original": _text(tx, message.sha256),
        "edits": edits(tx, f"r{number}"),
    }


def _delivery(tx: Connection, number: int) -> Mapping[str, Any]:
    row = deliveries.get(tx, number)
    attempts = [{name: getattr(each, name) for name in each.__slots__} for each in deliveries.attempts(tx, number)]
    content = _text(tx, row.content_sha256) if row.content_sha256 else ""
    told = {"state": row.state.value, "key": row.key, "record": row.doc, "content": content}
    return {**told, "attempts": attempts, "edits": edits(tx, f"d{number}")}


def _run(tx: Connection, number: int) -> Mapping[str, Any]:
    row = runs.get(tx, number)
    return {name: row[name] for name in ("started_at", "ended_at", "read", "changed", "parked")} if row else {}


def _text(tx: Connection, sha256: str) -> str:
    """Return the beginning of an archived original as text."""
    try:
        return archive.load(tx, sha256)[:_SHOWN].decode("utf-8", "replace")
    except archive.ContentGone as error:
        return str(error)
