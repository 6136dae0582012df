"""What a replay found, on a terminal."""

from __future__ import annotations

from decimal import Decimal

import click
from rich.table import Table

from hub.cli.show import console
from hub.services.sourcing.comparison import Comparison, Side


def show(found: Comparison, told: str, most: int) -> None:
    """Print both ways in all, where the goods come from, and the orders that change most."""
    click.echo(told)
    was, becomes = found.was, found.becomes
    table = _table("", "as it was", "by the new rules", "difference")
    figures: tuple[tuple[str, Decimal | int, Decimal | int], ...] = (
        (f"goods, handling, freight and duty, {found.currency}", was.cost, becomes.cost),
        ("what the rules count for splits and delay", was.penalties, becomes.penalties),
        ("parcels", was.parcels, becomes.parcels),
        ("orders in more than one parcel", was.split, becomes.split),
        ("units without a source", was.missing, becomes.missing),
        ("orders later than promised", was.late, becomes.late),
        ("mean days to the customer", was.mean_days, becomes.mean_days),
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
    table = _table("order", "from", "by the new rules from", "cost", "new cost", "saved", "days later")
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


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        number = column not in ("", "order", "from", "by the new rules from")
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    return table


def _nodes(side: Side) -> str:
    return ", ".join(f"{int(units)} {code}" for code, units in sorted(side.units.items())) or "nowhere"


def _told(value: Decimal | int, sign: str = "") -> str:
    return f"{value:{sign},}" if isinstance(value, int) else f"{value:{sign},.2f}"
