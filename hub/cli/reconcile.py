"""`crossdock reconcile`: does the shop have what we have?"""

from __future__ import annotations

from datetime import timedelta

import click

from hub.cli.params import Span
from hub.cli.session import FAILED, Failure, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.composition import Hub
from hub.contract import ConnectorError
from hub.services.syncing import reconcile as service

_COLUMNS = ("day", "order", "what", "theirs", "ours")


@click.command()
@click.argument("name")
@click.option("--since", type=Span(), default="2d", show_default=True, help="How far to look back.")
@click.option("--fix", is_flag=True, help="Read again what differs; a running daemon does it.")
@json_option
@pass_session
def reconcile(session: Session, name: str, since: timedelta, fix: bool, as_json: bool) -> None:
    """Compare orders, quantities and what has left with NAME: a partner, or a kind of connector for all of them."""
    with session.hub(partners=True) as hub:
        beside = hub.lock.is_taken()
        days, rows = [], []
        for code in _partners(hub, name):
            try:
                found = service.reconcile(hub.flows(), code, hub.clock.now() - since, fix=fix and not beside)
            except ConnectorError as error:
                raise Failure(f"{code}: {error.what}") from None
            days += [{"partner": code, **day} for day in found.by_day()]
            rows += [{"partner": code, **each.as_row()} for each in found.differences]
    if as_json:
        print_json({"days": days, "differences": rows})
    else:
        print_rows(days, ("partner", "day", "orders", "differ"), as_json=False, empty="no order in that time")
        print_rows(rows, ("partner", *_COLUMNS), as_json=False, empty="nothing differs")
    for code in dict.fromkeys(row["partner"] for row in rows) if fix and beside else ():
        session.request("reconcile", {"connection": code, "seconds": since.total_seconds()})
        click.echo(f"the daemon is reading again what differs at {code}; see crossdock sync list", err=True)
    if rows:
        raise click.exceptions.Exit(FAILED)


def _partners(hub: Hub, name: str) -> list[str]:
    entries = hub.directory.entries
    found = [code for code, entry in entries.items() if name in {code, entry.connector}]
    if not found:
        known = ", ".join(sorted(entries)) or "there is no partner yet; add a mapping file"
        raise Failure(f"{name} is neither a partner nor a kind of connector in use: {known}")
    return sorted(found)
