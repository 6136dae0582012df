"""`crossdock order`: where is my order, and why from there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from hub.cli.session import Failure, Session, pass_session
from hub.cli.show import json_option, print_json, print_rows, print_table
from hub.model.state import OrderStatus
from hub.services import explain as explaining
from hub.services.requests import Refused
from hub.services.sourcing import wording
from hub.store import order_list
from hub.store.order_list import OrderFilters

_COLUMNS = ("id", "number", "channel", "status", "placed_at", "updated_at")


@click.group()
def order() -> None:
    """Look at orders, and hold, release, reroute or cancel one."""


@order.command("list")
@click.option("--status", type=click.Choice([each.value for each in OrderStatus]), multiple=True)
@click.option("--channel", help="Only this channel.")
@click.option("--text", help="Part of an id or number.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@pass_session
def list_orders(
    session: Session, status: tuple[str, ...], channel: str | None, text: str | None, limit: int, as_json: bool
) -> None:
    """List orders, the newest first."""
    statuses = [OrderStatus(each) for each in status]
    with session.reading() as (_, tx):
        found = order_list.search(tx, OrderFilters(statuses, channel, text), limit)
    rows = [{name: getattr(each, name) for name in each.__slots__} for each in found]
    print_rows(rows, _COLUMNS, as_json=as_json, empty="no order")


def _told(session: Session, reference: str, *, why: bool) -> dict[str, Any]:
    with session.reading() as (hub, tx):
        try:
            tell = explaining.explain if why else explaining.show
            return tell(tx, hub.desk, reference)
        except (Refused, LookupError) as error:
            raise Failure(str(error)) from None


@order.command()
@click.argument("reference")
@json_option
@pass_session
def show(session: Session, reference: str, as_json: bool) -> None:
    """Show an order by our id, the channel's id or its number: lines, documents, what came and left, events."""
    told = _told(session, reference, why=False)
    if as_json:
        print_json(told)
        return
    _head(told["order"])
    lines = [{**line, "why": _stuck_why(line)} for line in told["lines"]]
    _table("lines", lines, ("line", "sku", "quantity", "states", "why"))
    _table("documents", told["documents"], ("number", "kind", "partner", "node", "state", "acknowledge_by", "ship_by"))
    _table("originals that came", told["messages"], ("id", "connection", "document", "name", "received_at", "size"))
    _table("deliveries", told["deliveries"], ("id", "connection", "document", "key", "state", "attempts", "error"))
    _table("held back: the connection observes", told["would_send"], ("id", "partner", "document", "name", "size"))
    for each in told["would_send"]:
        click.echo(f"{each['id']} would have left as {each['name'] or each['key']}:\n{each['content']}")
    _table("shipments", told["shipments"], ("id", "partner", "document", "carrier", "tracking", "shipped_at"))
    _table("events", told["events"], ("at", "name", "actor", "detail"))


@order.command()
@click.argument("reference")
@json_option
@pass_session
def explain(session: Session, reference: str, as_json: bool) -> None:
    """Say for each line which node got it and what that costs, and for every other node why not."""
    told = _told(session, reference, why=True)
    if as_json:
        print_json(told)
        return
    _head(told["order"])
    for gate in told["gates"]:
        click.echo(f"  {_gate(gate)}")
    for decision in told["decisions"]:
        click.echo(f"decision {decision['id']}: {decision['words']} {decision['note']}".rstrip())
    for line in told["lines"]:
        click.echo(f"\nline {line['line']}: {line['quantity']} x {line['sku']} {line['name']}".rstrip())
        for portion in line["portions"]:
            click.echo(f"  {_portion(portion)}")
        for source in line["sources"]:
            click.echo(f"  {source['quantity']} from {source['node_words']} for {source['words']}")
        for words in wording.grouped(line["others"]):
            click.echo(f"  {words}")


def _gate(gate: Mapping[str, Any]) -> str:
    """Return a gate of a workflow as a sentence."""
    if gate["shut"]:
        until = f", until {gate['until'][:16]}" if gate["until"] else ""
        return f"kept back by {gate['gate']}: {gate['why']}{until}"
    return f"was kept back by {gate['gate']}: {gate['why']}; opened by {gate['opened_by']} at {gate['opened_at'][:16]}"


def _portion(portion: Mapping[str, Any]) -> str:
    """Return where a quantity stands now, and when the customer may expect it."""
    told = f"{portion['quantity']} {portion['state']}"
    if portion["node"]:
        told += f" at {portion['node']}"
    if portion["promised_at"]:
        told += f", expected {portion['promised_at'][:10]}"
    return told + (f" ({portion['reason']})" if portion["reason"] else "")


def _stuck_why(line: Mapping[str, Any]) -> str:
    """Return why quantities of a line are where they are, as far as there is a reason."""
    return "; ".join(dict.fromkeys(portion["reason"] for portion in line["portions"] if portion["reason"]))


def _head(told: Mapping[str, Any]) -> None:
    click.echo(f"{told['number']} ({told['id']}, {told['channel']} {told['channel_order']}): {told['status']}")
    for name in (
        "placed_at",
        "customer",
        "city",
        "country",
        "service",
        "promise_by",
        "promised_at",
        "hold",
        "cancelled",
    ):
        if told[name]:
            click.echo(f"  {name.replace('_', ' ')}: {told[name]}")


def _table(title: str, rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    if rows:
        print_table(rows, columns, title)


#: What can be asked for of an order: the verb, whether it needs a reason, and what it does.
_CHANGES = (
    ("hold", True, "Keep what has not been routed of an order from being routed."),
    ("release", False, "Let a held order be routed."),
    ("reroute", False, "Route again what has no source yet."),
    (
        "cancel",
        True,
        "Cancel what has not shipped; what a node was asked for already is listed as a failure for a person.",
    ),
    (
        "collected",
        False,
        "Say that the customer has collected what stood ready, where the shop does not find out by itself.",
    ),
)


def _add_change(verb: str, says: str, *, needs_why: bool) -> None:
    """Add the command that asks for one of the changes."""
    reason = {"required": True} if needs_why else {"default": ""}

    @order.command(verb, help=says)
    @click.argument("reference")
    @click.option("--why", help="Kept with the order.", **reason)
    @json_option
    @pass_session
    def change(session: Session, reference: str, why: str, as_json: bool) -> None:
        result = session.request(f"order.{verb}", {"order": reference, "why": why})
        if as_json:
            print_json(result)
        else:
            click.echo(f"{result['number']}: {result['status']}")


for _verb, _needs_why, _says in _CHANGES:
    _add_change(_verb, _says, needs_why=_needs_why)
