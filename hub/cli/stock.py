"""`crossdock stock`: what is where, how old the figure is, what may still be promised, and what is to be moved."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from hub.cli.session import NothingToDo, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.model.number import NotANumber, exact
from hub.services.inventory import fresh
from hub.services.summary import summarise
from hub.store import receipts
from hub.store import stock as stock_store

_EXPECTED = ("sku", "node", "expected_at", "quantity", "certainty", "reference", "as_of")
_COLUMNS = ("sku", "node", "on_hand", "safety", "available", "status", "as_of", "withheld")


@click.group()
def stock() -> None:
    """Look at stock, read it anew, and have it moved."""


@stock.command()
@click.argument("skus", nargs=-1)
@click.option("--count", is_flag=True, help="Only how many rows were ever read.")
@json_option
@pass_session
def show(session: Session, skus: tuple[str, ...], count: bool, as_json: bool) -> None:
    """Show SKUS at every node: on hand, kept back, available to promise, how old, why withheld."""
    with session.reading(partners=not count) as (hub, tx):
        if count:
            print_json({"rows_read": summarise(tx, hub.clock.now()).stock_rows})
            return
        if not skus:
            raise click.UsageError("name at least one SKU")
        promised = fresh.promised(tx, hub.desk, skus, hub.clock.now())
        rows = [
            {
                "sku": sku,
                "node": node,
                "on_hand": row.on_hand,
                "safety": row.safety,
                "available": promised.available.get((node, sku)),
                "withheld": promised.withheld.get((node, sku)),
                "status": row.status,
                "as_of": row.as_of,
            }
            for (node, sku), row in sorted(stock_store.levels(tx, skus).items(), key=lambda each: each[0][::-1])
        ]
    print_rows(rows, _COLUMNS, as_json=as_json, empty="no node reports any of these")


@stock.command()
@click.argument("skus", nargs=-1, required=True)
@json_option
@pass_session
def expected(session: Session, skus: tuple[str, ...], as_json: bool) -> None:
    """Show what nodes expect to receive of SKUS, by day, as their forecasts say."""
    with session.reading() as (_, tx):
        rows = [asdict(each) for each in receipts.expected(tx, skus)]
    print_rows(rows, _EXPECTED, as_json=as_json, empty="no forecast names any of these")


@stock.command()
@click.argument("source")
@click.argument("target")
@click.argument("goods", nargs=-1, required=True)
@click.option("--expected", type=click.DateTime(["%Y-%m-%d"]), help="The day on which the goods are to arrive, in UTC.")
@click.option("--note", default="", help="What the partner is told beside it.")
@json_option
@pass_session
def transfer(
    session: Session,
    source: str,
    target: str,
    goods: tuple[str, ...],
    expected: datetime | None,
    note: str,
    as_json: bool,
) -> None:
    """Order GOODS (SKU=QUANTITY) from the node SOURCE to the node TARGET of one partner."""
    day = expected.replace(tzinfo=UTC).isoformat() if expected else None
    wanted = {"from": source, "to": target, "lines": _quantities(goods), "expected": day, "note": note}
    ordered = session.request("stock.transfer", wanted)
    if as_json:
        print_json(ordered)
    else:
        click.echo(f"{ordered['number']} goes to {ordered['partner']}")


def _quantities(goods: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in goods:
        sku, _, quantity = each.rpartition("=")
        try:
            exact(quantity)
        except NotANumber:
            sku = ""
        if not sku or sku in found:
            raise click.UsageError(f"{each!r} is not SKU=QUANTITY, each SKU once")
        found[sku] = quantity
    return found


@stock.command()
@click.argument("connection", required=False)
@click.option("--all", "again", is_flag=True, help="Tell channels every figure again, not only what changed.")
@json_option
@pass_session
def sync(session: Session, connection: str | None, again: bool, as_json: bool) -> None:
    """Read stock and prices of one partner now, or of all, and tell channels what has changed."""
    chosen = {"connection": connection} if connection else {"all": True}
    result = session.request("stock.sync", {**chosen, "again": again}, 600.0)
    if not result["flows"]:
        raise NothingToDo("nobody has a stock document")
    if as_json:
        print_json(result)
        return
    click.echo(f"{result['flows']} flow(s) {result['done']}")
    for code in result["again"]:
        click.echo(f"{code}: every figure is told again")
