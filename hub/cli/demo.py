"""`crossdock demo`: the sandbox partners and the hub side by side, watched until every order has gone all the way."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hub.cli.demo_routes import routed_from
from hub.cli.demo_view import DemoView
from hub.cli.processes import HubProcess, ProcessFailed, SandboxProcess, crossdock
from hub.cli.session import FAILED, Failure
from hub.cli.show import json_option, print_json
from hub.mapping.house import house_folder
from sandbox.auditor import audit_from_json

#: Without any progress for so long, a demo that was told to exit gives up waiting and reports what stands.
_PATIENCE = 180.0


#: What the demo routes by; a planner would begin here too.
_ROUTING = """version = 1

[[rules]]
name = "demo"
routing = { keep_back = { store = 2 } }
answers = { exclude_days = 14, silence = "reroute" }
nothing_fits = { then = "backorder", days = 14 }

[[workflows]]
name = "large orders"
steps = [{ do = "notify", text = "a large order", when = { value = { above = 1000 } } }]

[[tests]]
name = "a store keeps its last two units"
order.lines = [{ sku = "MUG", quantity = 2 }]
stock = [
  { node = "ST1", kind = "store", sku = "MUG", quantity = 3, freight = 3 },
  { node = "DC1", sku = "MUG", quantity = 3, freight = 5 },
]
expect = { rules = "demo", nodes = ["DC1"] }
"""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What a demo is asked for."""

    orders: int
    seed: int
    history: Path | None
    rate: float
    examples: bool
    books: bool

    def for_sandbox(self) -> list[str]:
        """Return the sandbox's own options."""
        options = ["--orders", str(self.orders), "--seed", str(self.seed), "--rate", str(self.rate)]
        options += ["--examples"] if self.examples else []
        options += ["--books"] if self.books else []
        options += ["--network"] if not (self.examples or self.history) else []
        return [*options, "--history", str(self.history)] if self.history else options


@click.command()
@click.option("--orders", default=None, type=click.IntRange(1, 100_000), help="How many. [200; 1000 with --history]")
@click.option("--seed", default=7, show_default=True, help="The same seed gives the same world and orders.")
@click.option(
    "--history",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Place the real orders of an Olist folder; its sellers become suppliers.",
)
@click.option("--rate", default=0.0, help="Orders a second; 0 places all at the start.")
@click.option("--examples", is_flag=True, help="Suppliers of all kinds: JSON by web, XML, fixed width, Excel by mail.")
@click.option(
    "--books/--no-books", default=None, help="Keep the books in a simulated NetSuite. [on; off with --history]"
)
@click.option("--exit", "exit_when_done", is_flag=True, help="End when every order has gone all the way.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Work here. [a temporary folder]")
@json_option
def demo(
    orders: int | None,
    seed: int,
    history: Path | None,
    rate: float,
    examples: bool,
    books: bool | None,
    exit_when_done: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Run the hub with simulated partners and real protocols: a shop, SFTP suppliers, a warehouse, NetSuite."""
    for name in (signal.SIGTERM, signal.SIGINT):  # whoever stops the demo stops its processes too, also one that a
        signal.signal(name, signal.default_int_handler)  # shell started beside itself, with Ctrl-C ignored
    many, kept = orders or (1000 if history else 200), not history if books is None else books
    options = DemoOptions(many, seed, history and history.absolute(), rate, examples, kept)
    with _work_folder(folder) as place:
        try:
            result = _run(place, options, exit_when_done=exit_when_done, quiet=as_json)
        except ProcessFailed as error:
            raise Failure(f"{error}\n(the logs are in {place})") from None
    if result is not None and as_json:
        print_json(result)
    if result is None:
        return
    wrong = result["lost"] or result["duplicated"]
    if (wrong and result["finished"]) or (exit_when_done and not result["finished"]):
        raise SystemExit(FAILED)


@contextmanager
def _work_folder(folder: Path | None) -> Iterator[Path]:
    """Give the folder to work in; a temporary one is removed afterwards unless something failed."""
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            raise Failure(f"{folder} is not empty; a demo starts from nothing, so name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        yield folder.absolute()
        return
    temporary = Path(tempfile.mkdtemp(prefix="crossdock-demo-"))
    yield temporary
    shutil.rmtree(temporary, ignore_errors=True)


def _run(place: Path, options: DemoOptions, *, exit_when_done: bool, quiet: bool) -> dict[str, Any] | None:
    """Run both sides until done or Ctrl-C, which drains the hub at any moment; returns the audited summary."""
    started = time.monotonic()
    if not quiet:
        click.echo(
            f"Crossdock demo in {place}: the simulated partners begin, then the hub reads their stock and prices ..."
        )
    sandbox = SandboxProcess(place, options.for_sandbox())
    hub: HubProcess | None = None
    try:
        sandbox.wait_until_ready()
        prepare(place)
        hub = HubProcess(place)
        open_for_business(place, hub)
        with DemoView(quiet=quiet, folder=place, url=hub.url) as view:
            finished = watch(sandbox, hub, view, exit_when_done=exit_when_done)
        seconds = time.monotonic() - started
        if code := hub.stop():
            raise ProcessFailed(f"the hub ended with exit code {code}")
        result = {**report(place, sandbox, seconds), "routed_from": routed_from(place), "finished": finished}
        view.end(result)
    except KeyboardInterrupt:
        return None
    else:
        return result
    finally:
        if hub is not None:
            hub.stop()
        sandbox.stop()


def prepare(place: Path) -> None:
    """Write the demo's configuration beside the sandbox's mapping files; poll often, since nobody waits for hours."""
    partners = len(list((place / "mappings").glob("*.toml")))
    shutil.copyfile(house_folder().parent / "config.example.toml", place / "crossdock.toml")
    text = (place / "crossdock.toml").read_text("utf-8")
    text = text.replace("port = 8377", "port = 0").replace("first_delay_seconds = 5.0", "first_delay_seconds = 0.5")
    currency = "BRL" if (place / "mappings" / "shop.toml").read_text("utf-8").find('"BRL"') >= 0 else "USD"
    text = text.replace('currency = "USD"', f'currency = "{currency}"')
    (place / "crossdock.toml").write_text(text, "utf-8")
    (place / "routing.toml").write_text(_ROUTING, "utf-8")
    (place / "schedules").mkdir(exist_ok=True)
    # A poll costs both sides some 50 ms of processor time: a thousand suppliers are asked less often than six.
    answers = max(3, partners // 10)
    (place / "schedules" / "demo.toml").write_text(
        "".join(
            f'[[schedule]]\nname = "{name}"\nevery = "{every}s"\nselect = {{ kind = {kinds} }}\nstagger = true\n\n'
            for name, every, kinds in (
                ("orders", 2, '["sales_order"]'),
                ("answers", answers, '["interchange", "acknowledgement", "shipment", "invoice"]'),
                ("stock", answers * 5, '["stock_level", "catalogue_entry"]'),
                ("channel stock", 10, '["stock_push"]'),
            )
        ),
        "utf-8",
    )


def open_for_business(place: Path, hub: HubProcess) -> None:
    """Go live as a merchant would: first the partners and their stock and prices, then the shop and who keeps books."""
    later = [file for file in (place / "mappings" / "shop.toml", place / "mappings" / "erp.toml") if file.exists()]
    for file in later:
        file.rename(place / file.name)
    hub.wait_until_ready()
    partners = hub.summary()["partners"]
    crossdock(place, "stock", "sync")
    wait_for(hub, lambda summary: summary["stock_feeds"] >= partners)
    for file in later:
        (place / file.name).rename(file)
    wait_for(hub, lambda summary: summary["partners"] >= partners + len(later))
    crossdock(place, "connection", "live", "--all", "--from", "2000-01-01T00:00:00Z")


def wait_for(hub: HubProcess, holds: Callable[[Mapping[str, Any]], bool]) -> None:
    """Wait until it holds for the hub's summary; raises ProcessFailed when it does not within the demo's patience."""
    until = time.monotonic() + _PATIENCE
    while not holds(summary := hub.summary()):
        hub.check()
        if time.monotonic() > until:
            raise ProcessFailed(f"the hub did not get ready for the demo: {summary}")
        time.sleep(0.1)


def watch(sandbox: SandboxProcess, hub: HubProcess, view: DemoView, *, exit_when_done: bool) -> bool:
    """Show progress until all is quiet (or Ctrl-C); true when every order had gone all the way."""
    quiet_since: float | None = None
    last, last_progress = "", time.monotonic()
    try:
        while True:
            sandbox.check()
            hub.check()
            state, summary = sandbox.get("/state"), hub.summary()
            view.update(state, summary)
            now = time.monotonic()
            quiet_since = (quiet_since or now) if is_quiet(state, summary) else None
            if exit_when_done and quiet_since is not None and now - quiet_since > 2.0:
                return True
            if (figures := repr((state, summary))) != last:
                last, last_progress = figures, now
            if exit_when_done and now - last_progress > _PATIENCE:
                return False
            time.sleep(0.5)
    except KeyboardInterrupt:
        return quiet_since is not None


def is_quiet(state: Mapping[str, Any], summary: Mapping[str, Any]) -> bool:
    """Say whether nothing is under way: not at the partners, not in the hub, not in between."""
    return bool(
        state["settled"]
        and not state["files_waiting"]
        and summary["orders"] >= state["orders_placed"]
        and not summary["unfinished"]
    )


def report(place: Path, sandbox: SandboxProcess, seconds: float) -> dict[str, Any]:
    """Audit what the partners hold, without the hub's database, and return the one summary."""
    failed = crossdock(place, "failed", "list")
    facts = sandbox.get("/audit")
    found = audit_from_json(facts, failed)
    state = sandbox.get("/state")
    counts = crossdock(place, "stock", "show", "--count")
    return {
        "orders": found.orders,
        "lines": found.lines,
        "purchase_orders_sent": found.purchase_orders,
        "shipments": found.shipments,
        "fulfilments_written": found.fulfilments,
        "stock_rows": counts["rows_read"],
        "parked": len(failed),
        "lost": found.lost,
        "duplicated": found.duplicated,
        "seconds": round(seconds, 1),
        "throttled": state["throttled"],
        **{f"{name}_in_the_books": count for name, count in state.get("books", {}).items()},
        **({"placement": placement} if (placement := sandbox.facts.get("placement")) else {}),
    }
