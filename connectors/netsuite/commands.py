"""`crossdock netsuite`: fetch the account's WSDL, which every connection to it needs once."""

from __future__ import annotations

import json
from pathlib import Path

import click

from connectors.netsuite.auth import account_id
from connectors.netsuite.wsdl import address, fetch
from hub.clock import SystemClock
from hub.contract import ConnectorError
from hub.wire.http import Call, Effect, HttpSession

FAILED, NOTHING = 1, 3


@click.group()
def netsuite() -> None:
    """Prepare connections to NetSuite."""


@netsuite.command("fetch-wsdl")
@click.argument("account")
@click.option("--endpoint", default="2025_2", show_default=True, help="Version, as in the partner file.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data/netsuite"),
    show_default=True,
    help="wsdl_folder of the partner file; the version's own folder is made in it.",
)
@click.option("--url", help="The account's SOAP address, when it is not made from its id.")
@click.option("--again", is_flag=True, help="Replace the copy that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def fetch_wsdl(account: str, endpoint: str, folder: Path, url: str | None, *, again: bool, as_json: bool) -> None:
    """Store the WSDL of ACCOUNT (1234567 or 1234567_SB1) and all that it imports; exit code 3 when it is there."""
    target = folder / endpoint
    if target.exists() and not again:
        click.echo(f"{target} is there already; --again replaces it", err=True)
        raise SystemExit(NOTHING)
    session = HttpSession(clock=SystemClock(), checkpoint=lambda _: None, headers={"Accept": "text/xml"}, secrets={})
    try:
        source = address(account_id(account), endpoint, url)
        count = fetch(lambda each: session.call(Call("GET", each, Effect.READ)).body, source, target)
    except (ConnectorError, ValueError) as error:
        click.echo(f"the WSDL was not fetched: {error}", err=True)
        raise SystemExit(FAILED) from None
    finally:
        session.close()
    if as_json:
        click.echo(json.dumps({"folder": str(target), "documents": count}))
    else:
        click.echo(f"{count} documents in {target}")
