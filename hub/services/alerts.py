"""Telling people: each change once, many in one notice, not at night, and never lost.

What people were told last, and the notices that are still to go, stand in the database. A notice is written in the
transaction that takes note of the change, and stays until its channel has taken it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from hub.log import EventLog
from hub.services.alert_rules import Alert, evaluate, summary_text
from hub.services.alert_settings import AlertChannel, AlertsSection
from hub.services.desk import Desk
from hub.store import counters
from hub.store.tables import connector_state as kept
from hub.store.upsert import insert

log = EventLog(__name__)

#: The name under which our own small values stand beside those of connections; no partner's code has a slash.
_OURS = "hub/alerts"
_TOLD, _DIGEST, _NOTICE = "told", "digest", "notice/"
_LONGEST_DELAY = timedelta(hours=1)
#: Carries a notice to people: (channel, subject, text); raises OSError or ValueError when it could not.
Send = Callable[[AlertChannel, str, str], None]


def look(desk: Desk, settings: AlertsSection) -> int:
    """Compare what holds now with what people were told, and write down what they have to be told; returns how much."""
    if not settings.channels:
        return 0
    now = desk.clock.now()
    with desk.store.read() as tx:
        holds = evaluate(tx, settings.rules, now)
    with desk.store.write() as tx:
        return _tell_changes(tx, settings, holds, now) + _tell_summary(tx, settings, now)


def send_waiting(desk: Desk, settings: AlertsSection, send: Send) -> int:
    """Carry the notices out that are due; one that cannot go now goes later. Returns how many went."""
    now, went = desk.clock.now(), 0
    channels = {channel.name: channel for channel in settings.channels}
    with desk.store.read() as tx:
        waiting = [each for each in notices(tx) if datetime.fromisoformat(each["due_at"]) <= now]
    for notice in waiting:
        channel = channels.get(notice["channel"])
        try:
            if channel is not None:
                send(channel, notice["subject"], notice["text"])
        except (OSError, ValueError) as error:
            _later(desk, notice, now)
            log.warning("alert.not_sent", channel=notice["channel"], error=type(error).__name__, tries=notice["tries"])
            continue
        went += 1
        with desk.store.write() as tx:
            tx.execute(delete(kept).where(kept.c.connection == _OURS, kept.c.key == notice["key"]))
    return went


def notices(tx: Connection) -> list[dict[str, Any]]:
    """Return the notices that have not gone yet, oldest first."""
    rows = select(kept.c.key, kept.c.value).where(kept.c.connection == _OURS, kept.c.key.like(f"{_NOTICE}%"))
    return [{"key": key, **json.loads(value)} for key, value in tx.execute(rows.order_by(kept.c.key))]


def told(tx: Connection) -> dict[str, dict[str, Any]]:
    """Return what people were told of and is not over, by key."""
    found: dict[str, dict[str, Any]] = json.loads(_get(tx, _TOLD) or "{}")
    return found


# --- what is told ----------------------------------------------------------------------------------------------------


def _tell_changes(tx: Connection, settings: AlertsSection, holds: Mapping[str, Alert], now: datetime) -> int:
    """Tell what began and what is over; what is not urgent waits for the end of the quiet hours."""
    known, quiet = told(tx), settings.is_quiet(now)
    begun = [alert for key, alert in holds.items() if key not in known and (alert.urgent or not quiet)]
    over = [key for key, was in known.items() if key not in holds and (was["urgent"] or not quiet)]
    if not begun and not over:
        return 0
    for channel in settings.channels:
        lines = [f"{each.text}\n  do: {each.todo}" for each in begun if channel.name in (each.to or (channel.name,))]
        ended = [f"over: {known[key]['text']}" for key in over if channel.name in (known[key]["to"] or [channel.name])]
        if lines or ended:
            subject = f"Crossdock: {len(lines)} new, {len(ended)} over"
            _write(tx, channel.name, subject, "\n".join(lines + ended), now)
    began = {each.key: {"text": each.text, "urgent": each.urgent, "to": list(each.to)} for each in begun}
    left = {key: was for key, was in known.items() if key not in over}
    _put(tx, _TOLD, json.dumps(left | began), now)
    return len(begun) + len(over)


def _tell_summary(tx: Connection, settings: AlertsSection, now: datetime) -> int:
    local = settings.local(now)
    if not settings.digest or local.strftime("%H:%M") < settings.digest[:5]:
        return 0
    today = local.date().isoformat()
    if _get(tx, _DIGEST) == today:
        return 0
    text = summary_text(tx, now)
    for channel in settings.channels:
        _write(tx, channel.name, f"Crossdock: how {today} begins", text, now)
    _put(tx, _DIGEST, today, now)
    return 1


def _write(tx: Connection, channel: str, subject: str, text: str, now: datetime) -> None:
    notice = {"channel": channel, "subject": subject, "text": text, "tries": 0, "due_at": now.isoformat()}
    _put(tx, f"{_NOTICE}{counters.take(tx, _OURS):012}", json.dumps(notice), now)


def _later(desk: Desk, notice: Mapping[str, Any], now: datetime) -> None:
    tries = notice["tries"] + 1
    due_at = now + min(timedelta(seconds=15 * 2 ** min(tries, 10)), _LONGEST_DELAY)
    again = {**notice, "tries": tries, "due_at": due_at.isoformat()}
    with desk.store.write() as tx:
        _put(tx, again.pop("key"), json.dumps(again), now)


# --- our small values ------------------------------------------------------------------------------------------------


def _get(tx: Connection, key: str) -> str | None:
    found = tx.execute(select(kept.c.value).where(kept.c.connection == _OURS, kept.c.key == key)).scalar_one_or_none()
    return None if found is None else str(found)


def _put(tx: Connection, key: str, value: str, now: datetime) -> None:
    values = {"connection": _OURS, "key": key, "value": value, "updated_at": now}
    put = insert(tx, kept).values(values)
    changed = {"value": value, "updated_at": now}
    tx.execute(put.on_conflict_do_update(index_elements=[kept.c.connection, kept.c.key], set_=changed))
