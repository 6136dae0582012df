"""Telling people: each change once, many in one notice, not at night, and never lost.

What people were told last stands in the database. A notice is a delivery of the ledger like any other, written in the
transaction that takes note of the change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from hub.services.alerting import notices
from hub.services.alerting.alert_rules import Alert, evaluate, summary_text
from hub.services.alerting.alert_settings import AlertsSection
from hub.services.desk import Desk
from hub.store.tables import connector_state as kept
from hub.store.upsert import insert

#: The name under which our own small values stand beside those of connections; no partner's code has a slash.
_OURS = "hub/alerts"
_TOLD, _DIGEST, _NOTICE = "told", "digest", "notice/"
#: A notice tells at most so many things that began or are over, in so many signs each: a chat refuses what is longer.
_MOST, _LONGEST = 30, 500


def look(desk: Desk, settings: AlertsSection) -> int:
    """Compare what holds now with what people were told, and write down what they have to be told; returns how much."""
    if not settings.channels:
        return 0
    now = desk.clock.now()
    with desk.store.read() as tx:
        holds = evaluate(tx, settings.rules, now, desk.directory)
    with desk.store.write() as tx:
        told_now = _tell_changes(tx, settings, holds, now) + _tell_summary(tx, settings, now)
        return told_now + _take_over(tx, settings, now)


def told(tx: Connection) -> dict[str, dict[str, Any]]:
    """Return what people were told of and is not over, by key."""
    found: dict[str, dict[str, Any]] = json.loads(_get(tx, _TOLD) or "{}")
    return found


# --- what is told ----------------------------------------------------------------------------------------------------


def _tell_changes(tx: Connection, settings: AlertsSection, holds: Mapping[str, Alert], now: datetime) -> int:
    """Tell what began and what is over; what is not urgent waits for the end of the quiet hours."""
    known, quiet = _still_watched(tx, settings, now), settings.is_quiet(now)
    begun = [alert for key, alert in holds.items() if key not in known and (alert.urgent or not quiet)]
    over = [key for key, was in known.items() if key not in holds and (was["urgent"] or not quiet)]
    if not begun and not over:
        return 0
    for channel in settings.channels:
        lines = [
            f"{_clipped(each.text)}\n  do: {each.todo}"
            for each in begun
            if channel.name in (each.to or (channel.name,))
        ]
        ended = [
            f"over: {_clipped(known[key]['text'])}"
            for key in over
            if channel.name in (known[key]["to"] or [channel.name])
        ]
        if lines or ended:
            subject = f"Crossdock: {len(lines)} new, {len(ended)} over"
            notices.enqueue(tx, channel, subject, "\n".join(_short(lines) + _short(ended)), now)
    began = {
        each.key: {"rule": each.rule, "text": each.text, "urgent": each.urgent, "to": list(each.to)} for each in begun
    }
    left = {key: was for key, was in known.items() if key not in over}
    _put(tx, _TOLD, json.dumps(left | began), now)
    return len(begun) + len(over)


def _still_watched(tx: Connection, settings: AlertsSection, now: datetime) -> dict[str, dict[str, Any]]:
    """Return what people were told; of a rule that is gone nothing holds, and nobody can say that it is over."""
    known, names = told(tx), {rule.name for rule in settings.rules}
    kept = {key: was for key, was in known.items() if was.get("rule", key.partition("/")[0]) in names}
    if len(kept) < len(known):
        _put(tx, _TOLD, json.dumps(kept), now)
    return kept


def _short(lines: list[str]) -> list[str]:
    """Return the first of them, and how many there are more."""
    more = len(lines) - _MOST
    last = [f"and {more} more: `crossdock failed list`, `crossdock connection list`"] if more > 0 else []
    return lines[:_MOST] + last


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _tell_summary(tx: Connection, settings: AlertsSection, now: datetime) -> int:
    local = settings.local(now)
    if not settings.digest or local.strftime("%H:%M") < settings.digest[:5]:
        return 0
    today = local.date().isoformat()
    if _get(tx, _DIGEST) == today:
        return 0
    text = summary_text(tx, now)
    for channel in settings.channels:
        notices.enqueue(tx, channel, f"Crossdock: how {today} begins", text, now)
    _put(tx, _DIGEST, today, now)
    return 1


def _take_over(tx: Connection, settings: AlertsSection, now: datetime) -> int:
    """Put what an older version had still to tell into the ledger; returns how many notices."""
    channels = {channel.name: channel for channel in settings.channels}
    ours = (kept.c.connection == _OURS) & kept.c.key.like(f"{_NOTICE}%")
    old = [json.loads(value) for value in tx.execute(select(kept.c.value).where(ours).order_by(kept.c.key)).scalars()]
    for each in old:
        if each["channel"] in channels:
            notices.enqueue(tx, channels[each["channel"]], each["subject"], each["text"], now)
    if old:
        tx.execute(delete(kept).where(ours))
    return len(old)


# --- our small values ------------------------------------------------------------------------------------------------


def _get(tx: Connection, key: str) -> str | None:
    found = tx.execute(select(kept.c.value).where(kept.c.connection == _OURS, kept.c.key == key)).scalar_one_or_none()
    return None if found is None else str(found)


def _put(tx: Connection, key: str, value: str, now: datetime) -> None:
    values = {"connection": _OURS, "key": key, "value": value, "updated_at": now}
    put = insert(tx, kept).values(values)
    changed = {"value": value, "updated_at": now}
    tx.execute(put.on_conflict_do_update(index_elements=[kept.c.connection, kept.c.key], set_=changed))
