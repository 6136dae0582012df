"""Sync flows as a listing shows them: the last run, the next, how long it took, what it brought, and its trend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.services.syncing.schedules import Job
from hub.store import runs

_BARS = "▁▂▃▄▅▆▇█"
#: So many runs make a trend.
_TREND = 12

#: The state of a flow that is scheduled and has not run.
NEVER = "never"
Flow = runs.Flow


def flows(
    tx: Connection, jobs: Iterable[Job], now: datetime, connection: str | None, limit: int
) -> list[dict[str, Any]]:
    """Return the newest run of each flow as a row, with when it runs next and how many records its last runs read.

    Flows of a schedule that has not run them yet follow, in the state `never`: at most `limit` of either.
    """
    coming = next_runs(jobs, now)
    newest = [dict(run) for run in runs.latest(tx, connection, limit)]
    unseen = coming.keys() - {(run["schedule"], run["connection"], run["document"]) for run in newest}
    mine = sorted((coming[each], each) for each in unseen if connection in {None, each[1]})
    never = [(at, flow) for at, flow in mine if not runs.has_run(tx, flow)]
    return [_row(tx, run, coming) for run in newest] + [_not_yet(flow, at) for at, flow in never[:limit]]


def _not_yet(flow: Flow, at: datetime) -> dict[str, Any]:
    schedule, connection, document = flow
    unknown = dict.fromkeys(("id", "started_at", "ended_at", "seconds", "error", "todo", "closed_why"))
    nothing = {"read": 0, "changed": 0, "parked": 0, "reads": [], "trend": ""}
    named = {"schedule": schedule, "connection": connection, "document": document}
    return {**unknown, **nothing, **named, "state": NEVER, "next": at}


def _row(tx: Connection, run: dict[str, Any], coming: Mapping[Flow, datetime]) -> dict[str, Any]:
    ended, history = run["ended_at"], runs.history(tx, run["connection"], run["document"], _TREND)
    reads = [each["read"] for each in reversed(history)]
    return {
        **run,
        "next": coming.get((run["schedule"], run["connection"], run["document"])),
        "seconds": round((ended - run["started_at"]).total_seconds(), 1) if ended else None,
        "reads": reads,
        "trend": sparkline(reads),
    }


def next_runs(jobs: Iterable[Job], now: datetime) -> Mapping[Flow, datetime]:
    """Return when each scheduled flow runs next."""
    found: dict[Flow, datetime] = {}
    for job in jobs:
        at = job.schedule.trigger(job.connection).get_next_fire_time(None, now)
        if at is not None:
            found |= {(job.schedule.name, job.connection, document.name): at for document in job.documents}
    return found


def sparkline(values: Sequence[int]) -> str:
    """Draw values as bars: the highest is full, zero is the lowest."""
    most = max(values, default=0)
    return "".join(_BARS[value * (len(_BARS) - 1) // most if most else 0] for value in values)
