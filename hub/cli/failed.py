"""`crossdock failed`: everything that needs a person, in one list whatever it is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from hub.cli.session import FAILED, Failure, NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.services import failures
from hub.services.failure import FailureKind, Filters
from hub.services.failure_detail import detail

_COLUMNS = ("id", "kind", "partner", "document", "subject", "code", "error", "since")
_GROUPS = ("count", "kind", "partner", "document", "code", "example", "since")


@click.group()
def failed() -> None:
    """List, show, rerun and close what failed: records, deliveries, runs, lines without a source."""


@failed.command("list")
@click.option("--partner", help="Only this partner.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([each.value for each in FailureKind]))
@click.option("--code", help="Only this cause.")
@click.option("--closed", is_flag=True, help="What was closed instead.")
@click.option("--group", "grouped", is_flag=True, help="One row a cause.")
@json_option
@pass_session
def list_failed(
    session: Session,
    partner: str | None,
    kinds: tuple[str, ...],
    code: str | None,
    closed: bool,
    grouped: bool,
    as_json: bool,
) -> None:
    """List everything that needs a person, oldest first."""
    filters = Filters(frozenset(map(FailureKind, kinds)), partner, code=code, closed=closed)
    with session.reading() as (_, tx):
        found = failures.list_failures(tx, datetime.now(UTC), filters)
    if grouped:
        groups = [{name: getattr(each, name) for name in each.__slots__} for each in failures.group(found)]
        print_rows(groups, _GROUPS, as_json=as_json, empty="nothing needs a person")
        return
    rows = [each.as_json() for each in found]
    print_rows(rows, _COLUMNS, as_json=as_json, empty="nothing needs a person")


@failed.command()
@click.argument("failure_id")
@json_option
@pass_session
def show(session: Session, failure_id: str, as_json: bool) -> None:
    """Show one failure whole: what happened, what to do, the original, every attempt."""
    with session.reading() as (hub, tx):
        found = failures.get(tx, failure_id, hub.clock.now())
        if found is None:
            raise Failure(f"there is no failure {failure_id}; see `crossdock failed list`")
        told: dict[str, Any] = {**found.as_json(), **detail(tx, found)}
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if value and not isinstance(value, list):
            click.echo(f"{name.replace('_', ' '):12} {value}")
    print_rows(told.get("attempts", []), ("number", "verb", "started_at", "outcome", "error"), as_json=False, empty="")


@failed.command()
@click.argument("ids", nargs=-1)
@click.option("--partner", help="All of this partner.")
@click.option("--code", help="All of this cause.")
@click.option("--all", "every", is_flag=True, help="All.")
@click.option("--send-again", is_flag=True, help="A document that may have arrived has not: I asked them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_session
def rerun(
    session: Session,
    ids: tuple[str, ...],
    partner: str | None,
    code: str | None,
    every: bool,
    send_again: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Try again: map originals again, send what is parked, run flows, route lines."""
    chosen = _chosen(session, ids, partner, code, every=every)
    if not yes and len(chosen) > 1 and not as_json:
        click.confirm(f"try {len(chosen)} again?", abort=True)
    _report(session.request("failed.rerun", {"ids": chosen, "send_again": send_again}, 300.0), as_json=as_json)


@failed.command()
@click.argument("ids", nargs=-1, required=True)
@click.option("--why", required=True, help="Kept with it.")
@json_option
@pass_session
def close(session: Session, ids: tuple[str, ...], why: str, as_json: bool) -> None:
    """Say that no more is to be done."""
    _report(session.request("failed.close", {"ids": list(ids), "why": why}), as_json=as_json)


def _chosen(session: Session, ids: tuple[str, ...], partner: str | None, code: str | None, *, every: bool) -> list[str]:
    if ids:
        return list(ids)
    if not (partner or code or every):
        raise click.UsageError("name failures by id, or choose with --partner, --code or --all")
    with session.reading() as (hub, tx):
        found = failures.list_failures(tx, hub.clock.now(), Filters(partner=partner, code=code))
    if not found:
        raise NothingToDo("nothing like that needs a person")
    return [each.id for each in found]


def _report(result: Any, *, as_json: bool) -> None:  # noqa: ANN401 - the verb's own result
    if as_json:
        print_json(result)
    else:
        for failure_id, words in result["done"].items():
            click.echo(f"{failure_id}: {words}")
        for failure_id, words in result["refused"].items():
            click.echo(f"{failure_id}: REFUSED: {words}", err=True)
    if result["refused"]:
        raise SystemExit(FAILED)
