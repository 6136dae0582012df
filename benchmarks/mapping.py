"""How fast a mapped stock feed is read, beside a hand-written loop over csv.reader that makes the same records.

`python -m benchmarks.mapping [--rows N]`. Six fields: a SKU, a node, a figure with its unit, a safety stock, a table, a
date. Both sides run in turn, and the best of each counts: processor seconds, so that neighbours do not matter. Memory
is what reading takes beyond the file's own bytes, at a tenth of the rows and at all of them.

Two more figures stand beside these. `plain tuples` is a loop that makes no records at all but the same six values, as
somebody writes it who needs no checks. `jsonata-python` makes the same six fields with one JSONata object a row; it is
installed into a folder of its own for the run, and said to be missing when no package index can be reached.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.mapping.house import house_folder
from hub.mapping.partner_file import load
from hub.mapping.translator import Documents
from hub.model.number import parse_number
from hub.model.stock import StockLevel

FILE = """
version = 1
[partner]
code = "acme"
role = "supplier"
[connection]
connector = "none"
[tables.status]
A = "active"
D = "discontinued"
[units]
EA = 1
CS = 12
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/inventory*.csv"
[documents.stock.fields]
sku = "Item"
location = "Warehouse"
quantity = { from = "Qty Avail", type = "integer", unit_from = "UOM" }
safety = "Keep"
status = { from = "Status", table = "status" }
as_of = { from = "Updated", format = "%m/%d/%Y %H:%M" }
"""
HEADER = "Item,Warehouse,Qty Avail,UOM,Keep,Status,Updated\n"


class NoSettings(BaseModel):
    """A connection that needs none."""


def compiled() -> Documents:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "acme.toml"
        path.write_text(FILE, "utf-8")
        models: dict[str, type[BaseModel]] = {"none": NoSettings}
        return load(path, house=house_folder(), settings_models=models, secrets=lambda _: None).documents


def feed(rows: int, seed: int = 7) -> bytes:
    dice = random.Random(seed)
    lines = (
        f"AB-{number:07d},DC{number % 3},{dice.randrange(2000)},{dice.choice(('EA', 'CS'))},{dice.randrange(20)},"
        f"{'D' if number % 50 == 0 else 'A'},11/{1 + number % 28:02d}/2026 {number % 24:02d}:{number % 60:02d}\n"
        for number in range(rows)
    )
    return (HEADER + "".join(lines)).encode()


def by_hand(content: bytes) -> Iterator[StockLevel]:
    """What somebody writes who needs this one feed and nothing else: as strict with numbers, as exact."""
    units = {"EA": Decimal(1), "CS": Decimal(12)}
    statuses = {"A": "active", "D": "discontinued"}
    dates: dict[str, datetime] = {}
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""))
    next(rows)
    for sku, node, figure, unit, keep, status, updated in rows:
        as_of = dates.get(updated)
        if as_of is None:
            as_of = dates[updated] = datetime.strptime(updated, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
        yield StockLevel(
            sku=sku.strip(),
            location=node.strip(),
            quantity=parse_number(figure) * units[unit],
            safety=parse_number(keep),
            status=statuses[status],
            as_of=as_of,
        )


def tuples(content: bytes) -> Iterator[tuple[Any, ...]]:
    """The same six values and no record: nothing checks a length, a sign or a character."""
    units = {"EA": Decimal(1), "CS": Decimal(12)}
    statuses = {"A": "active", "D": "discontinued"}
    dates: dict[str, datetime] = {}
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""))
    next(rows)
    for sku, node, figure, unit, keep, status, updated in rows:
        as_of = dates.get(updated)
        if as_of is None:
            as_of = dates[updated] = datetime.strptime(updated, "%m/%d/%Y %H:%M").replace(tzinfo=UTC)
        quantity = parse_number(figure) * units[unit]
        yield sku.strip(), node.strip(), quantity, parse_number(keep), statuses[status], as_of


#: Runs in a process of its own: rows of CSV on standard input, processor seconds a row on standard output.
JSONATA = """
import csv, sys, time
import jsonata
expression = jsonata.Jsonata('''{
  "sku": $trim(Item), "location": $trim(Warehouse),
  "quantity": $number(`Qty Avail`) * $lookup({"EA": 1, "CS": 12}, UOM),
  "safety": $number(Keep),
  "status": $lookup({"A": "active", "D": "discontinued"}, Status),
  "as_of": $fromMillis($toMillis(Updated, "[M01]/[D01]/[Y0001] [H01]:[m01]"))
}''')
rows = list(csv.DictReader(sys.stdin))
assert expression.evaluate(rows[0])["sku"] == rows[0]["Item"]
began = time.process_time()
for row in rows:
    expression.evaluate(row)
print((time.process_time() - began) / len(rows))
"""


def jsonata_seconds(content: bytes) -> float | None:
    """Return what JSONata takes for one row, or None when it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([*install, "--target", folder, "jsonata-python==0.7.1"], capture_output=True, check=False)
        if done.returncode:
            return None
        run = [sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r})\n{JSONATA}"]
        told = subprocess.run(run, input=content, capture_output=True, check=True)
        return float(told.stdout)


def seconds(run: Callable[[], Iterator[Any]]) -> float:
    began = time.process_time()
    for _ in run():
        pass
    return time.process_time() - began


def peak_mib(run: Callable[[], Iterator[Any]]) -> float:
    tracemalloc.start()
    try:
        for _ in run():
            pass
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=2)
    options = parser.parse_args()
    rows = options.rows
    documents, content = compiled(), feed(rows)
    mapped, hand = lambda: documents.parse("stock", content), lambda: by_hand(content)
    assert list(islice(mapped(), 2000)) == list(islice(hand(), 2000))
    turns = [(seconds(hand), seconds(mapped), seconds(lambda: tuples(content))) for _ in range(options.turns)]
    floor, ours, bare = (min(each) for each in zip(*turns, strict=True))
    small = feed(rows // 10)
    tenth = peak_mib(lambda: documents.parse("stock", small))
    whole = peak_mib(mapped)
    jsonata = jsonata_seconds(feed(min(rows, 5000)))
    print(f"rows                  {rows:>12,}")
    print(f"hand-written loop     {rows / floor:>12,.0f} rows/s")
    print(f"mapping file          {rows / ours:>12,.0f} rows/s")
    print(f"ratio                 {floor / ours:>12.2f}  (aim: 0.5 and more)")
    print(f"plain tuples          {rows / bare:>12,.0f} rows/s")
    print(f"ratio to those        {bare / ours:>12.2f}")
    if jsonata is None:
        print("jsonata-python        could not be installed: not compared")
    else:
        print(f"jsonata-python        {1 / jsonata:>12,.0f} rows/s")
        print(f"times as fast         {jsonata * rows / ours:>12.1f}  (aim: 20 and more)")
    print(f"memory, {len(small) / 2**20:5.1f} MiB     {tenth:>12.1f} MiB beyond the file, {rows // 10:,} rows")
    print(f"memory, {len(content) / 2**20:5.1f} MiB     {whole:>12.1f} MiB beyond the file, {rows:,} rows")
    met = floor / ours >= 0.5 and (jsonata is None or jsonata * rows / ours >= 20) and whole < tenth * 2 + 1
    print("aims met" if met else "aims NOT met")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
