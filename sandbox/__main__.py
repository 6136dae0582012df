"""Run a sandbox as a process: `python -m sandbox --folder F --orders 200 --seed 7`."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from pathlib import Path

import click

from sandbox.olist import HistoryError
from sandbox.options import Behaviour, Bucket, Options
from sandbox.world import start


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where it keeps everything.")
@click.option("--orders", type=click.IntRange(0), help="Orders to place. [20; 1000 with --history]")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same world.")
@click.option("--suppliers", default=6, show_default=True, help="CSV suppliers beside the own warehouse.")
@click.option("--rate", default=0.0, show_default=True, help="Orders a second; 0 places all at once.")
@click.option("--examples", is_flag=True, help="Suppliers that write JSON, XML, fixed width, Excel, by web and mail.")
@click.option("--buyer", is_flag=True, help="A customer that runs SAP, and orders when told to.")
@click.option("--network", is_flag=True, help="A store and a 3PL beside the own warehouse.")
@click.option("--books", is_flag=True, help="A NetSuite account that keeps the merchant's books; suppliers send bills.")
@click.option(
    "--style", type=click.Choice(["", "x12", "sap"]), default="", help="What every partner speaks, over SFTP."
)
@click.option("--history", type=click.Path(path_type=Path), help="Folder of Olist CSV files to take orders from.")
@click.option("--reaction", default=0.3, show_default=True, help="Seconds until a partner takes an order file.")
@click.option("--reject", default=0.02, show_default=True, help="Share of lines that partners reject.")
@click.option("--reduce", default=0.02, show_default=True, help="Share of lines that partners promise less of.")
@click.option("--short", default=0.02, show_default=True, help="Share of lines that partners ship short.")
@click.option("--ship-after", default=0.5, show_default=True, help="Seconds from a partner's answer to its shipment.")
@click.option("--shop-calls", default=20, show_default=True, help="Calls a second that the shop lets through.")
@click.option("--shop-port", default=0, help="Port of the shop; a free one by default.")
@click.option("--sftp-port", default=0, help="Port of the SFTP server; a free one by default.")
@click.option("--control-port", default=0, help="Port of the control API; a free one by default.")
def main(  # noqa: PLR0913, PLR0917 - click passes options by name, as many as there are
    folder: Path,
    orders: int | None,
    history: Path | None,
    reaction: float,
    reject: float,
    reduce: float,
    short: float,
    ship_after: float,
    shop_calls: int,
    **chosen: object,
) -> None:
    """Start the partners, say where they are, and serve until SIGINT or SIGTERM."""
    behaviour = replace(
        Behaviour(), reaction=reaction, reject=reject, reduce=reduce, short=short, ship_after=ship_after
    )
    count = orders if orders is not None else 1000 if history else 20
    bucket = Bucket(20 * shop_calls, float(shop_calls))
    options = Options(count, history=history, behaviour=behaviour, bucket=bucket, **chosen)  # type: ignore[arg-type]  # click checked
    done = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: done.set())
    try:
        sandbox = start(folder, options)
    except HistoryError as error:
        raise click.ClickException(str(error)) from None
    with sandbox:
        click.echo(f"sandbox ready: {sandbox.folder / 'sandbox.json'}")
        done.wait()


if __name__ == "__main__":
    main()
