"""`crossdock invoice`: what suppliers bill, how it matches, and a person's word on what differs."""

from __future__ import annotations

import click

from hub.cli.session import Session, pass_session
from hub.cli.show import json_option, print_json, print_rows
from hub.services.trade.invoices import InvoiceState
from hub.store import purchases

_COLUMNS = ("id", "partner", "invoice", "document", "state", "total", "currency", "why", "received")


@click.group()
def invoice() -> None:
    """Look at suppliers' invoices, and approve one that differs."""


@invoice.command("list")
@click.option("--state", type=click.Choice([each.value for each in InvoiceState]), multiple=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@pass_session
def list_invoices(session: Session, state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List invoices, those that are open unless a state is named."""
    wanted = state or (InvoiceState.HELD.value, InvoiceState.WAITING.value)
    with session.reading() as (_, tx):
        found = purchases.invoices_in(tx, set(wanted), limit)
    rows = [
        {
            "id": row.id,
            "partner": row.partner,
            "invoice": row.invoice_number,
            "document": row.purchase_number,
            "state": row.state,
            "total": row.doc.total,
            "currency": row.doc.currency,
            "why": row.why,
            "received": row.created_at,
        }
        for row in found
    ]
    print_rows(rows, _COLUMNS, as_json=as_json, empty="no invoice")


@invoice.command()
@click.argument("number", type=int)
@click.option("--why", required=True, help="Kept with the invoice.")
@json_option
@pass_session
def approve(session: Session, number: int, why: str, as_json: bool) -> None:
    """Approve an invoice as it is, by its id in `invoice list`; it is booked as a bill."""
    result = session.request("invoice.approve", {"id": number, "why": why})
    if as_json:
        print_json(result)
    else:
        click.echo(f"invoice {number}: {result['state']}")
