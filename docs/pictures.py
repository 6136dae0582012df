"""Draws the terminal pictures of the pages: `python docs/pictures.py`, when what the commands print has changed."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console

from hub.cli.main import main

PICTURES = Path(__file__).parent / "pictures"
FEED = "Item,Qty Avail,UOM,Status,Updated\n"
ROWS = [f"AB-{number},2,{'PAL' if number % 3 == 0 else 'EA'},A,2026-11-20T06:00:00Z\n" for number in range(1, 40)]
MAPPING = """version = 1
extends = "csv_supplier"
[partner]
code = "acme"
role = "supplier"
timezone = "America/Chicago"
[connection]
url = "file://{theirs}"
ready = "rename"
"""
SHOWN = {
    "failed-list": ("failed", "list"),
    "connection-check": ("connection", "check", "acme"),
    "sync-list": ("sync", "list"),
}


def run(folder: Path, *words: str) -> str:
    """Return what a command prints in this folder; its exit code says nothing about the picture."""
    return CliRunner().invoke(main, ["-c", str(folder / "crossdock.toml"), *words]).output


def supplier(folder: Path) -> None:
    """Lay down a hub with one supplier whose file has a surprise, read twelve times."""
    theirs = folder / "theirs"
    run(folder, "init", str(folder))
    for name in ("out", "in"):
        (theirs / name).mkdir(parents=True)
    (folder / "mappings" / "acme.toml").write_text(MAPPING.format(theirs=theirs), "utf-8")
    for count in (6, 12, 18, 24, 27, 24, 33, 38, 35, 39):
        (theirs / "out" / "inventory.csv").write_text(FEED + "".join(ROWS[:count]), "utf-8")
        run(folder, "sync", "run", "acme", "--kind", "stock_level")


def drawn(command: str, printed: str) -> str:
    """Return a picture of a terminal; no font is fetched from anywhere."""
    widest = max(map(len, printed.splitlines()), default=80)
    console = Console(record=True, width=min(max(widest, 80), 160), file=io.StringIO(), highlight=False)
    console.print(f"$ {command}", style="bold", markup=False)
    console.print(printed, markup=False)
    svg = console.export_svg(title="crossdock", unique_id=re.sub(r"\W", "", command))
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def write() -> None:
    """Write every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "hub"
        supplier(folder)
        for name, words in SHOWN.items():
            printed = run(folder, *words).replace(str(folder), "/srv/hub")
            (PICTURES / f"{name}.svg").write_text(drawn(f"crossdock {' '.join(words)}", printed), "utf-8")
            sys.stdout.write(f"drew {name}\n")


if __name__ == "__main__":
    write()
