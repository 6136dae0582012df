"""How listings look: a table for people, JSON for programs, the same content in both."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

F = TypeVar("F", bound=Callable[..., Any])


def json_option(function: F) -> F:
    """Add --json to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(function)


def print_json(value: object) -> None:
    """Print one JSON document with times in ISO and everything else as text."""
    click.echo(json.dumps(value, indent=2, default=_plain, ensure_ascii=False))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return str(value)


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print rows as a table of these columns, or all they hold as JSON; `empty` is said when there are none."""
    if as_json:
        print_json([dict(row) for row in rows])
        return
    if not rows:
        click.echo(empty)
        return
    print_table(rows, columns)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str | None = None) -> None:
    """Print these columns of rows as a table."""
    table = new_table(columns, title=title)
    for row in rows:
        table.add_row(*(cell(row.get(column)) for column in columns))
    console().print(table)


def new_table(columns: Sequence[str], numbers: Collection[str] = (), title: str | None = None) -> Table:
    """Return a table without rows, as all of ours look; `numbers` are the columns that stand to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        name = column.replace("_", " ")
        table.add_column(name, overflow="fold", justify="right" if column in numbers else "left")
    return table


def cell(value: object) -> str:
    """Return a value as people read it: times short and in UTC, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell(each)}" for key, each in value.items())
    return str(value)


def console() -> Console:
    """Return a console on stdout; wide when nobody looks, so that piped tables keep their lines."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)
