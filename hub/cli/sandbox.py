"""`crossdock sandbox` and `crossdock audit`: simulated partners, and the judge who looks only at them."""

from __future__ import annotations

import json
from pathlib import Path

import click
import requests

from hub.cli.session import FAILED, Failure
from hub.cli.show import json_option, print_json
from sandbox.auditor import audit_from_json


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
    add_help_option=False,
)
@click.pass_context
def sandbox(ctx: click.Context) -> None:
    """Serve simulated partners: a shop, SFTP suppliers, a warehouse; `crossdock sandbox --help` lists the options."""
    from sandbox.__main__ import main  # noqa: PLC0415 - the servers are loaded only here

    raise SystemExit(main(ctx.args))


@click.command()
@click.option(
    "--sandbox",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="The sandbox's folder, with its sandbox.json.",
)
@click.option(
    "--failed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `crossdock failed list --json` printed: lines that stand there are not lost.",
)
@json_option
def audit(folder: Path, failed: Path | None, as_json: bool) -> None:
    """Compare what the shop asked for with what the partners hold; never opens the hub's database."""
    ready = folder / "sandbox.json"
    if not ready.is_file():
        raise Failure(f"{ready}: no such file; is a sandbox running in {folder}?")
    url = json.loads(ready.read_text("utf-8"))["control_url"]
    try:
        facts = requests.get(f"{url}/audit", timeout=60).json()
    except requests.RequestException as error:
        raise Failure(f"the sandbox at {url} does not answer: {error}") from None
    found = audit_from_json(facts, json.loads(failed.read_text("utf-8")) if failed else [])
    if as_json:
        print_json(found.as_json())
    else:
        click.echo(found.as_text())
    if found.lost or found.duplicated:
        raise SystemExit(FAILED)
