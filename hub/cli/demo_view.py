"""The demo's terminal view: orders in, routed, sent, acknowledged, shipped, shipments told, parked."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from hub.cli.show import cell

_STEPS = ("orders in", "routed", "sent", "acknowledged", "shipped", "shipments told")


class DemoView:
    """A live picture on a terminal; silent when asked to be or when nobody looks."""

    def __init__(self, *, quiet: bool, folder: Path, url: str) -> None:
        self._console = Console(file=sys.stderr if quiet else sys.stdout, quiet=quiet, highlight=False)
        self._progress = Progress(TextColumn("{task.description:17}"), BarColumn(40), MofNCompleteColumn())
        self._tasks = {step: self._progress.add_task(step, total=None) for step in _STEPS}
        command = f"{sys.argv[0]} -c {folder / 'crossdock.toml'} order list"
        self._head = Text(f"console {url}   Ctrl-C drains and ends\nin another window:\n  {command}\n")
        self._live = Live(self._picture({}), console=self._console, refresh_per_second=4, transient=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def update(self, state: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
        """Show the newest figures of the sandbox and the hub."""
        for step, (done, total) in progress_of(state, summary).items():
            self._progress.update(self._tasks[step], completed=done, total=total)
        self._live.update(self._picture(summary))

    def end(self, result: Mapping[str, Any]) -> None:
        """Show the audited summary."""
        self._console.line()
        table = Table(show_header=False, box=None, pad_edge=False)
        routed = result.get("routed_from", {})
        for name, value in result.items():
            if name != "routed_from":
                table.add_row(name.replace("_", " "), cell(value))
        for kind, units in routed.get("units", {}).items():
            table.add_row(f"units from {kind}", str(units))
        table.add_row("orders from several places", str(routed.get("orders_split", 0)))
        self._console.print(table)
        if routed.get("example"):
            self._console.print()
        for words in routed.get("example", ()):
            self._console.print(words, markup=False, soft_wrap=True)

    def _picture(self, summary: Mapping[str, Any]) -> Group:
        stuck = Text(
            f"parked records {summary.get('records_parked', 0)}, documents {_states(summary, 'parked')}; "
            f"failed runs {summary.get('runs_failed', 0)}; lines without a source {_stuck_lines(summary)}; "
            f"down {summary.get('connections_down', 0)}\n"
        )
        return Group(self._head, self._progress, Text(""), stuck)


def progress_of(state: Mapping[str, Any], summary: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return (done, total) of each step, from the counts of both sides."""
    purchases = summary["purchases_by_state"]
    issued = sum(purchases.values())
    acknowledged = issued - purchases.get("issued", 0)
    waiting = summary["lines_by_state"].get("new", 0) + summary["lines_by_state"].get("routable", 0)
    return {
        "orders in": (summary["orders"], state["orders_placed"]),
        "routed": (summary["orders"] - min(waiting, summary["orders"]), state["orders_placed"]),
        "sent": _delivered(summary, "purchase_order", "ship_order"),
        "acknowledged": (acknowledged, issued),
        "shipped": (sum(purchases.get(each, 0) for each in ("shipped", "invoiced", "rejected", "cancelled")), issued),
        "shipments told": _delivered(summary, "fulfilment"),
    }


def _delivered(summary: Mapping[str, Any], *kinds: str) -> tuple[int, int]:
    """Return how many deliveries of these kinds have left, and how many there are to send."""
    counts: Counter[str] = Counter()
    for kind in kinds:
        counts.update(summary["deliveries"].get(kind, {}))
    return counts["sent"] + counts["confirmed"], counts.total() - counts["superseded"] - counts["cancelled"]


def _states(summary: Mapping[str, Any], state: str) -> int:
    return sum(states.get(state, 0) for states in summary.get("deliveries", {}).values())


def _stuck_lines(summary: Mapping[str, Any]) -> int:
    lines = summary.get("lines_by_state", {})
    return int(lines.get("unfillable", 0) + lines.get("backordered", 0))
