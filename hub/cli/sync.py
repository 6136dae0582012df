"""`crossdock sync`: what ran, what came of it, and running one flow now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from sqlalchemy import Connection

from hub.cli.session import FAILED, Failure, NothingToDo, Seen, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.composition import Hub
from hub.services.syncing import sync_view
from hub.services.syncing.schedules import Schedule, ScheduleError, jobs_of, load_schedules
from hub.services.syncing.sync import BY_HAND
from hub.store import runs

_COLUMNS = (
    "id",
    "schedule",
    "connection",
    "document",
    "state",
    "last",
    "next",
    "seconds",
    "read",
    "changed",
    "parked",
    "trend",
    "error",
)


@click.group()
def sync() -> None:
    """Look at sync runs and start one."""


@sync.command("list")
@click.option("--connection", help="Only this partner.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@pass_session
def list_runs(session: Session, connection: str | None, limit: int, as_json: bool) -> None:
    """List the newest run of each flow, when it runs next, and how much its last runs read; last those never run."""
    with session.reading(partners=True) as (hub, tx):
        jobs = jobs_of(_schedules(hub), hub.directory)
        rows = sync_view.flows(tx, jobs, hub.clock.now(), connection, limit)
    if not as_json:
        rows = [{**row, "last": row["started_at"] or sync_view.NEVER} for row in rows]
    of = f" of {connection}" if connection else ""
    print_rows(rows, _COLUMNS, as_json=as_json, empty=f"nothing{of} is scheduled, and nothing{of} has run yet")


@sync.command("show")
@click.argument("run", type=int)
@json_option
@pass_session
def show_run(session: Session, run: int, as_json: bool) -> None:
    """Show one run and the runs of the same flow before it."""
    with session.reading() as (_, tx):
        row = runs.get(tx, run)
        if row is None:
            raise Failure(f"there is no run {run}; `crossdock sync list` shows the newest")
        history = [dict(each) for each in runs.history(tx, row["connection"], row["document"]) if each["id"] < run]
    if as_json:
        print_json({**row, "before": history})
        return
    for name, value in row.items():
        if value is not None:
            click.echo(f"{name:14} {value}")
    print_rows(history[:10], ("id", "state", "started_at", "read", "changed", "parked"), as_json=False, empty="")


def _schedules(hub: Hub) -> tuple[Schedule, ...]:
    try:
        return load_schedules(hub.config.path(hub.config.folders.schedules))
    except ScheduleError as error:
        raise Failure(f"the schedules cannot be used:\n{error}") from None


@sync.command("run")
@click.argument("connection")
@click.option("--kind", "kinds", multiple=True, help="Only documents of this kind, e.g. stock_level.")
@click.option("--wait", default=300.0, show_default=True, help="How many seconds to wait for its end.")
@json_option
@pass_session
def run_now(session: Session, connection: str, kinds: tuple[str, ...], wait: float, as_json: bool) -> None:
    """Run the flows of one partner now; the running daemon does it when there is one.

    Exits 1 when a run fails.
    """
    with session.reading() as (_, tx):
        before = max((run["id"] for run in runs.history(tx, connection, limit=1)), default=0)
    arguments = {"connection": connection, "kinds": list(kinds)}
    result: dict[str, Any] = dict(session.request("sync.run", arguments))
    if not result.get("flows"):
        raise NothingToDo(f"{connection} has no such flow")
    ended = _watched(session, connection, before, result["flows"], wait)
    if as_json:
        print_json({**result, "runs": ended})
    else:
        click.echo(f"{connection}: {result['flows']} flow(s) {result['done']}")
        print_rows(ended, ("id", "document", "state", "read", "changed", "parked", "error"), as_json=False, empty="")
        if any(run["state"] == "running" for run in ended) or not ended:
            click.echo(f"not all have ended yet: `crossdock sync list --connection {connection}`")
    if any(run["state"] == "failed" for run in ended):
        raise SystemExit(FAILED)


def _watched(session: Session, connection: str, before: int, flows: int, seconds: float) -> list[dict[str, Any]]:
    """Return the runs that were asked for, once all have ended, one has failed, or nobody wants to wait any longer."""

    def look(tx: Connection, _now: datetime) -> Seen[list[dict[str, Any]]]:
        history = [dict(run) for run in runs.history(tx, connection, limit=200) if run["id"] > before]
        mine = [run for run in reversed(history) if run["schedule"] == BY_HAND]
        ended = [run for run in mine if run["state"] != "running"]
        failed = any(run["state"] == "failed" for run in ended)
        return Seen(mine, done=len(ended), total=flows, over=failed or len(ended) >= flows)

    return session.watch(f"{connection}: flows", seconds, look)
