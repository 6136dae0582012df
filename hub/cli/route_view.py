"""What a replay found, on a terminal."""

from __future__ import annotations

from decimal import Decimal

import click

from hub.cli.show import console, new_table
from hub.services.sourcing.comparison import Comparison, Side


def show(found: Comparison, told: str, most: int) -> None:
    """Print both ways in all, where the goods come from, and the orders that change most."""
    click.echo(told)
    was, becomes = found.was, found.becomes
    amounts = ("as it was", "by the new rules", "difference")
    table = new_table(("", *amounts), amounts)
    figures = (
        *found.figures(),
        *((f"units from {kind}", was.kinds[kind], becomes.kinds[kind]) for kind in sorted(was.kinds | becomes.kinds)),
    )
    for name, before, after in figures:
        table.add_row(name, _told(before), _told(after), _told(after - before, sign="+"))
    console().print(table)
    click.echo(
        f"{len(found.moved)} of {len(found.rows)} orders change; saved {found.saved:,.2f} {found.currency} "
        f"({found.saved_percent} %) on the {found.alike} orders of which both ways send as much"
    )
    _orders(found, most)


def _orders(found: Comparison, most: int) -> None:
    if not most or not found.moved:
        return
    amounts = ("cost", "new cost", "saved", "days later")
    table = new_table(("order", "from", "by the new rules from", *amounts), amounts)
    for row in found.moved[:most]:
        table.add_row(
            row.order,
            _nodes(row.was),
            _nodes(row.becomes),
            _told(row.was.cost),
            _told(row.becomes.cost),
            _told(row.saved, sign="+"),
            _told(row.later_days, sign="+"),
        )
    console().print(table)


def _nodes(side: Side) -> str:
    return ", ".join(f"{int(units)} {code}" for code, units in sorted(side.units.items())) or "nowhere"


def _told(value: Decimal | int, sign: str = "") -> str:
    return f"{value:{sign},}" if isinstance(value, int) else f"{value:{sign},.2f}"
