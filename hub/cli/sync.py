"""`crossdock sync`: what ran, what came of it, and running one flow now."""

from __future__ import annotations

from typing import Any

import click

from hub.cli.session import Failure, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.store import runs

_COLUMNS = ("id", "schedule", "connection", "document", "state", "started_at", "read", "changed", "parked", "error")


@click.group()
def sync() -> None:
    """Look at sync runs and start one."""


@sync.command("list")
@click.option("--connection", help="Only this partner.")
@click.option("--limit", default=50, show_default=True)
@json_option
@pass_session
def list_runs(session: Session, connection: str | None, limit: int, as_json: bool) -> None:
    """List the newest run of each flow."""
    with session.reading() as (_, tx):
        rows = [dict(row) for row in runs.latest(tx, connection, limit)]
    print_rows(rows, _COLUMNS, as_json=as_json, empty="nothing has run yet")


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


@sync.command("run")
@click.argument("connection")
@click.option("--kind", "kinds", multiple=True, help="Only documents of this kind, e.g. stock_level.")
@json_option
@pass_session
def run_now(session: Session, connection: str, kinds: tuple[str, ...], as_json: bool) -> None:
    """Run the flows of one partner now; the running daemon does it when there is one."""
    result: dict[str, Any] = dict(session.request("sync.run", {"connection": connection, "kinds": list(kinds)}))
    if not result.get("flows"):
        raise NothingToDo(f"{connection} has no such flow")
    if as_json:
        print_json(result)
    else:
        click.echo(f"{connection}: {result['flows']} flow(s) {result['done']}")
